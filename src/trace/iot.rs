//! Rules of AWS IoT: which messages a rule takes, and what its SQL makes of them.
//!
//! Source: AWS IoT Developer Guide, "AWS IoT SQL reference": "Data types", "Operators", "Functions", "Case statements".

use jiff::Timestamp;
use jiff::tz::TimeZone;
use regex_lite::Regex;
use serde_json::{Map, Number, Value as Json};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::{moment, time};
use crate::template::base64;
use crate::template::iot_sql::{Expression, Function, Item, Operator, Statement};

/// A message of MQTT.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its bytes.
    pub payload: &'a [u8],
    /// Who sent it.
    pub client: &'a str,
    /// The account.
    pub account: &'a str,
    /// When it came.
    pub arrival: Timestamp,
}

/// What a rule does with a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Its topic is another.
    OtherTopic,
    /// Its condition does not hold.
    NotMet,
    /// Its actions get this.
    Sends(Vec<u8>),
    /// It depends on what is not run here; why, in words.
    NotRun(String),
}

/// A value; none is what the language calls undefined.
type Value = Option<Json>;

/// Why an expression has no value here, in words.
type NotRun = String;

/// Whether a topic is among those of a filter.
pub fn topic_matches(filter: &str, topic: &str) -> bool {
    // Topics of the service itself are only taken by filters that name them.
    if topic.starts_with('$') && !filter.starts_with('$') {
        return false;
    }
    let mut wanted = filter.split('/');
    let mut given = topic.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return false,
        }
    }
}

/// What a rule does with a message.
pub fn decide(statement: &Statement, message: Message<'_>) -> Decision {
    if let Some((filter, _)) = &statement.topic
        && !topic_matches(filter, message.topic)
    {
        return Decision::OtherTopic;
    }
    let payload = serde_json::from_slice::<Json>(message.payload).ok();
    let mut scope = Scope { message, payload, variables: Vec::new() };
    match scope.run(statement) {
        Ok(Some(bytes)) => Decision::Sends(bytes),
        Ok(None) => Decision::NotMet,
        Err(reason) => Decision::NotRun(reason),
    }
}

struct Scope<'a> {
    message: Message<'a>,
    payload: Option<Json>,
    variables: Vec<(&'a str, Value)>,
}

fn number(value: f64) -> Value {
    // Whole numbers are integers in this version of the language.
    #[allow(clippy::cast_possible_truncation, reason = "whole numbers that fit are asked for first")]
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return Some(Json::from(value as i64));
    }
    Number::from_f64(value).map(Json::Number)
}

/// A value as a number: numbers, and texts that are one.
fn float(value: &Value) -> Option<f64> {
    match value.as_ref()? {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    }
}

/// A value as a truth: booleans, and texts that are one.
fn truth(value: &Value) -> Option<bool> {
    match value.as_ref()? {
        Json::Bool(value) => Some(*value),
        Json::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Json::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A value as text.
fn text(value: &Value) -> Option<String> {
    Some(match value.as_ref()? {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    })
}

fn field<'v>(mut value: &'v Json, names: &[String]) -> Option<&'v Json> {
    for name in names {
        value = value.as_object()?.get(name)?;
    }
    Some(value)
}

impl<'a> Scope<'a> {
    fn run(&mut self, statement: &'a Statement) -> Result<Option<Vec<u8>>, NotRun> {
        for (name, expression) in &statement.variables {
            let value = self.value(expression)?;
            self.variables.push((name, value));
        }
        if let Some(condition) = &statement.condition {
            let value = self.value(condition)?;
            if truth(&value) != Some(true) {
                return Ok(None);
            }
        }
        if let ([Item::All], false) = (statement.items.as_slice(), statement.is_value) {
            return Ok(Some(self.message.payload.to_vec()));
        }
        let mut made = Map::new();
        for item in &statement.items {
            match item {
                Item::All if statement.is_value => return Ok(Some(self.message.payload.to_vec())),
                Item::All => {
                    if let Some(Json::Object(fields)) = &self.payload {
                        made.extend(fields.clone());
                    }
                }
                Item::Field(expression, name) => {
                    let value = self.value(expression)?;
                    if statement.is_value {
                        // What is undefined is nothing.
                        return Ok(Some(value.map_or_else(Vec::new, |value| value.to_string().into_bytes())));
                    }
                    if let Some(value) = value {
                        made.insert(name.clone(), value);
                    }
                }
            }
        }
        Ok(Some(Json::Object(made).to_string().into_bytes()))
    }

