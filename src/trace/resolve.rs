//! What the values of a template are in one deployment: parameters, conditions and mappings decided, resources named.
//!
//! Names that CloudFormation makes up are made up here as well: always the same for the same template. What cannot be
//! known is [`HOLE`].

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map as Object, Value as Json};

use crate::template::event_pattern::HOLE;
use crate::template::{Data, Function, Map, Resource, SubPart, Template, Value, sub_parts};

/// An account that stands for the one of the deployment, as examples of AWS do it.
pub const ACCOUNT: &str = "111122223333";

/// A region that stands for the one of the deployment.
pub const REGION: &str = "us-east-1";

/// What a deployment decides.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The name of the stack.
    pub stack: String,
    /// Values of parameters that are not their defaults.
    pub parameters: BTreeMap<String, Json>,
}

impl Default for Deployment {
    fn default() -> Self {
        Self {
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            stack: "stack".to_owned(),
            parameters: BTreeMap::new(),
        }
    }
}

/// Says what values are.
#[derive(Debug)]
pub struct Resolver<'t> {
    template: &'t Template,
    deployment: Deployment,
    /// Conditions that were decided; `None` while one is, so that a circle of them ends.
    conditions: Mutex<BTreeMap<String, Option<bool>>>,
}

/// The properties that name a resource, whatever its type.
const NAMES: &[&str] = &[
    "BucketName",
    "QueueName",
    "TopicName",
    "FunctionName",
    "DeliveryStreamName",
    "LogGroupName",
    "RoleName",
    "RuleName",
    "ArchiveName",
    "StateMachineName",
    "AlarmName",
    "AliasName",
    "DBClusterIdentifier",
    "ClusterIdentifier",
    "Name",
];

/// What is known nowhere.
pub fn unknown() -> Json {
    Json::String(HOLE.to_string())
}

/// Whether a value, or part of it, is known only at deployment.
pub fn is_unknown(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains(HOLE),
        Json::Array(items) => items.iter().any(is_unknown),
        Json::Object(map) => map.values().any(is_unknown),
        _ => false,
    }
}

impl<'t> Resolver<'t> {
    /// For one deployment of a template.
    pub fn new(template: &'t Template, deployment: Deployment) -> Self {
        Self { template, deployment, conditions: Mutex::default() }
    }

    /// What is deployed.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// What a value is; nothing if it is left out.
    pub fn value(&self, value: &Value) -> Option<Json> {
        Some(match &value.data {
            Data::Null => Json::Null,
            Data::Bool(value) => Json::Bool(*value),
            Data::Number(number) => Json::Number(number.clone()),
            Data::String(text) => Json::String(text.clone()),
            Data::List(items) => Json::Array(items.iter().filter_map(|item| self.value(item)).collect()),
            Data::Map(map) => self.map(map),
            Data::Call(function, argument) => return self.call(*function, argument),
        })
    }

    /// What an object is.
    pub fn map(&self, map: &Map) -> Json {
        let entries = map.0.iter().filter_map(|(key, value)| Some((key.text.clone(), self.value(value)?)));
        Json::Object(entries.collect::<Object<_, _>>())
    }

    /// The text of a property, as far as it is known.
    pub fn text(&self, map: &Map, path: &[&str]) -> Option<String> {
        let value = path.iter().skip(1).try_fold(map.get(path.first()?)?, |value, key| value.as_map()?.get(key))?;
        text(&self.value(value)?)
    }

    /// Whether a resource exists; `None` if only the deployment knows.
    pub fn exists(&self, resource: &Resource) -> Option<bool> {
        resource.condition.as_ref().map_or(Some(true), |name| self.condition(name))
    }

    fn condition(&self, name: &str) -> Option<bool> {
        let known = || self.conditions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(name) {
            return *known;
        }
        known().insert(name.to_owned(), None);
        let decided = self.template.conditions.get(name).and_then(|value| self.decide(value));
        known().insert(name.to_owned(), decided);
        decided
    }

    fn decide(&self, value: &Value) -> Option<bool> {
        let Data::Call(function, argument) = &value.data else { return None };
        let items = argument.as_list().unwrap_or_default();
        match function {
            Function::Condition => self.condition(argument.as_str()?),
            Function::Not => self.decide(items.first()?).map(|is| !is),
            Function::And => {
                let all: Vec<_> = items.iter().map(|item| self.decide(item)).collect();
                if all.contains(&Some(false)) { Some(false) } else { all.iter().all(Option::is_some).then_some(true) }
            }
            Function::Or => {
                let all: Vec<_> = items.iter().map(|item| self.decide(item)).collect();
                if all.contains(&Some(true)) { Some(true) } else { all.iter().all(Option::is_some).then_some(false) }
            }
            Function::Equals => {
                let [one, other] = items else { return None };
                let (one, other) = (self.value(one)?, self.value(other)?);
                if is_unknown(&one) || is_unknown(&other) {
                    return None;
                }
                Some(one == other || text(&one).is_some_and(|one| text(&other) == Some(one)))
            }
            _ => None,
        }
    }

