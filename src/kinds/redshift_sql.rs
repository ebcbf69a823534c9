//! `redshift-sql`

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::relation::Places;
use super::sql_runner::schedule::{Timed, Times};
use super::sql_runner::{self, Job, Object, Step, script};
use super::tables::{self, Held, Holding, Session, Tables};
use super::warehouse::NAME_PATTERN;
use super::{Access, Component, Grant, Kind, Place, Port, Request, Scope, Site, Wire, pascal_case};
use crate::blueprint::text::{FileReference, Located, Reference, Script, Text};
use crate::diagnostics::alternatives;
use crate::source::Origin;
use crate::template::Value;
use crate::template::sql::{self, HOLE, Lookup, TableName};

/// SQL that is run in Redshift when the stack is made, and undone when it is deleted: tables, views, procedures, rights.
///
/// Each of the `statements` says what creates something and what undoes that. They are run in their order by one
/// function of the stack, through the Data API, as the administrator of the warehouse. What may be in one transaction is;
/// `CREATE DATABASE` and its like run alone. If a statement fails, what was made before it is undone, so that the stack
/// can be made again. An update runs only what changed: it undoes the old text in reverse order and runs the new one,
/// or, with `change`, runs that alone, for what must not be dropped.
///
/// `${ }` gives values inside of quotes, and is quoted there. The comments of a file are left out.
///
/// ```yaml
/// components:
///   network:
///     kind: vpc
///   warehouse:
///     kind: redshift-serverless
///     network: network
///   reports:
///     kind: redshift-sql
///     in: warehouse
///     statements:
///       trips:
///         create: CREATE TABLE IF NOT EXISTS trips (vin varchar(17), miles decimal(12,2))
///         undo: keep
///         change: ALTER TABLE trips ALTER DISTSTYLE AUTO
///       miles:
///         create: CREATE VIEW miles AS SELECT vin, sum(miles) AS miles FROM trips GROUP BY vin
///         undo: DROP VIEW IF EXISTS miles
///     schedules:
///       tidy: { sql: VACUUM trips, at: cron(0 3 * * ? *) }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RedshiftSql")]
pub struct Model {
    /// The `redshift-cluster` or `redshift-serverless` that it is run in.
    #[serde(rename = "in")]
    warehouse: Reference,
    /// The database. The default is that of the warehouse.
    #[schemars(regex(pattern = NAME_PATTERN))]
    database: Option<Located<String>>,
    /// Components whose objects these statements use, and which come first.
    #[serde(default)]
    after: Vec<Reference>,
    /// What is made, in order, each with a word for it.
    #[schemars(length(min = 1))]
    statements: IndexMap<Located<String>, Made>,
    /// Statements that are run again and again, each with a word for it.
    #[serde(default)]
    schedules: IndexMap<Located<String>, Repeated>,
}

/// What creates something, and what undoes that.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Made {
    /// SQL that makes it, or the file of it.
    create: Script,
    /// SQL that undoes it, or the file of it, or `keep` for what stays.
    undo: Script,
    /// SQL that is run instead of both when `create` is another than before.
    change: Option<Script>,
    /// Those before it that it cannot be without, by their words: it is made again with them.
    #[serde(default)]
    needs: Vec<Located<String>>,
}

/// A statement that is run again and again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Repeated {
    /// One statement.
    #[schemars(length(min = 1))]
    sql: Located<String>,
    /// At which times: `rate(5 minutes)` or `cron(0 2 * * ? *)`.
    #[schemars(length(max = 256), regex(pattern = super::schedule::TIME_PATTERN))]
    at: Located<String>,
    /// The zone of the times of `cron`. The default is UTC.
    time_zone: Option<Text>,
    /// Whether it runs: `ENABLED` or `DISABLED`, which a parameter may say. The default is `ENABLED`.
    state: Option<Text>,
}

