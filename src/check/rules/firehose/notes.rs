//! What is good to know about a stream: what Firehose adds, counts and does without being told.

use super::expressions::{expressions, values};
use super::layout::{Table, tables};
use super::{Destination, conversion, partitioning, stream_type};
use crate::check::Context;
use crate::check::block::Block;
use crate::check::known::text;
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::template::Resource;

codes! {
    /// Firehose adds folders of the time to a prefix without expressions.
    ///
    /// A prefix without `!{timestamp:…}` or another expression is followed by `yyyy/MM/dd/HH/` in UTC. A crawler makes
    /// four partition keys without a name of it.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: data/
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
    ///         Prefix: "data/!{timestamp:yyyy/MM/dd}/"
    ///         ErrorOutputPrefix: errors/
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    ADDED = Info "added-time-folders";

    /// Nobody hears of it when a stream that converts records stands still.
    ///
    /// What cannot be converted goes to the error prefix, but a table that cannot be read, or an object that cannot be
    /// written, stops delivery: Firehose tries again without end. `DataFreshness` shows it.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         BufferingHints: { IntervalInSeconds: 300, SizeInMBs: 128 }
    ///         DataFormatConversionConfiguration:
    ///           Enabled: true
    ///           InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } }
    ///           OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } }
    ///           SchemaConfiguration:
    ///             DatabaseName: shop
    ///             TableName: orders
    ///             RoleARN: arn:aws:iam::123456789012:role/delivery
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
    ///         BufferingHints: { IntervalInSeconds: 300, SizeInMBs: 128 }
    ///         DataFormatConversionConfiguration:
    ///           Enabled: true
    ///           InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } }
    ///           OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } }
    ///           SchemaConfiguration:
    ///             DatabaseName: shop
    ///             TableName: orders
    ///             RoleARN: arn:aws:iam::123456789012:role/delivery
    ///   Late:
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
    /// Source: Firehose Developer Guide, "Convert input data format in Amazon Data Firehose" and "Monitor Amazon Data
    /// Firehose with CloudWatch metrics".
    UNWATCHED = Info "conversion-without-alarm";

    /// Each event of EventBridge is billed as 5 KB.
    ///
    /// Firehose rounds each record up to the next 5 KB, and most events are far smaller. What is sent through a Kinesis
    /// stream is not rounded.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         ProcessingConfiguration: { Enabled: true, Processors: [{ Type: AppendDelimiterToRecord }] }
    ///   Placed:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop] }
    ///       Targets:
    ///         - { Id: stream, Arn: !GetAtt Stream.Arn, RoleArn: "arn:aws:iam::123456789012:role/put" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Events:
    ///     Type: AWS::Kinesis::Stream
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamType: KinesisStreamAsSource
    ///       KinesisStreamSourceConfiguration:
    ///         KinesisStreamARN: !GetAtt Events.Arn
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///   Placed:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop] }
    ///       Targets:
    ///         - { Id: stream, Arn: !GetAtt Events.Arn, RoleArn: "arn:aws:iam::123456789012:role/put" }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Amazon Data Firehose quota".
    ROUNDED = Info "records-billed-as-five-kb";

    /// The keys of a prefix may have more values together than a stream may have partitions at once.
    ///
    /// By default 500 partitions are active at once, and those of one buffer interval are. Records of any further go to
    /// the error prefix.
    ///
    /// ```yaml
    /// Resources:
    ///   Data:
    ///     Type: AWS::S3::Bucket
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         TableType: EXTERNAL_TABLE
    ///         Parameters:
    ///           projection.enabled: "true"
    ///           projection.shop.type: enum
    ///           projection.shop.values: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z
    ///           projection.kind.type: enum
    ///           projection.kind.values: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z
    ///         PartitionKeys: [{ Name: shop, Type: string }, { Name: kind, Type: string }]
    ///         StorageDescriptor:
    ///           Columns: [{ Name: id, Type: string }]
    ///           Location: !Sub "s3://${Data}/orders/"
    ///           InputFormat: org.apache.hadoop.mapred.TextInputFormat
    ///           OutputFormat: org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat
    ///           SerdeInfo: { SerializationLibrary: org.openx.data.jsonserde.JsonSerDe }
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: !GetAtt Data.Arn
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "orders/shop=!{partitionKeyFromQuery:shop}/kind=!{partitionKeyFromQuery:kind}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{shop: (.shop // "a"), kind: (.kind // "a")}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
    ///             - { Type: AppendDelimiterToRecord }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Data:
    ///     Type: AWS::S3::Bucket
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         TableType: EXTERNAL_TABLE
    ///         Parameters:
    ///           projection.enabled: "true"
    ///           projection.shop.type: enum
    ///           projection.shop.values: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z
    ///           projection.kind.type: enum
    ///           projection.kind.values: a,b,c
    ///         PartitionKeys: [{ Name: shop, Type: string }, { Name: kind, Type: string }]
    ///         StorageDescriptor:
    ///           Columns: [{ Name: id, Type: string }]
    ///           Location: !Sub "s3://${Data}/orders/"
    ///           InputFormat: org.apache.hadoop.mapred.TextInputFormat
    ///           OutputFormat: org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat
    ///           SerdeInfo: { SerializationLibrary: org.openx.data.jsonserde.JsonSerDe }
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: !GetAtt Data.Arn
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "orders/shop=!{partitionKeyFromQuery:shop}/kind=!{partitionKeyFromQuery:kind}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{shop: (.shop // "a"), kind: (.kind // "a")}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
    ///             - { Type: AppendDelimiterToRecord }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Amazon Data Firehose quota" and "Understand buffering of dynamic partitions".
    PARTITIONS = Warning "many-active-partitions";
}

