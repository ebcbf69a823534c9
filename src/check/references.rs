//! `Ref`, `Fn::GetAtt` and `Fn::Sub` name what exists, and no resource needs itself.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::structure;
use super::uses::{self, Named, Use};
use crate::diagnostics::{INTERNAL, Sink, closest};
use crate::schema::provider::{self, ResourceType};
use crate::template::{Map, PSEUDO_PARAMETERS, Resource, Template, Value};

codes! {
    /// Resources need each other, so that none can be made first.
    ///
    /// CloudFormation refuses such a template.
    ///
    /// ```yaml
    /// components:
    ///   one:
    ///     kind: s3-bucket
    ///     access_logs: { to: two }
    ///   two:
    ///     kind: s3-bucket
    ///     access_logs: { to: one }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   one:
    ///     kind: s3-bucket
    ///     access_logs: { to: two }
    ///   two:
    ///     kind: s3-bucket
    /// ```
    CYCLE = Error "dependency-cycle";

    /// A template names a parameter, a resource, a condition or a mapping that it does not have.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// Outputs:
    ///   Name: { Value: !Ref Archiv }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// Outputs:
    ///   Name: { Value: !Ref Archive }
    /// ```
    REFERENCE = Error "undefined-reference";

    /// `Fn::GetAtt` or `Fn::Sub` names an attribute that the type of the resource does not have.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// Outputs:
    ///   Name: { Value: !GetAtt Archive.Name }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// Outputs:
    ///   Name: { Value: !Ref Archive }
    /// ```
    ///
    /// Source: the provider schema of the type.
    ATTRIBUTE = Error "undefined-attribute";

    /// A parameter, a mapping or a condition of a template is used nowhere.
    ///
    /// ```yaml
    /// Parameters:
    ///   Name: { Type: String }
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    UNUSED = Warning "unused";
}

/// Checks all references of a template.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let template = context.template;
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for resource in &template.resources {
        let found = uses::of_resource(context, resource);
        for one in &found {
            check_use(context, one, sink);
        }
        check_attributes(context, resource, sink);
        let ids = found.iter().filter_map(|one| match one.name {
            Named::Id(id) | Named::Attribute(id, _) => Some(id),
            _ => None,
        });
        let ids = ids.chain(resource.depends_on.iter().map(String::as_str));
        // Types of other transforms become several resources, of which some need others.
        if !resource.kind.starts_with("AWS::Serverless::") {
            needs.insert(&resource.id, ids.collect());
        }
        used.extend(found.iter().map(Use::id));
        used.extend(resource.condition.as_deref());
    }
    let sections = [("Outputs", &template.outputs), ("Conditions", &template.conditions), ("Rules", &template.rules)];
    for (name, section) in sections {
        for one in uses::of_section(context, name, section) {
            check_use(context, &one, sink);
            if name != "Outputs" {
                check_constant(context, &one, sink);
            }
            used.insert(one.id());
        }
    }
    // Metadata may hold anything, so what only stands there is missing nowhere; neither is what only a loop goes over.
    if let Some(written) = template.written.as_ref().and_then(Value::as_map) {
        used.extend(uses::of_section(context, "", written).iter().map(Use::id));
    }
    report_cycles(template, &needs, sink);
    if context.is_written() && !context.is_open {
        report_unused(context, &used, sink);
    }
}

fn check_use(context: &Context<'_>, one: &Use<'_>, sink: &mut Sink) {
    let template = context.template;
    match one.name {
        Named::Id(id) => {
            let known = context.resources.contains_key(id)
                || template.parameters.get(id).is_some()
                || PSEUDO_PARAMETERS.contains(&id);
            if !known && !context.may_have(id) {
                let parameters = template.parameters.0.iter().map(|(key, _)| key.text.as_str());
                let names = context.resources.keys().copied().chain(parameters);
                let names = names.chain(PSEUDO_PARAMETERS.iter().copied());
                report_missing(context, one, "parameter or resource", id, &names.collect::<Vec<_>>(), sink);
            }
        }
        Named::Attribute(id, attribute) => match context.resources.get(id) {
            None if context.may_have(id) => {}
            None if template.parameters.get(id).is_some() => {
                sink.report(&ATTRIBUTE, one.span, format!("`{id}` is a parameter, which has no attributes"))
                    .path(one.path.as_str())
                    .help(format!("write `!Ref {id}`"));
            }
            None => {
                let names = context.resources.keys().copied();
                report_missing(context, one, "resource", id, &names.collect::<Vec<_>>(), sink);
            }
            Some(_) if missing_output(context, id, attribute).is_some() => {
                let output = missing_output(context, id, attribute).unwrap_or_default();
                let known = context.nested.get(id).map(|child| names_of(&child.outputs)).unwrap_or_default();
                let help = closest(output, known.iter().copied()).map_or_else(
                    || "add it to the nested template, or name one that it has".to_owned(),
                    |near| format!("did you mean `Outputs.{near}`?"),
                );
                sink.report(&ATTRIBUTE, one.span, format!("the nested template has no output `{output}`"))
                    .path(one.path.as_str())
                    .help(help);
            }
            Some(resource) => {
                if let Some(attribute) = attribute.filter(|attribute| !has_attribute(resource, attribute)) {
                    let message = format!("`{}` has no attribute `{attribute}`", resource.kind);
                    let code = if context.is_written() { &ATTRIBUTE } else { &INTERNAL };
                    let known =
                        provider::resource_type(&resource.kind).map(ResourceType::attributes).unwrap_or_default();
                    sink.report(code, one.span, message)
                        .path(one.path.as_str())
                        .maybe_help(known_attributes(resource, attribute))
                        .meant(attribute, known.iter().map(String::as_str));
                }
            }
        },
        Named::Condition(name) => {
            if template.conditions.get(name).is_none() && !context.is_open {
                let names = template.conditions.0.iter().map(|(key, _)| key.text.as_str());
                report_missing(context, one, "condition", name, &names.collect::<Vec<_>>(), sink);
            }
        }
        Named::Mapping(name, keys) => check_mapping(context, one, name, keys, sink),
    }
}

