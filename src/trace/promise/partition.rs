//! Partition keys of jq, held against what records may be by the contract.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value as Json;

use super::content::Arrival;
use super::{Known, field};
use crate::blueprint::text::Located;
use crate::contract::{Step, Variant, way};
use crate::diagnostics::{Proposal, Sink};
use crate::source::Span;
use crate::template::jq::ast::{Expression, Kind};
use crate::template::jq::{self as grammar};
use crate::trace::entry::Entry;
use crate::trace::firehose::{EXTRACTION_FAILED, Stream};
use crate::trace::world::World;
use crate::trace::{Record, jq};

codes! {
    /// A record has no partition key, although it is as its contract asks.
    ///
    /// The contract allows that a field is missing or null, and jq then gives null or fails. Firehose puts such records
    /// under the error prefix, where no table sees them. The finding was tried out: an event that the contract takes was run
    /// through jq.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, properties: { customer_id: { type: string } } }
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - customer: { query: .customer_id }
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
    ///       event: { type: object, properties: { customer_id: { type: string } } }
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - customer: { query: .customer_id, missing: none }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Troubleshoot dynamic partitioning errors".
    KEY = Warning "partition-key-may-be-missing";
}

/// Variants of events that are run through a stream.
const MOST_RUNS: usize = 400;

/// A key of a program.
struct Key {
    name: String,
    /// What gives its value, with what stands in for a missing one.
    value: String,
    /// The same as it is written.
    text: Located<String>,
    body: Expression,
}

/// A path that an expression takes from the record, and where.
struct Taken {
    steps: Vec<Step>,
    range: Range<usize>,
    /// Whether something stands in for it where it is missing.
    has_other: bool,
}

impl World<'_> {
    /// Checks the partition keys that a stream finds by jq.
    pub(super) fn check_partition_keys(&self, arrival: &Arrival, stream: &Stream, known: &Known<'_>, sink: &mut Sink) {
        let Some(query) = stream.query.as_ref().filter(|_| stream.function.is_none() && !stream.decompresses) else {
            return;
        };
        let component = self.components.get(&arrival.id).map_or("", String::as_str);
        let keys = keys(&query.text, query.place, component, known);
        let mut told: BTreeSet<String> = BTreeSet::new();
        for key in &keys {
            let mut taken = Vec::new();
            paths(&key.body, Some(&[]), false, &mut taken);
            for one in &taken {
                let Some(absent) = field::absent(&arrival.content, &one.steps) else { continue };
                if one.has_other && absent.near.is_none() {
                    continue;
                }
                let name = match &one.steps[absent.steps - 1] {
                    Step::Key(name) => name.as_str(),
                    Step::Item => "",
                };
                told.insert(key.name.clone());
                let text = key.text.value.get(one.range.clone()).unwrap_or_default();
                let range = match text.rfind(name).filter(|_| !name.is_empty() && absent.steps == one.steps.len()) {
                    Some(at) => one.range.start + at..one.range.start + at + name.len(),
                    None => one.range.clone(),
                };
                field::report(arrival, &one.steps, &absent, key.text.part(&range), sink);
            }
        }
        self.try_keys(arrival, (&keys, &query.text), known, &mut told, sink);
    }

    /// Runs events through the stream that lack what the contract does not require.
    fn try_keys(
        &self,
        arrival: &Arrival,
        (keys, program): (&[Key], &str),
        known: &Known<'_>,
        told: &mut BTreeSet<String>,
        sink: &mut Sink,
    ) {
        let mut left = MOST_RUNS;
        for event in self.events_of(arrival, known) {
            if !matches!(self.extraction(arrival, &event), Some(Ok(()))) {
                continue;
            }
            for variant in arrival.contract.variants(&event) {
                // What the program does not name cannot matter, unless a template gives it another name.
                let name = variant.path.last().map_or("", String::as_str);
                if arrival.content.is_whole() && !program.contains(name) {
                    continue;
                }
                if left == 0 {
                    return;
                }
                left -= 1;
                let Some(Err((why, record))) = self.extraction(arrival, &variant.event) else { continue };
                let Some(key) = keys.iter().find(|key| key.fails(&record)) else { continue };
                if told.insert(key.name.clone()) {
                    report(arrival, key, &variant, &why, sink);
                }
            }
        }
    }

    /// Whether the stream finds the keys of an event; nothing if it does not come there. An error says why not, and has
    /// the record.
    fn extraction(&self, arrival: &Arrival, event: &Json) -> Option<Result<(), (String, Json)>> {
        let record = Record::new(event.to_string(), crate::trace::time::read("2026-11-23T10:00:00Z")?);
        let hop = self.follow(&Entry::Resource(arrival.from.clone()), &record);
        let mut found = None;
        hop.walk(&mut |hop| {
            if hop.id.as_deref() != Some(arrival.id.as_str()) {
                return;
            }
            if hop.what == "failure" && hop.facts.error.as_deref() == Some(EXTRACTION_FAILED) {
                found = Some(Err((hop.says.clone(), hop.facts.record.as_deref().cloned().unwrap_or_default())));
            } else if hop.what == "firehose" {
                found.get_or_insert(Ok(()));
            }
        });
        found
    }
}