    fn call(&self, function: Function, argument: &Value) -> Option<Json> {
        let items = || argument.as_list().unwrap_or_default();
        let at = |index: usize| items().get(index).and_then(|item| self.value(item));
        let made = match function {
            Function::Ref => return self.reference(argument.as_str().unwrap_or_default()),
            Function::GetAtt => match items() {
                [id, attribute] => {
                    self.attribute(id.as_str().unwrap_or_default(), attribute.as_str().unwrap_or_default())
                }
                _ => None,
            },
            Function::If => {
                let [name, then, otherwise] = items() else { return Some(unknown()) };
                match name.as_str().and_then(|name| self.condition(name)) {
                    Some(true) => return self.value(then),
                    Some(false) => return self.value(otherwise),
                    None => None,
                }
            }
            Function::Sub => self.substitute(argument),
            Function::Join => (|| {
                let separator = text(&at(0)?)?;
                let Json::Array(parts) = at(1)? else { return None };
                let parts: Option<Vec<String>> = parts.iter().map(text).collect();
                Some(Json::String(parts?.join(&separator)))
            })(),
            Function::Select => (|| {
                let index: usize = text(&at(0)?)?.parse().ok()?;
                at(1)?.get(index).cloned()
            })(),
            Function::Split => (|| {
                let (separator, whole) = (text(&at(0)?)?, text(&at(1)?)?);
                Some(whole.split(separator.as_str()).map(Json::from).collect())
            })(),
            Function::FindInMap => (|| {
                let [name, top, second] = [text(&at(0)?)?, text(&at(1)?)?, text(&at(2)?)?];
                self.value(self.template.mappings.get(&name)?.at(&[&top, &second])?)
            })(),
            Function::ToJsonString => self.value(argument).map(|value| Json::String(value.to_string())),
            _ => None,
        };
        Some(made.unwrap_or_else(unknown))
    }

    fn substitute(&self, argument: &Value) -> Option<Json> {
        let (template, own) = match &argument.data {
            Data::String(text) => (text.as_str(), None),
            Data::List(items) => (items.first()?.as_str()?, items.get(1).and_then(Value::as_map)),
            _ => return None,
        };
        let mut made = String::new();
        for part in sub_parts(template) {
            match part {
                SubPart::Text(text) => made.push_str(text),
                SubPart::Literal(name) => made.extend(["${", name, "}"]),
                SubPart::Name(name) => {
                    let name = name.trim();
                    let value = match own.and_then(|own| own.get(name)) {
                        Some(value) => self.value(value),
                        None => match name.split_once('.') {
                            Some((id, attribute)) => self.attribute(id, attribute),
                            None => self.reference(name),
                        },
                    };
                    match value.as_ref().and_then(text) {
                        Some(text) => made.push_str(&text),
                        None => made.push(HOLE),
                    }
                }
            }
        }
        Some(Json::String(made))
    }

    fn reference(&self, name: &str) -> Option<Json> {
        let deployment = &self.deployment;
        let text = |text: &str| Some(Json::from(text));
        match name {
            "AWS::NoValue" => return None,
            "AWS::AccountId" => return text(&deployment.account),
            "AWS::Region" => return text(&deployment.region),
            "AWS::Partition" => return text("aws"),
            "AWS::URLSuffix" => return text("amazonaws.com"),
            "AWS::StackName" => return text(&deployment.stack),
            "AWS::StackId" => {
                let Deployment { account, region, stack, .. } = deployment;
                return Some(Json::String(format!("arn:aws:cloudformation:{region}:{account}:stack/{stack}/1")));
            }
            _ => {}
        }
        if let Some(parameter) = self.template.parameters.get(name) {
            return Some(self.parameter(name, parameter));
        }
        let Some(resource) = self.template.resource(name) else { return Some(unknown()) };
        Some(Json::String(match resource.kind.as_str() {
            "AWS::SQS::Queue" => format!(
                "https://sqs.{}.amazonaws.com/{}/{}",
                deployment.region,
                deployment.account,
                self.name(resource)
            ),
            "AWS::SNS::Topic"
            | "AWS::Lambda::Version"
            | "AWS::Lambda::Alias"
            | "AWS::StepFunctions::StateMachine"
            | "AWS::SecretsManager::Secret"
            | "AWS::ElasticLoadBalancingV2::LoadBalancer"
            | "AWS::ElasticLoadBalancingV2::TargetGroup" => self.arn(resource),
            "AWS::Events::Rule" => match self.bus_of(resource) {
                Some(bus) if bus != "default" => format!("{bus}|{}", self.name(resource)),
                _ => self.name(resource),
            },
            _ => self.name(resource),
        }))
    }

