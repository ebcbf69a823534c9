//! The tests of a blueprint: what they send, and whether what becomes of it is what they expect.

use std::path::Path;

use serde_json::{Map as Object, Value as Json};

use super::{Location, MISSING_FILE, Run, reason};
use crate::blueprint::text::Located;
use crate::blueprint::{self, Blueprint, section};
use crate::compose::UNKNOWN_COMPONENT;
use crate::contract::Violation;
use crate::diagnostics::{alternatives, closest};
use crate::source::Span;
use crate::syntax::{Data, Entry, Node};
use crate::trace::report::{Hop, State};
use crate::trace::time;
use crate::trace::world::DEFAULT_BUS;

codes! {
    /// A time of a test is none.
    ///
    /// Times are written as ISO 8601, with their offset from UTC.
    ///
    /// ```yaml
    /// components:
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///   archive:
    ///     kind: s3-bucket
    /// tests:
    ///   - name: an order is kept
    ///     now: 10 o'clock
    ///     send: { order: 1 }
    ///     expect: { delivery: {} }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///   archive:
    ///     kind: s3-bucket
    /// tests:
    ///   - name: an order is kept
    ///     now: 2026-11-23T10:00:00Z
    ///     send: { order: 1 }
    ///     expect: { delivery: {} }
    /// ```
    TIME = Error "test-time";
}

/// A test of a blueprint.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Where it stands.
    pub place: Span,
    /// When the event arrives.
    pub now: Option<jiff::Timestamp>,
    /// The event.
    pub event: Vec<u8>,
    /// Where it is written.
    pub sent: Sent,
    /// Where the event enters.
    pub at: Option<Located<String>>,
    /// What becomes of it.
    pub expectations: Vec<Expectation>,
}

/// Where an event is written.
#[derive(Clone, Debug)]
pub enum Sent {
    /// In a file beside the blueprint.
    File(Located<String>),
    /// In the test.
    Inline(Node),
}

impl Sent {
    /// The place in the test.
    pub fn span(&self) -> Span {
        match self {
            Self::File(path) => path.span(),
            Self::Inline(node) => node.span,
        }
    }
}

/// What becomes of an event at a component.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The component, with its place.
    pub component: Located<String>,
    /// The whole value.
    pub span: Span,
    /// What is expected; nothing if the event must not come there.
    pub fields: Option<Vec<(String, Json, Span)>>,
}

/// An expectation that is not met.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The component.
    pub component: String,
    /// What of it: the field, or nothing for the whole.
    pub field: Option<String>,
    /// The place of the expectation.
    pub place: Span,
    /// What was expected.
    pub expected: String,
    /// What is.
    pub actual: String,
    /// What to write in the place instead, where that is certain.
    pub update: Option<(Span, String)>,
}

fn text(node: &Node, key: &str) -> Option<Located<String>> {
    let entry = blueprint::entry(node, key)?;
    match &entry.value.data {
        Data::String(scalar) => Some(Located::at(scalar.text.clone(), entry.value.span)),
        _ => None,
    }
}

/// Reads the tests of a blueprint. What does not fit the schema is left out, because the schema says so.
pub(super) fn read(run: &mut Run, root: &Node, at: Location<'_>) -> Vec<Case> {
    let Some(Entry { value: Node { data: Data::List(items), .. }, .. }) = blueprint::entry(root, "tests") else {
        return Vec::new();
    };
    let items: Vec<&Node> = items.iter().collect();
    items.into_iter().filter_map(|item| case(run, item, at)).collect()
}

