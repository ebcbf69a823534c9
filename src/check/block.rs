//! Objects inside of resources: what is in them, which of it conditions choose, and where it stands.

use super::Context;
use super::known::{Given, Part, boolean, choices, given, number, parts};
use crate::diagnostics::{Code, Diagnostic, Sink};
use crate::source::Span;
use crate::template::{Data, Map, Resource, Value};

/// Stands for what is known only at deployment in [`Block::outlines`]. It cannot stand in a template.
pub const HOLE: char = '\u{0}';

/// An object inside of a resource, as it is in one of the branches of `Fn::If`.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    map: &'a Map,
    /// Where the object begins: its key.
    pub span: Span,
    /// The path of the object in the template.
    pub path: String,
}

impl<'a> Block<'a> {
    /// The properties of a resource.
    pub fn of(context: &Context<'a>, resource: &'a Resource) -> Self {
        let path = format!("Resources/{}/Properties", resource.id);
        Self { map: &resource.properties, span: context.place(resource, &[]), path }
    }

    /// What a property may be.
    pub fn values(&self, key: &str) -> Vec<&'a Value> {
        self.map.get(key).map(choices).unwrap_or_default()
    }

    /// The objects that a property may be.
    pub fn blocks(&self, key: &str) -> Vec<Self> {
        let Some((span, _)) = self.entry(key) else { return Vec::new() };
        let path = format!("{}/{key}", self.path);
        let maps = self.values(key).into_iter().filter_map(Value::as_map);
        maps.map(|map| Self { map, span, path: path.clone() }).collect()
    }

    /// The object that a property is, if no condition chooses it.
    pub fn block(&self, key: &str) -> Option<Self> {
        let mut all = self.blocks(key);
        (self.has(key) && self.values(key).len() == 1).then(|| all.pop()).flatten()
    }

    /// The objects in a list that a property is; `None` if a condition chooses the list or an item.
    pub fn items(&self, key: &str) -> Option<Vec<Self>> {
        let list = self.one(key)?.as_list()?;
        let path = format!("{}/{key}", self.path);
        let block = |(index, item): (usize, &'a Value)| {
            let map = item.as_map()?;
            let span = map.0.first().map_or(item.origin.span(), |(key, _)| key.origin.span());
            Some(Self { map, span, path: format!("{path}/{index}") })
        };
        list.iter().enumerate().map(block).collect()
    }

    /// The value of a property, if no condition chooses it.
    pub fn one(&self, key: &str) -> Option<&'a Value> {
        match self.values(key).as_slice() {
            [one] if self.has(key) => Some(one),
            _ => None,
        }
    }

    /// Whether a property is there whatever comes.
    pub fn has(&self, key: &str) -> bool {
        given(self.map, key) == Given::Yes
    }

    /// Whether a property is missing whatever comes.
    pub fn lacks(&self, key: &str) -> bool {
        given(self.map, key) == Given::No
    }

    /// Whether a property is `true` whatever comes.
    pub fn is_true(&self, key: &str) -> bool {
        self.one(key).and_then(boolean) == Some(true)
    }

    /// The whole text of a property, if it is known.
    pub fn text(&self, key: &str) -> Option<String> {
        super::known::text(self.one(key)?)
    }

    /// The number that a property is, if it is known.
    pub fn number(&self, key: &str) -> Option<f64> {
        number(self.one(key)?)
    }

    /// The texts that a property may be, with a [`HOLE`] for what is not known of them.
    pub fn outlines(&self, key: &str) -> Vec<String> {
        self.values(key).into_iter().filter_map(outline).collect()
    }

    /// Where a property stands: its value if that is a scalar, its key if not; the object if there is no such property.
    pub fn place(&self, key: &str) -> Span {
        let Some((place, value)) = self.entry(key) else { return self.span };
        match &value.data {
            Data::Map(_) | Data::List(_) => place,
            Data::Call(_, argument) if argument.as_str().is_none() => place,
            _ => value.origin.span(),
        }
    }

    /// Reports a finding about a property.
    pub fn report<'s>(
        &self,
        context: &Context<'_>,
        sink: &'s mut Sink,
        code: &'static Code,
        key: &str,
        message: impl Into<String>,
    ) -> &'s mut Diagnostic {
        let path = if self.entry(key).is_some() { format!("{}/{key}", self.path) } else { self.path.clone() };
        sink.report(code, context.first_line(self.place(key)), message).path(path)
    }

    /// Reports a finding about a part of the text of a property, at that part if it stands there as it is.
    pub fn report_part<'s>(
        &self,
        context: &Context<'_>,
        sink: &'s mut Sink,
        code: &'static Code,
        (key, part): (&str, &str),
        message: impl Into<String>,
    ) -> &'s mut Diagnostic {
        let place = context.first_line(context.narrow(self.place(key), part));
        sink.report(code, place, message).path(format!("{}/{key}", self.path))
    }

    fn entry(&self, key: &str) -> Option<(Span, &'a Value)> {
        self.map.0.iter().find(|(name, _)| name.text == key).map(|(name, value)| (name.origin.span(), value))
    }
}

/// The text of a value, with a [`HOLE`] for what is not known of it.
pub fn outline(value: &Value) -> Option<String> {
    let mut text = String::new();
    for part in parts(value)? {
        match part {
            Part::Text(known) => text.push_str(&known),
            Part::Unknown => text.push(HOLE),
        }
    }
    Some(text)
}
