//! What objects are written as, and what the table of them reads.

use super::conversion;
use super::layout::Table;
use super::processors::Processors;
use crate::check::Context;
use crate::check::block::Block;
use crate::check::known::text;
use crate::diagnostics::Sink;

codes! {
    /// Objects of a Firehose stream are written or compressed as their table does not read them.
    ///
    /// Athena does not read ZIP archives. Objects in Parquet or ORC need a table with a reader of that format, and
    /// such a reader reads nothing of what is delivered as it came.
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
    ///           projection.day.type: date
    ///           projection.day.format: yyyy-MM-dd
    ///           projection.day.range: 2026-01-01,NOW
    ///           storage.location.template: !Sub "s3://${Data}/orders/day=${!day}/"
    ///         PartitionKeys: [{ Name: day, Type: string }]
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
    ///         Prefix: "orders/day=!{timestamp:yyyy-MM-dd}/"
    ///         ErrorOutputPrefix: errors/
    ///         CompressionFormat: ZIP
    ///         ProcessingConfiguration: { Enabled: true, Processors: [{ Type: AppendDelimiterToRecord }] }
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
    ///           projection.day.type: date
    ///           projection.day.format: yyyy-MM-dd
    ///           projection.day.range: 2026-01-01,NOW
    ///           storage.location.template: !Sub "s3://${Data}/orders/day=${!day}/"
    ///         PartitionKeys: [{ Name: day, Type: string }]
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
    ///         Prefix: "orders/day=!{timestamp:yyyy-MM-dd}/"
    ///         ErrorOutputPrefix: errors/
    ///         CompressionFormat: GZIP
    ///         ProcessingConfiguration: { Enabled: true, Processors: [{ Type: AppendDelimiterToRecord }] }
    /// ```
    ///
    /// Source: Amazon Athena User Guide, "Use compression in Athena".
    UNREADABLE = Warning "unreadable-for-table";
}

/// Words in the names of readers, by what writes such objects.
const WRITERS: &[(&str, &str)] = &[("ParquetSerDe", "parquet"), ("OrcSerDe", "orc")];

/// Checks a destination against a table over its objects.
pub fn check(context: &Context<'_>, block: &Block<'_>, table: &Table<'_>, sink: &mut Sink) {
    if block.values("CompressionFormat").into_iter().filter_map(text).any(|compression| compression == "ZIP") {
        block
            .report(context, sink, &UNREADABLE, "CompressionFormat", "Athena does not read ZIP archives")
            .also(table.storage.place("Location"), "the table")
            .help("write `GZIP`");
    }
    let Some(reader) = table.storage.block("SerdeInfo").and_then(|reader| reader.text("SerializationLibrary")) else {
        return;
    };
    unconverted(context, block, table, &reader, sink);
    let Some(writer) = conversion::serializer(block) else { return };
    for (name, word) in WRITERS {
        if writer.has(name) && !reader.to_ascii_lowercase().contains(word) {
            writer
                .report(context, sink, &UNREADABLE, name, format!("`{reader}` does not read what this writes"))
                .also(table.storage.place("SerdeInfo"), "the table")
                .help("name a reader of this format in `SerdeInfo`, with its input and output format");
        }
    }
}

/// Reports a table of columns over what is delivered as it came.
fn unconverted(context: &Context<'_>, block: &Block<'_>, table: &Table<'_>, reader: &str, sink: &mut Sink) {
    // A function may write anything.
    if conversion::may_be_enabled(block) || !Processors::of(block).lacks("Lambda") {
        return;
    }
    let reader = reader.to_ascii_lowercase();
    for (serializer, word) in WRITERS {
        if reader.contains(word) {
            let message = format!("records are delivered as they come, but the table reads {word}");
            block
                .report(context, sink, &UNREADABLE, "", message)
                .also(table.storage.place("SerdeInfo"), "the table")
                .help(format!("add `DataFormatConversionConfiguration` with `{serializer}`, or name another reader"));
        }
    }
}
