//! Amazon Simple Email Service.

use super::targets::{Sender, allowed};
use crate::check::Context;
use crate::check::known::{Given, Part, choices, given, parts, text, within};
use crate::diagnostics::{Sink, closest};
use crate::template::{Map, Resource, Value};

codes! {
    /// An event destination is not what SES takes.
    ///
    /// It has exactly one destination. The events have names of one version of the API. EventBridge means the default
    /// bus; no other is supported.
    ///
    /// ```yaml
    /// Resources:
    ///   Mail:
    ///     Type: AWS::SES::ConfigurationSet
    ///   Events:
    ///     Type: AWS::SES::ConfigurationSetEventDestination
    ///     Properties:
    ///       ConfigurationSetName: !Ref Mail
    ///       EventDestination:
    ///         Enabled: true
    ///         MatchingEventTypes: [bounce, complaints]
    ///         SnsDestination: { TopicARN: "arn:aws:sns:eu-west-1:111122223333:mail" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Mail:
    ///     Type: AWS::SES::ConfigurationSet
    ///   Events:
    ///     Type: AWS::SES::ConfigurationSetEventDestination
    ///     Properties:
    ///       ConfigurationSetName: !Ref Mail
    ///       EventDestination:
    ///         Enabled: true
    ///         MatchingEventTypes: [bounce, complaint]
    ///         SnsDestination: { TopicARN: "arn:aws:sns:eu-west-1:111122223333:mail" }
    /// ```
    ///
    /// Source: SES API v2, `EventDestinationDefinition`, `EventType` and `EventBridgeDestination`; SES API, `EventType`
    /// and `CreateConfigurationSetEventDestination` (`InvalidParameterValue`).
    DESTINATION = Error "invalid-mail-event-destination";

    /// SES is to send events to a topic whose policies do not let it in.
    ///
    /// SES publishes as a service of its own, so the topic has to allow `ses.amazonaws.com` to publish.
    ///
    /// ```yaml
    /// Resources:
    ///   Failures: { Type: AWS::SNS::Topic }
    ///   Mail:
    ///     Type: AWS::SES::ConfigurationSetEventDestination
    ///     Properties:
    ///       ConfigurationSetName: mail
    ///       EventDestination: { MatchingEventTypes: [bounce], SnsDestination: { TopicARN: !Ref Failures } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Failures: { Type: AWS::SNS::Topic }
    ///   FailuresPolicy:
    ///     Type: AWS::SNS::TopicPolicy
    ///     Properties:
    ///       Topics: [!Ref Failures]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           Effect: Allow
    ///           Principal: { Service: ses.amazonaws.com }
    ///           Action: sns:Publish
    ///           Resource: !Ref Failures
    ///           Condition: { StringEquals: { "aws:SourceAccount": !Ref AWS::AccountId } }
    ///   Mail:
    ///     Type: AWS::SES::ConfigurationSetEventDestination
    ///     Properties:
    ///       ConfigurationSetName: mail
    ///       EventDestination: { MatchingEventTypes: [bounce], SnsDestination: { TopicARN: !Ref Failures } }
    /// ```
    ///
    /// Source: SES Developer Guide, "Set up an Amazon SNS event destination for event publishing".
    CLOSED = Warning "mail-topic-without-permission";

    /// An event of mail is named as the second version of the API of SES names it.
    ///
    /// The reference of this resource names events as the first version does, in small letters. The words of the second
    /// were taken, too, where they were tried.
    ///
    /// ```yaml
    /// Resources:
    ///   Bounces:
    ///     Type: AWS::SES::ConfigurationSetEventDestination
    ///     Properties:
    ///       ConfigurationSetName: mail
    ///       EventDestination:
    ///         MatchingEventTypes: [BOUNCE]
    ///         EventBridgeDestination:
    ///           EventBusArn: !Sub arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Bounces:
    ///     Type: AWS::SES::ConfigurationSetEventDestination
    ///     Properties:
    ///       ConfigurationSetName: mail
    ///       EventDestination:
    ///         MatchingEventTypes: [bounce]
    ///         EventBridgeDestination:
    ///           EventBusArn: !Sub arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default
    /// ```
    ///
    /// Source: CloudFormation Template Reference, `AWS::SES::ConfigurationSetEventDestination`; SES API v2, `EventType`.
    CAPITALS = Info "mail-event-in-capitals";
}

/// The principal of SES. Source: as of [`CLOSED`].
const SERVICE: &str = "ses.amazonaws.com";

/// The events, in the words of the first and of the second version of the API.
///
/// Source: SES API, `EventType`; SES API v2, `EventType`; CloudFormation Template Reference,
/// `AWS::SES::ConfigurationSetEventDestination`.
const EVENTS: &[&str] = &[
    "BOUNCE",
    "CLICK",
    "COMPLAINT",
    "DELIVERY",
    "DELIVERY_DELAY",
    "OPEN",
    "REJECT",
    "RENDERING_FAILURE",
    "SEND",
    "SUBSCRIPTION",
    "bounce",
    "click",
    "complaint",
    "delivery",
    "deliveryDelay",
    "open",
    "reject",
    "renderingFailure",
    "send",
    "subscription",
];

