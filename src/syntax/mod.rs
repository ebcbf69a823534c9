//! YAML and JSON as one tree with a place on every key and value.
//!
//! The order of the text is kept. What cannot be read is reported and never stops the program.
//! This layer knows nothing of blueprints or CloudFormation but how its reader takes plain scalars.

#![allow(clippy::doc_markdown, reason = "the pages of the codes are prose for users, where CloudFormation is a name")]

mod json;
mod load;
mod members;
mod mistake;
mod place;
mod resolve;
mod scalar;
#[cfg(test)]
mod tests;
mod yaml;

use std::ops::Range;

use serde_json::Value as Json;

use crate::diagnostics::{Code, Sink};
use crate::source::{FileId, Sources, Span};

pub use load::{MAX_FILE_BYTES, load};
pub use yaml::{MAX_ALIAS_BYTES, MAX_ALIAS_NODES};

/// How many lists and mappings may stand inside each other.
pub const MAX_DEPTH: usize = 128;

/// The codes of each module of this layer.
const PARTS: [&[&Code]; 11] = [
    load::CODES,
    json::CODES,
    members::CODES,
    scalar::CODES,
    mistake::PARTS[0],
    mistake::PARTS[1],
    mistake::PARTS[2],
    yaml::PARTS[0],
    yaml::PARTS[1],
    yaml::PARTS[2],
    yaml::PARTS[3],
];

/// The codes of this layer, module by module.
pub static CODES: &[&Code] = &{
    // A `static` can be put together only by loops over positions.
    let mut all = [PARTS[0][0]; count()];
    let mut filled = 0;
    let mut part = 0;
    while part < PARTS.len() {
        let mut at = 0;
        while at < PARTS[part].len() {
            all[filled] = PARTS[part][at];
            (filled, at) = (filled + 1, at + 1);
        }
        part += 1;
    }
    all
};

const fn count() -> usize {
    let mut count = 0;
    let mut part = 0;
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
}

/// By whose rules plain scalars are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// YAML 1.2, with a warning where YAML 1.1 reads otherwise.
    Blueprint,
    /// YAML 1.1 as CloudFormation reads it, without a word.
    Template,
}

/// Reads a file as one tree; `None` when nothing of it is usable, which is reported.
///
/// A file is JSON when its name says so or when it can be read as JSON. When it is neither that nor YAML, its first
/// characters decide whose mistakes are reported.
pub fn parse(file: FileId, sources: &Sources, dialect: Dialect, sink: &mut Sink) -> Option<Node> {
    let source = sources.get(file);
    let text = source.text.as_str();
    if source.name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json")) {
        return json::read(file, text, sink);
    }
    if !text.trim_start().starts_with(['{', '[']) {
        return yaml::read(file, text, dialect, sink);
    }
    let mut findings = Sink::default();
    let mut tree = json::read(file, text, &mut findings);
    if tree.is_none() {
        let mut others = Sink::default();
        tree = yaml::read(file, text, dialect, &mut others);
        if tree.is_some() || !json::begins_like_json(text) {
            findings = others;
        }
    }
    for finding in findings.diagnostics() {
        *sink.report(finding.code, finding.span, "") = finding.clone();
    }
    tree
}

/// A value of the text, with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The whole value: quotes included, tag and anchor not.
    ///
    /// A block text (`|`, `>`) goes from its indicator to the end of its last line that is not blank; a list or mapping
    /// without brackets from its first dash or key to the end of its last value. What an alias stands for keeps the
    /// place where it is written, and a value that is not written is an empty range behind its colon.
    pub span: Span,
    /// A local tag such as `!Ref`, without the exclamation mark.
    pub tag: Option<Tag>,
    /// What it is.
    pub data: Data,
}

impl Node {
    /// The value without its places.
    pub fn json(&self) -> Json {
        match &self.data {
            Data::Null => Json::Null,
            Data::Bool(value) => Json::Bool(*value),
            Data::Number(number) => Json::Number(number.clone()),
            Data::String(scalar) => Json::String(scalar.text.clone()),
            Data::List(items) => items.iter().map(Self::json).collect(),
            Data::Map(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.key.text.clone(), entry.value.json())).collect())
            }
        }
    }
}

/// A YAML tag that is not one of YAML's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The name without `!`.
    pub name: String,
    /// Its place, the exclamation mark included.
    pub span: Span,
}

/// What a [`Node`] is.
#[derive(Clone, Debug)]
pub enum Data {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number by YAML 1.2 (its own text is in the source).
    Number(serde_json::Number),
    /// Everything else that is a scalar.
    String(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text, each key once.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// The key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its text without quotes.
    pub text: String,
    /// Its place, quotes included.
    pub span: Span,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In `'`.
    Single,
    /// In `"`.
    Double,
    /// After `|`.
    Literal,
    /// After `>`.
    Folded,
}

/// The text of a scalar, and how its bytes map to the source.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The text as YAML means it.
    pub text: String,
    /// How it is written.
    pub style: Style,
    /// Parts of `text` that stand for a range of the source each, in order and without gaps;
    /// empty as long as the text is what the source says.
    pub pieces: Vec<Piece>,
}

/// A part of an evaluated text.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The bytes of the text.
    pub range: Range<usize>,
    /// The source that they come from; of equal length where `exact`.
    pub span: Span,
    /// Whether each byte stands for the byte at its place in the source.
    pub exact: bool,
}
