//! Amazon Kinesis Data Streams.

use crate::check::Context;
use crate::check::block::Block;
use crate::check::known::number;
use crate::diagnostics::Sink;
use crate::template::Resource;

codes! {
    /// The number of shards of a Kinesis stream and its mode do not go together.
    ///
    /// In the mode `ON_DEMAND` Kinesis chooses the shards. In the mode `PROVISIONED` it must be told how many.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties:
    ///       StreamModeDetails: { StreamMode: ON_DEMAND }
    ///       ShardCount: 2
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties:
    ///       StreamModeDetails: { StreamMode: ON_DEMAND }
    /// ```
    ///
    /// Source: Kinesis API, `CreateStream`, `ShardCount`.
    MODE = Error "shards-against-mode";

    /// A Kinesis stream keeps its records for less than a day.
    ///
    /// It keeps them for at least 24 hours and at most 8760.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties:
    ///       ShardCount: 1
    ///       RetentionPeriodHours: 12
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties:
    ///       ShardCount: 1
    ///       RetentionPeriodHours: 24
    /// ```
    ///
    /// Source: Kinesis API, `IncreaseStreamRetentionPeriod` and `DecreaseStreamRetentionPeriod`.
    RETENTION = Error "stream-retention-too-short";

    /// More readers share the shards of a Kinesis stream than one shard serves.
    ///
    /// A shard is read five times a second, at 2 MB a second, by all readers together that have no throughput of their
    /// own. Firehose and functions read each shard about once a second each.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties: { ShardCount: 2 }
    ///   Totals:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: totals, StartingPosition: LATEST }
    ///   Alerts:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: alerts, StartingPosition: LATEST }
    ///   Search:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: search, StartingPosition: LATEST }
    ///   Mail:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: mail, StartingPosition: LATEST }
    ///   Fraud:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: fraud, StartingPosition: LATEST }
    ///   Copies:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: copies, StartingPosition: LATEST }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties: { ShardCount: 2 }
    ///   Totals:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: totals, StartingPosition: LATEST }
    ///   Alerts:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: alerts, StartingPosition: LATEST }
    ///   Search:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: search, StartingPosition: LATEST }
    ///   Mail:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: mail, StartingPosition: LATEST }
    ///   Fraud:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: fraud, StartingPosition: LATEST }
    /// ```
    ///
    /// Source: Kinesis Data Streams Developer Guide, "Quotas and limits"; Lambda Developer Guide, "Polling and batching
    /// streams".
    CROWDED = Warning "crowded-shards";

    /// A Kinesis stream takes larger records than the Firehose stream that reads it.
    ///
    /// Firehose takes records of 1,000 KiB. Larger ones do not arrive.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties: { MaxRecordSizeInKiB: 4096, StreamModeDetails: { StreamMode: ON_DEMAND } }
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamType: KinesisStreamAsSource
    ///       KinesisStreamSourceConfiguration:
    ///         KinesisStreamARN: !GetAtt Orders.Arn
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties: { MaxRecordSizeInKiB: 1024, StreamModeDetails: { StreamMode: ON_DEMAND } }
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamType: KinesisStreamAsSource
    ///       KinesisStreamSourceConfiguration:
    ///         KinesisStreamARN: !GetAtt Orders.Arn
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Source: Kinesis API, `MaxRecordSizeInKiB`; Firehose Developer Guide, "Amazon Data Firehose quota".
    RECORD = Warning "records-too-large-for-delivery";
}

/// Source: Kinesis API, `DecreaseStreamRetentionPeriod`.
const LEAST_RETENTION_HOURS: f64 = 24.0;
/// Reads of a shard in a second. Source: Kinesis Data Streams Developer Guide, "Quotas and limits".
const READS_PER_SECOND: usize = 5;
/// Consumers with a throughput of their own. Source: Kinesis API, `RegisterStreamConsumer`.
const MAX_CONSUMERS: usize = 20;
/// What is counted as a record that Firehose takes, with what Base64 adds left out.
/// Source: Kinesis API, `MaxRecordSizeInKiB`, its default.
const MAX_DELIVERED_KIB: f64 = 1024.0;

