//! Filters between a message and who gets it: filter policies of SNS, filter criteria of event sources of Lambda and of
//! pipes; and the form in which SNS delivers.
//!
//! Source: SNS Developer Guide, "Amazon SNS subscription filter policies", "Filter policy constraints" and "Amazon SNS raw
//! message delivery"; Lambda Developer Guide, "Control which events Lambda sends to your function".

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::invocations::Source;
use super::pattern::{Answer, Pattern};
use crate::template::base64;

/// What a filter policy looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The attributes of the message, which is the default.
    Attributes,
    /// The fields of its body.
    Body,
}

impl Scope {
    /// The scope of this name in `FilterPolicyScope`.
    pub fn named(name: Option<&str>) -> Self {
        if name == Some("MessageBody") { Self::Body } else { Self::Attributes }
    }
}

/// Whether a message passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It does.
    Passes,
    /// It does not; why, in words.
    Stops(String),
    /// That depends on what is known only at deployment.
    Unclear,
}

fn decide(pattern: &Pattern, event: &Json, what: &str) -> Decision {
    match pattern.answer(event) {
        Answer::Yes => Decision::Passes,
        Answer::No => Decision::Stops(format!("{what} do not match the filter")),
        Answer::Perhaps => Decision::Unclear,
    }
}

/// Whether a filter policy lets a message through. `attributes` are those of the message:
/// `{name: {Type, Value}}`, or `{name: {DataType, StringValue}}` as they are published. A policy that is none is an error,
/// in words.
pub fn passes(policy: &Json, scope: Scope, message: &str, attributes: &Json) -> Result<Decision, String> {
    let fields = policy.as_object().ok_or("a filter policy is an object")?;
    if fields.is_empty() {
        return Ok(Decision::Passes);
    }
    if scope == Scope::Attributes
        && let Some((name, _)) = fields.iter().find(|(name, value)| value.is_object() && *name != "$or")
    {
        return Err(format!("`{name}` has fields in it, which only the scope `MessageBody` has"));
    }
    let pattern = Pattern::read(policy)?;
    let event = match scope {
        Scope::Attributes => match attribute_values(attributes) {
            Ok(values) => values,
            Err(reason) => return Ok(Decision::Stops(reason)),
        },
        Scope::Body => match serde_json::from_str::<Json>(message) {
            Ok(body @ Json::Object(_)) => body,
            _ => {
                return Ok(Decision::Stops("the body is no JSON object, so no filter of the body takes it".to_owned()));
            }
        },
    };
    let what = if scope == Scope::Attributes { "its attributes" } else { "the fields of its body" };
    Ok(decide(&pattern, &event, what))
}

/// The attributes of a message as values that a policy compares.
fn attribute_values(attributes: &Json) -> Result<Json, String> {
    let mut values = Map::new();
    for (name, attribute) in attributes.as_object().into_iter().flatten() {
        let kind = attribute["Type"].as_str().or_else(|| attribute["DataType"].as_str()).unwrap_or("String");
        let given = attribute.get("Value").or_else(|| attribute.get("StringValue")).unwrap_or(&Json::Null);
        let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
        // A type may have a label of its own after a dot.
        let value = match kind {
            "String.Array" => serde_json::from_str(&text)
                .ok()
                .filter(Json::is_array)
                .ok_or_else(|| format!("the attribute `{name}` is no list in JSON, as `String.Array` has to be"))?,
            // No policy looks at bytes.
            _ if kind.starts_with("Binary") => continue,
            _ if kind.starts_with("Number") => serde_json::from_str(&text)
                .ok()
                .filter(Json::is_number)
                .ok_or_else(|| format!("the attribute `{name}` is no number, as `{kind}` has to be"))?,
            _ => Json::String(text),
        };
        values.insert(name.clone(), value);
    }
    Ok(Json::Object(values))
}

/// What a subscriber other than a function gets of a message: the message alone if the subscription is raw, or else the
/// notification around it.
pub fn delivered(
    source: Source<'_>,
    message: &str,
    subject: Option<&str>,
    attributes: &Json,
    is_raw: bool,
    sent: Timestamp,
) -> String {
    if is_raw {
        return message.to_owned();
    }
    let mut notification = json!({
        "Type": "Notification",
        "MessageId": "00000000-0000-4000-8000-000000000001",
        "TopicArn": source.arn,
    });
    if let Some(subject) = subject {
        notification["Subject"] = subject.into();
    }
    notification["Message"] = message.into();
    notification["Timestamp"] = format!("{sent:.3}").into();
    for name in ["SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL"] {
        notification[name] = if name == "SignatureVersion" { "1".into() } else { "EXAMPLE".into() };
    }
    if attributes.as_object().is_some_and(|attributes| !attributes.is_empty()) {
        notification["MessageAttributes"] = attributes.clone();
    }
    notification.to_string()
}

/// Where a filtered batch comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// A queue: the filter looks at `body`.
    Queue,
    /// A stream of Kinesis: the filter looks at `data`.
    Stream,
}

