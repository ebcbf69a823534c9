//! What a tree makes of a request.

use core::ops::Range;
use std::collections::BTreeMap;

use serde_json::{Map, Number, Value as Json};

use super::read::{Expression, Node, Operator, Reference, Step};
use super::text::{escape, is_plain, url_decode, url_encode};
use super::{Mistake, Request};
use crate::template::base64;

/// Steps that a template may take, and bytes that it may write.
const MAX_STEPS: usize = 200_000;
const MAX_BYTES: usize = 10 * 1024 * 1024;

/// What a template made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Its text.
    pub text: String,
    /// Headers that it set for the integration (`$context.requestOverride.header`).
    pub headers: BTreeMap<String, String>,
    /// Variables of the path that it set.
    pub path: BTreeMap<String, String>,
    /// Parameters of the query string that it set.
    pub query: BTreeMap<String, String>,
    /// The status that it set for the answer.
    pub status: Option<i64>,
}

/// A value; none where Velocity has no value at all.
type Value = Option<Json>;

enum Flow {
    On,
    Break,
    Stop,
}

struct State<'a> {
    request: &'a Request,
    template: &'a str,
    body: Option<Json>,
    variables: BTreeMap<String, Json>,
    rendered: Rendered,
    steps: usize,
}

/// Runs a tree.
pub fn render(nodes: &[Node], template: &str, request: &Request) -> Result<Rendered, Mistake> {
    let mut state = State {
        request,
        template,
        body: serde_json::from_str(&request.body).ok(),
        variables: BTreeMap::new(),
        rendered: Rendered::default(),
        steps: 0,
    };
    let mut text = String::new();
    state.run(nodes, &mut text)?;
    state.rendered.text = text;
    Ok(state.rendered)
}