codes! {
    /// A statement needs one that is not before it.
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   reports:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       miles:
    ///         create: CREATE VIEW miles AS SELECT 1 AS miles
    ///         undo: DROP VIEW IF EXISTS miles
    ///         needs: [trips]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   reports:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       trips:
    ///         create: CREATE TABLE IF NOT EXISTS trips (miles int)
    ///         undo: DROP TABLE IF EXISTS trips
    ///       miles:
    ///         create: CREATE VIEW miles AS SELECT miles FROM trips
    ///         undo: DROP VIEW IF EXISTS miles
    ///         needs: [trips]
    /// ```
    NEEDS = Error "unknown-statement";

    /// What undoes a statement drops something else than the statement makes, which then stays in the warehouse.
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   reports:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       miles:
    ///         create: CREATE VIEW miles AS SELECT 1 AS miles
    ///         undo: DROP VIEW IF EXISTS mile
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   reports:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       miles:
    ///         create: CREATE VIEW miles AS SELECT 1 AS miles
    ///         undo: DROP VIEW IF EXISTS miles
    /// ```
    UNDO = Warning "undo-of-another";
}

/// What says that something stays.
const KEEP: &str = "keep";

/// The word of the one warehouse.
const HERE: &str = "here";

fn keeps(script: &Script) -> bool {
    matches!(script, Script::Inline(text) if text.literal().is_some_and(|text| text.trim() == KEEP))
}

impl Made {
    /// Reports what is undone without having been made.
    fn check_undo(&self, scope: &Scope) {
        let (Some(create), Some(undo)) = (scope.script_text(&self.create), scope.script_text(&self.undo)) else {
            return;
        };
        let name = |table: &TableName| table.parts.last().map(|name| name.to_lowercase()).unwrap_or_default();
        let mut made = Vec::new();
        let places = Places::new(create);
        sql::statements(places.text(), &|_| Lookup::Open, &mut |change| {
            made.extend(change.made.iter().map(|made| name(&made.name)));
        });
        let places = Places::new(undo);
        let known = || made.iter().map(String::as_str);
        sql::statements(places.text(), &|_| Lookup::Open, &mut |change| {
            for table in &change.dropped {
                let dropped = name(table);
                if made.is_empty()
                    || made.contains(&dropped)
                    || made.iter().chain([&dropped]).any(|one| one.contains(HOLE))
                {
                    continue;
                }
                let message = format!("`{dropped}` is dropped, but {} is made", alternatives(known()));
                scope
                    .sink()
                    .report(&UNDO, places.span(&table.range), message)
                    .help("drop what is made, or write `keep`");
            }
        });
    }
}

impl Model {
    /// Reports what is wrong in the statements.
    fn check_sql(&self, site: &Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let tables = Tables::of(site.into());
        tables.check(&place.name);
        let Some(warehouse) = tables::warehouse(&self.warehouse, scope) else { return };
        let session = Session { warehouse: &warehouse, database: self.database() };
        let undone = self.statements.values().map(|made| &made.undo).filter(|undo| !keeps(undo));
        for text in undone.filter_map(|undo| scope.script_text(undo)) {
            tables.check_text(text, session);
        }
        for made in self.statements.values().filter(|made| !keeps(&made.undo)) {
            made.check_undo(scope);
        }
        for repeated in self.schedules.values() {
            tables.check_field(&repeated.sql, session);
        }
    }

    fn database(&self) -> Option<&str> {
        self.database.as_ref().map(|name| name.value.as_str())
    }

    fn objects(&self, site: &Site<'_>) -> Vec<Object> {
        let scope = site.scope;
        let steps = |script: &Script| -> Vec<Step> {
            scope.text_of(script).map(|text| script::steps(text, scope)).unwrap_or_default()
        };
        let made = |(name, made): (&Located<String>, &Made)| Object {
            name: name.value.clone(),
            warehouse: HERE.to_owned(),
            create: steps(&made.create),
            drop: if keeps(&made.undo) { Vec::new() } else { steps(&made.undo) },
            change: made.change.as_ref().map(steps),
            needs: made.needs.iter().map(|name| name.value.clone()).collect(),
            of: None,
            origin: Origin::Written(name.span()),
        };
        self.statements.iter().map(made).collect()
    }
}

