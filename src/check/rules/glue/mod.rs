//! AWS Glue: databases, tables, views and crawlers.

pub mod crawler;
pub mod projection;
pub mod view;

use crate::check::Context;
use crate::check::known::text;
use crate::diagnostics::Sink;
use crate::template::{Map, Resource, Value, hive};

codes! {
    /// A name in the catalog has capital letters.
    ///
    /// Glue stores names of databases, tables and columns in small letters. Whoever compares names exactly, policies and
    /// deployments that import the name among them, then finds another one.
    ///
    /// ```yaml
    /// Resources:
    ///   Sales:
    ///     Type: AWS::Glue::Database
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseInput: { Name: SalesData }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Sales:
    ///     Type: AWS::Glue::Database
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseInput: { Name: sales_data }
    /// ```
    ///
    /// Source: Glue API, `DatabaseInput` and `TableInput`, `Name`.
    FOLDED = Warning "capitals-in-catalog";

    /// A table has a column twice, or a partition key that is a column too.
    ///
    /// Athena reads the value of a partition key from the path. Queries of such a table fail.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         PartitionKeys: [{ Name: day, Type: string }]
    ///         StorageDescriptor:
    ///           Columns: [{ Name: id, Type: string }, { Name: day, Type: string }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         PartitionKeys: [{ Name: day, Type: string }]
    ///         StorageDescriptor:
    ///           Columns: [{ Name: id, Type: string }]
    /// ```
    ///
    /// Source: Athena User Guide, "Troubleshooting in Athena" (`HIVE_INVALID_METADATA`, duplicate columns).
    REPEATED = Warning "repeated-table-column";

    /// A column has a type that Hive does not know.
    ///
    /// Glue takes any text; queries then fail.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         StorageDescriptor:
    ///           Columns: [{ Name: id, Type: text }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         StorageDescriptor:
    ///           Columns: [{ Name: id, Type: string }]
    /// ```
    ///
    /// Source: Athena User Guide, "Data types in Amazon Athena"; Hive Language Manual, "Types".
    TYPE = Warning "not-a-hive-type";

    /// The reader of a table's records is for another format than its files have.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         StorageDescriptor:
    ///           InputFormat: org.apache.hadoop.mapred.TextInputFormat
    ///           SerdeInfo: { SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         StorageDescriptor:
    ///           InputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat
    ///           SerdeInfo: { SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe }
    /// ```
    ///
    /// Source: Athena User Guide, "Supported SerDes and data formats".
    FORMAT = Warning "serde-for-other-format";
}

/// Readers with the formats of the files that they read.
///
/// Source: Athena User Guide, "Supported SerDes and data formats".
const FORMATS: &[(&str, &str)] = &[
    ("com.amazonaws.glue.serde.GrokSerDe", TEXT),
    ("org.apache.hadoop.hive.ql.io.orc.OrcSerde", "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat"),
    (
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    ),
    ("org.apache.hadoop.hive.serde2.avro.AvroSerDe", "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat"),
    ("org.apache.hadoop.hive.serde2.OpenCSVSerde", TEXT),
    ("org.apache.hadoop.hive.serde2.RegexSerDe", TEXT),
    ("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", TEXT),
    ("org.apache.hive.hcatalog.data.JsonSerDe", TEXT),
    ("org.openx.data.jsonserde.JsonSerDe", TEXT),
];

const TEXT: &str = "org.apache.hadoop.mapred.TextInputFormat";

/// Other formats that nobody but one reader reads; readers of text go with more formats than that of text.
const COLUMNAR: &[&str] = &[
    "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
    "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
];

/// A table of the template.
pub struct Table<'a> {
    resource: &'a Resource,
    input: &'a Map,
}

impl<'a> Table<'a> {
    fn of(resource: &'a Resource) -> Option<Self> {
        Some(Self { resource, input: resource.properties.get("TableInput")?.as_map()? })
    }

    fn parameter(&self, name: &str) -> Option<&'a Value> {
        self.input.get("Parameters")?.as_map()?.get(name)
    }

    /// The columns or partition keys, each with the path that leads to it.
    fn columns(&self, keys: bool) -> Vec<(Vec<String>, &'a Map)> {
        let (list, path): (_, &[&str]) = if keys {
            (self.input.get("PartitionKeys"), &["TableInput", "PartitionKeys"])
        } else {
            let storage = self.input.get("StorageDescriptor").and_then(Value::as_map);
            (storage.and_then(|map| map.get("Columns")), &["TableInput", "StorageDescriptor", "Columns"])
        };
        let items = list.and_then(Value::as_list).unwrap_or_default().iter().enumerate();
        items
            .filter_map(|(index, item)| {
                let mut path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
                path.push(index.to_string());
                Some((path, item.as_map()?))
            })
            .collect()
    }

    /// Whether it is a view, whose columns have the types of its query engine.
    fn is_view(&self) -> bool {
        self.input.get("TableType").and_then(text).is_some_and(|kind| kind == "VIRTUAL_VIEW")
    }

    /// Whether its format has types of its own, as Iceberg's.
    fn has_own_types(&self) -> bool {
        let format = self.parameter("table_type").and_then(text).is_some_and(|kind| !kind.eq_ignore_ascii_case("hive"));
        let linked = self.input.get("TargetTable").is_some();
        format || linked || self.resource.properties.get("OpenTableFormatInput").is_some()
    }
}

fn joined<'p>(path: &'p [String], last: &'p str) -> Vec<&'p str> {
    path.iter().map(String::as_str).chain([last]).collect()
}