/// Whether filter criteria (`{Filters: [{Pattern}]}`) let a record through, in the form in which
/// [`kinesis`](super::invocations::kinesis) and [`sqs`](super::invocations::sqs) make it. Without filters all pass; one
/// that takes it is enough. A pattern that is none is an error, in words.
pub fn criteria_pass(criteria: &Json, batch: Batch, record: &Json) -> Result<Decision, String> {
    let filters = criteria["Filters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if filters.is_empty() {
        return Ok(Decision::Passes);
    }
    let mut is_unclear = false;
    let mut reason = String::new();
    for filter in filters {
        let pattern: Json = match &filter["Pattern"] {
            Json::String(text) => {
                serde_json::from_str(text).map_err(|error| format!("a filter is no JSON: {error}"))?
            }
            other => other.clone(),
        };
        match one_passes(&pattern, batch, record)? {
            Decision::Passes => return Ok(Decision::Passes),
            Decision::Unclear => is_unclear = true,
            Decision::Stops(why) => reason = why,
        }
    }
    Ok(if is_unclear { Decision::Unclear } else { Decision::Stops(reason) })
}

fn one_passes(pattern: &Json, batch: Batch, record: &Json) -> Result<Decision, String> {
    let (field, text) = match batch {
        Batch::Queue => ("body", record["body"].as_str().unwrap_or_default().to_owned()),
        Batch::Stream => {
            let bytes = record["kinesis"]["data"].as_str().and_then(base64::decode).unwrap_or_default();
            ("data", String::from_utf8_lossy(&bytes).into_owned())
        }
    };
    let compiled = Pattern::read(pattern)?;
    let mut event = record.as_object().cloned().unwrap_or_default();
    if batch == Batch::Stream {
        // What is particular to Kinesis stands beside the rest.
        event.extend(record["kinesis"].as_object().cloned().unwrap_or_default());
    }
    let value = match &pattern[field] {
        // A pattern for text looks at the text, even if that is JSON.
        Json::Array(_) => Json::String(text),
        Json::Object(_) => match serde_json::from_str::<Json>(&text) {
            Ok(body @ Json::Object(_)) => body,
            _ => return Ok(Decision::Stops(format!("its `{field}` is no JSON object, as the filter expects"))),
        },
        _ => Json::Null,
    };
    event.insert(field.to_owned(), value);
    Ok(decide(&compiled, &Json::Object(event), "its fields"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{Batch, Decision, Scope, criteria_pass, delivered, passes};
    use crate::template::base64;
    use crate::trace::invocations::Source;

    fn taken(policy: &Json, attributes: &Json) -> bool {
        passes(policy, Scope::Attributes, "text", attributes).unwrap() == Decision::Passes
    }

    #[test]
    fn attributes_are_compared_by_their_type() {
        let attributes = json!({
            "store": {"Type": "String", "Value": "example_corp"},
            "price": {"DataType": "Number", "StringValue": "210.75"},
            "interests": {"Type": "String.Array", "Value": "[\"rugby\", \"tennis\", 5, true, null]"},
            "bytes": {"Type": "Binary", "Value": "AA=="},
        });
        for (policy, wanted) in [
            (json!({}), true),
            (json!({"store": ["example_corp"]}), true),
            (json!({"store": ["other"]}), false),
            (json!({"store": [{"prefix": "example"}], "interests": ["rugby"]}), true),
            (json!({"interests": [{"anything-but": ["rugby", "tennis"]}]}), true),
            (json!({"store": [{"anything-but": {"prefix": "example"}}]}), false),
            (json!({"price": [{"numeric": [">", 200, "<=", 211]}]}), true),
            (json!({"price": ["210.75"]}), false),
            (json!({"missing": [{"exists": false}]}), true),
            (json!({"missing": [{"anything-but": "a"}]}), false),
            (json!({"bytes": [{"exists": true}]}), false),
            (json!({"$or": [{"store": ["other"]}, {"price": [{"numeric": ["=", 210.75]}]}]}), true),
        ] {
            assert_eq!(taken(&policy, &attributes), wanted, "{policy}");
        }
        let broken = json!({"price": {"Type": "Number", "Value": "much"}});
        assert!(matches!(passes(&json!({"price": [1]}), Scope::Attributes, "", &broken), Ok(Decision::Stops(_))));
        assert!(passes(&json!({"a": {"b": ["c"]}}), Scope::Attributes, "", &json!({})).is_err());
        assert!(passes(&json!({"a": "b"}), Scope::Attributes, "", &json!({})).is_err());
    }

    #[test]
    fn a_body_has_to_be_an_object() {
        let policy = json!({"detail": {"kind": ["a"]}});
        let told = |message: &str| passes(&policy, Scope::named(Some("MessageBody")), message, &json!(null)).unwrap();
        assert_eq!(told(r#"{"detail": {"kind": "a"}}"#), Decision::Passes);
        assert!(matches!(told(r#"{"detail": {"kind": "b"}}"#), Decision::Stops(_)));
        assert!(matches!(told("text"), Decision::Stops(reason) if reason.contains("no JSON object")));
    }

    #[test]
    fn a_raw_subscription_gets_the_message_alone() {
        let source = Source { arn: "arn:aws:sns:eu-central-1:123456789012:t", region: "eu-central-1", account: "1" };
        let time = "2026-11-23T10:00:00Z".parse().unwrap();
        assert_eq!(delivered(source, "{}", None, &json!({}), true, time), "{}");
        let text = delivered(source, "{}", Some("s"), &json!({"a": {"Type": "String", "Value": "b"}}), false, time);
        let made: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(made["Message"], "{}");
        assert_eq!(made["Timestamp"], "2026-11-23T10:00:00.000Z");
        assert_eq!(made["MessageAttributes"]["a"]["Value"], "b");
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
