//! Whom policies let in.

use super::policies::{Statement, Word, words};
use super::{says, values};
use crate::check::Context;
use crate::check::known::{Given, Part, given, parts, text};
use crate::check::policies::Family;
use crate::diagnostics::Sink;
use crate::template::{Data, Resource};

codes! {
    /// Everyone can read a queue or a domain without signing in.
    ///
    /// The policy allows it to all principals (`*`), which includes anonymous callers, and nothing restricts it:
    /// whoever knows the address has the data.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///   OrdersPolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Orders]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: "*", Action: "sqs:*", Resource: !GetAtt Orders.Arn }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///   OrdersPolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Orders]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: sqs:ReceiveMessage
    ///             Resource: !GetAtt Orders.Arn
    ///             Condition: { StringEquals: { "aws:PrincipalAccount": !Ref AWS::AccountId } }
    /// ```
    ///
    /// Source: Amazon SQS Developer Guide, "Basic examples of Amazon SQS policies" (anonymous users); Amazon OpenSearch
    /// Service Developer Guide, "Identity and Access Management" (open policies).
    /// Covers: `SQS_QUEUEPOLICY_NO_WILDCARD_PRINCIPAL`.
    PUBLIC_DATA = Error "public-data";

    /// A policy lets in everyone, or every account of AWS, and nothing restricts it.
    ///
    /// A condition on the organization (`aws:PrincipalOrgID`), the account or the source keeps the rest of the world
    /// out.
    ///
    /// ```yaml
    /// Resources:
    ///   Reader:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { AWS: "*" }, Action: "sts:AssumeRole" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   Organization: { Type: String }
    /// Resources:
    ///   Reader:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { AWS: "*" }
    ///             Action: sts:AssumeRole
    ///             Condition: { StringEquals: { "aws:PrincipalOrgID": !Ref Organization } }
    /// ```
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal" (all principals).
    /// Covers: `CKV_AWS_32`, `CKV_AWS_33`, `CKV_AWS_60`, `KMS_NO_WILDCARD_PRINCIPAL`,
    /// `LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED`, `LAMBDA_NO_WILDCARD_PRINCIPALS`,
    /// `SNS_TOPICPOLICY_NO_WILDCARD_PRINCIPAL`, `SQS_QUEUEPOLICY_NO_WILDCARD_PRINCIPAL`.
    OPEN = Warning "open-to-everyone";

    /// A statement allows everything but what it names: with `NotAction`, `NotResource` or `NotPrincipal`.
    ///
    /// What AWS adds tomorrow is allowed, too. Together with `Deny` these elements are what one wants; with `Allow`
    /// hardly ever.
    ///
    /// ```yaml
    /// Resources:
    ///   Limits:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, NotAction: "iam:*", Resource: "*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Limits:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Deny, NotAction: "iam:*", Resource: "*" }
    /// ```
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: `NotAction`", "`NotResource`" and "AWS JSON policy elements:
    /// `NotPrincipal`".
    /// Covers: `IAM_ROLE_NO_ALLOW_PLUS_NOT_ACTION_ON_TRUST_POLICY`, `IAM_ROLE_NO_ALLOW_PLUS_NOT_PRINCIPAL`,
    /// `IAM_ROLE_OR_POLICY_NO_ALLOW_PLUS_NOT_ACTION`, `IAM_ROLE_OR_POLICY_NO_ALLOW_PLUS_NOT_RESOURCE`,
    /// `S3_BUCKET_POLICY_NO_ALLOW_PLUS_NOT_ACTION`, `S3_BUCKETPOLICY_NO_ALLOW_PLUS_NOTPRINCIPAL`,
    /// `SNS_TOPICPOLICY_NO_ALLOW_PLUS_NOT_ACTION`, `SNS_TOPICPOLICY_NO_ALLOW_PLUS_NOTPRINCIPAL`,
    /// `SQS_QUEUEPOLICY_NO_ALLOW_PLUS_NOT_ACTION`, `SQS_QUEUEPOLICY_NO_ALLOW_PLUS_NOTPRINCIPAL`.
    ALL_BUT = Warning "allow-all-but";

    /// A service of AWS is let in without saying for whom it may act.
    ///
    /// The service acts for all of its customers: whoever points a resource of theirs at this function, queue or topic
    /// is let in. The ARN of the source, or at least its account, keeps them out. The ARN of a bucket has no account,
    /// so it needs `SourceAccount` beside it.
    ///
    /// ```yaml
    /// Parameters:
    ///   FunctionName: { Type: String }
    /// Resources:
    ///   Permission:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       Action: lambda:InvokeFunction
    ///       FunctionName: !Ref FunctionName
    ///       Principal: events.amazonaws.com
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   FunctionName: { Type: String }
    /// Resources:
    ///   Permission:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       Action: lambda:InvokeFunction
    ///       FunctionName: !Ref FunctionName
    ///       Principal: events.amazonaws.com
    ///       SourceAccount: !Ref AWS::AccountId
    /// ```
    ///
    /// Source: IAM User Guide, "The confused deputy problem"; AWS Lambda API Reference, "`AddPermission`".
    /// Covers: `CKV_AWS_364`, `W3663`.
    CONFUSED = Warning "service-without-source";
}

