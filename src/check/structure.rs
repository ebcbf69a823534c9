//! What a template is made of: its sections, and what stands in each beside the properties of resources.

use std::sync::OnceLock;

use super::{Context, violations};
use crate::diagnostics::Sink;
use crate::schema::model::Document;
use crate::schema::{Leniency, Options, Segment, Violation, ViolationKind, read, validate};
use crate::template::{Data, Map, Template, Value};

codes! {
    /// A resource is to leave a snapshot behind, which its type cannot.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     DeletionPolicy: Snapshot
    ///     UpdateReplacePolicy: Retain
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     DeletionPolicy: Retain
    ///     UpdateReplacePolicy: Retain
    /// ```
    ///
    /// Source: CloudFormation User Guide, "`DeletionPolicy` attribute".
    SNAPSHOT = Error "no-snapshot";

    /// A template has types of the serverless application model, but does not name its transform.
    ///
    /// CloudFormation knows none of these types itself.
    ///
    /// ```yaml
    /// Resources:
    ///   Table:
    ///     Type: AWS::Serverless::SimpleTable
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Transform: AWS::Serverless-2016-10-31
    /// Resources:
    ///   Table:
    ///     Type: AWS::Serverless::SimpleTable
    /// ```
    ///
    /// Source: CloudFormation User Guide, "`AWS::Serverless` transform".
    TRANSFORM = Error "missing-transform";
}

/// The types of which CloudFormation can keep a snapshot.
///
/// Source: CloudFormation User Guide, "`DeletionPolicy` attribute", on `Snapshot`.
const WITH_SNAPSHOTS: &[&str] = &[
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
];

/// The schema of a template without the properties of its resources.
///
/// Source: CloudFormation User Guide, "Template sections", "Parameters", "Resource attribute reference" and
/// "CloudFormation quotas".
fn schema() -> &'static Document {
    static SCHEMA: OnceLock<Document> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = include_str!("../../schemas/template.schema.json");
        // A test reads it.
        serde_json::from_str(text).ok().and_then(|json| read::document(&json).ok()).unwrap_or_default()
    })
}

/// The transforms of AWS, which leave the rest of a template as CloudFormation has it.
///
/// Source: CloudFormation User Guide, "Transform reference".
const KNOWN_TRANSFORMS: &[&str] = &[
    "AWS::CodeDeployBlueGreen",
    "AWS::Include",
    "AWS::LanguageExtensions",
    "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
    "AWS::Serverless-2016-10-31",
    "AWS::ServiceCatalog",
];

/// The transform of serverless applications.
pub const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// Whether macros that only their owner knows go over the whole template, so that it may become anything.
pub fn has_unknown_macro(template: &Template) -> bool {
    template.transforms.iter().any(|name| !KNOWN_TRANSFORMS.contains(&name.as_str()))
}

/// Whether macros or loops make parts of a template that cannot be seen before it is deployed.
pub fn is_open(template: &Template) -> bool {
    let has_macro = |name: &str| {
        let section = written_map(template).and_then(|map| map.get(name)).and_then(Value::as_map);
        section.is_some_and(|map| map.get("Fn::Transform").is_some())
    };
    template.has_unknown_loops
        || has_unknown_macro(template)
        || written_map(template).is_some_and(|map| map.get("Fn::Transform").is_some())
        || ["Resources", "Conditions", "Mappings"].into_iter().any(has_macro)
}

/// Checks the sections of a template that was written by hand.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let template = context.template;
    let Some(written) = &template.written else { return };
    report_nulls(context, None, written, sink);
    check_types(template, sink);
    let options = Options { leniency: Leniency::CloudFormation, read_only: &[], formats: false };
    let found = validate(schema(), written, options).violations;
    for violation in found.iter().filter(|violation| !violations::is_misspelt(violation, &found)) {
        if !is_meant(violation, template) {
            let path = violation.path_below("");
            violations::report_written(
                context,
                violation,
                path.trim_start_matches('/'),
                violations::mend(violation, written),
                sink,
            );
        }
    }
}

