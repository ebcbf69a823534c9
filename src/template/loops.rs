//! `Fn::ForEach`: what CloudFormation makes of the loops of a template before anything else.
//!
//! Source: CloudFormation User Guide, "`Fn::ForEach`".

use super::{Data, Function, Key, Map, Value};

const PREFIX: &str = "Fn::ForEach::";

/// More than this is not written out; the limits of a template are far below.
const MOST_ENTRIES: usize = 10_000;

/// What loops go over, besides the lists that are written in them.
pub(super) struct Loops<'a> {
    /// `Parameters`
    pub parameters: &'a Map,
    /// `Mappings`
    pub mappings: &'a Map,
    /// Whether there was a loop that could not be written out.
    pub unknown: bool,
    entries: usize,
}

/// A name that stands for an item of a loop, and the item.
type Binding = (String, String);

impl<'a> Loops<'a> {
    pub fn new(parameters: &'a Map, mappings: &'a Map) -> Self {
        Self { parameters, mappings, unknown: false, entries: 0 }
    }

    /// An object with its loops written out; loops over what cannot be known are left as they are.
    pub fn expand(&mut self, map: Map) -> Map {
        if !map.has_loops() {
            return map;
        }
        self.map(map, &mut Vec::new())
    }

    fn map(&mut self, map: Map, bound: &mut Vec<Binding>) -> Map {
        let mut all = Map::default();
        for (key, value) in map.0 {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                self.unknown = true;
                return all;
            }
            if !key.text.starts_with(PREFIX) {
                let text = replaced(&key.text, bound);
                let value = self.value(value, bound);
                all.0.push((Key { text, origin: key.origin }, value));
                continue;
            }
            let Some((name, items, body)) = self.items(&value, bound) else {
                self.unknown = true;
                all.0.push((key, value));
                continue;
            };
            for item in items {
                bound.push((name.clone(), item));
                all.0.append(&mut self.map(body.clone(), bound).0);
                bound.pop();
            }
        }
        all
    }

    fn value(&mut self, value: Value, bound: &mut Vec<Binding>) -> Value {
        let origin = value.origin;
        let data = match value.data {
            Data::String(text) => Data::String(replaced(&text, bound)),
            Data::List(items) => Data::List(items.into_iter().map(|item| self.value(item, bound)).collect()),
            Data::Map(map) => Data::Map(self.map(map, bound)),
            Data::Call(Function::Ref, argument) => {
                let item = argument.as_str().and_then(|name| bound.iter().rev().find(|(known, _)| known == name));
                match item {
                    Some((_, item)) => Data::String(item.clone()),
                    None => Data::Call(Function::Ref, Box::new(self.value(*argument, bound))),
                }
            }
            Data::Call(function, argument) => Data::Call(function, Box::new(self.value(*argument, bound))),
            data => data,
        };
        Value::new(origin, data)
    }

    /// The name, the items and the body of a loop.
    fn items(&self, value: &Value, bound: &[Binding]) -> Option<(String, Vec<String>, Map)> {
        let [name, collection, body] = value.as_list()? else { return None };
        let items = self.collection(collection, bound)?;
        Some((name.as_str()?.to_owned(), items, body.as_map()?.clone()))
    }

    fn collection(&self, value: &Value, bound: &[Binding]) -> Option<Vec<String>> {
        match &value.data {
            Data::List(items) => {
                let mut all = Vec::new();
                for item in items {
                    match &item.data {
                        Data::String(text) => all.push(replaced(text, bound)),
                        Data::Number(number) => all.push(number.to_string()),
                        // A reference in a list may stand for several items.
                        Data::Call(..) => all.extend(self.collection(item, bound)?),
                        _ => return None,
                    }
                }
                Some(all)
            }
            Data::Call(Function::Ref, argument) => {
                let name = argument.as_str()?;
                if let Some((_, item)) = bound.iter().rev().find(|(known, _)| known == name) {
                    return Some(vec![item.clone()]);
                }
                let default = self.parameters.get(name)?.as_map()?.get("Default")?.as_str()?;
                Some(default.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect())
            }
            Data::Call(Function::FindInMap, argument) => {
                let [mapping, first, second, ..] = argument.as_list()? else { return None };
                let key = |value: &Value| self.collection(value, bound).filter(|all| all.len() == 1)?.pop();
                let (first, second) = (key(first)?, key(second)?);
                let found = self.mappings.get(mapping.as_str()?)?.at(&[&first, &second])?;
                self.collection(found, bound)
            }
            Data::String(text) => Some(vec![replaced(text, bound)]),
            _ => None,
        }
    }
}

impl Map {
    /// Whether a loop stands in it, at whatever depth.
    fn has_loops(&self) -> bool {
        let mut found = self.0.iter().any(|(key, _)| key.text.starts_with(PREFIX));
        for (_, value) in &self.0 {
            value.walk(&mut |part| {
                found |= part.as_map().is_some_and(|map| map.0.iter().any(|(key, _)| key.text.starts_with(PREFIX)));
            });
        }
        found
    }
}

/// A text with the items for their names: `${Name}`, and `&{Name}` without all that is no letter or digit.
fn replaced(text: &str, bound: &[Binding]) -> String {
    let mut text = text.to_owned();
    for (name, item) in bound.iter().rev() {
        if text.contains(name.as_str()) {
            let letters: String = item.chars().filter(char::is_ascii_alphanumeric).collect();
            text = text.replace(&format!("${{{name}}}"), item).replace(&format!("&{{{name}}}"), &letters);
        }
    }
    text
}
