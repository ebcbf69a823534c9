//! What a schema says, in the form that is validated and that the binary carries.
//!
//! `build.rs` compiles this file too, so it knows nothing but serde.

use std::fmt::{self, Debug};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// A schema with everything that it refers to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Document {
    /// What an instance must satisfy.
    pub root: Schema,
    /// The targets of its references, by their position.
    pub definitions: Vec<Definition>,
}

/// A schema that others refer to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Definition {
    /// The last part of the reference, as `Tag` in `#/definitions/Tag`.
    pub name: String,
    /// What it says.
    pub schema: Schema,
}

impl Document {
    /// The target of a reference.
    pub fn definition(&self, index: u32) -> Option<&Schema> {
        self.definitions.get(usize::try_from(index).ok()?).map(|definition| &definition.schema)
    }

    /// The keywords of a schema and of all that it demands by reference or `allOf`.
    pub fn flatten<'a>(&'a self, schema: &'a Schema) -> Vec<&'a Keyword> {
        let mut flat = Vec::new();
        self.collect(schema, 0, &mut flat);
        flat
    }

    fn collect<'a>(&'a self, schema: &'a Schema, depth: usize, flat: &mut Vec<&'a Keyword>) {
        // References may lead in a circle.
        if depth > 8 {
            return;
        }
        for keyword in &schema.keywords {
            match keyword {
                Keyword::Reference(index) => {
                    if let Some(target) = self.definition(*index) {
                        self.collect(target, depth + 1, flat);
                    }
                }
                Keyword::AllOf(schemas) => schemas.iter().for_each(|schema| self.collect(schema, depth + 1, flat)),
                keyword => flat.push(keyword),
            }
        }
    }

    /// The formats that a schema names, those of its alternatives included.
    pub fn formats<'a>(&'a self, schema: &'a Schema) -> Vec<&'a str> {
        let mut formats = Vec::new();
        for keyword in self.flatten(schema) {
            match keyword {
                Keyword::Format(format) => formats.push(format.as_str()),
                Keyword::AnyOf(schemas) | Keyword::OneOf(schemas) => {
                    let alternatives = schemas.iter().flat_map(|schema| self.flatten(schema));
                    formats.extend(alternatives.filter_map(|keyword| match keyword {
                        Keyword::Format(format) => Some(format.as_str()),
                        _ => None,
                    }));
                }
                _ => {}
            }
        }
        formats
    }

    /// The schema at a path of property names; `*` is an item of a list, or a property of any other name.
    pub fn at(&self, path: &[&str]) -> Option<&Schema> {
        path.iter().try_fold(&self.root, |schema, name| {
            self.flatten(schema).into_iter().find_map(|keyword| match keyword {
                Keyword::Properties(properties) => properties.get(name).or_else(|| properties.other(name)),
                Keyword::Items(items) if *name == "*" => Some(&items.rest),
                _ => None,
            })
        })
    }
}

impl Properties {
    /// The schema of the property of this name, if it has one of its own.
    pub fn get(&self, name: &str) -> Option<&Schema> {
        let position = self.named.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.named.get(position).map(|(_, schema)| schema)
    }

    fn other(&self, name: &str) -> Option<&Schema> {
        match &self.additional {
            Additional::Schema(schema) => Some(schema),
            _ if name == "*" => self.patterns.first().map(|(_, schema)| schema),
            _ => None,
        }
    }
}

/// A conjunction of keywords; without any, everything is valid.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Schema {
    /// The keywords, in the order in which their findings are reported.
    pub keywords: Vec<Keyword>,
}