/// Checks what the type of a resource decides about its attributes.
fn check_types(template: &Template, sink: &mut Sink) {
    let serverless = template.transforms.iter().any(|name| name == SERVERLESS) || has_unknown_macro(template);
    let globals = written_map(template).and_then(|map| map.0.iter().find(|(key, _)| key.text == "Globals"));
    if let Some((key, _)) = globals.filter(|_| !serverless) {
        sink.report(&TRANSFORM, key.origin.span(), "`Globals` needs a transform")
            .path("Globals")
            .help(format!("add `Transform: {SERVERLESS}`"));
    }
    for resource in &template.resources {
        let kind = resource.kind.as_str();
        let policies = ["DeletionPolicy", "UpdateReplacePolicy"].map(|name| (name, resource.attributes.get(name)));
        for (name, value) in policies {
            let Some(value) = value.filter(|value| value.as_str() == Some("Snapshot")) else { continue };
            if kind.starts_with("AWS::") && !WITH_SNAPSHOTS.contains(&kind) {
                sink.report(&SNAPSHOT, value.origin.span(), format!("`{kind}` leaves no snapshot"))
                    .path(format!("Resources/{}/{name}", resource.id))
                    .help("write `Retain` to keep the resource itself");
            }
        }
        let connectors = resource.attributes.0.iter().find(|(key, _)| key.text == "Connectors");
        if let Some((key, _)) = connectors.filter(|_| !serverless) {
            sink.report(&TRANSFORM, key.origin.span(), "`Connectors` needs a transform")
                .path(format!("Resources/{}/Connectors", resource.id))
                .help(format!("add `Transform: {SERVERLESS}`"));
        }
        if let Some(value) = resource.attributes.get("Type").filter(|_| !serverless)
            && kind.starts_with("AWS::Serverless::")
        {
            sink.report(&TRANSFORM, value.origin.span(), format!("`{kind}` needs a transform"))
                .path(format!("Resources/{}/Type", resource.id))
                .help(format!("add `Transform: {SERVERLESS}`"));
        }
    }
}

/// Whether a violation is none in this template.
fn is_meant(violation: &Violation, template: &Template) -> bool {
    let serverless = template.transforms.iter().any(|name| name == SERVERLESS);
    let keys: Vec<&str> = violation.path.iter().map(Segment::name).collect();
    match (&violation.kind, keys.as_slice()) {
        // Loops and macros stand among the names.
        (ViolationKind::PatternMismatch { given, .. }, ["Resources" | "Outputs" | "Conditions" | "Mappings", ..]) => {
            given.starts_with("Fn::")
        }
        (_, ["Resources" | "Outputs" | "Conditions", name, ..]) if name.starts_with("Fn::") => true,
        (ViolationKind::UnknownProperty { .. } | ViolationKind::MissingProperty { .. }, ["Resources", ..])
        | (ViolationKind::UnknownProperty { .. }, _)
            if has_unknown_macro(template) =>
        {
            true
        }
        (ViolationKind::MissingProperty { .. }, []) => {
            written_map(template).is_some_and(|map| map.0.iter().any(|(key, _)| key.text.starts_with("Fn::")))
        }
        (ViolationKind::UnknownProperty { name, .. }, [_]) => name.starts_with("Fn::"),
        // The transform takes attributes of its own.
        (ViolationKind::UnknownProperty { .. }, ["Resources", id, ..]) => {
            serverless && template.resource(id).is_some_and(|resource| resource.kind.starts_with("AWS::Serverless::"))
        }
        _ => false,
    }
}

fn written_map(template: &Template) -> Option<&Map> {
    template.written.as_ref().and_then(Value::as_map)
}

/// Reports every `null`, at its key.
fn report_nulls(context: &Context<'_>, key: Option<&crate::template::Key>, value: &Value, sink: &mut Sink) {
    match &value.data {
        Data::Null => {
            let span = key.map_or(value.origin.span(), |key| key.origin.span());
            let message = match key {
                Some(key) => format!("`{}` has no value", key.text),
                None => "there is no value here".to_owned(),
            };
            sink.report(&violations::NULL, span, message).help("write a value, or remove it");
        }
        Data::List(items) => items.iter().for_each(|item| report_nulls(context, None, item, sink)),
        Data::Map(map) => map.0.iter().for_each(|(key, value)| report_nulls(context, Some(key), value, sink)),
        Data::Call(function, argument) if matches!(argument.data, Data::Null) => {
            let name = context.narrow(value.origin.span(), function.name());
            sink.report(&violations::NULL, name, "the function has no argument").help("write one");
        }
        Data::Call(_, argument) => report_nulls(context, None, argument, sink),
        Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_is_one() {
        assert!(!super::schema().root.keywords.is_empty());
    }
}
