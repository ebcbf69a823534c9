//! Contracts: what the events are that come to a component, as a JSON Schema says it.
//!
//! A contract is held against events ([`Contract::violations`]), and asked what events may be at a path
//! ([`Contract::may`]) without any at hand. It never changes a template. Files reach this layer through who reads it, so
//! nothing here is fetched.

mod check;
pub mod document;
mod examples;
mod may;
mod plain;
#[cfg(test)]
mod tests;
mod violation;

use std::collections::BTreeMap;
use std::fmt;

use jsonschema::{Draft, Retrieve, Uri, Validator};
use serde_json::{Value as Json, json};

pub use self::check::{CODES, Named, read};
use self::document::{Document, Location, encoded};
pub use self::examples::Variant;
pub use self::may::{May, Presence, Step, Types, way};
pub use self::violation::Violation;
use crate::source::Span;

/// What a contract is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The whole event, as it comes in.
    Event,
    /// The field `detail` of an event of EventBridge.
    Detail,
}

/// What the events are that come to a component.
pub struct Contract {
    part: Part,
    start: Location,
    documents: BTreeMap<String, Document>,
    /// Where references lead, by the place of the schema that refers.
    references: BTreeMap<Location, Location>,
    draft: Draft,
    validator: Validator,
}

impl fmt::Debug for Contract {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Contract").field("part", &self.part).field("start", &self.start).finish_non_exhaustive()
    }
}

/// The path under which a schema is known that stands in the blueprint: no file is called so.
pub const INLINE: &str = ":contract";

/// How addresses begin under which the files of a contract are known to the validator.
const BASE: &str = "formwork:///";

/// Hands the files to the validator, and nothing else.
struct Shelf(BTreeMap<String, Json>);

impl Retrieve for Shelf {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        self.0.get(uri.as_str()).cloned().ok_or_else(|| format!("`{uri}` is not fetched").into())
    }
}

/// The address of a schema for the validator.
fn address(location: &Location) -> String {
    format!("{BASE}{}#{}", encoded(&location.path), encoded(&location.pointer))
}

impl Contract {
    /// A contract of files that are known to be schemas; an error is what the validator says.
    fn build(
        part: Part,
        start: Location,
        documents: BTreeMap<String, Document>,
        references: BTreeMap<Location, Location>,
        draft: Draft,
    ) -> Result<Self, (Option<Location>, String)> {
        let shelf = documents.values().map(|document| {
            let mut json = document.json.clone();
            if let Json::Object(root) = &mut json {
                let own = root.get("$schema").and_then(Json::as_str).and_then(check::dialect);
                root.insert("$schema".to_owned(), json!(check::url(own.unwrap_or(draft))));
            }
            for (from, to) in references.iter().filter(|(from, _)| from.path == document.path) {
                if let Some(Json::Object(schema)) = json.pointer_mut(&from.pointer) {
                    schema.insert("$ref".to_owned(), json!(address(to)));
                }
            }
            without_addresses(&mut json);
            (format!("{BASE}{}", encoded(&document.path)), json)
        });
        let root = json!({"$schema": check::url(draft), "$ref": address(&start)});
        let validator = jsonschema::options()
            .with_base_uri(format!("{BASE}:root"))
            .with_retriever(Shelf(shelf.collect()))
            .should_validate_formats(true)
            .build(&root)
            .map_err(|error| {
                let place = error.absolute_keyword_location().and_then(|uri| location(uri.as_str()));
                (place, error.to_string())
            })?;
        Ok(Self { part, start, documents, references, draft, validator })
    }

    /// The part of an event that it is about.
    pub fn part(&self) -> Part {
        self.part
    }

    /// How people know it: by the path of its file from the folder of the blueprint, if it is in one.
    pub fn name(&self) -> String {
        if self.start.path == INLINE {
            "the contract".to_owned()
        } else {
            format!("the contract `{}`", self.start.path)
        }
    }

    /// The place of its schema: the first word of it.
    pub fn span(&self) -> Option<Span> {
        let document = self.documents.get(&self.start.path)?;
        let node = document.at(&self.start.pointer)?;
        Some(match &node.data {
            crate::syntax::Data::Map(entries) => entries.first().map_or(node.span, |entry| entry.key.span),
            _ => node.span,
        })
    }

    /// The place of a schema.
    pub fn place(&self, location: &Location) -> Option<Span> {
        let document = self.documents.get(&location.path)?;
        document::place(&document.root, &location.pointer, true)
    }

    /// The schema at a place.
    fn schema(&self, location: &Location) -> Option<&Json> {
        self.documents.get(&location.path)?.json.pointer(&location.pointer)
    }
}

/// Takes the addresses out that schemas give themselves: references are known without them.
fn without_addresses(schema: &mut Json) {
    for (_, pointer) in document::inner(schema) {
        if let Some(inner) = schema.pointer_mut(&pointer) {
            without_addresses(inner);
        }
    }
    if let Json::Object(map) = schema {
        for key in ["$id", "id"] {
            if map.get(key).is_some_and(Json::is_string) {
                map.shift_remove(key);
            }
        }
    }
}

/// The schema that an address of the validator is about.
fn location(uri: &str) -> Option<Location> {
    let (path, pointer) = uri.strip_prefix(BASE)?.split_once('#')?;
    Some(Location { path: document::decoded(path), pointer: document::decoded(pointer) })
}
