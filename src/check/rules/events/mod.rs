//! Amazon EventBridge: rules, archives, and the filters that are written alike.

pub mod pattern;
pub mod target;

use std::collections::BTreeMap;

use super::roles::senders::service;
use super::roles::{Answer, covers, names};
use crate::check::Context;
use crate::check::known::{Part, choices, number, parts, text, within};
use crate::diagnostics::Sink;
use crate::template::{Data, Function, Map, Resource, Value, emit};
use pattern::ask::{exact, may_match};

codes! {
    /// A rule on a bus of one's own waits for what arrives only on the default bus.
    ///
    /// Events of AWS services, whose `source` begins with `aws.`, arrive on the default bus, and so do schedules. A
    /// rule for them on another bus never fires, unless another rule forwards the events.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties: { Name: orders }
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       EventPattern: { source: [aws.ssm] }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    /// ```
    ///
    /// Source: EventBridge User Guide, "Event buses in Amazon EventBridge" and "Creating a scheduled rule (legacy)".
    BUS = Warning "rule-on-wrong-bus";

    /// A rule waits for events of a bucket that sends none.
    ///
    /// A bucket sends events to EventBridge only if its notifications say so.
    ///
    /// ```yaml
    /// Resources:
    ///   Uploads:
    ///     Type: AWS::S3::Bucket
    ///   Created:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source: [aws.s3]
    ///         detail-type: [Object Created]
    ///         detail: { bucket: { name: [!Ref Uploads] } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Uploads:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       NotificationConfiguration:
    ///         EventBridgeConfiguration: { EventBridgeEnabled: true }
    ///   Created:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source: [aws.s3]
    ///         detail-type: [Object Created]
    ///         detail: { bucket: { name: [!Ref Uploads] } }
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Enabling Amazon EventBridge".
    SILENT = Warning "bucket-without-events";

    /// What a target does makes the very events that the rule waits for.
    ///
    /// Each event that is delivered to the bucket is an object there, which is an event again: the rule fires without
    /// end, and all of it is billed.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       NotificationConfiguration:
    ///         EventBridgeConfiguration: { EventBridgeEnabled: true }
    ///   Delivery:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: !GetAtt Archive.Arn
    ///         RoleARN: arn:aws:iam::111122223333:role/delivery
    ///         ProcessingConfiguration: { Enabled: true, Processors: [{ Type: AppendDelimiterToRecord }] }
    ///   Created:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source: [aws.s3]
    ///         detail-type: [Object Created]
    ///         detail: { bucket: { name: [!Ref Archive] } }
    ///       Targets:
    ///         - { Id: Delivery, Arn: !GetAtt Delivery.Arn, RoleArn: arn:aws:iam::111122223333:role/rule }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Uploads:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       NotificationConfiguration:
    ///         EventBridgeConfiguration: { EventBridgeEnabled: true }
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///   Delivery:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: !GetAtt Archive.Arn
    ///         RoleARN: arn:aws:iam::111122223333:role/delivery
    ///         ProcessingConfiguration: { Enabled: true, Processors: [{ Type: AppendDelimiterToRecord }] }
    ///   Created:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source: [aws.s3]
    ///         detail-type: [Object Created]
    ///         detail: { bucket: { name: [!Ref Uploads] } }
    ///       Targets:
    ///         - { Id: Delivery, Arn: !GetAtt Delivery.Arn, RoleArn: arn:aws:iam::111122223333:role/rule }
    /// ```
    ///
    /// Source: EventBridge API, `PutRule`, on rules that lead to infinite loops.
    LOOP = Warning "event-loop";

    /// A bus has more rules than EventBridge takes without being asked.
    ///
    /// The quota is 300 rules for each bus, in some regions 100. What is beyond is refused, until the quota is raised.
    ///
    /// ```yaml repeat=301
    /// Resources:
    ///   Rule{n}:
    ///     Type: AWS::Events::Rule
    ///     Properties: { EventPattern: { source: ["shop.{n}"] } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml repeat=300
    /// Resources:
    ///   Rule{n}:
    ///     Type: AWS::Events::Rule
    ///     Properties: { EventPattern: { source: ["shop.{n}"] } }
    /// ```
    ///
    /// Source: EventBridge User Guide, "Amazon EventBridge quotas".
    COUNT = Warning "too-many-rules";

    /// A subscriber is to send more events at once than its target takes.
    ///
    /// Streams take 500, functions and state machines 100, queues and topics 10, and API destinations one. EventBridge
    /// refuses more.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::EventsV2::Subscriber
    ///     Properties:
    ///       EventBusArn: arn:aws:events:eu-west-1:111122223333:event-busv2/shop/abcdefghij0123456789abcde
    ///       Name: orders
    ///       BatchConfiguration: { MaxBatchSize: 100 }
    ///       InvokeConfiguration:
    ///         RoleArn: arn:aws:iam::111122223333:role/subscriber
    ///         TargetArn: arn:aws:sqs:eu-west-1:111122223333:orders
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::EventsV2::Subscriber
    ///     Properties:
    ///       EventBusArn: arn:aws:events:eu-west-1:111122223333:event-busv2/shop/abcdefghij0123456789abcde
    ///       Name: orders
    ///       BatchConfiguration: { MaxBatchSize: 10 }
    ///       InvokeConfiguration:
    ///         RoleArn: arn:aws:iam::111122223333:role/subscriber
    ///         TargetArn: arn:aws:sqs:eu-west-1:111122223333:orders
    /// ```
    ///
    /// Source: CloudFormation Template Reference, `AWS::EventsV2::Subscriber`, `BatchConfiguration`.
    BATCH = Error "batch-too-large";
}

