//! What stands between records in an object.

use super::layout::key_of;
use super::processors::Processors;
use super::{Destination, EXTENDED_S3, conversion};
use crate::check::Context;
use crate::check::block::{Block, HOLE};
use crate::diagnostics::{Diagnostic, Sink};
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

    /// Records that end with a newline get another one, and the line between them is read as a row without values.
    ///
    /// SES ends each of its records with a newline, and so do rules of topics with such a separator and input transformers
    /// whose template ends with one. Firehose adds its delimiter whatever a record ends with. For the readers of JSON in
    /// Athena an empty line is a record: a row in which each column is null, so that counts are twice what they should be.
    ///
    /// ```yaml
    /// Resources:
    ///   Data:
    ///     Type: AWS::S3::Bucket
    ///   Mail:
    ///     Type: AWS::SES::ConfigurationSet
    ///   MailEvents:
    ///     Type: AWS::SES::ConfigurationSetEventDestination
    ///     Properties:
    ///       ConfigurationSetName: !Ref Mail
    ///       EventDestination:
    ///         Enabled: true
    ///         MatchingEventTypes: [send]
    ///         KinesisFirehoseDestination:
    ///           DeliveryStreamARN: !GetAtt Stream.Arn
    ///           IAMRoleARN: arn:aws:iam::123456789012:role/put
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
    ///       DatabaseName: mail
    ///       Targets: { S3Targets: [{ Path: !Sub "s3://${Data}/" }] }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Data:
    ///     Type: AWS::S3::Bucket
    ///   Mail:
    ///     Type: AWS::SES::ConfigurationSet
    ///   MailEvents:
    ///     Type: AWS::SES::ConfigurationSetEventDestination
    ///     Properties:
    ///       ConfigurationSetName: !Ref Mail
    ///       EventDestination:
    ///         Enabled: true
    ///         MatchingEventTypes: [send]
    ///         KinesisFirehoseDestination:
    ///           DeliveryStreamARN: !GetAtt Stream.Arn
    ///           IAMRoleARN: arn:aws:iam::123456789012:role/put
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
    ///       DatabaseName: mail
    ///       Targets: { S3Targets: [{ Path: !Sub "s3://${Data}/" }] }
    /// ```
    ///
    /// Source: SES Developer Guide, "Contents of event data that Amazon SES publishes to Firehose"; AWS IoT Core Developer
    /// Guide, "Firehose" (rule action); Trino, `OpenXJsonDeserializer`.
    BLANK = Warning "empty-lines";
}

const APPEND: &str = "AppendDelimiterToRecord";

/// Processors that put a newline behind each record, or may.
const MAY_ADD: &[&str] = &[APPEND, "Lambda", "Decompression", "CloudWatchLogProcessing"];

/// Checks the destination of a stream.
pub fn check(context: &Context<'_>, stream: &Resource, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    let processors = Processors::of(block);
    if !destination.is_s3() || conversion::may_be_enabled(block) {
        return;
    }
    let Some(bucket) = block.one("BucketARN").and_then(|arn| context.target(arn)) else { return };
    if let [append] = processors.of_type(APPEND)[..] {
        let may_change = MAY_CHANGE.iter().any(|kind| !processors.lacks(kind));
        let ended = feeders(context, stream).into_iter().find(|feeder| feeder.end == End::Newline && !may_change);
        let reader = || table(context, block, bucket).or_else(|| crawler(context, block, bucket));
        if let Some((feeder, reader)) = ended.and_then(|feeder| Some((feeder, reader()?))) {
            append
                .report(context, sink, &BLANK, "Type", "a newline is added to records that end with one")
                .also(feeder.place, "what is put here ends with a newline")
                .also(reader, format!("and {READ}"))
                .help(format!("remove the processor `{APPEND}` (in a blueprint: `records: {{ newline: false }}`)"));
        }
        return;
    }
    if MAY_ADD.iter().any(|kind| !processors.lacks(kind)) {
        return;
    }
    let fed = feeders(context, stream);
    let table = table(context, block, bucket);
    let found = match fed.iter().find(|feeder| feeder.end == End::Plain) {
        Some(feeder) => {
            let found = report(context, destination, sink).also(feeder.place, "what is put here has no newline");
            match table.or_else(|| crawler(context, block, bucket)) {
                Some(reader) => found.also(reader, format!("and {READ}")),
                None => found,
            }
        }
        // Who puts records may end each with a newline.
        None if fed.is_empty() => match table {
            Some(table) => report(context, destination, sink).also(table, READ),
            None => return,
        },
        None => return,
    };
    found.help("add `ProcessingConfiguration` with `Enabled: true` and a processor `AppendDelimiterToRecord`");
}

fn report<'s>(context: &Context<'_>, destination: &Destination<'_>, sink: &'s mut Sink) -> &'s mut Diagnostic {
    let key = if destination.kind == EXTENDED_S3 { "ProcessingConfiguration" } else { "" };
    destination.block.report(context, sink, &NEWLINE, key, "nothing stands between the records of an object")
}

