//! What a template says around its resources: description, metadata, parameters, outputs.

use crate::blueprint::Blueprint;
use crate::diagnostics::Sink;
use crate::kinds::Scope;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Data, Map, Template, Value};

/// The greatest length of a template's description. Source: CloudFormation User Guide, "CloudFormation quotas".
const MAX_DESCRIPTION_BYTES: usize = 1024;

/// The template without its parameters and resources.
pub fn outline(blueprint: &Blueprint, scope: &Scope, digest: &str) -> Template {
    let origin = Origin::Derived(blueprint.span.unwrap_or(Span::START));
    let description = blueprint.description.as_ref().or(blueprint.title.as_ref()).map(|text| {
        let mut text = text.trim_end().to_owned();
        while text.len() > MAX_DESCRIPTION_BYTES {
            text.pop();
        }
        Value::string(origin, text)
    });
    let mut metadata = Map::default();
    metadata.push("AWS::CloudFormation::Interface", origin, interface(blueprint, origin));
    metadata.push(
        "Formwork",
        origin,
        map!(origin;
            "Blueprint" => blueprint.name.as_str(),
            "Version" => blueprint.version.as_str(),
            "Title" => blueprint.title.as_deref(),
            "Digest" => digest,
        ),
    );
    let mut outputs = Map::default();
    for (key, output) in &blueprint.outputs {
        let origin = Origin::Written(key.span);
        let export = output.export.as_ref().map(|name| map!(origin; "Name" => scope.value(name)));
        let output = map!(origin;
            "Description" => output.description.as_ref().map(|text| text.trim_end()),
            "Value" => scope.value(&output.value),
            "Export" => export,
        );
        outputs.push(&key.text, origin, Value::new(origin, Data::Map(output)));
    }
    Template { description, metadata, outputs, ..Template::default() }
}

/// The parameters, and what is wrong with them.
pub fn parameters(blueprint: &Blueprint, sink: &mut Sink) -> Map {
    let mut parameters = Map::default();
    for (key, parameter) in &blueprint.parameters {
        parameter.check(sink);
        let origin = Origin::Written(key.span);
        parameters.push(&key.text, origin, Value::new(origin, Data::Map(parameter.to_map(key))));
    }
    parameters
}

/// How the console shows the parameters; nothing where no parameter asks for it.
fn interface(blueprint: &Blueprint, origin: Origin) -> Option<Map> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut labels = Map::default();
    for (key, parameter) in &blueprint.parameters {
        if let Some(group) = &parameter.group {
            match groups.iter_mut().find(|(label, _)| label == group) {
                Some((_, members)) => members.push(&key.text),
                None => groups.push((group, vec![&key.text])),
            }
        }
        if let Some(label) = &parameter.label {
            labels.push(&key.text, origin, map!(origin; "default" => label.as_str()));
        }
    }
    if groups.is_empty() && labels.is_empty() {
        return None;
    }
    let groups: Vec<Map> = groups
        .into_iter()
        .map(|(label, members)| map!(origin; "Label" => map!(origin; "default" => label), "Parameters" => members))
        .collect();
    Some(map!(origin;
        "ParameterGroups" => (!groups.is_empty()).then_some(groups),
        "ParameterLabels" => (!labels.is_empty()).then_some(labels),
    ))
}
