//! The targets of EventBridge rules: what each has to allow, or what role the rule needs for it.

use super::roles::names;
use super::roles::senders::{SENDING, service};
use crate::check::Context;
use crate::check::known::{branches, text, within};
use crate::check::policies::{self, Document, entries, matches};
use crate::diagnostics::{Code, Sink};
use crate::template::{Data, Function, Map, Resource, Value};

codes! {
    /// A target of a rule needs a role, and has none.
    ///
    /// EventBridge sends to streams, state machines and API destinations with a role of the target. A role of the rule
    /// does not count for them: nothing arrives, and `FailedInvocations` is all that tells.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets:
    ///         - Id: stream
    ///           Arn: !GetAtt Stream.Arn
    ///   Stream:
    ///     Type: AWS::Kinesis::Stream
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets:
    ///         - Id: stream
    ///           Arn: !GetAtt Stream.Arn
    ///           RoleArn: !GetAtt Sending.Arn
    ///   Stream:
    ///     Type: AWS::Kinesis::Stream
    ///   Sending:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: "sts:AssumeRole" }
    ///       Policies:
    ///         - PolicyName: sending
    ///           PolicyDocument:
    ///             Version: "2012-10-17"
    ///             Statement: { Effect: Allow, Action: "kinesis:PutRecord", Resource: !GetAtt Stream.Arn }
    /// ```
    ///
    /// Source: EventBridge API Reference, `PutTargets`; EventBridge User Guide, "Accessing EventBridge resources using
    /// roles".
    ROLE = Error "target-without-role";

    /// A rule sends to a target that lets nobody from EventBridge in.
    ///
    /// Functions, queues and topics say themselves who may use them. Without that nothing arrives, and
    /// `FailedInvocations` is all that tells.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets: [{ Id: queue, Arn: !GetAtt Queue.Arn }]
    ///   Queue:
    ///     Type: AWS::SQS::Queue
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets: [{ Id: queue, Arn: !GetAtt Queue.Arn }]
    ///   Queue:
    ///     Type: AWS::SQS::Queue
    ///   QueuePolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Queue]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           Effect: Allow
    ///           Principal: { Service: events.amazonaws.com }
    ///           Action: sqs:SendMessage
    ///           Resource: !GetAtt Queue.Arn
    ///           Condition: { ArnEquals: { aws:SourceArn: !GetAtt Orders.Arn } }
    /// ```
    ///
    /// Source: EventBridge API Reference, `PutTargets`; EventBridge User Guide, "Using resource-based policies for Amazon
    /// EventBridge".
    CLOSED = Error "target-without-permission";

    /// A queue for events that could not be delivered lets nobody from EventBridge in.
    ///
    /// Events that cannot be delivered are then lost, although there is a queue for them.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets:
    ///         - Id: bus
    ///           Arn: !Sub "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/orders"
    ///           DeadLetterConfig: { Arn: !GetAtt Queue.Arn }
    ///   Queue:
    ///     Type: AWS::SQS::Queue
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets:
    ///         - Id: bus
    ///           Arn: !Sub "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/orders"
    ///           DeadLetterConfig: { Arn: !GetAtt Queue.Arn }
    ///   Queue:
    ///     Type: AWS::SQS::Queue
    ///   QueuePolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Queue]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           Effect: Allow
    ///           Principal: { Service: events.amazonaws.com }
    ///           Action: sqs:SendMessage
    ///           Resource: !GetAtt Queue.Arn
    ///           Condition: { ArnEquals: { aws:SourceArn: !GetAtt Orders.Arn } }
    /// ```
    ///
    /// Source: EventBridge User Guide, "Using dead-letter queues to process undelivered events".
    CLOSED_QUEUE = Warning "dead-letter-queue-without-permission";

    /// A rule sends to a log group, and no policy of the template lets EventBridge write to it.
    ///
    /// Such policies belong to the account and its region, so another stack may have one.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets: [{ Id: log, Arn: !GetAtt Log.Arn }]
    ///   Log:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupName: /aws/events/orders }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets: [{ Id: log, Arn: !GetAtt Log.Arn }]
    ///   Log:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { LogGroupName: /aws/events/orders }
    ///   LogPolicy:
    ///     Type: AWS::Logs::ResourcePolicy
    ///     Properties:
    ///       PolicyName: orders
    ///       PolicyDocument: !Sub |
    ///         {
    ///           "Version": "2012-10-17",
    ///           "Statement": [{
    ///             "Effect": "Allow",
    ///             "Principal": { "Service": ["delivery.logs.amazonaws.com", "events.amazonaws.com"] },
    ///             "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    ///             "Resource": "${Log.Arn}"
    ///           }]
    ///         }
    /// ```
    ///
    /// Source: EventBridge User Guide, "Using resource-based policies for Amazon EventBridge", on CloudWatch Logs.
    CLOSED_LOG = Warning "log-target-without-policy";

    /// A rule sends to a log group whose name does not begin with `/aws/events/`.
    ///
    /// EventBridge writes to groups with such names; the policy that it sets up by itself, and its guide, know no
    /// others.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets: [{ Id: log, Arn: "arn:aws:logs:eu-central-1:123456789012:log-group:orders" }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [shop.orders] }
    ///       Targets: [{ Id: log, Arn: "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/events/orders" }]
    /// ```
    ///
    /// Source: EventBridge User Guide, "Amazon EventBridge event bus targets", on log groups of CloudWatch Logs.
    LOG_NAME = Warning "log-target-with-other-name";
}

