//! The tests of a blueprint: sample events, and what becomes of them.
//!
//! These are the words of the language. What they mean is decided where a blueprint is traced.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde_json::{Map, Value as Json};

/// A sample event, and what becomes of it.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in a few words.
    #[schemars(length(min = 1))]
    pub name: String,
    /// When the event arrives, as ISO 8601. The default is the time that the event names in `time`.
    pub now: Option<String>,
    /// The event: a file beside the blueprint, or the JSON itself.
    pub send: Sent,
    /// Where the event enters: a component, the bus `default`, or a topic of AWS IoT. The default is where the blueprint is fed from
    /// outside, if there is only one such place.
    pub at: Option<String>,
    /// What becomes of the event, by component.
    pub expect: IndexMap<String, Expectation>,
}

/// An event.
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
pub enum Sent {
    /// A file beside the blueprint, for example `events/order.json`.
    File(String),
    /// The event itself.
    Event(Map<String, Json>),
}

/// What becomes of the event at a component.
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
pub enum Expectation {
    /// Nothing: it does not come there, or is left out there.
    None(Never),
    /// Something, which has all that is said.
    Some(Box<Reached>),
}

/// The word for what does not happen.
#[derive(Debug, JsonSchema)]
pub enum Never {
    /// The event does not come there, or is left out there.
    #[serde(rename = "none")]
    None,
}

/// What there is of the event at a component. Without any field it only comes there.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Reached {
    /// The key of the object that it comes to; `*` stands for anything.
    pub key: Option<String>,
    /// The table that has it.
    pub table: Option<String>,
    /// The values of its partition.
    pub partition: Option<Map<String, Json>>,
    /// Fields of the record, as it is there. Others may be there as well.
    pub json: Option<Json>,
    /// How many records come there.
    pub count: Option<u32>,
    /// How it fails, for example `processing-failed`.
    pub error: Option<String>,
    /// Whether the event is as the contract of the component asks. One that breaks it without this word fails the test.
    pub contract: Option<Kept>,
}

/// Whether a contract is kept.
#[derive(Debug, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// The event is as the contract asks.
    Kept,
    /// It is not, on purpose.
    Violated,
}
