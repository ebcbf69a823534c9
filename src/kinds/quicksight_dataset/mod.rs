//! `quicksight-dataset`

mod field;
mod refresh;
mod warehouse;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use self::field::{Field, FieldType};
pub(super) use self::refresh::{CLOCK_PATTERN, DAY_PATTERN};
use self::refresh::{Incremental, Refresh};
use super::relation::Around;
use super::sharing::{self, Actions, Sharing};
use super::site::columns;
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Found, Get, Grant, Kind, Peers, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{FileReference, Located, Reference, Script, Text};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::hive::Column;
use crate::template::{Map, Value};

/// A data set of QuickSight: the fields that dashboards show, of a table or of a query.
///
/// The columns of a table and their types follow from the table. QuickSight takes no arrays, maps and structs: they are
/// left out. What is done to columns is done in this order: `cast`, `rename`, `calculate`.
///
/// A data set with `import: direct` asks its source whenever someone looks; one with `import: spice` keeps a copy, which
/// is as old as its last refresh.
///
/// ```yaml
/// parameters:
///   Analysts: { type: string, description: ARN of the group of QuickSight that makes dashboards. }
/// components:
///   archive:
///     kind: s3-bucket
///   catalog:
///     kind: glue-database
///   orders:
///     kind: glue-table
///     database: catalog
///     bucket: archive
///     columns: { id: string, amount: "decimal(10,2)", placed_at: timestamp, items: "array<string>" }
///   analytics:
///     kind: quicksight-source
///     athena: {}
///     owners: ["${Analysts}"]
///   all-orders:
///     kind: quicksight-dataset
///     source: analytics
///     table: orders
///     rename: { placed_at: Time }
///     calculate:
///       Large: { formula: "ifelse({amount} > 100, 1, 0)", type: integer }
///     import: spice
///     refresh: [{ every: day, at: "06:30", time_zone: Europe/Berlin }]
///     owners: ["${Analysts}"]
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// How it is called in QuickSight. The default is the name of the stack, `-` and the name of the component.
    title: Option<Text>,
    /// The `quicksight-source` that it asks.
    source: Reference,
    /// The table or view whose columns it has; with `relation`, a component that makes tables in Redshift.
    table: Option<Reference>,
    /// Which table or view of Redshift it has, for example `public.trips`. The schema is `public` if none is written.
    #[schemars(regex(pattern = RELATION_PATTERN))]
    relation: Option<Located<String>>,
    /// The query whose result it is, or the file beside the blueprint that holds it. `${ }` works in both.
    sql: Option<Script>,
    /// The columns of the result of `sql`, each with its type; of a table only where its own columns or their types are
    /// not known.
    #[serde(default)]
    columns: IndexMap<Located<String>, Located<FieldType>>,
    /// The columns of the table that it has. The default is all that QuickSight takes.
    #[serde(default)]
    only: Vec<Located<String>>,
    /// Columns that get another type.
    #[serde(default)]
    cast: IndexMap<Located<String>, Cast>,
    /// Columns that get another name, and which.
    #[serde(default)]
    rename: IndexMap<Located<String>, Located<String>>,
    /// Fields that are calculated for each row.
    #[serde(default)]
    calculate: IndexMap<Located<String>, Calculated>,
    /// Whether a copy is kept.
    #[serde(default)]
    import: Import,
    /// When the copy is made anew.
    #[serde(default)]
    #[schemars(length(max = 5))]
    refresh: Vec<Refresh>,
    /// What an incremental refresh reads.
    incremental: Option<Incremental>,
    /// Who may change it and share it on: `group/default/NAME`, `user/default/NAME`, or an ARN.
    #[schemars(length(min = 1, max = 64))]
    owners: Vec<Text>,
    /// Who may make dashboards of it.
    #[serde(default)]
    #[schemars(length(max = 63))]
    readers: Vec<Text>,
    /// The region in which the account subscribed to QuickSight, which has its users and groups. The default is the
    /// region of the stack.
    identity_region: Option<Text>,
}

