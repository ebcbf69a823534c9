//! Values as jq 1.6 has them: numbers are doubles, and objects keep their order.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value as Json;

/// How deep values may lie in each other, so that nothing that walks through them runs out of stack.
pub const MAX_DEPTH: u32 = 500;

/// A value. What is in it is shared, so copies are cheap.
#[derive(Clone, Debug)]
pub enum Val {
    Null,
    Bool(bool),
    Number(f64),
    Text(Arc<str>),
    Array(Arc<Array>),
    Object(Arc<Object>),
}

/// Items, and how deep they are at most.
#[derive(Clone, Debug, Default)]
pub struct Array {
    pub items: Vec<Val>,
    depth: u32,
}

/// Entries, and how deep they are at most.
#[derive(Clone, Debug, Default)]
pub struct Object {
    pub entries: IndexMap<Arc<str>, Val>,
    depth: u32,
}

impl Array {
    /// Adds an item at the end.
    pub fn push(&mut self, item: Val) {
        self.depth = self.depth.max(item.depth());
        self.items.push(item);
    }

    /// Sets an item; those before it that are not there are null.
    pub fn set(&mut self, at: usize, item: Val) {
        self.depth = self.depth.max(item.depth());
        if at >= self.items.len() {
            self.items.resize(at + 1, Val::Null);
        }
        self.items[at] = item;
    }
}

impl Object {
    /// Sets an entry.
    pub fn set(&mut self, key: Arc<str>, value: Val) {
        self.depth = self.depth.max(value.depth());
        self.entries.insert(key, value);
    }
}

impl Val {
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    pub fn array(items: Vec<Self>) -> Self {
        let depth = items.iter().map(Self::depth).max().unwrap_or(0);
        Self::Array(Arc::new(Array { items, depth }))
    }

    pub fn object(entries: IndexMap<Arc<str>, Self>) -> Self {
        let depth = entries.values().map(Self::depth).max().unwrap_or(0);
        Self::Object(Arc::new(Object { entries, depth }))
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers are doubles")]
    pub fn count(count: usize) -> Self {
        Self::Number(count as f64)
    }

    /// How deep values lie in each other here, at most.
    pub fn depth(&self) -> u32 {
        match self {
            Self::Array(array) => array.depth + 1,
            Self::Object(object) => object.depth + 1,
            _ => 0,
        }
    }

    pub fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// The name of its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// From JSON; what is deeper than [`MAX_DEPTH`] is left to the caller to refuse.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::MAX)),
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::array(items.iter().map(Self::from_json).collect()),
            Json::Object(entries) => Self::object(
                entries.iter().map(|(key, value)| (Arc::from(key.as_str()), Self::from_json(value))).collect(),
            ),
        }
    }

    /// As JSON. What is not a number is null, as jq writes it; whole numbers have no point.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => json_number(*number),
            Self::Text(text) => Json::String(text.to_string()),
            Self::Array(array) => Json::Array(array.items.iter().map(Self::to_json).collect()),
            Self::Object(object) => {
                Json::Object(object.entries.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect())
            }
        }
    }

    /// As jq 1.6 writes it in one line.
    pub fn dump(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(&number_text(*number)),
            Self::Text(text) => write_text(text, out),
            Self::Array(array) => {
                out.push('[');
                for (index, item) in array.items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => {
                out.push('{');
                for (index, (key, value)) in object.entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// As `tostring` gives it: texts as they are.
    pub fn display(&self) -> Arc<str> {
        match self {
            Self::Text(text) => Arc::clone(text),
            other => Arc::from(other.dump()),
        }
    }

    /// Its type and the beginning of it, as errors name it.
    pub fn shown(&self) -> String {
        const MOST: usize = 14;
        let dumped = self.dump();
        if dumped.len() <= MOST {
            return format!("{} ({dumped})", self.kind());
        }
        let mut end = MOST - 3;
        while !dumped.is_char_boundary(end) {
            end -= 1;
        }
        format!("{} ({}...)", self.kind(), &dumped[..end])
    }

    /// Whether it is the very same value, as jq asks before it follows a path: shared, or a scalar that is equal.
    pub fn is_identical(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (Self::Number(one), Self::Number(two)) => one.to_bits() == two.to_bits(),
            (Self::Text(one), Self::Text(two)) => Arc::ptr_eq(one, two),
            (Self::Array(one), Self::Array(two)) => Arc::ptr_eq(one, two),
            (Self::Object(one), Self::Object(two)) => Arc::ptr_eq(one, two),
            _ => false,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Number(_) => 3,
            Self::Text(_) => 4,
            Self::Array(_) => 5,
            Self::Object(_) => 6,
        }
    }

    /// The order of jq: null, false, true, numbers, texts, arrays, objects.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            // What is not a number is less than every number, itself included.
            (Self::Number(one), Self::Number(two)) => one.partial_cmp(two).unwrap_or(Ordering::Less),
            (Self::Text(one), Self::Text(two)) => one.as_bytes().cmp(two.as_bytes()),
            (Self::Array(one), Self::Array(two)) => {
                let pairs = one.items.iter().zip(&two.items);
                let first = pairs.map(|(one, two)| one.compare(two)).find(|order| *order != Ordering::Equal);
                first.unwrap_or_else(|| one.items.len().cmp(&two.items.len()))
            }
            (Self::Object(one), Self::Object(two)) => {
                let (keys, others) = (one.sorted_keys(), two.sorted_keys());
                let by_keys = keys.cmp(&others);
                if by_keys != Ordering::Equal {
                    return by_keys;
                }
                let values = keys.iter().map(|key| one.entries[*key].compare(&two.entries[*key]));
                values.into_iter().find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    pub fn equals(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl Object {
    /// Its keys in the order of their bytes.
    pub fn sorted_keys(&self) -> Vec<&Arc<str>> {
        let mut keys: Vec<&Arc<str>> = self.entries.keys().collect();
        keys.sort_by(|one, two| one.as_bytes().cmp(two.as_bytes()));
        keys
    }
}

fn json_number(number: f64) -> Json {
    if number.is_nan() {
        return Json::Null;
    }
    // The digits that jq writes, which are not all digits of a large number.
    let text = number_text(number);
    if number == 0.0 {
        return Json::from(0);
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Json::from(whole);
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Json::from(whole);
    }
    serde_json::Number::from_f64(number.clamp(f64::MIN, f64::MAX)).map_or(Json::Null, Json::Number)
}

/// A number as jq 1.6 writes it: the fewest digits, with an exponent where it is far from them.
pub fn number_text(number: f64) -> String {
    if number.is_nan() {
        return "null".to_owned();
    }
    let number = number.clamp(f64::MIN, f64::MAX);
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    // `d.ddde±x`, with the fewest digits that give the number again.
    let text = format!("{:e}", number.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let count = i32::try_from(digits.len()).unwrap_or(17);
    // Where the point stands, counted from the first digit.
    let point = exponent + 1;
    let mut out = String::new();
    if number < 0.0 {
        out.push('-');
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if point <= -4 || point > count + 15 {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{sign}{:02}", exponent.abs());
    } else if point <= 0 {
        out.push_str("0.");
        out.push_str(&zeros(-point));
        out.push_str(&digits);
    } else if point >= count {
        out.push_str(&digits);
        out.push_str(&zeros(point - count));
    } else {
        let (whole, rest) = digits.split_at(usize::try_from(point).unwrap_or(0));
        let _ = write!(out, "{whole}.{rest}");
    }
    out
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if (control as u32) < 32 || control as u32 == 127 => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
