//! Alarms of Amazon CloudWatch.

use super::firehose::{DESTINATIONS, destinations_of, is_partitioned, stream_type};
use crate::check::Context;
use crate::check::block::Block;
use crate::check::known::boolean;
use crate::diagnostics::Sink;
use crate::template::services::KINESIS_SOURCE_METRICS;
use crate::template::{Data, Function, Resource, Value};

codes! {
    /// An alarm looks at too long a time.
    ///
    /// All periods together cover a day at the most, and seven
    /// days if a period is an hour or longer.
    ///
    /// ```yaml
    /// Resources:
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 1
    ///       EvaluationPeriods: 1500
    ///       Namespace: Shop
    ///       MetricName: Orders
    ///       Statistic: Sum
    ///       Period: 60
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 1
    ///       EvaluationPeriods: 1
    ///       Namespace: Shop
    ///       MetricName: Orders
    ///       Statistic: Sum
    ///       Period: 60
    /// ```
    ///
    /// Source: CloudWatch API, `PutMetricAlarm`.
    INVALID_PERIOD = Error "invalid-alarm-period";

    /// An alarm wants more datapoints than it looks at.
    ///
    /// `DatapointsToAlarm` is out of the last `EvaluationPeriods`.
    ///
    /// ```yaml
    /// Resources:
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 1
    ///       EvaluationPeriods: 2
    ///       Namespace: Shop
    ///       MetricName: Orders
    ///       Statistic: Sum
    ///       Period: 60
    ///       DatapointsToAlarm: 3
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 1
    ///       EvaluationPeriods: 2
    ///       Namespace: Shop
    ///       MetricName: Orders
    ///       Statistic: Sum
    ///       Period: 60
    ///       DatapointsToAlarm: 2
    /// ```
    ///
    /// Source: CloudWatch User Guide, "Evaluating an alarm"; CloudWatch API, `PutMetricAlarm`.
    DATAPOINTS = Error "datapoints-beyond-periods";

    /// An alarm on a metric does not say what of it to look at.
    ///
    /// It has a `Period`, and either `Statistic` or `ExtendedStatistic`.
    ///
    /// ```yaml
    /// Resources:
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 1
    ///       EvaluationPeriods: 1
    ///       Namespace: Shop
    ///       MetricName: Orders
    ///       Period: 60
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 1
    ///       EvaluationPeriods: 1
    ///       Namespace: Shop
    ///       MetricName: Orders
    ///       Statistic: Sum
    ///       Period: 60
    /// ```
    ///
    /// Source: CloudWatch API, `PutMetricAlarm`.
    STATISTIC = Error "alarm-without-statistic";

    /// The metrics of an alarm do not give one result, or an expression names one that is not there.
    ///
    /// Each has an id of its own. Exactly one has `ReturnData: true`, which is the default. Each is either an
    /// expression or a `MetricStat`.
    ///
    /// ```yaml
    /// Resources:
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 1
    ///       EvaluationPeriods: 1
    ///       Metrics:
    ///         - Id: orders
    ///           ReturnData: false
    ///           MetricStat: { Metric: { Namespace: Shop, MetricName: Orders }, Period: 60, Stat: Sum }
    ///         - Id: rate
    ///           Expression: order / 60
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 1
    ///       EvaluationPeriods: 1
    ///       Metrics:
    ///         - Id: orders
    ///           ReturnData: false
    ///           MetricStat: { Metric: { Namespace: Shop, MetricName: Orders }, Period: 60, Stat: Sum }
    ///         - Id: rate
    ///           Expression: orders / 60
    /// ```
    ///
    /// Source: CloudWatch API, `PutMetricAlarm` and `MetricDataQuery`.
    METRICS = Error "unusable-alarm-metrics";

    /// An alarm looks at a dimension under which there is no data.
    ///
    /// AWS services name their resources in dimensions by name, not by ARN, and each dimension by the name that the
    /// service gives it. With another the alarm never has data.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties: { ShardCount: 1 }
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       Namespace: AWS/Kinesis
    ///       MetricName: GetRecords.IteratorAgeMilliseconds
    ///       Dimensions: [{ Name: StreamName, Value: !GetAtt Orders.Arn }]
    ///       Statistic: Maximum
    ///       Period: 60
    ///       EvaluationPeriods: 1
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 60000
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties: { ShardCount: 1 }
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       Namespace: AWS/Kinesis
    ///       MetricName: GetRecords.IteratorAgeMilliseconds
    ///       Dimensions: [{ Name: StreamName, Value: !Ref Orders }]
    ///       Statistic: Maximum
    ///       Period: 60
    ///       EvaluationPeriods: 1
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 60000
    /// ```
    ///
    /// Source: Kinesis Data Streams Developer Guide, "Monitor the service with CloudWatch"; Firehose Developer Guide,
    /// "Monitor with CloudWatch metrics".
    DIMENSION = Warning "dimension-without-data";

    /// An alarm looks at a metric of Firehose that the stream does not have.
    ///
    /// Each destination has metrics of its own, `DeliveryToS3` or `DeliveryToSplunk` and so on, and so has each source.
    /// Others have no data.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 600 }
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       Namespace: AWS/Firehose
    ///       MetricName: DeliveryToSplunk.DataFreshness
    ///       Dimensions: [{ Name: DeliveryStreamName, Value: !Ref Stream }]
    ///       Statistic: Maximum
    ///       Period: 300
    ///       EvaluationPeriods: 3
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 900
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 600 }
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       Namespace: AWS/Firehose
    ///       MetricName: DeliveryToS3.DataFreshness
    ///       Dimensions: [{ Name: DeliveryStreamName, Value: !Ref Stream }]
    ///       Statistic: Maximum
    ///       Period: 300
    ///       EvaluationPeriods: 3
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 900
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Monitor Amazon Data Firehose with CloudWatch metrics".
    OTHER = Warning "metric-of-other-destination";

    /// An alarm goes off while records only wait in the buffer.
    ///
    /// Data is as old as the interval of the buffer before it is delivered. The threshold should be half as much above
    /// it.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 600 }
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       Namespace: AWS/Firehose
    ///       MetricName: DeliveryToS3.DataFreshness
    ///       Dimensions: [{ Name: DeliveryStreamName, Value: !Ref Stream }]
    ///       Statistic: Maximum
    ///       Period: 300
    ///       EvaluationPeriods: 3
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 300
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 600 }
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       Namespace: AWS/Firehose
    ///       MetricName: DeliveryToS3.DataFreshness
    ///       Dimensions: [{ Name: DeliveryStreamName, Value: !Ref Stream }]
    ///       Statistic: Maximum
    ///       Period: 300
    ///       EvaluationPeriods: 3
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 900
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Monitor Amazon Data Firehose with CloudWatch metrics", `DataFreshness`.
    FRESHNESS = Warning "alarm-below-buffer-interval";
}