/// What reads the data of resources that anonymous callers can reach: the type, an action, and what settings keep
/// them out all the same.
///
/// Source: see [`PUBLIC_DATA`].
const READABLE: &[(&str, &str, &[&str])] = &[
    ("AWS::Elasticsearch::Domain", "es:ESHttpGet", &["VPCOptions", "AdvancedSecurityOptions"]),
    ("AWS::OpenSearchService::Domain", "es:ESHttpGet", &["VPCOptions", "AdvancedSecurityOptions"]),
    ("AWS::SQS::QueueInlinePolicy", "sqs:ReceiveMessage", &[]),
    ("AWS::SQS::QueuePolicy", "sqs:ReceiveMessage", &[]),
];

/// Types whose policies may let in everyone: buckets are told as such, and an API asks on its own who calls.
const TOLD_ELSEWHERE: &[&str] = &["AWS::ApiGateway::RestApi", "AWS::S3::AccessPoint", "AWS::S3::BucketPolicy"];

/// Services whose messages to topics arrive only without a condition.
///
/// Source: Amazon EventBridge User Guide, "Using resource-based policies for Amazon EventBridge" (Amazon SNS
/// permissions).
const WITHOUT_CONDITION: &[&str] = &["events.amazonaws.com"];

/// Services for which no condition on the source is documented.
///
/// Source: AWS CloudFormation User Guide, "Perform custom processing on CloudFormation templates with template macros".
const WITHOUT_SOURCE: &[&str] = &["cloudformation.amazonaws.com"];

/// How the principals of services end.
const SERVICE: &str = ".amazonaws.com";

/// Checks whom policies and permissions let in.
pub fn check(context: &Context<'_>, statements: &[Statement<'_>], sink: &mut Sink) {
    for statement in statements {
        check_exceptions(context, statement, sink);
        if statement.family != Family::Identity {
            check_everyone(context, statement, sink);
            check_services(context, statement, sink);
        }
    }
    for permission in context.of_type("AWS::Lambda::Permission") {
        check_permission(context, permission, sink);
    }
    for permission in context.of_type("AWS::Lambda::LayerVersionPermission") {
        if says(permission, &["Principal"], "*") && given(&permission.properties, "OrganizationId") == Given::No {
            context
                .report(sink, &OPEN, permission, &["Principal"], "every account of AWS can use this layer")
                .help("name an account as `Principal`, or add `OrganizationId`");
        }
    }
    for policy in context.of_type("AWS::Events::EventBusPolicy") {
        if says(policy, &["Principal"], "*") && given(&policy.properties, "Condition") == Given::No {
            context
                .report(sink, &OPEN, policy, &["Principal"], "every account of AWS can send events to this bus")
                .help("name an account as `Principal`, or add a `Condition` on `aws:PrincipalOrgID`");
        }
    }
}

fn check_exceptions(context: &Context<'_>, statement: &Statement<'_>, sink: &mut Sink) {
    for (name, instead) in [("NotAction", "Action"), ("NotResource", "Resource"), ("NotPrincipal", "Principal")] {
        if let Some(found) = statement.element(name) {
            context
                .report_value(
                    sink,
                    &ALL_BUT,
                    found.value,
                    &found.path,
                    format!("`Allow` with `{name}` allows all that is not named"),
                )
                .help(format!("name what is allowed with `{instead}`, or make it a `Deny`"));
        }
    }
}