/// The output of a nested stack that an attribute names, if its template has none of this name.
fn missing_output<'n>(context: &Context<'_>, id: &str, attribute: Option<&'n str>) -> Option<&'n str> {
    let (child, output) = (context.nested.get(id)?, attribute?.strip_prefix("Outputs.")?);
    let open = structure::is_open(child) || child.outputs.0.iter().any(|(key, _)| key.text.starts_with("Fn::"));
    (!open && child.outputs.get(output).is_none()).then_some(output)
}

fn check_mapping(context: &Context<'_>, one: &Use<'_>, name: &str, keys: [Option<&str>; 2], sink: &mut Sink) {
    let mappings = &context.template.mappings;
    let is_macro = |map: &Map| map.0.iter().any(|(key, _)| key.text.starts_with("Fn::"));
    if context.is_open || is_macro(mappings) {
        return;
    }
    let Some(mapping) = mappings.get(name) else {
        let names = mappings.0.iter().map(|(key, _)| key.text.as_str());
        report_missing(context, one, "mapping", name, &names.collect::<Vec<_>>(), sink);
        return;
    };
    let Some(mapping) = mapping.as_map().filter(|map| !is_macro(map)) else { return };
    let [Some(first), second] = keys else { return };
    let Some(inner) = mapping.get(first) else {
        let names = mapping.0.iter().map(|(key, _)| key.text.as_str());
        report_missing(context, one, &format!("key of mapping `{name}`"), first, &names.collect::<Vec<_>>(), sink);
        return;
    };
    let Some((inner, second)) = inner.as_map().filter(|map| !is_macro(map)).zip(second) else { return };
    if inner.get(second).is_none() {
        let what = format!("key of `{first}` in mapping `{name}`:");
        report_missing(context, one, &what, second, &names_of(inner), sink);
    }
}

fn names_of(map: &Map) -> Vec<&str> {
    map.0.iter().map(|(key, _)| key.text.as_str()).collect()
}

fn report_missing(context: &Context<'_>, one: &Use<'_>, what: &str, name: &str, known: &[&str], sink: &mut Sink) {
    if !context.is_written() {
        sink.report(&INTERNAL, one.span, format!("nothing in the template is `{name}`"))
            .path(one.path.as_str())
            .help("this is a mistake of formwork; please report it with the blueprint");
        return;
    }
    let help = closest(name, known.iter().copied())
        .map_or_else(|| "add it, or name one that exists".to_owned(), |near| format!("did you mean `{near}`?"));
    sink.report(&REFERENCE, one.span, format!("there is no {what} `{name}`"))
        .path(one.path.as_str())
        .help(help)
        .meant(name, known.iter().copied());
}

/// Conditions and rules are decided before there is any resource.
fn check_constant(context: &Context<'_>, one: &Use<'_>, sink: &mut Sink) {
    let (Named::Id(id) | Named::Attribute(id, _)) = one.name else { return };
    if context.resources.contains_key(id) {
        sink.report(
            &REFERENCE,
            one.span,
            format!("resource `{id}` in a condition, which is decided before there are any"),
        )
        .path(one.path.as_str())
        .help("decide by parameters and pseudo parameters");
    }
}

