//! `athena-view`

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::glue_table::COLUMN_PATTERN;
use super::relation::{self, Asked, Relation};
use super::site::json_string;
use super::{Access, Attribute, Component, Get, Grant, Kind, Peers, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{FileReference, Located, Reference, Script, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::Span;
use crate::template::hive::Column;
use crate::template::sql::Type;
use crate::template::{Data, Function, Map, Value};

/// A view of Athena: a query that others read like a table.
///
/// CloudFormation has no type for it, so it is made as the table of the Data Catalog that Athena keeps of a view: with
/// the query in Base64, and its columns in the types of Presto. The query is parsed: its columns are compared with
/// `columns`, and what it reads with the tables and views of the blueprint. Views may read views.
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
///     columns: { id: string, items: "array<struct<sku:string,count:int>>" }
///   order-items:
///     kind: athena-view
///     database: catalog
///     columns: { id: varchar, sku: varchar, count: integer }
///     sql: |
///       SELECT id, item.sku, item.count
///       FROM orders
///       CROSS JOIN UNNEST(items) AS item (sku, count)
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Name of the view. The default is the name of the component with `_` for `-`.
    #[schemars(length(max = 255), regex(pattern = COLUMN_PATTERN))]
    name: Option<Located<String>>,
    /// What it shows.
    description: Option<Text>,
    /// The `glue-database` of the view, and of the tables that need no qualified name.
    database: Reference,
    /// The columns that the query gives, in its order, each with its type of Presto, such as `varchar`,
    /// `decimal(10, 2)` or `array(row(name varchar, n integer))`.
    #[schemars(extend("propertyNames" = {"pattern": COLUMN_PATTERN}, "minProperties" = 1))]
    columns: IndexMap<Located<String>, Located<String>>,
    /// The query, or the file beside the blueprint that holds it. `${ }` works in both.
    sql: Script,
}

codes! {
    /// A view does not say the columns that its query gives.
    ///
    /// Athena compares both when the view is read, and calls a view stale whose columns are not those of its query.
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
    ///     columns: { id: string, amount: int }
    ///   amounts:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { id: varchar, total: integer }
    ///     sql: SELECT id, amount FROM orders
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
    ///     columns: { id: string, amount: int }
    ///   amounts:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { id: varchar, total: integer }
    ///     sql: SELECT id, amount AS total FROM orders
    /// ```
    ///
    /// Source: the open source of Trino, `StatementAnalyzer`: "View is stale".
    COLUMNS = Error "view-columns";

    /// A column of a view has another type than its query gives.
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
    ///   ids:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { id: bigint }
    ///     sql: SELECT id FROM orders
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
    ///   ids:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { id: bigint }
    ///     sql: SELECT CAST(id AS bigint) AS id FROM orders
    /// ```
    ///
    /// Source: the open source of Trino, `StatementAnalyzer`: "View is stale".
    COLUMN_TYPE = Error "view-column-type";

    /// A column of a view has a type that Presto, or the Data Catalog, does not have.
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   now:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { day: string }
    ///     sql: SELECT date_format(current_date, '%Y') AS day
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   now:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { day: varchar }
    ///     sql: SELECT date_format(current_date, '%Y') AS day
    /// ```
    ///
    /// Source: Athena User Guide, "Data types in Amazon Athena"; Trino, "Data types".
    TYPE = Error "unknown-view-type";

    /// A view reads itself, through other views or directly.
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   here:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { id: varchar }
    ///     sql: SELECT id FROM there
    ///   there:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { id: varchar }
    ///     sql: SELECT id FROM here
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   here:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { id: varchar }
    ///     sql: SELECT id FROM there
    ///   there:
    ///     kind: athena-view
    ///     database: catalog
    ///     columns: { id: varchar }
    ///     sql: SELECT 'a' AS id
    /// ```
    ///
    /// Source: the open source of Trino, `StatementAnalyzer`: "View is recursive".
    CYCLE = Error "view-cycle";
}

const VIEW: &str = "View";

/// What stands around the definition of a view, and in place of it.
///
/// Source: the open source of Trino, `ViewReaderUtil` of its Hive connector, which Athena's views follow.
const START: &str = "/* Presto View: ";
const END: &str = " */";
const EXPANDED: &str = "/* Presto View */";

/// How Athena calls the Data Catalog. Source: Athena User Guide, "Use Amazon Athena data connectors".
const CATALOG: &str = "awsdatacatalog";

impl View {
    fn name(&self, place: &Place) -> String {
        self.name.as_ref().map_or_else(|| place.name.replace('-', "_"), |name| name.value.clone())
    }

    /// The columns whose types are right.
    fn types(&self) -> impl Iterator<Item = (&Located<String>, Type)> {
        self.columns.iter().filter_map(|(name, kind)| Some((name, Type::of_presto(&kind.value).ok()?)))
    }

    /// Compares what the query gives with what the view says.
    fn compare(&self, asked: &Asked, scope: &Scope) {
        let Some(output) = &asked.query.output else { return };
        let mut sink = scope.sink();
        let mut declared = self.columns.iter();
        for (at, given) in output.iter().enumerate() {
            let span = asked.places.span(&given.range);
            let Some((name, kind)) = declared.next() else {
                let message = format!("the query gives {} columns, the view has {}", output.len(), self.columns.len());
                sink.report(&COLUMNS, span, message).help(match &given.name {
                    Some(name) => format!("add `{name}` to `columns`"),
                    None => "add the column to `columns`, and give it a name here".to_owned(),
                });
                return;
            };
            match &given.name {
                Some(known) if *known == name.value => {}
                Some(known) => {
                    let message = format!("column {} of the query is `{known}`, not `{}`", at + 1, name.value);
                    sink.report(&COLUMNS, span, message)
                        .also(name.span(), "column of the view")
                        .help(format!("write `AS {}`, or change `columns`", name.value));
                }
                None => {
                    sink.report(&COLUMNS, span, format!("column {} of the query has no name", at + 1))
                        .also(name.span(), "column of the view")
                        .help(format!("write `AS {}` after it", name.value));
                }
            }
            if let Ok(wanted) = Type::of_presto(&kind.value)
                && !given.kind.fits(&wanted)
            {
                let message = format!("`{}` is `{}` in the query", name.value, given.kind.presto());
                sink.report(&COLUMN_TYPE, kind.span(), message)
                    .also(span, "the column of the query")
                    .help(format!("write `{}`, or cast the column in the query", given.kind.presto()));
            }
        }
        if let Some((name, _)) = declared.next() {
            let message = format!("the query gives {} columns, the view has {}", output.len(), self.columns.len());
            sink.report(&COLUMNS, name.span(), message).help("select it in the query, or remove it here");
        }
    }

    /// The definition of the view as Athena keeps it.
    fn definition(&self, site: &Site<'_>) -> Value {
        let origin = site.place.origin;
        let columns: Vec<Map> = self
            .types()
            .map(|(name, kind)| map!(origin; "name" => name.value.as_str(), "type" => kind.presto()))
            .collect();
        let json = map!(origin;
            "originalSql" => site.scope.script(&self.sql),
            "catalog" => CATALOG,
            "schema" => site.address(0),
            "columns" => columns,
        );
        let text = json_string(&Value::new(origin, Data::Map(json)), origin);
        let encoded = Value::call(origin, Function::Base64, text);
        let parts = vec![Value::string(origin, START), encoded, Value::string(origin, END)];
        let arguments = vec![Value::string(origin, ""), Value::new(origin, Data::List(parts))];
        Value::call(origin, Function::Join, Value::new(origin, Data::List(arguments)))
    }
}

impl Component for View {
    fn wires(&self) -> Vec<Wire<'_>> {
        vec![Wire { to: &self.database, access: Access::Query }]
    }

    fn files(&self) -> Vec<&FileReference> {
        match &self.sql {
            Script::File(file) => vec![file],
            Script::Inline(_) => Vec::new(),
        }
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        for kind in self.columns.values() {
            if let Err(mistake) = Type::of_presto(&kind.value) {
                sink.report(&TYPE, kind.span(), mistake.message).help(mistake.help);
            }
        }
    }

    fn columns(&self, _place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Option<Vec<Column>> {
        let column = |(name, kind): (&Located<String>, Type)| Column {
            name: name.value.clone(),
            kind: kind.hive(),
            comment: None,
        };
        Some(self.types().map(column).collect())
    }

    fn relation(&self, place: &Place) -> Option<Relation<'_>> {
        let name = Some(self.name(place));
        Some(Relation { name, database: Some(&self.database), role: VIEW, script: Some(&self.sql) })
    }

    fn leads_on(&self, access: &Access, place: &Place) -> Option<Wire<'_>> {
        (*access == Access::ReadColumns)
            .then(|| Wire { to: &self.database, access: Access::ReadTable(self.name(place)) })
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        let address = Value { origin: request.origin, ..place.reference(VIEW) };
        Grant { address: Some(address), ..Grant::default() }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let asked = relation::ask(&self.sql, &self.database, site);
        let mut before: Vec<String> = Vec::new();
        if let Some(asked) = &asked {
            self.compare(asked, scope);
            if let Some(read) = asked.cycle(&place.name, site) {
                let message = format!("the view reads itself through `{}`", read.component);
                scope
                    .sink()
                    .report(&CYCLE, asked.places.span(&read.range), message)
                    .help("read tables, or views that do not read this one");
            } else {
                before.extend(asked.ids().into_iter().map(str::to_owned));
            }
        }
        let columns: Vec<Map> = self
            .types()
            .map(|(name, kind)| map!(origin; "Name" => name.value.as_str(), "Type" => kind.hive()))
            .collect();
        let input = map!(origin;
            "Name" => self.name(place),
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "TableType" => "VIRTUAL_VIEW",
            "Parameters" => map!(origin; "presto_view" => "true"),
            "PartitionKeys" => Vec::<Map>::new(),
            "StorageDescriptor" => map!(origin; "Columns" => columns, "SerdeInfo" => Map::default()),
            "ViewExpandedText" => EXPANDED,
            "ViewOriginalText" => self.definition(site),
        );
        let properties = map!(origin;
            "CatalogId" => Value::reference(origin, "AWS::AccountId"),
            "DatabaseName" => site.address(0),
            "TableInput" => input,
        );
        site.add(VIEW, "AWS::Glue::Table", properties).depends_on.extend(before);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "athena-view",
    ports: &[Port::Columns],
    attributes: &[
        Attribute { name: "name", doc: "Name of the view.", get: Get::Ref(VIEW) },
        Attribute { name: "database", doc: "Name of its database.", get: Get::Property(VIEW, &["DatabaseName"]) },
        Attribute {
            name: "arn",
            doc: "ARN of the view.",
            get: Get::Text(VIEW, "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:table/{DatabaseName}/{}"),
        },
    ],
    standing: None,
    codes: &[CODES, relation::CODES],
    schema: super::model_schema::<View>,
    decode: super::decode::<View>,
};
