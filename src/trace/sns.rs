//! Topics of SNS: filter policies of subscriptions, and the form in which messages are delivered.
//!
//! Source: SNS Developer Guide, "Amazon SNS subscription filter policies", "Filter policy constraints" and "Amazon SNS raw
//! message delivery".

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::invocations::Source;
use super::pattern::{Answer, Pattern};

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

impl Decision {
    /// What a pattern says of an event.
    pub fn of(pattern: &Pattern, event: &Json) -> Self {
        match pattern.answer(event) {
            Answer::Yes => Self::Passes,
            Answer::No => Self::Stops(pattern.miss(event).said()),
            Answer::Perhaps => Self::Unclear,
        }
    }
}

/// The filter policy of a subscription.
#[derive(Clone, Debug)]
pub struct Policy {
    scope: Scope,
    /// Nothing if it takes everything.
    pattern: Option<Pattern>,
}

impl Policy {
    /// Reads a policy. One that is none is an error, in words.
    pub fn read(policy: &Json, scope: Scope) -> Result<Self, String> {
        let fields = policy.as_object().ok_or("a filter policy is an object")?;
        if fields.is_empty() {
            return Ok(Self { scope, pattern: None });
        }
        if scope == Scope::Attributes
            && let Some((name, _)) = fields.iter().find(|(name, value)| value.is_object() && *name != "$or")
        {
            return Err(format!("`{name}` has fields in it, which only the scope `MessageBody` has"));
        }
        Ok(Self { scope, pattern: Some(Pattern::read(policy)?) })
    }

    /// Whether it lets a message through. `attributes` are those of the message: `{name: {Type, Value}}`, or
    /// `{name: {DataType, StringValue}}` as they are published.
    pub fn decide(&self, message: &str, attributes: &Json) -> Decision {
        let Some(pattern) = &self.pattern else { return Decision::Passes };
        let event = match self.scope {
            Scope::Attributes => match attribute_values(attributes) {
                Ok(values) => values,
                Err(reason) => return Decision::Stops(reason),
            },
            Scope::Body => {
                let Ok(body @ Json::Object(_)) = serde_json::from_str(message) else {
                    let reason = "the body is no JSON object, so no filter of the body takes it";
                    return Decision::Stops(reason.to_owned());
                };
                body
            }
        };
        match (Decision::of(pattern, &event), self.scope) {
            (Decision::Stops(why), Scope::Attributes) if event.as_object().is_some_and(Map::is_empty) => {
                Decision::Stops(format!("{why}; the message has no attributes, and its filter looks at nothing else"))
            }
            (decision, _) => decision,
        }
    }
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

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{Decision, Policy, Scope, delivered};
    use crate::trace::invocations::Source;

    fn passes(policy: &Json, scope: Scope, message: &str, attributes: &Json) -> Result<Decision, String> {
        Policy::read(policy, scope).map(|policy| policy.decide(message, attributes))
    }

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
}
