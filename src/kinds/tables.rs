//! What components make in warehouses of Redshift, and what SQL says about it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::relation::{self, Around, Places};
use super::{Found, Scope};
use crate::blueprint::text::{Located, Part, Reference, Script, Text};
use crate::diagnostics::{alternatives, closest};
use crate::template::sql::{Change, Column, HOLE, Lookup, TableName, Thing, plain_text, statements};

/// What a component has in a warehouse.
#[derive(Debug)]
pub struct Holding<'a> {
    /// The warehouse.
    pub warehouse: &'a Reference,
    /// The database; `None` for the warehouse's own.
    pub database: Option<&'a str>,
    /// What it is.
    pub held: Held<'a>,
}

/// What a component may have in a warehouse.
#[derive(Debug)]
pub enum Held<'a> {
    /// What statements make, in their order.
    Made(Vec<&'a Script>),
    /// A table or a view.
    Table {
        /// Its schema.
        schema: &'a str,
        /// Its name.
        name: String,
        /// Its columns.
        columns: Vec<Column>,
    },
    /// The tables of a database of the Data Catalog, as a schema.
    Catalog {
        /// The schema.
        schema: String,
        /// The database of the Data Catalog.
        database: &'a Reference,
    },
    /// A database that is made of what another warehouse shares.
    Share {
        /// The database that is made of it.
        name: String,
        /// The other warehouse.
        from: &'a Reference,
        /// The database there; `None` for the warehouse's own.
        from_database: Option<&'a str>,
        /// The schemas, each with its tables; `None` for all of them.
        schemas: Vec<(&'a str, Option<Vec<&'a str>>)>,
    },
}

codes! {
    /// A statement calls a procedure that the blueprint does not make in the warehouse, but one with nearly this name.
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   trips:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       tidy:
    ///         create: CREATE OR REPLACE PROCEDURE tidy_trips() AS $$ BEGIN NULL; END; $$ LANGUAGE plpgsql
    ///         undo: DROP PROCEDURE tidy_trips()
    ///     schedules:
    ///       tidy: { sql: CALL tidy_trip(), at: cron(0 3 * * ? *) }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   trips:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       tidy:
    ///         create: CREATE OR REPLACE PROCEDURE tidy_trips() AS $$ BEGIN NULL; END; $$ LANGUAGE plpgsql
    ///         undo: DROP PROCEDURE tidy_trips()
    ///     schedules:
    ///       tidy: { sql: CALL tidy_trips(), at: cron(0 3 * * ? *) }
    /// ```
    PROCEDURE = Warning "unknown-procedure";
}

/// How far a view may be from a table whose columns it has, through other views.
const MAX_DEPTH: usize = 24;

/// The schema of names without one. Source: Redshift Database Developer Guide, "Schemas", `search_path`.
pub const PUBLIC: &str = "public";

/// A text of statements, with what they make.
struct Listing<'a> {
    component: &'a str,
    warehouse: String,
    database: Option<&'a str>,
    places: Places,
    /// What its statements make, by their number.
    made: Vec<Option<Item>>,
    read: RefCell<Read>,
}

/// A thing with its schema and name.
struct Item {
    thing: Thing,
    schema: String,
    name: String,
}

/// How far a text was read.
#[derive(Default)]
struct Read {
    has_begun: bool,
    changes: Vec<Change>,
}

/// All that the components of a blueprint have in warehouses.
pub struct Tables<'a> {
    around: Around<'a>,
    holdings: Vec<(&'a str, String, Holding<'a>)>,
    texts: Vec<Listing<'a>>,
    /// Tables that statements give other columns than they were made with.
    altered: BTreeSet<String>,
}

/// Where a statement runs.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    /// The warehouse.
    pub warehouse: &'a str,
    /// The database; `None` for the warehouse's own.
    pub database: Option<&'a str>,
}

fn parts(table: &TableName) -> Vec<String> {
    table.parts.iter().map(|part| part.to_lowercase()).collect()
}

impl<'a> Tables<'a> {
    /// Of the blueprint of a component.
    pub fn of(around: Around<'a>) -> Self {
        let mut holdings = Vec::new();
        for (component, peer) in around.peers {
            let scope = around.scope.of(component);
            for holding in peer.holdings(&scope.place(component, around.origin)) {
                if let Found::Component(warehouse) = scope.find(holding.warehouse) {
                    holdings.push((*component, warehouse, holding));
                }
            }
        }
        let mut tables = Self { around, holdings, texts: Vec::new(), altered: BTreeSet::new() };
        tables.list();
        tables
    }

    /// Lists what statements make.
    fn list(&mut self) {
        let mut texts = Vec::new();
        for (component, warehouse, holding) in &self.holdings {
            let Held::Made(scripts) = &holding.held else { continue };
            let scope = self.around.scope.of(component);
            for text in scripts.iter().filter_map(|script| scope.script_text(script)) {
                let places = Places::new(text);
                let mut made = Vec::new();
                statements(places.text(), &|_| Lookup::Open, &mut |change| {
                    self.altered.extend(change.altered.iter().filter_map(|table| parts(table).pop()));
                    made.push(change.made.and_then(|made| {
                        let mut parts = parts(&made.name);
                        let name = parts.pop()?;
                        let schema = parts.pop().unwrap_or_else(|| PUBLIC.to_owned());
                        Some(Item { thing: made.thing, schema, name })
                    }));
                });
                texts.push(Listing {
                    component,
                    warehouse: warehouse.clone(),
                    database: holding.database,
                    places,
                    made,
                    read: RefCell::default(),
                });
            }
        }
        self.texts = texts;
    }

