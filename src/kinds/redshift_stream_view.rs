//! `redshift-stream-view`

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::redshift_sql::{after, database, default_name, warehouse};
use super::sql_runner::schedule::{Timed, Times};
use super::sql_runner::{self, Job, Object, Sql, quoted_name};
use super::tables::{Held, Holding};
use super::warehouse::NAME_PATTERN;
use super::{Access, Component, Grant, Kind, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{Located, Reference};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::source::Span;
use crate::template::Value;
use crate::template::iam::Statement;
use crate::template::sql::{self, Type};

/// The records of a `kinesis-stream` as a materialized view of Redshift, seconds after they arrive.
///
/// It makes an external schema for the stream and the view on it, and lets the role of the warehouse read the stream as
/// long as they are there. Records are JSON objects; each of the `columns` is a field of them, and without `columns` the
/// whole object is in `payload`. What is no JSON is left out. The columns `approximate_arrival_timestamp`,
/// `partition_key`, `shard_id` and `sequence_number` come before.
///
/// A view whose columns change is made again, and then has what the stream still keeps.
///
/// ```yaml
/// components:
///   network:
///     kind: vpc
///     endpoints: [kinesis-streams]
///   speed:
///     kind: redshift-cluster
///     network: network
///   vehicles:
///     kind: kinesis-stream
///   recent:
///     kind: redshift-stream-view
///     in: speed
///     stream: vehicles
///     columns:
///       vin: { type: varchar(17) }
///       speed: { path: location.speed, type: "decimal(6,2)" }
///     sort_by: [approximate_arrival_timestamp]
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RedshiftStreamView")]
pub struct Model {
    /// The `redshift-cluster` or `redshift-serverless` that it is in.
    #[serde(rename = "in")]
    warehouse: Reference,
    /// The `kinesis-stream`.
    stream: Reference,
    /// Name of the view. The default is the name of the component with `_` for `-`.
    #[schemars(regex(pattern = NAME_PATTERN))]
    name: Option<Located<String>>,
    /// The schema of the view.
    #[serde(default = "public")]
    #[schemars(regex(pattern = NAME_PATTERN))]
    schema: Located<String>,
    /// Name of the external schema for the stream. The default is the name of the view and `_stream`.
    #[schemars(regex(pattern = NAME_PATTERN))]
    stream_schema: Option<Located<String>>,
    /// The database. The default is that of the warehouse.
    #[schemars(regex(pattern = NAME_PATTERN))]
    database: Option<Located<String>>,
    /// The fields of the records that are columns, by the names of the columns.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"pattern": NAME_PATTERN}))]
    columns: IndexMap<Located<String>, Column>,
    /// The column by whose values rows are spread over the nodes.
    distribute_by: Option<Located<String>>,
    /// The columns by which rows are sorted.
    #[serde(default)]
    sort_by: Vec<Located<String>>,
    /// When it takes what is new: `auto`, within seconds, or at certain times.
    #[serde(default)]
    refresh: Refresh,
}

/// A field of the records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StreamColumn")]
struct Column {
    /// Where it is in the object, with `.` between levels. The default is the name of the column.
    #[schemars(regex(pattern = PATH_PATTERN))]
    path: Option<Located<String>>,
    /// Its type, as Redshift takes it: `varchar(17)`, `decimal(10,2)`, `timestamp`.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = TYPE_PATTERN))]
    kind: Located<String>,
}

/// When a view takes what is new.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Refresh {
    /// Redshift decides, within seconds.
    #[serde(rename = "Text")]
    #[allow(dead_code, reason = "there is one word")]
    Word(Located<Auto>),
    /// A schedule.
    #[serde(rename = "Map")]
    Times(Times),
}

/// Redshift decides.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Auto {
    /// Within seconds, as its load allows.
    Auto,
}

impl Default for Refresh {
    fn default() -> Self {
        Self::Word(Located::nowhere(Auto::Auto))
    }
}

impl JsonSchema for Refresh {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StreamRefresh".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [generator.subschema_for::<Auto>(), generator.subschema_for::<Times>()]})
    }
}