/// Why lines count.
const READ: &str = "objects are read line by line here";

/// Processors after which a record may end otherwise than before.
const MAY_CHANGE: &[&str] = &["RecordDeAggregation", "Lambda", "Decompression", "CloudWatchLogProcessing"];

/// What puts records into a stream.
struct Feeder {
    place: Span,
    end: End,
}

/// What stands behind a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing.
    Plain,
    Newline,
    /// What is known only at deployment, or something else.
    Other,
}

/// The rules and configuration sets that put records into a stream.
fn feeders(context: &Context<'_>, stream: &Resource) -> Vec<Feeder> {
    // A Kinesis stream before it passes records on as they are.
    let source = Block::of(context, stream).block("KinesisStreamSourceConfiguration");
    let source = source.and_then(|source| context.target(source.one("KinesisStreamARN")?)).map(|source| &source.id);
    let is_stream = |block: &Block<'_>, property: &str| {
        let target = block.one(property).and_then(|value| context.target(value));
        target.is_some_and(|target| target.id == stream.id || Some(&target.id) == source)
    };
    let mut all = Vec::new();
    for rule in context.of_type("AWS::Events::Rule") {
        let targets = Block::of(context, rule).items("Targets").unwrap_or_default();
        for target in targets.into_iter().filter(|target| is_stream(target, "Arn")) {
            let template = target.block("InputTransformer").and_then(|transformer| transformer.text("InputTemplate"));
            let end = match template {
                _ if target.lacks("InputTransformer") => End::Plain,
                Some(template) if template.ends_with('\n') || template.ends_with("\\n") => End::Newline,
                Some(_) => End::Plain,
                None => End::Other,
            };
            all.push(Feeder { place: target.place("Arn"), end });
        }
    }
    for rule in context.of_type("AWS::IoT::TopicRule") {
        let payload = Block::of(context, rule).block("TopicRulePayload");
        for action in payload.and_then(|payload| payload.items("Actions")).unwrap_or_default() {
            let Some(action) = action.block("Firehose").filter(|action| is_stream(action, "DeliveryStreamName")) else {
                continue;
            };
            let end = match action.text("Separator") {
                _ if action.lacks("Separator") => End::Plain,
                Some(text) if text.ends_with('\n') => End::Newline,
                _ => End::Other,
            };
            all.push(Feeder { place: action.place("DeliveryStreamName"), end });
        }
    }
    for events in context.of_type("AWS::SES::ConfigurationSetEventDestination") {
        let destination = Block::of(context, events).block("EventDestination");
        let firehose = destination.and_then(|destination| destination.block("KinesisFirehoseDestination"));
        if let Some(firehose) = firehose.filter(|firehose| is_stream(firehose, "DeliveryStreamARN")) {
            all.push(Feeder { place: firehose.place("DeliveryStreamARN"), end: End::Newline });
        }
    }
    all
}

/// Whether the place that a property names may hold what a destination writes into a bucket.
fn may_hold(
    context: &Context<'_>,
    destination: &Block<'_>,
    bucket: &Resource,
    (reader, property): (&Block<'_>, &str),
) -> bool {
    let prefixes = destination.outlines("Prefix");
    let head = |text: &str| text.split([HOLE, '!']).next().unwrap_or_default().to_owned();
    let target = reader.one(property).and_then(|value| context.target(value));
    let path = reader.outlines(property).pop().and_then(|location| key_of(&location));
    let is_below = |path: String| {
        let path = head(&path);
        prefixes.is_empty()
            || prefixes.iter().any(|prefix| head(prefix).starts_with(&path) || path.starts_with(&head(prefix)))
    };
    target.is_some_and(|target| target.id == bucket.id) && path.is_none_or(is_below)
}

/// Where a table reads JSON of a destination line by line.
fn table(context: &Context<'_>, destination: &Block<'_>, bucket: &Resource) -> Option<Span> {
    context.of_type("AWS::Glue::Table").find_map(|table| {
        let storage = Block::of(context, table).block("TableInput")?.block("StorageDescriptor")?;
        let reader = storage.block("SerdeInfo")?.text("SerializationLibrary")?;
        let is_json = reader.to_ascii_lowercase().contains("json");
        let is_here = is_json && may_hold(context, destination, bucket, (&storage, "Location"));
        is_here.then(|| storage.place("Location"))
    })
}

/// Where a crawler looks at what a destination writes.
fn crawler(context: &Context<'_>, destination: &Block<'_>, bucket: &Resource) -> Option<Span> {
    context.of_type("AWS::Glue::Crawler").find_map(|crawler| {
        let targets = Block::of(context, crawler).block("Targets")?.items("S3Targets")?;
        let is_here = |target: &&Block<'_>| may_hold(context, destination, bucket, (target, "Path"));
        targets.iter().find(is_here).map(|target| target.place("Path"))
    })
}
