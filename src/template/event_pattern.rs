//! The grammar of event patterns, which rules of EventBridge, filters of pipes and of functions, and filter policies
//! of topics have in common.
//!
//! A value that is known only at deployment fits everywhere.
//!
//! Source: EventBridge User Guide, "Creating Amazon EventBridge event patterns" and "Comparison operators for use in
//! event patterns"; the open library `event-ruler`, which EventBridge matches with.

// Addresses alone; nothing here reaches a network.
use core::net::IpAddr;

use serde_json::{Number, Value as Json};

use super::{Data, Function, Key, Map, Value};
use crate::diagnostics::{alternatives, closest};
use crate::source::{Origin, Span};

/// Stands in JSON text for what is known only at deployment.
pub const HOLE: char = '\u{FFFC}';

/// The name of an alternative between patterns.
pub const OR: &str = "$or";

/// The matchers, each an object of one key in a list.
const MATCHERS: &[&str] =
    &["anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"];

/// The matchers that `anything-but` turns around.
const NEGATED: &[&str] = &["equals-ignore-case", "prefix", "suffix", "wildcard"];

/// What begins a comparison of numbers.
const OPERATORS: &[&str] = &["<", "<=", "=", ">", ">="];

const IPV4_BITS: u8 = 32;
const IPV6_BITS: u8 = 128;

/// Something that no pattern has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is.
    pub span: Span,
    /// What to look for there, if the pattern is JSON text.
    pub word: Option<String>,
    /// The keys that lead to it, joined by `/`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// A place in a pattern.
#[derive(Clone)]
struct At {
    span: Span,
    word: Option<String>,
    path: String,
}

impl At {
    /// The place of the value of a key: the key, if the value goes over several lines.
    fn entry(&self, key: &Key, value: &Value) -> Self {
        let composite = matches!(value.data, Data::Map(_) | Data::List(_));
        Self {
            span: if composite { key.origin.span() } else { value.origin.span() },
            word: if composite { Some(format!("\"{}\"", key.text)) } else { word(value) },
            path: format!("{}/{}", self.path, key.text),
        }
    }

    /// The place of an item of a list.
    fn item(&self, index: usize, value: &Value) -> Self {
        let path = format!("{}/{index}", self.path);
        match &value.data {
            Data::Map(map) => match map.0.first() {
                Some((key, _)) => Self { span: key.origin.span(), word: Some(format!("\"{}\"", key.text)), path },
                None => Self { span: value.origin.span(), word: None, path },
            },
            Data::List(_) => Self { span: self.span, word: self.word.clone(), path },
            _ => Self { span: value.origin.span(), word: word(value), path },
        }
    }
}

