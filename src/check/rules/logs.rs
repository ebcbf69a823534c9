//! Amazon CloudWatch Logs.

use std::collections::BTreeMap;

use super::firehose::logging::own_group;
use crate::check::Context;
use crate::check::block::{Block, HOLE, outline};
use crate::check::known::{boolean, text};
use crate::diagnostics::Sink;
use crate::template::log_filter::{self, Mistake};
use crate::template::{Resource, Value};

codes! {
    /// A log group is sent to what writes into it.
    ///
    /// What the receiver logs is sent to it again, and that is logged again, at cost and without end.
    ///
    /// ```yaml
    /// Resources:
    ///   Errors:
    ///     Type: AWS::Logs::LogGroup
    ///   Delivery:
    ///     Type: AWS::Logs::LogStream
    ///     Properties: { LogGroupName: !Ref Errors }
    ///   Other:
    ///     Type: AWS::Logs::LogGroup
    ///   Forward:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Errors
    ///       FilterPattern: ""
    ///       DestinationArn: !GetAtt Stream.Arn
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CloudWatchLoggingOptions: { Enabled: true, LogGroupName: !Ref Errors, LogStreamName: !Ref Delivery }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Errors:
    ///     Type: AWS::Logs::LogGroup
    ///   Delivery:
    ///     Type: AWS::Logs::LogStream
    ///     Properties: { LogGroupName: !Ref Errors }
    ///   Other:
    ///     Type: AWS::Logs::LogGroup
    ///   Forward:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Other
    ///       FilterPattern: ""
    ///       DestinationArn: !GetAtt Stream.Arn
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CloudWatchLoggingOptions: { Enabled: true, LogGroupName: !Ref Errors, LogStreamName: !Ref Delivery }
    /// ```
    ///
    /// Source: CloudWatch Logs User Guide, "Log recursion prevention".
    LOOP = Warning "log-subscription-loop";

    /// A subscription filter sends to a stream without a role.
    ///
    /// CloudWatch Logs puts records into streams of Kinesis and Firehose with a role. Functions and destinations let it
    /// in by a policy of theirs.
    ///
    /// ```yaml
    /// Resources:
    ///   Errors:
    ///     Type: AWS::Logs::LogGroup
    ///   Forward:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Errors
    ///       FilterPattern: ""
    ///       DestinationArn: arn:aws:firehose:eu-central-1:123456789012:deliverystream/logs
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Errors:
    ///     Type: AWS::Logs::LogGroup
    ///   Forward:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Errors
    ///       FilterPattern: ""
    ///       DestinationArn: arn:aws:firehose:eu-central-1:123456789012:deliverystream/logs
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    /// ```
    ///
    /// Source: CloudWatch Logs API, `PutSubscriptionFilter`, `roleArn`.
    ROLE = Error "subscription-without-role";

    /// A log group has more than two subscription filters.
    ///
    /// CloudWatch Logs allows two, and the quota cannot be raised.
    ///
    /// ```yaml
    /// Resources:
    ///   Errors:
    ///     Type: AWS::Logs::LogGroup
    ///   One:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Errors
    ///       FilterPattern: ""
    ///       DestinationArn: arn:aws:firehose:eu-central-1:123456789012:deliverystream/logs
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    ///   Two:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Errors
    ///       FilterPattern: ""
    ///       DestinationArn: arn:aws:firehose:eu-central-1:123456789012:deliverystream/second
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    ///   Three:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Errors
    ///       FilterPattern: ""
    ///       DestinationArn: arn:aws:firehose:eu-central-1:123456789012:deliverystream/third
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Errors:
    ///     Type: AWS::Logs::LogGroup
    ///   One:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Errors
    ///       FilterPattern: ""
    ///       DestinationArn: arn:aws:firehose:eu-central-1:123456789012:deliverystream/logs
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    ///   Two:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Errors
    ///       FilterPattern: ""
    ///       DestinationArn: arn:aws:firehose:eu-central-1:123456789012:deliverystream/second
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    /// ```
    ///
    /// Source: CloudWatch Logs API, `PutSubscriptionFilter`.
    MANY = Error "too-many-subscription-filters";

    /// A metric of a log group has a default value and dimensions.
    ///
    /// A metric with dimensions has no default value: CloudWatch Logs could not know for which of them.
    ///
    /// ```yaml
    /// Resources:
    ///   Failed:
    ///     Type: AWS::Logs::MetricFilter
    ///     Properties:
    ///       LogGroupName: /shop/orders
    ///       FilterPattern: "{ $.failed = * }"
    ///       MetricTransformations:
    ///         - MetricName: Failed
    ///           MetricNamespace: Shop
    ///           MetricValue: "1"
    ///           DefaultValue: 0
    ///           Dimensions: [{ Key: Shop, Value: $.shop }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Failed:
    ///     Type: AWS::Logs::MetricFilter
    ///     Properties:
    ///       LogGroupName: /shop/orders
    ///       FilterPattern: "{ $.failed = * }"
    ///       MetricTransformations:
    ///         - MetricName: Failed
    ///           MetricNamespace: Shop
    ///           MetricValue: "1"
    ///           Dimensions: [{ Key: Shop, Value: $.shop }]
    /// ```
    ///
    /// Source: CloudWatch Logs API, `MetricTransformation`.
    DEFAULT = Error "default-beside-dimensions";

    /// A log group whose class has no filters is given one.
    ///
    /// Log groups of the class `INFREQUENT_ACCESS` have neither subscription filters nor metric filters.
    ///
    /// ```yaml
    /// Resources:
    ///   Logs:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupClass: INFREQUENT_ACCESS }
    ///   Forward:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Logs
    ///       FilterPattern: ""
    ///       DestinationArn: arn:aws:firehose:eu-central-1:123456789012:deliverystream/logs
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Logs:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupClass: STANDARD }
    ///   Forward:
    ///     Type: AWS::Logs::SubscriptionFilter
    ///     Properties:
    ///       LogGroupName: !Ref Logs
    ///       FilterPattern: ""
    ///       DestinationArn: arn:aws:firehose:eu-central-1:123456789012:deliverystream/logs
    ///       RoleArn: arn:aws:iam::123456789012:role/put
    /// ```
    ///
    /// Source: CloudWatch Logs User Guide, "Log classes".
    CLASS = Warning "filter-on-infrequent-access";

    /// A filter pattern is none that CloudWatch Logs reads.
    ///
    /// A pattern has terms, or fields in `[ ]`, or a condition on JSON in `{ }`. One that is refused fails the
    /// deployment; one that means something else than it says takes other log events, or none.
    ///
    /// ```yaml
    /// Resources:
    ///   Failed:
    ///     Type: AWS::Logs::MetricFilter
    ///     Properties:
    ///       LogGroupName: /shop/orders
    ///       FilterPattern: "{ $.level == ERROR }"
    ///       MetricTransformations: [{ MetricName: Failed, MetricNamespace: Shop, MetricValue: "1" }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Failed:
    ///     Type: AWS::Logs::MetricFilter
    ///     Properties:
    ///       LogGroupName: /shop/orders
    ///       FilterPattern: "{ $.level = ERROR }"
    ///       MetricTransformations: [{ MetricName: Failed, MetricNamespace: Shop, MetricValue: "1" }]
    /// ```
    ///
    /// Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log
    /// events, and Live Tail".
    PATTERN = Warning "log-filter-pattern";
}