const DESTINATIONS: &[&str] =
    &["CloudWatchDestination", "EventBridgeDestination", "KinesisFirehoseDestination", "SnsDestination"];

/// How the ARN of the one bus that SES sends to ends.
const DEFAULT_BUS: &str = "event-bus/default";

/// Checks the event destinations of configuration sets.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in context.of_type("AWS::SES::ConfigurationSetEventDestination") {
        for map in resource.properties.get("EventDestination").into_iter().flat_map(choices).filter_map(Value::as_map) {
            check_destination(context, resource, map, sink);
            check_events(context, resource, map, sink);
            check_bus(context, resource, map, sink);
            check_topic(context, resource, map, sink);
        }
    }
}

fn check_destination(context: &Context<'_>, resource: &Resource, map: &Map, sink: &mut Sink) {
    let of = |wanted: Given| -> Vec<&str> {
        DESTINATIONS.iter().copied().filter(|name| given(map, name) == wanted).collect()
    };
    let (sure, open) = (of(Given::Yes), of(Given::Perhaps));
    if let [first, second, ..] = sure.as_slice() {
        context
            .report(sink, &DESTINATION, resource, &["EventDestination", second], format!("`{second}` beside `{first}`"))
            .help("make an event destination for each");
    } else if sure.is_empty() && open.is_empty() {
        context
            .report(sink, &DESTINATION, resource, &["EventDestination"], "an event destination without a destination")
            .help("add one, for example `KinesisFirehoseDestination`");
    }
}

fn check_events(context: &Context<'_>, resource: &Resource, map: &Map, sink: &mut Sink) {
    for (index, item) in map.get("MatchingEventTypes").and_then(Value::as_list).unwrap_or_default().iter().enumerate() {
        for value in choices(item) {
            let Some(name) = text(value) else { continue };
            let path = format!("Resources/{}/Properties/EventDestination/MatchingEventTypes/{index}", resource.id);
            if EVENTS.contains(&name.as_str()) {
                if name.starts_with(char::is_uppercase) && context.is_written() {
                    let same = EVENTS.iter().find(|known| {
                        known.starts_with(char::is_lowercase) && known.eq_ignore_ascii_case(&name.replace('_', ""))
                    });
                    context
                        .report_value(sink, &CAPITALS, value, &path, format!("`{name}` is a word of the API v2"))
                        .help(format!("write `{}`", same.unwrap_or(&"bounce")));
                }
                continue;
            }
            let same = EVENTS.iter().copied().find(|known| known.eq_ignore_ascii_case(&name));
            let meant = same.or_else(|| closest(&name, EVENTS.iter().copied()));
            context.report_value(sink, &DESTINATION, value, &path, format!("no event `{name}`")).help(
                meant.map_or_else(
                    || format!("the events are `{}`", EVENTS[..10].join("`, `")),
                    |close| format!("did you mean `{close}`?"),
                ),
            );
        }
    }
}

fn check_bus(context: &Context<'_>, resource: &Resource, map: &Map, sink: &mut Sink) {
    let arn = map.get("EventBridgeDestination").and_then(Value::as_map).and_then(|map| map.get("EventBusArn"));
    for value in arn.into_iter().flat_map(choices) {
        let other = context.target(value).is_some_and(|bus| bus.kind == "AWS::Events::EventBus")
            || matches!(parts(value).as_deref(), Some([.., Part::Text(end)])
                if end.contains("event-bus/") && !end.ends_with(DEFAULT_BUS));
        if other {
            let path =
                format!("Resources/{}/Properties/EventDestination/EventBridgeDestination/EventBusArn", resource.id);
            context
                .report_value(sink, &DESTINATION, value, &path, "events of SES go only to the default bus")
                .help("write `!Sub arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default`");
        }
    }
}

fn check_topic(context: &Context<'_>, resource: &Resource, map: &Map, sink: &mut Sink) {
    if context.is_open {
        return;
    }
    let start = format!("Resources/{}/Properties/EventDestination", resource.id);
    for (path, value) in within(map, &["SnsDestination", "TopicARN"], &start) {
        let Some(topic) = context.target(value).filter(|topic| topic.kind == "AWS::SNS::Topic") else { continue };
        if !allowed(context, &Sender { service: SERVICE, resource }, topic) {
            context
                .report_value(sink, &CLOSED, value, &path, format!("`{}` does not let SES in", topic.id))
                .also(topic.origin.span(), "the topic")
                .help(format!("add an `AWS::SNS::TopicPolicy` that allows `{SERVICE}` `sns:Publish`"));
        }
    }
}
