//! Event patterns, wherever they stand.

use crate::check::Context;
use crate::check::known::{choices, text_with_holes};
use crate::diagnostics::{Sink, closest};
use crate::template::event_pattern::{self, HOLE, OR};
use crate::template::{Data, Function, Map, Resource, Value};

codes! {
    /// An event pattern is not what the service takes.
    ///
    /// Fields have lists of values or of matchers, or further fields. A list is never empty, a matcher is an object of
    /// one key, and each matcher takes values of its own kind. EventBridge refuses everything else; so do the filters
    /// of pipes and functions and the filter policies of topics, which are written alike.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source: [shop]
    ///         detail: { amount: [{ numeric: [100, ">"] }] }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source: [shop]
    ///         detail: { amount: [{ numeric: [">", 100] }] }
    /// ```
    ///
    /// Source: EventBridge API, `PutRule` (`InvalidEventPatternException`); EventBridge User Guide, "Comparison
    /// operators for use in event patterns".
    INVALID = Error "invalid-event-pattern";

    /// A field of an event pattern is none that events have at their top.
    ///
    /// Events have the fields `version`, `id`, `detail-type`, `source`, `account`, `time`, `region`, `resources` and
    /// `detail`; what is special to an event is inside of `detail`. A rule on another field never fires.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { detailType: [Order Created] }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { detail-type: [Order Created] }
    /// ```
    ///
    /// Source: EventBridge User Guide, "Event structure reference".
    FIELD = Warning "unknown-event-field";

    /// An event pattern has more characters than EventBridge takes.
    ///
    /// It has at most 4,096 characters as JSON without blanks.
    ///
    /// ```yaml repeat=150
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source:
    ///           - com.example.shop.orders.{n}
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source: [{ prefix: com.example.shop.orders. }]
    /// ```
    ///
    /// Source: EventBridge API, `PutRule`, `EventPattern`.
    TOO_LARGE = Error "event-pattern-too-large";

    /// An event pattern is beyond a quota that accounts have by default.
    ///
    /// It is 2,048 characters as JSON without blanks, and 1,000 combinations of `$or`.
    ///
    /// ```yaml repeat=80
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source:
    ///           - com.example.shop.orders.{n}
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern:
    ///         source: [{ prefix: com.example.shop.orders. }]
    /// ```
    ///
    /// Source: EventBridge User Guide, "Amazon EventBridge quotas".
    LARGE = Warning "large-event-pattern";
}

/// The type of archives, whose patterns are those of rules.
pub const ARCHIVE: &str = "AWS::Events::Archive";

/// Source: EventBridge API, `PutRule`, `EventPattern`.
const MOST_CHARACTERS: usize = 4_096;

/// Source: EventBridge User Guide, "Amazon EventBridge quotas".
const USUAL_CHARACTERS: usize = 2_048;

/// Source: EventBridge User Guide, "Amazon EventBridge quotas".
const USUAL_COMBINATIONS: usize = 1_000;

/// What events have at their top. `replay-name` is only in those of a replay.
///
/// Source: EventBridge User Guide, "Event structure reference" and "Replaying archived events".
const FIELDS: &[&str] =
    &["account", "detail", "detail-type", "id", "region", "replay-name", "resources", "source", "time", "version"];

/// The pattern that a property stands for, as an object, or nothing if that is not known. JSON text that is none is
/// reported.
pub fn read(context: &Context<'_>, value: &Value, path: &str, sink: &mut Sink) -> Option<Value> {
    match &value.data {
        Data::Map(map) if map.0.iter().any(|(key, _)| key.text.starts_with("Fn::")) => None,
        Data::Map(_) => Some(value.clone()),
        Data::Call(Function::ToJsonString, argument) => Some((**argument).clone()),
        _ => {
            let text = text_with_holes(value)?;
            match serde_json::from_str(&text) {
                Ok(json) => Some(event_pattern::from_json(&json, value.origin)),
                Err(_) if text.contains(HOLE) => None,
                Err(error) => {
                    let message = format!("the pattern is not JSON: {}", reason(&error));
                    context
                        .report_at(sink, &INVALID, value.origin.span(), None, path, message)
                        .help("write the pattern as an object, or as JSON text");
                    None
                }
            }
        }
    }
}

/// Why a text is not JSON, in a few words.
pub fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let said = text.split_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    match said {
        _ if error.is_eof() => "it ends too early".to_owned(),
        "expected ident" | "expected value" => "a word without quotes, or nothing where a value is expected".to_owned(),
        said => said.to_owned(),
    }
}

/// Checks the grammar of a pattern.
pub fn check_grammar(context: &Context<'_>, pattern: &Value, path: &str, sink: &mut Sink) -> bool {
    let mistakes = event_pattern::mistakes(pattern);
    for mistake in &mistakes {
        let path = format!("{path}{}", mistake.path);
        context
            .report_at(sink, &INVALID, mistake.span, mistake.word.as_deref(), &path, mistake.message.as_str())
            .help(mistake.help.as_str());
    }
    mistakes.is_empty()
}

/// Checks the pattern of a rule or an archive: its grammar, its fields and its size. Gives those that are patterns.
pub fn check(context: &Context<'_>, resource: &Resource, sink: &mut Sink) -> Vec<Value> {
    let Some(given) = resource.properties.get("EventPattern") else { return Vec::new() };
    let path = format!("Resources/{}/Properties/EventPattern", resource.id);
    let mut valid = Vec::new();
    for choice in choices(given) {
        // The schema of archives asks for JSON, and says already where a text is none.
        let mut said = Sink::default();
        let reading = if resource.kind == ARCHIVE { &mut said } else { &mut *sink };
        let Some(pattern) = read(context, choice, &path, reading) else { continue };
        let fits = check_grammar(context, &pattern, &path, sink);
        let Some(map) = pattern.as_map() else { continue };
        check_fields(context, map, choice.as_map().is_none(), &path, sink);
        if fits {
            check_size(context, resource, choice, &pattern, sink);
            valid.push(pattern);
        }
    }
    valid
}

