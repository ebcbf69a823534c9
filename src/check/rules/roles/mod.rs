//! Roles: whether who acts with a role may, and may do with it what it has to.

mod covers;
mod delivery;
mod functions;
mod grants;
mod launch;
mod managed;
pub mod names;
pub mod senders;
mod trust;

pub use covers::{Answer, covers};
use grants::Role;
pub use grants::needed;
use names::Text;

use crate::check::Context;
use crate::check::known::branches;
use crate::diagnostics::{Sink, alternatives};
use crate::template::{Map, Resource, Value};

codes! {
    /// A role is given to a service that may not act with it.
    ///
    /// The trust policy of a role says who may act with it. Most services try it when the resource is made, and refuse
    /// the resource; the others fail later, where nobody looks.
    ///
    /// ```yaml
    /// Resources:
    ///   Metrics:
    ///     Type: AWS::CloudWatch::MetricStream
    ///     Properties:
    ///       FirehoseArn: !Sub "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream/metrics"
    ///       OutputFormat: json
    ///       RoleArn: !GetAtt Sending.Arn
    ///   Sending:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { Service: cloudwatch.amazonaws.com }, Action: "sts:AssumeRole" }
    ///       Policies:
    ///         - PolicyName: sending
    ///           PolicyDocument:
    ///             Version: "2012-10-17"
    ///             Statement: { Effect: Allow, Action: "firehose:PutRecord*", Resource: "*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Metrics:
    ///     Type: AWS::CloudWatch::MetricStream
    ///     Properties:
    ///       FirehoseArn: !Sub "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream/metrics"
    ///       OutputFormat: json
    ///       RoleArn: !GetAtt Sending.Arn
    ///   Sending:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { Service: streams.metrics.cloudwatch.amazonaws.com }, Action: "sts:AssumeRole" }
    ///       Policies:
    ///         - PolicyName: sending
    ///           PolicyDocument:
    ///             Version: "2012-10-17"
    ///             Statement: { Effect: Allow, Action: "firehose:PutRecord*", Resource: "*" }
    /// ```
    ///
    /// Source: IAM User Guide, "Create a role to delegate permissions to an AWS service"; the guide of the service that
    /// is named.
    UNTRUSTED = Error "service-not-trusted";

    /// A role may not do what the service has to do with it.
    ///
    /// What a statement allows is compared with the very resource that is used: a bucket is not its objects
    /// (`/*`), and the ARN of a function is not that of its versions (`:*`). Statements with conditions and what is known
    /// only at deployment are taken to be right.
    ///
    /// ```yaml
    /// Resources:
    ///   Metrics:
    ///     Type: AWS::CloudWatch::MetricStream
    ///     Properties:
    ///       FirehoseArn: !Sub "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream/metrics"
    ///       OutputFormat: json
    ///       RoleArn: !GetAtt Sending.Arn
    ///   Sending:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { Service: streams.metrics.cloudwatch.amazonaws.com }, Action: "sts:AssumeRole" }
    ///       Policies:
    ///         - PolicyName: sending
    ///           PolicyDocument:
    ///             Version: "2012-10-17"
    ///             Statement: { Effect: Allow, Action: "firehose:DescribeDeliveryStream", Resource: "*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Metrics:
    ///     Type: AWS::CloudWatch::MetricStream
    ///     Properties:
    ///       FirehoseArn: !Sub "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream/metrics"
    ///       OutputFormat: json
    ///       RoleArn: !GetAtt Sending.Arn
    ///   Sending:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { Service: streams.metrics.cloudwatch.amazonaws.com }, Action: "sts:AssumeRole" }
    ///       Policies:
    ///         - PolicyName: sending
    ///           PolicyDocument:
    ///             Version: "2012-10-17"
    ///             Statement:
    ///               Effect: Allow
    ///               Action: ["firehose:PutRecord", "firehose:PutRecordBatch"]
    ///               Resource: !Sub "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream/metrics"
    /// ```
    ///
    /// Source: the guide of the service that acts; Service Authorization Reference.
    INSUFFICIENT = Error "insufficient-role";

    /// A role lacks something that the guide of the service asks for, and without which only a part fails.
    ///
    /// ```yaml
    /// Resources:
    ///   Function:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Code: { ZipFile: "def handler(event, context): pass" }
    ///       Handler: index.handler
    ///       Runtime: python3.14
    ///       Role: !GetAtt Acting.Arn
    ///   Acting:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: "sts:AssumeRole" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Function:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Code: { ZipFile: "def handler(event, context): pass" }
    ///       Handler: index.handler
    ///       Runtime: python3.14
    ///       Role: !GetAtt Acting.Arn
    ///   Acting:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: "sts:AssumeRole" }
    ///       ManagedPolicyArns:
    ///         - !Sub "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    /// ```
    ///
    /// Source: the guide of the service that acts.
    INCOMPLETE = Warning "incomplete-role";

    /// What a role may do stands in a policy of its own, which may come after who needs it.
    ///
    /// CloudFormation makes what does not depend on each other at once. A stream or an event source mapping that is
    /// ready before the policy fails in the first deployment and works in the second. A policy inside of the role, or
    /// `DependsOn`, settles the order.
    ///
    /// ```yaml
    /// Resources:
    ///   Metrics:
    ///     Type: AWS::CloudWatch::MetricStream
    ///     Properties:
    ///       FirehoseArn: !Sub "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream/metrics"
    ///       OutputFormat: json
    ///       RoleArn: !GetAtt Sending.Arn
    ///   Sending:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { Service: streams.metrics.cloudwatch.amazonaws.com }, Action: "sts:AssumeRole" }
    ///   SendingPolicy:
    ///     Type: AWS::IAM::Policy
    ///     Properties:
    ///       PolicyName: sending
    ///       Roles: [!Ref Sending]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: "firehose:PutRecord*", Resource: "*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Metrics:
    ///     Type: AWS::CloudWatch::MetricStream
    ///     DependsOn: SendingPolicy
    ///     Properties:
    ///       FirehoseArn: !Sub "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream/metrics"
    ///       OutputFormat: json
    ///       RoleArn: !GetAtt Sending.Arn
    ///   Sending:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { Service: streams.metrics.cloudwatch.amazonaws.com }, Action: "sts:AssumeRole" }
    ///   SendingPolicy:
    ///     Type: AWS::IAM::Policy
    ///     Properties:
    ///       PolicyName: sending
    ///       Roles: [!Ref Sending]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: "firehose:PutRecord*", Resource: "*" }
    /// ```
    ///
    /// Source: CloudFormation Template Reference, "`AWS::IAM::Policy`" and "`DependsOn` attribute".
    RACE = Warning "policy-after-its-user";
}

