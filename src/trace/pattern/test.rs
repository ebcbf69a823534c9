//! One item of the list of a field: what it asks of a value.

// Addresses alone; nothing here reaches a network.
use core::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value as Json;

use crate::template::event_pattern::HOLE;

/// The greatest number that is compared as one; beyond it, and with more than six decimals, numbers are compared as
/// they are written. Source: `event-ruler`, README, "Numeric matching".
const MOST: i64 = 5_000_000_000;

/// What numbers are multiplied by, so that six decimals become whole.
const MILLIONTHS: i64 = 1_000_000;

/// The decimals that count.
const DECIMALS: i64 = 6;

/// What an item of the list of a field asks of a value. Texts have their quotes, as far as they belong to the item, so
/// that only texts meet them.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It is this.
    Exact(String),
    /// It is this number, in millionths.
    Number(i64),
    /// It begins so.
    Prefix(String),
    /// It begins so, in any case.
    PrefixAnyCase(String),
    /// It ends so.
    Suffix(String),
    /// It ends so, in any case.
    SuffixAnyCase(String),
    /// It is this, in any case.
    AnyCase(String),
    /// It looks so.
    Wildcard(Vec<Piece>),
    /// It is a number in this range.
    Between(Range<i64>),
    /// It is an address in this range, in hexadecimal digits.
    Addresses(Range<String>),
    /// It is none of these.
    But(Vec<Self>),
    /// It is there.
    Exists,
    /// There is no such field.
    Absent,
    /// Only the deployment knows.
    Unknown,
}

/// A part of a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Anything, or nothing.
    Any,
    /// This character.
    One(char),
}

/// A range with its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// Its lower end.
    pub low: T,
    /// Whether the lower end is outside.
    pub above_low: bool,
    /// Its upper end.
    pub high: T,
    /// Whether the upper end is outside.
    pub below_high: bool,
}

/// A value of an event, as tests see it.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// A number, in millionths.
    Number(i64),
    /// Anything else, as it is written in JSON without escapes.
    Text(String),
}

/// The number that a text of JSON stands for, in millionths; none if it is out of range or has more decimals.
pub fn millionths(text: &str) -> Option<i64> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let zeros = i64::try_from(digits.len() - digits.trim_end_matches('0').len()).ok()?;
    let power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(zeros)?.checked_add(DECIMALS)?;
    let power = u32::try_from(power).ok()?;
    let value = significant.parse::<i64>().ok()?.checked_mul(10_i64.checked_pow(power)?)?;
    let value = if negative { -value } else { value };
    (-MOST * MILLIONTHS..=MOST * MILLIONTHS).contains(&value).then_some(value)
}

/// The hexadecimal digits of a text that is an address.
pub fn address(text: &str) -> Option<String> {
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02X}"));
    if text.contains(':') {
        let address: Ipv6Addr =
            text.bytes().all(|byte| byte == b':' || byte.is_ascii_hexdigit()).then_some(text)?.parse().ok()?;
        // What stands for an address of four bytes is one.
        return Some(address.to_ipv4_mapped().map_or_else(|| hex(&address.octets()), |four| hex(&four.octets())));
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [a, b, c, d] = parts.as_slice() else { return None };
    let byte = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u8>().ok()).flatten();
    Some(hex(&Ipv4Addr::new(byte(a)?, byte(b)?, byte(c)?, byte(d)?).octets()))
}

impl Range<String> {
    /// Exactly one address.
    fn one(digits: String) -> Self {
        let mut neighbour = digits.clone();
        match neighbour.pop() {
            Some('F') => Self { low: neighbour + "E", above_low: true, high: digits, below_high: false },
            last => {
                let next = last.and_then(|last| char::from_digit(last.to_digit(16)? + 1, 16)).unwrap_or('F');
                neighbour.push(next.to_ascii_uppercase());
                Self { low: digits, above_low: false, high: neighbour, below_high: true }
            }
        }
    }

    /// A block of addresses.
    fn block(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no block of addresses");
        let (base, bits) = text.split_once('/').ok_or_else(wrong)?;
        let low = address(base).ok_or_else(wrong)?;
        let bits: usize = bits.parse().map_err(|_| wrong())?;
        let all = low.len() * 4;
        if bits >= all {
            return Err(format!("`/{bits}`, and a block has fewer than {all} bits in common"));
        }
        let high: String = low
            .chars()
            .enumerate()
            .map(|(at, digit)| {
                let fixed = bits.saturating_sub(at * 4).min(4);
                let digit = digit.to_digit(16).unwrap_or(0) | (0xF >> fixed);
                char::from_digit(digit, 16).unwrap_or('F').to_ascii_uppercase()
            })
            .collect();
        if low == high {
            return Err(format!("`{text}` is a block of one address"));
        }
        Ok(Self { low, above_low: false, high, below_high: false })
    }

