//! The programs of jq that find partition keys.

use std::ops::Range;

use super::expressions::values;
use super::processors::{Parameter, Processors, parameter};
use super::{Destination, EXTENDED_S3};
use crate::check::Context;
use crate::check::block::Block;
use crate::check::known::text;
use crate::diagnostics::{Code, Sink};
use crate::template::jq::{self, Key, Shape};

codes! {
    /// The query of partition keys is not a program of jq 1.6.
    ///
    /// Firehose runs jq 1.6, whose grammar is narrower than that of later versions: the values of an object are terms
    /// with `|` between them, an `if` has an `else`, and newer functions are not there.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{partitionKeyFromQuery:customer}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{customer: .customer // "none"}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
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
    ///         Prefix: "data/!{partitionKeyFromQuery:customer}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{customer: (.customer // "none")}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
    /// ```
    ///
    /// Source: Firehose API, `ProcessorParameter`; jq 1.6 manual, "Object Construction".
    QUERY = Error "invalid-partition-query";

    /// The query of partition keys gives no partition keys, whatever a record is.
    ///
    /// It gives an object whose values are texts, numbers or `true` and `false`. All records for which it gives
    /// something else, or fails, go to the error prefix.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{partitionKeyFromQuery:type}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{type: (.detail-type)}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
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
    ///         Prefix: "data/!{partitionKeyFromQuery:type}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{type: (."detail-type" // "none")}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Troubleshoot dynamic partitioning errors" and "Understand partitioning keys".
    FAILING = Warning "failing-partition-query";

    /// A key of the query of partition keys is a field of the record as it is, and so null where a record has none.
    ///
    /// A record without one of its keys is not partitioned: it goes to the error prefix, and nobody is told.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{partitionKeyFromQuery:customer}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{customer: .customer}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
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
    ///         Prefix: "data/!{partitionKeyFromQuery:customer}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{customer: (.customer // "none")}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Troubleshoot dynamic partitioning errors"; jq 1.6 manual, "Alternative operator".
    NULL = Warning "partition-key-without-default";
}

/// Checks the programs of a destination. Those of a blueprint were checked where they are written.
pub fn check(context: &Context<'_>, destination: &Destination<'_>, sink: &mut Sink) {
    if destination.kind != EXTENDED_S3 || !context.is_written() {
        return;
    }
    let prefixes = destination.block.outlines("Prefix");
    let keys: Vec<&str> = prefixes.iter().flat_map(|prefix| values(prefix, "partitionKeyFromQuery")).collect();
    for processor in Processors::of(&destination.block).of_type("MetadataExtraction") {
        let Parameter::Given(place, value) = parameter(processor, "MetadataExtractionQuery") else { continue };
        let Some(program) = text(value) else { continue };
        Query { context, place, program: &program, keys: &keys }.check(sink);
    }
}

/// A program and where it stands.
struct Query<'a, 'b> {
    context: &'b Context<'a>,
    place: Block<'a>,
    program: &'b str,
    /// The keys that the prefix uses.
    keys: &'b [&'b str],
}

impl Query<'_, '_> {
    fn check(&self, sink: &mut Sink) {
        let program = match jq::program(self.program) {
            Ok(program) => program,
            Err(mistakes) => {
                for mistake in mistakes {
                    self.report(sink, &QUERY, &mistake.range, mistake.message, &mistake.help);
                }
                return;
            }
        };
        for doubt in program.doubts {
            self.report(sink, &FAILING, &doubt.range, doubt.message, &doubt.help);
        }
        let Some(body) = program.body.filter(|body| !body.defines()) else { return };
        match body.shape() {
            Shape::Object(keys) => {
                let open: Vec<&Key> = keys.iter().filter(|key| key.is_path && key.types.may_be_null()).collect();
                if let [key, rest @ ..] = open.as_slice() {
                    let more = if rest.is_empty() { String::new() } else { format!(", as are {} more", rest.len()) };
                    let message = format!("`{}` is null where a record has no such field{more}", key.name);
                    let help = match self.program.get(key.range.clone()) {
                        Some(field) if field.starts_with('.') => format!("write `({field} // \"none\")`"),
                        _ => format!("write `{}: (.{} // \"none\")`", key.name, key.name),
                    };
                    self.report(sink, &NULL, &key.range, message, &help);
                }
                for key in keys.iter().filter(|key| !key.types.may_be_scalar()) {
                    let message = format!("`{}` is {}", key.name, key.types.name());
                    let help = "take a text out of it, or write it as one with `tostring` or `join`";
                    self.report(sink, &FAILING, &key.range, message, help);
                }
            }
            Shape::Other(name) => {
                let help = "write `{name: .field}` with a key for each partition key";
                self.report(sink, &FAILING, &body.range, format!("the query gives {name}, not an object"), help);
            }
            Shape::Unknown => {
                let used = |name: &String| self.keys.contains(&name.as_str());
                if let Some(name) = body.last_field().filter(used) {
                    let help = format!("write `{{{name}: {}}}`", self.program.trim());
                    self.report(
                        sink,
                        &FAILING,
                        &body.range,
                        format!("the query gives no key `{name}`, only a value"),
                        &help,
                    );
                }
            }
        }
    }

    /// Reports what is wrong with a part of the program, there if it is written as it is.
    fn report(&self, sink: &mut Sink, code: &'static Code, range: &Range<usize>, message: String, help: &str) {
        let whole = self.place.place("ParameterValue");
        let at = self.context.text_of(whole).find(self.program).filter(|_| !self.program.is_empty());
        let span = at.map_or(whole, |at| {
            // The end of the program has no byte of its own.
            let end = range.end.max(range.start + 1).min(self.program.len());
            whole.slice(at + range.start.min(end.saturating_sub(1)), at + end)
        });
        sink.report(code, self.context.first_line(span), message)
            .path(format!("{}/ParameterValue", self.place.path))
            .help(help);
    }
}