/// The events that targets take at once, by service and beginning of the resource in the ARN. Source: as of [`BATCH`].
const BATCHES: &[(&str, &str, f64)] = &[
    ("events", "api-destination/", 1.0),
    ("events", "event-bus/", 10.0),
    ("events", "event-busv2/", 100.0),
    ("execute-api", "", 1.0),
    ("firehose", "", 500.0),
    ("kinesis", "", 500.0),
    ("lambda", "", 100.0),
    ("sns", "", 10.0),
    ("sqs", "", 10.0),
    ("states", "", 100.0),
];

/// The rules of a bus. Source: as of [`COUNT`].
const MOST_RULES: usize = 300;

const DEFAULT_BUS: &str = "default";
const BUCKET: &str = "AWS::S3::Bucket";

/// The properties of a stream that say where its records go.
const DESTINATIONS: &[&str] = &["ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"];

/// Checks rules, archives and filters.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for rule in context.of_type("AWS::Events::Rule") {
        let patterns = pattern::check(context, rule, sink);
        check_bus(context, rule, &patterns, sink);
        for map in patterns.iter().filter_map(Value::as_map) {
            check_bucket(context, rule, map, sink);
            check_loop(context, rule, map, sink);
        }
        target::check(context, rule, sink);
    }
    check_count(context, sink);
    for archive in context.of_type(pattern::ARCHIVE) {
        pattern::check(context, archive, sink);
    }
    for pipe in context.of_type("AWS::Pipes::Pipe") {
        pattern::check_filters(context, pipe, &["SourceParameters", "FilterCriteria", "Filters"], sink);
    }
    for mapping in context.of_type("AWS::Lambda::EventSourceMapping") {
        pattern::check_filters(context, mapping, &["FilterCriteria", "Filters"], sink);
    }
    for subscriber in context.of_type("AWS::EventsV2::Subscriber") {
        pattern::check_filters(context, subscriber, &["FilterConfiguration", "Filters"], sink);
        check_batch(context, subscriber, sink);
    }
    for subscription in context.of_type("AWS::SNS::Subscription") {
        pattern::check_policy(context, subscription, sink);
    }
}

/// Whether a rule is for certain on another bus than the default one.
fn is_on_own_bus(context: &Context<'_>, rule: &Resource) -> bool {
    let Some(bus) = rule.properties.get("EventBusName") else { return false };
    let own = |bus: &&Value| {
        if context.target(bus).is_some_and(|bus| bus.kind == "AWS::Events::EventBus") {
            return true;
        }
        match parts(bus).as_deref() {
            Some([Part::Text(text)]) => text != DEFAULT_BUS && !text.ends_with(":event-bus/default"),
            Some([.., Part::Text(text)]) => text.contains("event-bus/") && !text.ends_with("event-bus/default"),
            _ => false,
        }
    };
    let choices = choices(bus);
    !choices.is_empty() && choices.iter().all(own)
}

