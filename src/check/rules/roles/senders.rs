//! Services that send to others with a role: rules, schedules, pipes, subscriptions, metric streams.

use super::names::{self, Text};
use super::{Need, User, properties, texts, values};
use crate::check::Context;
use crate::check::known::within;
use crate::template::{Map, Resource, Value};

/// What sending to a target takes, by service and beginning of the resource in the ARN.
///
/// Source: EventBridge User Guide, "Accessing EventBridge resources using roles"; EventBridge Scheduler User Guide,
/// "Templated targets"; Service Authorization Reference.
pub const SENDING: &[(&str, &str, &[&str])] = &[
    ("codebuild", "project/", &["codebuild:StartBuild"]),
    ("codepipeline", "", &["codepipeline:StartPipelineExecution"]),
    ("events", "api-destination/", &["events:InvokeApiDestination"]),
    ("events", "event-bus/", &["events:PutEvents"]),
    ("firehose", "deliverystream/", &["firehose:PutRecord|firehose:PutRecordBatch"]),
    ("kinesis", "stream/", &["kinesis:PutRecord|kinesis:PutRecords"]),
    ("lambda", "function:", &["lambda:InvokeFunction"]),
    ("sns", "", &["sns:Publish"]),
    ("sqs", "", &["sqs:SendMessage"]),
    ("states", "stateMachine:", &["states:StartExecution|states:StartSyncExecution"]),
];

/// What reading from a source takes.
///
/// Source: EventBridge User Guide, "Execution role permissions" of Pipes; AWS Lambda Developer Guide, "Defining Lambda
/// function permissions with an execution role".
pub const READING: &[(&str, &str, &[&str])] = &[
    ("dynamodb", "table/", &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]),
    (
        "kinesis",
        "stream/",
        &["kinesis:DescribeStream|kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator"],
    ),
    ("sqs", "", &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]),
];

/// The service and the resource in an ARN, if they are known.
pub fn service(arn: &Text) -> Option<(String, String)> {
    // The names of places have colons of their own.
    let shown = names::shown(arn).replace("${AWS::", "${");
    let parts: Vec<&str> = shown.splitn(ARN_PARTS, ':').collect();
    match parts.as_slice() {
        ["arn", _, service, _, _, resource] => Some(((*service).to_owned(), (*resource).to_owned())),
        _ => None,
    }
}

/// The parts of an ARN. Source: IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
const ARN_PARTS: usize = 6;

/// What an ARN asks for, as a list says.
pub fn needed(list: &[(&str, &str, &'static [&'static str])], arn: Text) -> Option<Need> {
    let (service, resource) = service(&arn)?;
    let (.., actions) = list.iter().find(|(known, start, _)| *known == service && resource.starts_with(start))?;
    Some(Need::vital(actions, vec![arn]))
}

/// Who sends, with which role, and to what: type, path of the object, key of the role, key of the target, principal.
///
/// Source: the reference of each resource type; the guide of each service, on roles.
const SENDERS: &[(&str, &str, &str, &str, &str)] = &[
    ("AWS::CloudWatch::MetricStream", "", "RoleArn", "FirehoseArn", "streams.metrics.cloudwatch.amazonaws.com"),
    ("AWS::Events::Rule", "Targets/*", "RoleArn", "Arn", "events.amazonaws.com"),
    ("AWS::Logs::SubscriptionFilter", "", "RoleArn", "DestinationArn", "logs.amazonaws.com"),
    ("AWS::Pipes::Pipe", "", "RoleArn", "Target", "pipes.amazonaws.com"),
    (
        "AWS::SES::ConfigurationSetEventDestination",
        "EventDestination/KinesisFirehoseDestination",
        "IAMRoleARN",
        "DeliveryStreamARN",
        "ses.amazonaws.com",
    ),
    ("AWS::Scheduler::Schedule", "Target", "RoleArn", "Arn", "scheduler.amazonaws.com"),
    ("AWS::SNS::Subscription", "", "SubscriptionRoleArn", "Endpoint", "sns.amazonaws.com"),
];