/// Source: CloudWatch Logs API, `PutSubscriptionFilter`.
const MAX_FILTERS: usize = 2;

const SUBSCRIPTION: &str = "AWS::Logs::SubscriptionFilter";
const METRIC: &str = "AWS::Logs::MetricFilter";

/// Services that are sent records with a role. Source: CloudWatch Logs API, `PutSubscriptionFilter`, `roleArn`.
const WITH_ROLE: &[&str] = &["firehose", "kinesis"];
/// Resources of these services.
const STREAMS: &[&str] = &["AWS::KinesisFirehose::DeliveryStream", "AWS::Kinesis::Stream"];

/// Checks filters.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let mut filters: BTreeMap<String, Vec<Block<'_>>> = BTreeMap::new();
    for resource in context.of_type(SUBSCRIPTION) {
        let filter = Block::of(context, resource);
        role(context, &filter, sink);
        class(context, &filter, sink);
        pattern(context, &filter, sink);
        let Some(group) = filter.one("LogGroupName").and_then(|name| group_key(context, name)) else { continue };
        repetition(context, &filter, &group, sink);
        if resource.condition.is_none() {
            filters.entry(group).or_default().push(filter);
        }
    }
    for of_group in filters.values() {
        if let Some(filter) = of_group.get(MAX_FILTERS) {
            let message = format!("{} subscription filters of one log group, at most {MAX_FILTERS}", of_group.len());
            filter
                .report(context, sink, &MANY, "LogGroupName", message)
                .also(of_group[0].place("LogGroupName"), "the first")
                .help("send the log to one stream, and let more than one read that");
        }
    }
    for resource in context.of_type(METRIC) {
        let filter = Block::of(context, resource);
        class(context, &filter, sink);
        pattern(context, &filter, sink);
        for metric in filter.items("MetricTransformations").unwrap_or_default() {
            let has_dimensions = metric.one("Dimensions").and_then(Value::as_list).is_some_and(|list| !list.is_empty());
            if has_dimensions && metric.has("DefaultValue") {
                metric
                    .report(context, sink, &DEFAULT, "DefaultValue", "a default value beside dimensions")
                    .also(metric.place("Dimensions"), "the dimensions")
                    .help("remove `DefaultValue`");
            }
        }
    }
}

