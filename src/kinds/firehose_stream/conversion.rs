//! Objects in columns: Parquet and ORC.

use indexmap::IndexMap;
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
    /// Names of JSON that no column can have, such as `ses:operation`, by their column; only with `from: json`.
    #[serde(default)]
    keys: IndexMap<Located<String>, Located<String>>,
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
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
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

    /// Names of JSON are given to a reader that knows none.
    ///
    /// Only `OpenX`'s reader gives columns other names than JSON has.
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
    ///     columns: { order_id: string }
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout: [orders]
    ///       convert: { to: parquet, table: orders, from: hive-json, keys: { order_id: "order:id" } }
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
    ///     columns: { order_id: string }
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout: [orders]
    ///       convert: { to: parquet, table: orders, keys: { order_id: "order:id" } }
    /// ```
    ///
    /// Source: Firehose API, `OpenXJsonSerDe` and `HiveJsonSerDe`.
    KEYS = Error "keys-for-another-reader";
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

    /// Reports names for a reader that takes none.
    pub fn check(&self, sink: &mut Sink) {
        if let (Reader::HiveJson, Some(column)) = (self.from, self.keys.keys().next()) {
            sink.report(&KEYS, column.span(), "the reader of Hive knows no other names of columns")
                .help("write `from: json`, or remove `keys`");
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
            Reader::Json => {
                let mut keys = Map::default();
                for (column, key) in &self.keys {
                    keys.push(&column.value, Origin::Written(column.span()), key.to_value(origin));
                }
                // Source: Firehose API, `OpenXJsonSerDe`.
                let settings = map!(origin; "ColumnToJsonKeyMappings" => (!keys.is_empty()).then_some(keys));
                map!(origin; "OpenXJsonSerDe" => settings)
            }
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