/// Checks the catalog of a template.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for database in context.of_type("AWS::Glue::Database") {
        let name = database.properties.get("DatabaseInput").and_then(Value::as_map).and_then(|map| map.get("Name"));
        check_name(context, database, name, &["DatabaseInput", "Name"], "a database", sink);
    }
    for table in context.of_type("AWS::Glue::Table").filter_map(Table::of) {
        check_name(context, table.resource, table.input.get("Name"), &["TableInput", "Name"], "a table", sink);
        check_columns(context, &table, sink);
        check_capitals(context, &table, sink);
        check_format(context, &table, sink);
        projection::check(context, &table, sink);
        view::check(context, &table, sink);
    }
    for crawler in context.of_type("AWS::Glue::Crawler") {
        crawler::check(context, crawler, sink);
    }
}

fn check_name(
    context: &Context<'_>,
    resource: &Resource,
    name: Option<&Value>,
    path: &[&str],
    what: &str,
    sink: &mut Sink,
) {
    let Some(name) = name.and_then(text) else { return };
    if name.chars().any(char::is_uppercase) {
        context
            .report(
                sink,
                &FOLDED,
                resource,
                path,
                format!("`{name}` as the name of {what}, which is stored in small letters"),
            )
            .help(format!("write `{}`", name.to_lowercase()));
    }
}

fn check_columns(context: &Context<'_>, table: &Table<'_>, sink: &mut Sink) {
    let mut seen: Vec<(String, bool, Vec<String>)> = Vec::new();
    for keys in [false, true] {
        for (path, column) in table.columns(keys) {
            let Some(name) = column.get("Name").and_then(text) else { continue };
            let lower = name.to_lowercase();
            let place = joined(&path, "Name");
            if let Some((_, _, first)) = seen.iter().find(|(known, ..)| *known == lower) {
                let what = if keys { "a partition key that is a column too" } else { "a column that is there already" };
                let first = context.place(table.resource, &joined(first, "Name"));
                context
                    .report(sink, &REPEATED, table.resource, &place, format!("`{name}` is {what}"))
                    .also(first, "here")
                    .help("remove one of them, or give it another name");
            }
            seen.push((lower, keys, path.clone()));
            let kind = column.get("Type").and_then(text);
            if let Some(kind) = kind.filter(|_| !table.is_view() && !table.has_own_types())
                && let Err(mistake) = hive::kind(&kind)
                && !is_hive_elsewhere(&kind)
            {
                let place = joined(&path, "Type");
                context.report(sink, &TYPE, table.resource, &place, mistake.message).help(mistake.help);
            }
        }
    }
}

/// Reports the first column with capitals, for all of them: Athena folds them, so the schema and the queries differ.
fn check_capitals(context: &Context<'_>, table: &Table<'_>, sink: &mut Sink) {
    let columns = [true, false].into_iter().flat_map(|keys| table.columns(keys));
    let named = columns.filter_map(|(path, column)| Some((path, column.get("Name").and_then(text)?)));
    let folded: Vec<_> = named.filter(|(_, name)| name.chars().any(char::is_uppercase)).collect();
    let Some((path, name)) = folded.first().filter(|_| !table.has_own_types()) else { return };
    let rest = match folded.len() {
        1 => String::new(),
        count => format!(", as of {} more", count - 1),
    };
    context
        .report(
            sink,
            &FOLDED,
            table.resource,
            &joined(path, "Name"),
            format!("`{name}` as the name of a column, which is read in small letters{rest}"),
        )
        .help(format!("write `{}`", name.to_lowercase()));
}

/// Types that Hive has, though Athena does not, and names that only other readers than ours take.
///
/// Source: Hive Language Manual, "Types".
fn is_hive_elsewhere(kind: &str) -> bool {
    let kind = kind.to_lowercase();
    let quoted = kind.contains('`') || kind.contains('"');
    // The names of fields may hold more than letters.
    let odd = kind.split(['<', ',']).any(|part| {
        part.split_once(':').is_some_and(|(name, _)| !name.trim().chars().all(|c| c.is_alphanumeric() || c == '_'))
    });
    quoted
        || odd
        || ["uniontype", "interval", "void", "timestamp with", "timestamp without", "timestamptz", "double precision"]
            .iter()
            .any(|name| kind.contains(name))
        || matches!(kind.as_str(), "numeric" | "real" | "super")
}

fn check_format(context: &Context<'_>, table: &Table<'_>, sink: &mut Sink) {
    let Some(storage) = table.input.get("StorageDescriptor").and_then(Value::as_map) else { return };
    let library = storage.get("SerdeInfo").and_then(Value::as_map).and_then(|map| map.get("SerializationLibrary"));
    let (Some(library), Some(format)) = (library.and_then(text), storage.get("InputFormat").and_then(text)) else {
        return;
    };
    let Some((_, wanted)) = FORMATS.iter().find(|(known, _)| *known == library) else { return };
    let readable = if *wanted == TEXT { !COLUMNAR.contains(&format.as_str()) } else { format == *wanted };
    if !readable {
        let path = ["TableInput", "StorageDescriptor", "InputFormat"];
        let message = format!("`{}` does not read `{}`", short(&library), short(&format));
        context
            .report(sink, &FORMAT, table.resource, &path, message)
            .help(format!("write `InputFormat: {wanted}`, or another `SerializationLibrary`"));
    }
}

/// The last part of the name of a class.
fn short(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}
