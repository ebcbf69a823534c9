//! What an event has otherwise than its contract asks.

use std::fmt::Write as _;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value as Json;

use super::document::{Location, escaped, unescaped};
use super::{Contract, Part, location};
use crate::diagnostics::{alternatives, closest};

/// Something that an event has otherwise than its contract asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where in the event, as a JSON Pointer.
    pub pointer: String,
    /// Whether it is about the key there and not about its value.
    pub is_key: bool,
    /// One phrase: what is there, and what the contract asks.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The schema that asks it.
    pub asked: Option<Location>,
}

impl Violation {
    /// The way to it as people write it: `detail.lines[0].total`.
    pub fn way(&self) -> String {
        let mut made = String::new();
        for part in self.pointer.split('/').skip(1) {
            let name = unescaped(part);
            if name.bytes().all(|byte| byte.is_ascii_digit()) {
                let _ = write!(made, "[{name}]");
                continue;
            }
            if !made.is_empty() {
                made.push('.');
            }
            made.push_str(&name);
        }
        made
    }
}

/// Violations of one event that are told; what is really another event has all of them.
const MOST: usize = 20;

/// Characters of a value that are shown.
const SHOWN: usize = 40;

impl Contract {
    /// What an event has otherwise than the contract asks, in the order of the schema; at most 20.
    pub fn violations(&self, event: &Json) -> Vec<Violation> {
        let (prefix, value) = match self.part {
            Part::Event => ("", event),
            Part::Detail => match event.get("detail") {
                Some(detail) => ("/detail", detail),
                None => {
                    return vec![Violation {
                        pointer: String::new(),
                        is_key: false,
                        message: "`detail` is missing, which the contract is about".to_owned(),
                        help: "send an event of EventBridge, or say what the whole event is with `event:`".to_owned(),
                        asked: Some(self.start.clone()),
                    }];
                }
            },
        };
        let mut found = Vec::new();
        for error in self.validator.iter_errors(value) {
            self.tell(&error, prefix, &mut found);
            if found.len() >= MOST {
                found.truncate(MOST);
                break;
            }
        }
        found
    }

    /// Whether an event is as the contract asks.
    pub fn is_kept(&self, event: &Json) -> bool {
        match self.part {
            Part::Event => self.validator.is_valid(event),
            Part::Detail => event.get("detail").is_some_and(|detail| self.validator.is_valid(detail)),
        }
    }

    fn tell(&self, error: &ValidationError<'_>, prefix: &str, found: &mut Vec<Violation>) {
        let asked = error.absolute_keyword_location().and_then(|uri| location(uri.as_str()));
        let pointer = format!("{prefix}{}", error.instance_path().as_str());
        let value = error.instance();
        let mut add = |pointer: String, is_key: bool, message: String, help: String| {
            found.push(Violation { pointer, is_key, message, help, asked: asked.clone() });
        };
        let change = |to: &str| format!("{to}, or change the contract");
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let near = value.as_object().and_then(|map| closest(name, map.keys().map(String::as_str)));
                let help = match near {
                    Some(near) => format!("did you mean `{name}` by `{near}`?"),
                    None => change(&format!("add `{name}`")),
                };
                add(pointer, false, format!("`{name}` is missing, which the contract requires"), help);
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let known = self.beside(asked.as_ref());
                for name in unexpected {
                    let near = closest(name, known.iter().map(String::as_str));
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => change(&format!("leave `{name}` out")),
                    };
                    let message = format!("`{name}` is none of the fields that the contract allows");
                    add(format!("{pointer}/{}", escaped(name)), true, message, help);
                }
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                let many = context.len();
                // The alternative that is nearest is the one that was meant.
                let near = context.iter().filter(|errors| !errors.is_empty()).min_by_key(|errors| {
                    let named = |kind: &ValidationErrorKind| {
                        matches!(kind, ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. })
                    };
                    let depth = errors.iter().map(|one| one.instance_path().as_str().matches('/').count()).max();
                    let another = errors.iter().filter(|one| named(one.kind())).count();
                    (another, errors.len(), std::cmp::Reverse(depth))
                });
                let Some(near) = near else {
                    let message = "this fits none of the alternatives of the contract".to_owned();
                    return add(pointer, false, message, change("send one of the alternatives"));
                };
                let before = found.len();
                for error in near {
                    self.tell(error, prefix, found);
                }
                for one in &mut found[before..] {
                    one.message = format!("{} (in the nearest of {many} alternatives)", one.message);
                }
            }
            kind => {
                let (message, help) = phrase(kind, value);
                add(pointer, false, message, help);
            }
        }
    }

    /// The names of the fields beside a keyword about others.
    fn beside(&self, asked: Option<&Location>) -> Vec<String> {
        let Some(asked) = asked else { return Vec::new() };
        let above = asked.pointer.rsplit_once('/').map_or("", |(above, _)| above);
        let schema = self.schema(&Location { pointer: above.to_owned(), ..asked.clone() });
        let names = schema.and_then(|schema| schema.get("properties")?.as_object());
        names.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }
}

