//! From the JSON text of a schema to the model.
//!
//! `build.rs` compiles this file too, beside `model.rs`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::model::{
    Additional, Choice, Definition, Document, Items, Keyword, Lifecycle, Literal, Number, Pattern, Properties,
    Resource, Schema, Types,
};

/// What a schema says that cannot be read, with the place in it.
pub type Problem = String;

/// Reads a schema of JSON Schema.
pub fn document(root: &Value) -> Result<Document, Problem> {
    let mut reader = Reader { references: BTreeMap::new(), order: Vec::new() };
    let schema = reader.schema(root)?;
    let mut definitions = Vec::new();
    // Reading a definition may find further ones.
    while let Some(reference) = reader.order.get(definitions.len()).cloned() {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
            .ok_or_else(|| format!("reference `{reference}` leads nowhere"))?;
        let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
        definitions.push(Definition { name, schema: reader.schema(target)? });
    }
    Ok(Document { root: schema, definitions })
}

/// Reads a resource type as `scripts/update-schemas` writes it.
pub fn resource(value: &Value) -> Result<Resource, Problem> {
    let paths = |key: &str| -> Result<Vec<String>, Problem> { value.get(key).map_or(Ok(Vec::new()), strings) };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(ToOwned::to_owned);
    Ok(Resource {
        document: document(value)?,
        read_only: paths("readOnlyProperties")?,
        create_only: paths("createOnlyProperties")?,
        conditional_create_only: paths("conditionalCreateOnlyProperties")?,
        write_only: paths("writeOnlyProperties")?,
        deprecated: paths("deprecatedProperties")?,
        primary_identifier: paths("primaryIdentifier")?,
        more_attributes: paths("moreAttributes")?,
        tags: text(value.get("tags")),
        lifecycle: value.get("lifecycle").map(|lifecycle| Lifecycle {
            status: text(lifecycle.get("status")).unwrap_or_default(),
            date: text(lifecycle.get("date")),
        }),
        in_us_east_1: value.get("usEast1").is_none_or(|value| value == true),
    })
}

/// Removes one alternative of a schema; a single one that is left takes the place of the choice.
pub fn drop_branch(schema: &mut Value, branch: &Value) {
    let Value::Object(object) = schema else { return };
    let Some(Value::Array(branches)) = object.get_mut("anyOf") else { return };
    branches.retain(|one| one != branch);
    if let [one] = branches.as_mut_slice()
        && let Value::Object(one) = one.take()
    {
        object.shift_remove("anyOf");
        for (key, value) in one {
            object.entry(key).or_insert(value);
        }
    }
}