fn check_everyone(context: &Context<'_>, statement: &Statement<'_>, sink: &mut Sink) {
    let kind = statement.resource.kind.as_str();
    let Some(principal) = statement.everyone().filter(|_| statement.is_for_anyone()) else { return };
    let path = format!("{}/Principal", statement.path);
    let help = "name the accounts or roles, or add a `Condition` such as `aws:PrincipalOrgID`";
    if let Some((_, action, guards)) = READABLE.iter().find(|(known, ..)| *known == kind) {
        let guarded = guards.iter().any(|guard| given(&statement.resource.properties, guard) != Given::No);
        if guarded {
            return;
        }
        if statement.allows(action) {
            let what = if kind.contains("SQS") { "queue" } else { "domain" };
            let message = format!("everyone can read this {what} without signing in");
            context.report_value(sink, &PUBLIC_DATA, principal, &path, message).help(help);
            return;
        }
    }
    if !TOLD_ELSEWHERE.contains(&kind) {
        let message = match statement.family {
            Family::Trust => "every account of AWS can take this role",
            _ => "this policy lets in everyone",
        };
        context.report_value(sink, &OPEN, principal, &path, message).help(help);
    }
}

/// Queues and topics that services send to.
fn check_services(context: &Context<'_>, statement: &Statement<'_>, sink: &mut Sink) {
    let is_topic = statement.resource.kind.starts_with("AWS::SNS::");
    if !(is_topic || statement.resource.kind.starts_with("AWS::SQS::")) || !statement.is_unconditional() {
        return;
    }
    let Some(principal) = statement.element("Principal") else { return };
    let services = principal.value.as_map().and_then(|map| map.get("Service")).map(words).unwrap_or_default();
    for Word { value, text } in services {
        let Some(name) = text.filter(|name| name.ends_with(SERVICE)) else { continue };
        if is_topic && WITHOUT_CONDITION.contains(&name.as_str()) {
            continue;
        }
        context
            .report_value(
                sink,
                &CONFUSED,
                value,
                &format!("{}/Service", principal.path),
                format!("`{name}` is let in for whoever it acts"),
            )
            .help("add a `Condition` on `aws:SourceArn` or `aws:SourceAccount`");
    }
}

fn check_permission(context: &Context<'_>, permission: &Resource, sink: &mut Sink) {
    let lacks = |names: &[&str]| names.iter().all(|name| given(&permission.properties, name) == Given::No);
    let has_no_source = lacks(&["SourceArn", "SourceAccount", "PrincipalOrgID", "EventSourceToken"]);
    for principal in values(permission, &["Principal"]) {
        let name = text(principal.value);
        // A function URL says itself who may call it.
        if name.as_deref() == Some("*") && has_no_source && lacks(&["FunctionUrlAuthType"]) {
            context
                .report_value(
                    sink,
                    &OPEN,
                    principal.value,
                    &principal.path,
                    "every account of AWS can run this function",
                )
                .help("name an account or a service as `Principal`, or add `PrincipalOrgID`");
        }
        let Some(name) = name.filter(|name| name.ends_with(SERVICE)) else { continue };
        if has_no_source && !WITHOUT_SOURCE.contains(&name.as_str()) {
            context
                .report_value(
                    sink,
                    &CONFUSED,
                    principal.value,
                    &principal.path,
                    format!("`{name}` may run this function for whoever it acts"),
                )
                .help("add `SourceArn`, or `SourceAccount: !Ref AWS::AccountId`");
        }
    }
    if !lacks(&["SourceAccount", "PrincipalOrgID"]) {
        return;
    }
    for source in values(permission, &["SourceArn"]) {
        if matches!(source.value.data, Data::String(_))
            && let Some([Part::Text(arn)]) = parts(source.value).as_deref()
            && arn.starts_with("arn:")
            && arn.contains(":s3:::")
        {
            context
                .report_value(sink, &CONFUSED, source.value, &source.path, "the ARN of a bucket has no account in it")
                .help("add `SourceAccount`: the name of a deleted bucket can be taken by another account");
        }
    }
}