    fn value(&self, expression: &Expression) -> Result<Value, NotRun> {
        Ok(match expression {
            Expression::Literal(value) => Some(value.clone()),
            Expression::All => self.payload.clone(),
            Expression::Path(names) => self.payload.as_ref().and_then(|payload| field(payload, names)).cloned(),
            Expression::Variable(name, names) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                found.and_then(|(_, value)| field(value.as_ref()?, names)).cloned()
            }
            Expression::Call(function, arguments, _) => self.call(function, arguments)?,
            Expression::Cast(inner, kind) => cast(&self.value(inner)?, kind),
            Expression::Case(subject, branches, otherwise) => {
                let subject = subject.as_ref().map(|subject| self.value(subject)).transpose()?;
                for (wanted, then) in branches {
                    let wanted = self.value(wanted)?;
                    let is_met = match &subject {
                        Some(subject) => equal(subject, &wanted) == Some(true),
                        None => truth(&wanted) == Some(true),
                    };
                    if is_met {
                        return self.value(then);
                    }
                }
                match otherwise {
                    Some(otherwise) => self.value(otherwise)?,
                    None => None,
                }
            }
            Expression::Not(inner) => truth(&self.value(inner)?).map(|value| Json::Bool(!value)),
            Expression::Minus(inner) => float(&self.value(inner)?).and_then(|value| number(-value)),
            Expression::Binary(..) => {
                // A row of operators leans to the left, as long as it is.
                let (mut row, mut first) = (Vec::new(), expression);
                while let Expression::Binary(left, operator, right) = first {
                    row.push((*operator, right));
                    first = left;
                }
                let mut value = self.value(first)?;
                for (operator, right) in row.into_iter().rev() {
                    value = binary(&value, operator, &self.value(right)?);
                }
                value
            }
            Expression::Array(items) => {
                let items: Result<Vec<Value>, NotRun> = items.iter().map(|item| self.value(item)).collect();
                Some(Json::Array(items?.into_iter().map(Option::unwrap_or_default).collect()))
            }
            Expression::Object(entries) => {
                let mut made = Map::new();
                for (key, value) in entries {
                    if let Some(value) = self.value(value)? {
                        made.insert(key.clone(), value);
                    }
                }
                Some(Json::Object(made))
            }
            Expression::Nested(_) => return Err("a query in a query is not run here".to_owned()),
        })
    }

    fn call(&self, function: &Function, arguments: &[Expression]) -> Result<Value, NotRun> {
        if !function.is_run {
            return Err(format!("`{}` is not run here", function.name));
        }
        // What is encoded may be the message as it is, bytes and all.
        if let ("encode", [Expression::All, _]) = (function.name, arguments) {
            return Ok(Some(base64::encode(self.message.payload).into()));
        }
        let values: Result<Vec<Value>, NotRun> = arguments.iter().map(|argument| self.value(argument)).collect();
        let values = values?;
        let message = self.message;
        Ok(match (function.name, values.as_slice()) {
            ("accountid", _) => Some(message.account.into()),
            ("clientid" | "principal", _) => Some(message.client.into()),
            ("newuuid" | "traceid", _) => Some("00000000-0000-4000-8000-000000000001".into()),
            ("sourceip", _) => Some("127.0.0.1".into()),
            ("timestamp", _) => Some(message.arrival.as_millisecond().into()),
            ("topic", []) => Some(message.topic.into()),
            ("topic", [level]) => {
                let level = float(level).and_then(whole).and_then(|level| usize::try_from(level).ok());
                let level = level.and_then(|level| message.topic.split('/').nth(level.checked_sub(1)?));
                level.map(Json::from)
            }
            (name, [one]) => single(name, one),
            (name, values) => several(name, values)?,
        })
    }
}