/// The principal of rules. Source: EventBridge User Guide, "Using resource-based policies for Amazon EventBridge".
const SERVICE: &str = "events.amazonaws.com";

/// What writes to log groups for them. Source: as of [`SERVICE`].
const LOG_SERVICE: &str = "delivery.logs.amazonaws.com";

/// The services that EventBridge sends to with a role. Source: as of [`ROLE`].
const BY_ROLE: &[(&str, &str)] = &[
    ("codebuild", "project/"),
    ("codepipeline", ""),
    ("events", "api-destination/"),
    ("firehose", "deliverystream/"),
    ("kinesis", "stream/"),
    ("states", "stateMachine:"),
];

/// Checks the targets of all rules.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if context.is_open {
        return;
    }
    let documents = &context.policies;
    for rule in context.of_type("AWS::Events::Rule") {
        let start = format!("Resources/{}/Properties", rule.id);
        for (path, target) in within(&rule.properties, &["Targets", "*"], &start) {
            let Some(target) = target.as_map() else { continue };
            // With a role, EventBridge acts as the role.
            let role = target.get("RoleArn").is_some();
            for (path, arn) in value(target, "Arn", &path).into_iter().filter(|_| !role) {
                by_role(context, rule, arn, &path, sink);
                if context.is_written() {
                    log_name(context, arn, &path, sink);
                }
                by_permission(context, documents, rule, arn, &path, &CLOSED, sink);
            }
            for (path, arn) in within(target, &["DeadLetterConfig", "Arn"], &path) {
                by_permission(context, documents, rule, arn, &path, &CLOSED_QUEUE, sink);
            }
        }
    }
}

fn value<'m>(map: &'m Map, key: &str, path: &str) -> Vec<(String, &'m Value)> {
    map.get(key).map_or(Vec::new(), |value| branches(value, &format!("{path}/{key}")))
}

fn by_role(context: &Context<'_>, rule: &Resource, arn: &Value, path: &str, sink: &mut Sink) {
    let text = names::of(context, arn);
    let Some((service, resource)) = service(&text) else { return };
    let listed = BY_ROLE.iter().any(|(known, start)| *known == service && resource.starts_with(start));
    let crossed = resource.starts_with("event-bus/") && is_elsewhere(&text);
    if !(listed || crossed) {
        return;
    }
    let action = SENDING.iter().find(|(known, start, _)| *known == service && resource.starts_with(start));
    let action = action.and_then(|(.., actions)| actions.first()?.split('|').next()).unwrap_or_default();
    let found = context.report_value(sink, &ROLE, arn, path, format!("a target of `{service}` without a role"));
    match rule.properties.0.iter().find(|(key, _)| key.text == "RoleArn") {
        Some((key, _)) => {
            found.also(key.origin.span(), "the role of the rule does not count").help("move `RoleArn` to the target")
        }
        None => found.help(format!("add `RoleArn` with a role that trusts `{SERVICE}` and may `{action}`")),
    };
}

/// How the names of log groups for rules begin. Source: as of [`LOG_NAME`].
const LOG_NAMES: &str = "/aws/events/";

