//! What a scalar without quotes means: by YAML 1.2 in blueprints, by CloudFormation's reader in templates.

use serde_json::Number;

/// What a plain scalar stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text,
    /// A number that JSON cannot hold: infinite, not a number, or with more digits than are kept.
    Unrepresentable,
}

/// How a reader of YAML 1.1 takes a scalar that YAML 1.2 takes otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ambiguity {
    /// What such readers make of it.
    pub there: String,
    /// What it is here.
    pub here: &'static str,
    /// What to write, beside the quoted text.
    pub otherwise: Option<&'static str>,
}

/// The core schema of YAML 1.2 (section 10.3.2), but numbers with leading zeros stay text: an account id that
/// begins with `0` is no number, and YAML 1.1 would even take it for octal.
pub(super) fn core(text: &str) -> Value {
    if let Some(value) = shared(text) {
        return value;
    }
    let digits = unsigned(text);
    if let Some(octal) = text.strip_prefix("0o") {
        return radix(octal, 8, false);
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return radix(hex, 16, false);
    }
    if has_leading_zero(digits) {
        return Value::Text;
    }
    if is_digits(digits) {
        return integer(text);
    }
    if is_float(digits) { float(text) } else { Value::Text }
}

/// YAML 1.1 as CloudFormation reads it.
///
/// Its user guide ("CloudFormation template format") names YAML 1.1 without the tags for time, so dates are text.
/// For the rest the patterns are those of SnakeYAML 1.x (`org.yaml.snakeyaml.resolver.Resolver`), the reader of the
/// Java world: `y` and `n` are text; `0777` is octal, `0888` a decimal number and `1e3` a number, which agrees with
/// what users see at deployment (aws/aws-cli #6908: `012345678901` becomes a number).
pub(super) fn cloudformation(text: &str) -> Value {
    if let Some(value) = shared(text) {
        return value;
    }
    if let Some(value) = bool_word(text) {
        return Value::Bool(value);
    }
    let digits = unsigned(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Value::Text;
    }
    let plain: String = text.chars().filter(|character| *character != '_').collect();
    let value = if let Some(binary) = unsigned(&plain).strip_prefix("0b") {
        radix(binary, 2, text.starts_with('-'))
    } else if let Some(hex) = unsigned(&plain).strip_prefix("0x") {
        radix(hex, 16, text.starts_with('-'))
    } else if is_sexagesimal(digits) {
        sexagesimal(&plain)
    } else if has_leading_zero(unsigned(&plain)) && unsigned(&plain).bytes().all(|byte| matches!(byte, b'0'..=b'7')) {
        radix(unsigned(&plain), 8, text.starts_with('-'))
    } else if is_digits(unsigned(&plain)) {
        integer(&plain)
    } else if is_float(unsigned(&plain)) {
        float(&plain)
    } else {
        Value::Text
    };
    // Whatever cannot be a number here goes to the service as the text that it is.
    if value == Value::Unrepresentable { Value::Text } else { value }
}

