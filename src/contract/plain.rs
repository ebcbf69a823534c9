//! Schemas of which everybody sees that they are schemas.
//!
//! To make the validator of the schema of schemas takes longer than all else that is done to a contract. Most contracts
//! have only keywords that mean the same in every draft, in a form that every draft takes.

use jsonschema::Draft;
use serde_json::{Map, Value as Json};

const TYPES: &[&str] = &["array", "boolean", "integer", "null", "number", "object", "string"];

/// Whether a schema, with all that is in it, is surely valid by the schema of its draft; if not, that is not known.
pub fn is_valid(schema: &Json, draft: Draft) -> bool {
    let Json::Object(keywords) = schema else { return false };
    keywords.iter().all(|(keyword, value)| is_keyword(keyword, value, draft))
}

fn is_keyword(keyword: &str, value: &Json, draft: Draft) -> bool {
    let all_valid = |map: &Map<String, Json>| map.values().all(|schema| is_valid(schema, draft));
    match keyword {
        "title" | "description" => value.is_string(),
        // The older drafts look at how a pattern and the name of a format are written.
        "format" | "pattern" => value.is_string() && matches!(draft, Draft::Draft201909 | Draft::Draft202012),
        "default" | "const" => true,
        "examples" => value.is_array(),
        "uniqueItems" => value.is_boolean(),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => value.is_u64(),
        "minimum" | "maximum" => value.is_number(),
        "type" => match value {
            Json::Array(names) => is_unique(names) && names.iter().all(is_type),
            one => is_type(one),
        },
        "required" => value.as_array().is_some_and(|names| is_unique(names) && names.iter().all(Json::is_string)),
        "enum" => value.as_array().is_some_and(|values| is_unique(values)),
        "properties" | "definitions" | "$defs" => value.as_object().is_some_and(all_valid),
        "additionalProperties" => value.is_boolean() || is_valid(value, draft),
        "items" | "not" => is_valid(value, draft),
        "allOf" | "anyOf" | "oneOf" => {
            value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(|schema| is_valid(schema, draft)))
        }
        "$ref" => value.as_str().is_some_and(is_plain_reference),
        _ => false,
    }
}

fn is_type(value: &Json) -> bool {
    value.as_str().is_some_and(|name| TYPES.contains(&name))
}

/// Whether there are values, each of them once.
fn is_unique(values: &[Json]) -> bool {
    !values.is_empty() && values.iter().enumerate().all(|(at, value)| !values[..at].contains(value))
}

/// A reference without anything that a URI must escape.
fn is_plain_reference(text: &str) -> bool {
    let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-$".contains(&byte));
    is_plain(path) && is_plain(fragment)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_plainly_valid_is_valid_in_its_draft() {
        let values = [
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(1.5),
            json!(3),
            json!(""),
            json!("string"),
            json!("a b"),
            json!("[a"),
            json!("#/$defs/a"),
            json!("a.json#/b"),
            json!([]),
            json!([[]]),
            json!(["string"]),
            json!(["a", "a"]),
            json!(["string", "null"]),
            json!([{}]),
            json!([{"type": 1}]),
            json!({}),
            json!({"a": {}}),
            json!({"a": true}),
            json!({"type": "string"}),
            json!({"type": 1}),
            json!({"a": {"type": "integer", "minimum": "x"}}),
        ];
        let keywords = [
            "title",
            "description",
            "format",
            "pattern",
            "default",
            "const",
            "examples",
            "uniqueItems",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "minimum",
            "maximum",
            "type",
            "required",
            "enum",
            "properties",
            "definitions",
            "$defs",
            "additionalProperties",
            "items",
            "not",
            "allOf",
            "anyOf",
            "oneOf",
            "$ref",
            "$id",
            "id",
            "if",
            "contains",
            "exclusiveMinimum",
            "dependencies",
            "$anchor",
            "unknown",
        ];
        let mut plain = 0;
        for draft in [Draft::Draft4, Draft::Draft6, Draft::Draft7, Draft::Draft201909, Draft::Draft202012] {
            let validator = super::super::check::meta(draft);
            for keyword in keywords {
                for value in &values {
                    let schema = json!({ keyword: value });
                    if is_valid(&schema, draft) {
                        assert!(validator.is_valid(&schema), "{draft:?} {schema}");
                        plain += 1;
                    }
                }
            }
        }
        assert!(plain > 300, "{plain}");
    }
}
