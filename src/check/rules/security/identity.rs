//! What users, groups and roles may do.

use super::policies::{Statement, fits, words};
use super::{Found, lacks, values};
use crate::check::Context;
use crate::check::known::{Part, parts, text};
use crate::check::policies::{self as documents, Family};
use crate::diagnostics::Sink;

codes! {
    /// A policy allows everything on everything, or a role is given a managed policy that does.
    ///
    /// Whoever takes over the role has the account.
    ///
    /// ```yaml
    /// Resources:
    ///   Deployment:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Action: "*", Resource: "*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Deployment:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Action: "cloudformation:DescribeStacks", Resource: "*" }
    /// ```
    ///
    /// Source: IAM User Guide, "Security best practices in IAM" (least-privilege permissions).
    /// Covers: `CKV_AWS_62`, `CKV_AWS_110`, `CKV2_AWS_68`, `IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS`,
    /// `IAM_ROLE_ADMINISTRATOR_ACCESS_POLICY_RULE`, `IAM_ROLE_ELEVATED_MANAGED_POLICY_RULE`.
    ADMINISTRATOR = Warning "administrator";

    /// A policy allows all actions, or all actions of a service on all of its resources.
    ///
    /// That includes those that change permissions and those that AWS adds tomorrow.
    ///
    /// ```yaml
    /// Resources:
    ///   Reader:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Action: "s3:*", Resource: "*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   BucketArn: { Type: String }
    /// Resources:
    ///   Reader:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Action: "s3:GetObject", Resource: !Sub "${BucketArn}/*" }
    /// ```
    ///
    /// Source: IAM User Guide, "Security best practices in IAM" (least-privilege permissions).
    /// Covers: `CKV_AWS_63`, `IAM_MANAGEDPOLICY_NO_STATEMENTS_WITH_FULL_ACCESS`,
    /// `IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS`, `IAM_ROLE_NO_FULL_ACCESS_ON_TRUST_POLICY`,
    /// `IAM_ROLE_NO_WILDCARD_ACTIONS_ON_PERMISSIONS`, `LAMBDA_PERMISSION_INVOKE_FUNCTION_ACTION`,
    /// `S3_BUCKET_POLICY_NO_WILDCARD_ACTION`, `SQS_QUEUEPOLICY_NO_WILDCARD_ACTION`.
    WILDCARD_ACTION = Warning "wildcard-action";

    /// A policy allows to give any role to a service.
    ///
    /// Who may pass every role, and make a function or an instance, may do what the mightiest role of the account may
    /// do.
    ///
    /// ```yaml
    /// Resources:
    ///   Deployment:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Action: "iam:PassRole", Resource: "*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Deployment:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: iam:PassRole
    ///             Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/delivery/*
    ///             Condition: { StringEquals: { "iam:PassedToService": firehose.amazonaws.com } }
    /// ```
    ///
    /// Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service".
    /// Covers: `CKV_AWS_110`, `IAM_POLICY_NO_WILDCARD_RESOURCE_ON_PASSROLE`,
    /// `IAM_ROLE_NO_WILDCARD_RESOURCE_ON_PASSROLE`.
    PASS_ROLE = Warning "pass-any-role";

    /// A policy allows on all resources what reads secrets and data, hands out credentials, or changes permissions.
    ///
    /// ```yaml
    /// Resources:
    ///   Reader:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Action: "secretsmanager:GetSecretValue", Resource: "*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   SecretArn: { Type: String }
    /// Resources:
    ///   Reader:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Action: "secretsmanager:GetSecretValue", Resource: !Ref SecretArn }
    /// ```
    ///
    /// Source: Service Authorization Reference, the pages of the services (access levels, resource types).
    /// Covers: `CKV_AWS_107`, `CKV_AWS_108`, `CKV_AWS_109`, `CKV_AWS_110`.
    UNBOUNDED = Warning "unbounded-permission";

    /// A policy allows actions that change something on all resources.
    ///
    /// Some actions know no resources, so that this cannot be avoided; most do.
    ///
    /// ```yaml
    /// Resources:
    ///   Writer:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Action: "kinesis:PutRecord", Resource: "*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   StreamArn: { Type: String }
    /// Resources:
    ///   Writer:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Action: "kinesis:PutRecord", Resource: !Ref StreamArn }
    /// ```
    ///
    /// Source: IAM User Guide, "Security best practices in IAM" (least-privilege permissions).
    /// Covers: `CKV_AWS_111`, `IAM_POLICYDOCUMENT_NO_WILDCARD_RESOURCE`.
    WILDCARD_RESOURCE = Info "wildcard-resource";

    /// A policy is attached to a user, or a user has no group.
    ///
    /// Permissions of groups and roles are easier to keep an eye on. People sign in with roles.
    ///
    /// ```yaml
    /// Resources:
    ///   Analyst:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       Groups: [analysts]
    ///       ManagedPolicyArns: [!Sub "arn:${AWS::Partition}:iam::aws:policy/AmazonAthenaFullAccess"]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Analyst:
    ///     Type: AWS::IAM::User
    ///     Properties: { Groups: [analysts] }
    /// ```
    ///
    /// Source: IAM User Guide, "Security best practices in IAM"; CIS AWS Foundations Benchmark.
    /// Covers: `CKV_AWS_40`, `IAM_NO_INLINE_POLICY_CHECK`, `IAM_NO_POLICY_ON_USER`, `IAM_USER_MISSING_GROUP_RULE`,
    /// `IAM_USER_NO_POLICIES_CHECK`.
    USER = Info "policy-on-user";

    /// A role can be taken by whoever another account lets.
    ///
    /// The other account decides alone who that is. An external id, or a condition on the principal, says more.
    ///
    /// ```yaml
    /// Resources:
    ///   Partner:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { AWS: "111122223333" }, Action: "sts:AssumeRole" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   ExternalId: { Type: String }
    /// Resources:
    ///   Partner:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { AWS: "111122223333" }
    ///             Action: sts:AssumeRole
    ///             Condition: { StringEquals: { "sts:ExternalId": !Ref ExternalId } }
    /// ```
    ///
    /// Source: IAM User Guide, "Access to AWS accounts owned by third parties".
    /// Covers: `CKV_AWS_61`.
    ACCOUNT = Info "trusts-whole-account";
}