fn check_bus(context: &Context<'_>, rule: &Resource, patterns: &[Value], sink: &mut Sink) {
    if !is_on_own_bus(context, rule) {
        return;
    }
    if let Some(schedule) = rule.properties.get("ScheduleExpression")
        && text(schedule).is_some_and(|text| !text.is_empty())
    {
        context
            .report(sink, &BUS, rule, &["ScheduleExpression"], "a schedule on a bus of one's own, which never fires")
            .help("remove `EventBusName`, or make an `AWS::Scheduler::Schedule`");
    }
    // Partner buses are named `aws.partner/…`, and so are the sources on them.
    let bus = rule.properties.get("EventBusName").and_then(text).unwrap_or_default();
    for map in patterns.iter().filter_map(Value::as_map) {
        let Some(sources) = map.get("source").and_then(Value::as_list) else { continue };
        let start = |source: &'_ Value| {
            let prefix = source.as_map().and_then(|map| map.get("prefix")).and_then(Value::as_str);
            source.as_str().or(prefix).map(ToOwned::to_owned)
        };
        let of_aws = |source: &Value| {
            start(source).is_some_and(|source| source.starts_with("aws.") && !source.starts_with("aws.partner"))
        };
        if !sources.is_empty() && sources.iter().all(of_aws) && !bus.contains("aws.partner/") && !is_fed(context, rule)
        {
            let names: Vec<String> = sources.iter().filter_map(start).collect();
            let message = format!("events of `{}` arrive only on the default bus", names.join("`, `"));
            context
                .report(sink, &BUS, rule, &["EventPattern", "source"], message)
                .help("remove `EventBusName`, or forward the events to this bus by another rule");
        }
    }
}

/// Counts the rules of each bus, as it is written.
fn check_count(context: &Context<'_>, sink: &mut Sink) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for rule in context.of_type("AWS::Events::Rule") {
        let bus = rule.properties.get("EventBusName").map(emit::json);
        let bus = bus.filter(|bus| bus.trim_matches(['"', '\n']) != DEFAULT_BUS);
        let count = counts.entry(bus.unwrap_or_default()).or_default();
        *count += 1;
        if *count == MOST_RULES + 1 {
            context
                .report(sink, &COUNT, rule, &["EventBusName"], format!("more than {MOST_RULES} rules on one bus"))
                .help("put some on another bus, or have the quota raised before");
        }
    }
}

/// Whether another rule of the template may forward events to the bus of a rule, or a policy lets other accounts do so.
fn is_fed(context: &Context<'_>, fed: &Resource) -> bool {
    let bus = fed.properties.get("EventBusName").and_then(|bus| context.target(bus));
    let forwards = |rule: &Resource| {
        let targets = rule.properties.get("Targets").and_then(Value::as_list).unwrap_or_default();
        let mut arns = targets.iter().filter_map(|target| target.as_map()?.get("Arn"));
        rule.id != fed.id
            && arns.any(|arn| {
                let target = context.target(arn).filter(|target| target.kind == "AWS::Events::EventBus");
                let own = bus.map(|bus| names::of_resource(context, bus, Some("Arn")));
                let other = own.is_some_and(|own| covers(&names::of(context, arn), &own) == Answer::No);
                target.is_some_and(|target| bus.is_none_or(|bus| bus.id == target.id))
                    || target.is_none()
                        && !other
                        && parts(arn).is_some_and(|parts| {
                            parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains("event-bus/")))
                        })
            })
    };
    context.of_type("AWS::Events::EventBusPolicy").next().is_some()
        || context.of_type("AWS::Events::EventBus").any(|bus| bus.properties.get("Policy").is_some())
        || context.of_type("AWS::Events::Rule").any(forwards)
}

/// The values for the name of the bucket that a pattern of events of S3 matches.
fn buckets(map: &Map) -> Option<&[Value]> {
    exact(map.get("detail")?.as_map()?.get("bucket")?.as_map()?, "name")
}

/// Whether a pattern is about events that buckets send themselves, not about calls of the API that a trail records.
fn is_of_s3(map: &Map) -> bool {
    let sources = exact(map, "source").is_some_and(|items| items.iter().all(|item| item.as_str() == Some("aws.s3")));
    let direct = exact(map, "detail-type")
        .is_none_or(|items| items.iter().all(|item| item.as_str().is_some_and(|name| name.starts_with("Object "))));
    sources && direct
}

/// Whether a bucket sends events, as far as the template says.
fn sends(context: &Context<'_>, bucket: &Resource) -> bool {
    let Some(notifications) = bucket.properties.get("NotificationConfiguration") else {
        // A custom resource may set notifications of a bucket; the one of the CDK does.
        return context.template.resources.iter().any(|resource| {
            let custom =
                resource.kind.starts_with("Custom::") || resource.kind == "AWS::CloudFormation::CustomResource";
            let named = |value: &Value| context.target(value).is_some_and(|target| target.id == bucket.id);
            custom && resource.properties.0.iter().any(|(_, value)| named(value))
        });
    };
    match &notifications.data {
        Data::Map(map) => map.get("EventBridgeConfiguration").is_some_and(|setting| {
            setting
                .as_map()
                .and_then(|map| map.get("EventBridgeEnabled"))
                .is_none_or(|enabled| crate::check::known::boolean(enabled) != Some(false))
        }),
        _ => true,
    }
}

