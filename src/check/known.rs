//! What rules ask of values: what is known of them, which resource they stand for, where to show a finding.

use super::Context;
use crate::diagnostics::{Code, Diagnostic, Sink};
use crate::source::Span;
use crate::template::event_pattern::HOLE;
use crate::template::{Data, Function, Key, Map, Resource, SubPart, Value, sub_names, sub_parts};

/// A part of a text that is put together at deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(String),
    /// What is known only at deployment.
    Unknown,
}

/// Whether a property is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It is, whatever comes.
    Yes,
    /// A condition decides it, or something that cannot be seen.
    Perhaps,
    /// It is not.
    No,
}

/// What a condition makes of a value.
enum Decided<'v> {
    /// One or the other.
    Either(&'v Value, &'v Value),
    /// Nothing at all.
    Nothing,
    /// No condition decides it.
    Itself,
}

fn decided(value: &Value) -> Decided<'_> {
    match &value.data {
        Data::Call(Function::If, argument) => match argument.as_list() {
            Some([_, then, otherwise]) => Decided::Either(then, otherwise),
            _ => Decided::Nothing,
        },
        Data::Call(Function::Ref, argument) if argument.as_str() == Some("AWS::NoValue") => Decided::Nothing,
        _ => Decided::Itself,
    }
}

/// What a value may be at deployment: itself, or the values that conditions choose from. `AWS::NoValue` is none.
pub fn choices(value: &Value) -> Vec<&Value> {
    match decided(value) {
        Decided::Either(then, otherwise) => {
            let mut all = choices(then);
            all.extend(choices(otherwise));
            all
        }
        Decided::Nothing => Vec::new(),
        Decided::Itself => vec![value],
    }
}

/// The same with the paths.
pub fn branches<'v>(value: &'v Value, path: &str) -> Vec<(String, &'v Value)> {
    match decided(value) {
        Decided::Either(then, otherwise) => {
            let name = Function::If.name();
            let mut all = branches(then, &format!("{path}/{name}/1"));
            all.extend(branches(otherwise, &format!("{path}/{name}/2")));
            all
        }
        Decided::Nothing => Vec::new(),
        Decided::Itself => vec![(path.to_owned(), value)],
    }
}

/// Whether a condition may leave a value out.
fn may_be_absent(value: &Value) -> bool {
    match decided(value) {
        Decided::Either(then, otherwise) => may_be_absent(then) || may_be_absent(otherwise),
        Decided::Nothing => true,
        Decided::Itself => false,
    }
}

/// Whether an object has a property.
pub fn given(map: &Map, name: &str) -> Given {
    let is_macro = |key: &str| key == "Fn::Transform" || key.starts_with("Fn::ForEach::");
    match map.get(name) {
        None if map.0.iter().any(|(key, _)| is_macro(&key.text)) => Given::Perhaps,
        None => Given::No,
        Some(value) if choices(value).is_empty() => Given::No,
        Some(value) if may_be_absent(value) => Given::Perhaps,
        Some(_) => Given::Yes,
    }
}