fn check_fields(context: &Context<'_>, map: &Map, in_text: bool, path: &str, sink: &mut Sink) {
    for (key, value) in &map.0 {
        let path = format!("{path}/{}", key.text);
        if key.text == OR {
            for (index, item) in value.as_list().unwrap_or_default().iter().enumerate() {
                if let Some(map) = item.as_map() {
                    check_fields(context, map, in_text, &format!("{path}/{index}"), sink);
                }
            }
        } else if !FIELDS.contains(&key.text.as_str()) && !key.text.contains(HOLE) && !asks_for_absence(value) {
            let help = closest(&key.text, FIELDS.iter().copied()).map_or_else(
                || "move it into `detail`, where events have what is special to them".to_owned(),
                |name| format!("did you mean `{name}`?"),
            );
            let span = key.origin.span();
            let word = in_text.then(|| format!("\"{}\"", key.text));
            let span = word.map_or(span, |word| context.narrow(span, &word));
            sink.report(&FIELD, context.first_line(span), format!("events have no field `{}`", key.text))
                .path(path)
                .help(help);
        }
    }
}

/// Whether a field matches events that lack it.
fn asks_for_absence(value: &Value) -> bool {
    let absent = |item: &Value| {
        matches!(item.data, Data::Call(..))
            || item
                .as_map()
                .and_then(|map| map.get("exists"))
                .is_some_and(|exists| matches!(exists.data, Data::Bool(false) | Data::Call(..)))
    };
    match &value.data {
        Data::List(items) => items.iter().any(absent),
        Data::Call(..) => true,
        _ => false,
    }
}

fn check_size(context: &Context<'_>, resource: &Resource, given: &Value, pattern: &Value, sink: &mut Sink) {
    // A text is sent as it is, with its blanks.
    let characters = match text_with_holes(given) {
        Some(text) => text.chars().filter(|character| *character != HOLE).count(),
        None => event_pattern::fewest_characters(pattern),
    };
    let path = &["EventPattern"];
    if characters > MOST_CHARACTERS {
        let message = format!("a pattern of {characters} characters, at most {MOST_CHARACTERS} are allowed");
        context.report(sink, &TOO_LARGE, resource, path, message).help(SMALLER);
    } else if characters > USUAL_CHARACTERS {
        let message =
            format!("a pattern of {characters} characters, by default at most {USUAL_CHARACTERS} are allowed");
        context.report(sink, &LARGE, resource, path, message).help(SMALLER);
    }
    let combinations = pattern.as_map().map_or(1, event_pattern::combinations);
    if combinations > USUAL_COMBINATIONS {
        let message = format!("{combinations} combinations of `$or`, at most {USUAL_COMBINATIONS} are allowed");
        context.report(sink, &LARGE, resource, path, message).help("divide the rule into several");
    }
}

const SMALLER: &str = "match by `prefix` or `wildcard`, divide the rule into several, or ask for a higher quota";

/// Checks the patterns of filters: those of pipes, of event sources of functions and of subscribers.
pub fn check_filters(context: &Context<'_>, resource: &Resource, place: &[&str], sink: &mut Sink) {
    let mut at = resource.properties.get(place.first().copied().unwrap_or_default());
    for key in place.iter().skip(1) {
        at = at.and_then(Value::as_map).and_then(|map| map.get(key));
    }
    for (index, filter) in at.and_then(Value::as_list).unwrap_or_default().iter().enumerate() {
        let Some(given) = filter.as_map().and_then(|map| map.get("Pattern")) else { continue };
        let path = format!("Resources/{}/Properties/{}/{index}/Pattern", resource.id, place.join("/"));
        for choice in choices(given) {
            if let Some(pattern) = read(context, choice, &path, sink) {
                check_grammar(context, &pattern, &path, sink);
            }
        }
    }
}

/// Checks the filter policy of a subscription.
pub fn check_policy(context: &Context<'_>, subscription: &Resource, sink: &mut Sink) {
    let Some(given) = subscription.properties.get("FilterPolicy") else { return };
    let path = format!("Resources/{}/Properties/FilterPolicy", subscription.id);
    for choice in choices(given) {
        if choice.as_map().is_some_and(Map::is_empty) {
            continue;
        }
        if let Some(pattern) =
            read(context, choice, &path, sink).filter(|pattern| pattern.as_map().is_some_and(|map| !map.is_empty()))
        {
            check_grammar(context, &pattern, &path, sink);
        }
    }
}

/// The codes of other files of the service see patterns through these.
pub mod ask {
    use crate::template::{Data, Map, Value};

    /// The values that a field matches, if they are only texts and references; nothing if it is absent or matches in
    /// other ways as well.
    pub fn exact<'v>(map: &'v Map, field: &str) -> Option<&'v [Value]> {
        let items = map.get(field)?.as_list()?;
        items.iter().all(|item| matches!(item.data, Data::String(_) | Data::Call(..))).then_some(items)
    }

    /// Whether a field matches a text for certain.
    pub fn may_match(map: &Map, field: &str, text: &str) -> bool {
        match map.get(field) {
            None => true,
            Some(value) => value.as_list().unwrap_or_default().iter().any(|item| item.as_str() == Some(text)),
        }
    }
}
