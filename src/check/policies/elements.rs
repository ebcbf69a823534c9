//! The elements of a policy: which may stand where, and what IAM asks of their texts.

use std::collections::BTreeMap;

use super::{Document, Family, each, entries};
use crate::check::Context;
use crate::check::known::{Given, Part, given, parts, text};
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::template::{Data, Key, Map, Value};

codes! {
    /// An element stands in a policy that cannot have it.
    ///
    /// What a policy is attached to is not named in it again: the policy of a user, a group or a role has no
    /// `Principal`, and the trust policy of a role has no `Resource`. An element and its opposite, as `Action` and
    /// `NotAction`, exclude each other. IAM refuses all of that.
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { Service: firehose.amazonaws.com }
    ///             Action: s3:GetObject
    ///             Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: s3:GetObject
    ///             Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*"
    /// ```
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal" and "IAM JSON policy elements: Resource".
    ELEMENT = Error "misplaced-policy-element";

    /// The name of a statement is not one, or not the only one in its policy.
    ///
    /// In policies of users, groups and roles a `Sid` has letters and digits only. In all policies it names one
    /// statement.
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Sid: read-objects
    ///             Effect: Allow
    ///             Action: s3:GetObject
    ///             Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Sid: ReadObjects
    ///             Effect: Allow
    ///             Action: s3:GetObject
    ///             Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*"
    /// ```
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Sid".
    SID = Error "statement-name";

    /// The resource of a statement is neither an ARN nor `*`.
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: s3:GetObject
    ///             Resource: example-archive/*
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: s3:GetObject
    ///             Resource: !Sub "arn:${AWS::Partition}:s3:::example-archive/*"
    /// ```
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Resource" and "Identify AWS resources with Amazon Resource
    /// Names (ARNs)".
    RESOURCE = Error "resource-not-an-arn";

    /// A policy is written in the version of 2008, which takes `${ }` for plain text.
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2008-10-17"
    ///         Statement: { Effect: Allow, Action: s3:GetObject, Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: s3:GetObject, Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*" }
    /// ```
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Version".
    VERSION = Warning "outdated-policy-version";
}

/// The versions of the policy language. Source: IAM User Guide, "IAM JSON policy elements: Version".
const OLD: &str = "2008-10-17";
const CURRENT: &str = "2012-10-17";

/// The type whose policies may name several statements alike, as S3 does not compare them.
const BUCKET_POLICY: &str = "AWS::S3::BucketPolicy";

/// The types of policies of resources whose statements name their resources by ARN only.
///
/// Source: Amazon S3 User Guide, "Policy resources for Amazon S3"; Service Authorization Reference, "Resource types
/// defined by Amazon SNS" and "Resource types defined by Amazon SQS".
const NAMED_BY_ARN: &[&str] = &[BUCKET_POLICY, "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"];

/// Checks a document.
pub fn check(context: &Context<'_>, document: &Document<'_>, sink: &mut Sink) {
    version(context, document, sink);
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    for (path, statement) in document.statements() {
        misplaced(document.family, statement, &path, sink);
        opposites(statement, &path, sink);
        // Of branches of a condition only one comes to be.
        name(context, document, statement, &path, (!path.contains("/Fn::If/")).then_some(&mut names), sink);
        let by_arn = document.family == Family::Identity || NAMED_BY_ARN.contains(&document.resource.kind.as_str());
        for key in ["Resource", "NotResource"].into_iter().filter(|_| by_arn) {
            for (path, value) in entries(statement, key, &path) {
                resource(context, value, &path, sink);
            }
        }
    }
}

fn version(context: &Context<'_>, document: &Document<'_>, sink: &mut Sink) {
    let path = format!("{}/Version", document.path);
    let version = document.value.as_map().and_then(|map| map.get("Version"));
    for (path, value) in version.map_or(Vec::new(), |version| each(version, &path)) {
        if text(value).as_deref() == Some(OLD) {
            context
                .report_value(sink, &VERSION, value, &path, format!("the policy language of {OLD}"))
                .help(format!("write `{CURRENT}`"));
        }
    }
}

fn misplaced(family: Family, statement: &Map, path: &str, sink: &mut Sink) {
    let (wrong, place, help): (&[&str], _, _) = match family {
        Family::Identity => {
            let help = "remove it: the policy is about who it is attached to";
            (&["Principal", "NotPrincipal"], "a policy of a user, a group or a role", help)
        }
        Family::Trust => {
            let help = "remove it: the policy is about the role that it belongs to";
            (&["Resource", "NotResource"], "a trust policy", help)
        }
        Family::Resource | Family::Registry | Family::Statement => return,
    };
    for (key, _) in statement.0.iter().filter(|(key, _)| wrong.contains(&key.text.as_str())) {
        sink.report(&ELEMENT, key.origin.span(), format!("`{}` in {place}", key.text))
            .path(format!("{path}/{}", key.text))
            .help(help);
    }
}

