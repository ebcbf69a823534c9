//! JSON: functions under their long names, everything else as it is.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::template::{Data, Function, Value};

/// The value as indented JSON that ends with a line feed.
#[allow(clippy::missing_panics_doc, reason = "keys are text and memory takes all of it, so nothing can fail")]
pub fn json(value: &Value) -> String {
    let mut out = serde_json::to_string_pretty(&Json(value)).expect("keys are text, and memory refuses nothing");
    out.push('\n');
    out
}

struct Json<'a>(&'a Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.data {
            Data::Null => serializer.serialize_unit(),
            Data::Bool(value) => serializer.serialize_bool(*value),
            Data::Number(number) => number.serialize(serializer),
            Data::String(text) => serializer.serialize_str(text),
            Data::List(items) => serializer.collect_seq(items.iter().map(Json)),
            Data::Map(map) => serializer.collect_map(map.0.iter().map(|(key, value)| (&key.text, Json(value)))),
            Data::Call(function, argument) => {
                let mut map = serializer.serialize_map(Some(1))?;
                match (function, argument.as_str().and_then(|text| text.split_once('.'))) {
                    // "Resource.Attribute" in one piece is a liberty of YAML.
                    (Function::GetAtt, Some(parts)) => map.serialize_entry(function.name(), &parts)?,
                    _ => map.serialize_entry(function.name(), &Json(argument))?,
                }
                map.end()
            }
        }
    }
}