fn case(run: &mut Run, item: &Node, at: Location<'_>) -> Option<Case> {
    let name = text(item, "name")?;
    let now = text(item, "now").and_then(|now| {
        let time = time::read(&now.value);
        if time.is_none() {
            run.sink
                .report(&TIME, now.span(), format!("`{}` is no time", now.value))
                .help("write for example `2026-11-23T10:00:00Z`");
        }
        time
    });
    let send = blueprint::entry(item, "send")?;
    let mut written = Sent::Inline(send.value.clone());
    let event = match &send.value.data {
        Data::String(scalar) => {
            let file = Located::at(scalar.text.clone(), send.value.span);
            if !run.check_inside(&file) {
                return None;
            }
            written = Sent::File(file.clone());
            let folder = at.path.parent().unwrap_or(Path::new(""));
            match at.files.read(&folder.join(&file.value)) {
                Ok(bytes) => bytes.trim_ascii_end().to_vec(),
                Err(error) => {
                    let message = format!("cannot read `{}`: {}", file.value, reason(&error));
                    run.sink
                        .report(&MISSING_FILE, file.span(), message)
                        .help("paths start at the folder of the blueprint");
                    return None;
                }
            }
        }
        _ => send.value.json().to_string().into_bytes(),
    };
    let expectations = section(item, "expect").iter().map(|entry| {
        let component = Located::at(entry.key.text.clone(), entry.key.span);
        let fields = match &entry.value.data {
            Data::Map(fields) => Some(
                fields
                    .iter()
                    .map(|field| (field.key.text.clone(), field.value.json(), field.value.span))
                    .collect::<Vec<_>>(),
            ),
            _ => None,
        };
        Expectation { component, span: entry.value.span, fields }
    });
    let expectations = expectations.collect();
    let (at, place) = (text(item, "at"), name.span());
    Some(Case { name: name.value, place, now, event, sent: written, at, expectations })
}