/// Checks what a resource names beside its properties.
fn check_attributes(context: &Context<'_>, resource: &Resource, sink: &mut Sink) {
    let path = format!("Resources/{}", resource.id);
    if let Some(condition) = &resource.condition {
        let span = resource.attributes.get("Condition").map_or(resource.origin.span(), |value| value.origin.span());
        check_use(context, &Use::new(Named::Condition(condition), span, format!("{path}/Condition")), sink);
    }
    for one in uses::dependencies(resource) {
        let id = one.id();
        if !context.resources.contains_key(id) && !context.may_have(id) {
            let names: Vec<&str> = context.resources.keys().copied().collect();
            report_missing(context, &one, "resource", id, &names, sink);
        }
    }
}

fn report_unused(context: &Context<'_>, used: &BTreeSet<&str>, sink: &mut Sink) {
    let sections = [
        ("parameter", &context.template.parameters),
        ("mapping", &context.template.mappings),
        ("condition", &context.template.conditions),
    ];
    for (what, section) in sections {
        for (key, _) in section.0.iter().filter(|(key, _)| !used.contains(key.text.as_str())) {
            sink.report(&UNUSED, key.origin.span(), format!("{what} `{}` is used nowhere", key.text))
                .help("use it, or remove it");
        }
    }
}

fn known_attributes(resource: &Resource, given: &str) -> Option<String> {
    let known = provider::resource_type(&resource.kind)?.attributes();
    if given.eq_ignore_ascii_case("id") || given.eq_ignore_ascii_case("name") {
        return Some(format!("`!Ref {}` gives it", resource.id));
    }
    if let Some(near) = closest(given, known.iter().map(String::as_str)) {
        return Some(format!("did you mean `{near}`?"));
    }
    Some(match known.as_slice() {
        [] => format!("`{}` has no attributes", resource.kind),
        names => format!("it has {}", and(names)),
    })
}

fn and(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// So many names are shown.
const SHOWN: usize = 12;

fn has_attribute(resource: &Resource, attribute: &str) -> bool {
    // Types of other transforms become several resources, of which only those of a function are known well.
    (resource.kind.starts_with("AWS::Serverless::") && resource.kind != "AWS::Serverless::Function")
        || provider::resource_type(&resource.kind).is_none_or(|known| known.has_attribute(attribute))
}

/// So many cycles are told; where everything needs everything there are more than anybody reads.
const MOST_CYCLES: usize = 20;

/// Reports every cycle once, at the first of its resources by name.
fn report_cycles(template: &Template, needs: &BTreeMap<&str, BTreeSet<&str>>, sink: &mut Sink) {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut told = 0;
    for resource in &template.resources {
        let mut trail: Vec<&str> = Vec::new();
        // Each step: a resource, and those that it needs which were not followed yet.
        let mut stack: Vec<(&str, Vec<&str>)> = Vec::new();
        let next = |id: &str| -> Vec<&str> {
            needs
                .get(id)
                .map(|ids| ids.iter().rev().filter_map(|id| needs.get_key_value(id)).map(|(id, _)| *id).collect())
                .unwrap_or_default()
        };
        if done.contains(resource.id.as_str()) {
            continue;
        }
        trail.push(&resource.id);
        stack.push((&resource.id, next(&resource.id)));
        while let Some((id, rest)) = stack.last_mut() {
            let id: &str = id;
            let Some(needed) = rest.pop() else {
                done.insert(id);
                trail.pop();
                stack.pop();
                continue;
            };
            if let Some(at) = trail.iter().position(|id| *id == needed) {
                report_cycle(template, &trail[at..], sink);
                told += 1;
                if told == MOST_CYCLES {
                    return;
                }
            } else if !done.contains(needed) {
                trail.push(needed);
                stack.push((needed, next(needed)));
            }
        }
    }
}

fn report_cycle(template: &Template, cycle: &[&str], sink: &mut Sink) {
    let Some(first) = cycle.first().and_then(|id| template.resource(id)) else { return };
    let own = first.attributes.get("DependsOn").filter(|_| cycle.len() == 1);
    if let Some(own) = own {
        let items = own.as_list().unwrap_or(std::slice::from_ref(own));
        if let Some(item) = items.iter().find(|item| item.as_str() == Some(&first.id)) {
            sink.report(&CYCLE, item.origin.span(), format!("`{}` depends on itself", first.id))
                .path(format!("Resources/{}/DependsOn", first.id))
                .help("remove it");
            return;
        }
    }
    let path: Vec<&str> = cycle.iter().chain(cycle.first()).copied().collect();
    let diagnostic = sink.report(&CYCLE, first.origin.span(), format!("a cycle of resources: {}", path.join(" → ")));
    let mut shown = vec![first.origin.span()];
    for resource in cycle.iter().skip(1).filter_map(|id| template.resource(id)) {
        let span = resource.origin.span();
        if !shown.contains(&span) {
            shown.push(span);
            diagnostic.also(span, format!("`{}` comes from here", resource.id));
        }
    }
    diagnostic.help("remove one of the references between these components");
}
