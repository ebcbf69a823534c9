//! `glue-table`

mod hive;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::hive::Column;
use super::layout::{Layout, PathKey, Projection, Purpose, Step};
use super::site::join;
use super::{Access, Attribute, Component, Dataset, Format, Get, Grant, Kind, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Key, Map, Value};

/// A table of the Glue Data Catalog: what Athena queries, and what Firehose converts to columns by.
///
/// With `of` it follows the layout of a stream: where the objects are, which partitions there are and of which type.
/// Athena works out the partitions by itself, so that nothing has to be loaded or crawled.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to:
///       s3: archive
///       layout:
///         - orders
///         - region: { query: .region, missing: none, values: [eu, us, none] }
///         - day: { arrival: yyyy-MM-dd }
///   catalog:
///     kind: glue-database
///   orders:
///     kind: glue-table
///     database: catalog
///     of: delivery
///     columns: |
///       id string COMMENT 'of the order',
///       amount decimal(10,2),
///       items array<struct<sku:string,count:int>>
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Name of the table. The default is the name of the component with `_` for `-`.
    #[schemars(length(max = 255), regex(pattern = COLUMN_PATTERN))]
    name: Option<Located<String>>,
    /// What the table is about.
    description: Option<Text>,
    /// The `glue-database` of the table.
    database: Reference,
    /// The columns that are no partition keys: each with its type of Hive, or as in `CREATE TABLE`.
    columns: Columns,
    /// The component whose data it has.
    of: Option<Reference>,
    /// The value of keys of the layout that are not to be columns: it has only what is under them. A key that separates
    /// tables needs one.
    #[serde(default)]
    only: IndexMap<Located<String>, Located<String>>,
    /// The `s3-bucket` of its data, where no component says the layout.
    bucket: Option<Reference>,
    /// The folder of `bucket` that it reads.
    #[schemars(regex(pattern = super::schema::FOLDER_PATTERN))]
    prefix: Option<Located<String>>,
    /// The folders under `prefix`, with the partition keys among them.
    #[serde(default)]
    layout: Layout,
    /// The format of the objects. With `of` the default is what the stream writes, otherwise `json`.
    format: Option<Located<TableFormat>>,
    /// Parameters of the reader (the `SerDe`), such as `ignore.malformed.json`.
    #[serde(default)]
    options: IndexMap<Located<String>, Text>,
    /// Lines at the start of each object that hold no data.
    #[serde(default)]
    header_lines: u32,
    /// Whether Athena works out the partitions from what the layout says of each key. Otherwise they are added by a
    /// crawler or by hand.
    #[serde(default = "yes")]
    projection: bool,
}

/// Columns.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Columns {
    /// As in `CREATE TABLE`.
    #[serde(rename = "Text")]
    Ddl(Located<String>),
    /// Each with its type.
    #[serde(rename = "Map")]
    Types(IndexMap<Located<String>, Located<String>>),
}

impl JsonSchema for Columns {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Columns".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": COLUMN_PATTERN},
                "additionalProperties": {"type": "string"},
            },
        ]})
    }
}

/// The format of objects.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum TableFormat {
    /// JSON, an object on each line, with `OpenX`'s reader.
    Json,
    /// JSON, with Hive's reader.
    HiveJson,
    /// Apache Parquet.
    Parquet,
    /// Apache ORC.
    Orc,
    /// Values with commas between them; every column is a text.
    Csv,
}

