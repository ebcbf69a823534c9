//! What stands between records in an object.

use super::processors::Processors;
use super::{Destination, EXTENDED_S3, conversion};
use crate::check::Context;
use crate::check::block::Block;
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::template::Resource;

codes! {
    /// Records without a newline at their end are written one after the other, and read line by line.
    ///
    /// Firehose adds nothing between records, nor do EventBridge and rules of topics. Readers of JSON in Athena and Glue take one
    /// record from each line, so all but the first of each object are lost.
    ///
    /// ```yaml
    /// Resources:
    ///   Data:
    ///     Type: AWS::S3::Bucket
    ///   Placed:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop] }
    ///       Targets: [{ Id: stream, Arn: !GetAtt Stream.Arn, RoleArn: "arn:aws:iam::123456789012:role/put" }]
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: !GetAtt Data.Arn
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///   Crawler:
    ///     Type: AWS::Glue::Crawler
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/crawler
    ///       DatabaseName: shop
    ///       Targets: { S3Targets: [{ Path: !Sub "s3://${Data}/" }] }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Data:
    ///     Type: AWS::S3::Bucket
    ///   Placed:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop] }
    ///       Targets: [{ Id: stream, Arn: !GetAtt Stream.Arn, RoleArn: "arn:aws:iam::123456789012:role/put" }]
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: !GetAtt Data.Arn
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors: [{ Type: AppendDelimiterToRecord }]
    ///   Crawler:
    ///     Type: AWS::Glue::Crawler
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/crawler
    ///       DatabaseName: shop
    ///       Targets: { S3Targets: [{ Path: !Sub "s3://${Data}/" }] }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Configure destination settings", new line delimiter; Amazon Athena User
    /// Guide, "Best practices for reading JSON data".
    NEWLINE = Warning "records-without-newline";
}

/// Processors that put a newline behind each record, or may.
const MAY_ADD: &[&str] = &["AppendDelimiterToRecord", "Lambda", "Decompression", "CloudWatchLogProcessing"];

/// Checks the destination of a stream.
pub fn check(context: &Context<'_>, stream: &Resource, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    let processors = Processors::of(block);
    if !destination.is_s3() || conversion::may_be_enabled(block) || MAY_ADD.iter().any(|kind| !processors.lacks(kind)) {
        return;
    }
    let Some(bucket) = block.one("BucketARN").and_then(|arn| context.target(arn)) else { return };
    let (Some(feeder), Some(reader)) = (feeder(context, stream), reader(context, bucket)) else { return };
    let help = "add `ProcessingConfiguration` with `Enabled: true` and a processor `AppendDelimiterToRecord`";
    let key = if destination.kind == EXTENDED_S3 { "ProcessingConfiguration" } else { "" };
    block
        .report(context, sink, &NEWLINE, key, "nothing stands between the records of an object")
        .also(feeder, "what is put here has no newline")
        .also(reader, "and is read line by line here")
        .help(help);
}

/// Where records without a newline are put into a stream.
fn feeder(context: &Context<'_>, stream: &Resource) -> Option<Span> {
    let is_stream = |block: &Block<'_>, property: &str| {
        let target = block.one(property).and_then(|value| context.target(value));
        target.is_some_and(|target| target.id == stream.id)
    };
    let events = context.of_type("AWS::Events::Rule").find_map(|rule| {
        let targets = Block::of(context, rule).items("Targets").unwrap_or_default();
        let target = targets.into_iter().filter(|target| is_stream(target, "Arn")).find(|target| {
            let is_plain = target.lacks("InputTransformer");
            is_plain
                || target
                    .block("InputTransformer")
                    .and_then(|transformer| transformer.text("InputTemplate"))
                    .is_some_and(|template| !template.ends_with('\n') && !template.ends_with("\\n"))
        })?;
        Some(target.place("Arn"))
    });
    events.or_else(|| {
        context.of_type("AWS::IoT::TopicRule").find_map(|rule| {
            let payload = Block::of(context, rule).block("TopicRulePayload")?;
            payload.items("Actions")?.iter().find_map(|action| {
                let action = action.block("Firehose")?;
                let is_plain = is_stream(&action, "DeliveryStreamName") && action.lacks("Separator");
                is_plain.then(|| action.place("DeliveryStreamName"))
            })
        })
    })
}

/// Where JSON in a bucket is read line by line.
fn reader(context: &Context<'_>, bucket: &Resource) -> Option<Span> {
    let in_bucket = |block: &Block<'_>, property: &str| {
        let target = block.one(property).and_then(|value| context.target(value));
        target.is_some_and(|target| target.id == bucket.id)
    };
    let table = context.of_type("AWS::Glue::Table").find_map(|table| {
        let storage = Block::of(context, table).block("TableInput")?.block("StorageDescriptor")?;
        let reader = storage.block("SerdeInfo")?.text("SerializationLibrary")?;
        let is_json = reader.to_ascii_lowercase().contains("json");
        (is_json && in_bucket(&storage, "Location")).then(|| storage.place("Location"))
    });
    table.or_else(|| {
        context.of_type("AWS::Glue::Crawler").find_map(|crawler| {
            let targets = Block::of(context, crawler).block("Targets")?.items("S3Targets")?;
            targets.iter().find(|target| in_bucket(target, "Path")).map(|target| target.place("Path"))
        })
    })
}
