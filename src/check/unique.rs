//! What must be there once: names of resources, keys of tags.

use std::collections::HashMap;

use super::Context;
use super::known::text;
use crate::diagnostics::{INTERNAL, Sink};
use crate::schema::provider;
use crate::source::Origin;
use crate::template::{Data, Function, Resource, Value};

codes! {
    /// Two resources of a template are given the same name.
    ///
    /// The second cannot be made, as the name is taken.
    ///
    /// ```yaml
    /// Resources:
    ///   Raw:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupName: /example/events }
    ///   Cooked:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupName: /example/events }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Raw:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupName: /example/events/raw }
    ///   Cooked:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupName: /example/events/cooked }
    /// ```
    ///
    /// Source: the primary identifiers of the provider schemas.
    IDENTIFIER = Error "duplicate-name";

    /// A resource has two tags with one key, or a key that is kept for AWS.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       Tags: [{ Key: team, Value: data }, { Key: team, Value: platform }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       Tags: [{ Key: team, Value: data }]
    /// ```
    ///
    /// Source: CloudFormation Template Reference, "Resource tag"; Resource Groups Tagging API Reference, "Tag".
    TAG = Error "wrong-tag";
}

/// Keys that begin so are kept for AWS.
const RESERVED: &str = "aws:";

/// Types whose primary identifier is not what their name must differ in.
///
/// Source: cfn-lint 1.58.0, its exceptions to rule E3019; a build project is known by its name.
const IDENTIFIED_OTHERWISE: &[(&str, &str)] = &[("AWS::CodeBuild::Project", "Name")];

/// Checks what must be there once.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let mut seen: HashMap<(&str, Vec<String>), &Resource> = HashMap::new();
    for resource in &context.template.resources {
        check_tags(context, resource, sink);
        let Some((properties, values)) = identifier(resource) else { continue };
        let Some(first) = seen.get(&(resource.kind.as_str(), values.clone())) else {
            seen.insert((&resource.kind, values), resource);
            continue;
        };
        // Under different conditions perhaps only one of them is there.
        let together = |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
        if !together(&first.condition, &resource.condition) {
            continue;
        }
        let path: Vec<&str> = properties.iter().take(1).map(String::as_str).collect();
        let names: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        let message = format!("`{}` has the same name: {}", first.id, names.join(", "));
        let other = context.place(first, &path);
        context
            .report(sink, &IDENTIFIER, resource, &path, message)
            .also(other, "the first")
            .help("give each a name of its own, or leave it out");
    }
}

/// The properties that identify a resource together, and their values if all of them are written and known.
fn identifier(resource: &Resource) -> Option<(Vec<String>, Vec<String>)> {
    let known = provider::resource_type(&resource.kind)?;
    let other = IDENTIFIED_OTHERWISE.iter().find(|(kind, _)| *kind == resource.kind);
    let properties = match other {
        Some((_, name)) => vec![(*name).to_owned()],
        None => known.primary_identifier().to_vec(),
    };
    if properties.is_empty() || properties.iter().any(|path| path.contains('/') || known.read_only().contains(path)) {
        return None;
    }
    let values: Option<Vec<String>> =
        properties.iter().map(|name| resource.properties.get(name).and_then(identity)).collect();
    Some((properties, values?))
}

/// A value that is the same wherever it is written: a text, or a reference.
fn identity(value: &Value) -> Option<String> {
    match &value.data {
        Data::Call(function, argument) => {
            let parts: Option<Vec<String>> = match &argument.data {
                Data::List(items) => items.iter().map(text).collect(),
                _ => Some(vec![text(argument)?]),
            };
            matches!(function, Function::GetAtt | Function::Ref | Function::Sub)
                .then(|| Some(format!("!{} {}", function.tag(), parts?.join("."))))?
        }
        _ => text(value).filter(|text| !text.is_empty()),
    }
}

fn check_tags(context: &Context<'_>, resource: &Resource, sink: &mut Sink) {
    let Some(property) = provider::resource_type(&resource.kind).and_then(provider::ResourceType::taggable) else {
        return;
    };
    let mut tags = None;
    for (depth, name) in property.split('/').enumerate() {
        tags = match tags {
            None if depth == 0 => resource.properties.get(name),
            Some(value) => Value::as_map(value).and_then(|map| map.get(name)),
            None => None,
        };
    }
    let Some(tags) = tags else { return };
    let path = format!("Resources/{}/Properties/{property}", resource.id);
    match &tags.data {
        Data::List(items) => {
            let mut seen: Vec<String> = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let Some(key) = item.as_map().and_then(|tag| tag.get("Key").or_else(|| tag.get("TagKey"))) else {
                    continue;
                };
                let Some(name) = text(key) else { continue };
                let path = format!("{path}/{index}/Key");
                if is_reserved(&name) {
                    report(context, key, &path, reserved(&name), sink);
                } else if seen.contains(&name) {
                    let message = (format!("tag `{name}` is there twice"), "remove one of them");
                    report(context, key, &path, message, sink);
                }
                seen.push(name);
            }
        }
        Data::Map(map) => {
            for (key, _) in map.0.iter().filter(|(key, _)| is_reserved(&key.text)) {
                let (message, help) = reserved(&key.text);
                let code = if matches!(key.origin, Origin::Written(_)) { &TAG } else { &INTERNAL };
                sink.report(code, key.origin.span(), message).path(path.as_str()).help(help);
            }
        }
        _ => {}
    }
}

fn is_reserved(name: &str) -> bool {
    name.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED))
}

fn reserved(name: &str) -> (String, &'static str) {
    (format!("tag `{name}`, but keys that begin with `{RESERVED}` are kept for AWS"), "write another key")
}

fn report(context: &Context<'_>, key: &Value, path: &str, (message, help): (String, &'static str), sink: &mut Sink) {
    context.report_value(sink, &TAG, key, path, message).help(help);
}
