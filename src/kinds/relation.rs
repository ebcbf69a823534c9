//! What queries read: the tables and views of a blueprint, and what a query says about them.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Access, Found, Peers, Port, Scope, Site};
use crate::blueprint::text::{Part, Reference, Script, Text};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::source::{Origin, Span};
use crate::template::sql::{self, Column, Flavor, HOLE, Lookup, Query, TableName, Type, What};

/// A component that queries can name.
#[derive(Debug)]
pub struct Relation<'a> {
    /// The name of the table; `None` where it is not written out.
    pub name: Option<String>,
    /// Its database; `None` where that is not known.
    pub database: Option<&'a Reference>,
    /// The role of its resource.
    pub role: &'static str,
    /// The query behind it, for a view.
    pub script: Option<&'a Script>,
}

codes! {
    /// A query reads a table that the database of the blueprint does not have.
    ///
    /// Only databases that the blueprint makes and no crawler fills are looked at. A table that something else makes
    /// there is a reason to acknowledge this.
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
    ///   all:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: SELECT id FROM ordrs
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
    ///   all:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: SELECT id FROM orders
    /// ```
    UNKNOWN_TABLE = Warning "unknown-table";

    /// A query names a column, or a field of one, that nothing in its `FROM` has.
    ///
    /// The columns of tables and views of the blueprint are known, and what subqueries, common table expressions and
    /// `UNNEST` make of them. Where something is read whose columns nobody says, nothing is reported.
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
    ///     columns: { customer: "struct<name:string,city:string>" }
    ///   cities:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: SELECT customer.town FROM orders
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
    ///     columns: { customer: "struct<name:string,city:string>" }
    ///   cities:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: SELECT customer.city FROM orders
    /// ```
    ///
    /// Source: Athena User Guide, "Run SQL queries in Amazon Athena"; Trino, "SELECT".
    UNKNOWN_COLUMN = Error "unknown-column";

    /// Two parts of a query that must have the same number of columns do not.
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
    ///   all:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: SELECT id, amount FROM orders UNION ALL SELECT id FROM orders
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
    ///   all:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: SELECT id, amount FROM orders UNION ALL SELECT id, 0 FROM orders
    /// ```
    ///
    /// Source: Trino, "SELECT": `UNION`, `UNNEST`, `WITH`.
    COLUMN_COUNT = Error "column-count";

    /// A query or a statement is not checked, because the parser does not know what is in it.
    ///
    /// It may well be right: the parser reads what many dialects of SQL have in common, and Athena and Redshift have
    /// more. Of Redshift, rights, settings and what `COPY` and `UNLOAD` do are not looked into.
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   repair:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: MSCK REPAIR TABLE orders
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   one:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: SELECT 1 AS one
    /// ```
    UNREAD = Info "unchecked-query";
}

/// A query of a component, with what it says about the blueprint.
pub struct Asked {
    /// What was read of it.
    pub query: Query,
    /// The places of its text.
    pub places: Places,
    /// The tables and views of the blueprint that it reads.
    pub reads: Vec<Known>,
}

/// A table or view of the blueprint.
#[derive(Clone, Debug)]
pub struct Known {
    /// The component, by its full name.
    pub component: String,
    /// The id of its resource.
    pub id: String,
    /// Where it is named.
    pub range: Range<usize>,
}

/// A text for the parser, and where each part of it is written.
pub struct Places {
    text: String,
    whole: Span,
    /// Where a part starts, and the source from there on if it is the same.
    pieces: Vec<(usize, Option<Span>)>,
    /// What stands in `${ }`, in order.
    references: Vec<(String, Span)>,
}

impl Places {
    /// The text that the parser reads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Of a text of a blueprint.
    pub fn new(text: &Text) -> Self {
        let mut places = Self { text: String::new(), whole: text.span, pieces: Vec::new(), references: Vec::new() };
        let file = text.span.file;
        let mut at = text.span.start;
        for (index, part) in text.parts.iter().enumerate() {
            let start = places.text.len();
            match part {
                Part::Literal(literal) => {
                    let next = text.parts.get(index + 1).map_or(text.span.end, |next| match next {
                        Part::Reference(_, span) => span.start.saturating_sub(2),
                        Part::Literal(_) => text.span.end,
                    });
                    // In YAML blank lines, quotes and indentation may be left out.
                    let same = usize::try_from(next.saturating_sub(at)).is_ok_and(|length| length == literal.len());
                    let written = Span { file, start: at, end: next };
                    places.pieces.push((start, same.then_some(written)));
                    places.text.push_str(literal);
                }
                Part::Reference(path, span) => {
                    places.pieces.push((start, Some(*span)));
                    let number = places.references.len().to_string();
                    places.text.extend([HOLE, number.as_str(), "_"]);
                    places.references.push((path.clone(), *span));
                    at = span.end + 1;
                }
            }
        }
        places
    }

