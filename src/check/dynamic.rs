//! Dynamic references: `{{resolve:…}}`, which CloudFormation resolves at deployment.

use super::Context;
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::template::{Data, Function, Value};

codes! {
    /// A dynamic reference is malformed, or stands where CloudFormation does not resolve it.
    ///
    /// `ssm-secure` is resolved in a few passwords alone.
    ///
    /// ```yaml
    /// Resources:
    ///   Job:
    ///     Type: AWS::Glue::Connection
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       ConnectionInput:
    ///         ConnectionType: JDBC
    ///         ConnectionProperties: { PASSWORD: "{{resolve:ssm-secure:password:1}}" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Job:
    ///     Type: AWS::Glue::Connection
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       ConnectionInput:
    ///         ConnectionType: JDBC
    ///         ConnectionProperties: { PASSWORD: "{{resolve:secretsmanager:database:SecretString:password}}" }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "Get values stored in other services using dynamic references".
    MALFORMED = Error "dynamic-reference";

    /// A secret is put where it can be read.
    ///
    /// What is in an output, in metadata or in the environment of a function or a container is shown to everybody who
    /// may describe the stack, the function or the task.
    ///
    /// ```yaml
    /// Resources:
    ///   Transform:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Code: { S3Bucket: code, S3Key: transform.zip }
    ///       Handler: index.handler
    ///       Runtime: python3.14
    ///       Role: arn:aws:iam::123456789012:role/transform
    ///       Environment: { Variables: { PASSWORD: "{{resolve:secretsmanager:database:SecretString:password}}" } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Transform:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Code: { S3Bucket: code, S3Key: transform.zip }
    ///       Handler: index.handler
    ///       Runtime: python3.14
    ///       Role: arn:aws:iam::123456789012:role/transform
    ///       Environment: { Variables: { SECRET_NAME: database } }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "Get a secret or secret value from Secrets Manager".
    EXPOSED = Warning "exposed-secret";
}

/// Where `ssm-secure` is resolved.
///
/// Source: CloudFormation User Guide, "Get a secure string value from Systems Manager Parameter Store", "Resources that
/// support dynamic parameter patterns for secure strings".
const SECURE_PLACES: &[(&str, &str)] = &[
    ("AWS::DirectoryService::MicrosoftAD", "Password"),
    ("AWS::DirectoryService::SimpleAD", "Password"),
    ("AWS::ElastiCache::ReplicationGroup", "AuthToken"),
    ("AWS::IAM::User", "LoginProfile/Password"),
    ("AWS::KinesisFirehose::DeliveryStream", "RedshiftDestinationConfiguration/Password"),
    ("AWS::OpsWorks::App", "AppSource/Password"),
    ("AWS::OpsWorks::Stack", "CustomCookbooksSource/Password"),
    ("AWS::OpsWorks::Stack", "RdsDbInstances/*/DbPassword"),
    ("AWS::RDS::DBCluster", "MasterUserPassword"),
    ("AWS::RDS::DBInstance", "MasterUserPassword"),
    ("AWS::Redshift::Cluster", "MasterUserPassword"),
];

/// What everybody can read who may describe the resource.
///
/// Source: Lambda Developer Guide, "Working with Lambda environment variables"; Amazon ECS Developer Guide, "Pass
/// sensitive data to an Amazon ECS container".
const SHOWN_PLACES: &[(&str, &str)] = &[
    ("AWS::ECS::TaskDefinition", "ContainerDefinitions/*/Environment/*/Value"),
    ("AWS::Lambda::Function", "Environment/Variables/*"),
    ("AWS::Serverless::Function", "Environment/Variables/*"),
];

/// What a text is part of.
#[derive(Clone, Copy)]
enum Area<'a> {
    /// A property of a resource of this type.
    Property(&'a str),
    /// What the description of the stack shows; how it is called.
    Shown(&'static str),
}

/// Checks the dynamic references of a template.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in &context.template.resources {
        let area = Area::Property(&resource.kind);
        for (key, value) in &resource.properties.0 {
            let shown = format!("Resources/{}/Properties/{}", resource.id, key.text);
            walk(context, value, area, &mut vec![&key.text], &shown, sink);
        }
        if let Some(metadata) = resource.attributes.get("Metadata") {
            let shown = format!("Resources/{}/Metadata", resource.id);
            walk(context, metadata, Area::Shown("metadata"), &mut Vec::new(), &shown, sink);
        }
    }
    for (name, section) in [("Metadata", &context.template.metadata), ("Outputs", &context.template.outputs)] {
        let area = Area::Shown(if name == "Outputs" { "an output" } else { "metadata" });
        for (key, value) in &section.0 {
            walk(context, value, area, &mut Vec::new(), &format!("{name}/{}", key.text), sink);
        }
    }
}

