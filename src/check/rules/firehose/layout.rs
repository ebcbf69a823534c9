//! Where objects lie, and where the table of them looks.

use super::expressions::expressions;
use super::shape::{of_prefix, of_template, refuses};
use super::{Destination, folders, partitioning, readable};
use crate::check::Context;
use crate::check::block::{Block, HOLE};
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::template::Resource;

codes! {
    /// Objects of a Firehose stream lie elsewhere than their table says.
    ///
    /// Athena looks for partitions where `storage.location.template` says, and for all else below `Location`. What lies
    /// elsewhere is not found, and the query has no rows.
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
    ///           storage.location.template: !Sub "s3://${Data}/orders/date=${!day}/"
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
    /// Source: Amazon Athena User Guide, "Set up partition projection", custom S3 storage locations.
    LAYOUT = Warning "layout-differs-from-table";

    /// Records that could not be delivered are written among the data of a table.
    ///
    /// A table without partitions is all that lies below its `Location`. The objects of errors have other fields, and
    /// are not compressed or converted like the data.
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
    ///         ErrorOutputPrefix: orders/errors/
    ///         CompressionFormat: GZIP
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
    /// Source: Amazon Athena User Guide, "Specify a table location in Amazon S3".
    AMONG = Warning "errors-among-data";
}

/// The parameter of a table that says where partitions lie.
pub const TEMPLATE: &str = "storage.location.template";

/// A table of the template whose data lies in a bucket of the template.
pub struct Table<'a> {
    resource: &'a Resource,
    pub input: Block<'a>,
    pub storage: Block<'a>,
    /// The key below which its data lies.
    pub path: String,
}

/// Checks a destination against the tables over its bucket.
pub fn check(context: &Context<'_>, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    if !destination.is_s3() {
        return;
    }
    let Some(bucket) = block.one("BucketARN").and_then(|arn| context.target(arn)) else { return };
    let Some(prefix) = prefix(block) else { return };
    let head = prefix.split("!{").next().unwrap_or_default();
    let schema = block.block("DataFormatConversionConfiguration").and_then(|all| all.block("SchemaConfiguration"));
    let named = schema.and_then(|schema| schema.one("TableName").and_then(|name| context.target(name)));
    for table in tables(context, bucket) {
        let is_named = named.is_some_and(|named| named.id == table.resource.id);
        let lies_below = head.starts_with(&table.path);
        let may_lie_below = lies_below || (head != prefix && table.path.starts_with(head));
        if is_named && !may_lie_below {
            let message = format!("objects lie below `{head}`, the table looks below `{}`", table.path);
            block
                .report(context, sink, &LAYOUT, "Prefix", message)
                .also(table.storage.place("Location"), "the table")
                .help(format!("begin the prefix with `{}`, or change `Location`", table.path));
        }
        let is_over = is_named || (lies_below && !table.path.is_empty());
        if is_over && may_lie_below {
            let is_told = projection(context, block, &table, &prefix, sink);
            errors(context, block, &table, sink);
            if !is_told {
                folders::check(context, block, &table, &prefix, sink);
            }
            readable::check(context, block, &table, sink);
        }
    }
}

/// The prefix of objects, with the time that Firehose adds; `None` if not all of it is known.
fn prefix(block: &Block<'_>) -> Option<String> {
    // Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    const DEFAULT: &str = "!{timestamp:yyyy/MM/dd/HH/}";
    let prefix = if block.lacks("Prefix") { String::new() } else { block.text("Prefix")? };
    let is_partitioned = partitioning::is_enabled(block)?;
    let adds_time = !is_partitioned && expressions(&prefix).next().is_none();
    let has_time = expressions(&prefix).any(|expression| expression.starts_with("timestamp:"));
    (adds_time || has_time || is_partitioned).then(|| if adds_time { format!("{prefix}{DEFAULT}") } else { prefix })
}

/// The tables over a bucket.
pub fn tables<'a>(context: &Context<'a>, bucket: &Resource) -> Vec<Table<'a>> {
    let table = |resource: &'a Resource| {
        let input = Block::of(context, resource).block("TableInput")?;
        let storage = input.block("StorageDescriptor")?;
        let location = storage.one("Location")?;
        context.target(location).filter(|target| target.id == bucket.id)?;
        let path = key_of(&crate::check::block::outline(location)?)?;
        let path = if path.is_empty() || path.ends_with('/') { path } else { format!("{path}/") };
        (!path.contains(HOLE)).then_some(Table { resource, input, storage, path })
    };
    context.of_type("AWS::Glue::Table").filter_map(table).collect()
}

/// The key in `s3://bucket/key`, where the bucket is not known.
pub fn key_of(location: &str) -> Option<String> {
    let rest = location.strip_prefix("s3://")?.strip_prefix(HOLE)?;
    if rest.is_empty() { Some(String::new()) } else { rest.strip_prefix('/').map(str::to_owned) }
}

/// Says whether partitions are computed that lie elsewhere.
fn projection(context: &Context<'_>, block: &Block<'_>, table: &Table<'_>, prefix: &str, sink: &mut Sink) -> bool {
    let Some(parameters) = table.input.block("Parameters") else { return false };
    if !parameters.is_true("projection.enabled") {
        return false;
    }
    // Source: Amazon Athena User Guide, "Set up partition projection": folders as Hive names them unless told otherwise.
    let template = if parameters.lacks(TEMPLATE) {
        folders::keys(&table.input).map(|keys| folders::usual(&table.path, &keys))
    } else {
        parameters.outlines(TEMPLATE).pop().and_then(|template| key_of(&template))
    };
    let Some(template) = template.filter(|template| !template.contains(HOLE)) else { return false };
    let Some(written) = of_prefix(prefix) else { return false };
    let looked_for = of_template(&template, |column| {
        let kind = parameters.text(&format!("projection.{column}.type"))?;
        match kind.as_str() {
            "date" => parameters.text(&format!("projection.{column}.format")),
            "integer" => Some("y".to_owned()),
            _ => None,
        }
    });
    let is_elsewhere = refuses(&written, &looked_for);
    if is_elsewhere {
        let place: Span =
            if parameters.lacks(TEMPLATE) { table.storage.place("Location") } else { parameters.place(TEMPLATE) };
        block
            .report(context, sink, &LAYOUT, "Prefix", "the table does not look for partitions where objects lie")
            .also(place, format!("it looks for `{template}`"))
            .help(format!("let the prefix and `{TEMPLATE}` name the same folders"));
    }
    is_elsewhere
}

fn errors(context: &Context<'_>, block: &Block<'_>, table: &Table<'_>, sink: &mut Sink) {
    let is_partitioned = !table.input.lacks("PartitionKeys")
        && table.input.one("PartitionKeys").and_then(|keys| keys.as_list()).is_none_or(|keys| !keys.is_empty());
    for errors in block.outlines("ErrorOutputPrefix") {
        let head = errors.split("!{").next().unwrap_or_default();
        if !is_partitioned && head.starts_with(&table.path) {
            let message = format!("errors lie among the data of `{}`", table.resource.id);
            block
                .report(context, sink, &AMONG, "ErrorOutputPrefix", message)
                .also(table.storage.place("Location"), "its data lies below")
                .help("write a prefix that does not begin like this, such as `errors/`");
        }
    }
}