/// The whole number that a number is.
#[allow(clippy::cast_possible_truncation, reason = "whole numbers that fit are asked for first")]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0).then_some(value as i64)
}

/// Whether two values are equal; none if one of them is undefined.
fn equal(first: &Value, second: &Value) -> Option<bool> {
    let (left, right) = (first.as_ref()?, second.as_ref()?);
    Some(match (left, right) {
        (Json::Number(_), Json::Number(_) | Json::String(_)) | (Json::String(_), Json::Number(_)) => {
            float(first).is_some_and(|left| Some(left) == float(second))
        }
        (Json::Bool(_), Json::String(_)) | (Json::String(_), Json::Bool(_)) => {
            truth(first).is_some_and(|left| Some(left) == truth(second))
        }
        _ => left == right,
    })
}

fn binary(first: &Value, operator: Operator, second: &Value) -> Value {
    let numbers = || Some((float(first)?, float(second)?));
    let truths = || Some((truth(first)?, truth(second)?));
    let compared = |holds: fn(&f64, &f64) -> bool| numbers().map(|(left, right)| Json::Bool(holds(&left, &right)));
    match operator {
        Operator::And => truths().map(|(left, right)| Json::Bool(left && right)),
        Operator::Or => truths().map(|(left, right)| Json::Bool(left || right)),
        Operator::Equal => equal(first, second).map(Json::Bool),
        Operator::NotEqual => equal(first, second).map(|is_equal| Json::Bool(!is_equal)),
        Operator::Less => compared(f64::lt),
        Operator::LessEqual => compared(f64::le),
        Operator::Greater => compared(f64::gt),
        Operator::GreaterEqual => compared(f64::ge),
        Operator::Plus => match (first.as_ref()?, second.as_ref()?) {
            (Json::Number(_), Json::Number(_)) => numbers().and_then(|(left, right)| number(left + right)),
            // With a text it joins texts.
            (Json::String(_), Json::String(_) | Json::Number(_)) | (Json::Number(_), Json::String(_)) => {
                Some(Json::String(text(first)? + &text(second)?))
            }
            _ => None,
        },
        Operator::Minus => numbers().and_then(|(left, right)| number(left - right)),
        Operator::Times => numbers().and_then(|(left, right)| number(left * right)),
        Operator::Divide => numbers().and_then(|(left, right)| number(left / right)),
        Operator::Modulo => numbers().and_then(|(left, right)| number(left % right)),
    }
}

fn cast(value: &Value, kind: &str) -> Value {
    match kind {
        "string" | "text" | "varchar" | "nvarchar" => text(value).map(Json::String),
        "bool" | "boolean" => match value.as_ref()? {
            Json::Number(number) => Some(Json::Bool(number.as_f64() != Some(0.0))),
            _ => truth(value).map(Json::Bool),
        },
        _ => {
            let given = match value.as_ref()? {
                Json::Bool(value) => f64::from(u8::from(*value)),
                _ => float(value)?,
            };
            number(if matches!(kind, "int" | "integer" | "bigint") { given.round() } else { given })
        }
    }
}

fn hex(bytes: &[u8]) -> Json {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    Json::String(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect())
}

