//! A raw resource grants what a component of its kind grants.

use std::collections::BTreeMap;

use formwork::compile::Format;
use formwork::kinds::KINDS;
use formwork::schema::provider;
use serde_json::Value as Json;

use crate::memory::{compile, shown};

/// A kind with settings, the same as a resource, the role of that resource in the component, and a use of it.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        "kind: s3-bucket\n    encryption: { key: data }",
        "type: AWS::S3::Bucket\n    properties:\n      BucketEncryption:\n        ServerSideEncryptionConfiguration:\n          \
         - { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: aws:kms, KMSMasterKeyID: \"${data.arn}\" } }",
        "Bucket",
        "kind: firehose-stream\n    to: { s3: thing, layout: [raw] }",
    ),
    ("kind: s3-bucket", "type: AWS::S3::Bucket", "Bucket", "kind: s3-bucket\n    access_logs: { to: thing }"),
    (
        "kind: kinesis-stream\n    encryption: { key: data }",
        "type: AWS::Kinesis::Stream\n    properties: { StreamEncryption: { EncryptionType: KMS, KeyId: \"${data.id}\" } }",
        "Stream",
        "kind: firehose-stream\n    from: thing\n    to: { s3: other }",
    ),
    (
        "kind: sqs-queue\n    encryption: { key: data }",
        "type: AWS::SQS::Queue\n    properties: { KmsMasterKeyId: \"${data.arn}\" }",
        "Queue",
        "kind: event-rule\n    pattern: { source: [shop] }\n    targets: [thing]\n    dead_letters: thing",
    ),
    (
        "kind: sqs-queue\n    fifo: true",
        "type: AWS::SQS::Queue\n    properties: { FifoQueue: true, ContentBasedDeduplication: true }",
        "Queue",
        "kind: schedule\n    at: rate(1 day)\n    target: thing\n    message_group: a",
    ),
    (
        "kind: sns-topic\n    encryption: { key: data }",
        "type: AWS::SNS::Topic\n    properties: { KmsMasterKeyId: \"${data.arn}\" }",
        "Topic",
        "kind: alarm\n    metric: { of: thing, name: PublishSize, statistic: sum }\n    threshold: 1\n    notify: [thing]",
    ),
    (
        "kind: log-group\n    name: /aws/events/a\n    encryption: { key: data }",
        "type: AWS::Logs::LogGroup\n    properties: { LogGroupName: /aws/events/a, KmsKeyId: \"${data.arn}\" }",
        "LogGroup",
        "kind: event-rule\n    pattern: { source: [shop] }\n    targets: [thing]",
    ),
    (
        "kind: event-bus\n    name: shop\n    encryption: { key: data }",
        "type: AWS::Events::EventBus\n    properties: { Name: shop, KmsKeyIdentifier: \"${data.arn}\" }",
        "Bus",
        "kind: event-rule\n    bus: thing\n    pattern: { source: [shop] }\n    targets: [thing]",
    ),
    (
        "kind: secret\n    encryption: { key: data }",
        "type: AWS::SecretsManager::Secret\n    properties: { KmsKeyId: \"${data.arn}\" }",
        "Secret",
        "kind: lambda-function\n    runtime: python3.14\n    source: \"def handler(event, context): pass\"\n    uses: [{ secret: thing }]",
    ),
    (
        "kind: glue-database\n    name: shop",
        "type: AWS::Glue::Database\n    properties: { CatalogId: \"${AWS::AccountId}\", DatabaseInput: { Name: shop } }",
        "Database",
        "kind: glue-crawler\n    bucket: other\n    database: thing",
    ),
    (
        "kind: lambda-function\n    runtime: python3.14\n    source: \"def handler(event, context): pass\"",
        "type: AWS::Lambda::Function\n    properties: { Runtime: python3.14, Handler: index.handler, Role: \"${role.Arn}\", Code: { ZipFile: pass } }",
        "Function",
        "kind: event-rule\n    pattern: { source: [shop] }\n    targets: [thing]",
    ),
    (
        "kind: firehose-stream\n    to: { s3: other }",
        "type: AWS::KinesisFirehose::DeliveryStream\n    properties: { ExtendedS3DestinationConfiguration: { BucketARN: \"${other.arn}\", RoleARN: \"${role.Arn}\", ProcessingConfiguration: { Enabled: true, Processors: [{ Type: AppendDelimiterToRecord }] } } }",
        "Stream",
        "kind: event-rule\n    pattern: { source: [shop] }\n    targets: [thing]",
    ),
    (
        "kind: ses-configuration-set",
        "type: AWS::SES::ConfigurationSet",
        "ConfigurationSet",
        "kind: ses-identity\n    identity: example.com\n    configuration_set: thing",
    ),
    (
        "kind: quicksight-source\n    athena: {}\n    owners: [group/default/analysts]",
        "type: AWS::QuickSight::DataSource\n    properties: { Name: lake, Type: ATHENA }",
        "DataSource",
        "kind: quicksight-dataset\n    source: thing\n    sql: SELECT 1 AS one\n    columns: { one: integer }\n    owners: [group/default/analysts]",
    ),
    ("kind: kms-key", "type: AWS::KMS::Key", "Key", "kind: log-group\n    encryption: { key: thing }"),
];