/// Managed policies of AWS that allow everything, or to give oneself everything.
///
/// Source: AWS Managed Policy Reference Guide.
const MANAGED: &[&str] = &["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"];

/// Actions that matter wherever they are allowed without a limit: what they do, and which they are. Only those are
/// here that can be limited to resources.
///
/// Source: Service Authorization Reference, the pages of the services.
const SENSITIVE: &[(&str, &[&str])] = &[
    (
        "reads secrets and data",
        &[
            "kms:Decrypt",
            "s3:GetObject",
            "secretsmanager:GetSecretValue",
            "ssm:GetParameter",
            "ssm:GetParameters",
            "ssm:GetParametersByPath",
        ],
    ),
    (
        "hands out credentials",
        &[
            "iam:CreateAccessKey",
            "iam:CreateLoginProfile",
            "iam:CreateServiceSpecificCredential",
            "iam:ResetServiceSpecificCredential",
            "iam:UpdateAccessKey",
            "iam:UpdateLoginProfile",
            "rds-db:connect",
            "redshift:GetClusterCredentials",
            "sts:AssumeRole",
        ],
    ),
    (
        "changes permissions",
        &[
            "ecr:SetRepositoryPolicy",
            "iam:AddUserToGroup",
            "iam:AttachGroupPolicy",
            "iam:AttachRolePolicy",
            "iam:AttachUserPolicy",
            "iam:CreatePolicyVersion",
            "iam:PutGroupPolicy",
            "iam:PutRolePolicy",
            "iam:PutUserPolicy",
            "iam:SetDefaultPolicyVersion",
            "iam:UpdateAssumeRolePolicy",
            "kms:CreateGrant",
            "kms:PutKeyPolicy",
            "lambda:AddPermission",
            "s3:DeleteBucketPolicy",
            "s3:PutBucketAcl",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "secretsmanager:PutResourcePolicy",
            "sns:AddPermission",
            "sqs:AddPermission",
        ],
    ),
];