/// A text, a number or a truth value as it is written.
pub fn constant(value: &Value) -> Option<String> {
    match &value.data {
        Data::String(text) => Some(text.clone()),
        Data::Number(number) => Some(number.to_string()),
        Data::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The text of a value as far as it is known; `None` if it is no text, or nothing of it is known.
pub fn parts(value: &Value) -> Option<Vec<Part>> {
    let found = match &value.data {
        Data::String(text) if text.contains("{{resolve:") => vec![Part::Unknown],
        Data::String(text) => vec![Part::Text(text.clone())],
        Data::Number(number) => vec![Part::Text(number.to_string())],
        Data::Bool(value) => vec![Part::Text(value.to_string())],
        Data::Call(Function::Sub, argument) => {
            let text = argument.as_str().or_else(|| argument.as_list()?.first()?.as_str())?;
            substituted(text)
        }
        Data::Call(Function::Join, argument) => {
            let [delimiter, values] = argument.as_list()? else { return None };
            let (delimiter, values) = (delimiter.as_str()?, values.as_list()?);
            let mut all = Vec::new();
            for (index, value) in values.iter().enumerate() {
                if index > 0 && !delimiter.is_empty() {
                    all.push(Part::Text(delimiter.to_owned()));
                }
                all.extend(parts(value).unwrap_or_else(|| vec![Part::Unknown]));
            }
            all
        }
        Data::Call(..) => vec![Part::Unknown],
        Data::Null | Data::List(_) | Data::Map(_) => return None,
    };
    Some(merged(found))
}

/// The whole text of a value, if all of it is known.
pub fn text(value: &Value) -> Option<String> {
    match parts(value)?.as_slice() {
        [Part::Text(text)] => Some(text.clone()),
        [] => Some(String::new()),
        _ => None,
    }
}

/// The number that a value is, also where it is written as text.
pub fn number(value: &Value) -> Option<f64> {
    match &value.data {
        Data::Number(number) => number.as_f64(),
        Data::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The boolean that a value is, also where it is written as text.
pub fn boolean(value: &Value) -> Option<bool> {
    match &value.data {
        Data::Bool(value) => Some(*value),
        Data::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Data::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

impl<'a> Context<'a> {
    /// The resources of a type.
    pub fn of_type(&self, kind: &'static str) -> impl Iterator<Item = &'a Resource> + use<'a> {
        self.template.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// The resource of the template that a value names: by `Ref`, by `Fn::GetAtt`, or as the only resource in a
    /// `Fn::Sub` or a `Fn::Join`, as in `arn:…:${Bucket}/*`.
    pub fn target(&self, value: &Value) -> Option<&'a Resource> {
        let mut found: Option<&'a Resource> = None;
        let mut several = false;
        value.walk(&mut |part| {
            let ids: Vec<&str> = match &part.data {
                Data::Call(Function::Ref, argument) => argument.as_str().into_iter().collect(),
                Data::Call(Function::GetAtt, argument) => {
                    argument.as_list().and_then(|parts| parts.first()?.as_str()).into_iter().collect()
                }
                Data::Call(Function::Sub, argument) => {
                    let text = argument.as_str().or_else(|| argument.as_list()?.first()?.as_str());
                    text.into_iter()
                        .flat_map(sub_names)
                        .map(|name| name.split_once('.').map_or(name, |(id, _)| id))
                        .collect()
                }
                _ => Vec::new(),
            };
            for resource in ids.into_iter().filter_map(|id| self.resources.get(id)) {
                several |= found.is_some_and(|known| known.id != resource.id);
                found = Some(resource);
            }
        });
        found.filter(|_| !several)
    }

    /// Reports a finding about a property of a resource, at the narrowest place that there is: the value if it is a
    /// scalar, its key if not, and the nearest object around a property that is missing.
    pub fn report<'s>(
        &self,
        sink: &'s mut Sink,
        code: &'static Code,
        resource: &Resource,
        path: &[&str],
        message: impl Into<String>,
    ) -> &'s mut Diagnostic {
        let shown =
            path.iter().fold(format!("Resources/{}/Properties", resource.id), |all, key| format!("{all}/{key}"));
        sink.report(code, self.place(resource, path), message).path(shown)
    }

    /// Reports a finding about a value inside of a resource; `path` is that of the value in the template.
    pub fn report_value<'s>(
        &self,
        sink: &'s mut Sink,
        code: &'static Code,
        value: &Value,
        path: &str,
        message: impl Into<String>,
    ) -> &'s mut Diagnostic {
        sink.report(code, self.handle(value.origin.span()), message).path(path)
    }

    /// The place of a property, see [`Context::report`]. An item of a list is a number in the path.
    pub fn place(&self, resource: &Resource, path: &[&str]) -> Span {
        let properties = resource.attributes.0.iter().find(|(key, _)| key.text == "Properties");
        let mut place = properties.map_or(resource.origin.span(), |(key, _)| key.origin.span());
        let mut at: Option<&Value> = None;
        for (depth, key) in path.iter().enumerate() {
            let next = match at {
                None if depth == 0 => entry(&resource.properties, key),
                Some(value) => match &value.data {
                    Data::Map(map) => entry(map, key),
                    Data::List(items) => key.parse().ok().and_then(|index: usize| {
                        let item = items.get(index)?;
                        Some((self.opening(item), item))
                    }),
                    _ => None,
                },
                None => None,
            };
            let Some((key, value)) = next else { return place };
            place = match &value.data {
                Data::Map(_) | Data::List(_) => key,
                _ => value.origin.span(),
            };
            at = Some(value);
        }
        place
    }
}

fn entry<'m>(map: &'m Map, name: &str) -> Option<(Span, &'m Value)> {
    map.0.iter().find(|(key, _)| key.text == name).map(|(key, value)| (key.origin.span(), value))
}

/// The text of a `Fn::Sub`.
fn substituted(text: &str) -> Vec<Part> {
    // A dynamic reference becomes what it names.
    if text.contains("{{resolve:") {
        return vec![Part::Unknown];
    }
    let part = |part| match part {
        SubPart::Text(text) => Part::Text(text.to_owned()),
        SubPart::Literal(name) => Part::Text(format!("${{{name}}}")),
        SubPart::Name(_) => Part::Unknown,
    };
    sub_parts(text).into_iter().map(part).collect()
}

/// The parts with neighbours put together and empty ones left out.
fn merged(parts: Vec<Part>) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    for part in parts {
        match (all.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(known)), Part::Text(text)) => known.push_str(&text),
            (Some(Part::Unknown), Part::Unknown) => {}
            (_, part) => all.push(part),
        }
    }
    all
}

