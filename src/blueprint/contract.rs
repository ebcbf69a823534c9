//! The contract of a component: what the events are that come to it.
//!
//! These are the words of the language. What they mean is decided where contracts are read.

use schemars::JsonSchema;
use serde_json::{Map, Value as Json};

use super::entry;
use super::text::Located;
use crate::source::Span;
use crate::syntax::{Data, Node};

/// What the events are that come to a component: a JSON Schema in a file beside the blueprint, or what it is about.
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
pub enum Contract {
    /// A file with the schema of the whole event, for example `contracts/order.json`; after `#` the place of the schema
    /// in it.
    File(String),
    /// The schema of a part of the event.
    Part(Box<Parts>),
}

/// What of an event a schema is about.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Parts {
    /// The schema of the whole event: a file, or the schema itself.
    pub event: Option<Schema>,
    /// The schema of the field `detail` of an event of EventBridge: a file, or the schema itself.
    pub detail: Option<Schema>,
}

/// A JSON Schema.
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
pub enum Schema {
    /// In a file beside the blueprint.
    File(String),
    /// The schema itself.
    Inline(Map<String, Json>),
}

/// A contract as it is written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Whether it is about `detail` alone.
    pub of_detail: bool,
    /// Where it stands.
    pub span: Span,
    /// The schema.
    pub schema: Place,
}

/// Where a schema is.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a file beside the blueprint.
    File(Located<String>),
    /// In the blueprint.
    Inline(Node),
}

impl Written {
    /// Reads a contract. What does not fit the schema of the language is left out, because that says so.
    pub fn read(node: &Node) -> Option<Self> {
        let place = |node: &Node| match &node.data {
            Data::String(scalar) => Some(Place::File(Located::at(scalar.text.clone(), node.span))),
            Data::Map(_) => Some(Place::Inline(node.clone())),
            _ => None,
        };
        if let Data::String(_) = &node.data {
            return Some(Self { of_detail: false, span: node.span, schema: place(node)? });
        }
        let (part, of_detail) =
            [("event", false), ("detail", true)].into_iter().find_map(|(name, it)| Some((entry(node, name)?, it)))?;
        Some(Self { of_detail, span: part.value.span, schema: place(&part.value)? })
    }
}
