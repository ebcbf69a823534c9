//! What the values of a template name: parameters, resources, conditions and mappings.

use super::Context;
use super::conditions::Assumption;
use crate::source::Span;
use crate::template::{Data, Function, Map, Resource, Value, sub_names};

/// Something that a value names.
pub struct Use<'a> {
    /// What it is.
    pub name: Named<'a>,
    /// Where the name stands, or the part of it that would be wrong.
    pub span: Span,
    /// Where all of it stands.
    pub whole: Span,
    /// The path in the template.
    pub path: String,
    /// The conditions under which the value counts.
    pub under: Vec<Assumption<'a>>,
}

/// What is named.
pub enum Named<'a> {
    /// A parameter or a resource.
    Id(&'a str),
    /// A resource with an attribute, if that is a text.
    Attribute(&'a str, Option<&'a str>),
    /// A condition.
    Condition(&'a str),
    /// A mapping with its keys, as far as they are texts.
    Mapping(&'a str, [Option<&'a str>; 2]),
}

impl<'a> Use<'a> {
    /// A use that always counts.
    pub fn new(name: Named<'a>, span: Span, path: String) -> Self {
        Self { name, span, whole: span, path, under: Vec::new() }
    }

    /// The name itself.
    pub fn id(&self) -> &'a str {
        match self.name {
            Named::Id(name) | Named::Attribute(name, _) | Named::Condition(name) | Named::Mapping(name, _) => name,
        }
    }
}

/// What a resource names, but for its condition and its dependencies.
pub fn of_resource<'a>(context: &Context<'_>, resource: &'a Resource) -> Vec<Use<'a>> {
    let mut run = Run {
        context,
        path: format!("Resources/{}", resource.id),
        under: resource.condition.iter().map(|name| (name.as_str(), true)).collect(),
        found: Vec::new(),
    };
    if context.is_written() {
        for (key, value) in &resource.attributes.0 {
            if key.text != "Condition" && key.text != "DependsOn" {
                run.below(&key.text, value);
            }
        }
    } else {
        run.path.push_str("/Properties");
        for (key, value) in &resource.properties.0 {
            run.below(&key.text, value);
        }
    }
    run.found
}

/// The resources that a resource waits for.
pub fn dependencies(resource: &Resource) -> impl Iterator<Item = Use<'_>> {
    let written = resource.attributes.get("DependsOn");
    resource.depends_on.iter().enumerate().map(move |(index, id)| {
        let place = written.map(|value| value.as_list().and_then(|items| items.get(index)).unwrap_or(value));
        let span = place.map_or(resource.origin.span(), |value| value.origin.span());
        Use {
            under: resource.condition.iter().map(|name| (name.as_str(), true)).collect(),
            ..Use::new(Named::Id(id), span, format!("Resources/{}/DependsOn", resource.id))
        }
    })
}

/// What a section other than the resources names.
pub fn of_section<'a>(context: &Context<'_>, name: &str, section: &'a Map) -> Vec<Use<'a>> {
    let mut run = Run { context, path: name.to_owned(), under: Vec::new(), found: Vec::new() };
    for (key, value) in &section.0 {
        let condition = value.as_map().filter(|_| name == "Outputs").and_then(|output| output.get("Condition"));
        if let Some((condition, text)) = condition.and_then(|value| Some((value, value.as_str()?))) {
            let path = format!("{name}/{}/Condition", key.text);
            run.found.push(Use::new(Named::Condition(text), condition.origin.span(), path));
            run.under.push((text, true));
        }
        run.below(&key.text, value);
        run.under.clear();
    }
    run.found
}

struct Run<'c, 'a> {
    context: &'c Context<'c>,
    path: String,
    under: Vec<Assumption<'a>>,
    found: Vec<Use<'a>>,
}

