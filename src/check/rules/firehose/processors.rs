//! What becomes of records on their way.

use super::Destination;
use crate::check::Context;
use crate::check::block::Block;
use crate::check::known::{boolean, number, text};
use crate::diagnostics::Sink;
use crate::template::Value;

codes! {
    /// A processor of a Firehose stream lacks a parameter, has a value that Firehose does not allow, or stands in the
    /// wrong order.
    ///
    /// A function gets between 0.2 and 3 MB. `MetadataExtraction` needs its query and the engine `JQ-1.6`.
    /// `RecordDeAggregation` needs `SubRecordType`, and `Delimiter` in Base64 with `DELIMITED`.
    /// `CloudWatchLogProcessing` takes what `Decompression` before it gives.
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
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: Lambda
    ///               Parameters:
    ///                 - { ParameterName: LambdaArn, ParameterValue: "arn:aws:lambda:eu-central-1:123456789012:function:clean:1" }
    ///                 - { ParameterName: BufferSizeInMBs, ParameterValue: "6" }
    ///                 - { ParameterName: BufferIntervalInSeconds, ParameterValue: "60" }
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
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: Lambda
    ///               Parameters:
    ///                 - { ParameterName: LambdaArn, ParameterValue: "arn:aws:lambda:eu-central-1:123456789012:function:clean:1" }
    ///                 - { ParameterName: BufferSizeInMBs, ParameterValue: "3" }
    ///                 - { ParameterName: BufferIntervalInSeconds, ParameterValue: "60" }
    /// ```
    ///
    /// Source: Firehose API, `ProcessorParameter`; Firehose Developer Guide, "Transform source data", "Understand multi
    /// record deaggregation" and "Decompress CloudWatch Logs".
    PROCESSOR = Error "unusable-processor";

    /// A function that transforms records may run longer than Firehose waits.
    ///
    /// Firehose waits 300 seconds for a function; then the run counts as failed, and is tried again.
    ///
    /// ```yaml
    /// Resources:
    ///   Clean:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Handler: index.handler
    ///       Runtime: python3.13
    ///       Timeout: 900
    ///       Role: arn:aws:iam::123456789012:role/function
    ///       Code: { S3Bucket: example-bucket, S3Key: clean.zip }
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: Lambda
    ///               Parameters: [{ ParameterName: LambdaArn, ParameterValue: !GetAtt Clean.Arn }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Clean:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Handler: index.handler
    ///       Runtime: python3.13
    ///       Timeout: 300
    ///       Role: arn:aws:iam::123456789012:role/function
    ///       Code: { S3Bucket: example-bucket, S3Key: clean.zip }
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: Lambda
    ///               Parameters: [{ ParameterName: LambdaArn, ParameterValue: !GetAtt Clean.Arn }]
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Transform source data in Amazon Data Firehose".
    TIMEOUT = Warning "transform-too-slow";

    /// The buffer before a function of a Firehose stream has an interval or a number of retries that Firehose hardly
    /// takes, or only one of size and interval.
    ///
    /// Records wait for up to 900 seconds, and a run that failed is repeated up to 300 times. Size and interval come
    /// together: the one that is not written is that of the service.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: Lambda
    ///               Parameters:
    ///                 - { ParameterName: LambdaArn, ParameterValue: "arn:aws:lambda:eu-central-1:123456789012:function:clean:1" }
    ///                 - { ParameterName: BufferSizeInMBs, ParameterValue: "1" }
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
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: Lambda
    ///               Parameters:
    ///                 - { ParameterName: LambdaArn, ParameterValue: "arn:aws:lambda:eu-central-1:123456789012:function:clean:1" }
    ///                 - { ParameterName: BufferSizeInMBs, ParameterValue: "1" }
    ///                 - { ParameterName: BufferIntervalInSeconds, ParameterValue: "60" }
    /// ```
    ///
    /// Source: Firehose API, `ProcessorParameter`; Firehose Developer Guide, "Transform source data".
    FUNCTION_BUFFER = Warning "unusual-function-buffer";

    /// Records that are divided again come from a record with a limit.
    ///
    /// Firehose divides a record into at most 500. Of one with more, what follows goes undivided to the function behind,
    /// or to the destination.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - { Type: RecordDeAggregation, Parameters: [{ ParameterName: SubRecordType, ParameterValue: JSON }] }
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
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - { Type: AppendDelimiterToRecord }
    /// ```
    ///
    /// Source: Firehose API, `PutRecord`.
    DEAGGREGATED = Info "limited-deaggregation";
}

/// MiB that a function gets at once. Source: Firehose API, `ProcessorParameter`.
const FUNCTION_SIZES: std::ops::RangeInclusive<f64> = 0.2..=3.0;
/// Seconds. Source: Firehose Developer Guide, "Transform source data in Amazon Data Firehose".
const MAX_FUNCTION_SECONDS: f64 = 300.0;