codes! {
    /// A table says neither whose data it has nor in which bucket, or both.
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     columns: { id: string }
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
    ///     bucket: archive
    ///     prefix: orders/
    ///     columns: { id: string }
    /// ```
    SOURCE = Error "table-source";

    /// A column has a type that Hive does not have, or columns are not written as in `CREATE TABLE`.
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
    ///     bucket: archive
    ///     columns: { id: text }
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
    ///     bucket: archive
    ///     columns: { id: string }
    /// ```
    ///
    /// Source: Athena User Guide, "Data types in Amazon Athena".
    TYPE = Error "unknown-column-type";

    /// A column is there twice, or is a partition key, too, or has capital letters in its name.
    ///
    /// Athena refuses to read such a table; names with capitals are folded, so that they no longer fit.
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
    ///     bucket: archive
    ///     layout:
    ///       - day: { arrival: yyyy-MM-dd }
    ///     columns: { id: string, day: string }
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
    ///     bucket: archive
    ///     layout:
    ///       - day: { arrival: yyyy-MM-dd }
    ///     columns: { id: string }
    /// ```
    ///
    /// Source: Glue API, `TableInput`; Athena User Guide, "Name databases, tables, and columns".
    COLUMN = Error "unusable-column";

    /// Athena cannot work out the values of a partition key.
    ///
    /// Where one key has no projection, Athena refuses every query of the table.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant, injected: true }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string }
    /// ```
    ///
    /// Source: Athena User Guide, "Use partition projection with Amazon Athena".
    UNPROJECTED = Error "unprojected-key";

    /// A table follows a stream whose layout cannot be read as partitions.
    ///
    /// A key with `table: true` makes a table of each value; which of them this is, `only` says. A prefix that is
    /// written out has no keys for a table.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - type: { query: .type, table: true }
    ///         - day: { arrival: yyyy-MM-dd }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - type: { query: .type, table: true }
    ///         - day: { arrival: yyyy-MM-dd }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     only: { type: order }
    ///     columns: { id: string }
    /// ```
    LAYOUT = Error "unreadable-layout";

    /// The folder of a table is also that of records that could not be delivered.
    ///
    /// A table without partitions has all objects under its folder, in any depth: the errors, too.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, layout: [orders] }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string }
    /// ```
    ERRORS = Warning "errors-in-table";

    /// A table has another format than the stream writes.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, layout: [orders] }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     format: parquet
    ///     columns: { id: string }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, layout: [orders] }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string }
    /// ```
    FORMAT = Error "format-mismatch";
}

/// Names of tables and columns. Source: Athena User Guide, "Name databases, tables, and columns".
pub(super) const COLUMN_PATTERN: &str = "^[a-z0-9_]+$";

const TABLE: &str = "Table";

fn yes() -> bool {
    true
}

impl TableFormat {
    /// The classification, the formats of Hive for input and output, and its reader.
    ///
    /// Source: Athena User Guide, "Choose a `SerDe` for your data"; Glue Developer Guide, "Built-in classifiers".
    fn classes(self) -> (&'static str, &'static str, &'static str, &'static str) {
        const TEXT: &str = "org.apache.hadoop.mapred.TextInputFormat";
        const TEXT_OUT: &str = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";
        match self {
            Self::Json => ("json", TEXT, TEXT_OUT, "org.openx.data.jsonserde.JsonSerDe"),
            Self::HiveJson => ("json", TEXT, TEXT_OUT, "org.apache.hive.hcatalog.data.JsonSerDe"),
            Self::Csv => ("csv", TEXT, TEXT_OUT, "org.apache.hadoop.hive.serde2.OpenCSVSerde"),
            Self::Parquet => (
                "parquet",
                "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            ),
            Self::Orc => (
                "orc",
                "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
                "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
                "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
            ),
        }
    }

    fn of(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Parquet => Self::Parquet,
            Format::Orc => Self::Orc,
        }
    }

    /// What the stream would have to write.
    fn written(self) -> Option<Format> {
        match self {
            Self::Json | Self::HiveJson => Some(Format::Json),
            Self::Parquet => Some(Format::Parquet),
            Self::Orc => Some(Format::Orc),
            Self::Csv => None,
        }
    }
}

/// Where the objects are: the folders that all are in, the partitions below them, and how those are found.
#[derive(Default)]
struct Location {
    path: String,
    template: String,
    partitions: Vec<PathKey>,
}

impl Location {
    fn push_folder(&mut self, folder: &str) {
        for path in [&mut self.path, &mut self.template].into_iter().skip(usize::from(!self.partitions.is_empty())) {
            path.push_str(folder);
            path.push('/');
        }
    }

