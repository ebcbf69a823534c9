//! What a template does not say, although catalogs of requirements ask for it.

mod pages;
mod wanted;

pub use pages::CODES;

use self::pages::{ACCESS_LOGS, ENCRYPTION, HTTP, KEY, KEY_ROTATION, NODES, SECRET_ROTATION};
use self::wanted::{NO_TLS, OFF, WANTED};
use super::{lacks, says, values};
use crate::check::Context;
use crate::check::known::{Given, given, number, text};
use crate::diagnostics::{Code, Sink};
use crate::template::{Data, Function, Resource, Value};

/// Nodes that a domain needs to go on when one fails: data nodes, and dedicated masters.
///
/// Source: Amazon OpenSearch Service Developer Guide, "Configuring a multi-AZ domain in Amazon OpenSearch Service" and
/// "Dedicated master nodes in Amazon OpenSearch Service".
const MIN_NODES: f64 = 3.0;

/// Checks what is not said.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in &context.template.resources {
        for wanted in WANTED.iter().filter(|wanted| wanted.kind == resource.kind) {
            let replaced = wanted.or.iter().any(|name| given(&resource.properties, name) != Given::No);
            if !replaced && lacks(resource, wanted.path) && !is_log_bucket(context, resource, wanted.code) {
                context.report(sink, wanted.code, resource, wanted.path, wanted.message).help(wanted.help);
            }
        }
        for (off, wanted) in OFF.iter().filter(|(_, wanted)| wanted.kind == resource.kind) {
            for found in values(resource, wanted.path) {
                if text(found.value).is_some_and(|text| text == *off) {
                    context.report_value(sink, wanted.code, found.value, &found.path, wanted.message).help(wanted.help);
                }
            }
        }
        match resource.kind.as_str() {
            "AWS::KinesisFirehose::DeliveryStream" => check_stream(context, resource, sink),
            "AWS::KMS::Key" => check_key(context, resource, sink),
            "AWS::Lambda::Function" => check_variables(context, resource, sink),
            "AWS::Redshift::ClusterParameterGroup" => check_group(context, resource, sink),
            "AWS::S3::Bucket" => check_bucket(context, resource, sink),
            "AWS::SecretsManager::Secret" => check_secret(context, resource, sink),
            "AWS::Elasticsearch::Domain" | "AWS::OpenSearchService::Domain" => check_nodes(context, resource, sink),
            _ => {}
        }
    }
}

/// Whether a bucket takes the access logs of others, and so should not log itself.
fn is_log_bucket(context: &Context<'_>, bucket: &Resource, code: &Code) -> bool {
    let takes = |other: &&Resource| {
        values(other, &["LoggingConfiguration", "DestinationBucketName"])
            .iter()
            .any(|found| context.target(found.value).is_some_and(|target| target.id == bucket.id))
    };
    code.name == ACCESS_LOGS.name && context.of_type("AWS::S3::Bucket").any(|other| takes(&other))
}

/// Records that are put into a stream wait there unencrypted; those of another source are read from it.
fn check_stream(context: &Context<'_>, stream: &Resource, sink: &mut Sink) {
    let direct = given(&stream.properties, "DeliveryStreamType") == Given::No
        || says(stream, &["DeliveryStreamType"], "DirectPut");
    if direct && lacks(stream, &["DeliveryStreamEncryptionConfigurationInput"]) {
        context
            .report(
                sink,
                &ENCRYPTION,
                stream,
                &["DeliveryStreamEncryptionConfigurationInput"],
                "the records of this stream are not encrypted while they wait",
            )
            .help("add `DeliveryStreamEncryptionConfigurationInput: { KeyType: AWS_OWNED_CMK }`");
    }
}

/// Only symmetric keys that KMS made itself can be rotated.
///
/// Source: AWS KMS Developer Guide, "Rotate AWS KMS keys".
fn check_key(context: &Context<'_>, key: &Resource, sink: &mut Sink) {
    let is = |name: &str, expected: &str| given(&key.properties, name) == Given::No || says(key, &[name], expected);
    let can = is("KeySpec", "SYMMETRIC_DEFAULT") && is("Origin", "AWS_KMS");
    if can && lacks(key, &["EnableKeyRotation"]) {
        context
            .report(sink, &KEY_ROTATION, key, &["EnableKeyRotation"], "the key material is never changed")
            .help("add `EnableKeyRotation: true`");
    }
}