/// Somebody who acts with a role.
pub struct User<'a> {
    /// The resource that needs the role.
    resource: &'a Resource,
    /// Where it names the role.
    role: &'a Value,
    path: String,
    /// Who acts.
    service: &'static str,
    /// What has to be done.
    needs: Vec<Need>,
}

/// What somebody has to do with a role.
pub struct Need {
    /// Each of these; `|` divides those of which one will do.
    actions: &'static [&'static str],
    /// On each of these.
    on: Vec<Text>,
    /// Whether nothing works without.
    is_vital: bool,
}

impl Need {
    fn vital(actions: &'static [&'static str], on: Vec<Text>) -> Self {
        Self { actions, on, is_vital: true }
    }

    fn good(actions: &'static [&'static str], on: Vec<Text>) -> Self {
        Self { actions, on, is_vital: false }
    }
}

/// The texts that a value may be, branch by branch.
fn texts(context: &Context<'_>, value: Option<&Value>) -> Vec<Text> {
    value.map_or(Vec::new(), |value| branches(value, "").iter().map(|(_, value)| names::of(context, value)).collect())
}

/// The same texts with something behind each.
fn followed(texts: &[Text], end: &str) -> Vec<Text> {
    texts.iter().map(|text| text.iter().cloned().chain(names::literal(end)).collect()).collect()
}

/// The values of a property with their paths, branch by branch.
fn values<'m>(map: &'m Map, key: &str, path: &str) -> Vec<(String, &'m Value)> {
    map.get(key).map_or(Vec::new(), |value| branches(value, &format!("{path}/{key}")))
}

fn properties(resource: &Resource) -> String {
    format!("Resources/{}/Properties", resource.id)
}

/// Checks all roles and who acts with them.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    // What cannot be seen may add policies.
    if context.is_open {
        return;
    }
    let roles = grants::roles(context);
    if roles.is_empty() {
        return;
    }
    let mut users = Vec::new();
    trust::users(context, &mut users);
    delivery::users(context, &mut users);
    senders::users(context, &mut users);
    functions::users(context, &mut users);
    launch::users(context, &mut users);
    for user in &users {
        let named = names::of(context, user.role);
        let Some(role) = roles.iter().find(|role| role.is(&named)) else { continue };
        trusted(context, user, role, sink);
        sufficient(context, user, role, sink);
    }
}