impl<'a> Run<'_, 'a> {
    /// Collects what a value names that stands under a key.
    fn below(&mut self, key: &str, value: &'a Value) {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(key);
        self.value(value);
        self.path.truncate(length);
    }

    fn value(&mut self, value: &'a Value) {
        match &value.data {
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.below(&index.to_string(), item);
                }
            }
            Data::Map(map) => {
                for (key, value) in &map.0 {
                    self.below(&key.text, value);
                }
            }
            Data::Call(function, argument) => self.call(*function, value.origin.span(), argument),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
        }
    }

    fn call(&mut self, function: Function, span: Span, argument: &'a Value) {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(function.name());
        self.names(function, span, argument);
        match (function, argument.as_list()) {
            // The names are not values.
            (Function::Ref | Function::Condition, _) => {}
            (Function::If, Some([condition, then, otherwise])) => {
                for (index, value, holds) in [("1", then, true), ("2", otherwise, false)] {
                    let depth = self.under.len();
                    self.under.extend(condition.as_str().map(|name| (name, holds)));
                    self.below(index, value);
                    self.under.truncate(depth);
                }
            }
            _ => self.value(argument),
        }
        self.path.truncate(length);
    }

    fn add(&mut self, name: Named<'a>, span: Span) {
        self.add_in(name, span, span);
    }

    fn add_in(&mut self, name: Named<'a>, span: Span, whole: Span) {
        self.found.push(Use { name, span, whole, path: self.path.clone(), under: self.under.clone() });
    }

    fn names(&mut self, function: Function, span: Span, argument: &'a Value) {
        let parts = argument.as_list().unwrap_or_default();
        let first = parts.first().and_then(|first| Some((first, first.as_str()?)));
        match (function, first) {
            (Function::Ref, _) => {
                if let Some(id) = argument.as_str() {
                    self.add(Named::Id(id), argument.origin.span());
                }
            }
            (Function::Condition, _) => {
                if let Some(name) = argument.as_str() {
                    self.add(Named::Condition(name), argument.origin.span());
                }
            }
            (Function::If, Some((first, name))) => self.add(Named::Condition(name), first.origin.span()),
            (Function::GetAtt, Some((first, id))) => {
                let (attribute, last) = match parts {
                    [_, attribute] => (attribute.as_str(), attribute.origin.span()),
                    _ => (None, span),
                };
                let whole = first.origin.span();
                let part = match attribute.filter(|_| self.context.resources.contains_key(id)) {
                    // In the short form both are one text.
                    Some(attribute) if whole == last => self.context.narrow(whole, attribute),
                    Some(_) => last,
                    None if whole == last => self.context.narrow(whole, id),
                    None => whole,
                };
                self.add_in(Named::Attribute(id, attribute), part, span);
            }
            (Function::FindInMap, Some((first, name))) => {
                let key = |at: usize| parts.get(at).and_then(Value::as_str);
                let place = first.origin.span();
                // A default value stands in for what does not exist.
                if parts.len() == 3 {
                    self.add(Named::Mapping(name, [key(1), key(2)]), place);
                } else if self.context.template.mappings.get(name).is_some() {
                    self.add(Named::Mapping(name, [None, None]), place);
                }
            }
            (Function::Sub, _) => {
                let (text, local) = match parts {
                    [text, variables, ..] => (text, variables.as_map()),
                    _ => (argument, None),
                };
                for name in text.as_str().into_iter().flat_map(sub_names) {
                    if local.is_some_and(|local| local.get(name).is_some()) {
                        continue;
                    }
                    let place = self.context.narrow(text.origin.span(), &format!("${{{name}}}"));
                    match name.split_once('.') {
                        Some((id, attribute)) => {
                            let known = self.context.resources.contains_key(id);
                            let part = self.context.narrow(place, if known { attribute } else { id });
                            self.add_in(Named::Attribute(id, Some(attribute)), part, place);
                        }
                        None => self.add(Named::Id(name), self.context.narrow(place, name)),
                    }
                }
            }
            _ => {}
        }
    }
}
