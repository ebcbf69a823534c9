//! Event patterns that ask for what no event has by its contract.

use serde_json::{Value as Json, json};

use super::content::{Arrival, Content};
use super::{Known, field};
use crate::contract::{May, Step, Types, way};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::source::{Origin, Span};
use crate::template::event_pattern::{HOLE, OR};
use crate::template::{Data, Key, Map, Value};
use crate::trace::pattern::{Answer, Pattern};
use crate::trace::resolve::is_unknown;
use crate::trace::world::World;

codes! {
    /// A pattern asks for a value that no event has by its contract.
    ///
    /// The contract lists all values of the field, or says its type, and this is none of them. If nothing else in the list
    /// matches, the rule never fires, and nobody is told.
    ///
    /// ```yaml
    /// components:
    ///   waiting:
    ///     kind: sqs-queue
    ///   shipped:
    ///     kind: event-rule
    ///     bus: default
    ///     contract:
    ///       detail: { type: object, properties: { status: { enum: [PLACED, SHIPPED] } } }
    ///     pattern: { source: [shop], detail: { status: [SHIPED] } }
    ///     targets: [waiting]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   waiting:
    ///     kind: sqs-queue
    ///   shipped:
    ///     kind: event-rule
    ///     bus: default
    ///     contract:
    ///       detail: { type: object, properties: { status: { enum: [PLACED, SHIPPED] } } }
    ///     pattern: { source: [shop], detail: { status: [SHIPPED] } }
    ///     targets: [waiting]
    /// ```
    VALUE = Warning "value-not-in-contract";
}

/// Lists in each other that a pattern enters at one field.
const MOST_LISTS: usize = 4;

/// Values that are listed in a sentence.
const LISTED: usize = 12;

