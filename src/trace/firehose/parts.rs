//! De-aggregation: the records that one record consists of.
//!
//! Source: Data Firehose Developer Guide, "Apply dynamic partitioning to aggregated data".

use serde_json::Value as Json;

use crate::template::base64;
use crate::trace::Record;

/// How records are told apart that were put into one.
#[derive(Clone, Debug, PartialEq)]
pub enum Split {
    /// JSON after JSON.
    Json,
    /// This between them.
    Delimiter(Vec<u8>),
}

impl Split {
    /// Reads the parameters of the processor.
    pub fn read(kind: &str, delimiter: Option<&str>) -> Self {
        match (kind, delimiter.and_then(base64::decode)) {
            ("DELIMITED", Some(delimiter)) if !delimiter.is_empty() => Self::Delimiter(delimiter),
            _ => Self::Json,
        }
    }

    /// The records in a record.
    pub fn apply(&self, record: &Record) -> Result<Vec<Record>, String> {
        let data = record.data();
        let with = |part: &[u8]| record.with(part);
        match self {
            Self::Json => {
                let mut found = Vec::new();
                let mut stream = serde_json::Deserializer::from_slice(data).into_iter::<Json>();
                let mut start = 0;
                loop {
                    match stream.next() {
                        Some(Ok(_)) => {
                            let end = stream.byte_offset();
                            found.push(with(data[start..end].trim_ascii()));
                            start = end;
                        }
                        Some(Err(error)) => {
                            return Err(format!("de-aggregation reads JSON, and this is none: {error}"));
                        }
                        None => return Ok(found),
                    }
                }
            }
            Self::Delimiter(delimiter) => {
                let mut found = Vec::new();
                let mut rest = data;
                while let Some(at) = rest.windows(delimiter.len()).position(|window| window == delimiter) {
                    found.push(with(&rest[..at]));
                    rest = &rest[at + delimiter.len()..];
                }
                if !rest.is_empty() {
                    found.push(with(rest));
                }
                Ok(found)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(split: &Split, text: &str) -> Result<Vec<String>, String> {
        let found = split.apply(&Record::new(text, jiff::Timestamp::UNIX_EPOCH))?;
        Ok(found.into_iter().map(|record| record.text()).collect())
    }

    #[test]
    fn json_needs_nothing_between_it() {
        assert_eq!(
            parts(&Split::Json, "{\"a\":1}{\"a\":2}\n{\"a\": [3]}\n").unwrap(),
            ["{\"a\":1}", "{\"a\":2}", "{\"a\": [3]}"]
        );
        assert!(parts(&Split::Json, "{\"a\":1}x").is_err());
    }

    #[test]
    fn a_delimiter_is_taken_out() {
        let split = Split::read("DELIMITED", Some("IyMjIw=="));
        assert_eq!(parts(&split, "a####b####").unwrap(), ["a", "b"]);
        assert_eq!(parts(&split, "a").unwrap(), ["a"]);
    }
}
