//! A template written by hand, from its tree to typed values.
//!
//! Nothing is judged here: a tag or a name that stands for no function stays what it is, and rules look at
//! `Template::written`.

use super::loops::Loops;
use super::{Data, Function, Key, Map, Resource, Template, Value};
use crate::source::{Origin, Span};
use crate::syntax::{self, Node};

/// Where a value stands, as far as it decides what its keys mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Area {
    /// `Condition` alone in an object names a condition.
    Conditions,
    Elsewhere,
}

/// Reads a template. Sections that are not what they must be are empty; [`Template::written`] has them as they are.
pub fn read(root: &Node) -> Template {
    let written = top(root);
    let mut template = Template::default();
    let section = |name: &str| -> Map {
        written.as_map().and_then(|map| map.get(name)).and_then(Value::as_map).cloned().unwrap_or_default()
    };
    template.description = written.as_map().and_then(|map| map.get("Description")).cloned();
    template.metadata = section("Metadata");
    template.parameters = section("Parameters");
    template.mappings = section("Mappings");
    template.rules = section("Rules");
    template.transforms = transforms(&written);
    let mut loops = Loops::new(&template.parameters, &template.mappings);
    template.conditions = loops.expand(section("Conditions"));
    template.outputs = loops.expand(section("Outputs"));
    let resources = loops.expand(section("Resources"));
    template.has_unknown_loops = loops.unknown;
    template.resources = resources.0.into_iter().filter_map(resource).collect();
    template.written = Some(written);
    template
}

/// The sections, each read by what stands in it.
fn top(root: &Node) -> Value {
    let origin = Origin::Written(root.span);
    let syntax::Data::Map(entries) = &root.data else { return value(root, Area::Elsewhere) };
    let sections = entries.iter().map(|entry| {
        let conditions = matches!(entry.key.text.as_str(), "Conditions" | "Rules");
        let area = if conditions { Area::Conditions } else { Area::Elsewhere };
        (key(&entry.key), value(&entry.value, area))
    });
    Value::new(origin, Data::Map(Map(sections.collect())))
}

fn key(key: &syntax::Key) -> Key {
    Key { text: key.text.clone(), origin: Origin::Written(key.span) }
}

fn value(node: &Node, area: Area) -> Value {
    let origin = Origin::Written(node.span);
    let data = match &node.data {
        syntax::Data::Null => Data::Null,
        syntax::Data::Bool(value) => Data::Bool(*value),
        syntax::Data::Number(number) => Data::Number(number.clone()),
        syntax::Data::String(scalar) => Data::String(scalar.text.clone()),
        syntax::Data::List(items) => Data::List(items.iter().map(|item| value(item, area)).collect()),
        syntax::Data::Map(entries) => match long_form(entries, area) {
            Some((function, entry)) => {
                return called(origin, function, value(&entry.value, inside(function, area)));
            }
            None => Data::Map(Map(entries.iter().map(|entry| (key(&entry.key), value(&entry.value, area))).collect())),
        },
    };
    let Some(tag) = &node.tag else { return Value::new(origin, data) };
    // The place of a function is all of it, its tag included.
    let whole = Origin::Written(Span { start: tag.span.start.min(node.span.start), ..node.span });
    // In YAML a tag with nothing behind it is a function of an empty text.
    let data = if matches!(data, Data::Null) { Data::String(String::new()) } else { data };
    let argument = Value::new(origin, data);
    if let Some(function) = Function::by_tag(&tag.name) {
        return called(whole, function, argument);
    }
    let name = Key { text: format!("Fn::{}", tag.name), origin: Origin::Written(tag.span) };
    Value::new(whole, Data::Map(Map(vec![(name, argument)])))
}

/// The function that an object stands for.
fn long_form(entries: &[syntax::Entry], area: Area) -> Option<(Function, &syntax::Entry)> {
    let [entry] = entries else { return None };
    let function = Function::by_name(&entry.key.text)?;
    let named = function != Function::Condition
        || (area == Area::Conditions && matches!(entry.value.data, syntax::Data::String(_)));
    named.then_some((function, entry))
}

/// What `Condition` means in the argument of a function.
fn inside(function: Function, area: Area) -> Area {
    match function {
        Function::And | Function::Or | Function::Not => Area::Conditions,
        _ => area,
    }
}

fn called(origin: Origin, function: Function, argument: Value) -> Value {
    let argument = match (function, &argument.data) {
        // The short form names the resource up to the first dot.
        (Function::GetAtt, Data::String(text)) => match text.split_once('.') {
            Some((id, attribute)) => Value::new(
                argument.origin,
                Data::List(vec![Value::string(argument.origin, id), Value::string(argument.origin, attribute)]),
            ),
            None => argument,
        },
        _ => argument,
    };
    Value::call(origin, function, argument)
}

/// The names of the macros that go over the whole template.
fn transforms(written: &Value) -> Vec<String> {
    let Some(transform) = written.as_map().and_then(|map| map.get("Transform")) else { return Vec::new() };
    let name = |value: &Value| match &value.data {
        Data::String(name) => Some(name.clone()),
        Data::Map(map) => map.get("Name").and_then(Value::as_str).map(ToOwned::to_owned),
        _ => None,
    };
    match &transform.data {
        Data::List(items) => items.iter().filter_map(name).collect(),
        _ => name(transform).into_iter().collect(),
    }
}

/// A resource, unless the entry is not one but a loop or a macro.
fn resource((key, value): (Key, Value)) -> Option<Resource> {
    if key.text.starts_with("Fn::") {
        return None;
    }
    let Data::Map(attributes) = value.data else { return None };
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let properties = attributes.get("Properties").and_then(Value::as_map).cloned().unwrap_or_default();
    let depends_on = match attributes.get("DependsOn").map(|value| &value.data) {
        Some(Data::String(id)) => vec![id.clone()],
        Some(Data::List(items)) => items.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        _ => Vec::new(),
    };
    Some(Resource {
        id: key.text,
        origin: key.origin,
        kind: text("Type").unwrap_or_default(),
        properties,
        condition: text("Condition"),
        depends_on,
        removal: None,
        attributes,
    })
}