    fn push_key(&mut self, key: PathKey) {
        if key.hive {
            self.template.push_str(&key.name);
            self.template.push('=');
        }
        self.template.push_str("${");
        self.template.push_str(&key.name);
        self.template.push_str("}/");
        self.partitions.push(key);
    }
}

impl Table {
    fn name(&self, place: &Place) -> String {
        self.name.as_ref().map_or_else(|| place.name.replace('-', "_"), |name| name.value.clone())
    }

    /// The columns, as far as they are right.
    fn columns(&self) -> Vec<Column> {
        match &self.columns {
            Columns::Ddl(ddl) => hive::columns(&ddl.value).unwrap_or_default(),
            Columns::Types(types) => types
                .iter()
                .filter_map(|(name, kind)| {
                    let kind = hive::kind(&kind.value).ok()?;
                    Some(Column { name: name.value.clone(), kind, comment: None })
                })
                .collect(),
        }
    }

    /// Where the column with this name is written, if it is.
    fn column_span(&self, name: &str) -> Option<Span> {
        match &self.columns {
            Columns::Ddl(ddl) => self.columns().iter().any(|column| column.name == name).then(|| ddl.span()),
            Columns::Types(types) => types.keys().find(|key| key.value == name).map(Located::span),
        }
    }

    fn location(&self, dataset: Option<&Dataset>, scope: &Scope) -> Location {
        let mut location = Location::default();
        let steps = if let (Some(dataset), Some(of)) = (dataset, &self.of) {
            let Some(steps) = &dataset.steps else {
                let mut sink = scope.sink();
                sink.report(&LAYOUT, of.span(), format!("the prefix of `{}` is written out", of.name()))
                    .help("name its `bucket` and `prefix` instead, and write a `layout` for this table");
                return location;
            };
            steps.clone()
        } else {
            if let Some(prefix) = &self.prefix {
                location.push_folder(prefix.value.trim_end_matches('/'));
            }
            self.layout.steps()
        };
        for step in steps {
            match step {
                Step::Folder(name) => location.push_folder(&name),
                Step::Key(key) => {
                    let value = self.only.iter().find(|(name, _)| name.value == key.name).map(|(_, value)| value);
                    match value {
                        Some(value) if key.hive => location.push_folder(&format!("{}={}", key.name, value.value)),
                        Some(value) => location.push_folder(&value.value),
                        None => {
                            self.check_table_key(&key, scope);
                            location.push_key(key);
                        }
                    }
                }
            }
        }
        location
    }

    fn check_table_key(&self, key: &PathKey, scope: &Scope) {
        if let Some(of) = self.of.as_ref().filter(|_| key.table) {
            let mut sink = scope.sink();
            sink.report(&LAYOUT, of.span(), format!("each value of `{}` is a table of its own", key.name))
                .also(key.span, "by this key of the layout")
                .help(format!("add `only: {{ {}: … }}` with the value of this table", key.name));
        }
    }

    /// What can be said only once the layout is known.
    fn check_location(&self, location: &Location, dataset: Option<&Dataset>, scope: &Scope) {
        let mut sink = scope.sink();
        for key in &location.partitions {
            if let Some(column) = self.column_span(&key.name) {
                sink.report(&COLUMN, column, format!("`{}` is a partition key", key.name))
                    .also(key.span, "by this key of the layout")
                    .help("remove the column: partition keys are columns of the table already");
            }
            // A key with a source that makes no sense here was reported.
            let known = self.of.is_some() || !self.layout.is_dynamic();
            if self.projection && known && key.projection == Projection::None && !key.table {
                let place = self.of.as_ref().map_or(key.span, Reference::span);
                let report = sink.report(&UNPROJECTED, place, format!("nothing says the values of `{}`", key.name));
                report
                    .help("add `values`, `range` or `injected: true` to the key, or `projection: false` to the table");
                if self.of.is_some() {
                    report.also(key.span, "this key of the layout");
                }
            }
        }
        if let (Some(dataset), Some(of)) = (dataset, &self.of)
            && location.partitions.is_empty()
            && dataset.steps.is_some()
            && dataset.errors.starts_with(&location.path)
        {
            sink.report(
                &ERRORS,
                of.span(),
                format!("what `{}` could not deliver is in the folder of the table", of.name()),
            )
            .help("start the layout of the stream with a folder of its own, for example `data`");
        }
        if let (Some(dataset), Some(format)) = (dataset, &self.format)
            && format.value.written() != Some(dataset.format)
        {
            sink.report(&FORMAT, format.span(), "the stream writes another format")
                .help("leave out `format`, or change `to.convert` of the stream");
        }
    }