/// Functions of one argument.
fn single(name: &str, value: &Value) -> Value {
    let numeric = |compute: fn(f64) -> f64| float(value).and_then(|value| number(compute(value)));
    let textual = |change: fn(&str) -> String| text(value).map(|text| Json::String(change(&text)));
    match name {
        "isnull" => Some(Json::Bool(value == &Some(Json::Null))),
        "isundefined" => Some(Json::Bool(value.is_none())),
        "abs" => numeric(f64::abs),
        "acos" => numeric(f64::acos),
        "asin" => numeric(f64::asin),
        "atan" => numeric(f64::atan),
        "bitnot" => Some((!whole(float(value)?)?).into()),
        "ceil" => numeric(f64::ceil),
        "chr" => {
            let code = float(value).and_then(whole).and_then(|code| u32::try_from(code).ok())?;
            char::from_u32(code).map(|sign| sign.to_string().into())
        }
        "concat" => match value.as_ref()? {
            list @ Json::Array(_) => Some(list.clone()),
            other => Some(Json::Array(vec![other.clone()])),
        },
        "cos" => numeric(f64::cos),
        "cosh" => numeric(f64::cosh),
        "exp" => numeric(f64::exp),
        "floor" => numeric(f64::floor),
        "length" => text(value).map(|text| text.chars().count().into()),
        "ln" => numeric(f64::ln),
        "log" => numeric(f64::log10),
        "lower" => textual(str::to_lowercase),
        "ltrim" => textual(|text| text.trim_start().to_owned()),
        "numbytes" => text(value).map(|text| text.len().into()),
        // Half away from zero.
        "round" => numeric(f64::round),
        "rtrim" => textual(|text| text.trim_end().to_owned()),
        "sha224" => Some(hex(&Sha224::digest(text(value)?))),
        "sha256" => Some(hex(&Sha256::digest(text(value)?))),
        "sha384" => Some(hex(&Sha384::digest(text(value)?))),
        "sha512" => Some(hex(&Sha512::digest(text(value)?))),
        "sign" => numeric(|value| if value == 0.0 { 0.0 } else { value.signum() }),
        "sin" => numeric(f64::sin),
        "sinh" => numeric(f64::sinh),
        "sqrt" => numeric(f64::sqrt),
        "tan" => numeric(f64::tan),
        "tanh" => numeric(f64::tanh),
        "trim" => textual(|text| text.trim().to_owned()),
        "upper" => textual(str::to_uppercase),
        _ => None,
    }
}

/// Functions of several arguments.
fn several(name: &str, values: &[Value]) -> Result<Value, NotRun> {
    let texts: Option<Vec<String>> = values.iter().map(text).collect();
    let numbers: Option<Vec<f64>> = values.iter().map(float).collect();
    let wholes: Option<Vec<i64>> = numbers.as_ref().and_then(|numbers| numbers.iter().copied().map(whole).collect());
    let (Some(first), Some(second)) = (values.first(), values.get(1)) else { return Ok(None) };
    // A `%` of two numbers that keeps the sign of the first.
    let pair = numbers.as_deref().and_then(|numbers| Some((*numbers.first()?, *numbers.get(1)?)));
    let bits = wholes.as_deref().and_then(|numbers| Some((*numbers.first()?, *numbers.get(1)?)));
    let two = texts.as_deref().and_then(|texts| Some((texts.first()?.as_str(), texts.get(1)?.as_str())));
    Ok(match name {
        "atan2" => pair.and_then(|(y, x)| number(y.atan2(x))),
        "bitand" => bits.map(|(left, right)| (left & right).into()),
        "bitor" => bits.map(|(left, right)| (left | right).into()),
        "bitxor" => bits.map(|(left, right)| (left ^ right).into()),
        "concat" => concat(values),
        "decode" => match two {
            Some((text, "base64")) => base64::decode(text).map(|bytes| {
                serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into())
            }),
            Some((_, other)) => return Err(format!("`decode` of `{other}` is not run here")),
            None => None,
        },
        "encode" => two.and_then(|(text, form)| (form == "base64").then(|| base64::encode(text.as_bytes()).into())),
        "endswith" => two.map(|(text, part)| text.ends_with(part).into()),
        "startswith" => two.map(|(text, part)| text.starts_with(part).into()),
        "get" => get(first, second),
        "get_or_default" => first.clone().or_else(|| second.clone()),
        "indexof" => two.map(|(text, part)| {
            let at = text.find(part).map(|at| text[..at].chars().count());
            at.map_or(Json::from(-1), Json::from)
        }),
        "lpad" | "rpad" => {
            let count = float(second).and_then(whole).and_then(|count| usize::try_from(count).ok());
            // A text of a message is no longer than a message.
            text(first).zip(count).map(|(text, count)| {
                let blanks = " ".repeat(count.min(131_072));
                Json::String(if name == "lpad" { blanks + &text } else { text + &blanks })
            })
        }
        "mod" | "remainder" => pair.and_then(|(left, right)| number(left % right)),
        // JSON has no number that is none.
        "nanvl" => pair.and_then(|(left, _)| number(left)),
        "nvl" => {
            if matches!(first, None | Some(Json::Null)) {
                second.clone()
            } else {
                first.clone()
            }
        }
        "parse_time" => parse_time(values),
        "power" => pair.and_then(|(base, exponent)| number(base.powf(exponent))),
        "regexp_matches" => two.and_then(|(text, pattern)| Some(Regex::new(pattern).ok()?.is_match(text).into())),
        "regexp_substr" => {
            two.and_then(|(text, pattern)| Regex::new(pattern).ok()?.find(text).map(|found| found.as_str().into()))
        }
        "regexp_replace" => texts.as_deref().and_then(|texts| match texts {
            [text, pattern, with] => {
                Some(Json::String(Regex::new(pattern).ok()?.replace_all(text, with.as_str()).into_owned()))
            }
            _ => None,
        }),
        "replace" => texts.as_deref().and_then(|texts| match texts {
            [text, from, to] if !from.is_empty() => Some(text.replace(from.as_str(), to).into()),
            _ => None,
        }),
        "substring" => substring(first, &values[1..]),
        "time_to_epoch" => two.and_then(|(text, pattern)| {
            let time = moment::parse(pattern, text)?.to_zoned(TimeZone::UTC).ok()?;
            Some(time.timestamp().as_millisecond().into())
        }),
        "trunc" => pair.and_then(|(value, digits)| {
            let scale = 10_f64.powf(digits.clamp(0.0, 34.0).trunc());
            number((value * scale).trunc() / scale)
        }),
        _ => None,
    })
}

