//! Dynamic partitioning: the keys that a prefix uses, and what gives them.

use super::expressions::{expressions, values};
use super::processors::{Processors, query};
use super::{Destination, EXTENDED_S3};
use crate::check::Context;
use crate::check::block::{Block, HOLE};
use crate::diagnostics::{Sink, closest};
use crate::template::jq::{self, Shape};

codes! {
    /// The partition keys in a prefix and what gives them do not go together.
    ///
    /// `!{partitionKeyFromQuery:name}` needs a processor `MetadataExtraction` whose query gives `name`, and each key of
    /// the query must be in the prefix. `!{partitionKeyFromLambda:name}` needs a processor `Lambda`. Both need dynamic
    /// partitioning. A query gives at most 50 keys.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{partitionKeyFromQuery:tenant}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{customer: (.customer // "none")}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{partitionKeyFromQuery:customer}/"
    ///         ErrorOutputPrefix: errors/
    ///         BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 }
    ///         DynamicPartitioningConfiguration: { Enabled: true }
    ///         ProcessingConfiguration:
    ///           Enabled: true
    ///           Processors:
    ///             - Type: MetadataExtraction
    ///               Parameters:
    ///                 - { ParameterName: MetadataExtractionQuery, ParameterValue: '{customer: (.customer // "none")}' }
    ///                 - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand partitioning keys"; refused at deployment with "Dynamic
    /// Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled".
    KEYS = Error "unusable-partition-keys";
}

/// Source: Firehose Developer Guide, "Amazon Data Firehose quota".
const MAX_KEYS: usize = 50;

/// What turns dynamic partitioning on.
pub const PROPERTY: &str = "DynamicPartitioningConfiguration";

/// The namespaces of keys with the processors that give them.
/// Source: Firehose Developer Guide, "Understand partitioning keys".
const NAMESPACES: &[(&str, &str)] =
    &[("partitionKeyFromQuery", "MetadataExtraction"), ("partitionKeyFromLambda", "Lambda")];

/// Whether a destination partitions by what is in records; `None` if that is not known.
pub fn is_enabled(destination: &Block<'_>) -> Option<bool> {
    if destination.lacks(PROPERTY) {
        return Some(false);
    }
    crate::check::known::boolean(destination.block(PROPERTY)?.one("Enabled")?)
}

/// Checks the keys of a destination.
pub fn check(context: &Context<'_>, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    if destination.kind != EXTENDED_S3 {
        return;
    }
    let prefixes = block.outlines("Prefix");
    let processors = Processors::of(block);
    match is_enabled(block) {
        Some(false) => {
            for prefix in &prefixes {
                if let Some((namespace, name)) = first_key(prefix) {
                    let written = expression(namespace, name);
                    block
                        .report_part(
                            context,
                            sink,
                            &KEYS,
                            ("Prefix", name),
                            format!("`{name}` without dynamic partitioning"),
                        )
                        .help(format!("add `{PROPERTY}` with `Enabled: true`, or leave `{written}` out"));
                }
            }
            return;
        }
        Some(true) => {}
        None => return,
    }
    if block.lacks("Prefix") {
        block
            .report(context, sink, &KEYS, PROPERTY, "dynamic partitioning without a `Prefix`")
            .help("add a `Prefix` with the partition keys");
    }
    if NAMESPACES.iter().all(|(_, kind)| processors.lacks(kind)) {
        block
            .report(context, sink, &KEYS, PROPERTY, "dynamic partitioning without a processor that gives keys")
            .help("add a processor `MetadataExtraction` or `Lambda`");
        return;
    }
    for prefix in &prefixes {
        for (namespace, kind) in NAMESPACES {
            if let Some(name) = values(prefix, namespace).first().filter(|_| processors.lacks(kind)) {
                block
                    .report_part(
                        context,
                        sink,
                        &KEYS,
                        ("Prefix", name),
                        format!("no processor `{kind}` gives `{name}`"),
                    )
                    .help(format!("add a processor `{kind}`"));
            }
        }
    }
    let programs: Vec<String> = processors.of_type("MetadataExtraction").into_iter().filter_map(query).collect();
    if let [program] = programs.as_slice()
        && let Some(keys) = keys(program)
    {
        compare(context, block, &prefixes, &keys, sink);
    }
}

fn compare(context: &Context<'_>, block: &Block<'_>, prefixes: &[String], keys: &[String], sink: &mut Sink) {
    if keys.len() > MAX_KEYS {
        block
            .report(context, sink, &KEYS, "ProcessingConfiguration", format!("{} keys, at most {MAX_KEYS}", keys.len()))
            .help("leave keys out of the query");
    }
    for prefix in prefixes {
        let used = values(prefix, "partitionKeyFromQuery");
        for name in used.iter().filter(|name| !keys.iter().any(|key| key == *name)) {
            let help = match closest(name, keys.iter().map(String::as_str)) {
                Some(key) => format!("did you mean `{key}`?"),
                None => format!("add `{name}` to the query, or leave it out"),
            };
            block
                .report_part(
                    context,
                    sink,
                    &KEYS,
                    ("Prefix", &expression("partitionKeyFromQuery", name)),
                    format!("the query gives no `{name}`"),
                )
                .help(help);
        }
        let known: Vec<&String> = keys.iter().filter(|key| !used.contains(&key.as_str())).collect();
        // A key that is misspelt in the prefix is told once.
        let is_told = used.iter().any(|name| !keys.iter().any(|key| key == name));
        if let Some(unused) = known.first().filter(|_| !is_told && !prefix.contains(HOLE)) {
            block
                .report(context, sink, &KEYS, "Prefix", format!("the prefix does not use `{unused}` of the query"))
                .help(format!("add `!{{partitionKeyFromQuery:{unused}}}`, or leave the key out of the query"));
        }
    }
}

/// A key as it stands in a prefix.
fn expression(namespace: &str, name: &str) -> String {
    format!("!{{{namespace}:{name}}}")
}

/// The namespace and the name of the first partition key in a prefix.
fn first_key(prefix: &str) -> Option<(&str, &str)> {
    expressions(prefix)
        .filter_map(|expression| expression.split_once(':'))
        .find(|(namespace, name)| NAMESPACES.iter().any(|(known, _)| known == namespace) && !name.contains(HOLE))
}

/// The keys of the object that a program of jq makes; `None` if they are not certain.
fn keys(program: &str) -> Option<Vec<String>> {
    let body = jq::program(program).ok()?.body?;
    let Shape::Object(keys) = body.shape() else { return None };
    // Of two keys with one name the last counts.
    let mut names: Vec<String> = Vec::new();
    for key in keys {
        if !names.contains(&key.name) {
            names.push(key.name);
        }
    }
    Some(names)
}