/// One demand on an instance, named as in JSON Schema or cfn-lint.
#[derive(Debug, Serialize, Deserialize)]
pub enum Keyword {
    /// The schema `false`.
    Never,
    /// `$ref`, the position in [`Document::definitions`].
    Reference(u32),
    /// `type`
    Type(Types),
    /// `enum`, or `const` as one of one.
    Enum(Vec<Literal>),
    /// `enumCaseInsensitive`
    EnumAnyCase(Vec<Literal>),
    /// `format`: what a text is the name of; a demand only where that is asked for.
    Format(String),
    /// `pattern`
    Pattern(Pattern),
    /// `minLength`
    MinLength(u64),
    /// `maxLength`
    MaxLength(u64),
    /// `minimum`
    Minimum(Number),
    /// `maximum`
    Maximum(Number),
    /// `exclusiveMinimum`
    Above(Number),
    /// `exclusiveMaximum`
    Below(Number),
    /// `multipleOf`
    MultipleOf(Number),
    /// `properties`, `patternProperties` and `additionalProperties`, which have meaning only together.
    Properties(Box<Properties>),
    /// `unevaluatedProperties`: what is said of properties that no schema applied to the object knows.
    Unevaluated(Box<Additional>),
    /// `propertyNames`
    PropertyNames(Box<Schema>),
    /// `required`
    Required(Vec<String>),
    /// `requiredXor`: exactly one of them.
    RequiredXor(Vec<String>),
    /// `requiredOr`: at least one of them.
    RequiredOr(Vec<String>),
    /// `dependentRequired`: with the first, all others.
    DependentRequired(Vec<(String, Vec<String>)>),
    /// `dependentExcluded`: with the first, none of the others.
    DependentExcluded(Vec<(String, Vec<String>)>),
    /// `dependentSchemas`: with this property, the schema for the whole object.
    DependentSchemas(Vec<(String, Schema)>),
    /// `minProperties`
    MinProperties(u64),
    /// `maxProperties`
    MaxProperties(u64),
    /// `items` and `prefixItems`
    Items(Box<Items>),
    /// `minItems`
    MinItems(u64),
    /// `maxItems`
    MaxItems(u64),
    /// `uniqueItems`
    UniqueItems,
    /// `maxUniqueItems`: at most so many different items.
    MaxUniqueItems(u64),
    /// `uniqueKeys`: no two items agree in these properties.
    UniqueKeys(Vec<String>),
    /// `allOf`
    AllOf(Vec<Schema>),
    /// `anyOf`
    AnyOf(Vec<Schema>),
    /// `oneOf`
    OneOf(Vec<Schema>),
    /// `not`
    Not(Box<Schema>),
    /// `if`, `then` and `else`
    If(Box<Choice>),
    /// `contains`: at least one item satisfies this.
    Contains(Box<Schema>),
}

/// The properties of an object.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Properties {
    /// By name, sorted.
    pub named: Vec<(String, Schema)>,
    /// By a pattern of the name.
    pub patterns: Vec<(Pattern, Schema)>,
    /// All others.
    pub additional: Additional,
}

/// What is said of properties that have no schema of their own.
#[derive(Debug, Default, Serialize, Deserialize)]
pub enum Additional {
    /// Anything goes.
    #[default]
    Allowed,
    /// There are none.
    Forbidden,
    /// They satisfy this.
    Schema(Schema),
}

/// The items of a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct Items {
    /// Of the first ones, one each.
    pub prefix: Vec<Schema>,
    /// Of all others.
    pub rest: Schema,
}

/// `if`, `then`, `else`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Choice {
    /// The question.
    pub condition: Schema,
    /// What holds if it is answered with yes.
    pub then: Schema,
    /// What holds if it is answered with no.
    pub otherwise: Schema,
}

/// A set of JSON types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Types(u8);

impl Types {
    /// Every type.
    pub const ANY: Self = Self(127);
    /// `null`
    pub const NULL: Self = Self(1);
    /// `boolean`
    pub const BOOLEAN: Self = Self(2);
    /// A whole number.
    pub const INTEGER: Self = Self(4);
    /// Any number.
    pub const NUMBER: Self = Self(8);
    /// `string`
    pub const STRING: Self = Self(16);
    /// `array`
    pub const ARRAY: Self = Self(32);
    /// `object`
    pub const OBJECT: Self = Self(64);

