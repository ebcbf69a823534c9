//! Columns of tables, compared with what events have by their contract.

use super::content::{Arrival, Content};
use super::{Known, field};
use crate::contract::{Step, Types, way};
use crate::diagnostics::{Sink, certain, closest};
use crate::source::{Sources, Span};
use crate::template::{Resource, Value};
use crate::trace::Record;
use crate::trace::entry::Entry;
use crate::trace::firehose::Stream;
use crate::trace::rows::{Column, Kind, SerDe};
use crate::trace::table::{Place, Table};
use crate::trace::world::World;

codes! {
    /// No event fills a column, by the contract of what comes to its table.
    ///
    /// The column is NULL in all rows. Names of columns are in small letters, and take fields whose names are the same in
    /// small letters, or that a setting `mapping.<column>` of the reader names. Where a contract allows any field, only a
    /// column is told whose name is nearly that of a field.
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
    ///     columns: { order_id: string, totl: double }
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event:
    ///         type: object
    ///         additionalProperties: false
    ///         properties: { order_id: { type: string }, total: { type: number } }
    ///     to: { s3: archive, layout: [orders] }
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
    ///     columns: { order_id: string, total: double }
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event:
    ///         type: object
    ///         additionalProperties: false
    ///         properties: { order_id: { type: string }, total: { type: number } }
    ///     to: { s3: archive, layout: [orders] }
    /// ```
    ///
    /// Source: Athena User Guide, "JSON SerDe libraries".
    EMPTY = Warning "column-not-in-contract";

    /// A column has a type that no event has in its field, by the contract of what comes to its table.
    ///
    /// A query gives NULL or fails for such a value, and a stream that converts records puts them under the error prefix.
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
    ///     columns: { total: double }
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, properties: { total: { type: string } } }
    ///     to: { s3: archive, layout: [orders] }
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
    ///     columns: { total: string }
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, properties: { total: { type: string } } }
    ///     to: { s3: archive, layout: [orders] }
    /// ```
    ///
    /// Source: Athena User Guide, "JSON SerDe libraries"; Firehose Developer Guide, "Convert input data format".
    TYPE = Warning "column-of-another-type";

    /// A field of events, by the contract of what comes to a table, has no column there.
    ///
    /// Nothing is lost in S3, but no query sees the field, and a stream that converts records to columns leaves it out.
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
    ///     columns: { total: double }
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, properties: { total: { type: number }, currency: { type: string } } }
    ///     to: { s3: archive, layout: [orders] }
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
    ///     columns: { total: double, currency: string }
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, properties: { total: { type: number }, currency: { type: string } } }
    ///     to: { s3: archive, layout: [orders] }
    /// ```
    LEFT = Info "field-without-column";
}

/// A name that no contract names, to see whether it allows any field.
const ANY: &str = "\u{E000}";

/// Structs in each other that are compared.
const MOST_DEPTH: usize = 12;

/// A table with what reads it, while it is compared.
struct Comparison<'a> {
    arrival: &'a Arrival,
    serde: &'a SerDe,
    /// Partition keys in small letters, which need no column.
    keys: Vec<String>,
    resource: &'a Resource,
    sources: &'a Sources,
}

impl World<'_> {
    /// Checks the columns of the tables that have what a stream delivers.
    pub(super) fn check_columns(&self, arrival: &Arrival, stream: &Stream, known: &Known<'_>, sink: &mut Sink) {
        let follows = stream.function.is_none() && !stream.decompresses;
        if !follows || matches!(arrival.content, Content::Unknown | Content::Value(_)) {
            return;
        }
        let mut done: Vec<&str> = Vec::new();
        for (id, table) in &self.catalog.tables {
            let converts = stream.conversion.as_ref().filter(|one| {
                one.database.eq_ignore_ascii_case(&table.database) && one.table.eq_ignore_ascii_case(&table.name)
            });
            let serde = match (converts, &table.serde) {
                (Some(conversion), _) => &conversion.serde,
                // What is read as JSON is what was delivered, unless it was converted.
                (None, Some(serde)) if stream.conversion.is_none() && self.lands(arrival, stream, table, known) => {
                    serde
                }
                _ => continue,
            };
            let Some(resource) = self.resource(id).filter(|_| !done.contains(&id.as_str())) else { continue };
            done.push(id);
            let keys = table.partition_keys.iter().map(|key| key.name.to_lowercase()).collect();
            let comparison = Comparison { arrival, serde, keys, resource, sources: known.sources };
            let columns: Vec<(&str, &Kind)> =
                table.columns.iter().map(|Column { name, kind }| (name.as_str(), kind)).collect();
            comparison.fields(&columns, &[], None, sink);
        }
    }

    /// Whether an event of the contract comes to a table.
    fn lands(&self, arrival: &Arrival, stream: &Stream, table: &Table, known: &Known<'_>) -> bool {
        let Some(time) = crate::trace::time::read("2026-11-23T10:00:00Z") else { return false };
        let Some(objects) = &stream.objects else { return false };
        self.events_of(arrival, known).iter().any(|event| {
            let hop = self.follow(&Entry::Resource(arrival.from.clone()), &Record::new(event.to_string(), time));
            let mut found = false;
            hop.walk(&mut |stream| {
                if stream.id.as_deref() == Some(arrival.id.as_str()) {
                    let ends = stream.next.iter().filter(|end| end.what == "object");
                    found |= ends
                        .filter_map(|end| end.facts.key.as_deref())
                        .any(|key| matches!(table.place(objects.bucket_name(), key, time), Place::Partition(_)));
                }
            });
            found
        })
    }
}