/// Partitions that are active at once unless the quota is raised. Source: as of [`PARTITIONS`].
const USUAL_PARTITIONS: usize = 500;

/// Checks a destination of a stream.
pub fn check(context: &Context<'_>, stream: &Resource, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    added_folders(context, destination, sink);
    partitions(context, block, sink);
    if conversion::is_enabled(block) && !context.is_open && !is_watched(context, stream) {
        block
            .report(context, sink, &UNWATCHED, conversion::PROPERTY, "no alarm tells when delivery stands still")
            .help("add an alarm on `DeliveryToS3.DataFreshness` of this stream");
    }
    let is_direct = stream_type(&Block::of(context, stream)).is_some_and(|kind| kind == super::DIRECT_PUT);
    if let Some(place) = fed_by_rule(context, stream).filter(|_| is_direct && destination.is_s3()) {
        sink.report(&ROUNDED, context.first_line(place), "Firehose bills each event as 5 KB")
            .help("send many small events through a Kinesis stream");
    }
}

fn added_folders(context: &Context<'_>, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    if !destination.is_s3() || partitioning::is_enabled(block) != Some(false) {
        return;
    }
    let prefix = if block.lacks("Prefix") { Some(String::new()) } else { block.text("Prefix") };
    if let Some(prefix) = prefix.filter(|prefix| expressions(prefix).next().is_none()) {
        block
            .report(context, sink, &ADDED, "Prefix", format!("objects lie below `{prefix}yyyy/MM/dd/HH/`"))
            .help("write the folders that are meant, such as `!{timestamp:yyyy/MM/dd}/`");
    }
}

/// Whether an alarm of the template may watch how fresh the data of a stream is.
fn is_watched(context: &Context<'_>, stream: &Resource) -> bool {
    const METRIC: &str = ".DataFreshness";
    let alarms = context.of_type("AWS::CloudWatch::Alarm").chain(context.of_type("AWS::CloudWatch::AnomalyDetector"));
    alarms.into_iter().any(|alarm| {
        let (mut names_metric, mut is_other) = (false, false);
        for (_, value) in &alarm.properties.0 {
            value.walk(&mut |part| {
                names_metric |= text(part).is_some_and(|text| text.ends_with(METRIC));
                let target = context.target(part).filter(|target| target.kind == super::STREAM);
                is_other |= target.is_some_and(|target| target.id != stream.id);
            });
        }
        names_metric && !is_other
    })
}

/// Where a rule of EventBridge puts events into a stream.
fn fed_by_rule(context: &Context<'_>, stream: &Resource) -> Option<Span> {
    context.of_type("AWS::Events::Rule").find_map(|rule| {
        let targets = Block::of(context, rule).items("Targets")?;
        let is_stream = |target: &&Block<'_>| {
            let arn = target.one("Arn").and_then(|arn| context.target(arn));
            arn.is_some_and(|arn| arn.id == stream.id)
        };
        targets.iter().find(is_stream).map(|target| target.place("Arn"))
    })
}

fn partitions(context: &Context<'_>, block: &Block<'_>, sink: &mut Sink) {
    let Some(prefix) = block.text("Prefix").filter(|_| partitioning::is_enabled(block) == Some(true)) else { return };
    let Some(bucket) = block.one("BucketARN").and_then(|arn| context.target(arn)) else { return };
    for table in tables(context, bucket).iter().filter(|table| prefix.starts_with(&table.path)) {
        let keys = values(&prefix, "partitionKeyFromQuery");
        let counts: Vec<usize> = keys.iter().filter_map(|key| listed(table, key)).collect();
        let product = counts.iter().fold(1_usize, |all, count| all.saturating_mul(*count));
        if product > USUAL_PARTITIONS {
            let message =
                format!("{product} partitions by the values of the keys, by default at most {USUAL_PARTITIONS}");
            block
                .report(context, sink, &PARTITIONS, "Prefix", message)
                .also(table.input.place("Parameters"), "the table lists them")
                .help("partition by fewer keys, or have the quota raised before");
        }
    }
}

/// How many values a table lists for a key.
fn listed(table: &Table<'_>, key: &str) -> Option<usize> {
    let parameters = table.input.block("Parameters")?;
    let kind = parameters.text(&format!("projection.{key}.type")).filter(|kind| kind == "enum");
    kind.and_then(|_| parameters.text(&format!("projection.{key}.values"))).map(|values| values.split(',').count())
}