/// Seconds that all periods together may have: with shorter periods, and with periods of an hour or longer.
/// Source: CloudWatch API, `PutMetricAlarm`.
const MAX_SECONDS: (f64, f64) = (86_400.0, 604_800.0);
const HOUR: f64 = 3600.0;

/// By what services name their resources in dimensions: namespace, dimension, type of the resource, and the attribute
/// that is the name, which is `Ref` if there is none.
/// Source: CloudFormation User Guide, return values of these types; the guides of these services on CloudWatch metrics.
const NAMED: &[(&str, &str, &str, Option<&str>)] = &[
    ("AWS/DynamoDB", "TableName", "AWS::DynamoDB::Table", None),
    ("AWS/Firehose", "DeliveryStreamName", "AWS::KinesisFirehose::DeliveryStream", None),
    ("AWS/Kinesis", "StreamName", "AWS::Kinesis::Stream", None),
    ("AWS/Lambda", "FunctionName", "AWS::Lambda::Function", None),
    ("AWS/SNS", "TopicName", "AWS::SNS::Topic", Some("TopicName")),
    ("AWS/SQS", "QueueName", "AWS::SQS::Queue", Some("QueueName")),
];

/// The beginnings of the metrics of destinations, except for that of S3, which others have, too.
/// Source: Firehose Developer Guide, "Monitor Amazon Data Firehose with CloudWatch metrics".
const DELIVERIES: &[(&str, &[&str])] = &[
    ("DeliveryToRedshift.", &["RedshiftDestinationConfiguration"]),
    (
        "DeliveryToAmazonOpenSearchService.",
        &["AmazonopensearchserviceDestinationConfiguration", "ElasticsearchDestinationConfiguration"],
    ),
    (
        "DeliveryToElasticsearch.",
        &["AmazonopensearchserviceDestinationConfiguration", "ElasticsearchDestinationConfiguration"],
    ),
    ("DeliveryToAmazonOpenSearchServerless.", &["AmazonOpenSearchServerlessDestinationConfiguration"]),
    ("DeliveryToHttpEndpoint.", &["HttpEndpointDestinationConfiguration"]),
    ("DeliveryToSplunk.", &["SplunkDestinationConfiguration"]),
    ("DeliveryToSnowflake.", &["SnowflakeDestinationConfiguration"]),
    ("DeliveryToIceberg.", &["IcebergDestinationConfiguration"]),
];