    /// What is known of a table that is named in a session.
    pub fn look_up(&self, table: &TableName, session: Session<'_>, depth: usize) -> Lookup {
        let parts = parts(table);
        if depth > MAX_DEPTH || parts.iter().any(|part| part.contains(HOLE)) {
            return Lookup::Open;
        }
        match parts.as_slice() {
            [name] => self.in_schema(None, name, session, depth),
            [schema, name] => self.in_schema(Some(schema), name, session, depth),
            [database, schema, name] => {
                if session.database == Some(database.as_str()) {
                    return self.in_schema(Some(schema), name, session, depth);
                }
                self.shared(database, schema, name, session, depth)
            }
            _ => Lookup::Open,
        }
    }

    /// Those of a session.
    fn here(&self, session: Session<'_>) -> impl Iterator<Item = &(&'a str, String, Holding<'a>)> {
        self.holdings
            .iter()
            .filter(move |(_, warehouse, one)| warehouse == session.warehouse && one.database == session.database)
    }

    fn in_schema(&self, schema: Option<&str>, name: &str, session: Session<'_>, depth: usize) -> Lookup {
        if self.altered.contains(name) {
            return Lookup::Open;
        }
        let in_catalog = self.here(session).find_map(|(component, _, holding)| match &holding.held {
            Held::Catalog { schema: known, database } if schema == Some(known) => Some((*component, *database)),
            _ => None,
        });
        if let Some((component, database)) = in_catalog {
            return relation::in_database(name, database, component, self.around);
        }
        let wanted = schema.unwrap_or(PUBLIC);
        let mut found: Vec<Option<Vec<Column>>> = Vec::new();
        let mut known = BTreeSet::new();
        let mut elsewhere = false;
        for (_, _, holding) in self.here(session) {
            let Held::Table { schema: of, name: table, columns } = &holding.held else { continue };
            if *of == wanted {
                known.insert(table.as_str());
                if table == name {
                    found.push(Some(columns.clone()));
                }
            }
            elsewhere |= table == name;
        }
        let texts = self.texts.iter().enumerate();
        for (at, text) in
            texts.filter(|(_, one)| one.warehouse == session.warehouse && one.database == session.database)
        {
            for (number, made) in text.made.iter().enumerate() {
                let Some(made) = made.as_ref().filter(|made| made.thing == Thing::Table) else { continue };
                elsewhere |= made.name == name;
                if made.schema == wanted {
                    known.insert(made.name.as_str());
                    if made.name == name {
                        found.push(self.columns(at, number, depth));
                    }
                }
            }
        }
        match found.as_slice() {
            [Some(columns)] => Lookup::Columns(columns.clone()),
            // Who makes something again says the same of it.
            [Some(first), rest @ ..] if rest.iter().all(|other| other.as_ref() == Some(first)) => {
                Lookup::Columns(first.clone())
            }
            [] if !elsewhere && closest(name, known.iter().copied()).is_some() => {
                Lookup::Missing(known.into_iter().map(str::to_owned).collect())
            }
            _ => Lookup::Open,
        }
    }

    /// A table of a database that is made of a share.
    fn shared(&self, database: &str, schema: &str, name: &str, session: Session<'_>, depth: usize) -> Lookup {
        let share = self.holdings.iter().find_map(|(component, warehouse, holding)| match &holding.held {
            Held::Share { name: made, from, from_database, schemas }
                if warehouse == session.warehouse && made == database =>
            {
                Some((*component, *from, *from_database, schemas))
            }
            _ => None,
        });
        let Some((component, from, from_database, schemas)) = share else { return Lookup::Open };
        let Some((_, names)) = schemas.iter().find(|(known, _)| *known == schema) else {
            return Lookup::Missing(schemas.iter().map(|(schema, _)| format!("{schema}.{name}")).collect());
        };
        if let Some(names) = names.as_ref().filter(|names| !names.contains(&name)) {
            return Lookup::Missing(names.iter().map(|&name| name.to_owned()).collect());
        }
        let Found::Component(producer) = self.around.scope.of(component).find(from) else { return Lookup::Open };
        let session = Session { warehouse: &producer, database: from_database };
        match self.in_schema(Some(schema), name, session, depth + 1) {
            // It is told where it is shared.
            Lookup::Missing(_) => Lookup::Open,
            found => found,
        }
    }

    /// The columns of what a statement makes.
    fn columns(&self, text: usize, number: usize, depth: usize) -> Option<Vec<Column>> {
        self.read(text, depth);
        let read = self.texts[text].read.borrow();
        // A text that is being read knows what stands before.
        read.changes.get(number)?.made.as_ref()?.columns.clone()
    }