fn trusted(context: &Context<'_>, user: &User<'_>, role: &Role<'_>, sink: &mut Sink) {
    if role.trusts(context, user.service) != Answer::No {
        return;
    }
    let message = format!("role `{}` does not trust `{}`", role.resource.id, user.service);
    let place = role.trust_place();
    if is_told(sink, &message) || is_broken(sink, role, "AssumeRolePolicyDocument") {
        return;
    }
    let found = context.report_value(sink, &UNTRUSTED, user.role, &user.path, message);
    found.help(format!("allow `{}` `sts:AssumeRole` in its trust policy, or name another role", user.service));
    if let Some(place) = place {
        found.also(place, "who may act with it");
    }
}

fn sufficient(context: &Context<'_>, user: &User<'_>, role: &Role<'_>, sink: &mut Sink) {
    let mut late: Vec<&str> = Vec::new();
    for need in &user.needs {
        for target in &need.on {
            let one = |action: &str| action.split('|').map(|action| role.may(action, target)).max();
            let missing: Vec<&str> =
                need.actions.iter().copied().filter(|action| one(action) == Some(Answer::No)).collect();
            if missing.is_empty() {
                late.extend(need.is_vital.then(|| policies_alone(role, need, target)).into_iter().flatten());
            } else {
                lacking(context, user, role, need, &missing, target, sink);
            }
        }
    }
    if late.is_empty() {
        return;
    }
    let needed = grants::needed(context, user.resource);
    late.retain(|policy| !needed.contains(policy));
    late.sort_unstable();
    late.dedup();
    for policy in late {
        let message = format!("`{}` may be made before `{policy}`, which its role needs", user.resource.id);
        let place = context.resources.get(policy).map(|policy| policy.origin.span());
        if is_told(sink, &message) {
            continue;
        }
        let found = context.report_value(sink, &RACE, user.role, &user.path, message);
        found.help(format!("add `DependsOn: {policy}`, or put the policy into the role"));
        if let Some(place) = place {
            found.also(place, "the policy");
        }
    }
}

/// Whether the same was found with another use of the role.
fn is_told(sink: &Sink, message: &str) -> bool {
    sink.diagnostics().iter().any(|known| known.message == message)
}

/// Whether something is wrong in a part of a role, which is then not what was meant.
fn is_broken(sink: &Sink, role: &Role<'_>, part: &str) -> bool {
    let start = format!("{}/{part}", properties(role.resource));
    sink.diagnostics().iter().any(|known| known.path.as_ref().is_some_and(|path| path.starts_with(&start)))
}

/// The policies of their own without which the role may not do what is needed.
fn policies_alone<'r>(role: &'r Role<'_>, need: &Need, target: &Text) -> Vec<&'r str> {
    let actions = || need.actions.iter().flat_map(|action| action.split('|'));
    if actions().any(|action| role.may_by(action, target, |grant| grant.policy.is_none()) != Answer::No) {
        return Vec::new();
    }
    let mut found: Vec<&str> = Vec::new();
    for policy in role.grants.iter().filter_map(|grant| grant.policy.as_deref()) {
        let gives =
            |action| role.may_by(action, target, |grant| grant.policy.as_deref() == Some(policy)) == Answer::Yes;
        if actions().any(gives) {
            found.push(policy);
        }
    }
    found
}

fn lacking(
    context: &Context<'_>,
    user: &User<'_>,
    role: &Role<'_>,
    need: &Need,
    missing: &[&str],
    target: &Text,
    sink: &mut Sink,
) {
    // A role without any policy here may get them elsewhere.
    let code = if need.is_vital && !role.is_bare() { &INSUFFICIENT } else { &INCOMPLETE };
    let named: Vec<String> = missing.iter().map(|action| alternatives(action.split('|'))).collect();
    let on = names::shown(target);
    let message = format!("role `{}` may not {} on `{on}`", role.resource.id, named.join(", "));
    if is_told(sink, &message) || is_broken(sink, role, "Policies") {
        return;
    }
    let place = role.resource.origin.span();
    let found = context.report_value(sink, code, user.role, &user.path, message);
    found
        .also(place, "the role")
        .help(format!("allow this for exactly that resource in a policy of `{}`", role.resource.id));
    if !user.path.starts_with(&properties(user.resource)) {
        found.also(user.resource.origin.span(), "who needs it");
    }
}
