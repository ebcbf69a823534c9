//! Mapping templates of API Gateway: the part of the Velocity Template Language that they are written in, with
//! `$input`, `$context`, `$stageVariables` and `$util`. What is not read here is said with its place, never guessed.
//!
//! Source: API Gateway Developer Guide, "Mapping template transformations" and "Variables for data transformations";
//! Apache Velocity, "User Guide" and "VTL Reference".

mod evaluate;
mod read;
mod text;

use core::ops::Range;
use std::collections::BTreeMap;

use serde_json::Value as Json;

pub use evaluate::Rendered;
pub use text::url_decode;

/// What a template is given.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The body, as text.
    pub body: String,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The query string.
    pub query: BTreeMap<String, String>,
    /// What the path's variables stand for.
    pub path: BTreeMap<String, String>,
    /// `$context`, as an object of objects.
    pub context: Json,
    /// `$stageVariables`
    pub stage_variables: BTreeMap<String, String>,
}

/// What is wrong with a template, or not read here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its bytes in the template.
    pub range: Range<usize>,
    /// What, in words.
    pub message: String,
}

impl Mistake {
    fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self { range, message: message.into() }
    }
}

/// What a template makes of a request.
pub fn render(template: &str, request: &Request) -> Result<Rendered, Mistake> {
    evaluate::render(&read::read(template)?, template, request)
}

#[cfg(test)]
mod tests;