fn word(value: &Value) -> Option<String> {
    match &value.data {
        Data::String(text) => Some(format!("\"{text}\"")),
        Data::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The value that JSON text stands for, every part of it at one place. Strings with a [`HOLE`] are known only at
/// deployment.
pub fn from_json(json: &Json, origin: Origin) -> Value {
    let data = match json {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(number) => Data::Number(number.clone()),
        Json::String(text) if text.contains(HOLE) => {
            return Value::sub(origin, text.as_str());
        }
        Json::String(text) => Data::String(text.clone()),
        Json::Array(items) => Data::List(items.iter().map(|item| from_json(item, origin)).collect()),
        Json::Object(entries) => {
            let entries =
                entries.iter().map(|(key, value)| (Key { text: key.clone(), origin }, from_json(value, origin)));
            Data::Map(Map(entries.collect()))
        }
    };
    Value::new(origin, data)
}

/// What no event pattern has.
pub fn mistakes(pattern: &Value) -> Vec<Mistake> {
    let mut reader = Reader { found: Vec::new() };
    let at = At { span: pattern.origin.span(), word: None, path: String::new() };
    match &pattern.data {
        Data::Map(map) => reader.object(map, &at),
        Data::Call(..) => {}
        _ => reader.add(&at, "a pattern is an object", "write the fields of the event, for example `source: [shop]`"),
    }
    reader.found
}

/// How many ways of matching the alternatives of a pattern give together.
pub fn combinations(pattern: &Map) -> usize {
    pattern.0.iter().fold(1, |all: usize, (key, value)| {
        let ways = match &value.data {
            Data::List(items) if key.text == OR => {
                items.iter().map(|item| item.as_map().map_or(1, combinations)).fold(0, usize::saturating_add)
            }
            Data::Map(map) => combinations(map),
            _ => 1,
        };
        all.saturating_mul(ways.max(1))
    })
}

/// The fewest characters that a pattern has as JSON without blanks, whatever is known only at deployment.
pub fn fewest_characters(value: &Value) -> usize {
    let quoted = |text: &str| Json::String(text.to_owned()).to_string().chars().count();
    match &value.data {
        Data::Null => 4,
        Data::Bool(value) => value.to_string().len(),
        Data::Number(number) => number.to_string().len(),
        Data::String(text) => quoted(text),
        Data::List(items) => {
            let commas = items.len().saturating_sub(1);
            2 + commas + items.iter().map(fewest_characters).sum::<usize>()
        }
        Data::Map(map) => {
            let entry = |(key, value): &(Key, Value)| quoted(&key.text) + 1 + fewest_characters(value);
            2 + map.0.len().saturating_sub(1) + map.0.iter().map(entry).sum::<usize>()
        }
        Data::Call(Function::If, argument) => match argument.as_list() {
            Some([_, then, otherwise]) => fewest_characters(then).min(fewest_characters(otherwise)),
            _ => 0,
        },
        Data::Call(Function::Ref, argument) if argument.as_str() == Some("AWS::NoValue") => 0,
        Data::Call(..) => 2,
    }
}

/// Whether a macro or a loop makes an object.
fn is_made(map: &Map) -> bool {
    map.0.iter().any(|(key, _)| key.text.starts_with("Fn::"))
}

struct Reader {
    found: Vec<Mistake>,
}

impl Reader {
    fn add(&mut self, at: &At, message: impl Into<String>, help: impl Into<String>) {
        let At { span, word, path } = at.clone();
        self.found.push(Mistake { span, word, path, message: message.into(), help: help.into() });
    }

    fn object(&mut self, map: &Map, at: &At) {
        if is_made(map) {
            return;
        }
        if map.is_empty() {
            self.add(at, "an object without fields, which matches nothing", "write a field of the event, or remove it");
        }
        for (key, value) in &map.0 {
            let at = at.entry(key, value);
            self.field(&key.text, value, &at);
        }
    }

    fn field(&mut self, name: &str, value: &Value, at: &At) {
        if let Data::Call(Function::If, argument) = &value.data {
            for branch in argument.as_list().unwrap_or_default().iter().skip(1) {
                let place = At { span: branch.origin.span(), word: word(branch), path: at.path.clone() };
                self.field(name, branch, &place);
            }
            return;
        }
        match &value.data {
            _ if name == OR => self.alternatives(value, at),
            Data::Map(map) => self.object(map, at),
            Data::List(items) if items.is_empty() => {
                self.add(
                    at,
                    format!("`{name}` has an empty list, which matches nothing"),
                    "write a value, or remove it",
                );
            }
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let at = at.item(index, item);
                    self.matcher(item, &at);
                }
            }
            Data::String(_) | Data::Number(_) | Data::Bool(_) => {
                let given = shown(value);
                self.add(at, format!("`{name}` is {given}, not a list"), format!("write `{name}: [{}]`", bare(value)));
            }
            // `null` is said for the whole template, and is not in JSON text without being meant.
            Data::Null | Data::Call(..) => {}
        }
    }

    fn alternatives(&mut self, value: &Value, at: &At) {
        let items = match &value.data {
            Data::List(items) => items,
            Data::Call(..) => return,
            _ => {
                self.add(at, "`$or` takes a list of patterns", "write `$or: [{ … }, { … }]`");
                return;
            }
        };
        if items.len() < 2 && items.iter().all(|item| !matches!(item.data, Data::Call(..))) {
            self.add(at, "`$or` takes at least two patterns", "add the other one, or write the fields without `$or`");
        }
        for (index, item) in items.iter().enumerate() {
            let at = at.item(index, item);
            match &item.data {
                Data::Map(map) => self.object(map, &at),
                Data::Call(..) => {}
                _ => {
                    self.add(&at, format!("`$or` takes patterns, {} given", shown(item)), "write `{ field: [value] }`");
                }
            }
        }
    }

    /// An item of the list of a field.
    fn matcher(&mut self, item: &Value, at: &At) {
        match &item.data {
            Data::Call(Function::If, argument) => {
                for branch in argument.as_list().unwrap_or_default().iter().skip(1) {
                    let place = At { span: branch.origin.span(), word: word(branch), path: at.path.clone() };
                    self.matcher(branch, &place);
                }
            }
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) | Data::Call(..) => {}
            Data::List(_) => self.add(at, "a list in a list", "write the values in one list"),
            Data::Map(map) if is_made(map) => {}
            Data::Map(map) => match map.0.as_slice() {
                [(key, value)] => self.named(&key.text, value, at),
                [] => self.add(at, "an object that is no matcher", matchers()),
                [..] if map.0.iter().all(|(key, _)| MATCHERS.contains(&key.text.as_str())) => {
                    self.add(at, format!("{} matchers in one object", map.0.len()), "write an object for each");
                }
                [..] => self.add(
                    at,
                    "an object in a list is a matcher, and has one key",
                    "write nested fields without a list",
                ),
            },
        }
    }

    fn named(&mut self, name: &str, value: &Value, at: &At) {
        if !MATCHERS.contains(&name) {
            let help = match closest(name, MATCHERS.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None if matches!(value.data, Data::Map(_) | Data::List(_)) => {
                    "write nested fields without a list around them".to_owned()
                }
                None => matchers(),
            };
            self.add(at, format!("no matcher `{name}`"), help);
            return;
        }
        if matches!(value.data, Data::Call(..)) {
            return;
        }
        match name {
            "anything-but" => self.anything_but(value, at),
            "cidr" => match &value.data {
                Data::String(text) => self.cidr(text, at),
                _ => self.takes(name, "a text", value, "write `cidr: 10.0.0.0/24`", at),
            },
            "exists" => {
                if !matches!(value.data, Data::Bool(_)) {
                    self.takes(name, "true or false", value, "write `exists: true` or `exists: false`", at);
                }
            }
            "numeric" => match &value.data {
                Data::List(parts) => self.numeric(parts, at),
                _ => self.takes(name, "a list", value, NUMERIC, at),
            },
            "prefix" | "suffix" => match &value.data {
                Data::String(_) => {}
                Data::Map(map) => match map.0.as_slice() {
                    [(key, inner)] if key.text == "equals-ignore-case" => {
                        if !matches!(inner.data, Data::String(_) | Data::Call(..)) {
                            self.takes("equals-ignore-case", "a text", inner, "write a text", at);
                        }
                    }
                    _ => self.add(
                        at,
                        format!("`{name}` takes a text or `equals-ignore-case`"),
                        format!("write `{name}: {{ equals-ignore-case: text }}`"),
                    ),
                },
                _ => self.takes(name, "a text", value, "write one text; several matchers stand in the list around", at),
            },
            _ => match &value.data {
                Data::String(text) if name == "wildcard" => self.wildcard(text, at),
                Data::String(_) => {}
                _ => self.takes(name, "a text", value, "write one text; several matchers stand in the list around", at),
            },
        }
    }

    fn takes(&mut self, name: &str, wanted: &str, given: &Value, help: &str, at: &At) {
        self.add(at, format!("`{name}` takes {wanted}, {} given", shown(given)), help);
    }

    fn anything_but(&mut self, value: &Value, at: &At) {
        let name = "anything-but";
        match &value.data {
            Data::String(_) | Data::Number(_) | Data::Call(..) => {}
            Data::Bool(_) | Data::Null => {
                self.takes(name, "texts or numbers", value, "match the other values instead", at);
            }
            Data::List(items) => {
                let texts = items.iter().filter(|item| matches!(item.data, Data::String(_))).count();
                let numbers = items.iter().filter(|item| matches!(item.data, Data::Number(_))).count();
                if items.is_empty() {
                    self.add(at, format!("`{name}` has an empty list"), "write a value");
                } else if let Some(other) = items
                    .iter()
                    .find(|item| matches!(item.data, Data::Bool(_) | Data::Null | Data::List(_) | Data::Map(_)))
                {
                    self.takes(name, "texts or numbers", other, "write texts or numbers", at);
                } else if texts > 0 && numbers > 0 {
                    self.add(
                        at,
                        format!("`{name}` has texts and numbers in one list"),
                        "write only texts, or only numbers",
                    );
                }
            }
            Data::Map(map) => match map.0.as_slice() {
                [(key, inner)] if NEGATED.contains(&key.text.as_str()) => {
                    let texts: Vec<&Value> = match &inner.data {
                        Data::List(items) => items.iter().collect(),
                        Data::Map(_) => Vec::new(),
                        _ => vec![inner],
                    };
                    if matches!(&inner.data, Data::List(items) if items.is_empty()) {
                        self.add(at, format!("`{}` has an empty list", key.text), "write a text");
                    }
                    for text in texts {
                        match &text.data {
                            Data::String(text) if key.text == "wildcard" => self.wildcard(text, at),
                            Data::String(_) | Data::Call(..) => {}
                            _ => self.takes(&key.text, "texts", text, "write a text", at),
                        }
                    }
                }
                [(key, _)] => {
                    let help = closest(&key.text, NEGATED.iter().copied()).map_or_else(
                        || format!("write one of {}", alternatives(NEGATED.iter().copied())),
                        |name| format!("did you mean `{name}`?"),
                    );
                    self.add(at, format!("`{name}` has no matcher `{}`", key.text), help);
                }
                _ => self.add(
                    at,
                    format!("`{name}` takes one matcher, {} given", map.0.len()),
                    format!("write one of {}", alternatives(NEGATED.iter().copied())),
                ),
            },
        }
    }

    fn numeric(&mut self, parts: &[Value], at: &At) {
        let number = |value: &Value| match &value.data {
            Data::Number(number) => Some(number.clone()),
            _ => None,
        };
        if parts.is_empty() {
            self.add(at, "`numeric` has an empty list", NUMERIC);
            return;
        }
        if parts.len() > 4 {
            self.add(at, format!("`numeric` takes one or two comparisons, {} items given", parts.len()), NUMERIC);
            return;
        }
        for pair in parts.chunks(2) {
            match &pair[0].data {
                Data::Call(..) => {}
                Data::String(sign) if OPERATORS.contains(&sign.as_str()) => {}
                _ => {
                    let given = shown(&pair[0]);
                    let known = alternatives(OPERATORS.iter().copied());
                    self.add(at, format!("`numeric` takes {known} before a number, {given} given"), NUMERIC);
                    return;
                }
            }
            match pair.get(1) {
                None => {
                    self.add(at, "`numeric` has a comparison without a number", NUMERIC);
                    return;
                }
                Some(value) if !matches!(value.data, Data::Number(_) | Data::Call(..)) => {
                    self.add(at, format!("`numeric` compares numbers, {} given", shown(value)), NUMERIC);
                    return;
                }
                Some(_) => {}
            }
        }
        if let [first, low, second, high] = parts {
            let up = first.as_str().is_none_or(|sign| matches!(sign, ">" | ">="));
            let down = second.as_str().is_none_or(|sign| matches!(sign, "<" | "<="));
            if !up || !down {
                self.add(at, "`numeric` begins a range with its lower end", "write `[\">\", 0, \"<=\", 5]`");
            } else if let (Some(low), Some(high)) = (number(low), number(high))
                && !is_less(&low, &high)
            {
                self.add(at, format!("`numeric` has a range from {low} to {high}"), "write the smaller number first");
            }
        }
    }

    fn cidr(&mut self, text: &str, at: &At) {
        let Some((address, bits)) = text.split_once('/') else {
            self.add(at, format!("`{text}` is no block of addresses"), "write `10.0.0.0/24`");
            return;
        };
        let most = match address.parse() {
            Ok(IpAddr::V4(_)) => IPV4_BITS,
            Ok(IpAddr::V6(_)) => IPV6_BITS,
            Err(_) => {
                self.add(at, format!("`{address}` is no address"), "write `10.0.0.0/24`");
                return;
            }
        };
        if bits.parse::<u8>().map_or(true, |bits| bits > most) {
            self.add(at, format!("`/{bits}` after an address of {most} bits"), format!("write `/0` to `/{most}`"));
        }
    }

    fn wildcard(&mut self, text: &str, at: &At) {
        let mut characters = text.chars();
        let mut after_star = false;
        while let Some(character) = characters.next() {
            match character {
                '\\' => {
                    if !matches!(characters.next(), Some('*' | '\\')) {
                        self.add(
                            at,
                            "`wildcard` has a backslash before another character than `*` and `\\`",
                            "write the backslash twice",
                        );
                        return;
                    }
                    after_star = false;
                }
                '*' if after_star => {
                    self.add(at, "`wildcard` has two `*` in a row", "write one `*`");
                    return;
                }
                '*' => after_star = true,
                _ => after_star = false,
            }
        }
    }
}