/// Whether a copy of the data is kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Import {
    /// No: the source is asked.
    #[default]
    Direct,
    /// Yes, in SPICE.
    Spice,
}

/// Another type for a column.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Cast {
    /// The type alone.
    #[serde(rename = "Text")]
    Type(Located<FieldType>),
    /// With the form of times in text.
    #[serde(rename = "Map")]
    Formatted(Formatted),
}

/// Another type for a column with text in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FormattedCast")]
struct Formatted {
    /// The type.
    to: Located<FieldType>,
    /// The form of times in text, for example `yyyy-MM-dd HH:mm:ss`.
    #[schemars(length(min = 1, max = 32))]
    format: Option<Located<String>>,
}

impl JsonSchema for Cast {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cast".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [generator.subschema_for::<FieldType>(), generator.subschema_for::<Formatted>()]})
    }
}

/// A field that is calculated.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CalculatedField")]
struct Calculated {
    /// The formula, in the language of QuickSight, with other fields in `{ }`.
    #[schemars(length(min = 1, max = 250_000))]
    formula: Located<String>,
    /// The type of what it gives.
    #[serde(rename = "type")]
    kind: Located<FieldType>,
}

codes! {
    /// A data set says neither which table it has nor by which query, or both.
    ///
    /// The columns of a table are known; those of a query have to be written, as QuickSight asks for their types before
    /// it runs it.
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT id FROM orders
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT id FROM orders
    ///     columns: { id: string }
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Source: QuickSight API Reference, `PhysicalTable`, `RelationalTable` and `CustomSql`.
    CONTENT = Error "unclear-dataset";

    /// Something names a field that its data set does not have, or a column that its table does not have.
    ///
    /// QuickSight tells the difference between capital and small letters.
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT id FROM orders
    ///     columns: { id: string }
    ///     rename: { Id: Number }
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT id FROM orders
    ///     columns: { id: string }
    ///     rename: { id: Number }
    ///     owners: [group/default/analysts]
    /// ```
    UNKNOWN_FIELD = Error "unknown-field";

    /// A field has a type with which it cannot be used so.
    ///
    /// Only numbers have a sum, only times have days and months, only text has categories to choose from, and QuickSight
    /// reads no arrays, maps and structs.
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT customer, amount FROM orders
    ///     columns: { customer: string, amount: decimal }
    ///     owners: [group/default/analysts]
    ///   overview:
    ///     kind: quicksight-dashboard
    ///     sheets:
    ///       all:
    ///         of: orders
    ///         rows: [[{ show: kpi, values: [{ sum: customer }] }]]
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT customer, amount FROM orders
    ///     columns: { customer: string, amount: decimal }
    ///     owners: [group/default/analysts]
    ///   overview:
    ///     kind: quicksight-dashboard
    ///     sheets:
    ///       all:
    ///         of: orders
    ///         rows: [[{ show: kpi, values: [{ sum: amount }] }]]
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Source: QuickSight User Guide, "Supported data types and values"; QuickSight API Reference, `MeasureField`.
    TYPE = Error "field-of-another-type";

    /// Two fields of a data set have one name.
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT id, customer FROM orders
    ///     columns: { id: string, customer: string }
    ///     rename: { id: customer }
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT id, customer FROM orders
    ///     columns: { id: string, customer: string }
    ///     rename: { id: number }
    ///     owners: [group/default/analysts]
    /// ```
    SAME_NAME = Error "same-field";
}

const DATA_SET: &str = "DataSet";
const TYPE_NAME: &str = "AWS::QuickSight::DataSet";

/// A table, perhaps with its schema.
const RELATION_PATTERN: &str = r"^[a-z_][a-z0-9_]{0,126}(\.[a-z_][a-z0-9_]{0,126})?$";

/// The catalog of Glue, as Athena calls it. Source: Athena User Guide, "Use AWS Glue Data Catalog".
const CATALOG: &str = "AwsDataCatalog";

