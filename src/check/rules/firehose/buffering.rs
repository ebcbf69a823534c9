//! When records are delivered.

use super::partitioning::{self, PROPERTY as PARTITIONING};
use super::{Destination, EXTENDED_S3, HTTP, conversion};
use crate::check::Context;
use crate::check::block::Block;
use crate::check::known::number;
use crate::diagnostics::Sink;

codes! {
    /// A buffer has a size or an interval that the destination does not allow, or only one of the two.
    ///
    /// With dynamic partitioning each partition has a buffer of its own, of at least 64 MiB and 60 seconds. Conversion
    /// to columns needs 64 MiB, too. An HTTP endpoint is sent 64 MiB at the most. Size and interval come together.
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
    ///         BufferingHints: { SizeInMBs: 64 }
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
    ///         Prefix: data/
    ///         BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 }
    /// ```
    ///
    /// Source: Firehose API, `BufferingHints` and `HttpEndpointBufferingHints`; Firehose Developer Guide, "Configure
    /// buffering hints"; refused at deployment with "BufferingHints.SizeInMBs must be at least 64 when Dynamic
    /// Partitioning is enabled".
    BUFFER = Error "unusable-buffering-hints";

    /// A stream with dynamic partitioning does not say how large its buffers are.
    ///
    /// Buffers have 5 MiB unless told otherwise, but with dynamic partitioning Firehose refuses less than 64. What it takes
    /// instead where nothing is said is documented nowhere.
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
    /// Source: Firehose API, `BufferingHints`; Firehose Developer Guide, "Configure buffering hints".
    DEFAULT = Warning "default-buffer-size";
}

/// Source: Firehose Developer Guide, "Configure buffering hints", for dynamic partitioning and for conversion.
const LEAST_SIZE: f64 = 64.0;
/// Source: Firehose Developer Guide, "Configure buffering hints".
const LEAST_PARTITIONED_INTERVAL: f64 = 60.0;
/// Source: Firehose API, `HttpEndpointBufferingHints`. The provider schema has the range of S3 here.
const HTTP_SIZES: std::ops::RangeInclusive<f64> = 1.0..=64.0;
/// What the provider schema refuses itself.
const SCHEMA_MAX_SIZE: f64 = 128.0;

const HINTS: &str = "BufferingHints";
const SIZE: &str = "SizeInMBs";
const INTERVAL: &str = "IntervalInSeconds";

/// Checks the buffer of a destination.
pub fn check(context: &Context<'_>, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    let is_dynamic = partitioning::is_enabled(block) == Some(true);
    let why = match () {
        () if is_dynamic => Some("with dynamic partitioning"),
        () if conversion::is_enabled(block) => Some("with format conversion"),
        () => None,
    };
    let has_size = |hints: &Block<'_>| !hints.lacks(SIZE) || !hints.lacks(INTERVAL);
    if is_dynamic && destination.kind == EXTENDED_S3 && !block.blocks(HINTS).iter().any(has_size) && !block.has(HINTS) {
        block
            .report(context, sink, &DEFAULT, PARTITIONING, "nothing says how large the buffer of a partition is")
            .help(format!(
                "add `BufferingHints: {{ IntervalInSeconds: {LEAST_PARTITIONED_INTERVAL}, SizeInMBs: {LEAST_SIZE} }}`"
            ));
    }
    let mut hints = block.blocks(HINTS);
    for bucket in destination.buckets() {
        if bucket.path != block.path {
            hints.extend(bucket.blocks(HINTS));
        }
    }
    for hints in hints {
        let is_own = hints.path == format!("{}/{HINTS}", block.path);
        for (given, missing) in [(SIZE, INTERVAL), (INTERVAL, SIZE)] {
            if hints.has(given) && hints.lacks(missing) {
                hints
                    .report(context, sink, &BUFFER, given, format!("`{given}` without `{missing}`"))
                    .help(format!("add `{missing}`: they come together"));
            }
        }
        if !is_own {
            continue;
        }
        let sizes = hints.values(SIZE).into_iter().filter_map(number);
        for size in sizes.filter(|size| *size <= SCHEMA_MAX_SIZE && *size >= 1.0) {
            if let Some(why) = why.filter(|_| size < LEAST_SIZE) {
                hints
                    .report(context, sink, &BUFFER, SIZE, format!("{size} MiB, at least {LEAST_SIZE} {why}"))
                    .help(format!("write {LEAST_SIZE} or more"));
            }
            if destination.kind == HTTP && !HTTP_SIZES.contains(&size) {
                let most = HTTP_SIZES.end();
                hints
                    .report(context, sink, &BUFFER, SIZE, format!("{size} MiB, at most {most} for an HTTP endpoint"))
                    .help(format!("write {most} or less"));
            }
        }
        let intervals = hints.values(INTERVAL).into_iter().filter_map(number);
        for interval in intervals.filter(|at| is_dynamic && *at >= 0.0 && *at < LEAST_PARTITIONED_INTERVAL) {
            let message =
                format!("{interval} seconds, at least {LEAST_PARTITIONED_INTERVAL} with dynamic partitioning");
            hints
                .report(context, sink, &BUFFER, INTERVAL, message)
                .help(format!("write {LEAST_PARTITIONED_INTERVAL} or more"));
        }
    }
}