/// Checks that the components exist which tests name.
pub(super) fn check(run: &mut Run, cases: &[Case], blueprint: &Blueprint) {
    let known: Vec<&str> = blueprint.components.iter().map(|declared| declared.name.as_str()).collect();
    for case in cases {
        let named = case.expectations.iter().map(|one| &one.component).chain(&case.at);
        // A topic of AWS IoT, or a log group by its name, is no component.
        let is_address = |name: &str| name == DEFAULT_BUS || name.contains('/');
        for name in named.filter(|name| !is_address(&name.value) && !known.contains(&name.value.as_str())) {
            let help = match closest(&name.value, known.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("there are {}", alternatives(known.iter().copied())),
            };
            run.sink
                .report(&UNKNOWN_COMPONENT, name.span(), format!("no component `{}`", name.value))
                .help(help)
                .meant(&name.value, known.iter().copied());
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for anything.
pub fn fits(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether all that is expected is there; lists are compared item by item.
fn has(actual: &Json, expected: &Json) -> bool {
    match (actual, expected) {
        (Json::Object(actual), Json::Object(expected)) => {
            expected.iter().all(|(key, value)| actual.get(key).is_some_and(|actual| has(actual, value)))
        }
        (Json::Array(actual), Json::Array(expected)) => {
            actual.len() == expected.len()
                && actual.iter().zip(expected).all(|(actual, expected)| has(actual, expected))
        }
        (Json::Number(actual), Json::Number(expected)) => actual.as_f64() == expected.as_f64(),
        _ => actual == expected,
    }
}

impl Case {
    /// Whether it sends on purpose what breaks the contract of a component.
    pub fn expects_violation(&self, component: &str) -> bool {
        let own = self.expectations.iter().filter(|one| one.component.value == component);
        own.flat_map(|one| one.fields.iter().flatten()).any(|(field, value, _)| field == CONTRACT && *value == VIOLATED)
    }

    /// What is not as it is expected.
    pub fn compare(&self, hop: &Hop) -> Vec<Mismatch> {
        let mut found = self.broken(hop);
        found.extend(self.expectations.iter().flat_map(|expectation| expectation.compare(hop)));
        found
    }

    /// Contracts that the event breaks, and no expectation says so.
    fn broken(&self, hop: &Hop) -> Vec<Mismatch> {
        let mut found: Vec<Mismatch> = Vec::new();
        hop.walk(&mut |hop| {
            let Some(violations) = hop.facts.contract.as_deref().filter(|all| !all.is_empty()) else { return };
            let name = hop.component.as_deref().unwrap_or(&hop.name);
            let says = |one: &Expectation| {
                one.component.value == name && one.fields.iter().flatten().any(|(field, ..)| field == CONTRACT)
            };
            if !self.expectations.iter().any(says) && !found.iter().any(|one| one.component == name) {
                found.push(Mismatch {
                    component: name.to_owned(),
                    field: Some(CONTRACT.to_owned()),
                    place: self.sent.span(),
                    expected: KEPT.to_owned(),
                    actual: broken(violations),
                    update: None,
                });
            }
        });
        found
    }
}

/// How a contract is broken, in one line.
fn broken(violations: &[Violation]) -> String {
    let told: Vec<String> = violations
        .iter()
        .map(|one| match one.way() {
            way if way.is_empty() => one.message.clone(),
            way => format!("`{way}`: {}", one.message),
        })
        .collect();
    format!("{VIOLATED}: {}", told.join("; "))
}

/// The field of an expectation about a contract, and what it says of one that is broken on purpose.
const CONTRACT: &str = "contract";
const KEPT: &str = "kept";
const VIOLATED: &str = "violated";

impl Expectation {
    fn compare(&self, hop: &Hop) -> Vec<Mismatch> {
        let name = self.component.value.as_str();
        let mut all: Vec<&Hop> = Vec::new();
        hop.walk(&mut |hop| {
            if hop.component.as_deref() == Some(name) || (hop.component.is_none() && hop.name == name) {
                all.push(hop);
            }
        });
        all.retain(|hop| hop.state != State::Dropped);
        // What an event ends at says more than what it passes.
        let ends: Vec<&Hop> = all.iter().copied().filter(|hop| !hop.facts.is_empty()).collect();
        let ends = if ends.is_empty() { all.clone() } else { ends };
        let whole = |expected: &str, actual: String, update: Option<String>| Mismatch {
            component: name.to_owned(),
            field: None,
            place: self.component.span(),
            expected: expected.to_owned(),
            actual,
            update: update.map(|text| (self.span, text)),
        };
        let Some(fields) = &self.fields else {
            return match ends.first() {
                None => Vec::new(),
                Some(end) => vec![whole("nothing", told(end), Some(written(end)))],
            };
        };
        if ends.is_empty() {
            return vec![whole(
                "the event",
                "nothing: the event does not come there".to_owned(),
                Some("none".to_owned()),
            )];
        }
        let (contract, others): (Vec<_>, Vec<_>) = fields.iter().partition(|(field, ..)| field == CONTRACT);
        let mismatches = |end: &Hop| -> Vec<Mismatch> {
            others.iter().filter_map(|(field, value, span)| self.field(field, value, *span, end, ends.len())).collect()
        };
        // Of several records one has to be as it is expected.
        let mut found = ends.iter().map(|end| mismatches(end)).min_by_key(Vec::len).unwrap_or_default();
        found.extend(contract.into_iter().filter_map(|(_, value, span)| self.contract(value, *span, &all)));
        found
    }

    /// Whether the contract of the component is kept or broken, as it is expected.
    fn contract(&self, expected: &Json, span: Span, all: &[&Hop]) -> Option<Mismatch> {
        let held: Vec<&Vec<Violation>> = all.iter().filter_map(|hop| hop.facts.contract.as_ref()).collect();
        let violations: Vec<Violation> = held.iter().flat_map(|one| one.iter().cloned()).collect();
        let (actual, update) = match (held.is_empty(), violations.is_empty()) {
            (true, _) => ("the component has no contract".to_owned(), None),
            (false, true) => (KEPT.to_owned(), Some(KEPT)),
            (false, false) => (broken(&violations), Some(VIOLATED)),
        };
        (update.is_none_or(|actual| *expected != actual)).then(|| Mismatch {
            component: self.component.value.clone(),
            field: Some(CONTRACT.to_owned()),
            place: span,
            expected: expected.as_str().unwrap_or_default().to_owned(),
            actual,
            update: update.map(|text| (span, text.to_owned())),
        })
    }

    fn field(&self, field: &str, expected: &Json, span: Span, end: &Hop, count: usize) -> Option<Mismatch> {
        let facts = &end.facts;
        let wanted = expected.as_str().map_or_else(|| expected.to_string(), ToOwned::to_owned);
        let (is_met, actual, update) = match field {
            "key" => {
                // A key that is expected without an error is not that of an error.
                let said = self.fields.iter().flatten().any(|(field, ..)| field == "error");
                let key = facts.key.as_deref();
                let is_met = key.is_some_and(|key| fits(&wanted, key)) && (said || end.state != State::Failed);
                (is_met, told(end), key.map(|key| quoted(&generalised(key))))
            }
            "table" => (
                facts.table.as_deref() == Some(&wanted),
                facts.table.clone().unwrap_or_else(|| "no table".to_owned()),
                facts.table.clone(),
            ),
            "error" => (
                facts.error.as_deref() == Some(&wanted),
                facts.error.clone().unwrap_or_else(|| told(end)),
                facts.error.clone(),
            ),
            "count" => (expected.as_u64() == u64::try_from(count).ok(), count.to_string(), Some(count.to_string())),
            "partition" => {
                let own: Object<String, Json> =
                    facts.partitions.iter().map(|(name, value)| (name.clone(), Json::from(value.as_str()))).collect();
                let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                let wanted = expected.as_object();
                let is_met = wanted
                    .into_iter()
                    .flatten()
                    .all(|(name, value)| own.get(name).is_some_and(|own| text(own) == text(value)));
                (is_met, Json::Object(own).to_string(), None)
            }
            _ => {
                let record = facts.record.as_deref().unwrap_or(&Json::Null);
                (has(record, expected), picked(record, expected).to_string(), None)
            }
        };
        (!is_met).then(|| Mismatch {
            component: self.component.value.clone(),
            field: Some(field.to_owned()),
            place: span,
            expected: wanted,
            actual,
            update: update.map(|text| (span, text)),
        })
    }
}

/// The part of a record that is compared.
fn picked(record: &Json, expected: &Json) -> Json {
    match (record, expected) {
        (Json::Object(record), Json::Object(expected)) => Json::Object(
            expected
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), picked(record.get(key)?, value))))
                .collect::<Object<_, _>>(),
        ),
        (record, _) => record.clone(),
    }
}

