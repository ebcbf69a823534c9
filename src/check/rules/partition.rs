//! What is written out that differs from partition to partition.

use crate::check::Context;
use crate::diagnostics::Sink;
use crate::template::{Data, Value};

codes! {
    /// A policy, or what it is attached to, names ARNs of one partition only.
    ///
    /// In China and in the partitions of governments the ARNs of everything begin with another partition, so the policy is refused
    /// there. `${AWS::Partition}` is right everywhere.
    ///
    /// ```yaml
    /// Resources:
    ///   Reading:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::example-archive/*" }
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
    ///           Effect: Allow
    ///           Action: s3:GetObject
    ///           Resource: !Sub "arn:${AWS::Partition}:s3:::example-archive/*"
    /// ```
    ///
    /// Source: AWS General Reference, "Amazon Resource Names (ARNs)"; CloudFormation User Guide, "Pseudo parameters
    /// reference".
    PARTITION = Info "hard-coded-partition";

    /// A template takes the partition of some ARNs from `AWS::Partition`, and writes it out in others.
    ///
    /// It is made for more than one partition, but works in one only: in China and in the partitions of governments the
    /// ARNs of everything begin with another partition, those of the policies of AWS too.
    ///
    /// ```yaml
    /// Resources:
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: sts:AssumeRole, Principal: { Service: lambda.amazonaws.com } }
    ///       ManagedPolicyArns:
    ///         - !Sub "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"
    ///         - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: sts:AssumeRole, Principal: { Service: lambda.amazonaws.com } }
    ///       ManagedPolicyArns:
    ///         - !Sub "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"
    ///         - !Sub "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    /// ```
    ///
    /// Source: as of `hard-coded-partition`.
    MIXED = Warning "mixed-partitions";
}

/// How an ARN of the largest partition begins.
const START: &str = "arn:aws:";

/// Checks all policies and what names them, and tells the first ARN: what holds for one holds for all.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let documents = &context.policies;
    let mixed = context.is_written() && takes_partition(context);
    let mut found: Vec<(&Value, String)> = Vec::new();
    for resource in &context.template.resources {
        if resource.kind.starts_with("AWS::IAM::") {
            for (key, value) in &resource.properties.0 {
                collect(value, &format!("Resources/{}/Properties/{}", resource.id, key.text), &mut found);
            }
        } else {
            for document in documents.iter().filter(|document| document.resource.id == resource.id) {
                collect(document.value.as_ref(), &document.path, &mut found);
            }
        }
    }
    let Some((first, path)) = found.first() else { return };
    let several = match found.len() {
        1 => "an ARN".to_owned(),
        count => format!("{count} ARNs, of which this is the first"),
    };
    let (code, message) = if mixed {
        (&MIXED, format!("the partition `aws` in {several}, beside `AWS::Partition` in others"))
    } else {
        (&PARTITION, format!("the partition `aws` in {several}"))
    };
    let span = context.narrow(first.origin.span(), START);
    sink.report(code, span, message).path(path.as_str()).help("write `arn:${AWS::Partition}:` in a `!Sub`");
}

/// Whether some value of a template is made with the partition of the stack.
fn takes_partition(context: &Context<'_>) -> bool {
    let mut found = false;
    for resource in &context.template.resources {
        for (_, value) in &resource.properties.0 {
            value.walk(&mut |part| {
                found |=
                    part.as_str().is_some_and(|text| text == "AWS::Partition" || text.contains("${AWS::Partition}"));
            });
        }
    }
    found
}

fn collect<'v>(value: &'v Value, path: &str, found: &mut Vec<(&'v Value, String)>) {
    match &value.data {
        Data::String(text) if text.starts_with(START) && !names_account(text) => found.push((value, path.to_owned())),
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{path}/{index}"), found);
            }
        }
        Data::Map(map) => {
            for (key, value) in &map.0 {
                collect(value, &format!("{path}/{}", key.text), found);
            }
        }
        Data::Call(function, argument) => collect(argument, &format!("{path}/{}", function.name()), found),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
    }
}

/// Whether an ARN is that of something in one account, which is in one partition.
fn names_account(arn: &str) -> bool {
    arn.split(':').nth(4).is_some_and(|account| !account.is_empty() && account.chars().all(|c| c.is_ascii_digit()))
}
