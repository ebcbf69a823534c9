//! ARNs and names as far as they are known before deployment.
//!
//! What is known only at deployment stands for itself: the ARN of a bucket is the same however it is written, and two
//! buckets of the template are never the same.

use crate::check::Context;
use crate::template::{Data, Function, Map, Resource, SubPart, Value, emit, sub_parts};

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// A letter as it is.
    Letter(char),
    /// What CloudFormation says about where the stack is: partition, region, account.
    Place(&'static str),
    /// The name that CloudFormation gives the resource with this logical id.
    Generated(String),
    /// What else is known only at deployment; what is written alike is the same.
    Unknown(String),
}

/// A text of which parts may be known only at deployment.
pub type Text = Vec<Unit>;

const PLACES: &[&str] = &["AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"];

/// How the identifiers of a type are built: the property with the name, what `Ref` gives, and the attributes that are
/// ARNs. `{name}` is the name; a `?` is a part that only the service knows.
struct Form {
    kind: &'static str,
    name: &'static [&'static str],
    reference: &'static str,
    attributes: &'static [(&'static str, &'static str)],
}

/// Source: Service Authorization Reference, "Resource types" of each service; the reference of each resource type,
/// "Return values".
const FORMS: &[Form] = &[
    Form {
        kind: "AWS::DynamoDB::Table",
        name: &["TableName"],
        reference: "{name}",
        attributes: &[
            ("Arn", "arn:{p}:dynamodb:{r}:{a}:table/{name}"),
            ("StreamArn", "arn:{p}:dynamodb:{r}:{a}:table/{name}/stream/?"),
        ],
    },
    Form {
        kind: "AWS::Events::ApiDestination",
        name: &["Name"],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:events:{r}:{a}:api-destination/{name}/?")],
    },
    Form {
        kind: "AWS::Events::EventBus",
        name: &["Name"],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:events:{r}:{a}:event-bus/{name}")],
    },
    Form { kind: "AWS::Glue::Database", name: &["DatabaseInput", "Name"], reference: "{name}", attributes: &[] },
    Form { kind: "AWS::Glue::Table", name: &["TableInput", "Name"], reference: "{name}", attributes: &[] },
    Form {
        kind: "AWS::IAM::Role",
        name: &["RoleName"],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:iam::{a}:role/{name}")],
    },
    Form {
        kind: "AWS::KMS::Key",
        name: &[],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:kms:{r}:{a}:key/{name}")],
    },
    Form {
        kind: "AWS::Kinesis::Stream",
        name: &["Name"],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:kinesis:{r}:{a}:stream/{name}")],
    },
    Form {
        kind: "AWS::KinesisFirehose::DeliveryStream",
        name: &["DeliveryStreamName"],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:firehose:{r}:{a}:deliverystream/{name}")],
    },
    Form {
        kind: "AWS::Lambda::Function",
        name: &["FunctionName"],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:lambda:{r}:{a}:function:{name}")],
    },
    Form {
        kind: "AWS::Logs::LogGroup",
        name: &["LogGroupName"],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:logs:{r}:{a}:log-group:{name}:*")],
    },
    Form {
        kind: "AWS::OpenSearchService::Domain",
        name: &["DomainName"],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:es:{r}:{a}:domain/{name}"), ("DomainArn", "arn:{p}:es:{r}:{a}:domain/{name}")],
    },
    Form {
        kind: "AWS::S3::Bucket",
        name: &["BucketName"],
        reference: "{name}",
        attributes: &[("Arn", "arn:{p}:s3:::{name}")],
    },
    Form {
        kind: "AWS::SNS::Topic",
        name: &["TopicName"],
        reference: "arn:{p}:sns:{r}:{a}:{name}",
        attributes: &[("TopicArn", "arn:{p}:sns:{r}:{a}:{name}"), ("TopicName", "{name}")],
    },
    Form {
        kind: "AWS::SQS::Queue",
        name: &["QueueName"],
        reference: "?",
        attributes: &[("Arn", "arn:{p}:sqs:{r}:{a}:{name}"), ("QueueName", "{name}")],
    },
    Form {
        kind: "AWS::SecretsManager::Secret",
        name: &[],
        reference: "arn:{p}:secretsmanager:{r}:{a}:secret:{name}",
        attributes: &[("Id", "arn:{p}:secretsmanager:{r}:{a}:secret:{name}")],
    },
    Form {
        kind: "AWS::StepFunctions::StateMachine",
        name: &["StateMachineName"],
        reference: "arn:{p}:states:{r}:{a}:stateMachine:{name}",
        attributes: &[("Arn", "arn:{p}:states:{r}:{a}:stateMachine:{name}"), ("Name", "{name}")],
    },
];