impl Component for Model {
    fn wires(&self) -> Vec<Wire<'_>> {
        let first = Wire { to: &self.warehouse, access: Access::RunSql(&[]) };
        let after = self.after.iter().map(|to| Wire { to, access: Access::FollowSql });
        std::iter::once(first).chain(after).collect()
    }

    fn files(&self) -> Vec<&FileReference> {
        let scripts = self
            .statements
            .values()
            .flat_map(|made| [Some(&made.create), Some(&made.undo), made.change.as_ref()].into_iter().flatten());
        scripts
            .filter_map(|script| match script {
                Script::File(file) => Some(file),
                Script::Inline(_) => None,
            })
            .collect()
    }

    fn holdings(&self, _place: &Place) -> Vec<Holding<'_>> {
        let scripts = self.statements.values().flat_map(|made| std::iter::once(&made.create).chain(&made.change));
        let held = Held::Made(scripts.collect());
        vec![Holding { warehouse: &self.warehouse, database: self.database(), held }]
    }

    fn check(&self, _name: crate::source::Span, sink: &mut crate::diagnostics::Sink) {
        for (at, made) in self.statements.values().enumerate() {
            let before: Vec<&str> = self.statements.keys().take(at).map(|name| name.value.as_str()).collect();
            for need in made.needs.iter().filter(|need| !before.contains(&need.value.as_str())) {
                let help = match crate::diagnostics::closest(&need.value, before.iter().copied()) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None if before.is_empty() => "nothing stands before it".to_owned(),
                    None => format!("before it are {}", alternatives(before.iter().copied())),
                };
                sink.report(&NEEDS, need.span(), format!("no statement `{}` before this one", need.value))
                    .help(help)
                    .meant(&need.value, before.iter().copied());
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
        self.check_sql(site);
        let Some(warehouse) = site.granted.first().and_then(|grant| grant.as_ref()?.warehouse.clone()) else { return };
        let database = self.database.as_ref().map(|name| name.to_value(origin));
        let job = Job {
            warehouses: vec![(HERE.to_owned(), warehouse.target(origin, database.as_ref()))],
            objects: self.objects(site),
            after: after(site),
            statements: site.grants(),
        };
        job.compose(site);
        for (name, repeated) in &self.schedules {
            let times =
                Times { at: repeated.at.clone(), time_zone: repeated.time_zone.clone(), state: repeated.state.clone() };
            let call = Timed {
                role: &format!("{}Schedule", pascal_case(&name.value)),
                times: &times,
                warehouse: &warehouse,
                database: database.as_ref(),
                sql: repeated.sql.value.trim().trim_end_matches(';').to_owned(),
            };
            call.compose(place, vec![sql_runner::done(place)], site);
        }
    }
}

/// The resources of other components that come first.
pub(super) fn after(site: &Site<'_>) -> Vec<String> {
    site.granted.iter().flatten().filter_map(|grant| grant.after.clone()).collect()
}

/// The warehouse of a wire.
pub(super) fn warehouse(site: &Site<'_>, wire: usize) -> Option<super::Warehouse> {
    site.granted.get(wire)?.as_ref()?.warehouse.clone()
}

/// A name that a component has where none is given.
pub(super) fn default_name(component: &str) -> String {
    component.replace('-', "_")
}

/// The database that is named, if it is not the warehouse's own.
pub(super) fn database(name: Option<&Located<String>>, origin: Origin) -> Option<Value> {
    name.map(|name| name.to_value(origin))
}

pub(super) static KIND: Kind = Kind {
    name: "redshift-sql",
    ports: &[Port::Sql],
    attributes: &[],
    standing: None,
    codes: &[CODES, script::CODES, tables::CODES],
    schema: super::model_schema::<Model>,
    decode: super::decode::<Model>,
};