    /// Whether digits are in the range. They are compared from the left until they are surely inside, whatever follows:
    /// so the library does it.
    fn has(&self, digits: &str) -> bool {
        let (low, high, digits) = (self.low.as_bytes(), self.high.as_bytes(), digits.as_bytes());
        let Some(fork) = low.iter().zip(high).position(|(low, high)| low != high) else { return false };
        if digits.get(..fork) != low.get(..fork) {
            return false;
        }
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
        let Some(&at) = digits.get(fork).filter(|byte| is_digit(**byte)) else { return false };
        if low[fork] < at && at < high[fork] {
            return true;
        }
        let (end, is_outside, is_low) = if at == low[fork] {
            (low, self.above_low, true)
        } else if at == high[fork] {
            (high, self.below_high, false)
        } else {
            return false;
        };
        for (at, limit) in end.iter().enumerate().skip(fork + 1) {
            let Some(digit) = digits.get(at).filter(|byte| is_digit(**byte)) else { return false };
            if digit != limit {
                return (digit > limit) == is_low;
            }
        }
        !is_outside
    }
}

/// Whether `text` begins with `start` in any case, and what is left then.
fn strip_any_case<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let mut rest = text;
    for character in start.chars() {
        // The library goes by the characters of Java, and takes each half of a pair for `?`.
        if u32::from(character) > 0xFFFF {
            rest = rest.strip_prefix("??")?;
            continue;
        }
        let lower: String = character.to_lowercase().collect();
        let upper: String = character.to_uppercase().collect();
        rest = rest.strip_prefix(&lower).or_else(|| rest.strip_prefix(&upper))?;
    }
    Some(rest)
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

/// Whether a text looks like a wildcard.
fn is_like(text: &str, pieces: &[Piece]) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut piece) = (0, 0);
    // Where the last `*` is, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                star = Some((piece, at));
                piece += 1;
            }
            Some(Piece::One(character)) if *character == text[at] => {
                piece += 1;
                at += 1;
            }
            _ => match star {
                Some((last, taken)) => {
                    star = Some((last, taken + 1));
                    piece = last + 1;
                    at = taken + 1;
                }
                None => return false,
            },
        }
    }
    pieces[piece..].iter().all(|piece| *piece == Piece::Any)
}

impl Test {
    /// Whether a value meets it.
    pub fn meets(&self, form: &Form) -> bool {
        match (self, form) {
            (Self::Exists, _) => true,
            (Self::But(tests), _) => !tests.iter().any(|test| test.meets(form)),
            (Self::Number(number), Form::Number(value)) => number == value,
            (Self::Between(range), Form::Number(value)) => {
                (range.low < *value || (range.low == *value && !range.above_low))
                    && (*value < range.high || (range.high == *value && !range.below_high))
            }
            (Self::Exact(text), Form::Text(value)) => text == value,
            (Self::Prefix(text), Form::Text(value)) => value.starts_with(text.as_str()),
            (Self::PrefixAnyCase(text), Form::Text(value)) => strip_any_case(value, text).is_some(),
            (Self::Suffix(text), Form::Text(value)) => value.ends_with(text.as_str()),
            (Self::SuffixAnyCase(text), Form::Text(value)) => {
                strip_any_case(&reversed(value), &reversed(text)).is_some()
            }
            (Self::AnyCase(text), Form::Text(value)) => strip_any_case(value, text) == Some(""),
            (Self::Wildcard(pieces), Form::Text(value)) => is_like(value, pieces),
            (Self::Addresses(range), Form::Text(value)) => range.has(value),
            _ => false,
        }
    }

    /// Whether values of its field are compared as numbers.
    pub fn is_numeric(&self) -> bool {
        match self {
            Self::Number(_) | Self::Between(_) => true,
            Self::But(tests) => tests.iter().any(Self::is_numeric),
            _ => false,
        }
    }

    /// What an item of a list asks; a number gives two.
    pub fn read(item: &Json) -> Result<Vec<Self>, String> {
        Ok(match item {
            Json::String(text) if text.contains(HOLE) => vec![Self::Unknown],
            Json::String(text) => match address(text) {
                Some(digits) => vec![Self::Addresses(Range::one(digits))],
                None => vec![Self::Exact(quoted(text))],
            },
            Json::Number(number) => {
                let text = number.to_string();
                millionths(&text).map(Self::Number).into_iter().chain([Self::Exact(text)]).collect()
            }
            Json::Null | Json::Bool(_) => vec![Self::Exact(item.to_string())],
            Json::Array(_) => return Err("a list in a list".to_owned()),
            Json::Object(map) => {
                let mut entries = map.iter();
                let (Some((name, value)), None) = (entries.next(), entries.next()) else {
                    return Err(format!("a matcher has one key, {} given", map.len()));
                };
                if is_unknown(value) {
                    return Ok(vec![Self::Unknown]);
                }
                vec![Self::named(name, value)?]
            }
        })
    }