fn log_name(context: &Context<'_>, arn: &Value, path: &str, sink: &mut Sink) {
    let text = names::of(context, arn);
    let resource = service(&text).filter(|(service, _)| service == "logs").map(|(_, resource)| resource);
    let Some(resource) = resource else { return };
    let Some(name) = resource.strip_prefix("log-group:") else { return };
    // What is known only at deployment may begin so.
    let known = name.split("${").next().unwrap_or_default();
    let is_generated = known.is_empty()
        && context
            .target(arn)
            .is_some_and(|group| group.kind == "AWS::Logs::LogGroup" && group.properties.get("LogGroupName").is_none());
    if is_generated || !(known.starts_with(LOG_NAMES) || LOG_NAMES.starts_with(known)) {
        context
            .report_value(sink, &LOG_NAME, arn, path, "a log group for events whose name begins otherwise")
            .help(format!("let the name of the group begin with `{LOG_NAMES}`"));
    }
}

/// Whether an ARN has the id of an account in it, so that it is that of another account.
///
/// Source: EventBridge User Guide, "Sending and receiving events between AWS accounts": rules on a bus of another account
/// need a role since March 2023.
fn is_elsewhere(arn: &names::Text) -> bool {
    let shown = names::shown(arn);
    let account = shown.replace("${AWS::", "${").split(':').nth(4).map(ToOwned::to_owned).unwrap_or_default();
    account.len() == ACCOUNT_DIGITS && account.bytes().all(|digit| digit.is_ascii_digit())
}

/// Digits of the id of an account. Source: AWS Account Management Reference Guide, "View AWS account identifiers".
const ACCOUNT_DIGITS: usize = 12;

fn by_permission(
    context: &Context<'_>,
    documents: &[Document<'_>],
    rule: &Resource,
    arn: &Value,
    path: &str,
    closed: &'static Code,
    sink: &mut Sink,
) {
    let Some(target) = context.target(arn) else { return };
    let text = names::of(context, arn);
    let (open, code, help) = match target.kind.as_str() {
        "AWS::Lambda::Function" if text == names::of_resource(context, target, Some("Arn")) => {
            let help =
                format!("add an `AWS::Lambda::Permission` for `{SERVICE}` with `SourceArn: !GetAtt {}.Arn`", rule.id);
            (permitted(context, target, rule), closed, help)
        }
        "AWS::SQS::Queue" => {
            let help = format!("add an `AWS::SQS::QueuePolicy` that allows `{SERVICE}` `sqs:SendMessage`");
            (allowed(context, &Sender { service: SERVICE, resource: rule }, target), closed, help)
        }
        "AWS::SNS::Topic" => {
            let help = format!("add an `AWS::SNS::TopicPolicy` that allows `{SERVICE}` `sns:Publish`");
            (allowed(context, &Sender { service: SERVICE, resource: rule }, target), closed, help)
        }
        "AWS::Logs::LogGroup" => {
            let help = format!(
                "add an `AWS::Logs::ResourcePolicy` that allows `{SERVICE}` and `{LOG_SERVICE}` `logs:CreateLogStream` and `logs:PutLogEvents`"
            );
            (logged(context, documents), &CLOSED_LOG, help)
        }
        _ => return,
    };
    if !open {
        let message = format!("`{}` lets nobody from EventBridge in", target.id);
        let place = target.origin.span();
        context.report_value(sink, code, arn, path, message).also(place, "the target").help(help);
    }
}

/// Whether a permission may let a rule call a function.
fn permitted(context: &Context<'_>, function: &Resource, rule: &Resource) -> bool {
    context.of_type("AWS::Lambda::Permission").any(|permission| {
        let get = |name: &str| permission.properties.get(name);
        let of_function = get("FunctionName").is_none_or(|name| {
            // A name that is known only at deployment may be that of the function.
            context.target(name).is_none_or(|target| target.id == function.id)
        });
        let of_events =
            get("Principal").and_then(text).is_none_or(|principal| principal == SERVICE || principal == "*");
        let of_rule = get("SourceArn")
            .and_then(|arn| context.target(arn))
            .is_none_or(|source| source.id == rule.id || source.kind != "AWS::Events::Rule");
        of_function && of_events && of_rule
    })
}

/// A service that sends to a queue or a topic, and the resource that makes it do so.
pub struct Sender<'s> {
    /// The principal of the service.
    pub service: &'static str,
    /// What the service sends for, the source of its requests.
    pub resource: &'s Resource,
}