impl World<'_> {
    /// Checks the pattern of a rule.
    pub(super) fn check_pattern(&self, arrival: &Arrival, known: &Known<'_>, sink: &mut Sink) {
        let pattern = self.resource(&arrival.id).and_then(|rule| rule.properties.get("EventPattern"));
        let Some(pattern) = pattern else { return };
        if let Some(map) = pattern.as_map() {
            self.check_fields(arrival, map, &mut Vec::new(), (known, false), sink);
            return;
        }
        // As a text it is one value, whose parts are looked for in it.
        let text = self.resolver.value(pattern).and_then(|text| serde_json::from_str(text.as_str()?).ok());
        if let Some(Data::Map(map)) = text.map(|json| value(&json, pattern.origin).data) {
            self.check_fields(arrival, &map, &mut Vec::new(), (known, true), sink);
        }
    }

    fn check_fields(
        &self,
        arrival: &Arrival,
        map: &Map,
        path: &mut Vec<Step>,
        at: (&Known<'_>, bool),
        sink: &mut Sink,
    ) {
        for (key, value) in &map.0 {
            if key.text == OR {
                for alternative in value.as_list().unwrap_or_default().iter().filter_map(Value::as_map) {
                    self.check_fields(arrival, alternative, path, at, sink);
                }
                continue;
            }
            let depth = path.len();
            if enter(&arrival.content, path).is_some() {
                path.push(Step::Key(key.text.clone()));
                let span = place(at, key.origin.span(), &key.text);
                self.check_field(arrival, (span, value), path, at, sink);
            }
            path.truncate(depth);
        }
    }

    fn check_field(
        &self,
        arrival: &Arrival,
        (span, value): (Span, &Value),
        path: &mut Vec<Step>,
        at: (&Known<'_>, bool),
        sink: &mut Sink,
    ) {
        let items = value.as_list();
        let absence = items.is_some_and(|items| {
            items.iter().any(|item| self.resolver.value(item).is_none_or(|item| item == json!({"exists": false})))
        });
        if let Some(absent) = field::absent(&arrival.content, path).filter(|absent| absent.steps == path.len()) {
            if !absence {
                field::report(arrival, path, &absent, span, sink);
            }
            return;
        }
        if let Some(map) = value.as_map() {
            self.check_fields(arrival, map, path, at, sink);
            return;
        }
        let Some(May { types, values, .. }) = enter(&arrival.content, path) else { return };
        for item in items.unwrap_or_default() {
            let Some(test) = self.resolver.value(item).filter(is_certain) else { continue };
            let Ok(pattern) = Pattern::read(&json!({"f": [test]})) else { continue };
            let fits = |value: &Json| pattern.answer(&json!({"f": value})) != Answer::No;
            let allowed = match &values {
                Some(values) => values.iter().any(fits),
                None => asks_for(&test).is_none_or(|wanted| types.may_be(wanted)),
            };
            if allowed || test == json!({"exists": false}) {
                continue;
            }
            let told = way(path);
            let contract = arrival.contract.name();
            let texts: Vec<String> = values
                .iter()
                .flatten()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
                .collect();
            let (message, help) = if values.is_some() {
                let near = test.as_str().and_then(|test| closest(test, texts.iter().map(String::as_str)));
                let all = alternatives(texts.iter().map(String::as_str).take(LISTED));
                let help = near.map_or(format!("the contract allows {all}"), |near| format!("did you mean `{near}`?"));
                (format!("no event has this in `{told}`, by {contract}"), help)
            } else {
                let message = format!("`{told}` is {}, by {contract}", types.told());
                (message, "write what matches such a value, or change the contract".to_owned())
            };
            let word = test.as_str().unwrap_or_default();
            let report = sink.report(&VALUE, item_place(at, span, item.origin.span(), word), message).help(help);
            if let Some(test) = test.as_str() {
                report.meant(test, texts.iter().map(String::as_str));
            }
            if let Some(place) = arrival.contract.span() {
                report.also(place, "the contract");
            }
        }
    }
}

/// The place of a part of a pattern: its own, or where its word stands in the text of the pattern.
fn place((known, is_text): (&Known<'_>, bool), span: Span, word: &str) -> Span {
    if is_text { field::narrow(known.sources, span, word) } else { span }
}

/// The place of a test of a field: its own, or what says it in the text of the pattern, from the name of the field on.
fn item_place((known, is_text): (&Known<'_>, bool), field: Span, item: Span, word: &str) -> Span {
    if !is_text {
        return item;
    }
    let rest = Span { start: field.end.clamp(item.start, item.end), ..item };
    let found = field::narrow(known.sources, rest, word);
    if known.sources.text(found) == word && !word.is_empty() { found } else { field }
}

/// JSON as a value of a template that stands at one place.
fn value(json: &Json, origin: Origin) -> Value {
    let data = match json {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(number) => Data::Number(number.clone()),
        Json::String(text) => Data::String(text.clone()),
        Json::Array(items) => Data::List(items.iter().map(|item| value(item, origin)).collect()),
        Json::Object(map) => Data::Map(Map(map
            .iter()
            .map(|(key, json)| (Key { text: key.clone(), origin }, value(json, origin)))
            .collect())),
    };
    Value::new(origin, data)
}

/// Enters the lists that are at a path, as patterns do without a step, and gives what is in there; nothing if it may be
/// a list and something else.
fn enter(content: &Content, path: &mut Vec<Step>) -> Option<May> {
    for _ in 0..MOST_LISTS {
        let may = content.may(path);
        if !may.types.may_be(Types::LIST) || may.types == Types::ALL {
            return Some(may);
        }
        if may.types.without(Types::LIST).without(Types::NULL) != may.types.and(Types::LIST).without(Types::LIST) {
            return None;
        }
        path.push(Step::Item);
    }
    None
}

/// Whether nothing in a test is known only at deployment.
fn is_certain(test: &Json) -> bool {
    !is_unknown(test) && !test.to_string().contains(HOLE)
}

/// The types of which one matches a test; nothing if any may.
fn asks_for(test: &Json) -> Option<Types> {
    match test {
        Json::Object(map) => match map.keys().next().map(String::as_str)? {
            "prefix" | "suffix" | "wildcard" | "equals-ignore-case" | "cidr" => Some(Types::TEXT),
            "numeric" => Some(Types::NUMBER),
            _ => None,
        },
        Json::Number(_) => Some(Types::NUMBER),
        other => Some(Types::of(other)),
    }
}