/// With what the names of actions begin that only look, or that know no resources.
///
/// Source: Service Authorization Reference, the pages of the services (access levels "Read" and "List").
const LOOKING: &[&str] = &[
    "BatchCheck",
    "BatchGet",
    "Check",
    "Describe",
    "Discover",
    "Get",
    "Head",
    "List",
    "Query",
    "Read",
    "Search",
    "View",
];

/// Services and actions that change something and know no resources, or only for some of their calls.
///
/// Source: Service Authorization Reference, the pages of the services.
const WITHOUT_RESOURCE: &[&str] = &[
    "cloudwatch:PutMetricData",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:PutResourcePolicy",
    "ssmmessages:*",
    "ec2messages:*",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
];

/// Checks what identities may do.
pub fn check(context: &Context<'_>, statements: &[Statement<'_>], sink: &mut Sink) {
    for statement in statements {
        check_statement(context, statement, sink);
    }
    for kind in ["AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User"] {
        for identity in context.of_type(kind) {
            for found in values(identity, &["ManagedPolicyArns", "*"]) {
                let Some(name) = managed(&found) else { continue };
                context
                    .report_value(
                        sink,
                        &ADMINISTRATOR,
                        found.value,
                        &found.path,
                        format!("`{name}` allows more than anything needs to run"),
                    )
                    .help("attach a policy with the actions and resources that are needed");
            }
        }
    }
    for permission in context.of_type("AWS::Lambda::Permission") {
        for found in values(permission, &["Action"]) {
            if text(found.value).is_some_and(|action| action.contains('*')) {
                context
                    .report_value(
                        sink,
                        &WILDCARD_ACTION,
                        found.value,
                        &found.path,
                        "this allows more than to run the function",
                    )
                    .help("write `lambda:InvokeFunction`");
            }
        }
    }
    check_users(context, sink);
}