codes! {
    /// A view is sorted or spread by a column that it does not have.
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc, endpoints: [kinesis-streams] }
    ///   speed: { kind: redshift-cluster, network: network }
    ///   vehicles: { kind: kinesis-stream }
    ///   recent:
    ///     kind: redshift-stream-view
    ///     in: speed
    ///     stream: vehicles
    ///     columns: { vin: { type: varchar(17) } }
    ///     distribute_by: vinn
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc, endpoints: [kinesis-streams] }
    ///   speed: { kind: redshift-cluster, network: network }
    ///   vehicles: { kind: kinesis-stream }
    ///   recent:
    ///     kind: redshift-stream-view
    ///     in: speed
    ///     stream: vehicles
    ///     columns: { vin: { type: varchar(17) } }
    ///     distribute_by: vin
    /// ```
    COLUMN = Error "unknown-view-column";
}

/// Names of fields with dots between them.
pub(super) const PATH_PATTERN: &str = r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*$";

/// Types that a text can be cast to. Source: Redshift Database Developer Guide, "Data types".
pub(super) const TYPE_PATTERN: &str = concat!(
    r"^(bigint|boolean|date|double precision|integer|int|real|smallint|timestamp|timestamptz|",
    r"decimal\([0-9]{1,2}(, ?[0-9]{1,2})?\)|varchar\([0-9]{1,5}\)|char\([0-9]{1,4}\))$",
);

/// What Redshift says of every record, beside its data.
///
/// Source: Redshift Database Developer Guide, "Getting started with streaming ingestion from Amazon Kinesis Data
/// Streams".
const OWN_COLUMNS: &[(&str, &str)] = &[
    ("approximate_arrival_timestamp", "timestamp"),
    ("partition_key", "varchar(256)"),
    ("shard_id", "char(20)"),
    ("sequence_number", "varchar(128)"),
];

fn own_columns<'a>() -> impl Iterator<Item = &'a str> {
    OWN_COLUMNS.iter().map(|(name, _)| *name)
}

/// The whole object, where no columns are named.
const PAYLOAD: &str = "payload";

const HERE: &str = "here";

/// What Redshift calls for it.
const SERVICES: &[&str] = &["kinesis-streams"];

fn public() -> Located<String> {
    Located::nowhere("public".to_owned())
}

impl Model {
    fn name(&self, place: &Place) -> String {
        self.name.as_ref().map_or_else(|| default_name(&place.name), |name| name.value.clone())
    }

    fn stream_schema(&self, place: &Place) -> String {
        self.stream_schema.as_ref().map_or_else(|| format!("{}_stream", self.name(place)), |name| name.value.clone())
    }

    fn create(&self, place: &Place, stream: Value) -> Sql {
        let mut sql = Sql::default().text("CREATE MATERIALIZED VIEW ").qualified(&self.schema.value, &self.name(place));
        if let Some(column) = &self.distribute_by {
            sql = sql.text(" DISTKEY (").name(&column.value).text(")");
        }
        if !self.sort_by.is_empty() {
            let columns: Vec<String> = self.sort_by.iter().map(|column| quoted_name(&column.value)).collect();
            sql = sql.text(&format!(" SORTKEY ({})", columns.join(", ")));
        }
        let auto = if matches!(self.refresh, Refresh::Word(_)) { "YES" } else { "NO" };
        sql = sql.text(&format!(" AUTO REFRESH {auto} AS SELECT {}", own_columns().collect::<Vec<_>>().join(", ")));
        for (name, column) in &self.columns {
            let path = column.path.as_ref().map_or(name.value.as_str(), |path| path.value.as_str());
            let path: Vec<String> = path.split('.').map(|key| format!("'{key}'")).collect();
            let text =
                format!("JSON_EXTRACT_PATH_TEXT(FROM_VARBYTE(kinesis_data, 'utf-8'), {}, TRUE)", path.join(", "));
            // What is missing or empty has no value.
            sql = sql.text(&format!(", NULLIF({text}, '')::{} AS ", column.kind.value)).name(&name.value);
        }
        if self.columns.is_empty() {
            sql = sql.text(&format!(", JSON_PARSE(kinesis_data) AS {PAYLOAD}"));
        }
        sql.text(" FROM ")
            .name(&self.stream_schema(place))
            .text(".")
            .name_of(stream)
            .text(" WHERE CAN_JSON_PARSE(kinesis_data)")
    }
}