fn walk<'a>(
    context: &Context<'_>,
    value: &'a Value,
    area: Area<'_>,
    path: &mut Vec<&'a str>,
    shown: &str,
    sink: &mut Sink,
) {
    match &value.data {
        Data::String(text) => {
            for inside in references(text) {
                let place = context.narrow(value.origin.span(), inside);
                check_one(inside, place, area, path, shown, sink);
            }
        }
        Data::List(items) => {
            path.push("*");
            for (index, item) in items.iter().enumerate() {
                walk(context, item, area, path, &format!("{shown}/{index}"), sink);
            }
            path.pop();
        }
        Data::Map(map) => {
            for (key, value) in &map.0 {
                path.push(&key.text);
                walk(context, value, area, path, &format!("{shown}/{}", key.text), sink);
                path.pop();
            }
        }
        Data::Call(function, argument) => {
            let shown = format!("{shown}/{}", function.name());
            let parts = argument.as_list().unwrap_or_default();
            match (function, parts) {
                // What a function gives stands where the function stands.
                (Function::If, [_, branches @ ..]) => {
                    for branch in branches {
                        walk(context, branch, area, path, &shown, sink);
                    }
                }
                (Function::Join, [_, values]) => {
                    for one in values.as_list().unwrap_or_default() {
                        walk(context, one, area, path, &shown, sink);
                    }
                }
                (Function::Sub, [text, ..]) => walk(context, text, area, path, &shown, sink),
                (Function::Sub | Function::Base64, []) => walk(context, argument, area, path, &shown, sink),
                _ => {}
            }
        }
        Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
}

/// What is in `{{ }}` of the dynamic references of a text. One that is put together is complete nowhere.
fn references(text: &str) -> Vec<&str> {
    let starts = text.match_indices("{{resolve:").filter_map(|(at, _)| text.get(at + 2..));
    starts.filter_map(|rest| rest.split_once("}}").map(|(inside, _)| inside)).collect()
}

fn check_one(inside: &str, place: Span, area: Area<'_>, path: &[&str], shown: &str, sink: &mut Sink) {
    // What a parameter brings may hold further parts.
    let known = !inside.contains("${");
    let parts: Vec<&str> = inside.split(':').collect();
    let problem = match parts.as_slice() {
        _ if !known => None,
        [_, "ssm" | "ssm-secure", "arn", ..] => None,
        [_, "ssm" | "ssm-secure", rest @ ..] => parameter(rest),
        [_, "secretsmanager", "arn", _, _, _, _, "secret", _, rest @ ..] => secret(rest),
        [_, "secretsmanager", "arn", ..] => {
            Some(("is not the ARN of a secret", "write the ARN of a secret, or its name"))
        }
        [_, "secretsmanager", name, rest @ ..] if !name.is_empty() => secret(rest),
        [_, "secretsmanager", ..] => Some(("names no secret", "write the name of a secret or its ARN")),
        _ => Some(("names no service that is resolved", "write `ssm`, `ssm-secure` or `secretsmanager`")),
    };
    if let Some((problem, help)) = problem {
        sink.report(&MALFORMED, place, format!("`{inside}` {problem}")).path(shown).help(help);
        return;
    }
    let stands = |kind: &str, places: &[(&str, &str)]| {
        places.iter().any(|(known, place)| {
            let names: Vec<&str> = place.split('/').collect();
            let same = |(name, key): (&&str, &&str)| *name == "*" || name == key;
            *known == kind && names.len() == path.len() && names.iter().zip(path).all(same)
        })
    };
    match (parts.get(1).copied(), area) {
        (Some("ssm-secure"), Area::Property(kind)) if stands(kind, SECURE_PLACES) => {}
        (Some("ssm-secure"), _) => {
            sink.report(&MALFORMED, place, "`ssm-secure` is not resolved here")
                .path(shown)
                .help("keep the value in Secrets Manager, and write `secretsmanager`");
        }
        (Some("secretsmanager"), Area::Property(kind)) if stands(kind, SHOWN_PLACES) => {
            sink.report(&EXPOSED, place, "a secret in the environment, where it can be read")
                .path(shown)
                .help("pass the name of the secret, and read it when the program runs");
        }
        (Some("secretsmanager"), Area::Shown(what)) => {
            sink.report(&EXPOSED, place, format!("a secret in {what}, where it can be read or is not resolved"))
                .path(shown)
                .help("leave it out, or name the secret itself");
        }
        _ => {}
    }
}

/// What is wrong with the name and the version of a parameter.
fn parameter(parts: &[&str]) -> Option<(&'static str, &'static str)> {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-/".contains(letter))
    };
    let is_version = |version: &str| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    match parts {
        [name] | [name, _] if !is_name(name) => {
            Some(("names no parameter", "write the name of a parameter: letters, digits and `_.-/`"))
        }
        [_] => None,
        [_, version] if is_version(version) => None,
        [_, _] => Some(("has no number as version", "write the number of a version, or leave it out")),
        _ => Some(("has too many parts", "write `resolve:ssm:name:version`")),
    }
}

/// What is wrong with what follows the name of a secret.
fn secret(parts: &[&str]) -> Option<(&'static str, &'static str)> {
    let form = "write `resolve:secretsmanager:name:SecretString:key:stage:version`";
    match parts {
        [first, ..] if !first.is_empty() && *first != "SecretString" => {
            Some(("has something else than `SecretString` behind the name of the secret", form))
        }
        [_, _, stage, version] if !stage.is_empty() && !version.is_empty() => {
            Some(("names both a stage and a version", "keep one of them"))
        }
        [_, _, _, _, _, ..] => Some(("has too many parts", form)),
        _ => None,
    }
}
