//! Objects that are written as JSON text, as policies and definitions of a few types are.

use serde_json::Value as Json;

use crate::source::Origin;
use crate::template::{Data, Function, Key, Map, Value};

/// The document in a text, if it is one. In the text of a `Fn::Sub` each text with `${ }` is one of its own.
pub fn read(value: &Value) -> Option<Value> {
    let (text, substitutes) = match &value.data {
        Data::String(text) => (text.as_str(), false),
        // Names that the function itself gives could stand for anything.
        Data::Call(Function::Sub, argument) => (argument.as_str()?, true),
        _ => return None,
    };
    let json: Json = serde_json::from_str(text).ok()?;
    json.is_object().then(|| convert(json, value.origin, substitutes))
}

fn convert(json: Json, origin: Origin, substitutes: bool) -> Value {
    let data = match json {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(value),
        Json::Number(number) => Data::Number(number),
        Json::String(text) if substitutes && text.contains("${") => return Value::sub(origin, text),
        Json::String(text) => Data::String(text),
        Json::Array(items) => Data::List(items.into_iter().map(|item| convert(item, origin, substitutes)).collect()),
        Json::Object(members) => {
            let entry = |(text, value)| (Key { text, origin }, convert(value, origin, substitutes));
            Data::Map(Map(members.into_iter().map(entry).collect()))
        }
    };
    Value::new(origin, data)
}