fn check_bucket(context: &Context<'_>, rule: &Resource, map: &Map, sink: &mut Sink) {
    if !is_of_s3(map) {
        return;
    }
    for name in buckets(map).unwrap_or_default() {
        let plain = matches!(&name.data, Data::Call(Function::Ref, _));
        let named = |bucket: &&Resource| {
            let own = bucket.properties.get("BucketName").and_then(Value::as_str);
            own.is_some() && own == name.as_str()
        };
        let bucket = match context.target(name) {
            Some(bucket) if plain && bucket.kind == BUCKET => Some(bucket),
            _ => context.of_type(BUCKET).find(named),
        };
        let Some(bucket) = bucket.filter(|bucket| !sends(context, bucket)) else { continue };
        let path = format!("Resources/{}/Properties/EventPattern/detail/bucket/name", rule.id);
        context
            .report_value(sink, &SILENT, name, &path, format!("the bucket `{}` sends no events", bucket.id))
            .also(bucket.origin.span(), "the bucket")
            .help("add `NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } }` to it");
    }
}

fn check_loop(context: &Context<'_>, rule: &Resource, map: &Map, sink: &mut Sink) {
    let about_key = map
        .get("detail")
        .and_then(Value::as_map)
        .is_some_and(|detail| detail.0.iter().any(|(key, _)| key.text != "bucket") || detail.get("bucket").is_none());
    if !is_of_s3(map) || about_key || !may_match(map, "detail-type", "Object Created") || !is_enabled(rule) {
        return;
    }
    let watched: Option<Vec<&Resource>> =
        buckets(map).map(|names| names.iter().filter_map(|name| context.target(name)).collect());
    let targets = rule.properties.get("Targets").and_then(Value::as_list).unwrap_or_default();
    for (index, arn) in
        targets.iter().enumerate().filter_map(|(index, target)| Some((index, target.as_map()?.get("Arn")?)))
    {
        let Some(stream) = context.target(arn).filter(|stream| stream.kind == "AWS::KinesisFirehose::DeliveryStream")
        else {
            continue;
        };
        let destination = DESTINATIONS.iter().find_map(|name| stream.properties.get(name)?.as_map()?.get("BucketARN"));
        let Some(bucket) = destination.and_then(|arn| context.target(arn)) else { continue };
        let back = match &watched {
            Some(watched) => watched.iter().any(|one| one.id == bucket.id),
            None => map.get("detail").is_none() && sends(context, bucket) && bucket.kind == BUCKET,
        };
        if back {
            let path = format!("Resources/{}/Properties/Targets/{index}/Arn", rule.id);
            let message = format!("`{}` writes to `{}`, whose new objects fire this rule", stream.id, bucket.id);
            context
                .report_value(sink, &LOOP, arn, &path, message)
                .also(bucket.origin.span(), "the bucket")
                .help("deliver to another bucket, or match the keys of the objects that are meant");
        }
    }
}

fn is_enabled(rule: &Resource) -> bool {
    rule.properties.get("State").and_then(text).is_none_or(|state| state != "DISABLED")
}

fn check_batch(context: &Context<'_>, subscriber: &Resource, sink: &mut Sink) {
    let start = format!("Resources/{}/Properties", subscriber.id);
    let targets = within(&subscriber.properties, &["InvokeConfiguration", "TargetArn"], &start);
    // Under a condition each target may have a size of its own.
    let [(_, target)] = targets.as_slice() else { return };
    let Some((service, resource)) = service(&names::of(context, target)) else { return };
    let Some((.., most)) = BATCHES.iter().find(|(known, start, _)| *known == service && resource.starts_with(start))
    else {
        return;
    };
    for (path, value) in within(&subscriber.properties, &["BatchConfiguration", "MaxBatchSize"], &start) {
        if number(value).is_some_and(|size| size > *most) {
            let message = format!("a batch for `{service}`, which takes at most {most} events at once");
            context.report_value(sink, &BATCH, value, &path, message).help(format!("write {most} or less"));
        }
    }
}
