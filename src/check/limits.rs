//! The limits of CloudFormation.

use crate::diagnostics::Sink;
use crate::source::{Origin, Span};
use crate::template::{
    Data, MAX_BYTES, MAX_OUTPUTS, MAX_PARAMETERS, MAX_RESOURCES, MAX_ROLE_POLICY_CHARACTERS, Template, Value, emit,
};

codes! {
    /// A template is beyond a limit of CloudFormation or of IAM.
    ///
    /// A template has at most 500 resources, 200 parameters, 200 outputs and 1 MB; the inline policies of a role have
    /// at most 10,240 characters together.
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
    for resource in template.resources.iter().filter(|resource| resource.kind == "AWS::IAM::Role") {
        let Some(policies) = resource.properties.get("Policies") else { continue };
        let characters: usize = policies.as_list().unwrap_or_default().iter().map(size).sum();
        if characters > MAX_ROLE_POLICY_CHARACTERS {
            let message = format!(
                "the policies of this role have {characters} characters, at most {MAX_ROLE_POLICY_CHARACTERS} are allowed"
            );
            sink.report(&OVER_LIMIT, resource.origin.span(), message)
                .path(format!("Resources/{}/Properties/Policies", resource.id))
                .help("divide the component into several, so that each has a role of its own");
        }
    }
}

/// The characters of a policy as IAM counts them, without blanks; references count as they are written.
fn size(policy: &Value) -> usize {
    let document = policy.as_map().and_then(|policy| policy.get("PolicyDocument")).unwrap_or(policy);
    let document = Value::new(document.origin, Data::List(vec![document.clone()]));
    emit::json(&document).chars().filter(|letter| !letter.is_whitespace()).count()
}