/// A value as text in a template.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => "null".to_owned(),
        // As Java writes lists and maps, which is not JSON.
        Json::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| format!("{key}={}", shown(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether a condition with a value holds.
fn holds(value: &Value) -> bool {
    match value {
        None | Some(Json::Null | Json::Bool(false)) => false,
        Some(Json::String(text)) => !text.is_empty(),
        Some(Json::Array(items)) => !items.is_empty(),
        Some(Json::Object(map)) => !map.is_empty(),
        Some(Json::Number(number)) => number.as_f64() != Some(0.0),
        Some(Json::Bool(true)) => true,
    }
}

fn number(value: f64) -> Json {
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}

impl State<'_> {
    fn step(&mut self, range: &Range<usize>, bytes: usize) -> Result<(), Mistake> {
        self.steps += 1;
        if self.steps > MAX_STEPS || bytes > MAX_BYTES {
            return Err(Mistake::new(range.clone(), "the template does not come to an end here"));
        }
        Ok(())
    }

    fn run(&mut self, nodes: &[Node], out: &mut String) -> Result<Flow, Mistake> {
        for node in nodes {
            self.step(&(0..self.template.len()), out.len())?;
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Reference(reference) => match self.reference(reference)? {
                    Some(Json::Null) | None if reference.is_quiet => {}
                    // What has no value stands there as it was written.
                    Some(Json::Null) | None => {
                        out.push_str(self.template.get(reference.range.clone()).unwrap_or_default());
                    }
                    Some(value) => out.push_str(&shown(&value)),
                },
                Node::Set(target, value) => {
                    let value = self.value(value)?;
                    self.set(target, value)?;
                }
                Node::If(branches) => {
                    for (condition, inner) in branches {
                        let is_met = match condition {
                            Some(condition) => holds(&self.value(condition)?),
                            None => true,
                        };
                        if is_met {
                            match self.run(inner, out)? {
                                Flow::On => {}
                                flow => return Ok(flow),
                            }
                            break;
                        }
                    }
                }
                Node::ForEach(name, list, inner) => {
                    if let Flow::Stop = self.for_each(name, list, inner, out)? {
                        return Ok(Flow::Stop);
                    }
                }
                Node::Stop => return Ok(Flow::Stop),
                Node::Break => return Ok(Flow::Break),
            }
        }
        Ok(Flow::On)
    }

    fn for_each(&mut self, name: &str, list: &Expression, inner: &[Node], out: &mut String) -> Result<Flow, Mistake> {
        let items: Vec<Json> = match self.value(list)? {
            Some(Json::Array(items)) => items,
            // A map is gone through by its values.
            Some(Json::Object(map)) => map.into_iter().map(|(_, value)| value).collect(),
            _ => return Ok(Flow::On),
        };
        let before = (self.variables.get(name).cloned(), self.variables.get("foreach").cloned());
        let count = items.len();
        let mut end = Flow::On;
        for (index, item) in items.into_iter().enumerate() {
            self.variables.insert(name.to_owned(), item);
            let place = serde_json::json!({
                "index": index,
                "count": index + 1,
                "hasNext": index + 1 < count,
                "first": index == 0,
                "last": index + 1 == count,
            });
            self.variables.insert("foreach".to_owned(), place);
            self.variables.insert("velocityCount".to_owned(), (index + 1).into());
            match self.run(inner, out)? {
                Flow::On => {}
                Flow::Break => break,
                Flow::Stop => {
                    end = Flow::Stop;
                    break;
                }
            }
        }
        for (name, value) in [(name, before.0), ("foreach", before.1)] {
            match value {
                Some(value) => self.variables.insert(name.to_owned(), value),
                None => self.variables.remove(name),
            };
        }
        Ok(end)
    }

    fn set(&mut self, target: &Reference, value: Value) -> Result<(), Mistake> {
        let properties: Option<Vec<&str>> = target
            .steps
            .iter()
            .map(|step| match step {
                Step::Property(name) | Step::Index(Expression::Literal(Json::String(name))) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let Some(path) = properties else {
            return Err(Mistake::new(target.range.clone(), "only variables and their fields are set here"));
        };
        if target.name == "context" {
            let text = value.as_ref().map(shown).unwrap_or_default();
            match path.as_slice() {
                ["requestOverride" | "responseOverride", "header", name] => {
                    self.rendered.headers.insert((*name).to_owned(), text)
                }
                ["requestOverride", "path", name] => self.rendered.path.insert((*name).to_owned(), text),
                ["requestOverride", "querystring", name] => self.rendered.query.insert((*name).to_owned(), text),
                ["responseOverride", "status"] => {
                    self.rendered.status = text.parse().ok();
                    None
                }
                _ => return Err(Mistake::new(target.range.clone(), "only overrides are set in `$context`")),
            };
            return Ok(());
        }
        if ["input", "util", "stageVariables"].contains(&target.name.as_str()) {
            return Err(Mistake::new(target.range.clone(), format!("`${}` cannot be set", target.name)));
        }
        let value = value.unwrap_or(Json::Null);
        let Some((last, folders)) = path.split_last() else {
            self.variables.insert(target.name.clone(), value);
            return Ok(());
        };
        let mut at = self.variables.entry(target.name.clone()).or_insert_with(|| Json::Object(Map::new()));
        for name in folders {
            let Json::Object(map) = at else {
                return Err(Mistake::new(target.range.clone(), "the value has no fields"));
            };
            at = map.entry(*name).or_insert_with(|| Json::Object(Map::new()));
        }
        let Json::Object(map) = at else {
            return Err(Mistake::new(target.range.clone(), "the value has no fields"));
        };
        map.insert((*last).to_owned(), value);
        Ok(())
    }

    fn value(&mut self, expression: &Expression) -> Result<Value, Mistake> {
        self.step(&(0..self.template.len()), 0)?;
        Ok(match expression {
            Expression::Literal(Json::Null) => None,
            Expression::Literal(value) => Some(value.clone()),
            Expression::Template(nodes) => {
                let mut text = String::new();
                self.run(nodes, &mut text)?;
                Some(Json::String(text))
            }
            Expression::Reference(reference) => self.reference(reference)?,
            Expression::List(items) => {
                let mut all = Vec::new();
                for item in items {
                    all.push(self.value(item)?.unwrap_or_default());
                }
                Some(Json::Array(all))
            }
            Expression::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    let key = self.value(key)?.as_ref().map(shown).unwrap_or_default();
                    let value = self.value(value)?.unwrap_or_default();
                    map.insert(key, value);
                }
                Some(Json::Object(map))
            }
            Expression::Range(low, high) => {
                let (low, high) = (self.value(low)?, self.value(high)?);
                let end = |value: Value| value.and_then(|value| value.as_i64());
                match (end(low), end(high)) {
                    (Some(low), Some(high)) if low.abs_diff(high) < 10_000 => {
                        let up: Vec<i64> = (low.min(high)..=low.max(high)).collect();
                        let all: Vec<i64> = if low <= high { up } else { up.into_iter().rev().collect() };
                        Some(all.into())
                    }
                    _ => None,
                }
            }
            Expression::Not(inner) => Some(Json::Bool(!holds(&self.value(inner)?))),
            Expression::Minus(inner, range) => match self.value(inner)? {
                Some(Json::Number(given)) => match given.as_i64().and_then(i64::checked_neg) {
                    Some(whole) => Some(whole.into()),
                    None => given.as_f64().map(|value| number(-value)),
                },
                _ => return Err(Mistake::new(range.clone(), "`-` before what is no number")),
            },
            Expression::Binary(..) => {
                // A row of operators leans to the left, as long as it is.
                let (mut row, mut first) = (Vec::new(), expression);
                while let Expression::Binary(left, operator, right, range) = first {
                    row.push((*operator, right, range));
                    first = left;
                }
                let mut value = self.value(first)?;
                for (operator, right, range) in row.into_iter().rev() {
                    value = self.binary(&value, operator, right, range)?;
                }
                value
            }
        })
    }

    fn binary(
        &mut self,
        first: &Value,
        operator: Operator,
        right: &Expression,
        range: &Range<usize>,
    ) -> Result<Value, Mistake> {
        match operator {
            Operator::And if !holds(first) => return Ok(Some(Json::Bool(false))),
            Operator::Or if holds(first) => return Ok(Some(Json::Bool(true))),
            _ => {}
        }
        let second = self.value(right)?;
        let float = |value: &Value| value.as_ref().and_then(Json::as_f64);
        let is_equal = match (first, &second) {
            (None | Some(Json::Null), None | Some(Json::Null)) => true,
            (Some(Json::Number(_)), Some(Json::Number(_))) => float(first) == float(&second),
            // What is of different types is compared as text.
            (Some(first), Some(second)) => first == second || shown(first) == shown(second),
            _ => false,
        };
        Ok(match operator {
            Operator::And | Operator::Or => Some(Json::Bool(holds(&second))),
            Operator::Equal => Some(Json::Bool(is_equal)),
            Operator::NotEqual => Some(Json::Bool(!is_equal)),
            Operator::Plus if [first, &second].iter().any(|value| matches!(value, Some(Json::String(_)))) => {
                let text = |value: &Value| value.as_ref().map(shown).unwrap_or_default();
                Some(Json::String(text(first) + &text(&second)))
            }
            _ => {
                let (Some(low), Some(high)) = (float(first), float(&second)) else {
                    let message = "numbers are compared and computed, one of these is none";
                    return Err(Mistake::new(range.clone(), message));
                };
                let whole = |value: &Value| value.as_ref().and_then(Json::as_i64);
                match operator {
                    Operator::Less => Some(Json::Bool(low < high)),
                    Operator::LessEqual => Some(Json::Bool(low <= high)),
                    Operator::Greater => Some(Json::Bool(low > high)),
                    Operator::GreaterEqual => Some(Json::Bool(low >= high)),
                    _ => match (whole(first), whole(&second)) {
                        (Some(first), Some(second)) => match operator {
                            Operator::Plus => first.checked_add(second),
                            Operator::Minus => first.checked_sub(second),
                            Operator::Times => first.checked_mul(second),
                            // Division by nothing has no value.
                            Operator::Divide => first.checked_div(second),
                            _ => first.checked_rem(second),
                        }
                        .map(Json::from),
                        _ => match operator {
                            Operator::Plus => Some(number(low + high)),
                            Operator::Minus => Some(number(low - high)),
                            Operator::Times => Some(number(low * high)),
                            Operator::Divide => (high != 0.0).then(|| number(low / high)),
                            _ => (high != 0.0).then(|| number(low % high)),
                        },
                    },
                }
            }
        })
    }

    fn reference(&mut self, reference: &Reference) -> Result<Value, Mistake> {
        let steps = reference.steps.as_slice();
        let (mut value, steps): (Value, &[Step]) = match (reference.name.as_str(), steps) {
            ("input", [Step::Property(name), rest @ ..]) if name == "body" => {
                (Some(Json::String(self.request.body.clone())), rest)
            }
            ("input", [Step::Method(name, arguments, range), rest @ ..]) => (self.input(name, arguments, range)?, rest),
            ("util", [Step::Method(name, arguments, range), rest @ ..]) => (self.util(name, arguments, range)?, rest),
            ("input" | "util", _) => {
                let message = format!("`${}` is used with a method", reference.name);
                return Err(Mistake::new(reference.range.clone(), message));
            }
            ("context", rest) => (Some(self.request.context.clone()), rest),
            ("stageVariables", rest) => (Some(texts(&self.request.stage_variables)), rest),
            (name, rest) => (self.variables.get(name).cloned(), rest),
        };
        for step in steps {
            value = match step {
                Step::Property(name) => property(value.as_ref(), name),
                Step::Index(index) => {
                    let index = self.value(index)?;
                    element(value.as_ref(), index.as_ref())
                }
                Step::Method(name, arguments, range) => {
                    let mut given = Vec::new();
                    for argument in arguments {
                        given.push(self.value(argument)?.unwrap_or_default());
                    }
                    match value {
                        None | Some(Json::Null) => None,
                        Some(value) => self.method(reference, &value, name, &given, range)?,
                    }
                }
            };
        }
        Ok(value)
    }

    fn texts_of(&mut self, arguments: &[Expression]) -> Result<Vec<String>, Mistake> {
        let mut all = Vec::new();
        for argument in arguments {
            all.push(self.value(argument)?.as_ref().map(shown).unwrap_or_default());
        }
        Ok(all)
    }

    fn input(&mut self, name: &str, arguments: &[Expression], range: &Range<usize>) -> Result<Value, Mistake> {
        let given = self.texts_of(arguments)?;
        let request = self.request;
        match (name, given.as_slice()) {
            ("body", []) => Ok(Some(Json::String(request.body.clone()))),
            ("json", [path]) => {
                let found = self.path(path, range)?;
                Ok(Some(Json::String(found.map_or_else(|| "\"\"".to_owned(), |value| value.to_string()))))
            }
            ("path", [path]) => self.path(path, range),
            ("params", []) => Ok(Some(serde_json::json!({
                "path": request.path, "querystring": request.query, "header": request.headers,
            }))),
            // A group by its name, or else one parameter, which is looked for in the path, the query and the headers.
            ("params", [one]) => Ok(match one.as_str() {
                "path" => Some(texts(&request.path)),
                "querystring" => Some(texts(&request.query)),
                "header" => Some(texts(&request.headers)),
                name => {
                    let found = request.path.get(name).or_else(|| request.query.get(name));
                    let header = || {
                        let header = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                        header.map(|(_, value)| value)
                    };
                    Some(Json::String(found.or_else(header).cloned().unwrap_or_default()))
                }
            }),
            _ => Err(Mistake::new(range.clone(), format!("`$input.{name}` with {} arguments", given.len()))),
        }
    }

    /// What a path of JSON leads to: fields, indices and `[*]`.
    fn path(&self, path: &str, range: &Range<usize>) -> Result<Value, Mistake> {
        let mut found: Value = self.body.clone();
        let Some(mut rest) = path.trim().strip_prefix('$') else {
            return Err(Mistake::new(range.clone(), format!("`{path}` is no path: it begins with `$`")));
        };
        let unknown = || Mistake::new(range.clone(), format!("`{path}` is a path that is not followed here"));
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let name = &after[..end];
                if name.is_empty() || name.contains(['*', '?', '(', ' ']) {
                    return Err(unknown());
                }
                found = property(found.as_ref(), name);
                rest = &after[end..];
            } else if let Some((inside, after)) = rest.strip_prefix('[').and_then(|after| after.split_once(']')) {
                let quoted = inside.strip_prefix(['\'', '"']).and_then(|text| text.strip_suffix(['\'', '"']));
                found = match (quoted, inside.parse::<i64>()) {
                    (Some(name), _) => property(found.as_ref(), name),
                    (None, Ok(index)) => element(found.as_ref(), Some(&index.into())),
                    (None, Err(_)) if inside == "*" && after.is_empty() => found.filter(Json::is_array),
                    _ => return Err(unknown()),
                };
                rest = after;
            } else {
                return Err(unknown());
            }
        }
        Ok(found)
    }

    fn util(&mut self, name: &str, arguments: &[Expression], range: &Range<usize>) -> Result<Value, Mistake> {
        let given = self.texts_of(arguments)?;
        let [text] = given.as_slice() else {
            return Err(Mistake::new(range.clone(), format!("`$util.{name}` takes one argument")));
        };
        let failed = |what: &str| Mistake::new(range.clone(), format!("the text is no {what}"));
        Ok(Some(match name {
            "escapeJavaScript" => Json::String(escape(text)),
            "base64Encode" => Json::String(base64::encode(text.as_bytes())),
            "base64Decode" => {
                let bytes = base64::decode(text).ok_or_else(|| failed("Base64"))?;
                Json::String(String::from_utf8_lossy(&bytes).into_owned())
            }
            "urlEncode" => Json::String(url_encode(text)),
            "urlDecode" => Json::String(url_decode(text)),
            "parseJson" => serde_json::from_str(text).map_err(|_| failed("JSON"))?,
            _ => return Err(Mistake::new(range.clone(), format!("`$util.{name}` is not followed here"))),
        }))
    }

    /// The methods of Java's texts, lists and maps that templates use.
    fn method(
        &mut self,
        reference: &Reference,
        value: &Json,
        name: &str,
        given: &[Json],
        range: &Range<usize>,
    ) -> Result<Value, Mistake> {
        let texts: Vec<String> = given.iter().map(shown).collect();
        let text = shown(value);
        let index = |at: usize| given.get(at).and_then(Json::as_u64).and_then(|at| usize::try_from(at).ok());
        let position = |found: Option<usize>| {
            let characters = found.map(|at| text[..at].chars().count());
            Json::from(characters.map_or(-1, |at| i64::try_from(at).unwrap_or(i64::MAX)))
        };
        let result = match (value, name, texts.as_slice()) {
            (Json::Array(items), "size", []) => items.len().into(),
            (Json::Object(map), "size", []) => map.len().into(),
            (Json::Array(items), "isEmpty", []) => items.is_empty().into(),
            (Json::Object(map), "isEmpty", []) => map.is_empty().into(),
            (Json::Array(_) | Json::Object(_), "get", [_]) => return Ok(element(Some(value), given.first())),
            (Json::Array(items), "contains", [_]) => items.iter().any(|item| Some(item) == given.first()).into(),
            (Json::Object(map), "containsKey", [key]) => map.contains_key(key).into(),
            (Json::Object(map), "keySet", []) => map.keys().cloned().collect::<Vec<_>>().into(),
            (Json::Object(map), "values", []) => map.values().cloned().collect::<Vec<_>>().into(),
            (Json::Object(map), "entrySet", []) => {
                map.iter().map(|(key, value)| serde_json::json!({"key": key, "value": value})).collect()
            }
            (Json::Array(_), "add", [_]) | (Json::Object(_), "put", [_, _]) if reference.steps.len() == 1 => {
                match (self.variables.get_mut(&reference.name), given) {
                    (Some(Json::Array(items)), [item]) => items.push(item.clone()),
                    (Some(Json::Object(map)), [_, item]) => {
                        map.insert(texts[0].clone(), item.clone());
                    }
                    _ => {}
                }
                Json::Bool(true)
            }
            (_, "toString", []) => text.into(),
            (Json::String(_), "length", []) => text.chars().count().into(),
            (Json::String(_), "isEmpty", []) => text.is_empty().into(),
            (Json::String(_), "trim", []) => text.trim().into(),
            (Json::String(_), "toLowerCase", []) => text.to_lowercase().into(),
            (Json::String(_), "toUpperCase", []) => text.to_uppercase().into(),
            (_, "equals", [other]) => (text == *other).into(),
            (Json::String(_), "equalsIgnoreCase", [other]) => (text.to_lowercase() == other.to_lowercase()).into(),
            (Json::String(_), "contains", [part]) => text.contains(part.as_str()).into(),
            (Json::String(_), "startsWith", [part]) => text.starts_with(part.as_str()).into(),
            (Json::String(_), "endsWith", [part]) => text.ends_with(part.as_str()).into(),
            (Json::String(_), "concat", [part]) => (text + part).into(),
            (Json::String(_), "indexOf", [part]) => position(text.find(part.as_str())),
            (Json::String(_), "lastIndexOf", [part]) => position(text.rfind(part.as_str())),
            (Json::String(_), "substring", [_, ..]) => {
                let characters: Vec<char> = text.chars().collect();
                let end = if given.len() > 1 { index(1) } else { Some(characters.len()) };
                match index(0).zip(end).and_then(|(start, end)| characters.get(start..end)) {
                    Some(part) => part.iter().collect::<String>().into(),
                    None => return Err(Mistake::new(range.clone(), "`substring` outside of the text")),
                }
            }
            (Json::String(_), "replace", [from, to]) if !from.is_empty() => text.replace(from.as_str(), to).into(),
            // Java takes regular expressions here; without their signs they are text.
            (Json::String(_), "replaceAll", [from, to]) if is_plain(from) && !to.contains(['$', '\\']) => {
                text.replace(from.as_str(), to).into()
            }
            (Json::String(_), "replaceAll", [from, to]) if from == "\\\\'" || from == "\\'" => {
                text.replace(if from.len() == 3 { "\\'" } else { "'" }, to).into()
            }
            (Json::String(_), "split", [at]) if is_plain(at) => {
                let mut parts: Vec<&str> = text.split(at.as_str()).collect();
                // Java leaves out the empty ones at the end.
                while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
                    parts.pop();
                }
                parts.into()
            }
            _ => {
                let message = format!("the method `{name}` with {} arguments is not followed here", given.len());
                return Err(Mistake::new(range.clone(), message));
            }
        };
        Ok(Some(result))
    }
}

fn texts(map: &BTreeMap<String, String>) -> Json {
    map.iter().map(|(key, value)| (key.clone(), Json::String(value.clone()))).collect::<Map<_, _>>().into()
}

fn property(value: Option<&Json>, name: &str) -> Value {
    match value? {
        Json::Object(map) => map.get(name).cloned(),
        Json::Array(items) if name == "size" || name == "length" => Some(items.len().into()),
        _ => None,
    }
}

fn element(value: Option<&Json>, index: Option<&Json>) -> Value {
    match (value?, index?) {
        (Json::Array(items), Json::Number(index)) => {
            let index = index.as_i64()?;
            // From the end, if it is negative.
            let at = if index < 0 { i64::try_from(items.len()).ok()? + index } else { index };
            items.get(usize::try_from(at).ok()?).cloned()
        }
        (Json::Object(map), key) => map.get(&shown(key)).cloned(),
        _ => None,
    }
}