/// What the readers of YAML 1.1 make of a plain scalar, where that is not what [`core`] makes of it.
///
/// The patterns are those of <https://yaml.org/type/> and of the two readers that matter, PyYAML and SnakeYAML;
/// they do not even agree with each other on `1e3` and `0888`. Timestamps with a time are left alone: nobody who
/// writes one expects a number.
pub(super) fn ambiguity(text: &str) -> Option<Ambiguity> {
    let found = |there: &str, here, otherwise| Some(Ambiguity { there: there.to_owned(), here, otherwise });
    let boolean = match text {
        "y" | "Y" => Some(true),
        "n" | "N" => Some(false),
        _ => bool_word(text),
    };
    if let Some(value) = boolean {
        let otherwise = if value { "`true` for the truth value" } else { "`false` for the truth value" };
        return found(if value { "`true`" } else { "`false`" }, "text", Some(otherwise));
    }
    if text == "=" || text == "<<" {
        return found("a special value", "text", None);
    }
    let digits = unsigned(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    if is_date(text) {
        return found("a date", "text", None);
    }
    if is_sexagesimal(digits) {
        return found("a number to base 60", "text", None);
    }
    let plain: String = digits.chars().filter(|character| *character != '_').collect();
    let grouped = plain.len() < digits.len();
    if let Some(binary) = plain.strip_prefix("0b") {
        return (!binary.is_empty() && binary.bytes().all(|byte| matches!(byte, b'0' | b'1'))).then(|| Ambiguity {
            there: "a binary number".to_owned(),
            here: "text",
            otherwise: None,
        });
    }
    if let Some(hex) = plain.strip_prefix("0x") {
        // `-0x10` is a number of YAML 1.1 alone.
        let differs = grouped || digits.len() < text.len();
        return (differs && !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| Ambiguity {
            there: "a number".to_owned(),
            here: "text",
            otherwise: None,
        });
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return (!octal.is_empty() && octal.bytes().all(|byte| matches!(byte, b'0'..=b'7'))).then(|| Ambiguity {
            there: "text".to_owned(),
            here: "an octal number",
            otherwise: Some("the number in decimal"),
        });
    }
    if is_digits(&plain) && (grouped || has_leading_zero(&plain)) {
        let octal = has_leading_zero(&plain) && plain.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let there = if octal { "an octal number" } else { "a number" };
        return found(
            there,
            "text",
            Some(if grouped { "the digits without `_`" } else { "no leading zero for a number" }),
        );
    }
    if !is_float(&plain) {
        return None;
    }
    if grouped || has_leading_zero(&plain) {
        return found("a number", "text", None);
    }
    let exponent = plain.find(['e', 'E'])?;
    let signed = plain[exponent + 1..].starts_with(['+', '-']);
    if signed && plain[..exponent].contains('.') {
        return None;
    }
    found("text (some) or a number (others)", "a number", Some("the number without an exponent, or as `1.0e+3`"))
}

/// The values on which all versions agree.
fn shared(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Value::Unrepresentable,
        _ if matches!(unsigned(text), ".inf" | ".Inf" | ".INF") => Value::Unrepresentable,
        _ => return None,
    })
}

/// The words that are truth values in YAML 1.1 alone, in the three spellings that it knows.
fn bool_word(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `00`, `012`, `01.5`, but not `0`, `0.5` or `0e1`.
fn has_leading_zero(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'0', second, ..] if second.is_ascii_digit())
}

/// `( "." digits | digits ( "." digits? )? ) ( [eE] [-+]? digits )?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(unsigned(&text[at + 1..]))),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let part = |part: &str| part.is_empty() || is_digits(part);
    part(whole) && part(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent.is_none_or(is_digits)
}

/// `1:30`, `190:20:30`, `1:30.5`: minutes and hours of YAML 1.1.
fn is_sexagesimal(digits: &str) -> bool {
    let mut parts = digits.split(':');
    let first = parts.next().unwrap_or_default();
    let grouped = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let (last, fraction) = last.split_once('.').map_or((*last, None), |(whole, fraction)| (whole, Some(fraction)));
    let sixty = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    let starts = if fraction.is_some() { b'0' } else { b'1' };
    first.bytes().next().is_some_and(|byte| (starts..=b'9').contains(&byte))
        && grouped(first)
        && middle.iter().all(|part| sixty(part))
        && sixty(last)
        && fraction.is_none_or(grouped)
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}

fn integer(text: &str) -> Value {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if let Ok(number) = digits.parse::<i64>() {
        return Value::Number(number.into());
    }
    digits.parse::<u64>().map_or(Value::Unrepresentable, |number| Value::Number(number.into()))
}

fn radix(digits: &str, base: u32, negative: bool) -> Value {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return Value::Text;
    }
    let Ok(number) = u64::from_str_radix(digits, base) else { return Value::Unrepresentable };
    match (negative, i64::try_from(number)) {
        (false, _) => Value::Number(number.into()),
        (true, Ok(number)) => Value::Number((-number).into()),
        (true, Err(_)) => Value::Unrepresentable,
    }
}

fn float(text: &str) -> Value {
    text.parse().ok().and_then(Number::from_f64).map_or(Value::Unrepresentable, Value::Number)
}