/// What the names of metrics of destinations end with. Source: as above.
const OF_DELIVERY: &[&str] = &[
    "AuthFailure",
    "Bytes",
    "DataAckLatency",
    "DataFreshness",
    "DeliveryRejected",
    "ObjectCount",
    "ProcessedBytes",
    "ProcessedRecords",
    "Records",
    "Success",
];

/// Metrics of dynamic partitioning. Source: as above.
const OF_PARTITIONS: &[&str] =
    &["ActivePartitionsLimit", "PartitionCount", "PartitionCountExceeded", "PerPartitionThroughput"];

/// Seconds for which Firehose gathers records unless told otherwise. Source: Firehose API, `BufferingHints`.
const DEFAULT_INTERVAL: f64 = 300.0;

/// Checks alarms.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in context.of_type("AWS::CloudWatch::Alarm") {
        let alarm = Block::of(context, resource);
        periods(context, &alarm, sink);
        statistic(context, &alarm, sink);
        metric(context, &alarm, Some(&alarm), sink);
        let Some(queries) = alarm.items("Metrics") else { continue };
        math(context, &alarm, &queries, sink);
        for query in &queries {
            if let Some(stat) = query.block("MetricStat").and_then(|stat| stat.block("Metric")) {
                let is_alone = queries.len() == 1;
                metric(context, &stat, is_alone.then_some(&alarm), sink);
            }
        }
    }
}

fn periods(context: &Context<'_>, alarm: &Block<'_>, sink: &mut Sink) {
    const PERIOD: &str = "Period";
    const COUNT: &str = "EvaluationPeriods";
    let Some(count) = alarm.number(COUNT) else { return };
    if let Some(period) = alarm.number(PERIOD) {
        let most = if period < HOUR { MAX_SECONDS.0 } else { MAX_SECONDS.1 };
        if period * count > most {
            let message = format!("{count} periods of {period} seconds, at most {most} seconds together");
            alarm.report(context, sink, &INVALID_PERIOD, COUNT, message).help("look at fewer or shorter periods");
        }
    }
    if let Some(wanted) = alarm.number("DatapointsToAlarm").filter(|wanted| *wanted > count) {
        alarm
            .report(context, sink, &DATAPOINTS, "DatapointsToAlarm", format!("{wanted} datapoints of {count}"))
            .also(alarm.place(COUNT), "the periods that it looks at")
            .help(format!("write {count} or less"));
    }
}

fn statistic(context: &Context<'_>, alarm: &Block<'_>, sink: &mut Sink) {
    if !alarm.has("MetricName") {
        return;
    }
    if alarm.lacks("Statistic") && alarm.lacks("ExtendedStatistic") {
        alarm
            .report(context, sink, &STATISTIC, "MetricName", "neither `Statistic` nor `ExtendedStatistic`")
            .help("add for example `Statistic: Sum`");
    }
    if alarm.lacks("Period") {
        alarm
            .report(context, sink, &STATISTIC, "MetricName", "a metric without `Period`")
            .help("add for example `Period: 60`");
    }
}

