//! `overrides`: raw properties that are merged into what a component makes.

use crate::blueprint::text::{Tree, TreeData};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::kinds::{Place, Scope};
use crate::source::Origin;
use crate::template::{Data, Map, Resource, Value};

codes! {
    /// `overrides` names a resource that the component does not make.
    ///
    /// The name is the role of the resource in its component: its logical id without the name of the component.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     overrides:
    ///       Buckets: { ObjectLockEnabled: true }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     overrides:
    ///       Bucket: { ObjectLockEnabled: true }
    /// ```
    ROLE = Error "unknown-override";
}

/// Merges the overrides of a component into its resources.
pub fn apply(overrides: &Tree, place: &Place, scope: &Scope, resources: &mut [Resource], sink: &mut Sink) {
    let TreeData::Map(entries) = &overrides.data else { return };
    for (role, span, tree) in entries {
        let id = place.id(role);
        if let Some(resource) = resources.iter_mut().find(|resource| resource.id == id) {
            let value = scope.tree(tree);
            if let Data::Map(properties) = value.data {
                merge(&mut resource.properties, properties);
            }
            continue;
        }
        let start = place.id("").len();
        let roles: Vec<&str> = resources.iter().filter_map(|resource| resource.id.get(start..)).collect();
        let help = closest(role, roles.iter().copied()).map_or_else(
            || format!("it makes {}", alternatives(roles.iter().copied())),
            |role| format!("did you mean `{role}`?"),
        );
        // One that has overrides already cannot be meant.
        let free = roles.into_iter().filter(|role| !entries.iter().any(|(known, _, _)| known == role));
        sink.report(&ROLE, *span, format!("`{}` makes no resource `{role}`", place.name)).help(help).meant(role, free);
    }
}

/// Objects are merged, everything else is replaced.
fn merge(into: &mut Map, from: Map) {
    for (key, value) in from.0 {
        match into.0.iter_mut().find(|(known, _)| known.text == key.text) {
            Some((known, old)) => {
                known.origin = key.origin;
                match (&mut old.data, value.data) {
                    (Data::Map(old), Data::Map(new)) => merge(old, new),
                    (_, data) => *old = Value::new(Origin::Written(value.origin.span()), data),
                }
            }
            None => into.0.push((key, value)),
        }
    }
}
