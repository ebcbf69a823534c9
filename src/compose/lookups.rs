//! Attributes that are properties of a resource: while components are composed only their place is known, and here the
//! value takes it.

use std::collections::BTreeMap;

use crate::diagnostics::Sink;
use crate::kinds::{self, PROPERTY_MARK, substitution};
use crate::source::Span;
use crate::template::{Data, Function, Map, Template, Value};

/// Puts the values of properties where texts ask for them. Those that do not exist stay: who asked is told.
pub fn resolve(template: &mut Template, sink: &mut Sink) {
    let mut asked = false;
    let whole = [&template.outputs].into_iter().chain(template.resources.iter().map(|resource| &resource.properties));
    for map in whole {
        map.0.iter().for_each(|(_, value)| value.walk(&mut |part| asked |= path_of(part).is_some() || is_marked(part)));
    }
    if !asked {
        return;
    }
    let properties: BTreeMap<String, Map> =
        template.resources.iter().map(|resource| (resource.id.clone(), resource.properties.clone())).collect();
    let mut lookups = Lookups { properties: &properties, trail: Vec::new(), sink };
    for resource in &mut template.resources {
        resource.properties.0.iter_mut().for_each(|(_, value)| lookups.replace(value));
    }
    template.outputs.0.iter_mut().for_each(|(_, value)| lookups.replace(value));
}

/// The value of a property.
pub fn property<'a>(properties: &'a Map, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let first = properties.get(names.next()?)?;
    names.try_fold(first, |value, name| value.as_map()?.get(name))
}

/// The resource and the property that a value stands for.
fn path_of(value: &Value) -> Option<(&str, &str)> {
    let Data::Call(Function::GetAtt, argument) = &value.data else { return None };
    let [id, attribute] = argument.as_list()? else { return None };
    Some((id.as_str()?, attribute.as_str()?.strip_prefix(PROPERTY_MARK)?))
}

/// Whether a text has a property in it.
fn is_marked(value: &Value) -> bool {
    let Data::Call(Function::Sub, argument) = &value.data else { return false };
    argument.as_str().is_some_and(|text| text.contains(&format!(".{PROPERTY_MARK}")))
}

struct Lookups<'a> {
    properties: &'a BTreeMap<String, Map>,
    /// The properties that are being looked up, to notice one that is made of itself.
    trail: Vec<String>,
    sink: &'a mut Sink,
}

impl Lookups<'_> {
    fn replace(&mut self, value: &mut Value) {
        let span = value.origin.span();
        if let Some((id, path)) = path_of(value) {
            if let Some(found) = self.look_up(id, path, span) {
                value.data = found.data;
            }
            return;
        }
        if is_marked(value) {
            let Data::Call(_, argument) = &value.data else { return };
            let Some(text) = argument.as_str() else { return };
            value.data = Value::sub_or_string(value.origin, self.text(text, span)).data;
            return;
        }
        match &mut value.data {
            Data::List(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Data::Map(map) => map.0.iter_mut().for_each(|(_, value)| self.replace(value)),
            Data::Call(_, argument) => self.replace(argument),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
        }
    }

    fn look_up(&mut self, id: &str, path: &str, span: Span) -> Option<Value> {
        let mut value = property(self.properties.get(id)?, path)?.clone();
        let step = format!("{id}.{path}");
        if self.trail.contains(&step) {
            self.sink
                .report(&kinds::ATTRIBUTE, span, "this is made of itself")
                .help("write the value itself instead of the attribute");
            return Some(Value::string(value.origin, ""));
        }
        self.trail.push(step);
        self.replace(&mut value);
        self.trail.pop();
        Some(value)
    }

    /// A text for `Fn::Sub` with the values of the properties in it.
    fn text(&mut self, text: &str, span: Span) -> String {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let marked = after.split_once('}').and_then(|(name, tail)| {
                let (id, path) = name.split_once('.')?;
                Some((id, path.strip_prefix(PROPERTY_MARK)?, tail))
            });
            let found = marked.and_then(|(id, path, tail)| Some((self.look_up(id, path, span)?, tail)));
            if let Some((value, tail)) = found {
                let plain = !matches!(value.data, Data::Map(_) | Data::List(_) | Data::Null)
                    && !matches!(&value.data, Data::Call(function, _) if !matches!(function, Function::Ref | Function::GetAtt | Function::Sub));
                if !plain {
                    self.sink
                        .report(&kinds::ATTRIBUTE, span, "a function of CloudFormation gives this attribute")
                        .help("use it alone, or write the value itself: it cannot stand in the middle of text");
                }
                result.push_str(&substitution(&value));
                rest = tail;
            } else {
                result.push_str("${");
                rest = after;
            }
        }
        result.push_str(rest);
        result
    }
}