fn math(context: &Context<'_>, alarm: &Block<'_>, queries: &[Block<'_>], sink: &mut Sink) {
    let Some(ids) = queries.iter().map(|query| query.text("Id")).collect::<Option<Vec<String>>>() else { return };
    for (index, (query, id)) in queries.iter().zip(&ids).enumerate() {
        if let Some(first) = ids[..index].iter().position(|known| known == id) {
            query
                .report(context, sink, &METRICS, "Id", format!("a second `{id}`"))
                .also(queries[first].place("Id"), "the first")
                .help("give each metric an id of its own");
        }
        if query.has("Expression") && query.has("MetricStat") {
            query
                .report(context, sink, &METRICS, "Expression", "an expression beside a `MetricStat`")
                .help("give the expression an entry of its own");
        } else if query.lacks("Expression") && query.lacks("MetricStat") {
            query
                .report(context, sink, &METRICS, "Id", "neither `Expression` nor `MetricStat`")
                .help("add one of them");
        }
        let expression = query.text("Expression").unwrap_or_default();
        if let Some(name) = names(&expression).into_iter().find(|name| !ids.iter().any(|id| id == name)) {
            let help = match crate::diagnostics::closest(name, ids.iter().map(String::as_str)) {
                Some(id) => format!("did you mean `{id}`?"),
                None => format!("add a metric with `Id: {name}`"),
            };
            query.report_part(context, sink, &METRICS, ("Expression", name), format!("no metric `{name}`")).help(help);
        }
    }
    // Bands of what is usual have two results.
    if !alarm.lacks("ThresholdMetricId") {
        return;
    }
    let returns = |query: &&Block<'_>| {
        query.lacks("ReturnData") || query.one("ReturnData").and_then(boolean).is_none_or(|returned| returned)
    };
    let returned: Vec<&Block<'_>> = queries.iter().filter(returns).collect();
    let is_known =
        queries.iter().all(|query| query.lacks("ReturnData") || query.one("ReturnData").and_then(boolean).is_some());
    if !is_known {
        return;
    }
    match returned.as_slice() {
        [] => {
            alarm
                .report(context, sink, &METRICS, "Metrics", "no metric has `ReturnData: true`")
                .help("leave `ReturnData` out of the metric that the alarm watches");
        }
        [first, second, ..] => {
            second
                .report(context, sink, &METRICS, "Id", "a second result")
                .also(first.place("Id"), "the first")
                .help("write `ReturnData: false` for all but the metric that the alarm watches");
        }
        [_] => {}
    }
}

