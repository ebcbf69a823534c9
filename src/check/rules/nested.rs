//! Nested stacks whose templates are files beside the template: what is handed over to them.

use crate::check::Context;
use crate::check::known::{Given, branches, given};
use crate::diagnostics::{Sink, closest};
use crate::template::{Map, Resource, Template, Value};

codes! {
    /// A nested stack is not given the parameters that its template has.
    ///
    /// A parameter without a default needs a value, and a stack is not made if it is given one that its template does not
    /// know. This is checked where the template of the nested stack is a file, as `cloudformation package` takes it.
    ///
    /// ```yaml child=network.yaml
    /// Resources:
    ///   Network:
    ///     Type: AWS::CloudFormation::Stack
    ///     Properties:
    ///       TemplateURL: network.yaml
    ///       Parameters: { VpcID: vpc-0123456789abcdef0 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml child=network.yaml
    /// Resources:
    ///   Network:
    ///     Type: AWS::CloudFormation::Stack
    ///     Properties:
    ///       TemplateURL: network.yaml
    ///       Parameters: { VpcId: vpc-0123456789abcdef0 }
    /// ```
    ///
    /// Source: CloudFormation Template Reference, `AWS::CloudFormation::Stack`, `Parameters`.
    PARAMETERS = Error "mismatched-stack-parameters";
}

/// Checks nested stacks.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for (id, child) in context.nested {
        if let Some(stack) = context.resources.get(id.as_str()) {
            check_stack(context, stack, child, sink);
        }
    }
}

fn check_stack(context: &Context<'_>, stack: &Resource, child: &Template, sink: &mut Sink) {
    let path = format!("Resources/{}/Properties/Parameters", stack.id);
    let Some(value) = stack.properties.get("Parameters") else {
        let needed = needed(child, &Map::default());
        if let Some(message) = missing(&needed) {
            context.report(sink, &PARAMETERS, stack, &[], message).help(help(&needed));
        }
        return;
    };
    for (path, value) in branches(value, &path) {
        let Some(map) = value.as_map() else { continue };
        let unknown: Vec<&str> =
            names(map).filter(|name| !name.starts_with("Fn::") && child.parameters.get(name).is_none()).collect();
        for (key, _) in map.0.iter().filter(|(key, _)| unknown.contains(&key.text.as_str())) {
            let near = closest(&key.text, names(&child.parameters).filter(|name| map.get(name).is_none()));
            sink.report(&PARAMETERS, key.origin.span(), format!("the nested template has no parameter `{}`", key.text))
                .path(format!("{path}/{}", key.text))
                .help(near.map_or_else(
                    || "remove it, or add it to the nested template".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                ));
        }
        let mut needed = needed(child, map);
        // A misspelt one is told with its own name.
        needed.retain(|name| !unknown.iter().any(|unknown| closest(unknown, std::iter::once(*name)).is_some()));
        let Some(message) = missing(&needed) else { continue };
        let whole = stack.properties.get("Parameters").is_some_and(|all| std::ptr::eq(all, value));
        let diagnostic = if whole {
            context.report(sink, &PARAMETERS, stack, &["Parameters"], message)
        } else {
            context.report_value(sink, &PARAMETERS, value, &path, message)
        };
        diagnostic.help(help(&needed));
    }
}

/// What is said of parameters that are not given.
fn missing(needed: &[&str]) -> Option<String> {
    needed.first().map(|first| format!("parameter `{first}` of the nested template is not given"))
}

fn names(map: &Map) -> impl Iterator<Item = &str> {
    map.0.iter().map(|(key, _)| key.text.as_str())
}

/// The parameters of a template that need a value and are not given one.
fn needed<'c>(child: &'c Template, map: &Map) -> Vec<&'c str> {
    let open = |value: &Value| value.as_map().is_none_or(|parameter| parameter.get("Default").is_some());
    let parameters = child.parameters.0.iter().filter(|(_, value)| !open(value)).map(|(key, _)| key.text.as_str());
    parameters.filter(|name| given(map, name) == Given::No).collect()
}

fn help(needed: &[&str]) -> String {
    let names: Vec<String> = needed.iter().map(|name| format!("`{name}`")).collect();
    format!("add {} to `Parameters`", names.join(", "))
}
