//! The prefix of a key: expressions that are evaluated at delivery.
//!
//! Source: Data Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::trace::time;

/// What is added where a prefix says no time.
const BY_HOUR: &str = "yyyy/MM/dd/HH/";

/// Stands for what is made up at delivery.
const MADE_UP: &str = "*";

/// A prefix.
#[derive(Clone, Debug, PartialEq)]
pub struct Prefix {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Expression { namespace: String, value: String },
}

/// What the expressions stand for in one delivery.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// When the record came in.
    pub arrival: Timestamp,
    /// The time zone of keys.
    pub zone: &'a TimeZone,
    /// Partition keys of jq.
    pub query: &'a BTreeMap<String, String>,
    /// Partition keys of the function.
    pub lambda: &'a BTreeMap<String, String>,
    /// The kind of failure, where it is one.
    pub error: Option<&'a str>,
}

/// An expression that nothing stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its namespace.
    pub namespace: String,
    /// What stands after it.
    pub value: String,
}

impl Prefix {
    /// Reads a prefix. One without time gets the hour, unless records decide where they go.
    pub fn read(text: &str, dynamic: bool) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("!{") {
            let Some((inside, after)) = after.split_once('}') else { break };
            parts.push(Part::Text(before.to_owned()));
            let (namespace, value) = inside.split_once(':').unwrap_or((inside, ""));
            parts.push(Part::Expression { namespace: namespace.to_owned(), value: value.to_owned() });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let timed =
            parts.iter().any(|part| matches!(part, Part::Expression { namespace, .. } if namespace == "timestamp"));
        if !timed && !dynamic {
            parts.push(Part::Expression { namespace: "timestamp".to_owned(), value: BY_HOUR.to_owned() });
        }
        Self { parts }
    }

    /// What it is in one delivery.
    pub fn fill(&self, values: &Values<'_>) -> Result<String, Missing> {
        let mut made = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => made.push_str(text),
                Part::Expression { namespace, value } => {
                    let filled = match (namespace.as_str(), value.as_str()) {
                        ("timestamp", pattern) => time::format(pattern, values.arrival, values.zone).ok(),
                        ("partitionKeyFromQuery", key) => values.query.get(key).cloned(),
                        ("partitionKeyFromLambda", key) => values.lambda.get(key).cloned(),
                        ("firehose", "random-string") => Some(MADE_UP.to_owned()),
                        ("firehose", "error-output-type") => values.error.map(ToOwned::to_owned),
                        _ => None,
                    };
                    let missing = || Missing { namespace: namespace.clone(), value: value.clone() };
                    made.push_str(&filled.ok_or_else(missing)?);
                }
            }
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, dynamic: bool) -> Result<String, Missing> {
        let query = BTreeMap::from([("device".to_owned(), "mobile".to_owned())]);
        let lambda = BTreeMap::from([("day".to_owned(), "23".to_owned())]);
        let arrival = time::read("2026-11-23T22:30:00Z").unwrap();
        let zone = time::zone("Europe/Berlin").unwrap();
        Prefix::read(text, dynamic).fill(&Values {
            arrival,
            zone: &zone,
            query: &query,
            lambda: &lambda,
            error: Some("x-failed"),
        })
    }

    #[test]
    fn expressions_are_filled_in() {
        let text = "a/!{partitionKeyFromQuery:device}/!{partitionKeyFromLambda:day}/!{timestamp:yyyy-MM-dd HH}/!{firehose:random-string}/";
        assert_eq!(filled(text, true).unwrap(), "a/mobile/23/2026-11-23 23/*/");
        assert_eq!(
            filled("errors/!{firehose:error-output-type}/!{timestamp:yyyy}/", true).unwrap(),
            "errors/x-failed/2026/"
        );
    }

    #[test]
    fn a_prefix_without_time_gets_the_hour() {
        assert_eq!(filled("", false).unwrap(), "2026/11/23/23/");
        assert_eq!(filled("raw/", false).unwrap(), "raw/2026/11/23/23/");
        assert_eq!(filled("raw/!{timestamp:yyyy}/", false).unwrap(), "raw/2026/");
        assert_eq!(filled("raw/", true).unwrap(), "raw/");
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = filled("!{partitionKeyFromQuery:customer}/", true).unwrap_err();
        assert_eq!((missing.namespace.as_str(), missing.value.as_str()), ("partitionKeyFromQuery", "customer"));
    }
}