/// Source: QuickSight API Reference, `CreateDataSet`, `Permissions`; terraform-provider-aws issues 33907 and 39219, for
/// the actions on refreshes that belong to it.
const ACTIONS: Actions = Actions {
    owner: &[
        "quicksight:CancelIngestion",
        "quicksight:CreateIngestion",
        "quicksight:CreateRefreshSchedule",
        "quicksight:DeleteDataSet",
        "quicksight:DeleteDataSetRefreshProperties",
        "quicksight:DeleteRefreshSchedule",
        "quicksight:DescribeDataSet",
        "quicksight:DescribeDataSetPermissions",
        "quicksight:DescribeDataSetRefreshProperties",
        "quicksight:DescribeIngestion",
        "quicksight:DescribeRefreshSchedule",
        "quicksight:ListIngestions",
        "quicksight:ListRefreshSchedules",
        "quicksight:PassDataSet",
        "quicksight:PutDataSetRefreshProperties",
        "quicksight:UpdateDataSet",
        "quicksight:UpdateDataSetPermissions",
        "quicksight:UpdateRefreshSchedule",
    ],
    reader: &[
        "quicksight:DescribeDataSet",
        "quicksight:DescribeDataSetPermissions",
        "quicksight:DescribeIngestion",
        "quicksight:ListIngestions",
        "quicksight:PassDataSet",
    ],
    namespaces: false,
};

/// A column as it comes in.
struct Input {
    name: String,
    /// Its type when it comes in.
    kind: &'static str,
    /// Its type as a field.
    field: FieldType,
    origin: Origin,
}

impl Cast {
    fn to(&self) -> &Located<FieldType> {
        match self {
            Self::Type(kind) => kind,
            Self::Formatted(cast) => &cast.to,
        }
    }

    fn format(&self) -> Option<&Located<String>> {
        match self {
            Self::Type(_) => None,
            Self::Formatted(cast) => cast.format.as_ref(),
        }
    }
}

impl Dataset {
    /// Whether a copy is kept.
    fn is_kept(&self) -> bool {
        self.import == Import::Spice
    }

