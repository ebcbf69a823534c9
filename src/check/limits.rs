//! The limits of CloudFormation.

use super::known::{Part, parts};
use crate::diagnostics::Sink;
use crate::source::{Origin, Span};
use crate::template::{
    Data, Function, MAX_BYTES, MAX_MANAGED_POLICY_CHARACTERS, MAX_OUTPUTS, MAX_PARAMETERS, MAX_RESOURCES,
    MAX_ROLE_POLICY_CHARACTERS, Resource, Template, Value, emit,
};

codes! {
    /// A template is beyond a limit of CloudFormation or of IAM.
    ///
    /// A template has at most 500 resources, 200 parameters, 200 outputs and 1 MB; the inline policies of a role have
    /// at most 10,240 characters together, a managed policy at most 6,144.
    ///
    /// ```yaml repeat=251
    /// components:
    ///   archive-{n}:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml repeat=250
    /// components:
    ///   archive-{n}:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation quotas"; IAM User Guide, "IAM and AWS STS quotas".
    OVER_LIMIT = Error "over-limit";
}

/// Checks the size of a template and of its parts.
pub fn check(template: &Template, sink: &mut Sink) {
    let span = template
        .description
        .as_ref()
        .map(|text| text.origin.span())
        .or_else(|| template.metadata.0.first().map(|(key, _)| key.origin.span()));
    let span = span.unwrap_or(Span::START);
    let counts = [
        ("resources", template.resources.len(), MAX_RESOURCES),
        ("parameters", template.parameters.0.len(), MAX_PARAMETERS),
        ("outputs", template.outputs.0.len(), MAX_OUTPUTS),
    ];
    for (what, given, limit) in counts {
        if given > limit {
            sink.report(&OVER_LIMIT, span, format!("{given} {what}, at most {limit} are allowed in a template"))
                .help("divide the blueprint into several");
        }
    }
    let bytes = emit::yaml(&template.to_value(Origin::Derived(span))).len();
    if bytes > MAX_BYTES {
        sink.report(&OVER_LIMIT, span, format!("a template of {bytes} bytes, at most {MAX_BYTES} are allowed"))
            .help("divide the blueprint into several");
    }
    check_roles(template, sink);
    for policy in template.resources.iter().filter(|resource| resource.kind == "AWS::IAM::ManagedPolicy") {
        let characters = policy.properties.get("PolicyDocument").map_or(0, size);
        if characters > MAX_MANAGED_POLICY_CHARACTERS {
            let message =
                format!("this policy has {characters} characters, at most {MAX_MANAGED_POLICY_CHARACTERS} are allowed");
            sink.report(&OVER_LIMIT, policy.origin.span(), message)
                .path(format!("Resources/{}/Properties/PolicyDocument", policy.id))
                .help("divide it into several");
        }
    }
}

/// Adds up the inline policies of each role: its own, and those that name it.
fn check_roles(template: &Template, sink: &mut Sink) {
    for role in template.resources.iter().filter(|resource| resource.kind == "AWS::IAM::Role") {
        let own = role.properties.get("Policies").and_then(Value::as_list).unwrap_or_default();
        let named = |policy: &&Resource| {
            let roles = policy.properties.get("Roles").and_then(Value::as_list).unwrap_or_default();
            let mut all = roles.iter().chain(policy.properties.get("RoleName"));
            let inline = matches!(policy.kind.as_str(), "AWS::IAM::Policy" | "AWS::IAM::RolePolicy");
            let is_role = |value: &Value| matches!(&value.data, Data::Call(Function::Ref, id) if id.as_str() == Some(role.id.as_str()));
            inline && policy.condition.is_none() && all.any(is_role)
        };
        let others = template.resources.iter().filter(named);
        let others = others.filter_map(|policy| policy.properties.get("PolicyDocument"));
        let characters: usize = own.iter().chain(others).map(size).sum();
        if characters > MAX_ROLE_POLICY_CHARACTERS {
            let message = format!(
                "the policies of this role have {characters} characters, at most {MAX_ROLE_POLICY_CHARACTERS} are allowed"
            );
            sink.report(&OVER_LIMIT, role.origin.span(), message)
                .path(format!("Resources/{}/Properties/Policies", role.id))
                .help("divide the component into several, so that each has a role of its own");
        }
    }
}

/// The characters of a policy that IAM counts for certain: without blanks, and without what is known only at deployment.
fn size(policy: &Value) -> usize {
    least(policy.as_map().and_then(|policy| policy.get("PolicyDocument")).unwrap_or(policy))
}

fn least(value: &Value) -> usize {
    // Each member is followed by a comma or the closing bracket.
    let members = |sizes: &mut dyn Iterator<Item = usize>| sizes.map(|size| size + 1).sum::<usize>() + 1;
    match &value.data {
        Data::List(items) => members(&mut items.iter().map(least)),
        Data::Map(map) => members(&mut map.0.iter().map(|(key, value)| key.text.len() + 3 + least(value))),
        Data::Call(Function::If, argument) => match argument.as_list() {
            Some([_, then, otherwise]) => least(then).min(least(otherwise)),
            _ => 0,
        },
        Data::Call(..) => parts(value).map_or(0, |parts| {
            let known = parts.iter().map(|part| match part {
                Part::Text(text) => text.chars().filter(|letter| !letter.is_whitespace()).count(),
                Part::Unknown => 0,
            });
            known.sum::<usize>() + 2
        }),
        _ => emit::json(value).chars().filter(|letter| !letter.is_whitespace()).count(),
    }
}
