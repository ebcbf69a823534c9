//! Security: what a template opens to others, leaves unencrypted or gives away.
//!
//! Two rules decide how bad a finding is. What a template says is a warning where it weakens something, and an error
//! where everyone can take data without signing in. What a template does not say, although a catalog of requirements
//! asks for it, is only good to know: nobody wants all of it everywhere, and a default of the service may be enough.
//!
//! Each page names the checks of public tools that it covers, by their ids. The intent of those checks is what counts,
//! not how a tool looks for it.

pub mod access;
pub mod advice;
pub mod exposure;
pub mod identity;
mod policies;
pub mod secrets;
pub mod settings;

use super::Context;
use crate::check::known::{Given, choices, given, text, within};
use crate::diagnostics::Sink;
use crate::template::{Map, Resource, Value};

/// Checks what a template says and does not say about security.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let statements = policies::allowing(context);
    access::check(context, &statements, sink);
    advice::check(context, sink);
    exposure::check(context, &statements, sink);
    identity::check(context, &statements, sink);
    secrets::check(context, sink);
    settings::check(context, sink);
}

/// A value with its path in the template.
pub struct Found<'a> {
    /// The path.
    pub path: String,
    /// The value.
    pub value: &'a Value,
}

/// The values at a path of properties, see [`within`].
fn values<'a>(resource: &'a Resource, path: &[&str]) -> Vec<Found<'a>> {
    let found = within(&resource.properties, path, &format!("Resources/{}/Properties", resource.id));
    found.into_iter().map(|(path, value)| Found { path, value }).collect()
}

/// Whether a resource certainly lacks a property, be it in one of the cases that its conditions choose from.
fn lacks(resource: &Resource, path: &[&str]) -> bool {
    lacks_in(&resource.properties, path)
}

fn lacks_in(map: &Map, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    match (given(map, first), map.get(first)) {
        (Given::No, _) => true,
        (Given::Yes, Some(value)) => {
            choices(value).into_iter().any(|value| value.as_map().is_some_and(|map| lacks_in(map, rest)))
        }
        _ => false,
    }
}

/// Whether one of the values at a path is this text, number or truth value.
fn says(resource: &Resource, path: &[&str], expected: &str) -> bool {
    values(resource, path).iter().any(|found| text(found.value).is_some_and(|text| text == expected))
}
