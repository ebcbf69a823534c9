//! The types of resources: whether there are such, and whether anything is known of them.

use super::{Context, retired};
use crate::diagnostics::{INTERNAL, Sink, closest};
use crate::schema::provider;
use crate::template::Resource;

codes! {
    /// A resource is of a type that CloudFormation does not have.
    ///
    /// Modules, custom resources and types of others are taken as they are.
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::Firehose::DeliveryStream
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Topic:
    ///     Type: AWS::SNS::Topic
    /// ```
    RESOURCE_TYPE = Error "undefined-resource-type";

    /// A resource is of a type that is not one of AWS.
    ///
    /// Types of others come from the registry of CloudFormation. They exist only in accounts and regions in which they
    /// were activated or registered, so that a stack fails everywhere else; and nothing is known of them here, so that
    /// neither their properties nor their attributes are checked.
    ///
    /// ```yaml
    /// Resources:
    ///   Code:
    ///     Type: Example::Repositories::Repository
    ///     Properties: { Name: example }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Code:
    ///     Type: AWS::CodeCommit::Repository
    ///     Properties: { RepositoryName: example }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "Managing extensions with the CloudFormation registry".
    THIRD_PARTY = Warning "third-party-type";
}

/// Checks the types of all resources.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in &context.template.resources {
        if provider::resource_type(&resource.kind).is_none() {
            check_unknown(context, resource, sink);
        }
    }
}

fn check_unknown(context: &Context<'_>, resource: &Resource, sink: &mut Sink) {
    let kind = resource.kind.as_str();
    let Some(span) = resource.attributes.get("Type").map(|value| value.origin.span()) else {
        // Of custom resources only their makers know the properties.
        if context.template.written.is_none() && !kind.starts_with("Custom::") {
            sink.report(&INTERNAL, resource.origin.span(), format!("there is no resource type `{kind}`"))
                .help("this is a mistake of formwork; please report it with the blueprint");
        }
        return;
    };
    let parts: Vec<&str> = kind.split("::").collect();
    let is_word = |part: &&str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric());
    let foreign = matches!(parts.as_slice(), [owner, _, _] if *owner != "AWS" && parts.iter().all(is_word));
    let own = match parts.as_slice() {
        ["Custom", name] => !name.is_empty(),
        [_, _, _, "MODULE"] => parts.iter().all(is_word),
        _ => foreign,
    };
    // A function or a number is reported as the wrong type that it is.
    if kind.is_empty() || retired::is_retired(kind) {
        return;
    }
    let path = format!("Resources/{}/Type", resource.id);
    let near = closest(kind, provider::type_names());
    let misspelt = near.filter(|name| {
        !own || parts.first().is_some_and(|owner| is_aws(owner) && name.ends_with(&kind[owner.len()..]))
    });
    if own && misspelt.is_none() {
        if foreign {
            sink.report(&THIRD_PARTY, span, format!("`{kind}` is not of AWS, so nothing of it is checked"))
                .path(path)
                .help("activate it in every account and region that this is deployed to");
        }
        return;
    }
    sink.report(&RESOURCE_TYPE, span, format!("there is no resource type `{kind}`"))
        .path(path)
        .help(near.map_or_else(
            || "write a type of the CloudFormation resource reference".to_owned(),
            |name| format!("did you mean `{name}`?"),
        ))
        .meant(kind, provider::type_names());
}

/// Whether the owner of a type is AWS in another way of writing it.
fn is_aws(owner: &str) -> bool {
    owner.eq_ignore_ascii_case("AWS") || owner.eq_ignore_ascii_case("Amazon")
}