/// Seconds. Source: Firehose Developer Guide, "Transform source data in Amazon Data Firehose".
const MAX_FUNCTION_INTERVAL: f64 = 900.0;
/// Source: as above.
const MAX_FUNCTION_RETRIES: f64 = 300.0;
/// Source: Firehose API, `PutRecord`.
const MAX_DIVIDED: usize = 500;

/// The parameters without which a processor does nothing.
/// Source: Firehose Developer Guide, "Transform source data", "Understand partitioning keys" and "Understand multi
/// record deaggregation".
const REQUIRED: &[(&str, &str)] = &[
    ("Lambda", "LambdaArn"),
    ("MetadataExtraction", "MetadataExtractionQuery"),
    ("MetadataExtraction", "JsonParsingEngine"),
    ("RecordDeAggregation", "SubRecordType"),
];

/// The values that a parameter takes.
/// Source: Firehose Developer Guide, "Understand partitioning keys", "Understand multi record deaggregation" and
/// "Decompress CloudWatch Logs".
const ALLOWED: &[(&str, &str, &[&str])] = &[
    ("MetadataExtraction", "JsonParsingEngine", &["JQ-1.6"]),
    ("RecordDeAggregation", "SubRecordType", &["JSON", "DELIMITED"]),
    ("Decompression", "CompressionFormat", &["GZIP"]),
];

/// The processors of a destination as far as they are known.
pub struct Processors<'a> {
    known: Vec<Block<'a>>,
    is_all: bool,
}

impl<'a> Processors<'a> {
    /// Those of a destination; none if processing is not enabled.
    pub fn of(destination: &Block<'a>) -> Self {
        const NONE: Processors<'_> = Processors { known: Vec::new(), is_all: true };
        if destination.lacks("ProcessingConfiguration") {
            return NONE;
        }
        let unknown = Self { known: Vec::new(), is_all: false };
        let Some(configuration) = destination.block("ProcessingConfiguration") else { return unknown };
        match configuration.one("Enabled").and_then(boolean) {
            Some(false) => return NONE,
            Some(true) => {}
            None => return unknown,
        }
        if configuration.lacks("Processors") {
            return NONE;
        }
        match configuration.items("Processors") {
            Some(known) => {
                let is_all = known.iter().all(|processor| processor.text("Type").is_some());
                Self { known, is_all }
            }
            None => unknown,
        }
    }

    /// Whether there is no processor of a type whatever comes.
    pub fn lacks(&self, kind: &str) -> bool {
        self.is_all && self.of_type(kind).is_empty()
    }

    /// Those of a type.
    pub fn of_type(&self, kind: &str) -> Vec<&Block<'a>> {
        self.known.iter().filter(|processor| processor.text("Type").is_some_and(|known| known == kind)).collect()
    }
}

/// A parameter of a processor.
pub enum Parameter<'a> {
    /// Its entry and its value.
    Given(Block<'a>, &'a Value),
    /// There is none.
    Missing,
    /// A condition decides it, or something that cannot be seen.
    Unknown,
}

/// The parameter of this name.
pub fn parameter<'a>(processor: &Block<'a>, name: &str) -> Parameter<'a> {
    if processor.lacks("Parameters") {
        return Parameter::Missing;
    }
    let mut found = Parameter::Missing;
    for entry in processor.items("Parameters").unwrap_or_default() {
        match (entry.text("ParameterName"), entry.one("ParameterValue")) {
            (Some(known), Some(value)) if known == name => found = Parameter::Given(entry, value),
            (Some(known), _) if known != name => {}
            _ => return Parameter::Unknown,
        }
    }
    let is_known = processor.items("Parameters").is_some();
    if is_known { found } else { Parameter::Unknown }
}

/// The program of a `MetadataExtraction`, if it is known.
pub fn query(processor: &Block<'_>) -> Option<String> {
    match parameter(processor, "MetadataExtractionQuery") {
        Parameter::Given(_, value) => text(value),
        Parameter::Missing | Parameter::Unknown => None,
    }
}

/// Checks the processors of a destination.
pub fn check(context: &Context<'_>, destination: &Destination<'_>, sink: &mut Sink) {
    for configuration in destination.block.blocks("ProcessingConfiguration") {
        if configuration.one("Enabled").and_then(boolean) == Some(false) {
            continue;
        }
        let Some(processors) = configuration.items("Processors") else { continue };
        let mut before: Option<Vec<String>> = Some(Vec::new());
        for processor in &processors {
            let kind = processor.text("Type");
            if let Some(kind) = &kind {
                parameters(context, processor, kind, sink);
                let is_first = before.as_ref().is_some_and(|known| !known.iter().any(|kind| kind == "Decompression"));
                if kind == "CloudWatchLogProcessing" && is_first {
                    processor
                        .report(context, sink, &PROCESSOR, "Type", "no `Decompression` before this processor")
                        .help("add a processor `Decompression` before it");
                }
            }
            before = before.zip(kind).map(|(mut known, kind)| {
                known.push(kind);
                known
            });
        }
    }
}

