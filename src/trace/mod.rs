//! Where an event goes: what each resource of a template does to it, up to the object and the row that it becomes.
//!
//! This layer reads templates, whoever wrote them. It starts no process and reads no file: what runs the code of
//! functions is given to it.

mod catalog;
pub mod convert;
pub mod count;
pub mod entry;
pub mod firehose;
pub mod functions;
pub mod gzip;
pub mod input;
pub mod invocations;
pub mod iot;
pub mod jq;
pub mod logs;
mod mail;
pub mod moment;
pub mod pattern;
pub mod promise;
pub mod report;
pub mod resolve;
mod route;
pub mod rows;
pub mod ses;
pub mod sns;
pub mod table;
pub mod time;
pub mod vtl;
pub mod world;

use jiff::Timestamp;
use serde_json::Value as Json;

pub use invocations::Record;

/// The most characters of a value that are shown in a sentence.
const SHOWN: usize = 60;

/// The most characters of a record that are shown in a sentence.
const ONE_LINE: usize = 100;

impl Record {
    /// A record that arrives now.
    pub fn new(data: impl Into<Vec<u8>>, arrival: Timestamp) -> Self {
        Self { data: data.into(), arrival, partition_key: None }
    }

    /// The record as JSON, if it is.
    pub fn json(&self) -> Option<Json> {
        serde_json::from_slice(&self.data).ok()
    }

    /// The record as it is shown: JSON if it is, or else text.
    pub fn shown(&self) -> Json {
        self.json().unwrap_or_else(|| Json::String(String::from_utf8_lossy(&self.data).into_owned()))
    }
}

/// A value in a sentence: short, and with what it is.
pub fn shown(value: &Json) -> String {
    match value {
        Json::Object(map) if map.is_empty() => "an empty object".to_owned(),
        Json::Object(_) => "an object".to_owned(),
        Json::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Json::Array(items) => format!("a list of {}", items.len()),
        Json::String(text) => format!("`{}`", short(text, SHOWN)),
        Json::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

/// Bytes as a short text of one line.
fn one_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    short(&text.split_whitespace().collect::<Vec<_>>().join(" "), ONE_LINE)
}

/// A text with at most so many characters, the last of which is `…` if something was left out.
pub fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