impl Component for Model {
    fn wires(&self) -> Vec<Wire<'_>> {
        vec![
            Wire { to: &self.warehouse, access: Access::RunSql(SERVICES) },
            Wire { to: &self.stream, access: Access::ReadRecords },
        ]
    }

    fn holdings(&self, place: &Place) -> Vec<Holding<'_>> {
        let own = OWN_COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), Type::of_redshift(kind)));
        let fields =
            self.columns.iter().map(|(name, column)| (name.value.clone(), Type::of_redshift(&column.kind.value)));
        let whole = self.columns.is_empty().then(|| (PAYLOAD.to_owned(), Type::Unknown));
        let columns = own.chain(fields).chain(whole).map(|(name, kind)| sql::Column { name, kind }).collect();
        let held = Held::Table { schema: &self.schema.value, name: self.name(place), columns };
        let database = self.database.as_ref().map(|name| name.value.as_str());
        vec![Holding { warehouse: &self.warehouse, database, held }]
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        let own = if self.columns.is_empty() { vec![PAYLOAD] } else { Vec::new() };
        let known: Vec<&str> =
            own_columns().chain(own).chain(self.columns.keys().map(|name| name.value.as_str())).collect();
        for column in self.distribute_by.iter().chain(&self.sort_by) {
            if !known.contains(&column.value.as_str()) {
                let help = match closest(&column.value, known.iter().copied()) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("there are {}", alternatives(known.iter().copied())),
                };
                sink.report(&COLUMN, column.span(), format!("this view has no column `{}`", column.value))
                    .help(help)
                    .meant(&column.value, known.iter().copied());
            }
        }
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        match request.access {
            Access::FollowSql => Grant { after: Some(sql_runner::done(place)), ..Grant::default() },
            _ => Grant::default(),
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        let Some(warehouse) = warehouse(site, 0) else { return };
        let run = site.granted[0].as_ref().map(|grant| grant.role.clone()).unwrap_or_default();
        let Some(Some(grant)) = site.granted.get(1) else { return };
        let mut statements = grant.role.clone();
        // It has no ARN to name.
        statements.push(
            Statement::allow(origin, &["kinesis:ListStreams"], vec![Value::string(origin, "*")]).named("ListStreams"),
        );
        let mut first = after(site);
        first.extend(warehouse.allow(statements, site));
        let stream = site.scope.attribute_of(&self.stream, "name").unwrap_or_else(|| Value::string(origin, ""));
        let (name, external) = (self.name(place), self.stream_schema(place));
        let schema = format!("schema {external}");
        let create = Sql::default()
            .text("CREATE EXTERNAL SCHEMA ")
            .name(&external)
            .text(" FROM KINESIS IAM_ROLE ")
            .literal(warehouse.role.1.clone());
        let drop = Sql::default().text("DROP SCHEMA IF EXISTS ").name(&external);
        let view = Sql::default().text("DROP MATERIALIZED VIEW IF EXISTS ").qualified(&self.schema.value, &name);
        let named = database(self.database.as_ref(), origin);
        let job = Job {
            warehouses: vec![(HERE.to_owned(), warehouse.target(origin, named.as_ref()))],
            objects: vec![
                Object::new(schema.clone(), HERE, origin, create, drop),
                Object::new(format!("view {name}"), HERE, origin, self.create(place, stream), view).needing(&[&schema]),
            ],
            after: first,
            statements: run,
        };
        job.compose(site);
        if let Refresh::Times(times) = &self.refresh {
            let view = format!("{}.{}", quoted_name(&self.schema.value), quoted_name(&name));
            let sql = format!("REFRESH MATERIALIZED VIEW {view}");
            let call = Timed { role: "RefreshSchedule", times, warehouse: &warehouse, database: named.as_ref(), sql };
            call.compose(place, vec![sql_runner::done(place)], site);
        }
    }
}

pub(super) static KIND: Kind = Kind {
    name: "redshift-stream-view",
    ports: &[Port::Sql],
    attributes: &[],
    standing: None,
    codes: &[CODES],
    schema: super::model_schema::<Model>,
    decode: super::decode::<Model>,
};