fn check_variables(context: &Context<'_>, function: &Resource, sink: &mut Sink) {
    let has_variables = !values(function, &["Environment", "Variables", "*"]).is_empty();
    if has_variables && lacks(function, &["KmsKeyArn"]) {
        context
            .report(
                sink,
                &KEY,
                function,
                &["Environment"],
                "these variables are not encrypted with a key of the account",
            )
            .help("name a key of the account as `KmsKeyArn`");
    }
}

/// A parameter group that says nothing about TLS leaves it to the default of its family.
fn check_group(context: &Context<'_>, group: &Resource, sink: &mut Sink) {
    let named = values(group, &["Parameters", "*", "ParameterName"]);
    let list = group.properties.get("Parameters");
    let is_known = list.is_none_or(|list| matches!(list.data, Data::List(_)));
    if is_known && !named.iter().any(|found| text(found.value).is_none_or(|name| name == "require_ssl")) {
        context.report(sink, &HTTP, group, &["Parameters"], NO_TLS).help("add the parameter `require_ssl` with `true`");
    }
}

/// A bucket whose policy in the same template does not refuse calls without TLS.
fn check_bucket(context: &Context<'_>, bucket: &Resource, sink: &mut Sink) {
    let is_of_bucket = |policy: &&Resource| {
        policy.properties.get("Bucket").is_some_and(|value| match context.target(value) {
            Some(target) => target.id == bucket.id,
            // Which bucket this is about cannot be seen, unless both are named.
            None => text(value).is_none_or(|name| {
                bucket.properties.get("BucketName").is_none_or(|own| text(own).is_none_or(|own| own == name))
            }),
        })
    };
    let denies = context.of_type("AWS::S3::BucketPolicy").filter(is_of_bucket).any(|policy| {
        let mut found = false;
        for (key, value) in &policy.properties.0 {
            found |= key.text == "PolicyDocument" && mentions(value, SECURE_TRANSPORT);
        }
        found
    });
    if !denies {
        context
            .report(sink, &HTTP, bucket, &[], NO_TLS)
            .help("add a bucket policy that denies everything where `aws:SecureTransport` is `false`");
    }
}

/// The condition key that tells whether a call came with TLS.
///
/// Source: IAM User Guide, "AWS global condition context keys".
const SECURE_TRANSPORT: &str = "aws:SecureTransport";

fn mentions(value: &Value, name: &str) -> bool {
    let mut found = false;
    value.walk(&mut |part| {
        // What a function puts together may say it.
        found |= matches!(&part.data, Data::Call(Function::Transform, _));
        if let Data::Map(map) = &part.data {
            found |= map.0.iter().any(|(key, _)| key.text.eq_ignore_ascii_case(name));
        }
    });
    found
}

fn check_secret(context: &Context<'_>, secret: &Resource, sink: &mut Sink) {
    let rotates = context
        .of_type("AWS::SecretsManager::RotationSchedule")
        .filter_map(|schedule| schedule.properties.get("SecretId"))
        .any(|value| context.target(value).is_none_or(|target| target.id == secret.id));
    if !rotates {
        context
            .report(sink, &SECRET_ROTATION, secret, &[], "this secret is never changed")
            .help("add an `AWS::SecretsManager::RotationSchedule`");
    }
}

fn check_nodes(context: &Context<'_>, domain: &Resource, sink: &mut Sink) {
    for kind in ["ClusterConfig", "ElasticsearchClusterConfig"] {
        for config in values(domain, &[kind]) {
            let Some(map) = config.value.as_map() else { continue };
            let few = |name: &str| match map.get(name) {
                None => given(map, name) == Given::No,
                Some(value) => number(value).is_some_and(|number| number < MIN_NODES),
            };
            let on = |name: &str| {
                given(map, name) != Given::No && map.get(name).and_then(text).is_none_or(|on| on == "true")
            };
            let standby = map.get("MultiAZWithStandbyEnabled").is_some() && on("MultiAZWithStandbyEnabled");
            let message = if few("InstanceCount") || !(on("ZoneAwarenessEnabled") || standby) {
                "the data are in fewer than three nodes, or in one zone"
            } else if !on("DedicatedMasterEnabled") || few("DedicatedMasterCount") {
                "there are fewer than three dedicated masters"
            } else {
                continue;
            };
            context
                .report_value(sink, &NODES, config.value, &config.path, message)
                .help("set `InstanceCount: 3`, `ZoneAwarenessEnabled: true` and three dedicated masters");
        }
    }
}