impl Key {
    /// Whether it gives no key for a record.
    fn fails(&self, record: &Json) -> bool {
        let Ok(filter) = jq::compile(&format!("{{k:({})}}", self.value)) else { return false };
        match filter.run(record) {
            Ok(results) => jq::partition_keys(&results).is_err(),
            Err(jq::Failure::Error(_)) => true,
            Err(jq::Failure::NotRun(_)) => false,
        }
    }
}

/// The keys of a program, each as it is written.
fn keys(program: &str, place: Span, component: &str, known: &Known<'_>) -> Vec<Key> {
    let Some(body) = grammar::program(program).ok().and_then(|program| program.body) else { return Vec::new() };
    let Kind::Object(entries) = &body.kind else { return Vec::new() };
    let key = |entry: &crate::template::jq::ast::Entry| {
        let name = entry.key.constant()?;
        let range = entry.value.range.clone();
        let value = program.get(range.clone())?.to_owned();
        if let Some(written) = known.queries.get(&(component.to_owned(), name.clone())) {
            let body = grammar::expression(&written.value).ok()?.body?;
            return Some(Key { name, value, text: written.clone(), body });
        }
        let whole = Located::at(program.to_owned(), place);
        let text = Located::at(value.clone(), whole.part(&range));
        let body = grammar::expression(&value).ok()?.body?;
        Some(Key { name, value, text, body })
    };
    entries.iter().filter_map(key).collect()
}

/// Adds the paths that an expression takes from the record. `at` is where its input is in the record, if that is known.
fn paths(expression: &Expression, at: Option<&[Step]>, has_other: bool, found: &mut Vec<Taken>) {
    if let Some(steps) = path_of(expression, at) {
        if steps.len() > at.map_or(0, <[Step]>::len) {
            found.push(Taken { steps, range: expression.range.clone(), has_other });
        }
        return;
    }
    match &expression.kind {
        Kind::Pipe(first, then) => {
            paths(first, at, has_other, found);
            let inner = path_of(first, at);
            paths(then, inner.as_deref(), has_other, found);
        }
        Kind::Binary("//", first, other) => {
            paths(first, at, true, found);
            paths(other, at, has_other, found);
        }
        Kind::Binary(_, first, other) | Kind::Comma(first, other) => {
            paths(first, at, has_other, found);
            paths(other, at, has_other, found);
        }
        Kind::If(condition, then, other) => {
            paths(condition, at, true, found);
            paths(then, at, true, found);
            paths(other, at, true, found);
        }
        Kind::Optional(inner) | Kind::Try(inner, _) => paths(inner, at, true, found),
        Kind::Negation(inner) | Kind::Array(Some(inner)) => paths(inner, at, has_other, found),
        Kind::Index(of, _) | Kind::Slice(of, ..) | Kind::Each(of) => paths(of, at, has_other, found),
        Kind::Text(_, parts) => {
            for part in parts {
                if let crate::template::jq::ast::Part::Expression(inner) = part {
                    paths(inner, at, has_other, found);
                }
            }
        }
        _ => {}
    }
}

/// The path that an expression is, from the record on.
fn path_of(expression: &Expression, at: Option<&[Step]>) -> Option<Vec<Step>> {
    match &expression.kind {
        Kind::Identity => at.map(<[Step]>::to_vec),
        Kind::Index(of, key) => {
            let mut steps = path_of(of, at)?;
            steps.push(match &key.kind {
                Kind::Number(_) => Step::Item,
                _ => Step::Key(key.constant()?),
            });
            Some(steps)
        }
        Kind::Each(of) => {
            let mut steps = path_of(of, at)?;
            steps.push(Step::Item);
            Some(steps)
        }
        Kind::Pipe(first, then) => path_of(then, Some(&path_of(first, at)?)),
        _ => None,
    }
}

fn report(arrival: &Arrival, key: &Key, variant: &Variant, why: &str, sink: &mut Sink) {
    let steps: Vec<Step> = variant
        .path
        .iter()
        .map(|part| match part.parse::<usize>() {
            Ok(_) => Step::Item,
            Err(_) => Step::Key(part.clone()),
        })
        .collect();
    let told = way(&steps);
    let how = if variant.is_null { "may be null" } else { "may be missing" };
    let message = format!("`{told}` {how} by {}, and then there is no key `{}`", arrival.contract.name(), key.name);
    // Only a field as it is has a default for certain: after more steps jq has failed by then.
    let is_plain = path_of(&key.body, Some(&[])).is_some();
    let require = if variant.is_null { "exclude null in the contract" } else { "require it in the contract" };
    let help = if is_plain {
        format!("write `{} // \"none\"` or `missing: none`, or {require}", key.text.value.trim())
    } else {
        format!("add `missing: none`, or {require}")
    };
    let report = sink.report(&KEY, key.text.span(), message);
    report.label(why.to_owned()).help(help);
    if is_plain {
        report.propose(Some(Proposal::Append(" // \"none\"")));
    }
    if let Some(place) = arrival.contract.span() {
        report.also(place, "the contract");
    }
}