    fn parameters(&self, origin: Origin, classification: &str, location: &Location, bucket: &Value) -> Map {
        let mut parameters = map!(origin; "EXTERNAL" => "TRUE", "classification" => classification);
        if self.header_lines > 0 {
            parameters.push("skip.header.line.count", origin, self.header_lines.to_string());
        }
        if !self.projection || location.partitions.is_empty() {
            return parameters;
        }
        parameters.push("projection.enabled", origin, "true");
        for key in &location.partitions {
            let origin = Origin::Derived(key.span);
            for (setting, value) in projection(&key.projection) {
                parameters.push(&format!("projection.{}.{setting}", key.name), origin, value);
            }
        }
        let template = url(origin, bucket, &location.template);
        parameters.push("storage.location.template", origin, template);
        parameters
    }
}

/// The settings of a key, without their common start.
///
/// Source: Athena User Guide, "Supported types for partition projection".
fn projection(projection: &Projection) -> Vec<(&'static str, String)> {
    match projection {
        Projection::None => Vec::new(),
        Projection::Injected => vec![("type", "injected".to_owned())],
        Projection::Values(values) => vec![("type", "enum".to_owned()), ("values", values.join(","))],
        Projection::Integer { first, last, digits } => {
            let mut settings = vec![("type", "integer".to_owned()), ("range", format!("{first},{last}"))];
            settings.extend(digits.map(|digits| ("digits", digits.to_string())));
            settings
        }
        Projection::Date { format, first, last, unit } => vec![
            ("type", "date".to_owned()),
            ("format", format.clone()),
            ("range", format!("{first},{last}")),
            ("interval", "1".to_owned()),
            ("interval.unit", (*unit).to_owned()),
        ],
    }
}

fn url(origin: Origin, bucket: &Value, path: &str) -> Value {
    join(origin, &[Value::string(origin, "s3://"), bucket.clone(), Value::string(origin, format!("/{path}"))])
}