/// The ids that an expression of metric math uses; none if it may be more than that.
fn names(expression: &str) -> Vec<&str> {
    // Searches and queries have names of metrics in them.
    let is_more =
        expression.contains(['"', '\'']) || expression.trim_start().to_ascii_uppercase().starts_with("SELECT");
    if is_more {
        return Vec::new();
    }
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut all = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find(is_inside) {
        let word = &rest[start..];
        let end = word.find(|c| !is_inside(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        let is_function = after.trim_start().starts_with('(');
        let is_operator = ["and", "or", "not"].contains(&word);
        if word.starts_with(|c: char| c.is_ascii_lowercase()) && !is_function && !is_operator {
            all.push(word);
        }
        rest = after;
    }
    all
}

/// Checks what a metric is of; `alarm` is there if its threshold is about the metric itself.
fn metric(context: &Context<'_>, metric: &Block<'_>, alarm: Option<&Block<'_>>, sink: &mut Sink) {
    let Some(namespace) = metric.text("Namespace") else { return };
    for dimension in metric.items("Dimensions").unwrap_or_default() {
        let Some((value, name)) = dimension.one("Value").zip(dimension.text("Name")) else { continue };
        let Some(target) = context.target(value) else { continue };
        let Some((_, own_name, _, attribute)) =
            NAMED.iter().find(|(known, _, kind, _)| *known == namespace && target.kind == *kind)
        else {
            continue;
        };
        if name != *own_name {
            // Other dimensions may name the resource, too: only a wrong one of the same kind is certain.
            if NAMED.iter().any(|(_, other, ..)| *other == name) {
                dimension
                    .report(context, sink, &DIMENSION, "Name", format!("no dimension `{name}` in `{namespace}`"))
                    .help(format!("write `{own_name}`"));
            }
            continue;
        }
        if let Some(what) = misnamed(value, *attribute) {
            let right = match attribute {
                Some(attribute) => format!("!GetAtt {}.{attribute}", target.id),
                None => format!("!Ref {}", target.id),
            };
            dimension
                .report(context, sink, &DIMENSION, "Value", format!("{what}, not the name"))
                .help(format!("write `{right}`"));
        }
        if namespace == "AWS/Firehose" {
            stream(context, metric, alarm, target, sink);
        }
    }
}

/// What a value is instead of the name of a resource, if it is something else.
fn misnamed(value: &Value, attribute: Option<&str>) -> Option<&'static str> {
    match &value.data {
        Data::Call(Function::Ref, _) if attribute == Some("QueueName") => Some("the URL of the queue"),
        Data::Call(Function::Ref, _) if attribute.is_some() => Some("the ARN"),
        Data::Call(Function::GetAtt, argument) => {
            let parts = argument.as_list()?;
            let given = parts.get(1)?.as_str()?;
            (Some(given) != attribute && given.ends_with("Arn")).then_some("the ARN")
        }
        _ => None,
    }
}

/// The metric that the name of one of a destination is meant to be, if there is no such metric.
fn misspelt(name: &str) -> Option<String> {
    let (destination, part) = name.split_once('.').filter(|(destination, _)| destination.starts_with("DeliveryTo"))?;
    if OF_DELIVERY.contains(&part) {
        return None;
    }
    let inside = |known: &&&str| known.ends_with(part) && !part.is_empty();
    let meant = OF_DELIVERY.iter().find(inside).copied();
    let meant = meant.or_else(|| crate::diagnostics::closest(part, OF_DELIVERY.iter().copied()))?;
    Some(format!("{destination}.{meant}"))
}

fn stream(context: &Context<'_>, metric: &Block<'_>, alarm: Option<&Block<'_>>, target: &Resource, sink: &mut Sink) {
    const NAME: &str = "MetricName";
    let Some(name) = metric.text(NAME) else { return };
    let stream = Block::of(context, target);
    let mut other = |why: &str, help: &str| {
        // What a blueprint calls a metric is checked where it stands.
        if !context.is_written() {
            return;
        }
        metric
            .report(context, sink, &OTHER, NAME, format!("`{}` has no `{name}`: {why}", target.id))
            .also(context.place(target, &[]), "the stream")
            .help(help);
    };
    let given: Vec<&str> = DESTINATIONS.iter().copied().filter(|kind| stream.has(kind)).collect();
    let is_one = DESTINATIONS.iter().all(|kind| stream.has(kind) || stream.lacks(kind)) && given.len() == 1;
    let own = DELIVERIES.iter().find(|(prefix, _)| name.starts_with(prefix));
    if own.is_some_and(|(_, kinds)| is_one && given.iter().all(|kind| !kinds.contains(kind))) {
        other("it delivers elsewhere", "name the metric of its destination");
        return;
    }
    if KINESIS_SOURCE_METRICS.contains(&name.as_str()) && stream_type(&stream).is_some_and(|kind| kind == "DirectPut") {
        other("records are put into it", "look at `IncomingRecords`, or at `ThrottledRecords`");
        return;
    }
    if let Some(known) = misspelt(&name) {
        other("no stream has", &format!("write `{known}`"));
        return;
    }
    let destinations = destinations_of(&stream);
    if OF_PARTITIONS.contains(&name.as_str())
        && destinations.iter().all(|block| is_partitioned(block) == Some(false))
        && is_one
    {
        other("it has no dynamic partitioning", "remove the alarm, or add `DynamicPartitioningConfiguration`");
        return;
    }
    let (Some(alarm), [destination], true) = (alarm, destinations.as_slice(), is_one) else { return };
    let is_above = alarm.text("ComparisonOperator").is_some_and(|operator| operator.starts_with("GreaterThan"));
    if !name.ends_with(".DataFreshness") || !name.starts_with("DeliveryTo") || !is_above {
        return;
    }
    let hints = destination.block("BufferingHints");
    let interval = match &hints {
        None if destination.lacks("BufferingHints") => Some(DEFAULT_INTERVAL),
        None => None,
        Some(hints) if hints.lacks("IntervalInSeconds") => Some(DEFAULT_INTERVAL),
        Some(hints) => hints.number("IntervalInSeconds"),
    };
    let Some((interval, threshold)) = interval.zip(alarm.number("Threshold")) else { return };
    if threshold < interval {
        let place = hints.map_or(destination.span, |hints| hints.place("IntervalInSeconds"));
        let message = format!("{threshold} seconds, but records wait for up to {interval}");
        alarm
            .report(context, sink, &FRESHNESS, "Threshold", message)
            .also(place, "in this buffer")
            .help(format!("write {} or more", interval * 1.5));
    }
}