fn sexagesimal(text: &str) -> Value {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let total = unsigned(whole)
        .split(':')
        .try_fold(0_i64, |sum, part| sum.checked_mul(60)?.checked_add(part.parse::<i64>().ok()?));
    let Some(total) = total.map(|total| if text.starts_with('-') { -total } else { total }) else {
        return Value::Unrepresentable;
    };
    if text.contains('.') { float(&format!("{total}.{fraction}")) } else { Value::Number(total.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Value {
        Value::Number(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn blueprints_are_read_by_the_core_schema() {
        for (text, value) in [
            ("", Value::Null),
            ("~", Value::Null),
            ("NULL", Value::Null),
            ("nUll", Value::Text),
            ("True", Value::Bool(true)),
            ("on", Value::Text),
            ("0", number("0")),
            ("-12", number("-12")),
            ("+12", number("12")),
            ("0o17", number("15")),
            ("0x1F", number("31")),
            ("18446744073709551615", number("18446744073709551615")),
            ("18446744073709551616", Value::Unrepresentable),
            ("1.5", number("1.5")),
            (".5", number("0.5")),
            ("1.", number("1.0")),
            ("1e3", number("1000.0")),
            ("1E-2", number("0.01")),
            ("1e999", Value::Unrepresentable),
            ("-.inf", Value::Unrepresentable),
            (".NaN", Value::Unrepresentable),
            ("012345678901", Value::Text),
            ("0777", Value::Text),
            ("01.5", Value::Text),
            ("1_000", Value::Text),
            ("1:30", Value::Text),
            ("0b11", Value::Text),
            ("2026-11-23", Value::Text),
            (".", Value::Text),
            ("e3", Value::Text),
            ("1e", Value::Text),
            ("-", Value::Text),
            ("1.2.3", Value::Text),
            ("0x", Value::Text),
        ] {
            assert_eq!(core(text), value, "{text}");
        }
    }

    #[test]
    fn templates_are_read_by_yaml_1_1() {
        for (text, value) in [
            ("on", Value::Bool(true)),
            ("NO", Value::Bool(false)),
            ("oN", Value::Text),
            ("y", Value::Text),
            ("0777", number("511")),
            ("-010", number("-8")),
            ("012345678901", number("12345678901")),
            ("123456789012", number("123456789012")),
            ("1_000", number("1000")),
            ("0b101", number("5")),
            ("0x_ff", number("255")),
            ("1:30", number("90")),
            ("1:30.5", number("90.5")),
            ("8080:80", Value::Text),
            ("1e3", number("1000.0")),
            ("0o17", Value::Text),
            ("2012-10-17", Value::Text),
            ("99999999999999999999", Value::Text),
            ("1.2.3", Value::Text),
            ("_", Value::Text),
        ] {
            assert_eq!(cloudformation(text), value, "{text}");
        }
    }

    #[test]
    fn what_yaml_1_1_reads_otherwise_is_ambiguous() {
        for text in [
            "y",
            "N",
            "yes",
            "Off",
            "ON",
            "=",
            "<<",
            "0777",
            "012345678901",
            "00",
            "-01",
            "01.5",
            "0o17",
            "0b1",
            "1_000",
            "1_0.5",
            "0x_1",
            "-0x1",
            "1:30",
            "12:30:45",
            "0:30.5",
            "1e3",
            "1.5e3",
            "1e+3",
            "2026-11-23",
        ] {
            assert!(ambiguity(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_both_read_alike_is_not() {
        for text in [
            "",
            "~",
            "null",
            "true",
            "False",
            "0",
            "12",
            "-12",
            "1.5",
            ".5",
            "1.5e+3",
            "0x1F",
            "0.5",
            "on-demand",
            "yEs",
            "2026-11-23T10:00:00Z",
            "2026-11-23 10:00:00",
            "8080:80",
            "1.2.3",
            "a:b",
            "1a",
            "_1",
            "0b2",
            "==",
            "rate(1 hour)",
            "v1",
            "10.0.0.0/16",
            "0x",
            "0o8",
            "99:99",
        ] {
            assert_eq!(ambiguity(text), None, "{text}");
        }
    }
}