    fn sharing(&self) -> Sharing<'_> {
        Sharing { owners: &self.owners, readers: &self.readers, region: self.identity_region.as_ref() }
    }

    /// The columns that come in. What is wrong with them is reported.
    fn inputs(&self, place: &Place, peers: &Peers<'_>, scope: &Scope) -> Vec<Input> {
        let written = self.columns.iter().map(|(name, kind)| Input {
            name: name.value.clone(),
            kind: kind.value.name(),
            field: kind.value,
            origin: Origin::Written(name.span()),
        });
        let Some(table) = self.table.as_ref().filter(|_| self.sql.is_none()) else { return written.collect() };
        if let Some(relation) = &self.relation {
            return self.in_warehouse(table, relation, Around { peers, scope, origin: place.origin });
        }
        let Some(known) = columns(table, Port::Columns, peers, scope) else {
            if self.columns.is_empty() && leads_to_columns(table, scope) {
                let message = format!("the columns of `{}` are not known", table.name());
                scope.sink().report(&CONTENT, table.span(), message).help("write them with their types as `columns`");
            }
            return written.collect();
        };
        if let Some(first) = self.columns.keys().next() {
            let message = format!("`{}` says its columns itself", table.name());
            scope.sink().report(&CONTENT, first.span(), message).help("remove `columns`; `only` takes some of them");
        }
        let input = |column: &Column, origin: Origin| {
            let (kind, field) = field::of_hive(&column.kind)?;
            Some(Input { name: column.name.clone(), kind, field, origin })
        };
        if self.only.is_empty() {
            return known.iter().filter_map(|column| input(column, place.origin)).collect();
        }
        let mut inputs = Vec::new();
        for name in &self.only {
            let mut sink = scope.sink();
            let Some(column) = known.iter().find(|column| column.name == name.value) else {
                report_missing(name, "column", known.iter().map(|column| column.name.as_str()), &mut sink);
                continue;
            };
            if let Some(input) = input(column, Origin::Written(name.span())) {
                inputs.push(input);
            } else {
                let message = format!("QuickSight does not read `{}`, which is `{}`", column.name, column.kind);
                sink.report(&TYPE, name.span(), message).help("leave it out, or take it apart in `sql`");
            }
        }
        inputs
    }

    /// The fields that it has in the end. What is wrong is reported, so that each user of them tells it once more; the
    /// same finding is shown once.
    fn fields(&self, inputs: &[Input], scope: &Scope) -> Vec<Field> {
        let mut sink = scope.sink();
        let mut fields: Vec<Field> =
            inputs.iter().map(|input| Field { name: input.name.clone(), kind: input.field }).collect();
        for (name, cast) in &self.cast {
            match fields.iter_mut().find(|field| field.name == name.value) {
                Some(field) => {
                    if let Some(format) = cast.format()
                        && (cast.to().value != FieldType::Datetime || field.kind != FieldType::String)
                    {
                        sink.report(&TYPE, format.span(), "only text that becomes a `datetime` has a format")
                            .help("remove `format`");
                    }
                    field.kind = cast.to().value;
                }
                None => report_unknown(name, &fields, &mut sink),
            }
        }
        let before = fields.clone();
        for (name, new) in &self.rename {
            let Some(at) = before.iter().position(|field| field.name == name.value) else {
                report_unknown(name, &before, &mut sink);
                continue;
            };
            fields[at].name.clone_from(&new.value);
        }
        for new in self.rename.values() {
            if fields.iter().filter(|field| field.name == new.value).count() > 1 {
                sink.report(&SAME_NAME, new.span(), format!("there is a field `{}` already", new.value))
                    .help("write another name");
            }
        }
        for (name, calculated) in &self.calculate {
            for used in fields_of(&calculated.formula.value) {
                if !fields.iter().any(|field| field.name == used) {
                    let used = Located::at(used.to_owned(), calculated.formula.span());
                    report_unknown(&used, &fields, &mut sink);
                }
            }
            if fields.iter().any(|field| field.name == name.value) {
                sink.report(&SAME_NAME, name.span(), format!("there is a field `{}` already", name.value))
                    .help("write another name");
            } else {
                fields.push(Field { name: name.value.clone(), kind: calculated.kind.value });
            }
        }
        fields
    }

    /// What is done to the columns, in order.
    fn transforms(&self, origin: Origin) -> Vec<Map> {
        let casts = self.cast.iter().map(|(name, cast)| {
            let operation = map!(origin;
                "ColumnName" => name.to_value(origin),
                "NewColumnType" => Value::string(Origin::Written(cast.to().span()), cast.to().value.name()),
                "Format" => cast.format().map(|format| format.to_value(origin)),
            );
            map!(origin; "CastColumnTypeOperation" => operation)
        });
        let renames = self.rename.iter().map(|(name, new)| {
            let operation =
                map!(origin; "ColumnName" => name.to_value(origin), "NewColumnName" => new.to_value(origin));
            map!(origin; "RenameColumnOperation" => operation)
        });
        let calculated = self.calculate.iter().map(|(name, calculated)| {
            let column = map!(origin;
                "ColumnName" => name.to_value(origin),
                "ColumnId" => column_id(&name.value),
                "Expression" => calculated.formula.to_value(origin),
            );
            map!(origin; "CreateColumnsOperation" => map!(origin; "Columns" => [column]))
        });
        casts.chain(renames).chain(calculated).collect()
    }

    fn physical(&self, inputs: &[Input], site: &Site<'_>) -> Map {
        let origin = site.place.origin;
        let columns: Vec<Map> = inputs
            .iter()
            .map(|input| map!(input.origin; "Name" => input.name.as_str(), "Type" => input.kind))
            .collect();
        let source = site.address(0);
        if let Some(sql) = &self.sql {
            let sql = map!(origin;
                "DataSourceArn" => source,
                "Name" => site.place.name.as_str(),
                "SqlQuery" => site.scope.script(sql),
                "Columns" => columns,
            );
            return map!(origin; "CustomSql" => sql);
        }
        if let Some(relation) = &self.relation {
            let (schema, name) = warehouse::named(relation);
            let origin = Origin::Written(relation.span());
            let table =
                map!(origin; "DataSourceArn" => source, "Schema" => schema, "Name" => name, "InputColumns" => columns);
            return map!(origin; "RelationalTable" => table);
        }
        let table = map!(origin;
            "DataSourceArn" => source,
            "Catalog" => CATALOG,
            "Schema" => site.address_behind(1),
            "Name" => site.address(1),
            "InputColumns" => columns,
        );
        map!(origin; "RelationalTable" => table)
    }
}