    /// Reads a text, once.
    fn read(&self, at: usize, depth: usize) {
        let text = &self.texts[at];
        if std::mem::replace(&mut text.read.borrow_mut().has_begun, true) {
            return;
        }
        let session = Session { warehouse: &text.warehouse, database: text.database };
        let look_up = |table: &TableName| self.look_up(table, session, depth + 1);
        statements(text.places.text(), &look_up, &mut |change| text.read.borrow_mut().changes.push(change));
    }

    /// Reports what is wrong in the statements that a component has, and what is not read of them.
    pub fn check(&self, component: &str) {
        for at in 0..self.texts.len() {
            let text = &self.texts[at];
            if text.component != component {
                continue;
            }
            self.read(at, 0);
            for change in &text.read.borrow().changes {
                self.report(change, &text.places, Session { warehouse: &text.warehouse, database: text.database });
            }
        }
    }

    /// Reports what is wrong in a text of a component.
    pub fn check_text(&self, text: &Text, session: Session<'_>) {
        let places = Places::new(text);
        let look_up = |table: &TableName| self.look_up(table, session, 0);
        statements(places.text(), &look_up, &mut |change| self.report(&change, &places, session));
    }

    /// Reports what is wrong in one statement that stands in a field.
    pub fn check_field(&self, sql: &Located<String>, session: Session<'_>) {
        self.check_text(&Text { span: sql.span(), parts: vec![Part::Literal(sql.value.clone())] }, session);
    }

    fn report(&self, change: &Change, places: &Places, session: Session<'_>) {
        let mut sink = self.around.scope.sink();
        relation::report(&change.query, places, &mut sink);
        for unread in &change.unread {
            relation::report_unread(
                unread,
                places,
                "statement",
                "run it in Redshift to see whether it is right",
                &mut sink,
            );
        }
        for call in &change.calls {
            let mut parts = parts(call);
            let Some(name) = parts.pop().filter(|name| !name.contains(HOLE)) else { continue };
            let here = self
                .texts
                .iter()
                .filter(|text| text.warehouse == session.warehouse && text.database == session.database);
            let made = here.flat_map(|text| text.made.iter().flatten()).filter(|made| made.thing == Thing::Procedure);
            let known: BTreeSet<&str> = made.map(|made| made.name.as_str()).collect();
            if let Some(near) = closest(&name, known.iter().copied()).filter(|_| !known.contains(name.as_str())) {
                sink.report(&PROCEDURE, places.span(&call.range), format!("the warehouse has no procedure `{name}`"))
                    .help(format!("did you mean `{near}`?"));
            }
        }
    }

    /// What tells the definition of a table from another; nothing where nobody here makes it. Without a name it is that of
    /// all tables of the schema.
    pub fn definition(&self, schema: &str, name: Option<&str>, session: Session<'_>) -> Option<String> {
        let is_it = |one: &str| name.is_none_or(|name| name == one);
        let mut texts = BTreeSet::new();
        for (_, _, holding) in self.here(session) {
            if let Held::Table { schema: of, name: table, columns } = &holding.held
                && *of == schema
                && is_it(table)
            {
                texts.insert(format!("{table} {columns:?}"));
            }
        }
        let here =
            self.texts.iter().filter(|one| one.warehouse == session.warehouse && one.database == session.database);
        for text in here {
            let mut made =
                text.made.iter().flatten().filter(|made| made.thing == Thing::Table && made.schema == schema);
            if made.any(|made| is_it(&made.name)) {
                texts.insert(plain_text(text.places.text()));
            }
        }
        if texts.is_empty() {
            return None;
        }
        let digest = Sha256::digest(texts.into_iter().collect::<Vec<_>>().join("\n"));
        Some(digest.iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
    }

    /// What is known of a table that a component has.
    pub fn of_component(&self, component: &str, schema: &str, name: &str) -> Lookup {
        let own = self.holdings.iter().filter(|(owner, ..)| *owner == component);
        let mut sessions = own.map(|(_, warehouse, holding)| Session { warehouse, database: holding.database });
        sessions.next().map_or(Lookup::Open, |session| self.in_schema(Some(schema), name, session, 0))
    }

    /// Reports a table that is named in a field, if there is only one with nearly this name.
    pub fn check_name(&self, schema: &str, name: &Located<String>, session: Session<'_>) {
        let table = TableName { parts: vec![schema.to_owned(), name.value.clone()], range: 0..name.value.len() };
        if let Lookup::Missing(known) = self.look_up(&table, session, 0) {
            let known = known.iter().map(String::as_str);
            let help = closest(&name.value, known.clone())
                .map_or_else(|| format!("there is {}", alternatives(known)), |near| format!("did you mean `{near}`?"));
            self.around
                .scope
                .sink()
                .report(&relation::UNKNOWN_TABLE, name.span(), format!("the database has no table `{}`", name.value))
                .help(help);
        }
    }
}

/// The full name of a warehouse.
pub fn warehouse(reference: &Reference, scope: &Scope) -> Option<String> {
    match scope.find(reference) {
        Found::Component(full) => Some(full),
        _ => None,
    }
}