fn managed(found: &Found<'_>) -> Option<&'static str> {
    let parts = parts(found.value)?;
    let Some(Part::Text(end)) = parts.last() else { return None };
    MANAGED.iter().copied().find(|name| end.ends_with(&format!(":iam::aws:policy/{name}")))
}

fn check_users(context: &Context<'_>, sink: &mut Sink) {
    let attached: [(&str, &[&str]); 4] = [
        ("AWS::IAM::ManagedPolicy", &["Users"]),
        ("AWS::IAM::Policy", &["Users"]),
        ("AWS::IAM::User", &["ManagedPolicyArns"]),
        ("AWS::IAM::User", &["Policies"]),
    ];
    for (kind, path) in attached {
        for resource in context.of_type(kind) {
            for found in values(resource, path)
                .into_iter()
                .filter(|found| found.value.as_list().is_some_and(|all| !all.is_empty()))
            {
                context
                    .report_value(sink, &USER, found.value, &found.path, "permissions of a user of its own")
                    .help("attach the policy to a group or a role");
            }
        }
    }
    // Users are put into groups by a resource of its own, too.
    let grouped = context.of_type("AWS::IAM::UserToGroupAddition").next().is_some();
    for user in context.of_type("AWS::IAM::User").filter(|user| !grouped && lacks(user, &["Groups"])) {
        context
            .report(sink, &USER, user, &["Groups"], "this user is in no group")
            .help("give its permissions to a group, and add `Groups`");
    }
}

fn check_statement(context: &Context<'_>, statement: &Statement<'_>, sink: &mut Sink) {
    let path = format!("{}/Action", statement.path);
    let actions = statement.words("Action");
    let everything = statement.everything();
    if statement.family == Family::Trust {
        check_accounts(context, statement, sink);
    }
    // A key is all that its policy can be about, so `kms:*` says who owns it.
    if statement.resource.kind.starts_with("AWS::KMS::") {
        return;
    }
    if let Some(star) = actions.iter().find(|action| action.is_star()) {
        let is_all = statement.family == Family::Identity && everything.is_some();
        let (code, message) = if is_all && statement.is_unconditional() {
            (&ADMINISTRATOR, "this allows everything on everything")
        } else {
            (&WILDCARD_ACTION, "this allows all actions")
        };
        context.report_value(sink, code, star.value, &path, message).help("name the actions that are needed");
        return;
    }
    let is_open = statement.family == Family::Identity && statement.is_unconditional();
    for action in actions.iter().filter(|_| is_open) {
        let Some(pattern) = action.text.as_deref() else { continue };
        let passes = fits(pattern, "iam:PassRole") && !pattern.ends_with(":*");
        if passes && (everything.is_some() || is_about_all_roles(statement)) {
            context
                .report_value(sink, &PASS_ROLE, action.value, &path, "any role can be given to a service")
                .help("name the roles as `Resource`, or add a `Condition` on `iam:PassedToService`");
            continue;
        }
        if everything.is_none() {
            continue;
        }
        if let Some(service) = pattern.strip_suffix(":*").filter(|_| !is_without_resource(pattern)) {
            context
                .report_value(
                    sink,
                    &WILDCARD_ACTION,
                    action.value,
                    &path,
                    format!("this allows all actions of `{service}` on everything"),
                )
                .help("name the actions and the resources that are needed");
        } else if let Some((does, sensitive)) = sensitive(pattern) {
            context
                .report_value(
                    sink,
                    &UNBOUNDED,
                    action.value,
                    &path,
                    format!("`{sensitive}`, which {does}, is allowed on everything"),
                )
                .help("name the resources, or add a `Condition`");
        } else if !is_without_resource(pattern) {
            context
                .report_value(
                    sink,
                    &WILDCARD_RESOURCE,
                    action.value,
                    &path,
                    format!("`{pattern}` is allowed on everything"),
                )
                .help("name the resources");
        }
    }
}

/// What a pattern of actions allows that matters most.
fn sensitive(pattern: &str) -> Option<(&'static str, &'static str)> {
    SENSITIVE
        .iter()
        .find_map(|(does, actions)| actions.iter().find(|action| fits(pattern, action)).map(|action| (*does, *action)))
}

fn is_without_resource(pattern: &str) -> bool {
    let name = pattern.split_once(':').map_or("", |(_, name)| name);
    LOOKING.iter().any(|start| name.starts_with(start))
        || WITHOUT_RESOURCE.iter().any(|known| documents::matches(known, pattern))
}

/// Whether it is about all roles of an account.
fn is_about_all_roles(statement: &Statement<'_>) -> bool {
    statement.map.get("Resource").is_some_and(|value| {
        words(value).iter().any(|word| {
            let parts = parts(word.value).unwrap_or_default();
            matches!(parts.last(), Some(Part::Text(end)) if end.ends_with(":role/*"))
        })
    })
}

fn check_accounts(context: &Context<'_>, statement: &Statement<'_>, sink: &mut Sink) {
    if !statement.is_unconditional() {
        return;
    }
    let Some(principal) = statement.element("Principal") else { return };
    let named = principal.value.as_map().and_then(|map| map.get("AWS")).map(words);
    for word in named.unwrap_or_default() {
        // The account of the stack itself is known only at deployment.
        let Some(name) = &word.text else { continue };
        let is_id = |text: &str| text.len() == ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        let of_root = name.strip_suffix(":root").and_then(|start| start.rsplit(':').next()).is_some_and(is_id);
        if is_id(name) || of_root {
            context
                .report_value(
                    sink,
                    &ACCOUNT,
                    word.value,
                    &format!("{}/AWS", principal.path),
                    "this account decides alone who can take the role",
                )
                .help("add a `Condition` on `sts:ExternalId`, or name a role of the account");
        }
    }
}

/// Digits of the number of an account. Source: AWS Account Management Reference Guide, "View AWS account identifiers".
const ACCOUNT_DIGITS: usize = 12;