/// The roles of all senders.
pub fn users<'a>(context: &Context<'a>, users: &mut Vec<User<'a>>) {
    for (kind, path, role, target, service) in SENDERS {
        for resource in context.of_type(kind) {
            let keys: Vec<&str> = path.split('/').filter(|key| !key.is_empty()).collect();
            let objects: Vec<(String, &Map)> = if keys.is_empty() {
                vec![(properties(resource), &resource.properties)]
            } else {
                let found = within(&resource.properties, &keys, &properties(resource));
                found.into_iter().filter_map(|(path, value)| Some((path, value.as_map()?))).collect()
            };
            for (path, object) in objects {
                let mut needs: Vec<Need> =
                    texts(context, object.get(target)).into_iter().filter_map(|arn| needed(SENDING, arn)).collect();
                if *kind == "AWS::Pipes::Pipe" {
                    needs.extend(
                        texts(context, object.get("Source")).into_iter().filter_map(|arn| needed(READING, arn)),
                    );
                }
                // With a rule's own parameters another resource is acted on.
                let other = ["EcsParameters", "BatchParameters"].iter().any(|key| object.get(key).is_some());
                let queue = object.get("DeadLetterConfig").and_then(|config| config.as_map()?.get("Arn"));
                if *kind == "AWS::Scheduler::Schedule" {
                    needs.extend(texts(context, queue).into_iter().filter_map(|arn| needed(SENDING, arn)));
                }
                if other {
                    needs.clear();
                }
                acting(resource, object, role, &path, service, needs, users);
            }
        }
    }
    topic_rules(context, users);
}

fn acting<'a>(
    resource: &'a Resource,
    object: &'a Map,
    key: &str,
    path: &str,
    service: &'static str,
    needs: Vec<Need>,
    users: &mut Vec<User<'a>>,
) {
    let mut roles: Vec<(String, &'a Value)> = values(object, key, path);
    let last = roles.pop();
    for (path, role) in roles {
        let needs = needs.iter().map(|need| Need { on: need.on.clone(), ..*need }).collect();
        users.push(User { resource, role, path, service, needs });
    }
    users.extend(last.map(|(path, role)| User { resource, role, path, service, needs }));
}

/// The actions of topic rules: what has the role, what has the name of the target, the form of its ARN, what it
/// takes.
///
/// Source: the developer guide of AWS `IoT` Core, "Rule actions".
const TOPIC_ACTIONS: &[(&str, &str, &str, &[&str])] = &[
    (
        "Firehose",
        "DeliveryStreamName",
        "arn:{p}:firehose:{r}:{a}:deliverystream/{}",
        &["firehose:PutRecord|firehose:PutRecordBatch"],
    ),
    ("Kinesis", "StreamName", "arn:{p}:kinesis:{r}:{a}:stream/{}", &["kinesis:PutRecord|kinesis:PutRecords"]),
    ("S3", "BucketName", "arn:{p}:s3:::{}/*", &["s3:PutObject"]),
    ("Sns", "TargetArn", "{}", &["sns:Publish"]),
];

fn topic_rules<'a>(context: &Context<'a>, users: &mut Vec<User<'a>>) {
    for rule in context.of_type("AWS::IoT::TopicRule") {
        for (name, key, form, actions) in TOPIC_ACTIONS {
            let mut found = within(&rule.properties, &["TopicRulePayload", "Actions", "*", name], &properties(rule));
            found.extend(within(&rule.properties, &["TopicRulePayload", "ErrorAction", name], &properties(rule)));
            for (path, action) in found {
                let Some(object) = action.as_map() else { continue };
                let on: Vec<Text> =
                    texts(context, object.get(key)).iter().map(|text| names::form(form, &[text])).collect();
                acting(rule, object, "RoleArn", &path, "iot.amazonaws.com", vec![Need::vital(actions, on)], users);
            }
        }
    }
}