    const NAMES: [(Self, &'static str); 7] = [
        (Self::NULL, "null"),
        (Self::BOOLEAN, "boolean"),
        (Self::INTEGER, "integer"),
        (Self::NUMBER, "number"),
        (Self::STRING, "string"),
        (Self::ARRAY, "array"),
        (Self::OBJECT, "object"),
    ];

    /// The type of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(types, _)| *types)
    }

    /// Those of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any type of the other set is in this one.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The names of the types.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().filter(move |(types, _)| self.meets(*types)).map(|(_, name)| *name)
    }
}

/// A number of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Number {
    /// A whole one.
    Whole(i64),
    /// Any other.
    Real(f64),
}

impl Number {
    /// As the number that it is compared as.
    #[expect(clippy::cast_precision_loss, reason = "limits beyond 2^53 are stand-ins for no limit")]
    pub fn value(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }
}

impl From<&serde_json::Number> for Number {
    fn from(number: &serde_json::Number) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
        let real = |number: f64| {
            // `1.0` is the whole number 1 to JSON Schema.
            let whole = number.fract() == 0.0 && number.abs() < 1e15;
            if whole { Self::Whole(number as i64) } else { Self::Real(number) }
        };
        number.as_i64().map_or_else(|| real(number.as_f64().unwrap_or(f64::MAX)), Self::Whole)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            Self::Real(number) => write!(f, "{number}"),
        }
    }
}

/// A value of `enum` or `const`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list or an object, as JSON text with sorted keys.
    Json(String),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) | Self::Json(text) => f.write_str(text),
        }
    }
}

/// A regular expression, compiled when it is first asked.
#[derive(Serialize, Deserialize)]
pub struct Pattern {
    /// Its text.
    pub text: String,
    #[serde(skip)]
    compiled: OnceLock<Box<dyn Matcher>>,
}

/// A compiled regular expression; this file knows no engine.
pub trait Matcher: Send + Sync {
    /// Whether the pattern is found in a text; nothing if the engine gives up.
    fn is_match(&self, text: &str) -> Option<bool>;
}

impl Pattern {
    /// A pattern of this text, which is not looked at yet.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), compiled: OnceLock::new() }
    }

    /// Whether it is found in a text; `compile` is called once at most.
    pub fn is_match(&self, text: &str, compile: impl FnOnce(&str) -> Box<dyn Matcher>) -> Option<bool> {
        self.compiled.get_or_init(|| compile(&self.text)).is_match(text)
    }
}

impl Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.text, f)
    }
}

/// A resource type of CloudFormation.
#[derive(Debug, Serialize, Deserialize)]
pub struct Resource {
    /// The schema of its `Properties`.
    pub document: Document,
    /// Paths of properties that only CloudFormation sets, as `Endpoint/Address`; `*` is any item or key.
    pub read_only: Vec<String>,
    /// Paths of properties whose change replaces the resource.
    pub create_only: Vec<String>,
    /// Paths of properties whose change may replace it.
    pub conditional_create_only: Vec<String>,
    /// Paths of properties that cannot be read back.
    pub write_only: Vec<String>,
    /// Paths of properties that should not be used any more.
    pub deprecated: Vec<String>,
    /// Paths of the properties that identify it together.
    pub primary_identifier: Vec<String>,
    /// What `GetAtt` gives beside the read-only properties, as `Endpoint.Address`.
    pub more_attributes: Vec<String>,
    /// Path of the property that takes its tags, if it takes any.
    pub tags: Option<String>,
    /// If its service goes, or is gone.
    pub lifecycle: Option<Lifecycle>,
    /// Whether it exists in us-east-1.
    pub in_us_east_1: bool,
}

/// The end of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// `maintenance`, `sunset` or `shutdown`.
    pub status: String,
    /// The day, as `2026-10-01`, where it is known.
    pub date: Option<String>,
}
