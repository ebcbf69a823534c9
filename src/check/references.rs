//! `Ref`, `Fn::GetAtt` and `Fn::Sub` name what exists, and no resource needs itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{INTERNAL, Sink};
use crate::schema::provider;
use crate::source::{Origin, Span};
use crate::template::{Data, Map, Resource, Template, Value, references};

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
}

/// Checks all references of a template.
pub fn check(template: &Template, sink: &mut Sink) {
    let mut needs: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for resource in &template.resources {
        let properties = Value::new(resource.origin, Data::Map(resource.properties.clone()));
        let mut found = references(&properties);
        found.extend(resource.depends_on.iter().map(|id| (id.clone(), None, resource.origin.span())));
        check_targets(template, &found, &format!("Resources/{}", resource.id), sink);
        needs.insert(&resource.id, found.into_iter().map(|(id, ..)| id).collect());
    }
    let found = references(&whole(&template.outputs));
    check_targets(template, &found, "Outputs", sink);
    report_cycles(template, &needs, sink);
}

fn whole(map: &Map) -> Value {
    let origin = map.0.first().map_or(Origin::Derived(Span::START), |(key, _)| key.origin);
    Value::new(origin, Data::Map(map.clone()))
}

fn check_targets(template: &Template, found: &[(String, Option<String>, Span)], path: &str, sink: &mut Sink) {
    for (id, attribute, span) in found {
        let resource = template.resource(id);
        let exists = match attribute {
            Some(attribute) => resource.is_some_and(|resource| has_attribute(resource, attribute)),
            None => resource.is_some() || id.starts_with("AWS::") || template.parameters.get(id).is_some(),
        };
        if !exists {
            let name = attribute.as_ref().map_or(id.clone(), |attribute| format!("{id}.{attribute}"));
            sink.report(&INTERNAL, *span, format!("nothing in the template is `{name}`"))
                .path(path)
                .help("this is a mistake of formwork; please report it with the blueprint");
        }
    }
}

fn has_attribute(resource: &Resource, attribute: &str) -> bool {
    provider::resource_type(&resource.kind).is_none_or(|known| known.has_attribute(attribute))
}

/// Reports every cycle once, at the first of its resources by name.
fn report_cycles(template: &Template, needs: &BTreeMap<&str, BTreeSet<String>>, sink: &mut Sink) {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for resource in &template.resources {
        let mut trail: Vec<&str> = Vec::new();
        // Each step: a resource, and those that it needs which were not followed yet.
        let mut stack: Vec<(&str, Vec<&str>)> = Vec::new();
        let next = |id: &str| -> Vec<&str> {
            needs
                .get(id)
                .map(|ids| {
                    ids.iter().rev().filter_map(|id| needs.get_key_value(id.as_str())).map(|(id, _)| *id).collect()
                })
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
            } else if !done.contains(needed) {
                trail.push(needed);
                stack.push((needed, next(needed)));
            }
        }
    }
}

fn report_cycle(template: &Template, cycle: &[&str], sink: &mut Sink) {
    let Some(first) = cycle.first().and_then(|id| template.resource(id)) else { return };
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