    fn parameter(&self, name: &str, parameter: &Value) -> Json {
        let kind = parameter.at(&["Type"]).and_then(Value::as_str).unwrap_or_default();
        let value = self.deployment.parameters.get(name).cloned();
        let value = value.or_else(|| match parameter.at(&["Default"]) {
            Some(_) if kind.starts_with("AWS::SSM") => None,
            Some(default) => self.value(default),
            None => None,
        });
        match value {
            Some(Json::String(text)) if kind == "CommaDelimitedList" || kind.starts_with("List<") => {
                text.split(',').map(|item| Json::from(item.trim())).collect()
            }
            Some(value) => value,
            None => unknown(),
        }
    }

    fn attribute(&self, id: &str, attribute: &str) -> Option<Json> {
        let resource = self.template.resource(id)?;
        let name = self.name(resource);
        let text = match (resource.kind.as_str(), attribute) {
            (_, "Arn" | "TopicArn" | "QueueArn" | "LoadBalancerArn" | "StateMachineArn" | "WebhookArn") => {
                self.arn(resource)
            }
            (_, "Name" | "QueueName" | "TopicName" | "FunctionName" | "DeliveryStreamName") => name,
            ("AWS::SQS::Queue", "QueueUrl") => return self.reference(id),
            ("AWS::S3::Bucket", "DomainName") => format!("{name}.s3.amazonaws.com"),
            ("AWS::S3::Bucket", "RegionalDomainName") => format!("{name}.s3.{}.amazonaws.com", self.deployment.region),
            (_, attribute) if attribute.ends_with("Arn") => self.arn(resource),
            _ => return None,
        };
        Some(Json::String(text))
    }

    /// The bus of a rule, by its name.
    pub fn bus_of(&self, rule: &Resource) -> Option<String> {
        let bus = match rule.properties.get("EventBusName") {
            Some(value) => text(&self.value(value)?)?,
            None => return Some("default".to_owned()),
        };
        Some(bus.rsplit_once('/').map_or(bus.clone(), |(_, name)| name.to_owned()))
    }

    /// The name of a resource: its own, or the one that CloudFormation would give it, without what is random in that.
    pub fn name(&self, resource: &Resource) -> String {
        let own = NAMES.iter().find_map(|name| resource.properties.get(name));
        let own = own.or_else(|| match resource.kind.as_str() {
            "AWS::Glue::Database" => resource.properties.get("DatabaseInput")?.at(&["Name"]),
            "AWS::Glue::Table" => resource.properties.get("TableInput")?.at(&["Name"]),
            _ => None,
        });
        if let Some(name) = own.and_then(|value| self.value(value)).as_ref().and_then(text)
            && !name.contains(HOLE)
        {
            return name;
        }
        let made = format!("{}-{}", self.deployment.stack, resource.id);
        if resource.kind == "AWS::S3::Bucket" { made.to_lowercase() } else { made }
    }

    /// The ARN of a resource.
    pub fn arn(&self, resource: &Resource) -> String {
        let Deployment { account, region, .. } = &self.deployment;
        let name = self.name(resource);
        let (service, rest) = match resource.kind.as_str() {
            "AWS::S3::Bucket" => return format!("arn:aws:s3:::{name}"),
            "AWS::IAM::Role" => return format!("arn:aws:iam::{account}:role/{name}"),
            "AWS::SQS::Queue" => ("sqs", name),
            "AWS::SNS::Topic" => ("sns", name),
            "AWS::Lambda::Function" => ("lambda", format!("function:{name}")),
            "AWS::Lambda::Version" | "AWS::Lambda::Alias" => {
                let of = self.text(&resource.properties, &["FunctionName"]).unwrap_or_default();
                let of = of.rsplit_once(':').map_or(of.clone(), |(_, name)| name.to_owned());
                let label = if resource.kind.ends_with("Version") { "1".to_owned() } else { name };
                ("lambda", format!("function:{of}:{label}"))
            }
            "AWS::Kinesis::Stream" => ("kinesis", format!("stream/{name}")),
            "AWS::KinesisFirehose::DeliveryStream" => ("firehose", format!("deliverystream/{name}")),
            "AWS::Events::EventBus" => ("events", format!("event-bus/{name}")),
            "AWS::Events::Archive" => ("events", format!("archive/{name}")),
            "AWS::Events::ApiDestination" => ("events", format!("api-destination/{name}/1")),
            "AWS::Events::Rule" => match self.bus_of(resource) {
                Some(bus) if bus != "default" => ("events", format!("rule/{bus}/{name}")),
                _ => ("events", format!("rule/{name}")),
            },
            "AWS::Logs::LogGroup" => ("logs", format!("log-group:{name}:*")),
            "AWS::StepFunctions::StateMachine" => ("states", format!("stateMachine:{name}")),
            "AWS::SecretsManager::Secret" => ("secretsmanager", format!("secret:{name}")),
            "AWS::KMS::Key" => ("kms", format!("key/{name}")),
            kind => {
                let service = kind.split("::").nth(1).unwrap_or_default().to_lowercase();
                return format!("arn:aws:{service}:{region}:{account}:{name}");
            }
        };
        format!("arn:aws:{service}:{region}:{account}:{rest}")
    }
}

/// A scalar as text; an object or a list is none.
pub fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}
