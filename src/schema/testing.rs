//! Values for the tests of this layer.

use serde_json::Value as Json;

use super::{Leniency, Options, Outcome, Violation, read, validate};
use crate::source::{Origin, Sources, Span};
use crate::template::{Data, Function, Key, Map, Value};

/// A place of no meaning.
pub fn origin() -> Origin {
    place(0)
}

/// The byte at this position of a file of no meaning.
pub fn place(at: usize) -> Origin {
    let mut sources = Sources::default();
    let file = sources.add("test", "");
    Origin::Written(Span::new(file, at, at))
}

/// JSON as a value of a template.
pub fn value(json: &Json) -> Value {
    let data = match json {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(number) => Data::Number(number.clone()),
        Json::String(text) => Data::String(text.clone()),
        Json::Array(items) => Data::List(items.iter().map(value).collect()),
        Json::Object(map) => {
            let entry = |(name, json): (&String, &Json)| (Key { text: name.clone(), origin: origin() }, value(json));
            Data::Map(Map(map.iter().map(entry).collect()))
        }
    };
    Value::new(origin(), data)
}

/// What is wrong with an instance, as `path: message`.
pub fn wrong(schema: &Json, instance: &Json, leniency: Leniency) -> Vec<String> {
    said(&outcome(schema, &value(instance), leniency))
}

/// The outcome for a value of a template.
pub fn outcome(schema: &Json, instance: &Value, leniency: Leniency) -> Outcome {
    let document = read::document(schema).expect("a schema");
    validate(&document, instance, Options { leniency, read_only: &[], formats: false })
}

/// The violations of an outcome, as `path: message`.
pub fn said(outcome: &Outcome) -> Vec<String> {
    let said = |violation: &Violation| format!("{}: {}", violation.path_below(""), violation.message());
    outcome.violations.iter().map(said).collect()
}

/// `!If [Condition, then, otherwise]`
pub fn either(then: Value, otherwise: Value) -> Value {
    let items = vec![Value::string(origin(), "Condition"), then, otherwise];
    Value::call(origin(), Function::If, Value::new(origin(), Data::List(items)))
}

/// `!Ref AWS::NoValue`
pub fn no_value() -> Value {
    Value::reference(origin(), "AWS::NoValue")
}