/// Whether a reference names something that has columns; if not, its wire reports it.
fn leads_to_columns(table: &Reference, scope: &Scope) -> bool {
    matches!(scope.find(table), Found::Component(full) if scope.serves(&full, Port::Columns))
}

/// An id for a calculated column: QuickSight keeps what refers to it while its name changes.
fn column_id(name: &str) -> String {
    let id: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    format!("calculated-{}", id.get(..50).unwrap_or(&id))
}

/// The fields in `{ }` of a formula; text in quotes has none.
///
/// Source: QuickSight User Guide, "Adding calculated fields".
fn fields_of(formula: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut open = None;
    for (at, sign) in formula.char_indices() {
        if let Some(mark) = quote {
            quote = Some(mark).filter(|mark| *mark != sign);
        } else if let Some(start) = open {
            if sign == '}' {
                found.push(&formula[start..at]);
                open = None;
            }
        } else {
            match sign {
                '\'' | '"' => quote = Some(sign),
                '{' => open = Some(at + 1),
                _ => {}
            }
        }
    }
    found
}

/// Reports a name that no field has.
pub(super) fn report_unknown(name: &Located<String>, fields: &[Field], sink: &mut Sink) {
    report_missing(name, "field", fields.iter().map(|field| field.name.as_str()), sink);
}

fn report_missing<'a>(
    name: &Located<String>,
    what: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    sink: &mut Sink,
) {
    const SHOWN: usize = 12;
    let help = match closest(&name.value, known.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.clone().next().is_none() => format!("there is no {what} at all"),
        None if known.clone().count() > SHOWN => {
            let first: Vec<String> = known.clone().take(SHOWN).map(|name| format!("`{name}`")).collect();
            format!("there are {} and {} more", first.join(", "), known.clone().count() - SHOWN)
        }
        None => format!("there are {}", alternatives(known.clone())),
    };
    sink.report(&UNKNOWN_FIELD, name.span(), format!("no {what} `{}`", name.value))
        .help(help)
        .meant(&name.value, known);
}

