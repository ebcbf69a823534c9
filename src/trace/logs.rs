//! CloudWatch Logs: which log events a filter takes, the envelope in which a subscription hands them over, and what
//! Firehose makes of that.
//!
//! Source: CloudWatch Logs User Guide, "Filter pattern syntax …" and "Real-time processing of log data with
//! subscriptions"; Firehose Developer Guide, "Decompress CloudWatch Logs" and "Message extraction".

use regex_lite::Regex;
use serde_json::{Value as Json, json};

use super::gzip;
use crate::template::log_filter::{Condition, Demand, Field, Filter, Operand, Operator, Step, Term, Test, Text};

/// A log event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// Its text.
    pub message: String,
}

/// Whether a filter takes a message.
pub fn matches(filter: &Filter, message: &str) -> bool {
    match filter {
        Filter::All => true,
        Filter::Terms(terms) => terms_match(terms, message),
        Filter::Fields(fields) => fields_match(fields, &split(message)),
        Filter::Json(condition) => match serde_json::from_str::<Json>(message.trim()) {
            Ok(json @ (Json::Object(_) | Json::Array(_))) => condition_matches(condition, &json),
            _ => false,
        },
    }
}

fn is_match(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
}

fn terms_match(terms: &[Term], message: &str) -> bool {
    let is_there = |term: &Term| match &term.text {
        Text::Plain(text) => message.contains(text.as_str()),
        Text::Regex(pattern) => is_match(pattern, message),
    };
    let mut may = terms.iter().filter(|term| term.demand == Demand::May).peekable();
    let has_must = terms.iter().any(|term| term.demand == Demand::Must);
    let one_of = may.peek().is_none() || has_must || may.any(is_there);
    // Beside terms that must be there, `?` means nothing.
    one_of
        && terms.iter().all(|term| match term.demand {
            Demand::Must => is_there(term),
            Demand::MustNot => !is_there(term),
            Demand::May => true,
        })
}

/// The fields of a message: blanks end them, quotes and square brackets hold them together.
fn split(message: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut rest = message.trim();
    while let Some(first) = rest.chars().next() {
        let close = match first {
            '"' => Some('"'),
            '[' => Some(']'),
            _ => None,
        };
        let inside = close.and_then(|close| rest[1..].find(close).map(|end| (&rest[1..=end], &rest[end + 2..])));
        let (field, after) = match inside {
            Some(found) => found,
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        fields.push(field.to_owned());
        rest = after.trim_start();
    }
    fields
}

fn fields_match(wanted: &[Field], given: &[String]) -> bool {
    let test = |(field, text): (&Field, &String)| match field {
        Field::One(_, Some(test)) => test_matches(test, text),
        _ => true,
    };
    match wanted.iter().position(|field| *field == Field::Rest) {
        None => wanted.len() == given.len() && wanted.iter().zip(given).all(test),
        Some(at) => {
            let (head, tail) = (&wanted[..at], &wanted[at + 1..]);
            given.len() >= head.len() + tail.len()
                && head.iter().zip(given).all(test)
                && tail.iter().zip(&given[given.len() - tail.len()..]).all(test)
        }
    }
}

fn test_matches(wanted: &Test, field: &str) -> bool {
    match wanted {
        Test::Compare(operator, operand) => compare(*operator, operand, field, field.parse().ok()),
        Test::And(all) => all.iter().all(|one| test_matches(one, field)),
        Test::Or(all) => all.iter().any(|one| test_matches(one, field)),
    }
}

fn compare(operator: Operator, operand: &Operand, text: &str, number: Option<f64>) -> bool {
    // Numbers of logs are written as they were read; equal means the same.
    #[allow(clippy::float_cmp, reason = "equal means the same number")]
    let is_equal = match operand {
        Operand::Anything => true,
        Operand::Text(pattern) => is_like(pattern, text),
        Operand::Regex(pattern) => is_match(pattern, text),
        Operand::Number(wanted) => number.is_some_and(|number| number == *wanted),
    };
    let ordered = |holds: fn(&f64, &f64) -> bool| match (operand, number) {
        (Operand::Number(wanted), Some(number)) => holds(&number, wanted),
        _ => false,
    };
    match operator {
        Operator::Equal => is_equal,
        Operator::NotEqual => !is_equal,
        Operator::Less => ordered(f64::lt),
        Operator::LessEqual => ordered(f64::le),
        Operator::Greater => ordered(f64::gt),
        Operator::GreaterEqual => ordered(f64::ge),
    }
}

/// Whether text is like a pattern in which `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// All values that a selector leads to.
fn select<'a>(steps: &[Step], json: &'a Json) -> Vec<&'a Json> {
    let mut found = vec![json];
    for step in steps {
        let next = found.into_iter().flat_map(|value| match (step, value) {
            (Step::Key(key), Json::Object(map)) => map.get(key).into_iter().collect::<Vec<_>>(),
            (Step::Index(index), Json::Array(items)) => items.get(*index).into_iter().collect(),
            (Step::Any, Json::Array(items)) => items.iter().collect(),
            (Step::Any, Json::Object(map)) => map.values().collect(),
            _ => Vec::new(),
        });
        found = next.collect();
    }
    found
}