    /// Where a part of the text is written; all of it where that is not known.
    pub fn span(&self, range: &Range<usize>) -> Span {
        let found = self.pieces.iter().rev().find(|(start, _)| *start <= range.start);
        let Some((start, Some(written))) = found else { return self.whole };
        let offset = |at: usize| u32::try_from(at.saturating_sub(*start)).unwrap_or(u32::MAX);
        let first = written.start.saturating_add(offset(range.start));
        let last = written.start.saturating_add(offset(range.end));
        if first >= last || last > written.end {
            return if first < written.end { Span { start: first, ..*written } } else { self.whole };
        }
        Span { start: first, end: last, ..*written }
    }

    /// What is in the `${ }` that a name is.
    fn reference(&self, name: &str) -> Option<&(String, Span)> {
        let number: usize = name.strip_prefix(HOLE)?.strip_suffix('_')?.parse().ok()?;
        self.references.get(number)
    }
}

/// The component that is named by `${component.name}`.
fn named(reference: &(String, Span), scope: &Scope) -> Option<String> {
    let (path, span) = reference;
    let is_name = matches!(path.split_once('.'), Some((_, "name" | "ref")));
    let owner = Reference::of_attribute(path, *span).filter(|_| is_name)?;
    match scope.find(&owner) {
        Found::Component(full) => Some(full),
        _ => None,
    }
}

/// The components around a query, and what their names mean to the one that asks.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// All components.
    pub peers: &'a Peers<'a>,
    /// What texts mean.
    pub scope: &'a Scope,
    /// What asks.
    pub origin: Origin,
}

impl<'a> From<&'a Site<'_>> for Around<'a> {
    fn from(site: &'a Site<'_>) -> Self {
        Self { peers: site.peers, scope: site.scope, origin: site.place.origin }
    }
}

/// A table or view with the full name of its database.
struct Listed<'a> {
    component: &'a str,
    relation: Relation<'a>,
    database: Option<String>,
}

/// All tables and views of the blueprint.
fn relations(around: Around<'_>) -> Vec<Listed<'_>> {
    let list = around.peers.iter().filter_map(|(component, peer)| {
        let scope = around.scope.of(component);
        let relation = peer.relation(&scope.place(component, around.origin))?;
        let database = relation.database.and_then(|database| match scope.find(database) {
            Found::Component(full) => Some(full),
            _ => None,
        });
        Some(Listed { component, relation, database })
    });
    list.collect()
}

impl Listed<'_> {
    fn columns(&self, around: Around<'_>) -> Lookup {
        let owner = around.scope.of(self.component);
        let place = owner.place(self.component, around.origin);
        let columns = around.peers.get(self.component).and_then(|peer| peer.columns(&place, around.peers, &owner));
        let column = |one: crate::template::hive::Column| Column {
            name: one.name.to_lowercase(),
            kind: Type::of_hive(&one.kind),
        };
        columns.map_or(Lookup::Open, |all| Lookup::Columns(all.into_iter().map(column).collect()))
    }
}

