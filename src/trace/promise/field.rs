//! Fields that something asks for, and that no event has by its contract.

use super::content::{Arrival, Content};
use crate::contract::{Presence, Step, way};
use crate::diagnostics::{Sink, alternatives, certain, closest};
use crate::source::{Sources, Span};

codes! {
    /// A pattern, a path or a partition key asks for a field that no event has by its contract.
    ///
    /// A rule with such a field never matches, a path gives nothing, and a partition key is null, so that all records go to
    /// the error prefix. A contract excludes a field where `additionalProperties` is `false`, or where what leads to it is
    /// no object. Where a contract allows any field, only a name is told that is nearly one of its own.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, required: [customer_id], properties: { customer_id: { type: string, minLength: 1 } } }
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - customer: { query: .custmer_id, missing: none }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, required: [customer_id], properties: { customer_id: { type: string, minLength: 1 } } }
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - customer: { query: .customer_id, missing: none }
    /// ```
    FIELD = Warning "field-not-in-contract";
}

/// A field that is not there.
#[derive(Debug)]
pub struct Absent {
    /// How many steps lead to it.
    pub steps: usize,
    /// The name that was meant, probably.
    pub near: Option<String>,
    /// Whether the contract excludes it; otherwise it only looks like another.
    is_excluded: bool,
    names: Vec<String>,
}

/// Names of fields that are listed in a sentence.
const LISTED: usize = 12;

/// The first field on a way that no event has.
pub fn absent(content: &Content, path: &[Step]) -> Option<Absent> {
    for steps in 1..=path.len() {
        let may = content.may(&path[..steps]);
        let names = || content.names(&path[..steps - 1]);
        let Step::Key(name) = &path[steps - 1] else {
            if may.is_never() {
                return Some(Absent { steps, near: None, is_excluded: true, names: Vec::new() });
            }
            continue;
        };
        if may.is_never() {
            let names: Vec<String> = names().into_iter().collect();
            let near = closest(name, names.iter().map(String::as_str)).map(ToOwned::to_owned);
            return Some(Absent { steps, near, is_excluded: true, names });
        }
        if may.presence == Presence::Open {
            let names: Vec<String> = names().into_iter().filter(|known| known != name).collect();
            let near = certain(name, names.iter().map(String::as_str)).map(ToOwned::to_owned);
            return near.map(|near| Absent { steps, near: Some(near), is_excluded: false, names });
        }
    }
    None
}

/// The part of a place that says a word, or else its first line.
pub fn narrow(sources: &Sources, span: Span, word: &str) -> Span {
    let text = sources.text(span);
    let is_whole = |at: &usize| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        !text[..*at].ends_with(is_letter) && !text[at + word.len()..].starts_with(is_letter)
    };
    let found = text.match_indices(word).map(|(at, _)| at).find(is_whole).filter(|_| !word.is_empty());
    match (found, text.find(['\n', '\r'])) {
        (Some(at), _) => span.slice(at, at + word.len()),
        (None, Some(end)) => span.slice(0, end),
        (None, None) => span,
    }
}

/// Reports a field that no event has.
pub fn report(arrival: &Arrival, path: &[Step], absent: &Absent, span: Span, sink: &mut Sink) {
    let told = way(&path[..absent.steps]);
    let contract = arrival.contract.name();
    let message = match (&absent.near, absent.is_excluded) {
        (Some(near), false) => format!("`{told}` is not in {contract}, which has `{near}`"),
        _ => format!("no event has `{told}`, by {contract}"),
    };
    let names = absent.names.iter().map(String::as_str);
    let help = match &absent.near {
        Some(near) => format!("did you mean `{near}`?"),
        None if absent.names.is_empty() => "leave it out, or add it to the contract".to_owned(),
        None => format!("there are {}, or add it to the contract", alternatives(names.take(LISTED))),
    };
    let report = sink.report(&FIELD, span, message).help(help);
    if let (Some(near), Some(Step::Key(name))) = (&absent.near, path.get(absent.steps - 1)) {
        report.meant(name, [near.as_str()]);
    }
    if let Some(place) = arrival.contract.span() {
        report.also(place, "the contract");
    }
}