/// Elements that exclude each other. Source: IAM User Guide, "Grammar of the IAM JSON policy language".
const OPPOSITES: &[[&str; 2]] = &[["Action", "NotAction"], ["Principal", "NotPrincipal"], ["Resource", "NotResource"]];

fn opposites(statement: &Map, path: &str, sink: &mut Sink) {
    for pair in OPPOSITES {
        let sure = |key: &&str| given(statement, key) == Given::Yes;
        let keys: Vec<&Key> = statement
            .0
            .iter()
            .map(|(key, _)| key)
            .filter(|key| pair.iter().filter(|name| sure(name)).any(|name| **name == key.text))
            .collect();
        if let [first, second] = keys.as_slice() {
            sink.report(&ELEMENT, second.origin.span(), format!("`{}` beside `{}`", second.text, first.text))
                .path(format!("{path}/{}", second.text))
                .also(first.origin.span(), "it excludes this")
                .help("write one statement for each, or remove one of them");
        }
    }
}

fn name(
    context: &Context<'_>,
    document: &Document<'_>,
    statement: &Map,
    path: &str,
    names: Option<&mut BTreeMap<String, Span>>,
    sink: &mut Sink,
) {
    let Some(value) = statement.get("Sid") else { return };
    let Some(name) = text(value).filter(|name| !name.is_empty()) else { return };
    let path = format!("{path}/Sid");
    if document.family == Family::Identity && !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        context
            .report_value(sink, &SID, value, &path, format!("`{name}` is not of letters and digits"))
            .help("write letters and digits only");
    }
    let Some(names) = names.filter(|_| document.resource.kind != BUCKET_POLICY) else { return };
    match names.get(&name) {
        Some(first) => {
            context
                .report_value(sink, &SID, value, &path, format!("two statements are named `{name}`"))
                .also(*first, "the first is here")
                .help("name each statement once");
        }
        None => {
            names.insert(name, value.origin.span());
        }
    }
}

fn resource(context: &Context<'_>, value: &Value, path: &str, sink: &mut Sink) {
    let Some(found) = parts(value) else { return };
    let wrong = match found.as_slice() {
        [] => true,
        [Part::Text(text)] => !is_arn(text),
        [Part::Text(start), ..] => !starts_arn(start),
        [Part::Unknown, ..] => false,
    };
    if wrong {
        let shown = match (&value.data, found.first()) {
            (Data::String(text), _) => format!("`{text}`"),
            (_, Some(Part::Text(start))) => format!("what begins with `{start}`"),
            _ => "an empty text".to_owned(),
        };
        context
            .report_value(sink, &RESOURCE, value, path, format!("{shown} is no ARN"))
            .help("write the ARN of what is acted on, or `*`");
    }
}

/// The parts of an ARN up to the resource. Source: IAM User Guide, "Identify AWS resources with Amazon Resource Names".
const ARN_PARTS: usize = 6;

/// Whether a text has the form of an ARN, or is a wildcard for some.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(ARN_PARTS, ':').collect();
    match parts.as_slice() {
        // A wildcard may stand for several parts.
        _ if parts.len() < ARN_PARTS && text.contains('*') => {
            let partition =
                parts.get(1).is_none_or(|partition| partition.starts_with("aws") || partition.starts_with('*'));
            starts_arn(text) && partition
        }
        // Names of variables have colons, too.
        _ if text.contains("${") => starts_arn(text),
        ["arn", partition, service, _, _, resource] => {
            (partition.starts_with("aws") || partition.contains(['*', '?']))
                && !service.is_empty()
                && !resource.is_empty()
        }
        _ => false,
    }
}

/// Whether an ARN may begin like this.
fn starts_arn(text: &str) -> bool {
    let start = "arn:";
    match text.find(['*', '?']) {
        Some(at) => start.starts_with(&text[..at]) || text.starts_with(start),
        None => start.starts_with(text) || text.starts_with(start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_have_six_parts() {
        for good in ["*", "arn:aws:s3:::a/*", "arn:*:s3:::a", "arn:aws:s3:*", "arn:aws-cn:sns:x:1:t", "arn:aws:iam::*"]
        {
            assert!(is_arn(good), "{good}");
        }
        for bad in ["", "arn:", "arn:/backup/*", "a/*", "arn:aws:s3", "aws:s3:::x", "arn:aws::::", "arn:aws:s3:::"] {
            assert!(!is_arn(bad), "{bad}");
        }
        assert!(starts_arn("ar") && starts_arn("arn:aws:s3:::") && starts_arn("*") && !starts_arn("https://"));
    }
}
