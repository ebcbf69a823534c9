//! Amazon Data Firehose.

pub mod buffering;
pub mod conversion;
pub mod credentials;
pub mod destinations;
mod expressions;
mod folders;
pub mod layout;
pub mod logging;
pub mod newline;
pub mod notes;
pub mod partitioning;
pub mod prefix;
pub mod processors;
pub mod query;
pub mod readable;
mod shape;

use crate::check::Context;
use crate::check::block::Block;
use crate::diagnostics::Sink;
use crate::template::Resource;
use processors::{Parameter, Processors, parameter};

codes! {
    /// A Firehose stream has no destination, or several.
    ///
    /// A stream delivers to exactly one.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamType: DirectPut
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamType: DirectPut
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: data/
    /// ```
    ///
    /// Source: Firehose API, `CreateDeliveryStream`.
    DESTINATION = Error "not-one-destination";

    /// The type of a Firehose stream and its source do not go together.
    ///
    /// A stream whose type names a source must have the configuration of that source, and no other.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamType: KinesisStreamAsSource
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
    ///       DeliveryStreamType: KinesisStreamAsSource
    ///       KinesisStreamSourceConfiguration:
    ///         KinesisStreamARN: arn:aws:kinesis:eu-central-1:123456789012:stream/orders
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: data/
    /// ```
    ///
    /// Source: Firehose API, `CreateDeliveryStream`.
    SOURCE = Error "stream-type-mismatch";

    /// The encryption of a Firehose stream lacks its key, or the stream has nothing to encrypt.
    ///
    /// Firehose keeps only the records that are put into it. Those of another source stay there, and are encrypted
    /// there. A key of one's own must be named.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamEncryptionConfigurationInput: { KeyType: CUSTOMER_MANAGED_CMK }
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
    ///       DeliveryStreamEncryptionConfigurationInput: { KeyType: AWS_OWNED_CMK }
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: data/
    /// ```
    ///
    /// Source: Firehose API, `StartDeliveryStreamEncryption` and `DeliveryStreamEncryptionConfigurationInput`.
    ENCRYPTION = Error "unusable-stream-encryption";

    /// A Firehose stream names a key, but encrypts with one of AWS.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamEncryptionConfigurationInput:
    ///         KeyType: AWS_OWNED_CMK
    ///         KeyARN: arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamEncryptionConfigurationInput:
    ///         KeyType: CUSTOMER_MANAGED_CMK
    ///         KeyARN: arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Source: Firehose API, `DeliveryStreamEncryptionConfigurationInput`.
    UNUSED_KEY = Warning "unused-stream-key";
}

/// The type of streams.
const STREAM: &str = "AWS::KinesisFirehose::DeliveryStream";

/// Delivery to S3, with all that only S3 has.
const EXTENDED_S3: &str = "ExtendedS3DestinationConfiguration";
/// Delivery to S3 as it was at first.
const S3: &str = "S3DestinationConfiguration";
const REDSHIFT: &str = "RedshiftDestinationConfiguration";
const OPENSEARCH: &str = "AmazonopensearchserviceDestinationConfiguration";
const ELASTICSEARCH: &str = "ElasticsearchDestinationConfiguration";
const SERVERLESS: &str = "AmazonOpenSearchServerlessDestinationConfiguration";
const HTTP: &str = "HttpEndpointDestinationConfiguration";
const SPLUNK: &str = "SplunkDestinationConfiguration";
const SNOWFLAKE: &str = "SnowflakeDestinationConfiguration";
const ICEBERG: &str = "IcebergDestinationConfiguration";

/// Source: Firehose API, `CreateDeliveryStream`.
pub const DESTINATIONS: &[&str] =
    &[EXTENDED_S3, S3, REDSHIFT, OPENSEARCH, ELASTICSEARCH, SERVERLESS, HTTP, SPLUNK, SNOWFLAKE, ICEBERG];

/// The types of streams with the property of their source. Source: Firehose API, `CreateDeliveryStream`.
const SOURCES: &[(&str, &str)] = &[
    ("KinesisStreamAsSource", "KinesisStreamSourceConfiguration"),
    ("MSKAsSource", "MSKSourceConfiguration"),
    ("DatabaseAsSource", "DatabaseSourceConfiguration"),
];

/// The type of a stream that names none. Source: Firehose API, `CreateDeliveryStream`.
const DIRECT_PUT: &str = "DirectPut";

/// A destination of a stream.
pub struct Destination<'a> {
    /// The property of the stream.
    kind: &'static str,
    /// Its object.
    block: Block<'a>,
}

impl<'a> Destination<'a> {
    /// Whether it delivers to S3.
    fn is_s3(&self) -> bool {
        matches!(self.kind, EXTENDED_S3 | S3)
    }

    /// The objects that say where objects go: those of the destination, of failures and of backups.
    fn buckets(&self) -> Vec<Block<'a>> {
        let mut all = if self.is_s3() { vec![self.block.clone()] } else { Vec::new() };
        all.extend(self.block.blocks("S3Configuration"));
        all.extend(self.block.blocks("S3BackupConfiguration"));
        all
    }
}