    fn named(name: &str, value: &Json) -> Result<Self, String> {
        let text = || value.as_str().ok_or_else(|| format!("`{name}` takes a text"));
        let any_case = || {
            let map = value.as_object().filter(|map| map.len() == 1)?;
            map.get("equals-ignore-case")?.as_str()
        };
        Ok(match name {
            "exactly" => Self::Exact(quoted(text()?)),
            "prefix" => match any_case() {
                Some(text) => Self::PrefixAnyCase(opened(text)),
                None => Self::Prefix(opened(text()?)),
            },
            "suffix" => match any_case() {
                Some(text) => Self::SuffixAnyCase(closed(text)),
                None => Self::Suffix(closed(text()?)),
            },
            "equals-ignore-case" => Self::AnyCase(quoted(text()?)),
            "wildcard" => Self::Wildcard(wildcard(text()?)?),
            "cidr" => Self::Addresses(Range::block(text()?)?),
            "exists" => match value {
                Json::Bool(true) => Self::Exists,
                Json::Bool(false) => Self::Absent,
                _ => return Err("`exists` takes true or false".to_owned()),
            },
            "numeric" => numeric(value)?,
            "anything-but" => anything_but(value)?,
            _ => return Err(format!("no matcher `{name}`")),
        })
    }
}

fn is_unknown(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains(HOLE),
        Json::Array(items) => items.iter().any(is_unknown),
        Json::Object(map) => map.values().any(is_unknown),
        _ => false,
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn opened(text: &str) -> String {
    format!("\"{text}")
}

fn closed(text: &str) -> String {
    format!("{text}\"")
}

fn wildcard(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = vec![Piece::One('"')];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        pieces.push(match character {
            '\\' => match characters.next() {
                Some(escaped @ ('*' | '\\')) => Piece::One(escaped),
                _ => return Err(format!("`{text}` has a backslash before another character than `*` and `\\`")),
            },
            '*' if pieces.last() == Some(&Piece::Any) => return Err(format!("`{text}` has two `*` in a row")),
            '*' => Piece::Any,
            other => Piece::One(other),
        });
    }
    pieces.push(Piece::One('"'));
    Ok(pieces)
}

fn number(value: Option<&Json>) -> Result<i64, String> {
    match value {
        Some(Json::Number(number)) => millionths(&number.to_string())
            .ok_or_else(|| format!("{number} is not between -{MOST} and {MOST} with at most {DECIMALS} decimals")),
        _ => Err("`numeric` compares numbers".to_owned()),
    }
}

fn numeric(value: &Json) -> Result<Test, String> {
    let parts = value.as_array().map_or(&[][..], Vec::as_slice);
    let sign = |at: usize| parts.get(at).and_then(Json::as_str).unwrap_or_default();
    let first = number(parts.get(1))?;
    let (bottom, top) = (-MOST * MILLIONTHS, MOST * MILLIONTHS);
    let range = match (sign(0), parts.len()) {
        ("=", 2) => return Ok(Test::Number(first)),
        ("<" | "<=", 2) => Range { low: bottom, above_low: false, high: first, below_high: sign(0) == "<" },
        (">" | ">=", 2) => Range { low: first, above_low: sign(0) == ">", high: top, below_high: false },
        (">" | ">=", 4) if matches!(sign(2), "<" | "<=") => {
            Range { low: first, above_low: sign(0) == ">", high: number(parts.get(3))?, below_high: sign(2) == "<" }
        }
        _ => return Err("`numeric` takes one comparison, or a range from below".to_owned()),
    };
    if range.low >= range.high {
        return Err("`numeric` has a range that is empty".to_owned());
    }
    Ok(Test::Between(range))
}

fn anything_but(value: &Json) -> Result<Test, String> {
    let (kind, value) = match value {
        Json::Object(map) => {
            let mut entries = map.iter();
            let (Some((kind, value)), None) = (entries.next(), entries.next()) else {
                return Err(format!("`anything-but` takes one matcher, {} given", map.len()));
            };
            (Some(kind.as_str()), value)
        }
        _ => (None, value),
    };
    let items = match value {
        Json::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    if items.is_empty() && kind.is_none() {
        return Err("`anything-but` has an empty list".to_owned());
    }
    let numbers = items.iter().filter(|item| item.is_number()).count();
    if numbers > 0 && (numbers < items.len() || kind.is_some()) {
        return Err("`anything-but` takes only texts, or only numbers".to_owned());
    }
    let test = |item: &&Json| match (kind, item) {
        (None, Json::Number(_)) => Ok(Test::Number(number(Some(item))?)),
        (None, Json::String(text)) => Ok(Test::Exact(quoted(text))),
        (Some("prefix" | "suffix"), Json::String(text)) if text.is_empty() => {
            Err("`anything-but` takes no empty prefix or suffix".to_owned())
        }
        (Some("prefix"), Json::String(text)) => Ok(Test::Prefix(opened(text))),
        (Some("suffix"), Json::String(text)) => Ok(Test::Suffix(closed(text))),
        (Some("equals-ignore-case"), Json::String(text)) => Ok(Test::AnyCase(quoted(text))),
        (Some("wildcard"), Json::String(text)) => Ok(Test::Wildcard(wildcard(text)?)),
        (Some(kind), Json::String(_)) => Err(format!("`anything-but` has no matcher `{kind}`")),
        _ => Err("`anything-but` takes texts or numbers".to_owned()),
    };
    items.iter().map(test).collect::<Result<_, _>>().map(Test::But)
}
