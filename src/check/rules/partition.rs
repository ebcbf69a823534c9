//! What is written out that differs from partition to partition.

use crate::check::Context;
use crate::check::policies::{Document, Family, entries};
use crate::diagnostics::Sink;
use crate::template::{Data, Function, Value};

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

    /// A policy names a region or an account, where others of the template take both from the stack.
    ///
    /// The template is made for any region and account, but this permission is for one of them only. It is missing
    /// everywhere else.
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
    ///             Action: sqs:SendMessage
    ///             Resource: !Sub "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:orders"
    ///           - Effect: Allow
    ///             Action: logs:PutLogEvents
    ///             Resource: !Sub "arn:${AWS::Partition}:logs:eu-central-1:123456789012:log-group:/aws/lambda/*"
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
    ///             Action: sqs:SendMessage
    ///             Resource: !Sub "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:orders"
    ///           - Effect: Allow
    ///             Action: logs:PutLogEvents
    ///             Resource: !Sub "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/*"
    /// ```
    ///
    /// Source: CloudFormation User Guide, "Pseudo parameters reference".
    PLACE = Warning "hard-coded-place";
}

/// How an ARN of the largest partition begins.
const START: &str = "arn:aws:";

/// Checks all policies and what names them, and tells the first ARN: what holds for one holds for all.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let documents = &context.policies;
    let mixed = context.is_written() && takes(context, &["AWS::Partition", "AWS::URLSuffix"]);
    let mut found: Vec<(&Value, String)> = Vec::new();
    for resource in &context.template.resources {
        // A template for several partitions is one in all of its parts.
        if mixed || resource.kind.starts_with("AWS::IAM::") {
            for (key, value) in &resource.properties.0 {
                collect(value, &format!("Resources/{}/Properties/{}", resource.id, key.text), &mut found);
            }
        } else {
            for document in documents.iter().filter(|document| document.resource.id == resource.id) {
                collect(document.value.as_ref(), &document.path, &mut found);
            }
        }
    }
    if context.is_written() {
        place(context, sink);
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

/// Whether some value of a template is made with one of these pseudo parameters.
fn takes(context: &Context<'_>, names: &[&str]) -> bool {
    let mut found = false;
    for resource in &context.template.resources {
        for (_, value) in &resource.properties.0 {
            value.walk(&mut |part| {
                let is_named =
                    |text: &str| names.iter().any(|name| text == *name || text.contains(&format!("${{{name}}}")));
                found |= part.as_str().is_some_and(is_named);
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

/// Services whose resources have names that nobody chooses, so that an ARN can only be written out; and those of whose
/// resources some are in one region.
const WRITTEN_OUT: &[&str] = &["acm", "cloudfront", "iam", "kms", "secretsmanager", "sso", "wafv2"];

/// Reports the first ARN of a policy with a region or an account in it, if others have those of the stack.
fn place(context: &Context<'_>, sink: &mut Sink) {
    if !takes(context, &["AWS::AccountId"]) {
        return;
    }
    let takes_region = takes(context, &["AWS::Region"]);
    let of_identity = |document: &&Document<'_>| document.family == Family::Identity;
    for document in context.policies.iter().filter(of_identity) {
        for (path, statement) in document.statements() {
            for (path, value) in entries(statement, "Resource", &path) {
                let text = match &value.data {
                    Data::String(text) => Some(text.as_str()),
                    Data::Call(Function::Sub, argument) => argument.as_str(),
                    _ => None,
                };
                if let Some(part) = text.and_then(written_place).filter(|part| takes_region || part.contains(':')) {
                    let message = format!("`{part}` in an ARN, where others have that of the stack");
                    context
                        .report_at(sink, &PLACE, value.origin.span(), Some(&part), &path, message)
                        .help("write `${AWS::Region}` and `${AWS::AccountId}` in a `!Sub`");
                    return;
                }
            }
        }
    }
}

/// The region and the account in an ARN, as far as they are written out.
fn written_place(arn: &str) -> Option<String> {
    let arn = arn.replace("${AWS::", "${");
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, region, account, resource] = parts.as_slice() else { return None };
    if WRITTEN_OUT.contains(service) || resource.starts_with("layer:") || region.is_empty() {
        return None;
    }
    let is_region = region.split('-').count() >= 3 && !region.contains(['$', '*']);
    let is_account = account.len() == ACCOUNT_DIGITS && account.bytes().all(|digit| digit.is_ascii_digit());
    match (is_region, is_account) {
        (true, true) => Some(format!("{region}:{account}")),
        // Something in another account may be anywhere, and some services are in one region.
        (true, false) if account.contains("AccountId") && *region != "us-east-1" => Some((*region).to_owned()),
        _ => None,
    }
}

/// Digits of the id of an account. Source: AWS Account Management Reference Guide, "View AWS account identifiers".
const ACCOUNT_DIGITS: usize = 12;

/// Whether an ARN is that of something in one account, which is in one partition.
fn names_account(arn: &str) -> bool {
    arn.split(':').nth(4).is_some_and(|account| !account.is_empty() && account.chars().all(|c| c.is_ascii_digit()))
}
