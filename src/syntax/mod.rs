//! YAML and JSON as one tree with a place on every key and value.
//!
//! The order of the text is kept. What cannot be read is reported and never stops the program.
//! This layer knows nothing of blueprints or CloudFormation but the names of its short tags.

#![allow(clippy::doc_markdown, reason = "the pages of the codes are prose for users, where CloudFormation is a name")]

mod load;
mod place;

use std::ops::Range;

use crate::source::Span;

pub use load::{CODES, MAX_FILE_BYTES, load};

/// A value of the text, with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The whole value: quotes included, the tag not.
    pub span: Span,
    /// A local tag such as `!Ref`, without the exclamation mark.
    pub tag: Option<Tag>,
    /// What it is.
    pub data: Data,
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