fn condition_matches(condition: &Condition, json: &Json) -> bool {
    match condition {
        Condition::And(all) => all.iter().all(|one| condition_matches(one, json)),
        Condition::Or(all) => all.iter().any(|one| condition_matches(one, json)),
        Condition::Exists(steps, wanted) => select(steps, json).is_empty() != *wanted,
        Condition::Is(steps, wanted) => select(steps, json).into_iter().any(|value| match wanted {
            None => value.is_null(),
            Some(wanted) => value.as_bool() == Some(*wanted),
        }),
        Condition::Compare(steps, operator, operand) => select(steps, json).into_iter().any(|value| match value {
            Json::String(text) => {
                // Text with digits is text: only numbers are compared with numbers.
                !matches!(operand, Operand::Number(_)) && compare(*operator, operand, text, None)
                    || matches!(operand, Operand::Number(_)) && *operator == Operator::NotEqual
            }
            Json::Number(number) => compare(*operator, operand, &number.to_string(), number.as_f64()),
            Json::Bool(value) => compare(*operator, operand, &value.to_string(), None),
            // Objects, lists and null are like nothing, and there for `*`.
            Json::Null => false,
            Json::Array(_) | Json::Object(_) => *operand == Operand::Anything && *operator == Operator::Equal,
        }),
    }
}

/// Where log events come from and go through.
#[derive(Clone, Copy, Debug)]
pub struct Subscription<'a> {
    /// The account of the log group.
    pub owner: &'a str,
    /// The log group.
    pub group: &'a str,
    /// The log stream.
    pub stream: &'a str,
    /// The subscription filter.
    pub filter: &'a str,
}

/// The envelope in which log events are handed over, before it is packed.
pub fn envelope(subscription: Subscription<'_>, events: &[LogEvent]) -> Json {
    let event = |(index, event): (usize, &LogEvent)| {
        json!({
            "id": format!("{:056}", index + 1),
            "timestamp": event.timestamp,
            "message": event.message,
        })
    };
    json!({
        "messageType": "DATA_MESSAGE",
        "owner": subscription.owner,
        "logGroup": subscription.group,
        "logStream": subscription.stream,
        "subscriptionFilters": [subscription.filter],
        "logEvents": events.iter().enumerate().map(event).collect::<Vec<_>>(),
    })
}

/// The message with which CloudWatch Logs tries whether a destination can be reached.
pub fn control_message() -> Json {
    json!({
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [{"id": "", "timestamp": 0, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}],
    })
}

/// The record that a stream gets: the envelope, packed.
pub fn record(envelope: &Json) -> Vec<u8> {
    gzip::pack(envelope.to_string().as_bytes())
}

/// What Firehose makes of a record of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extracted {
    /// One record.
    Record(Vec<u8>),
    /// Nothing: the record was a control message.
    Control,
    /// It goes to the error prefix, for this reason.
    Failed(String),
}

