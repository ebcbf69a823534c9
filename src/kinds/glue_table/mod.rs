//! `glue-table`

mod columns;
mod location;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use self::columns::COLUMN_PATTERN;
use self::columns::Columns;
use self::location::{Location, url};
use super::layout::{Purpose, TableLayout};
use super::relation::Relation;
use super::standing::{Policy, Properties, Standing};
use super::{
    Access, Attribute, Component, Dataset, Format, Found, Get, Grant, Kind, Peers, Place, Port, Request, Scope, Site,
    Wire,
};
use crate::blueprint::text::{Located, Part, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::hive::Column;
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
    layout: TableLayout,
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

impl Table {
    fn name(&self, place: &Place) -> String {
        self.name.as_ref().map_or_else(|| place.name.replace('-', "_"), |name| name.value.clone())
    }

    fn parameters(&self, origin: Origin, classification: &str, location: &Location, bucket: &Value) -> Map {
        let mut parameters = map!(origin; "EXTERNAL" => "TRUE", "classification" => classification);
        if self.header_lines > 0 {
            parameters.push("skip.header.line.count", origin, self.header_lines.to_string());
        }
        if self.projection && !location.partitions.is_empty() {
            parameters.0.extend(location.projection(origin, bucket).0);
        }
        parameters
    }
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
            (Some(of), None) if self.prefix.is_some() || !self.layout.0.is_empty() => {
                let message = format!("the layout of `{}` already says where the data is", of.name());
                sink.report(&SOURCE, of.span(), message).help("remove `prefix` and `layout`");
            }
            _ => {}
        }
        self.layout.0.check(Purpose::Table, None, sink);
        self.columns.check(sink);
    }

    fn columns(&self, _place: &Place, peers: &Peers<'_>, scope: &Scope) -> Option<Vec<Column>> {
        let dataset = self.of.as_ref().and_then(|of| match scope.find(of) {
            Found::Component(name) => peers.get(name.as_str())?.dataset(),
            _ => None,
        });
        let keys = self.location(dataset.as_ref(), scope).partitions.into_iter();
        let keys = keys.map(|key| Column { name: key.name, kind: key.column.to_owned(), comment: None });
        Some(self.columns.read().into_iter().chain(keys).collect())
    }

    fn relation(&self, place: &Place) -> Option<Relation<'_>> {
        let name = Some(self.name(place));
        Some(Relation { name, database: Some(&self.database), role: TABLE, script: None })
    }

    fn leads_on(&self, access: &Access, place: &Place) -> Option<Wire<'_>> {
        (*access == Access::ReadColumns)
            .then(|| Wire { to: &self.database, access: Access::ReadTable(self.name(place)) })
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        accept(request, place)
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
            .columns
            .read()
            .into_iter()
            .map(|column| {
                let origin = self.columns.span_of(&column.name).map_or(origin, Origin::Derived);
                map!(origin; "Name" => column.name, "Type" => column.kind, "Comment" => column.comment)
            })
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

/// What a use of a table needs: the rights are on its database.
fn accept(request: &Request<'_>, place: &Place) -> Grant {
    if *request.access != Access::ReadColumns {
        return Grant::default();
    }
    let address = Some(Value { origin: request.origin, ..place.reference(TABLE) });
    Grant { address, ..Grant::default() }
}

/// A table as a raw resource: who reads its columns needs its name and its database.
#[derive(Debug)]
struct Described {
    name: String,
    database: Option<Reference>,
}

impl Described {
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        let reads = |access: &Access| *access == Access::ReadColumns;
        let database = properties.text(&["DatabaseName"]).and_then(|text| match text.parts.as_slice() {
            [Part::Reference(path, span)] => Reference::of_attribute(path, *span),
            _ => None,
        });
        if let Some(tree) = properties.get(&["DatabaseName"]).filter(|_| database.is_none()) {
            let why = "its database is no component".to_owned();
            properties.note(why, "write `${catalog.name}` with the name of a `glue-database`", tree.span, reads);
        }
        let path = ["TableInput", "Name"];
        let name = properties.literal(&path);
        if let Some(tree) = properties.get(&path).or(properties.get(&["TableInput"])).filter(|_| name.is_none()) {
            let why = "its name is not written out".to_owned();
            properties.note(why, "write the name of the table in `TableInput`", tree.span, reads);
        }
        Box::new(Self { name: name.unwrap_or_default(), database })
    }
}

impl Component for Described {
    fn relation(&self, _place: &Place) -> Option<Relation<'_>> {
        let name = Some(self.name.clone()).filter(|name| !name.is_empty());
        Some(Relation { name, database: self.database.as_ref(), role: TABLE, script: None })
    }

    fn leads_on(&self, access: &Access, _place: &Place) -> Option<Wire<'_>> {
        let to = self.database.as_ref().filter(|_| *access == Access::ReadColumns && !self.name.is_empty())?;
        Some(Wire { to, access: Access::ReadTable(self.name.clone()) })
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        accept(request, place)
    }

    fn compose(&self, _site: &mut Site<'_>) {}
}

pub(super) static KIND: Kind = Kind {
    name: "glue-table",
    ports: &[Port::Columns],
    attributes: &[
        Attribute { name: "name", doc: "Name of the table.", get: Get::Ref(TABLE) },
        Attribute { name: "database", doc: "Name of its database.", get: Get::Property(TABLE, &["DatabaseName"]) },
        Attribute {
            name: "location",
            doc: "Where its objects are, as `s3://…/`.",
            get: Get::Property(TABLE, &["TableInput", "StorageDescriptor", "Location"]),
        },
        Attribute {
            name: "arn",
            doc: "ARN of the table.",
            get: Get::Text(
                TABLE,
                "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:table/{DatabaseName}/{}",
            ),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Glue::Table"],
        role: TABLE,
        without: &[],
        policy: Policy::Free,
        read: Described::read,
    }),
    codes: &[CODES, columns::CODES, location::CODES],
    schema: super::model_schema::<Table>,
    decode: super::decode::<Table>,
};