/// What there is, in a few words.
fn told(end: &Hop) -> String {
    match (&end.facts.key, &end.facts.error) {
        (Some(key), Some(error)) if end.state == State::Failed => format!("{error}: {} ({key})", end.says),
        (Some(key), _) => key.clone(),
        (None, Some(error)) => format!("{error}: {}", end.says),
        (None, None) => format!("{} {}: {}", end.what, end.name, end.says),
    }
}

/// A key without what is made up at delivery.
fn generalised(key: &str) -> String {
    match key.rsplit_once('/') {
        Some((folders, _)) => format!("{folders}/*"),
        None => "*".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// What an expectation says that is met by this.
fn written(end: &Hop) -> String {
    let mut fields = Vec::new();
    if let Some(error) = &end.facts.error {
        fields.push(format!("error: {error}"));
    }
    if let Some(key) = &end.facts.key {
        fields.push(format!("key: {}", quoted(&generalised(key))));
    }
    if let Some(table) = &end.facts.table {
        fields.push(format!("table: {table}"));
    }
    if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{fits, has};

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text) in
            [("a", "a"), ("a/*", "a/b/c"), ("*", ""), ("*.gz", "x.gz"), ("a*c*e", "abcde"), ("a*b*b", "abb")]
        {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a/*", "b/a/"), ("*.gz", "x.gz2"), ("a*b*b", "ab"), ("", "a")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn more_may_be_there_than_is_expected() {
        assert!(has(&json!({"a": 1, "b": {"c": [1, 2], "d": 1}}), &json!({"b": {"c": [1, 2.0]}})));
        assert!(!has(&json!({"a": [1, 2]}), &json!({"a": [1]})));
        assert!(!has(&json!({"a": 1}), &json!({"b": null})));
    }
}
