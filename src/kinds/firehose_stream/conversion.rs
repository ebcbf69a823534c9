//! Objects in columns: Parquet and ORC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::buffer::Compression;
use crate::blueprint::text::{Located, Reference};
use crate::diagnostics::Sink;
use crate::kinds::{Access, Format, Site, Wire};
use crate::map;
use crate::source::Origin;
use crate::template::{Map, Value};

/// How JSON becomes columns.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// The format.
    to: Columnar,
    /// The `glue-table` that says which columns there are.
    table: Reference,
    /// How records are read.
    #[serde(default)]
    from: Reader,
    /// How columns are compressed.
    #[serde(default)]
    compression: ColumnCompression,
}

/// A format in columns.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Columnar {
    /// Apache Parquet.
    Parquet,
    /// Apache ORC.
    Orc,
}

/// How records are read.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Reader {
    /// JSON, with `OpenX`'s reader: names of fields in any case.
    #[default]
    Json,
    /// JSON, with Hive's reader: times as `yyyy-MM-dd HH:mm:ss` or in milliseconds.
    HiveJson,
}

/// How columns are compressed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum ColumnCompression {
    /// Quickly.
    #[default]
    Snappy,
    /// Well: GZIP for Parquet, ZLIB for ORC.
    Small,
    /// Not at all.
    None,
}

codes! {
    /// Objects in columns are to be compressed as a whole.
    ///
    /// Formats in columns are compressed inside, column by column; Firehose refuses to compress them again.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string, amount: double }
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout: [orders]
    ///       convert: { to: parquet, table: orders }
    ///       compression: gzip
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string, amount: double }
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout: [orders]
    ///       convert: { to: parquet, table: orders, compression: small }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Convert input data format in Amazon Data Firehose".
    COMPRESSION = Error "compression-with-conversion";
}

impl Conversion {
    /// The wire to the table.
    pub fn wire(&self) -> Wire<'_> {
        Wire { to: &self.table, access: Access::ReadColumns }
    }

    /// The format of the objects.
    pub fn format(&self) -> Format {
        match self.to {
            Columnar::Parquet => Format::Parquet,
            Columnar::Orc => Format::Orc,
        }
    }

    /// Reports a compression of whole objects.
    pub fn check_compression(&self, compression: &Located<Compression>, sink: &mut Sink) {
        if !matches!(compression.value, Compression::None) {
            sink.report(&COMPRESSION, compression.span(), "objects in columns are compressed inside")
                .also(self.table.span(), "they are converted with this table")
                .help("leave out `compression`, or write it inside of `convert`");
        }
    }

    /// The configuration; the grant of the table's database follows the grants of all wires.
    pub fn compose(&self, site: &Site<'_>, wire: usize, role: &Value) -> Map {
        let origin = Origin::Derived(self.table.span());
        let reader = match self.from {
            Reader::Json => map!(origin; "OpenXJsonSerDe" => Map::default()),
            Reader::HiveJson => map!(origin; "HiveJsonSerDe" => Map::default()),
        };
        // Source: Firehose API, `ParquetSerDe` and `OrcSerDe`.
        let (serializer, compression) = match (self.to, self.compression) {
            (Columnar::Parquet, ColumnCompression::Snappy) => ("ParquetSerDe", "SNAPPY"),
            (Columnar::Parquet, ColumnCompression::Small) => ("ParquetSerDe", "GZIP"),
            (Columnar::Parquet, ColumnCompression::None) => ("ParquetSerDe", "UNCOMPRESSED"),
            (Columnar::Orc, ColumnCompression::Snappy) => ("OrcSerDe", "SNAPPY"),
            (Columnar::Orc, ColumnCompression::Small) => ("OrcSerDe", "ZLIB"),
            (Columnar::Orc, ColumnCompression::None) => ("OrcSerDe", "NONE"),
        };
        let schema = map!(origin;
            "CatalogId" => Value::reference(origin, "AWS::AccountId"),
            "DatabaseName" => site.address_behind(wire),
            "TableName" => site.address(wire),
            "Region" => Value::reference(origin, "AWS::Region"),
            "RoleARN" => role.clone(),
            "VersionId" => "LATEST",
        );
        let writer = map!(origin; serializer => map!(origin; "Compression" => compression));
        map!(origin;
            "Enabled" => true,
            "InputFormatConfiguration" => map!(origin; "Deserializer" => reader),
            "OutputFormatConfiguration" => map!(origin; "Serializer" => writer),
            "SchemaConfiguration" => schema,
        )
    }
}
