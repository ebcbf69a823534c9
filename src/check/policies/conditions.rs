//! The conditions of a policy.

use crate::check::Context;
use crate::check::known::branches;
use crate::diagnostics::{Sink, closest};
use crate::template::Map;

codes! {
    /// A condition of a policy compares by an operator that IAM does not have.
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
    ///             Action: s3:ListBucket
    ///             Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*"
    ///             Condition: { StringStartsWith: { s3:prefix: archive/ } }
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
    ///             Action: s3:ListBucket
    ///             Resource: !Sub "arn:${AWS::Partition}:s3:::archive/*"
    ///             Condition: { StringLike: { s3:prefix: archive/* } }
    /// ```
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
    OPERATOR = Error "unknown-condition-operator";
}

/// The operators. Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
const OPERATORS: &[&str] = &[
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

/// What may stand before an operator, for keys with several values.
///
/// Source: IAM User Guide, "Set operators for multivalued context keys".
const SETS: &[&str] = &["ForAllValues:", "ForAnyValue:"];

/// What may follow any operator but `Null`. Source: IAM User Guide, "`IfExists` condition operators".
const IF_EXISTS: &str = "IfExists";

/// Checks the operators of a statement.
pub fn check(context: &Context<'_>, statement: &Map, path: &str, sink: &mut Sink) {
    let Some(condition) = statement.get("Condition") else { return };
    for (path, value) in branches(condition, &format!("{path}/Condition")) {
        for (key, _) in value.as_map().map_or(&[][..], |map| &map.0) {
            if key.text.starts_with("Fn::") {
                continue;
            }
            let bare = SETS.iter().find_map(|set| key.text.strip_prefix(set)).unwrap_or(&key.text);
            let plain = bare.strip_suffix(IF_EXISTS).filter(|plain| *plain != "Null").unwrap_or(bare);
            if OPERATORS.iter().any(|known| known.eq_ignore_ascii_case(plain)) {
                continue;
            }
            let help = match closest(plain, OPERATORS.iter().copied()) {
                Some(near) => format!("did you mean `{}`?", key.text.replace(plain, near)),
                None => "write an operator as `StringEquals`, `ArnLike` or `Bool`".to_owned(),
            };
            let span = context.first_line(key.origin.span());
            sink.report(&OPERATOR, span, format!("there is no operator `{}`", key.text))
                .path(format!("{path}/{}", key.text))
                .help(help);
        }
    }
}