impl Component for Dataset {
    fn wires(&self) -> Vec<Wire<'_>> {
        let access = match (&self.sql, &self.relation) {
            (Some(_), _) => Access::AskSql,
            (None, Some(_)) => Access::AskRelation,
            (None, None) => Access::AskTable,
        };
        let table = self.table.iter().map(|to| {
            let access = if self.relation.is_some() { Access::FollowSql } else { Access::ReadColumns };
            Wire { to, access }
        });
        std::iter::once(Wire { to: &self.source, access }).chain(table).collect()
    }

    fn files(&self) -> Vec<&FileReference> {
        match &self.sql {
            Some(Script::File(file)) => vec![file],
            Some(Script::Inline(_)) | None => Vec::new(),
        }
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        match (&self.table, &self.sql) {
            (None, None) => {
                sink.report(&CONTENT, name, "this data set does not say what it has")
                    .help("add `table` with the name of a table, or `sql`");
            }
            (Some(table), Some(_)) => {
                sink.report(&CONTENT, table.span(), "`sql` already says what it has")
                    .help("keep either `table` or `sql`");
            }
            (None, Some(_)) if self.columns.is_empty() => {
                sink.report(&CONTENT, name, "the columns of the query are not known")
                    .help("write them with their types as `columns`");
            }
            (None, Some(_)) => {
                if let Some(first) = self.only.first() {
                    sink.report(&CONTENT, first.span(), "`columns` already says which columns the query has")
                        .help("remove `only`");
                }
            }
            (Some(_), None) => {}
        }
        if let Some(relation) = self.relation.as_ref().filter(|_| self.table.is_none()) {
            sink.report(&CONTENT, relation.span(), "this does not say which component makes it")
                .help("add `table` with the name of a `redshift-sql` or of another component that does");
        }
        refresh::check(self, name, sink);
        self.sharing().check(&ACTIONS, sink);
    }

    fn columns(&self, place: &Place, peers: &Peers<'_>, scope: &Scope) -> Option<Vec<Column>> {
        let inputs = self.inputs(place, peers, scope);
        Some(self.fields(&inputs, scope).iter().map(Field::to_column).collect())
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        let address = Value { origin: request.origin, ..place.attribute(DATA_SET, "Arn") };
        Grant { address: Some(address), ..Grant::default() }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let inputs = self.inputs(place, site.peers, scope);
        let fields = self.fields(&inputs, scope);
        let incremental = self.incremental.as_ref().filter(|_| self.is_kept());
        let refreshes = incremental.map(|one| one.properties(&fields, origin, &mut scope.sink()));
        let physical = self.physical(&inputs, site);
        let transforms = self.transforms(origin);
        let logical = (!transforms.is_empty()).then(|| {
            let table = map!(origin;
                "Alias" => place.name.get(..64).unwrap_or(&place.name),
                "Source" => map!(origin; "PhysicalTableId" => SOURCE_ID),
                "DataTransforms" => transforms,
            );
            map!(origin; FIELDS_ID => table)
        });
        let id = sharing::id(place);
        let properties = map!(origin;
            "AwsAccountId" => Value::reference(origin, "AWS::AccountId"),
            "DataSetId" => id.clone(),
            "Name" => sharing::title(self.title.as_ref(), place, scope),
            "ImportMode" => if self.is_kept() { "SPICE" } else { "DIRECT_QUERY" },
            "PhysicalTableMap" => map!(origin; SOURCE_ID => physical),
            "LogicalTableMap" => logical,
            "DataSetRefreshProperties" => refreshes,
            "Permissions" => self.sharing().permissions(&ACTIONS, place, scope),
        );
        let first = site.granted.iter().flatten().filter_map(|grant| grant.after.clone()).collect();
        site.add(DATA_SET, TYPE_NAME, properties).depends_on = first;
        refresh::compose(self, &id, site);
    }
}

/// The keys of the one table in the maps of a data set: as it comes in, and as it is in the end.
const SOURCE_ID: &str = "source";
const FIELDS_ID: &str = "fields";

pub(super) static KIND: Kind = Kind {
    name: "quicksight-dataset",
    ports: &[Port::Fields],
    attributes: &[
        Attribute { name: "id", doc: "Id of the data set.", get: Get::Property(DATA_SET, &["DataSetId"]) },
        Attribute { name: "arn", doc: "ARN of the data set.", get: Get::Att(DATA_SET, "Arn") },
    ],
    standing: Some(Standing {
        types: &[TYPE_NAME],
        role: DATA_SET,
        without: &[(Port::Fields, "whose fields are not read")],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES, refresh::CODES],
    schema: super::model_schema::<Dataset>,
    decode: super::decode::<Dataset>,
};

#[cfg(test)]
mod tests {
    use super::fields_of;

    #[test]
    fn fields_of_a_formula_are_in_braces_and_not_in_text() {
        assert_eq!(fields_of("ifelse({a b} > 1, '{no}', {c})"), ["a b", "c"]);
        assert_eq!(fields_of("{a'b} + \"{\" + {c}"), ["a'b", "c"]);
        assert_eq!(fields_of("now() {"), Vec::<&str>::new());
    }
}