impl Component for Table {
    fn wires(&self) -> Vec<Wire<'_>> {
        let mut wires = vec![Wire { to: &self.database, access: Access::Query }];
        wires.extend(self.of.iter().map(|of| Wire { to: of, access: Access::FollowLayout }));
        wires.extend(self.bucket.iter().map(|bucket| Wire { to: bucket, access: Access::Locate }));
        wires
    }

    fn follow(&self, _dataset: &Dataset) -> Option<Access> {
        self.of.as_ref()?;
        Some(Access::Locate)
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        match (&self.of, &self.bucket) {
            (None, None) => {
                sink.report(&SOURCE, name, "this table does not say where its data is")
                    .help("add `of` with the name of a stream, or `bucket`");
            }
            (Some(of), Some(bucket)) => {
                sink.report(&SOURCE, bucket.span(), "`of` already says where the data is")
                    .also(of.span(), "`of` is here")
                    .help("keep either `of` or `bucket`");
            }
            (Some(of), None) if self.prefix.is_some() || !self.layout.is_empty() => {
                let message = format!("the layout of `{}` already says where the data is", of.name());
                sink.report(&SOURCE, of.span(), message).help("remove `prefix` and `layout`");
            }
            _ => {}
        }
        self.layout.check(Purpose::Table, None, sink);
        match &self.columns {
            Columns::Ddl(ddl) => match hive::columns(&ddl.value) {
                Err(mistake) => {
                    sink.report(&TYPE, ddl.span(), mistake.message).help(mistake.help);
                }
                Ok(columns) => check_names(&columns, ddl.span(), sink),
            },
            Columns::Types(types) => {
                for kind in types.values() {
                    if let Err(mistake) = hive::kind(&kind.value) {
                        sink.report(&TYPE, kind.span(), mistake.message).help(mistake.help);
                    }
                }
            }
        }
    }

    fn leads_on(&self, access: &Access, place: &Place) -> Option<Wire<'_>> {
        (*access == Access::ReadColumns)
            .then(|| Wire { to: &self.database, access: Access::ReadTable(self.name(place)) })
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        if *request.access != Access::ReadColumns {
            return Grant::default();
        }
        let address = Some(Value { origin: request.origin, ..place.reference(TABLE) });
        Grant { address, ..Grant::default() }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let dataset = self.of.as_ref().and_then(|of| site.peer(of)?.dataset());
        let location = self.location(dataset.as_ref(), scope);
        self.check_location(&location, dataset.as_ref(), scope);
        // The last wire is the one that leads to the bucket, written or followed.
        let bucket = site.granted.len().checked_sub(1).filter(|last| *last > 0).and_then(|last| site.address(last));
        let Some(bucket) = bucket else { return };
        let format = match (&self.format, &dataset) {
            (Some(format), _) => format.value,
            (None, Some(dataset)) => TableFormat::of(dataset.format),
            (None, None) => TableFormat::Json,
        };
        let (classification, input, output, reader) = format.classes();
        let options = self.options.iter().map(|(name, text)| {
            (Key { text: name.value.clone(), origin: Origin::Written(name.span()) }, scope.value(text))
        });
        let mut reading = map!(origin; "serialization.format" => "1");
        reading.0.extend(options);
        let columns: Vec<Map> = self
            .columns()
            .into_iter()
            .map(|column| map!(origin; "Name" => column.name, "Type" => column.kind, "Comment" => column.comment))
            .collect();
        let partitions: Vec<Map> = location
            .partitions
            .iter()
            .map(|key| map!(Origin::Derived(key.span); "Name" => key.name.as_str(), "Type" => key.column))
            .collect();
        let storage = map!(origin;
            "Columns" => columns,
            "Location" => url(origin, &bucket, &location.path),
            "InputFormat" => input,
            "OutputFormat" => output,
            "SerdeInfo" => map!(origin; "SerializationLibrary" => reader, "Parameters" => reading),
        );
        let input = map!(origin;
            "Name" => self.name(place),
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "TableType" => "EXTERNAL_TABLE",
            "Parameters" => self.parameters(origin, classification, &location, &bucket),
            "PartitionKeys" => (!partitions.is_empty()).then_some(partitions),
            "StorageDescriptor" => storage,
        );
        let properties = map!(origin;
            "CatalogId" => Value::reference(origin, "AWS::AccountId"),
            "DatabaseName" => site.address(0),
            "TableInput" => input,
        );
        site.add(TABLE, "AWS::Glue::Table", properties);
    }
}

fn check_names(columns: &[Column], span: Span, sink: &mut Sink) {
    for (at, column) in columns.iter().enumerate() {
        if columns[..at].iter().any(|first| first.name == column.name) {
            sink.report(&COLUMN, span, format!("there is a column `{}` already", column.name))
                .help("remove one of them");
        } else if column.name.chars().any(|c| c.is_ascii_uppercase()) {
            sink.report(&COLUMN, span, format!("the column `{}` has capital letters", column.name))
                .help(format!("write `{}`", column.name.to_lowercase()));
        }
    }
}

pub(super) static KIND: Kind = Kind {
    name: "glue-table",
    ports: &[Port::Columns],
    attributes: &[Attribute { name: "name", doc: "Name of the table.", get: Get::Ref(TABLE) }],
    codes: &[CODES],
    schema: super::model_schema::<Table>,
    decode: super::decode::<Table>,
};
