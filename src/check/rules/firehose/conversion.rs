//! Conversion to columns.

use super::Destination;
use crate::check::Context;
use crate::check::block::Block;
use crate::check::known::{boolean, text};
use crate::diagnostics::{Sink, alternatives};

codes! {
    /// The conversion to columns lacks a part, or objects in columns are to be compressed as a whole.
    ///
    /// It needs one deserializer, one serializer, and a table with the role that reads it. Formats in columns are
    /// compressed inside, column by column; Firehose refuses to compress them again.
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
    ///         CompressionFormat: GZIP
    ///         DataFormatConversionConfiguration:
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
    ///         Prefix: data/
    ///         CompressionFormat: UNCOMPRESSED
    ///         DataFormatConversionConfiguration:
    ///           InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } }
    ///           OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } }
    ///           SchemaConfiguration:
    ///             DatabaseName: shop
    ///             TableName: orders
    ///             RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Source: Firehose API, `DataFormatConversionConfiguration` and `SchemaConfiguration`; Firehose Developer Guide,
    /// "Convert input data format in Amazon Data Firehose".
    CONVERSION = Error "unusable-format-conversion";
}

/// What turns conversion on.
pub const PROPERTY: &str = "DataFormatConversionConfiguration";

/// What an enabled conversion has, with the object in each of which exactly one of the names must be.
/// Source: Firehose API, `DataFormatConversionConfiguration`, `Deserializer` and `Serializer`.
const FORMATS: &[(&str, &str, &[&str])] = &[
    ("InputFormatConfiguration", "Deserializer", &["OpenXJsonSerDe", "HiveJsonSerDe"]),
    ("OutputFormatConfiguration", "Serializer", &["ParquetSerDe", "OrcSerDe"]),
];

/// Source: Firehose API, `SchemaConfiguration`, for `CreateDeliveryStream`.
const OF_SCHEMA: &[&str] = &["RoleARN", "DatabaseName", "TableName"];

/// Whether a destination converts records whatever comes.
pub fn is_enabled(destination: &Block<'_>) -> bool {
    // Source: Firehose API, `DataFormatConversionConfiguration`: enabled unless it says otherwise.
    destination.block(PROPERTY).is_some_and(|conversion| conversion.lacks("Enabled") || conversion.is_true("Enabled"))
}

/// Whether a destination may convert records.
pub fn may_be_enabled(destination: &Block<'_>) -> bool {
    let is_off = |conversion: &Block<'_>| conversion.one("Enabled").and_then(boolean) == Some(false);
    !destination.lacks(PROPERTY) && !destination.block(PROPERTY).is_some_and(|conversion| is_off(&conversion))
}

/// What writes objects in columns, if records are converted whatever comes.
pub fn serializer<'a>(destination: &Block<'a>) -> Option<Block<'a>> {
    let conversion = destination.block(PROPERTY).filter(|_| is_enabled(destination))?;
    conversion.block("OutputFormatConfiguration")?.block("Serializer")
}

/// Checks the conversion of a destination.
pub fn check(context: &Context<'_>, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    if is_enabled(block) {
        for compression in block.values("CompressionFormat").into_iter().filter_map(text) {
            if compression != "UNCOMPRESSED" {
                let message = format!("`{compression}` for objects in columns, which are compressed inside");
                block
                    .report(context, sink, &CONVERSION, "CompressionFormat", message)
                    .also(block.place(PROPERTY), "they are converted here")
                    .help("write `UNCOMPRESSED`, and `Compression` in the serializer");
            }
        }
    }
    for conversion in block.blocks(PROPERTY) {
        if conversion.values("Enabled").into_iter().any(|enabled| boolean(enabled) != Some(true)) {
            continue;
        }
        for (property, inner, names) in FORMATS {
            missing(context, &conversion, property, sink);
            for format in conversion.blocks(property) {
                missing(context, &format, inner, sink);
                for choice in format.blocks(inner) {
                    one_of(context, &choice, inner, names, sink);
                }
            }
        }
        missing(context, &conversion, "SchemaConfiguration", sink);
        for schema in conversion.blocks("SchemaConfiguration") {
            for property in OF_SCHEMA {
                missing(context, &schema, property, sink);
            }
        }
    }
}

fn missing(context: &Context<'_>, block: &Block<'_>, property: &str, sink: &mut Sink) {
    if block.lacks(property) {
        block
            .report(context, sink, &CONVERSION, property, format!("a conversion without `{property}`"))
            .help(format!("add `{property}`"));
    }
}

fn one_of(context: &Context<'_>, block: &Block<'_>, what: &str, names: &[&str], sink: &mut Sink) {
    let given: Vec<&&str> = names.iter().filter(|name| block.has(name)).collect();
    if let [_, second, ..] = given.as_slice() {
        block
            .report(context, sink, &CONVERSION, second, format!("a second entry in `{what}`"))
            .help("remove one of them");
    } else if names.iter().all(|name| block.lacks(name)) {
        block
            .report(context, sink, &CONVERSION, "", format!("nothing in `{what}`"))
            .help(format!("add {}", alternatives(names.iter().copied())));
    }
}
