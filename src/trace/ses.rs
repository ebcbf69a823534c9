//! What SES publishes about mail: which event destinations of a configuration set take an event, and in which form.
//!
//! Source: SES Developer Guide, "Contents of event data that Amazon SES publishes to Firehose" and "Monitor email sending
//! using Amazon SES event publishing"; SES API v2, `EventDestination`.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::invocations::Source;
use crate::diagnostics::closest;

/// A type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    /// As it stands in `eventType`.
    pub name: &'static str,
    /// As API v2 calls it in `MatchingEventTypes`.
    pub matching: &'static str,
    /// As API v1 does.
    pub matching_v1: &'static str,
    /// The field with what is particular to it.
    pub field: &'static str,
    /// The `detail-type` of its event of EventBridge.
    pub detail_type: &'static str,
}

const fn of(
    name: &'static str,
    matching: &'static str,
    matching_v1: &'static str,
    field: &'static str,
    detail_type: &'static str,
) -> Type {
    Type { name, matching, matching_v1, field, detail_type }
}

/// All types.
pub static TYPES: &[Type] = &[
    of("Bounce", "BOUNCE", "bounce", "bounce", "Email Bounced"),
    of("Click", "CLICK", "click", "click", "Email Clicked"),
    of("Complaint", "COMPLAINT", "complaint", "complaint", "Email Complaint Received"),
    of("Delivery", "DELIVERY", "delivery", "delivery", "Email Delivered"),
    of("DeliveryDelay", "DELIVERY_DELAY", "deliveryDelay", "deliveryDelay", "Email Delivery Delayed"),
    of("Open", "OPEN", "open", "open", "Email Opened"),
    of("Reject", "REJECT", "reject", "reject", "Email Rejected"),
    of("Rendering Failure", "RENDERING_FAILURE", "renderingFailure", "failure", "Email Rendering Failed"),
    of("Send", "SEND", "send", "send", "Email Sent"),
    of("Subscription", "SUBSCRIPTION", "subscription", "subscription", "Email Subscribed"),
];

/// The type of an event. What keeps it from being an event of SES is said in words.
pub fn type_of(event: &Json) -> Result<&'static Type, String> {
    let Some(name) = event["eventType"].as_str() else {
        // Notifications of identities, which come without a configuration set, have another field.
        return Err(match event["notificationType"].as_str() {
            Some(_) => {
                "it has `notificationType`, as notifications of an identity; event publishing has `eventType`".into()
            }
            None => "it has no `eventType`".into(),
        });
    };
    let Some(found) = TYPES.iter().find(|one| one.name == name) else {
        let near = closest(name, TYPES.iter().map(|one| one.name));
        let help = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
        return Err(format!("there is no `eventType` `{name}`{help}"));
    };
    if !event["mail"].is_object() {
        return Err("it has no object `mail`".to_owned());
    }
    if !event[found.field].is_object() {
        return Err(format!("an event `{name}` has an object `{}`", found.field));
    }
    Ok(found)
}

/// Where an event destination sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A delivery stream, by its ARN.
    Firehose(String),
    /// A topic, by its ARN.
    Sns(String),
    /// The default bus of the account, by its ARN.
    EventBridge(String),
    /// Metrics, which keep no event.
    CloudWatch,
    /// A project of Pinpoint.
    Pinpoint,
}

/// What an event destination does with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It sends it on.
    Sends(Destination),
    /// It does not take the type.
    OtherTypes(Vec<String>),
    /// It is switched off.
    Disabled,
    /// It says nowhere to send to.
    Nowhere,
}