/// How deep names may refer to names.
const DEEPEST: usize = 8;

/// A known text.
pub fn literal(text: &str) -> Text {
    text.chars().map(Unit::Letter).collect()
}

/// The ARN or the name that a value gives. Branches of conditions are not looked into.
pub fn of(context: &Context<'_>, value: &Value) -> Text {
    resolve(context, value, DEEPEST)
}

/// The attribute of a resource, or what `Ref` gives.
pub fn of_resource(context: &Context<'_>, resource: &Resource, attribute: Option<&str>) -> Text {
    identifier(context, resource, attribute, DEEPEST)
}

/// A form with `{p}`, `{r}` and `{a}` for partition, region and account, and `{}` for the parts, in their order.
pub fn form(form: &str, parts: &[&Text]) -> Text {
    let mut all = Text::new();
    let mut parts = parts.iter();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('{') {
        all.extend(literal(before));
        let Some((name, after)) = after.split_once('}') else { break };
        match name {
            "p" => all.push(Unit::Place("AWS::Partition")),
            "r" => all.push(Unit::Place("AWS::Region")),
            "a" => all.push(Unit::Place("AWS::AccountId")),
            _ => all.extend(parts.next().map(|part| (*part).clone()).unwrap_or_default()),
        }
        rest = after;
    }
    all.extend(literal(rest));
    all
}

fn resolve(context: &Context<'_>, value: &Value, deep: usize) -> Text {
    let unknown = || vec![Unit::Unknown(emit::json(value))];
    let Some(deep) = deep.checked_sub(1) else { return unknown() };
    match &value.data {
        Data::String(text) if text.contains("{{resolve:") => unknown(),
        Data::String(text) => literal(text),
        Data::Number(number) => literal(&number.to_string()),
        Data::Bool(value) => literal(&value.to_string()),
        Data::Call(Function::Ref, argument) => match argument.as_str() {
            Some(id) => named(context, id, None, deep),
            None => unknown(),
        },
        Data::Call(Function::GetAtt, argument) => {
            let parts: Vec<&str> = argument.as_list().unwrap_or_default().iter().filter_map(Value::as_str).collect();
            match parts.as_slice() {
                [id, attribute] => named(context, id, Some(attribute), deep),
                _ => unknown(),
            }
        }
        Data::Call(Function::Sub, argument) => {
            let (text, local) = match argument.as_list() {
                Some([text, local, ..]) => (text.as_str(), local.as_map()),
                Some(_) => (None, None),
                None => (argument.as_str(), None),
            };
            text.map_or_else(unknown, |text| substituted(context, text, local, deep))
        }
        Data::Call(Function::Join, argument) => {
            let Some([delimiter, items]) = argument.as_list() else { return unknown() };
            let Some((delimiter, items)) = delimiter.as_str().zip(items.as_list()) else { return unknown() };
            let mut all = Text::new();
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    all.extend(literal(delimiter));
                }
                all.extend(resolve(context, item, deep));
            }
            all
        }
        _ => unknown(),
    }
}