/// The members of an object or a list.
pub fn children(schema: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match schema {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(object) => Box::new(object.values_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

struct Reader {
    references: BTreeMap<String, u32>,
    order: Vec<String>,
}

impl Reader {
    fn reference(&mut self, target: &str) -> Result<u32, Problem> {
        if let Some(index) = self.references.get(target) {
            return Ok(*index);
        }
        let index = u32::try_from(self.order.len()).map_err(|_| "too many references".to_owned())?;
        self.references.insert(target.to_owned(), index);
        self.order.push(target.to_owned());
        Ok(index)
    }

    fn schema(&mut self, value: &Value) -> Result<Schema, Problem> {
        let map = match value {
            Value::Bool(true) => return Ok(Schema::default()),
            Value::Bool(false) => return Ok(Schema { keywords: vec![Keyword::Never] }),
            Value::Object(map) => map,
            _ => return Err(format!("`{value}` is not a schema")),
        };
        let mut keywords = Vec::new();
        for (key, value) in map {
            if let Some(keyword) = self.keyword(key, value, map).map_err(|problem| format!("{key}: {problem}"))? {
                keywords.push(keyword);
            }
        }
        // The type comes first, so that nothing is said about the inside of a value of another type; what holds beyond
        // the rest, or on a condition, comes last.
        keywords.sort_by_key(|keyword| match keyword {
            Keyword::Never | Keyword::Type(_) => 0,
            Keyword::Reference(_) | Keyword::Enum(_) | Keyword::EnumAnyCase(_) => 1,
            Keyword::AllOf(_) | Keyword::If(_) => 3,
            // Whatever else is wrong with a text says more than this.
            Keyword::Format(_) => 4,
            _ => 2,
        });
        Ok(Schema { keywords })
    }

    fn keyword(&mut self, key: &str, value: &Value, siblings: &Map<String, Value>) -> Result<Option<Keyword>, Problem> {
        Ok(Some(match key {
            "$ref" => Keyword::Reference(self.reference(value.as_str().ok_or("expected a text")?)?),
            "type" => Keyword::Type(types(value)?),
            "const" => Keyword::Enum(vec![literal(value)]),
            "enum" => Keyword::Enum(literals(value)?),
            "enumCaseInsensitive" => Keyword::EnumAnyCase(literals(value)?),
            "format" => Keyword::Format(value.as_str().ok_or("expected a text")?.to_owned()),
            "pattern" => Keyword::Pattern(Pattern::new(value.as_str().ok_or("expected a text")?)),
            "minLength" => Keyword::MinLength(count(value)?),
            "maxLength" => Keyword::MaxLength(count(value)?),
            "minimum" => Keyword::Minimum(number(value)?),
            "maximum" => Keyword::Maximum(number(value)?),
            "exclusiveMinimum" => Keyword::Above(number(value)?),
            "exclusiveMaximum" => Keyword::Below(number(value)?),
            "multipleOf" => Keyword::MultipleOf(number(value)?),
            "properties" => Keyword::Properties(Box::new(self.properties(siblings)?)),
            "patternProperties" | "additionalProperties" => {
                let first = ["properties", "patternProperties", "additionalProperties"]
                    .into_iter()
                    .find(|key| siblings.contains_key(*key));
                if first != Some(key) {
                    return Ok(None);
                }
                Keyword::Properties(Box::new(self.properties(siblings)?))
            }
            "unevaluatedProperties" => Keyword::Unevaluated(Box::new(self.additional(Some(value))?)),
            "propertyNames" => Keyword::PropertyNames(Box::new(self.schema(value)?)),
            "required" => Keyword::Required(strings(value)?),
            "requiredXor" => Keyword::RequiredXor(strings(value)?),
            "requiredOr" => Keyword::RequiredOr(strings(value)?),
            "dependentRequired" => Keyword::DependentRequired(lists(value)?),
            "dependentExcluded" => Keyword::DependentExcluded(lists(value)?),
            "dependentSchemas" => Keyword::DependentSchemas(self.named(value)?),
            "minProperties" => Keyword::MinProperties(count(value)?),
            "maxProperties" => Keyword::MaxProperties(count(value)?),
            "items" | "prefixItems" => {
                if key == "items" && siblings.contains_key("prefixItems") {
                    return Ok(None);
                }
                let prefix = siblings.get("prefixItems").map_or(Ok(Vec::new()), |value| self.schemas(value))?;
                let rest = siblings.get("items").map_or(Ok(Schema::default()), |value| self.schema(value))?;
                Keyword::Items(Box::new(Items { prefix, rest }))
            }
            "contains" => Keyword::Contains(Box::new(self.schema(value)?)),
            "minItems" => Keyword::MinItems(count(value)?),
            "maxItems" => Keyword::MaxItems(count(value)?),
            "uniqueItems" if value == true => Keyword::UniqueItems,
            "maxUniqueItems" => Keyword::MaxUniqueItems(count(value)?),
            "uniqueKeys" => Keyword::UniqueKeys(strings(value)?),
            "allOf" => Keyword::AllOf(self.schemas(value)?),
            "anyOf" => Keyword::AnyOf(self.schemas(value)?),
            "oneOf" => Keyword::OneOf(self.schemas(value)?),
            "not" => Keyword::Not(Box::new(self.schema(value)?)),
            "if" => {
                let mut branch = |key| siblings.get(key).map_or(Ok(Schema::default()), |value| self.schema(value));
                let (then, otherwise) = (branch("then")?, branch("else")?);
                Keyword::If(Box::new(Choice { condition: self.schema(value)?, then, otherwise }))
            }
            // Annotations, and keywords that are read with their sibling.
            _ => return Ok(None),
        }))
    }

    fn properties(&mut self, siblings: &Map<String, Value>) -> Result<Properties, Problem> {
        let mut named = siblings.get("properties").map_or(Ok(Vec::new()), |value| self.named(value))?;
        named.sort_by(|(a, _), (b, _)| a.cmp(b));
        let patterns = siblings.get("patternProperties").map_or(Ok(Vec::new()), |value| self.named(value))?;
        let additional = self.additional(siblings.get("additionalProperties"))?;
        let patterns = patterns.into_iter().map(|(text, schema)| (Pattern::new(text), schema)).collect();
        Ok(Properties { named, patterns, additional })
    }

    fn additional(&mut self, value: Option<&Value>) -> Result<Additional, Problem> {
        Ok(match value {
            None | Some(Value::Bool(true)) => Additional::Allowed,
            Some(Value::Bool(false)) => Additional::Forbidden,
            Some(value) => Additional::Schema(self.schema(value)?),
        })
    }

    fn named(&mut self, value: &Value) -> Result<Vec<(String, Schema)>, Problem> {
        let map = value.as_object().ok_or("expected an object")?;
        map.iter()
            .map(|(name, value)| {
                Ok((name.clone(), self.schema(value).map_err(|problem| format!("{name}: {problem}"))?))
            })
            .collect()
    }

    fn schemas(&mut self, value: &Value) -> Result<Vec<Schema>, Problem> {
        value.as_array().ok_or("expected a list")?.iter().map(|value| self.schema(value)).collect()
    }
}

fn types(value: &Value) -> Result<Types, Problem> {
    let one = |value: &Value| {
        value.as_str().and_then(Types::by_name).ok_or_else(|| format!("`{value}` is not the name of a type"))
    };
    match value {
        Value::Array(values) => values.iter().try_fold(Types::default(), |types, value| Ok(types.or(one(value)?))),
        value => one(value),
    }
}

fn count(value: &Value) -> Result<u64, Problem> {
    // Some schemas write a count as `1.0`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and positive")]
    let whole = |number: f64| (number >= 0.0 && number.fract() == 0.0).then_some(number as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(whole)).ok_or_else(|| format!("`{value}` is not a count"))
}

fn number(value: &Value) -> Result<Number, Problem> {
    value.as_number().map(Number::from).ok_or_else(|| format!("`{value}` is not a number"))
}

fn strings(value: &Value) -> Result<Vec<String>, Problem> {
    let values = value.as_array().ok_or("expected a list")?;
    values.iter().map(|value| Ok(value.as_str().ok_or("expected a text")?.to_owned())).collect()
}

fn lists(value: &Value) -> Result<Vec<(String, Vec<String>)>, Problem> {
    let map = value.as_object().ok_or("expected an object")?;
    map.iter().map(|(name, value)| Ok((name.clone(), strings(value)?))).collect()
}

fn literals(value: &Value) -> Result<Vec<Literal>, Problem> {
    Ok(value.as_array().ok_or("expected a list")?.iter().map(literal).collect())
}

fn literal(value: &Value) -> Literal {
    match value {
        Value::Null => Literal::Null,
        Value::Bool(value) => Literal::Bool(*value),
        Value::String(text) => Literal::Text(text.clone()),
        Value::Number(number) => Literal::Number(number.into()),
        Value::Array(_) | Value::Object(_) => Literal::Json(canonical(value)),
    }
}

/// JSON text with sorted keys; what [`super::instance`] makes of a value that is equal.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            let entries = sorted.into_iter().map(|(key, value)| format!("{}:{}", quoted(key), canonical(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Value::String(text) => quoted(text),
        Value::Number(number) => Number::from(number).to_string(),
        Value::Null | Value::Bool(_) => value.to_string(),
    }
}

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reference_to_nowhere_is_named() {
        assert_eq!(
            document(&json!({"$ref": "#/$defs/gone"})).err().as_deref(),
            Some("reference `#/$defs/gone` leads nowhere")
        );
        assert_eq!(
            document(&json!({"properties": {"a": {"type": "text"}}})).err().as_deref(),
            Some("properties: a: type: `\"text\"` is not the name of a type")
        );
    }

    #[test]
    fn references_reach_definitions_properties_and_the_root() {
        let schema = json!({
            "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}},
            "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#"}, "z": {"$ref": "#/properties/x"}},
        });
        let document = document(&schema).expect("a schema");
        let names: Vec<&str> = document.definitions.iter().map(|definition| definition.name.as_str()).collect();
        assert_eq!(names, ["a", "#", "x"]);
        assert!(document.at(&["y", "z", "*", "*"]).is_some());
    }

    #[test]
    fn annotations_and_unknown_keywords_say_nothing() {
        let schema =
            json!({"title": "t", "description": "d", "default": 1, "examples": [], "x-order": 3, "$schema": "s"});
        assert!(document(&schema).expect("a schema").root.keywords.is_empty());
    }
}