/// The destinations of a stream, all that conditions may choose.
fn destinations<'a>(stream: &Block<'a>) -> Vec<Destination<'a>> {
    let of = |kind: &&'static str| {
        let kind = *kind;
        stream.blocks(kind).into_iter().map(move |block| Destination { kind, block })
    };
    DESTINATIONS.iter().flat_map(of).collect()
}

/// The objects of the destinations of a stream, all that conditions may choose.
pub fn destinations_of<'a>(stream: &Block<'a>) -> Vec<Block<'a>> {
    destinations(stream).into_iter().map(|destination| destination.block).collect()
}

/// The functions of the template that transform the records of a stream.
pub fn functions_of<'a>(context: &Context<'a>, stream: &Block<'a>) -> Vec<&'a Resource> {
    let function = |block: &Block<'a>| -> Vec<&'a Resource> {
        let processors = Processors::of(block);
        let lambdas = processors.of_type("Lambda");
        let arns = lambdas.into_iter().map(|processor| parameter(processor, "LambdaArn"));
        let target = |arn: Parameter<'a>| match arn {
            Parameter::Given(_, value) => context.target(value),
            Parameter::Missing | Parameter::Unknown => None,
        };
        arns.filter_map(target).filter(|target| target.kind == "AWS::Lambda::Function").collect()
    };
    destinations_of(stream).iter().flat_map(function).collect()
}

/// Whether a destination partitions by what is in records; `None` if that is not known.
pub fn is_partitioned(destination: &Block<'_>) -> Option<bool> {
    partitioning::is_enabled(destination)
}

/// Checks streams.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in context.of_type(STREAM) {
        let stream = Block::of(context, resource);
        one_destination(context, &stream, sink);
        source(context, &stream, sink);
        encryption(context, &stream, sink);
        for destination in destinations(&stream) {
            buffering::check(context, &destination, sink);
            conversion::check(context, &destination, sink);
            layout::check(context, &destination, sink);
            newline::check(context, resource, &destination, sink);
            notes::check(context, resource, &destination, sink);
            credentials::check(context, &destination, sink);
            destinations::check(context, &destination, sink);
            partitioning::check(context, &destination, sink);
            processors::check(context, &destination, sink);
            query::check(context, &destination, sink);
            for bucket in destination.buckets() {
                prefix::check(context, &bucket, sink);
                logging::check(context, &bucket, sink);
            }
            if !destination.is_s3() {
                logging::check(context, &destination.block, sink);
            }
        }
    }
}

fn one_destination(context: &Context<'_>, stream: &Block<'_>, sink: &mut Sink) {
    let given: Vec<&str> = DESTINATIONS.iter().copied().filter(|name| stream.has(name)).collect();
    if let [first, second, ..] = given.as_slice() {
        stream
            .report(context, sink, &DESTINATION, second, "a second destination")
            .also(stream.place(first), "the first")
            .help("make a stream for each destination");
    } else if DESTINATIONS.iter().all(|name| stream.lacks(name)) {
        stream
            .report(context, sink, &DESTINATION, "", "a stream without a destination")
            .help(format!("add for example `{EXTENDED_S3}`"));
    }
}

fn source(context: &Context<'_>, stream: &Block<'_>, sink: &mut Sink) {
    let Some(kind) = stream_type(stream) else { return };
    for (name, property) in SOURCES {
        if kind == *name && stream.lacks(property) {
            stream
                .report(context, sink, &SOURCE, "DeliveryStreamType", format!("`{kind}` without `{property}`"))
                .help(format!("add `{property}`"));
        } else if kind != *name && stream.has(property) {
            stream
                .report(context, sink, &SOURCE, property, format!("`{property}` in a stream of the type `{kind}`"))
                .help(format!("write `DeliveryStreamType: {name}`"));
        }
    }
}

/// The type of a stream, if it is known.
pub fn stream_type(stream: &Block<'_>) -> Option<String> {
    if stream.lacks("DeliveryStreamType") { Some(DIRECT_PUT.to_owned()) } else { stream.text("DeliveryStreamType") }
}

fn encryption(context: &Context<'_>, stream: &Block<'_>, sink: &mut Sink) {
    const PROPERTY: &str = "DeliveryStreamEncryptionConfigurationInput";
    let sourced = stream_type(stream).filter(|kind| kind != DIRECT_PUT);
    if let Some(kind) = sourced.filter(|_| stream.has(PROPERTY)) {
        stream
            .report(context, sink, &ENCRYPTION, PROPERTY, format!("a stream of the type `{kind}` keeps no records"))
            .help("remove it, and encrypt the source");
        return;
    }
    for encryption in stream.blocks(PROPERTY) {
        if encryption.text("KeyType").is_some_and(|kind| kind == "CUSTOMER_MANAGED_CMK") && encryption.lacks("KeyARN") {
            encryption
                .report(context, sink, &ENCRYPTION, "KeyType", "a key of one's own that is not named")
                .help("add `KeyARN`");
        }
        if encryption.text("KeyType").is_some_and(|kind| kind == "AWS_OWNED_CMK") && encryption.has("KeyARN") {
            encryption
                .report(context, sink, &UNUSED_KEY, "KeyARN", "a key that is not used")
                .also(encryption.place("KeyType"), "AWS takes one of its own")
                .help("write `KeyType: CUSTOMER_MANAGED_CMK`, or leave `KeyARN` out");
        }
    }
}