/// The values at a path of keys, with their paths; `*` stands for every item of a list or an object, and
/// conditions may choose.
pub fn within<'m>(map: &'m Map, keys: &[&str], path: &str) -> Vec<(String, &'m Value)> {
    let Some((first, rest)) = keys.split_first() else { return Vec::new() };
    let Some(value) = map.get(first) else { return Vec::new() };
    let mut found = branches(value, &format!("{path}/{first}"));
    for key in rest {
        let step = |(path, value): (String, &'m Value)| -> Vec<(String, &'m Value)> {
            match (&value.data, *key) {
                (Data::List(items), "*") => {
                    let item = |(index, item)| branches(item, &format!("{path}/{index}"));
                    items.iter().enumerate().flat_map(item).collect()
                }
                (Data::Map(map), "*") => {
                    let entry = |(key, value): &'m (Key, Value)| branches(value, &format!("{path}/{}", key.text));
                    map.0.iter().flat_map(entry).collect()
                }
                (Data::Map(map), key) => {
                    map.get(key).map_or(Vec::new(), |value| branches(value, &format!("{path}/{key}")))
                }
                _ => Vec::new(),
            }
        };
        found = found.into_iter().flat_map(step).collect();
    }
    found
}

impl Context<'_> {
    /// Reports a finding at a place inside of a value; `path` is that of the place in the template. A word is looked
    /// for there, for text in which several things stand.
    pub fn report_at<'s>(
        &self,
        sink: &'s mut Sink,
        code: &'static Code,
        span: Span,
        word: Option<&str>,
        path: &str,
        message: impl Into<String>,
    ) -> &'s mut Diagnostic {
        let span = self.handle(span);
        let span = word.map_or(span, |word| self.narrow(span, word));
        sink.report(code, self.first_line(span), message).path(path)
    }
}

/// The text of a value, with [`HOLE`] for each part that is known only at deployment.
pub fn text_with_holes(value: &Value) -> Option<String> {
    let parts = parts(value)?;
    Some(
        parts
            .into_iter()
            .map(|part| match part {
                Part::Text(text) => text,
                Part::Unknown => HOLE.to_string(),
            })
            .collect(),
    )
}

/// Whether an ARN is that of a FIFO queue, whose name ends with `.fifo`.
///
/// Source: SQS API, `CreateQueue`, `QueueName`.
pub fn is_fifo_arn(value: &Value) -> bool {
    matches!(parts(value).as_deref(), Some([.., Part::Text(end)]) if end.rsplit('.').next() == Some("fifo"))
}