/// The resources of a blueprint in which `user` uses `thing`, by logical id.
fn resources(thing: &str, user: &str) -> BTreeMap<String, Json> {
    let text = format!(
        "blueprint: example\nversion: 1.0.0\ncomponents:\n  data: {{ kind: kms-key }}\n  other: {{ kind: s3-bucket }}\n  \
         role:\n    kind: resource\n    type: AWS::IAM::Role\n    properties:\n      AssumeRolePolicyDocument:\n        \
         Statement:\n          - {{ Effect: Allow, Principal: {{ Service: [firehose.amazonaws.com, lambda.amazonaws.com] }}, Action: \"sts:AssumeRole\" }}\n      \
         ManagedPolicyArns: [\"${{AWS::Partition}}\"]\n  \
         thing:\n    {thing}\n  user:\n    {user}\n"
    );
    let compiled = compile(text.as_str());
    assert_eq!(shown(&compiled), "", "{text}");
    let json: Json = serde_json::from_str(&compiled.template.unwrap().text(Format::Json)).unwrap();
    serde_json::from_value(json["Resources"].clone()).unwrap()
}

#[test]
fn what_uses_a_resource_gets_what_a_user_of_its_kind_gets() {
    for (kind, raw, role, user) in CASES {
        let of_kind = resources(kind, user);
        let of_raw = resources(&format!("kind: resource\n    {raw}"), user);
        let same = |name: &str| name.replace(&format!("Thing{role}"), "Thing");
        let mut compared = 0;
        for (id, resource) in &of_kind {
            // The resource itself is the user's, and what a kind makes beside it for its own use is not there.
            let is_user = !id.starts_with("Thing") || id.starts_with("ThingPermission") || id.ends_with("Policy");
            if !is_user {
                continue;
            }
            let Some(other) = of_raw.get(id) else {
                let statements = resource["Properties"]["PolicyDocument"]["Statement"].as_array().map(Vec::len);
                assert!(id.ends_with("Policy") && statements == Some(1), "{raw}: no {id}");
                continue;
            };
            let expected = same(&resource.to_string());
            assert_eq!(other.to_string(), expected, "{id} of {raw}");
            compared += usize::from(resource.to_string().contains(&format!("Thing{role}")));
        }
        assert!(compared > 0, "{raw} is not used");
    }
}

#[test]
fn every_kind_stands_for_types_that_exist_once() {
    let mut seen: Vec<&str> = Vec::new();
    for standing in KINDS.iter().filter_map(|kind| kind.standing.as_ref()) {
        for name in standing.types {
            assert!(provider::resource_type(name).is_some(), "{name}");
            assert!(!seen.contains(name), "{name} is of two kinds");
            seen.push(name);
        }
    }
    assert!(seen.len() >= 20);
}

#[test]
fn every_attribute_of_a_kind_is_one_of_a_raw_resource_too() {
    for kind in KINDS {
        let Some(standing) = &kind.standing else { continue };
        for attribute in kind.attributes.iter().filter(|attribute| attribute.get.role() == standing.role) {
            // A property must be given to be had; which ones are is the business of fixtures.
            if matches!(attribute.get, formwork::kinds::Get::Property(..))
                || matches!(attribute.get, formwork::kinds::Get::Text(_, text) if text.contains("{D"))
            {
                continue;
            }
            let name = standing.types[0];
            let text = format!(
                "blueprint: example\nversion: 1.0.0\ncomponents:\n  thing: {{ kind: resource, type: \"{name}\" }}\n\
                 outputs:\n  A: {{ value: \"${{thing.{}}}\" }}\n",
                attribute.name
            );
            let found = shown(&compile(text.as_str()));
            assert!(!found.contains("attribute") && !found.contains("internal"), "{name} {}: {found}", attribute.name);
        }
    }
}
