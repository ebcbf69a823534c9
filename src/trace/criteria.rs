//! Filter criteria of event sources of Lambda and of pipes.
//!
//! Source: Lambda Developer Guide, "Control which events Lambda sends to your function"; EventBridge User Guide, "Event
//! filtering in Amazon EventBridge Pipes".

use serde_json::Value as Json;

use super::pattern::Pattern;
use super::sns::Decision;
use crate::template::base64;

/// Where a filtered batch comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// A queue: the filter looks at `body`.
    Queue,
    /// A stream of Kinesis: the filter looks at `data`.
    Stream,
}

impl Batch {
    /// The field that holds what was sent.
    fn field(self) -> &'static str {
        match self {
            Self::Queue => "body",
            Self::Stream => "data",
        }
    }
}

/// Filter criteria: one that takes a record is enough.
#[derive(Clone, Debug, Default)]
pub struct Criteria {
    filters: Vec<Result<Filter, String>>,
}

#[derive(Clone, Debug)]
struct Filter {
    pattern: Pattern,
    /// What it asks of the field that holds what was sent.
    wants: Wants,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    Nothing,
    /// Text is looked at as it is, even if it is JSON.
    Text,
    Fields,
}

impl Criteria {
    /// Reads `{Filters: [{Pattern}]}`.
    pub fn read(criteria: &Json, batch: Batch) -> Self {
        let filters = criteria["Filters"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self { filters: filters.iter().map(|filter| Filter::read(&filter["Pattern"], batch)).collect() }
    }

    /// Whether a record passes, in the form in which [`kinesis`](super::invocations::kinesis) and
    /// [`sqs`](super::invocations::sqs) make it. Without filters all pass. A filter that is none is an error, in words.
    pub fn decide(&self, batch: Batch, record: &Json) -> Result<Decision, String> {
        let mut is_unclear = false;
        let mut reason = None;
        for filter in &self.filters {
            match filter.as_ref().map_err(Clone::clone)?.decide(batch, record) {
                Decision::Passes => return Ok(Decision::Passes),
                Decision::Unclear => is_unclear = true,
                // The first is told.
                Decision::Stops(why) => reason = reason.or(Some(why)),
            }
        }
        Ok(match reason {
            _ if is_unclear => Decision::Unclear,
            Some(why) => Decision::Stops(why),
            None => Decision::Passes,
        })
    }
}

impl Filter {
    fn read(pattern: &Json, batch: Batch) -> Result<Self, String> {
        let pattern: Json = match pattern {
            Json::String(text) => {
                serde_json::from_str(text).map_err(|error| format!("a filter is no JSON: {error}"))?
            }
            other => other.clone(),
        };
        let wants = match &pattern[batch.field()] {
            Json::Array(_) => Wants::Text,
            Json::Object(_) => Wants::Fields,
            _ => Wants::Nothing,
        };
        Ok(Self { pattern: Pattern::read(&pattern)?, wants })
    }

    fn decide(&self, batch: Batch, record: &Json) -> Decision {
        let text = match batch {
            Batch::Queue => record["body"].as_str().unwrap_or_default().to_owned(),
            Batch::Stream => {
                let bytes = record["kinesis"]["data"].as_str().and_then(base64::decode).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        let mut event = record.as_object().cloned().unwrap_or_default();
        if batch == Batch::Stream {
            // What is particular to Kinesis stands beside the rest.
            event.extend(record["kinesis"].as_object().cloned().unwrap_or_default());
        }
        let field = batch.field();
        let value = match self.wants {
            Wants::Nothing => Json::Null,
            Wants::Text => Json::String(text),
            Wants::Fields => match serde_json::from_str::<Json>(&text) {
                Ok(body @ Json::Object(_)) => body,
                _ => return Decision::Stops(format!("its `{field}` is no JSON object, as the filter expects")),
            },
        };
        event.insert(field.to_owned(), value);
        Decision::of(&self.pattern, &Json::Object(event))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{Batch, Criteria};
    use crate::template::base64;
    use crate::trace::sns::Decision;

    fn criteria_pass(criteria: &Json, batch: Batch, record: &Json) -> Result<Decision, String> {
        Criteria::read(criteria, batch).decide(batch, record)
    }

    #[test]
    fn criteria_of_batches_look_at_body_and_data() {
        let criteria = |patterns: &[Json]| {
            let filters: Vec<Json> = patterns.iter().map(|one| json!({"Pattern": one.to_string()})).collect();
            json!({ "Filters": filters })
        };
        let queue = |body: &str| json!({"messageId": "1", "body": body});
        let told = |patterns: &[Json], record: &Json, batch| criteria_pass(&criteria(patterns), batch, record).unwrap();
        let wants = json!({"body": {"kind": ["a"]}});
        assert_eq!(told(std::slice::from_ref(&wants), &queue(r#"{"kind":"a"}"#), Batch::Queue), Decision::Passes);
        assert!(matches!(
            told(std::slice::from_ref(&wants), &queue(r#"{"kind":"b"}"#), Batch::Queue),
            Decision::Stops(_)
        ));
        assert!(matches!(told(std::slice::from_ref(&wants), &queue("text"), Batch::Queue), Decision::Stops(_)));
        assert_eq!(told(&[wants, json!({"body": ["text"]})], &queue("text"), Batch::Queue), Decision::Passes);
        assert_eq!(told(&[], &queue("text"), Batch::Queue), Decision::Passes);
        let record = json!({"kinesis": {"partitionKey": "k", "data": base64::encode(b"{\"n\": 5}")}, "eventSource": "aws:kinesis"});
        let wants = json!({"data": {"n": [{"numeric": [">", 3]}]}, "partitionKey": ["k"]});
        assert_eq!(told(&[wants], &record, Batch::Stream), Decision::Passes);
        assert!(criteria_pass(&json!({"Filters": [{"Pattern": "{"}]}), Batch::Queue, &record).is_err());
    }
}