/// Joins lists and values to one list.
fn concat(values: &[Value]) -> Value {
    let mut all = Vec::new();
    let has_list = values.iter().any(|value| matches!(value, Some(Json::Array(_))));
    if !has_list {
        // Texts become one text.
        return values.iter().map(text).collect::<Option<String>>().map(Json::String);
    }
    for value in values {
        match value.as_ref()? {
            Json::Array(items) => all.extend(items.iter().cloned()),
            other => all.push(other.clone()),
        }
    }
    Some(Json::Array(all))
}

fn get(value: &Value, key: &Value) -> Value {
    match (value.as_ref()?, key.as_ref()?) {
        (Json::Array(items), key) => {
            let index = float(&Some(key.clone())).and_then(whole).and_then(|index| usize::try_from(index).ok())?;
            items.get(index).cloned()
        }
        (Json::Object(map), Json::String(key)) => map.get(key).cloned(),
        (Json::String(text), key) => {
            let index = float(&Some(key.clone())).and_then(whole).and_then(|index| usize::try_from(index).ok())?;
            text.chars().nth(index).map(|sign| sign.to_string().into())
        }
        _ => None,
    }
}

fn substring(value: &Value, ends: &[Value]) -> Value {
    let characters: Vec<char> = text(value)?.chars().collect();
    let end = |value: &Value| {
        let at = float(value).and_then(whole)?;
        Some(usize::try_from(at.max(0)).ok()?.min(characters.len()))
    };
    let start = end(ends.first()?)?;
    let last = match ends.get(1) {
        Some(value) => end(value)?,
        None => characters.len(),
    };
    Some(Json::String(characters.get(start..last).unwrap_or_default().iter().collect()))
}