fn parameters(context: &Context<'_>, processor: &Block<'_>, kind: &str, sink: &mut Sink) {
    for (_, name) in REQUIRED.iter().filter(|(of, _)| *of == kind) {
        missing(context, processor, kind, name, sink);
    }
    for (_, name, values) in ALLOWED.iter().filter(|(of, ..)| *of == kind) {
        let Parameter::Given(place, value) = parameter(processor, name) else { continue };
        if let Some(given) = text(value).filter(|given| !values.contains(&given.as_str())) {
            place
                .report(context, sink, &PROCESSOR, "ParameterValue", format!("`{given}` as `{name}`"))
                .help(format!("write {}", crate::diagnostics::alternatives(values.iter().copied())));
        }
    }
    match kind {
        "Lambda" => function(context, processor, sink),
        "RecordDeAggregation" => {
            delimiter(context, processor, kind, sink);
            let message = format!("a record with more than {MAX_DIVIDED} in it is not divided to its end");
            processor
                .report(context, sink, &DEAGGREGATED, "Type", message)
                .help("let the producer put no more than that into one record");
        }
        _ => {}
    }
}

fn missing(context: &Context<'_>, processor: &Block<'_>, kind: &str, name: &str, sink: &mut Sink) {
    if matches!(parameter(processor, name), Parameter::Missing) {
        processor
            .report(context, sink, &PROCESSOR, "Type", format!("a processor `{kind}` without `{name}`"))
            .help(format!("add a parameter with `ParameterName: {name}`"));
    }
}

fn function(context: &Context<'_>, processor: &Block<'_>, sink: &mut Sink) {
    if let Parameter::Given(place, value) = parameter(processor, "BufferSizeInMBs")
        && let Some(size) = number(value).filter(|size| !FUNCTION_SIZES.contains(size))
    {
        let (least, most) = (FUNCTION_SIZES.start(), FUNCTION_SIZES.end());
        place
            .report(context, sink, &PROCESSOR, "ParameterValue", format!("{size} MB, {least} to {most} are allowed"))
            .help(format!("write a number from {least} to {most}"));
    }
    function_buffer(context, processor, sink);
    let Parameter::Given(place, value) = parameter(processor, "LambdaArn") else { return };
    let Some(function) = context.target(value) else { return };
    if !matches!(function.kind.as_str(), "AWS::Lambda::Function" | "AWS::Serverless::Function") {
        return;
    }
    let own = Block::of(context, function);
    if let Some(seconds) = own.number("Timeout").filter(|seconds| *seconds > MAX_FUNCTION_SECONDS) {
        let message = format!("{seconds} seconds, Firehose waits {MAX_FUNCTION_SECONDS}");
        own.report(context, sink, &TIMEOUT, "Timeout", message)
            .also(place.place("ParameterValue"), "Firehose calls the function here")
            .help(format!("write {MAX_FUNCTION_SECONDS} or less"));
    }
}

fn function_buffer(context: &Context<'_>, processor: &Block<'_>, sink: &mut Sink) {
    let limits = [("BufferIntervalInSeconds", MAX_FUNCTION_INTERVAL), ("NumberOfRetries", MAX_FUNCTION_RETRIES)];
    for (name, most) in limits {
        let Parameter::Given(place, value) = parameter(processor, name) else { continue };
        if let Some(given) = number(value).filter(|given| !(0.0..=most).contains(given)) {
            place
                .report(
                    context,
                    sink,
                    &FUNCTION_BUFFER,
                    "ParameterValue",
                    format!("{given} as `{name}`, at most {most}"),
                )
                .help(format!("write a number from 0 to {most}"));
        }
    }
    for (given, missing) in
        [("BufferSizeInMBs", "BufferIntervalInSeconds"), ("BufferIntervalInSeconds", "BufferSizeInMBs")]
    {
        let Parameter::Given(place, _) = parameter(processor, given) else { continue };
        if matches!(parameter(processor, missing), Parameter::Missing) {
            place
                .report(context, sink, &FUNCTION_BUFFER, "ParameterName", format!("`{given}` without `{missing}`"))
                .help(format!("add a parameter with `ParameterName: {missing}`"));
        }
    }
}

fn delimiter(context: &Context<'_>, processor: &Block<'_>, kind: &str, sink: &mut Sink) {
    let Parameter::Given(_, sub_type) = parameter(processor, "SubRecordType") else { return };
    if text(sub_type).is_none_or(|sub_type| sub_type != "DELIMITED") {
        return;
    }
    missing(context, processor, kind, "Delimiter", sink);
    let Parameter::Given(place, value) = parameter(processor, "Delimiter") else { return };
    if let Some(given) = text(value).filter(|given| !is_base64(given)) {
        place
            .report(context, sink, &PROCESSOR, "ParameterValue", format!("`{given}` is not Base64"))
            .help("write the delimiter in Base64: a newline is `Cg==`");
    }
}

/// Source: RFC 4648, section 4.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len() - digits.len() <= 2
        && text.len().is_multiple_of(4)
        && digits.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'))
}