/// What log groups of one name have in common: the logical id or the name.
fn group_key(context: &Context<'_>, name: &Value) -> Option<String> {
    own_group(context, name).map(|group| group.id.clone()).or_else(|| text(name))
}

fn role(context: &Context<'_>, filter: &Block<'_>, sink: &mut Sink) {
    let Some(destination) = filter.one("DestinationArn").filter(|_| filter.lacks("RoleArn")) else { return };
    let needs_role = match context.target(destination) {
        Some(target) => STREAMS.contains(&target.kind.as_str()),
        None => outline(destination)
            .and_then(|arn| arn.split(':').nth(2).map(|service| WITH_ROLE.contains(&service)))
            .unwrap_or(false),
    };
    if needs_role {
        filter
            .report(context, sink, &ROLE, "DestinationArn", "a stream that CloudWatch Logs has no role for")
            .help("add `RoleArn` with a role that may put records into the stream");
    }
}

/// Whether CloudWatch Logs reads a pattern that is known as a whole.
fn pattern(context: &Context<'_>, filter: &Block<'_>, sink: &mut Sink) {
    let Some(value) = filter.one("FilterPattern") else { return };
    let Some(mistake) = text(value).and_then(|pattern| log_filter::parse(&pattern).err().map(|wrong| (pattern, wrong)))
    else {
        return;
    };
    let (pattern, Mistake { range, message, help }) = mistake;
    let place = context.written(value.origin.span(), &pattern, &range);
    sink.report(&PATTERN, place, message).path(format!("{}/FilterPattern", filter.path)).help(help);
}

fn class(context: &Context<'_>, filter: &Block<'_>, sink: &mut Sink) {
    let Some(group) = filter.one("LogGroupName").and_then(|name| own_group(context, name)) else { return };
    let own = Block::of(context, group);
    if own.text("LogGroupClass").is_some_and(|class| class == "INFREQUENT_ACCESS") {
        filter
            .report(context, sink, &CLASS, "LogGroupName", format!("`{}` cannot have filters", group.id))
            .also(own.place("LogGroupClass"), "its class has none")
            .help("write `LogGroupClass: STANDARD`");
    }
}

fn repetition(context: &Context<'_>, filter: &Block<'_>, group: &str, sink: &mut Sink) {
    let Some(target) = filter.one("DestinationArn").and_then(|arn| context.target(arn)) else { return };
    let receiver = Block::of(context, target);
    // A pattern may leave out what a function logs.
    let is_all = filter.text("FilterPattern").is_some_and(|pattern| pattern.is_empty());
    let is_own = match target.kind.as_str() {
        "AWS::KinesisFirehose::DeliveryStream" => {
            let transforms = super::firehose::functions_of(context, &receiver);
            let is_logged =
                |function: &&Resource| is_of_function(context, &Block::of(context, function), function, group);
            super::firehose::destinations_of(&receiver).iter().any(|block| logs_into(context, block, group))
                || (is_all && transforms.iter().any(is_logged))
        }
        "AWS::Lambda::Function" => is_all && is_of_function(context, &receiver, target, group),
        _ => false,
    };
    if is_own {
        filter
            .report(context, sink, &LOOP, "LogGroupName", format!("the log of `{}` is sent to itself", target.id))
            .also(filter.place("DestinationArn"), "the receiver")
            .help("subscribe another log group, or let the receiver log elsewhere");
    }
}

/// Whether a destination of a stream logs into a group.
fn logs_into(context: &Context<'_>, destination: &Block<'_>, group: &str) -> bool {
    destination.blocks("CloudWatchLoggingOptions").iter().any(|options| {
        let is_off = options.one("Enabled").and_then(boolean) == Some(false);
        let name = options.one("LogGroupName").and_then(|name| group_key(context, name));
        !is_off && name.is_some_and(|name| name == group)
    })
}

/// Whether a function logs into a group.
fn is_of_function(context: &Context<'_>, receiver: &Block<'_>, function: &Resource, group: &str) -> bool {
    const DEFAULT: &str = "/aws/lambda/";
    if let Some(logging) = receiver.block("LoggingConfig").filter(|logging| logging.has("LogGroup")) {
        return logging.one("LogGroup").and_then(|name| group_key(context, name)).is_some_and(|name| name == group);
    }
    let named = receiver.text("FunctionName").map(|name| format!("{DEFAULT}{name}"));
    let Some(known) = context.resources.get(group) else { return named.is_some_and(|name| name == group) };
    let own = Block::of(context, known);
    let Some(name) = own.one("LogGroupName") else { return false };
    let is_named = text(name).is_some() && text(name) == named;
    let is_default = outline(name).is_some_and(|name| name == format!("{DEFAULT}{HOLE}"));
    is_named || (is_default && context.target(name).is_some_and(|target| target.id == function.id))
}