/// `parse_time(pattern, milliseconds, zone)`
fn parse_time(values: &[Value]) -> Value {
    let pattern = text(values.first()?)?;
    let milliseconds = float(values.get(1)?).and_then(whole)?;
    let zone = match values.get(2) {
        Some(name) => time::zone(&text(name)?)?,
        None => TimeZone::UTC,
    };
    let time = Timestamp::from_millisecond(milliseconds).ok()?;
    time::format(&pattern, time, &zone).ok().map(Json::String)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::{Decision, Message, decide, topic_matches};
    use crate::template::iot_sql::parse;

    fn told(statement: &str, payload: &str) -> Decision {
        let message = Message {
            topic: "sensors/s1/data",
            payload: payload.as_bytes(),
            client: "c1",
            account: "123456789012",
            arrival: "2026-11-23T10:00:00Z".parse().unwrap(),
        };
        decide(&parse(statement).unwrap(), message)
    }

    fn sent(statement: &str, payload: &str) -> Json {
        match told(statement, payload) {
            Decision::Sends(bytes) => serde_json::from_slice(&bytes).unwrap(),
            other => panic!("{statement}: {other:?}"),
        }
    }

    #[test]
    fn topics_are_matched_by_their_levels() {
        for (filter, topic, wanted) in [
            ("a/b", "a/b", true),
            ("a/+/c", "a/b/c", true),
            ("a/+", "a/b/c", false),
            ("a/#", "a/b/c", true),
            ("a/#", "a", true),
            ("#", "a/b", true),
            ("#", "$aws/things", false),
            ("a/b", "A/b", false),
            ("+/b", "/b", true),
        ] {
            assert_eq!(topic_matches(filter, topic), wanted, "{filter} {topic}");
        }
        assert_eq!(told("SELECT * FROM 'other/#'", "{}"), Decision::OtherTopic);
    }

    #[test]
    fn fields_are_selected_and_named() {
        let payload = r#"{"t": 21.5, "state": {"color": "red"}, "none": null, "list": [1, {"a": 2}]}"#;
        for (statement, wanted) in [
            ("SELECT t, state.color FROM '#'", json!({"t": 21.5, "color": "red"})),
            ("SELECT state.color AS c, missing AS m, none FROM '#'", json!({"c": "red", "none": null})),
            ("SELECT VALUE state FROM '#'", json!({"color": "red"})),
            ("SELECT get(list, 1) AS x FROM '#'", json!({"x": {"a": 2}})),
            (
                "SELECT topic(2) AS id, timestamp() AS ts, clientid() AS who FROM '#'",
                json!({"id": "s1", "ts": 1_795_428_000_000_i64, "who": "c1"}),
            ),
            ("SELECT {'a': t * 2, 'b': [state.color]} AS o FROM '#'", json!({"o": {"a": 43, "b": ["red"]}})),
            ("SET @c = upper(state.color) SELECT @c AS c FROM '#'", json!({"c": "RED"})),
            ("SELECT CASE state.color WHEN 'blue' THEN 1 WHEN 'red' THEN 2 END AS n FROM '#'", json!({"n": 2})),
            ("SELECT CASE WHEN t > 30 THEN 'hot' ELSE 'mild' END AS n FROM '#'", json!({"n": "mild"})),
        ] {
            assert_eq!(sent(statement, payload), wanted, "{statement}");
        }
        assert_eq!(sent("SELECT *, topic(2) AS id FROM '#'", r#"{"a": 1}"#), json!({"a": 1, "id": "s1"}));
        assert_eq!(told("SELECT * FROM '#'", "no json"), Decision::Sends(b"no json".to_vec()));
        assert_eq!(sent("SELECT encode(*, 'base64') AS d FROM '#'", "no json"), json!({"d": "bm8ganNvbg=="}));
    }

    #[test]
    fn conditions_hold_or_not() {
        let payload = r#"{"t": 21.5, "n": "7", "on": "true", "s": "abc", "none": null}"#;
        for (condition, wanted) in [
            ("t > 20", true),
            ("t > 20 AND s = 'abc'", true),
            ("t > 20 AND s = 'ABC'", false),
            ("NOT t > 30", true),
            ("n = 7", true),
            ("n > 6", true),
            ("s > 6", false),
            ("on", true),
            ("s", false),
            ("missing = 1", false),
            ("missing <> 1", false),
            ("isUndefined(missing)", true),
            ("none = NULL", true),
            ("s <> 'x' OR t = 1", true),
            ("(t + 0.5) % 2 = 0", true),
            ("startswith(s, 'ab') AND regexp_matches(s, '^[a-c]+$')", true),
            ("2 + 3 * 4 = 14", true),
        ] {
            let taken = matches!(told(&format!("SELECT * FROM '#' WHERE {condition}"), payload), Decision::Sends(_));
            assert_eq!(taken, wanted, "{condition}");
        }
    }

    #[test]
    fn functions_compute_what_is_documented() {
        for (call, wanted) in [
            ("abs(-5)", json!(5)),
            ("ceil(1.2)", json!(2)),
            ("round(-1.6)", json!(-2)),
            ("concat('a', 1)", json!("a1")),
            ("concat([1], 2, [3])", json!([1, 2, 3])),
            ("cast('1.5' AS decimal)", json!(1.5)),
            ("cast(true AS int)", json!(1)),
            ("cast(5 AS string)", json!("5")),
            ("indexof('abcd', 'bc')", json!(1)),
            ("substring('012345', 2, 4)", json!("23")),
            ("substring('012345', -3)", json!("012345")),
            ("lpad('a', 2)", json!("  a")),
            ("nvl(NULL, 1)", json!(1)),
            ("power(2, 5)", json!(32)),
            ("trunc(2.3456, 2)", json!(2.34)),
            ("replace('abab', 'a', 'x')", json!("xbxb")),
            ("regexp_replace('abcd', 'b*', 'x')", json!("xaxcxdx")),
            ("regexp_substr('hihi', 'h')", json!("h")),
            ("bitand(5, 3)", json!(1)),
            ("'a' + 1", json!("a1")),
            ("10 / 4", json!(2.5)),
            ("-(2 - 5)", json!(3)),
            ("decode('eyJhIjoxfQ==', 'base64')", json!({"a": 1})),
            ("parse_time('yyyy-MM-dd', 0)", json!("1970-01-01")),
            ("time_to_epoch('2020-04-03 09:45:18 UTC+01:00', 'yyyy-MM-dd HH:mm:ss VV')", Json::Null),
            ("time_to_epoch('18 December 2015', 'dd MMMM yyyy')", json!(1_450_396_800_000_i64)),
            ("sha256('hello')", json!("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")),
            ("length('häi')", json!(3)),
            ("sqrt(-1)", Json::Null),
        ] {
            let given = sent(&format!("SELECT {call} AS v FROM '#'"), "{}");
            assert_eq!(given["v"], wanted, "{call}");
        }
    }

    #[test]
    fn what_asks_a_service_is_not_run() {
        for statement in [
            "SELECT aws_lambda('arn', {'a': 1}) AS v FROM '#'",
            "SELECT * FROM '#' WHERE get_thing_shadow('a', 'b') = 1",
            "SELECT (SELECT a FROM b) AS v FROM '#'",
        ] {
            assert!(matches!(told(statement, "{}"), Decision::NotRun(_)), "{statement}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(
            call in "(abs|substring|get|concat|parse_time|time_to_epoch|lpad|regexp_replace|trunc|topic|mod|cast)",
            first in "('[a-z*+0-9é]{0,4}'|-?[0-9]{1,18}|a|a\\.b|\\[1\\]|NULL)",
            second in "('[a-z*+(]{0,4}'|-?[0-9]{1,4}|b)",
            payload in "(\\{\"a\": \\[1\\], \"b\": \"x\"\\}|[a-z]{0,3})",
        ) {
            for arguments in [first.clone(), format!("{first}, {second}"), format!("{first}, {second}, {first}")] {
                let message = Message { topic: "a/b", payload: payload.as_bytes(), client: "c", account: "1", arrival: jiff::Timestamp::UNIX_EPOCH };
                if let Ok(statement) = parse(&format!("SELECT {call}({arguments}) AS v FROM '#' WHERE {first} <> {second}")) {
                    let _ = decide(&statement, message);
                }
            }
        }
    }
}