fn substituted(context: &Context<'_>, text: &str, local: Option<&Map>, deep: usize) -> Text {
    let one = |part| match part {
        SubPart::Text(text) => literal(text),
        SubPart::Literal(name) => literal(&format!("${{{name}}}")),
        SubPart::Name(name) => {
            let name = name.trim();
            match (local.and_then(|local| local.get(name)), name.split_once('.')) {
                (Some(value), _) => resolve(context, value, deep),
                (None, Some((id, attribute))) => named(context, id, Some(attribute), deep),
                (None, None) => named(context, name, None, deep),
            }
        }
    };
    sub_parts(text).into_iter().flat_map(one).collect()
}

/// What a name stands for in a `Ref`, a `Fn::GetAtt` or a `Fn::Sub`.
fn named(context: &Context<'_>, id: &str, attribute: Option<&str>, deep: usize) -> Text {
    if let Some(place) = PLACES.iter().find(|place| **place == id) {
        return vec![Unit::Place(place)];
    }
    match context.resources.get(id) {
        Some(resource) => identifier(context, resource, attribute, deep),
        None => vec![Unit::Unknown(format!("{id}.{}", attribute.unwrap_or_default()))],
    }
}

fn identifier(context: &Context<'_>, resource: &Resource, attribute: Option<&str>, deep: usize) -> Text {
    let unknown = || vec![Unit::Unknown(format!("{}.{}", resource.id, attribute.unwrap_or_default()))];
    let Some(deep) = deep.checked_sub(1) else { return unknown() };
    if let ("AWS::Lambda::Alias" | "AWS::Lambda::Version", None | Some("FunctionArn" | "AliasArn")) =
        (resource.kind.as_str(), attribute)
    {
        return qualified(context, resource, deep).unwrap_or_else(unknown);
    }
    let Some(known) = FORMS.iter().find(|form| form.kind == resource.kind) else { return unknown() };
    // A path is a part of the ARN of a role.
    if resource.kind == "AWS::IAM::Role" && attribute.is_some() && resource.properties.get("Path").is_some() {
        return unknown();
    }
    let shape = match attribute {
        None => Some(known.reference),
        Some(attribute) => known.attributes.iter().find(|(name, _)| *name == attribute).map(|(_, shape)| *shape),
    };
    let Some(shape) = shape.filter(|shape| *shape != "?") else { return unknown() };
    let name = name(context, resource, known, deep);
    let mut all = form(shape.trim_end_matches('?'), &[&name]);
    if shape.ends_with('?') {
        all.extend(unknown());
    }
    all
}

/// The name of a resource: that of the template, or one that is given at deployment.
fn name(context: &Context<'_>, resource: &Resource, known: &Form, deep: usize) -> Text {
    let generated = || vec![Unit::Generated(resource.id.clone())];
    let Some((first, rest)) = known.name.split_first() else { return generated() };
    let given = resource.properties.get(first).and_then(|value| value.at(rest));
    match given {
        None => generated(),
        // Where a condition decides, one of several comes to be.
        Some(Value { data: Data::Call(Function::If, _), .. }) => vec![Unit::Unknown(format!("{}.", resource.id))],
        Some(value) => resolve(context, value, deep),
    }
}

/// The ARN of a version or an alias of a function.
fn qualified(context: &Context<'_>, resource: &Resource, deep: usize) -> Option<Text> {
    let function = context.target(resource.properties.get("FunctionName")?)?;
    let mut all = identifier(context, function, Some("Arn"), deep);
    all.push(Unit::Letter(':'));
    match resource.properties.get("Name") {
        Some(name) if resource.kind == "AWS::Lambda::Alias" => all.extend(resolve(context, name, deep)),
        _ => all.push(Unit::Generated(resource.id.clone())),
    }
    Some(all)
}

/// The text as a person reads it.
pub fn shown(text: &[Unit]) -> String {
    let one = |unit: &Unit| match unit {
        Unit::Letter(letter) => letter.to_string(),
        Unit::Place(name) => format!("${{{name}}}"),
        Unit::Generated(id) => format!("${{{id}}}"),
        Unit::Unknown(name) if name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.') => {
            format!("${{{}}}", name.trim_end_matches('.'))
        }
        Unit::Unknown(_) => "…".to_owned(),
    };
    text.iter().map(one).collect()
}