/// Whether a policy of the template may let a service use a queue or a topic.
pub fn allowed(context: &Context<'_>, sender: &Sender<'_>, target: &Resource) -> bool {
    let (key, action) = match target.kind.as_str() {
        "AWS::SQS::Queue" => ("Queues", "sqs:sendmessage"),
        _ => ("Topics", "sns:publish"),
    };
    context.policies.iter().any(|document| {
        let kind = document.resource.kind.as_str();
        let is_policy = match key {
            "Queues" => matches!(kind, "AWS::SQS::QueuePolicy" | "AWS::SQS::QueueInlinePolicy"),
            _ => matches!(kind, "AWS::SNS::TopicPolicy" | "AWS::SNS::TopicInlinePolicy"),
        };
        let named = || is_for(context, document.resource, target, key);
        is_policy && named() && lets_in(context, document, &[sender.service], action, Some(sender.resource))
    })
}

/// Whether a policy may be that of a queue or a topic.
fn is_for(context: &Context<'_>, policy: &Resource, target: &Resource, key: &str) -> bool {
    let single = if key == "Queues" { "Queue" } else { "TopicArn" };
    let Some(list) = policy.properties.get(key).or_else(|| policy.properties.get(single)) else { return true };
    policies::each(list, "").iter().any(|(_, value)| {
        let known: Option<&Resource> = context.target(value);
        match &value.data {
            Data::List(_) | Data::Map(_) => true,
            _ => known.is_none_or(|known| known.id == target.id),
        }
    })
}

fn logged(context: &Context<'_>, documents: &[Document<'_>]) -> bool {
    let mut policies = documents.iter().filter(|document| document.resource.kind == "AWS::Logs::ResourcePolicy");
    policies.any(|document| lets_in(context, document, &[SERVICE, LOG_SERVICE], "logs:putlogevents", None))
}

/// Whether a document may let one of these services do something, for a resource if its source is known.
fn lets_in(
    context: &Context<'_>,
    document: &Document<'_>,
    services: &[&str],
    action: &str,
    source: Option<&Resource>,
) -> bool {
    if !document.is_known() {
        return true;
    }
    document.statements().iter().any(|(path, statement)| {
        let denies = statement.get("Effect").and_then(text).as_deref() == Some("Deny");
        let actions = entries(statement, "Action", path);
        let acts = statement.get("NotAction").is_some()
            || actions
                .iter()
                .any(|(_, value)| text(value).is_none_or(|pattern| matches(&pattern.to_ascii_lowercase(), action)));
        let from = source.is_none_or(|source| is_from(context, statement, source));
        !denies && acts && from && is_named(statement, services, path)
    })
}

/// The operators with which a condition names what must be there.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
const OPERATORS: &[&str] = &["ArnEquals", "ArnLike", "StringEquals", "StringLike"];

/// Whether a statement may be about requests for a resource: not if it names only others of the same type as their source.
fn is_from(context: &Context<'_>, statement: &Map, source: &Resource) -> bool {
    let Some(conditions) = statement.get("Condition").and_then(Value::as_map) else { return true };
    let other = |value: &Value| {
        let plain = matches!(value.data, Data::Call(Function::Ref | Function::GetAtt | Function::Sub, _));
        let named = context.target(value).filter(|_| plain);
        // A text with more in it than the ARN may be a pattern for several.
        let whole = named.is_some_and(|named| {
            names::of(context, value) == names::of_resource(context, named, Some("Arn"))
                || !matches!(value.data, Data::Call(Function::Sub, _))
        });
        whole && named.is_some_and(|named| named.kind == source.kind && named.id != source.id)
    };
    conditions.0.iter().filter(|(operator, _)| OPERATORS.contains(&operator.text.as_str())).all(|(_, tests)| {
        let tests = tests.as_map().map_or(&[][..], |tests| &tests.0);
        tests.iter().filter(|(key, _)| key.text.eq_ignore_ascii_case("aws:SourceArn")).all(|(_, value)| {
            let values = policies::each(value, "");
            values.is_empty() || !values.iter().all(|(_, value)| other(value))
        })
    })
}

fn is_named(statement: &Map, services: &[&str], path: &str) -> bool {
    let Some(principal) = statement.get("Principal") else { return true };
    branches(principal, path).iter().any(|(path, value)| match &value.data {
        Data::Map(map) => {
            entries(map, "Service", path)
                .iter()
                .any(|(_, value)| text(value).is_none_or(|name| services.contains(&name.as_str())))
                || entries(map, "AWS", path).iter().any(|(_, value)| text(value).is_none_or(|name| name == "*"))
        }
        _ => true,
    })
}