/// What an event destination does with an event of a type; `destination` is the property `EventDestination`, whose
/// values are known.
pub fn decide(kind: &Type, destination: &Json) -> Decision {
    // Without it an event destination is switched off, as the API has it.
    let is_enabled = match &destination["Enabled"] {
        Json::Bool(value) => *value,
        Json::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    if !is_enabled {
        return Decision::Disabled;
    }
    let types = destination["MatchingEventTypes"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let types: Vec<String> = types.map(str::to_owned).collect();
    let is_taken = |name: &String| name.eq_ignore_ascii_case(kind.matching) || *name == kind.matching_v1;
    if !types.iter().any(is_taken) {
        return Decision::OtherTypes(types);
    }
    let text = |block: &str, names: &[&str]| {
        names.iter().find_map(|name| destination[block][name].as_str()).map(str::to_owned)
    };
    if let Some(arn) = text("KinesisFirehoseDestination", &["DeliveryStreamARN", "DeliveryStreamArn"]) {
        Decision::Sends(Destination::Firehose(arn))
    } else if let Some(arn) = text("SnsDestination", &["TopicARN", "TopicArn"]) {
        Decision::Sends(Destination::Sns(arn))
    } else if let Some(arn) = text("EventBridgeDestination", &["EventBusArn", "EventBusARN"]) {
        Decision::Sends(Destination::EventBridge(arn))
    } else if destination["CloudWatchDestination"].is_object() {
        Decision::Sends(Destination::CloudWatch)
    } else if destination["PinpointDestination"].is_object() {
        Decision::Sends(Destination::Pinpoint)
    } else {
        Decision::Nowhere
    }
}

/// The record that a delivery stream gets: a newline follows each.
pub fn firehose_record(event: &Json) -> Vec<u8> {
    format!("{event}\n").into_bytes()
}

/// The message that a topic gets.
pub fn sns_message(event: &Json) -> String {
    event.to_string()
}

/// The event that the bus gets; `source` is the identity that sent the mail or the configuration set.
pub fn bus_event(kind: &Type, event: &Json, source: Source<'_>, time: Timestamp) -> Json {
    json!({
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000001",
        "detail-type": kind.detail_type,
        "source": "aws.ses",
        "account": source.account,
        "time": format!("{time:.0}"),
        "region": source.region,
        "resources": [source.arn],
        "detail": event,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{Decision, Destination, TYPES, bus_event, decide, firehose_record, type_of};
    use crate::trace::invocations::Source;

    fn event(name: &str, field: &str) -> Json {
        json!({"eventType": name, "mail": {"messageId": "m"}, field: {}})
    }

    #[test]
    fn an_event_has_its_type_and_the_field_of_it() {
        for kind in TYPES {
            assert_eq!(type_of(&event(kind.name, kind.field)), Ok(kind));
            assert!(type_of(&json!({"eventType": kind.name, "mail": {}})).unwrap_err().contains(kind.field));
        }
        assert!(type_of(&event("Bounced", "bounce")).unwrap_err().contains("did you mean `Bounce`?"));
        assert!(type_of(&json!({"notificationType": "Bounce"})).unwrap_err().contains("event publishing"));
        assert!(type_of(&json!([])).is_err());
    }

    #[test]
    fn a_destination_takes_the_types_that_it_names() {
        let kind = type_of(&event("Rendering Failure", "failure")).unwrap();
        let with = |types: Json| {
            json!({"Enabled": true, "MatchingEventTypes": types,
            "KinesisFirehoseDestination": {"DeliveryStreamARN": "arn:d", "IAMRoleARN": "arn:r"}})
        };
        let sends = Decision::Sends(Destination::Firehose("arn:d".to_owned()));
        assert_eq!(decide(kind, &with(json!(["SEND", "RENDERING_FAILURE"]))), sends);
        assert_eq!(decide(kind, &with(json!(["renderingFailure"]))), sends);
        assert_eq!(decide(kind, &with(json!(["SEND"]))), Decision::OtherTypes(vec!["SEND".to_owned()]));
        let mut off = with(json!(["RENDERING_FAILURE"]));
        off["Enabled"] = json!(false);
        assert_eq!(decide(kind, &off), Decision::Disabled);
        assert_eq!(
            decide(kind, &json!({"Enabled": "true", "MatchingEventTypes": ["RENDERING_FAILURE"]})),
            Decision::Nowhere
        );
        let topic = json!({"Enabled": true, "MatchingEventTypes": ["RENDERING_FAILURE"], "SnsDestination": {"TopicARN": "arn:t"}});
        assert_eq!(decide(kind, &topic), Decision::Sends(Destination::Sns("arn:t".to_owned())));
    }

    #[test]
    fn each_destination_gets_its_form() {
        let sent = event("Send", "send");
        assert!(firehose_record(&sent).ends_with(b"}\n"));
        let source = Source {
            arn: "arn:aws:ses:eu-central-1:123456789012:identity/a",
            region: "eu-central-1",
            account: "123456789012",
        };
        let time = "2026-11-23T10:00:00Z".parse().unwrap();
        let made = bus_event(type_of(&sent).unwrap(), &sent, source, time);
        assert_eq!(
            (&made["detail-type"], &made["source"], &made["detail"]),
            (&json!("Email Sent"), &json!("aws.ses"), &sent)
        );
    }
}