/// What is known of a table that the blueprint does not have in a database.
fn missing(database: &str, list: &[Listed<'_>], around: Around<'_>) -> Lookup {
    let here: Vec<&Listed<'_>> = list.iter().filter(|one| one.database.as_deref() == Some(database)).collect();
    let unnamed = list.iter().any(|one| one.database.is_none() || one.relation.name.is_none());
    if here.is_empty() || unnamed || is_filled(database, around) {
        return Lookup::Open;
    }
    Lookup::Missing(here.iter().filter_map(|one| one.relation.name.clone()).collect())
}

/// What is known of a table, in small letters, of a database that a component names.
pub fn in_database(table: &str, database: &Reference, component: &str, around: Around<'_>) -> Lookup {
    let Found::Component(database) = around.scope.of(component).find(database) else { return Lookup::Open };
    let list = relations(around);
    let of_it = |one: &&Listed<'_>| one.database.as_ref() == Some(&database);
    match list.iter().filter(of_it).find(|one| one.relation.name.as_deref() == Some(table)) {
        Some(found) => found.columns(around),
        None => missing(&database, &list, around),
    }
}

/// Whether tables may come into a database that the blueprint does not name.
fn is_filled(database: &str, around: Around<'_>) -> bool {
    around.peers.iter().any(|(component, peer)| {
        peer.wires().iter().any(|wire| {
            let found = around.scope.of(component).find(wire.to);
            wire.access == Access::MaintainTables && matches!(found, Found::Component(full) if full == database)
        })
    })
}

/// Reads the query of a component and reports what is wrong in it.
pub fn ask(script: &Script, database: &Reference, site: &Site<'_>) -> Option<Asked> {
    let text = site.scope.script_text(script)?;
    let places = Places::new(text);
    let list = relations(site.into());
    let read = |list: &[Listed<'_>]| read(&places, database, list, site.scope, site);
    match read(&list) {
        (Ok(query), reads) => {
            report(&query, &places, &mut site.scope.sink());
            Some(Asked { query, places, reads })
        }
        (Err(unread), _) => {
            let help = "run it in Athena to see whether it is right";
            report_unread(&unread, &places, "query", help, &mut site.scope.sink());
            None
        }
    }
}

/// Reads a query, and finds which tables of the blueprint it reads.
fn read(
    places: &Places,
    database: &Reference,
    list: &[Listed<'_>],
    scope: &Scope,
    site: &Site<'_>,
) -> (Result<Query, sql::Unread>, Vec<Known>) {
    let own = match scope.find(database) {
        Found::Component(full) => Some(full),
        _ => None,
    };
    let reads = std::cell::RefCell::new(Vec::new());
    let look_up = |table: &TableName| -> Lookup {
        let Some((name, before)) = table.parts.split_last() else { return Lookup::Open };
        let direct = places.reference(name).and_then(|reference| named(reference, scope));
        let database = match before.last() {
            None => own.clone(),
            Some(database) => places
                .reference(database)
                .and_then(|reference| named(reference, scope))
                .filter(|full| scope.serves(full, Port::Database)),
        };
        let found = list.iter().find(|one| match &direct {
            Some(component) => one.component == component,
            None => {
                database.is_some()
                    && one.database == database
                    && one.relation.name.as_deref() == Some(name.to_lowercase().as_str())
            }
        });
        if let Some(found) = found {
            let place = scope.of(found.component).place(found.component, site.place.origin);
            reads.borrow_mut().push(Known {
                component: found.component.to_owned(),
                id: place.id(found.relation.role),
                range: table.range.clone(),
            });
            return found.columns(site.into());
        }
        let Some(database) = database.filter(|_| direct.is_none() && places.reference(name).is_none()) else {
            return Lookup::Open;
        };
        missing(&database, list, site.into())
    };
    let query = sql::read(&places.text, Flavor::Athena, &look_up);
    (query, reads.into_inner())
}

/// Reports that a text, or a part of it, was not read.
pub fn report_unread(unread: &sql::Unread, places: &Places, what: &str, help: &str, sink: &mut Sink) {
    let range = unread.range.as_ref().filter(|range| !range.is_empty());
    let span = range.map_or(places.whole, |range| places.span(range));
    let mut letters = unread.reason.chars();
    let first = letters.next().map(String::from).unwrap_or_default();
    // A name such as SQL keeps its capitals.
    let is_name = letters.as_str().starts_with(|next: char| next.is_uppercase());
    let first = if is_name { first } else { first.to_lowercase() };
    let message = format!("this {what} is not checked: {first}{}", letters.as_str());
    sink.report(&UNREAD, span, message).help(help);
}

/// Reports what is wrong in a query.
pub fn report(query: &Query, places: &Places, sink: &mut Sink) {
    for problem in &query.problems {
        let span = places.span(&problem.range);
        let meant = |name: &str, known: &[String]| {
            let name = name.to_lowercase();
            let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
            match closest(&name, known.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None if known.is_empty() => "see what is read in `FROM`".to_owned(),
                None => format!("there is {}", alternatives(known.iter().copied().take(MOST_SHOWN))),
            }
        };
        match &problem.what {
            What::Table(name, known) => {
                sink.report(&UNKNOWN_TABLE, span, format!("the database has no table `{name}`"))
                    .help(meant(name, known));
            }
            What::Column(name, known) => {
                sink.report(&UNKNOWN_COLUMN, span, format!("no column `{name}`")).help(meant(name, known));
            }
            What::Field(name, known) => {
                sink.report(&UNKNOWN_COLUMN, span, format!("the row has no field `{name}`")).help(meant(name, known));
            }
            What::Names { given, columns } => {
                sink.report(&COLUMN_COUNT, span, format!("{given} names for {columns} columns"))
                    .help("give each column a name, or none");
            }
            What::Sides(first, second) => {
                sink.report(&COLUMN_COUNT, span, format!("{second} columns after {first}"))
                    .help("give both sides the same columns");
            }
        }
    }
}

/// Names that a line of help lists.
const MOST_SHOWN: usize = 12;

impl Asked {
    /// The view that a view reads, through which it would read itself.
    pub fn cycle(&self, of: &str, site: &Site<'_>) -> Option<&Known> {
        let list = relations(site.into());
        self.reads.iter().find(|read| {
            let mut seen = BTreeSet::new();
            let mut waiting = vec![read.component.clone()];
            while let Some(component) = waiting.pop() {
                if component == of {
                    return true;
                }
                if !seen.insert(component.clone()) {
                    continue;
                }
                let one = list.iter().find(|one| one.component == component);
                let Some((script, database)) = one.and_then(|one| one.relation.script.zip(one.relation.database))
                else {
                    continue;
                };
                let scope = site.scope.of(&component);
                if let Some(text) = scope.script_text(script) {
                    let (_, reads) = self::read(&Places::new(text), database, &list, &scope, site);
                    waiting.extend(reads.into_iter().map(|read| read.component));
                }
            }
            false
        })
    }

    /// The ids of what must be made before.
    pub fn ids(&self) -> BTreeSet<&str> {
        self.reads.iter().map(|read| read.id.as_str()).collect()
    }
}
