//! Lambda functions and Glue crawlers.

use super::names::{self, Text, Unit};
use super::senders::{READING, SENDING, needed};
use super::{Need, User, properties, texts, values};
use crate::check::Context;
use crate::check::known::{boolean, within};
use crate::template::Resource;

/// What a function logs by.
///
/// Source: AWS Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs".
const LOGS: &[&str] = &["logs:CreateLogStream", "logs:PutLogEvents"];

/// What a crawler reads by. Source: AWS Glue Developer Guide, "Crawler prerequisites".
const CRAWLED: &[&str] = &["s3:GetObject"];

/// What a crawler that follows events takes them from its queue by.
///
/// Source: AWS Glue Developer Guide, "Setting up your account for Amazon S3 event notifications".
const QUEUE: &[&str] = &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"];

/// The roles of all functions and crawlers.
pub fn users<'a>(context: &Context<'a>, users: &mut Vec<User<'a>>) {
    for function in context.of_type("AWS::Lambda::Function") {
        let mut needs = vec![Need::good(LOGS, vec![log_streams(context, function)])];
        let dead = within(&function.properties, &["DeadLetterConfig", "TargetArn"], "");
        needs.extend(dead.iter().filter_map(|(_, value)| needed(SENDING, names::of(context, value))));
        for (path, role) in values(&function.properties, "Role", &properties(function)) {
            let needs = needs.iter().map(|need| Need { on: need.on.clone(), ..*need }).collect();
            users.push(User { resource: function, role, path, service: "lambda.amazonaws.com", needs });
        }
    }
    mappings(context, users);
    crawlers(context, users);
}

/// The log streams of a function. Source: as of [`LOGS`].
fn log_streams(context: &Context<'_>, function: &Resource) -> Text {
    let chosen = within(&function.properties, &["LoggingConfig", "LogGroup"], "");
    let usual = || {
        let name = names::of_resource(context, function, None);
        names::literal("/aws/lambda/").into_iter().chain(name).collect()
    };
    let group: Text = chosen.first().map_or_else(usual, |(_, group)| names::of(context, group));
    names::form("arn:{p}:logs:{r}:{a}:log-group:{}:log-stream:*", &[&group])
}

/// What event source mappings read and send with the role of their function.
fn mappings<'a>(context: &Context<'a>, users: &mut Vec<User<'a>>) {
    for mapping in context.of_type("AWS::Lambda::EventSourceMapping") {
        let function = mapping.properties.get("FunctionName").and_then(|name| context.target(name));
        let function = function.and_then(|found| match found.kind.as_str() {
            "AWS::Lambda::Function" => Some(found),
            "AWS::Lambda::Alias" | "AWS::Lambda::Version" => context.target(found.properties.get("FunctionName")?),
            _ => None,
        });
        let Some(function) = function.filter(|function| function.kind == "AWS::Lambda::Function") else { continue };
        let role = function.properties.get("Role");
        let roles = texts(context, role);
        // The finding belongs to the mapping, the role to the function.
        let ([_], Some(role)) = (roles.as_slice(), role) else { continue };
        let sources = texts(context, mapping.properties.get("EventSourceArn"));
        let mut needs: Vec<Need> = sources.into_iter().filter_map(|arn| needed(READING, arn)).collect();
        let failed = within(&mapping.properties, &["DestinationConfig", "OnFailure", "Destination"], "");
        needs.extend(failed.iter().filter_map(|(_, value)| needed(SENDING, names::of(context, value))));
        let path = format!("{}/Role", properties(function));
        users.push(User { resource: mapping, role, path, service: "lambda.amazonaws.com", needs });
    }
}

fn crawlers<'a>(context: &Context<'a>, users: &mut Vec<User<'a>>) {
    for crawler in context.of_type("AWS::Glue::Crawler") {
        let lake = within(&crawler.properties, &["LakeFormationConfiguration", "UseLakeFormationCredentials"], "");
        // Then Lake Formation gives the permissions.
        let lent = lake.iter().any(|(_, value)| boolean(value) != Some(false));
        let paths = within(&crawler.properties, &["Targets", "S3Targets", "*", "Path"], "");
        let on: Vec<Text> = paths.iter().filter(|_| !lent).filter_map(|(_, path)| objects(context, path)).collect();
        let mut queues: Vec<Text> = Vec::new();
        for kind in ["CatalogTargets", "S3Targets"] {
            let found = within(&crawler.properties, &["Targets", kind, "*", "EventQueueArn"], "");
            queues.extend(found.iter().map(|(_, queue)| names::of(context, queue)));
        }
        for (path, role) in values(&crawler.properties, "Role", &properties(crawler)) {
            let needs = vec![Need::vital(CRAWLED, on.clone()), Need::vital(QUEUE, queues.clone())];
            users.push(User { resource: crawler, role, path, service: "glue.amazonaws.com", needs });
        }
    }
}

/// The objects below a path of S3, as `s3://bucket/folder/`.
fn objects(context: &Context<'_>, path: &crate::template::Value) -> Option<Text> {
    let text = names::of(context, path);
    let start = names::literal("s3://");
    let rest = text.strip_prefix(start.as_slice()).unwrap_or(&text);
    // The policy that AWS has for such roles opens what is named so.
    if ["aws-glue-", "crawler-public"].iter().any(|name| names::shown(rest).contains(name)) {
        return None;
    }
    // A path that is known only at deployment is nothing to compare with.
    let first = rest.first().filter(|unit| !matches!(unit, Unit::Unknown(_)))?;
    let mut all = names::form("arn:{p}:s3:::", &[]);
    all.push(first.clone());
    all.extend(rest[1..].iter().cloned());
    let whole = rest.contains(&Unit::Letter('/'));
    all.extend(names::literal(if whole { "*" } else { "/*" }));
    Some(all)
}