impl Comparison<'_> {
    /// Compares columns, or the fields of a struct, with the fields of an object.
    fn fields(&self, columns: &[(&str, &Kind)], path: &[Step], column: Option<&str>, sink: &mut Sink) {
        if path.len() > MOST_DEPTH {
            return;
        }
        let content = &self.arrival.content;
        let names: Vec<String> = content.names(path).into_iter().collect();
        let key = |name: &str| path.iter().cloned().chain([Step::Key(name.to_owned())]).collect::<Vec<Step>>();
        let is_closed = content.may(&key(ANY)).is_never() && content.may(path).types.may_be(Types::OBJECT);
        let taken: Vec<(String, &String)> = names.iter().map(|name| (self.serde.taken(name), name)).collect();
        for (name, kind) in columns {
            let wanted = self.serde.wanted(name);
            let field = taken.iter().find(|(taken, _)| *taken == wanted).map(|(_, field)| *field);
            let span = self.span(column.unwrap_or(name), name);
            if let Some(field) = field.filter(|field| !content.may(&key(field)).is_never()) {
                let mut steps = key(field);
                self.kind(kind, &mut steps, (column.unwrap_or(name), name), sink);
                continue;
            }
            let is_free = |known: &&str| {
                let taken = self.serde.taken(known);
                !columns.iter().any(|(column, _)| self.serde.wanted(column) == taken)
            };
            let free = || names.iter().map(String::as_str).filter(is_free);
            let near = if is_closed { closest(&wanted, free()) } else { certain(&wanted, free()) };
            let at = if path.is_empty() { String::new() } else { format!(" in `{}`", way(path)) };
            if !is_closed && near.is_none() {
                continue;
            }
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "leave the column out, or add the field to the contract".to_owned(),
            };
            let message = if is_closed {
                format!("no event fills `{name}`{at}, by {}", self.arrival.contract.name())
            } else {
                let near = near.unwrap_or_default();
                format!("`{name}` is not in {}, which has `{near}`", self.arrival.contract.name())
            };
            let report = sink.report(&EMPTY, span, message).help(help);
            if let Some(place) = self.arrival.contract.span() {
                report.also(place, "the contract");
            }
        }
        for (taken, field) in taken {
            let has_column = columns.iter().any(|(column, _)| self.serde.wanted(column) == taken);
            if has_column || (path.is_empty() && self.keys.contains(&taken)) || content.may(&key(field)).is_never() {
                continue;
            }
            let span = column.map_or_else(|| self.place(), |column| self.span(column, column));
            let told = way(&key(field));
            let message = format!("no column has `{told}`, which is in {}", self.arrival.contract.name());
            sink.report(&LEFT, span, message).help("add a column for it, if queries need it");
        }
    }

    /// Compares the type of a column with what a field may be.
    fn kind(&self, kind: &Kind, path: &mut Vec<Step>, (column, name): (&str, &str), sink: &mut Sink) {
        let types = self.arrival.content.may(path).types.without(Types::NULL);
        let takes = match kind {
            Kind::Boolean => Types::BOOL,
            Kind::Integer(_) | Kind::Float | Kind::Decimal(..) => Types::NUMBER,
            Kind::Date | Kind::Timestamp => Types::NUMBER.or(Types::TEXT),
            // A text takes anything as it is written.
            Kind::Text(_) | Kind::Binary => Types::ALL,
            Kind::Array(_) => Types::LIST,
            Kind::Map(..) | Kind::Struct(_) => Types::OBJECT,
        };
        if !types.is_empty() && !types.may_be(takes) {
            let message = format!(
                "`{name}` takes {}, and `{}` is {} by {}",
                takes.told(),
                way(path),
                types.told(),
                self.arrival.contract.name()
            );
            let report = sink.report(&TYPE, self.span(column, name), message);
            report.help("give the column the type of the field, or change the contract");
            if let Some(place) = self.arrival.contract.span() {
                report.also(place, "the contract");
            }
            return;
        }
        match kind {
            Kind::Struct(fields) if types == Types::OBJECT => {
                let fields: Vec<(&str, &Kind)> = fields.iter().map(|(name, kind)| (name.as_str(), kind)).collect();
                self.fields(&fields, path, Some(column), sink);
            }
            Kind::Array(item) if types == Types::LIST => {
                path.push(Step::Item);
                self.kind(item, path, (column, name), sink);
                path.pop();
            }
            _ => {}
        }
    }

    /// The place of a column, as narrow as its text allows.
    fn span(&self, column: &str, name: &str) -> Span {
        let columns =
            self.resource.properties.get("TableInput").and_then(|one| one.at(&["StorageDescriptor", "Columns"]));
        let own =
            columns.and_then(Value::as_list).unwrap_or_default().iter().find(|one| {
                one.at(&["Name"]).and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case(column))
            });
        let part =
            if column == name { own.and_then(|one| one.at(&["Name"])) } else { own.and_then(|one| one.at(&["Type"])) };
        let Some(span) = part.or(own).map(|one| one.origin.span()) else { return self.place() };
        field::narrow(self.sources, span, name)
    }

    /// The place of the table.
    fn place(&self) -> Span {
        field::narrow(self.sources, self.resource.origin.span(), "")
    }
}