/// What Firehose makes of a record with the processors `Decompression` and, if `extracts_messages`,
/// `CloudWatchLogProcessing`: the messages alone, a newline after each.
///
/// Source: see the module. A control message becomes nothing with message extraction; without it, it stays.
pub fn decompress(record: &[u8], extracts_messages: bool) -> Extracted {
    let plain = match gzip::unpack(record) {
        Ok(plain) => plain,
        Err(reason) => return Extracted::Failed(format!("it cannot be decompressed: {reason}")),
    };
    if !extracts_messages {
        return Extracted::Record(plain);
    }
    let Ok(envelope) = serde_json::from_slice::<Json>(&plain) else {
        return Extracted::Failed("it is no JSON once it is decompressed".to_owned());
    };
    match envelope["messageType"].as_str() {
        Some("CONTROL_MESSAGE") => Extracted::Control,
        Some("DATA_MESSAGE") => {
            let events = envelope["logEvents"].as_array().into_iter().flatten();
            let messages = events.filter_map(|event| event["message"].as_str()).map(|text| format!("{text}\n"));
            Extracted::Record(messages.collect::<String>().into_bytes())
        }
        _ => Extracted::Failed("it has no `messageType` of CloudWatch Logs".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Extracted, LogEvent, Subscription, control_message, decompress, envelope, matches, record};
    use crate::template::log_filter::parse;

    fn taken(pattern: &str, message: &str) -> bool {
        matches(&parse(pattern).unwrap(), message)
    }

    #[test]
    fn terms_are_found_anywhere_and_in_their_case() {
        for (pattern, message, wanted) in [
            ("", "anything", true),
            ("ERROR", "[ERROR] no", true),
            ("ERROR", "error", false),
            ("ERROR Exception", "ERROR without the other", false),
            ("ERROR Exception", "Exception ERROR", true),
            ("?ERROR ?WARN", "WARN low", true),
            ("?ERROR ?WARN", "INFO", false),
            ("?ERROR ?WARN Exiting", "Exiting", true),
            ("ERROR -Exiting", "ERROR Exiting", false),
            ("-ERROR", "INFO", true),
            ("\"two words\"", "now two words", true),
            ("\"two words\"", "two  words", false),
            ("%4[0-9]{2}%", "status 404", true),
            ("%^ERROR%", "an ERROR", false),
        ] {
            assert_eq!(taken(pattern, message), wanted, "{pattern} {message}");
        }
    }

    #[test]
    fn fields_are_counted_and_compared() {
        let line = "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /apache_pb.gif HTTP/1.0\" 200 1534";
        for (pattern, wanted) in [
            ("[ip, id, user, time, request, status, bytes]", true),
            ("[ip, id, user, time, request, status]", false),
            ("[ip, ..., bytes]", true),
            ("[..., status = 2*, bytes > 1000]", true),
            ("[..., status = 2*, bytes > 2000]", false),
            ("[ip = 127.0.0.*, ...]", true),
            ("[ip, id, user = frank || user = john, ...]", true),
            ("[ip, id, user != frank, ...]", false),
            ("[ip, id, user, time, request = *html*, ...]", false),
            ("[ip, id, user, time, request = %GET%, ...]", true),
            ("[a, b, c, d, e, f = 200 && f != 404, g]", true),
        ] {
            assert_eq!(taken(pattern, line), wanted, "{pattern}");
        }
    }

    #[test]
    fn conditions_look_into_json() {
        let event = r#"{"eventName":"UpdateTrail","code":404,"size":"7","list":[{"n":1},{"n":2}],"none":null,"yes":true,"o":{"a":1}}"#;
        for (pattern, wanted) in [
            ("{ $.eventName = \"UpdateTrail\" }", true),
            ("{ $.eventName = Update* }", true),
            ("{ $.eventName != \"Other\" }", true),
            ("{ $.missing != \"Other\" }", false),
            ("{ $.code >= 400 && $.code < 500 }", true),
            ("{ $.code = 404 || $.missing = 1 }", true),
            ("{ $.size > 5 }", false),
            ("{ $.list[1].n = 2 }", true),
            ("{ $.list[*].n = 2 }", true),
            ("{ $.list[0].n = 2 }", false),
            ("{ $.none IS NULL }", true),
            ("{ $.missing IS NULL }", false),
            ("{ $.missing NOT EXISTS }", true),
            ("{ $.none EXISTS }", true),
            ("{ $.yes IS TRUE }", true),
            ("{ $.yes IS FALSE }", false),
            ("{ $.o = * }", true),
            ("{ $.eventName = %^Up% }", true),
            ("{ ($.code = 1 || $.code = 404) && $.yes IS TRUE }", true),
        ] {
            assert_eq!(taken(pattern, event), wanted, "{pattern}");
        }
        assert!(!taken("{ $.a = 1 }", "no json"));
    }

    #[test]
    fn firehose_unpacks_and_extracts() {
        let subscription = Subscription { owner: "123456789012", group: "g", stream: "s", filter: "f" };
        let events =
            [LogEvent { timestamp: 1, message: "a".to_owned() }, LogEvent { timestamp: 2, message: "b".to_owned() }];
        let packed = record(&envelope(subscription, &events));
        assert_eq!(decompress(&packed, true), Extracted::Record(b"a\nb\n".to_vec()));
        let Extracted::Record(plain) = decompress(&packed, false) else { panic!() };
        assert!(plain.starts_with(b"{\"messageType\":\"DATA_MESSAGE\""));
        assert_eq!(decompress(&record(&control_message()), true), Extracted::Control);
        assert!(matches!(decompress(b"{}", true), Extracted::Failed(_)));
    }

    proptest! {
        #[test]
        fn nothing_panics(pattern in "(\\{ \\$\\.a (=|<) [a0*%]{1,4} \\}|\\[a=[a*]{1,3},\\.\\.\\.,b\\]|[?-]?[ab%*]{1,4})", message: String) {
            if let Ok(filter) = parse(&pattern) {
                let _ = matches(&filter, &message);
                let _ = matches(&filter, r#"{"a": [1, "a", null, {}]}"#);
            }
            let _ = decompress(message.as_bytes(), true);
        }
    }
}