/// Resources that read a stream by its ARN, with the object and the property in which it stands.
const READERS: &[(&str, Option<&str>, &str)] = &[
    ("AWS::KinesisFirehose::DeliveryStream", Some("KinesisStreamSourceConfiguration"), "KinesisStreamARN"),
    ("AWS::Lambda::EventSourceMapping", None, "EventSourceArn"),
];

/// Checks streams.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in context.of_type("AWS::Kinesis::Stream") {
        let stream = Block::of(context, resource);
        mode(context, &stream, sink);
        let hours = stream.values("RetentionPeriodHours").into_iter().filter_map(number);
        for hours in hours.filter(|hours| *hours >= 1.0 && *hours < LEAST_RETENTION_HOURS) {
            let message = format!("{hours} hours, at least {LEAST_RETENTION_HOURS}");
            stream
                .report(context, sink, &RETENTION, "RetentionPeriodHours", message)
                .help(format!("write {LEAST_RETENTION_HOURS} or more"));
        }
        readers(context, resource, &stream, sink);
    }
}

fn mode(context: &Context<'_>, stream: &Block<'_>, sink: &mut Sink) {
    const SHARDS: &str = "ShardCount";
    let Some(mode) = stream.block("StreamModeDetails") else { return };
    match mode.text("StreamMode").as_deref() {
        Some("ON_DEMAND") if stream.has(SHARDS) => {
            stream
                .report(context, sink, &MODE, SHARDS, "a number of shards in the mode `ON_DEMAND`")
                .also(mode.place("StreamMode"), "the mode")
                .help("remove `ShardCount`, or write `StreamMode: PROVISIONED`");
        }
        Some("PROVISIONED") if stream.lacks(SHARDS) => {
            mode.report(context, sink, &MODE, "StreamMode", "the mode `PROVISIONED` without `ShardCount`")
                .help("add `ShardCount`, or write `StreamMode: ON_DEMAND`");
        }
        _ => {}
    }
}

fn readers(context: &Context<'_>, resource: &Resource, stream: &Block<'_>, sink: &mut Sink) {
    let mut shared = 0;
    for (kind, inner, property) in READERS {
        for reader in context.of_type(kind) {
            let own = Block::of(context, reader);
            let holder = match inner {
                Some(inner) => own.block(inner),
                None => Some(own),
            };
            let Some(holder) = holder else { continue };
            let target = holder.one(property).and_then(|arn| context.target(arn));
            if target.is_none_or(|target| target.id != resource.id) {
                continue;
            }
            shared += usize::from(reader.condition.is_none());
            let large = stream.number("MaxRecordSizeInKiB").filter(|size| *size > MAX_DELIVERED_KIB);
            if let (Some(size), Some(_)) = (large, inner) {
                let message = format!("records of {size} KiB, which Firehose does not take");
                stream
                    .report(context, sink, &RECORD, "MaxRecordSizeInKiB", message)
                    .also(holder.place(property), "it reads the stream here")
                    .help(format!("write {MAX_DELIVERED_KIB}, or keep large records from the stream"));
            }
        }
    }
    let crowd = |sink: &mut Sink, message: String, help: &str| {
        stream.report(context, sink, &CROWDED, "", message).help(help);
    };
    if shared > READS_PER_SECOND {
        let message = format!("{shared} readers share the shards, which are read {READS_PER_SECOND} times a second");
        crowd(sink, message, "give some of them an `AWS::Kinesis::StreamConsumer`");
    }
    let consumers = context.of_type("AWS::Kinesis::StreamConsumer").filter(|consumer| consumer.condition.is_none());
    let own = consumers.filter(|consumer| {
        let arn = Block::of(context, consumer).one("StreamARN").and_then(|arn| context.target(arn));
        arn.is_some_and(|target| target.id == resource.id)
    });
    let count = own.count();
    if count > MAX_CONSUMERS {
        crowd(sink, format!("{count} consumers, mostly at most {MAX_CONSUMERS}"), "make a second stream");
    }
}