/// A JSON value in a sentence.
pub fn told(value: &Json) -> String {
    let text = match value {
        Json::Object(_) => return "an object".to_owned(),
        Json::Array(_) => return "a list".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN {
        return format!("`{text}`");
    }
    let short: String = text.chars().take(SHOWN - 1).collect();
    format!("`{short}…`")
}

/// What a type is called.
pub fn type_name(name: &str) -> &'static str {
    match name {
        "array" => "a list",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "null" => "null",
        "number" => "a number",
        "object" => "an object",
        _ => "a text",
    }
}

fn kind_of(value: &Json) -> &'static str {
    type_name(match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    })
}

pub fn phrase(kind: &ValidationErrorKind, value: &Json) -> (String, String) {
    use ValidationErrorKind as Kind;
    let shown = told(value);
    let or = |help: String| format!("{help}, or change the contract");
    match kind {
        Kind::Type { kind } => {
            let names: Vec<&str> = match kind {
                TypeKind::Single(one) => vec![type_name(one.as_str())],
                TypeKind::Multiple(many) => many.iter().map(|one: JsonType| type_name(one.as_str())).collect(),
            };
            let wanted = names.join(" or ");
            let given = match value {
                Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => kind_of(value).to_owned(),
                _ => format!("{shown} is {}", kind_of(value)),
            };
            let message = match value {
                Json::Null | Json::Array(_) | Json::Object(_) => {
                    format!("this is {given}, and the contract asks for {wanted}")
                }
                Json::Bool(value) => format!("`{value}` is true or false, and the contract asks for {wanted}"),
                _ => format!("{given}, and the contract asks for {wanted}"),
            };
            (message, or(format!("write {wanted}")))
        }
        Kind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let names: Vec<String> = options.iter().map(|one| told(one).trim_matches('`').to_owned()).collect();
            let near = value.as_str().and_then(|text| closest(text, names.iter().map(String::as_str)));
            let message = format!("{shown} is none of the values that the contract allows");
            match near {
                Some(near) => (message, format!("did you mean `{near}`?")),
                None => (message, format!("allowed are {}", alternatives(names.iter().map(String::as_str).take(12)))),
            }
        }
        Kind::Constant { expected_value } => {
            let wanted = told(expected_value);
            (format!("{shown} is there, and the contract asks for {wanted}"), or(format!("write {wanted}")))
        }
        Kind::Minimum { limit } => (format!("{shown} is less than {limit}"), or(format!("write at least {limit}"))),
        Kind::Maximum { limit } => (format!("{shown} is more than {limit}"), or(format!("write at most {limit}"))),
        Kind::ExclusiveMinimum { limit } => {
            (format!("{shown} is not more than {limit}"), or(format!("write more than {limit}")))
        }
        Kind::ExclusiveMaximum { limit } => {
            (format!("{shown} is not less than {limit}"), or(format!("write less than {limit}")))
        }
        Kind::MultipleOf { multiple_of } => {
            (format!("{shown} is no multiple of {multiple_of}"), or(format!("write a multiple of {multiple_of}")))
        }
        Kind::MinLength { limit } => {
            (format!("{shown} has fewer than {limit} characters"), or(format!("write at least {limit}")))
        }
        Kind::MaxLength { limit } => {
            (format!("{shown} has more than {limit} characters"), or(format!("write at most {limit}")))
        }
        Kind::Pattern { pattern } => {
            (format!("{shown} does not match `{pattern}`"), or("write what matches".to_owned()))
        }
        Kind::Format { format } => {
            (format!("{shown} has not the format `{format}`"), or(format!("write a `{format}`")))
        }
        Kind::MinItems { limit } => (format!("fewer than {limit} items"), or(format!("write at least {limit}"))),
        Kind::MaxItems { limit } => (format!("more than {limit} items"), or(format!("write at most {limit}"))),
        Kind::MinProperties { limit } => (format!("fewer than {limit} fields"), or(format!("write at least {limit}"))),
        Kind::MaxProperties { limit } => (format!("more than {limit} fields"), or(format!("write at most {limit}"))),
        Kind::UniqueItems => ("two items are alike".to_owned(), or("leave one of them out".to_owned())),
        Kind::Contains => ("no item is as the contract asks for one".to_owned(), or("add such an item".to_owned())),
        Kind::FalseSchema => ("the contract allows nothing here".to_owned(), or("leave it out".to_owned())),
        Kind::OneOfMultipleValid { .. } => (
            "this fits several alternatives, and the contract asks for exactly one".to_owned(),
            "make the alternatives of the contract exclude each other, or write `anyOf`".to_owned(),
        ),
        Kind::Not { .. } => ("this is what the contract excludes".to_owned(), or("write something else".to_owned())),
        Kind::PropertyNames { error } => {
            let (message, help) = phrase(error.kind(), error.instance());
            (format!("the name of a field: {message}"), help)
        }
        other => {
            let message = format!("the contract's `{}` is not met", other.keyword());
            (message, or("write what meets it".to_owned()))
        }
    }
}
