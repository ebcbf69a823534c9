//! Where an event goes: what each resource of a template does to it, up to the object and the row that it becomes.
//!
//! This layer reads templates, whoever wrote them. It starts no process and reads no file: what runs the code of
//! functions is given to it.

mod catalog;
pub mod convert;
pub mod count;
pub mod criteria;
pub mod entry;
pub mod firehose;
pub mod functions;
pub mod gzip;
mod hops;
pub mod input;
pub mod invocations;
pub mod iot;
pub mod jq;
pub mod logs;
pub mod moment;
pub mod pattern;
pub mod promise;
mod record;
pub mod report;
pub mod resolve;
pub mod rows;
pub mod ses;
pub mod sns;
pub mod table;
pub mod time;
pub mod vtl;
pub mod world;

use serde_json::Value as Json;

pub use hops::function::Packages;
pub use record::Record;

/// The most characters of a value that are shown in a sentence.
const SHOWN: usize = 60;

/// The most characters of a record that are shown in a sentence.
const ONE_LINE: usize = 100;

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