const NUMERIC: &str = "write `numeric: [\">\", 0]` or `numeric: [\">\", 0, \"<=\", 5]`";

fn matchers() -> String {
    format!("the matchers are {}", alternatives(MATCHERS.iter().copied()))
}

fn is_less(one: &Number, other: &Number) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one < other,
        _ => true,
    }
}

/// What a value is, in a few words.
fn shown(value: &Value) -> String {
    match &value.data {
        Data::Null => "`null`".to_owned(),
        Data::Bool(value) => format!("`{value}`"),
        Data::Number(number) => format!("the number {number}"),
        Data::String(text) => format!("the text `{text}`"),
        Data::List(_) => "a list".to_owned(),
        Data::Map(_) => "an object".to_owned(),
        Data::Call(..) => "a function".to_owned(),
    }
}

fn bare(value: &Value) -> String {
    match &value.data {
        Data::String(text) => text.clone(),
        Data::Number(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        _ => "value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(pattern: &Json) -> Vec<String> {
        let value = from_json(pattern, Origin::Derived(Span::START));
        mistakes(&value).into_iter().map(|mistake| mistake.message).collect()
    }

    #[test]
    fn what_the_service_takes_has_no_mistakes() {
        for pattern in [
            json!({"source": ["aws.s3", {"prefix": "shop."}, {"prefix": {"equals-ignore-case": "Shop"}}]}),
            json!({"detail": {"a": [null, "", true, 1.5], "b": [{"suffix": ".png"}, {"equals-ignore-case": "X"}]}}),
            json!({"a": [{"anything-but": "x"}, {"anything-but": [1, 2]}, {"anything-but": {"prefix": ["a", "b"]}}]}),
            json!({"a": [{"anything-but": {"wildcard": "*/lib/*"}}, {"anything-but": {"equals-ignore-case": ["a"]}}]}),
            json!({"a": [{"numeric": ["=", 1]}, {"numeric": [">", 0, "<=", 5]}, {"numeric": ["<", 3]}]}),
            json!({"a": [{"cidr": "10.0.0.0/24"}, {"cidr": "2001:db8::/32"}, {"exists": false}]}),
            json!({"a": [{"wildcard": "a*b\\*\\\\c*"}], "$or": [{"b": ["c"]}, {"d": {"e": [{"exists": true}]}}]}),
        ] {
            assert_eq!(found(&pattern), Vec::<String>::new(), "{pattern}");
        }
    }

    #[test]
    fn what_it_refuses_has_one() {
        for pattern in [
            json!({"a": "x"}),
            json!({"a": 1}),
            json!({"a": []}),
            json!({"a": {}}),
            json!({"a": [["x"]]}),
            json!({"a": [{}]}),
            json!({"a": [{"b": ["c"]}]}),
            json!({"a": [{"prefix": "x", "suffix": "y"}]}),
            json!({"a": [{"b": 1, "c": 2}]}),
            json!({"a": [{"prefx": "x"}]}),
            json!({"a": [{"prefix": ["x"]}]}),
            json!({"a": [{"prefix": {"suffix": "x"}}]}),
            json!({"a": [{"suffix": {"equals-ignore-case": 1}}]}),
            json!({"a": [{"equals-ignore-case": ["x"]}]}),
            json!({"a": [{"exists": "true"}]}),
            json!({"a": [{"cidr": "10.0.0.0"}]}),
            json!({"a": [{"cidr": "10.0.0/24"}]}),
            json!({"a": [{"cidr": "10.0.0.0/33"}]}),
            json!({"a": [{"cidr": 10}]}),
            json!({"a": [{"numeric": 1}]}),
            json!({"a": [{"numeric": []}]}),
            json!({"a": [{"numeric": [">"]}]}),
            json!({"a": [{"numeric": [">", "1"]}]}),
            json!({"a": [{"numeric": ["!=", 1]}]}),
            json!({"a": [{"numeric": ["<", 1, ">", 0]}]}),
            json!({"a": [{"numeric": [">", 5, "<", 1]}]}),
            json!({"a": [{"numeric": [">", 1, "<", 5, "=", 3]}]}),
            json!({"a": [{"anything-but": []}]}),
            json!({"a": [{"anything-but": [1, "a"]}]}),
            json!({"a": [{"anything-but": [true]}]}),
            json!({"a": [{"anything-but": true}]}),
            json!({"a": [{"anything-but": {"exists": true}}]}),
            json!({"a": [{"anything-but": {"prefix": "a", "suffix": "b"}}]}),
            json!({"a": [{"anything-but": {"prefix": 1}}]}),
            json!({"a": [{"anything-but": {"suffix": []}}]}),
            json!({"a": [{"wildcard": "a**"}]}),
            json!({"a": [{"wildcard": "a\\b"}]}),
            json!({"a": [{"wildcard": 1}]}),
            json!({"$or": {"a": ["b"]}}),
            json!({"$or": [{"a": ["b"]}]}),
            json!({"$or": [{"a": ["b"]}, "c"]}),
            json!([]),
        ] {
            assert_eq!(found(&pattern).len(), 1, "{pattern}: {:?}", found(&pattern));
        }
    }

    #[test]
    fn alternatives_multiply_and_blanks_do_not_count() {
        let value = from_json(
            &json!({"$or": [{"a": ["1"]}, {"b": ["2"], "$or": [{"c": [1]}, {"d": [2]}]}], "e": {"$or": [{}, {}]}}),
            Origin::Derived(Span::START),
        );
        assert_eq!(combinations(value.as_map().unwrap()), 6);
        let json = json!({"source": ["a\"b", 1, null, true], "b": {"c": []}});
        let value = from_json(&json, Origin::Derived(Span::START));
        assert_eq!(fewest_characters(&value), json.to_string().len());
    }
}
