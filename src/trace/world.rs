//! The resources of a template that events come to, compiled once: patterns, targets, streams, who reads whom.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::catalog::Catalog;
use super::firehose::Stream;
use super::functions::{Function, Runner};
use super::input::Input;
use super::pattern::Pattern;
use super::resolve::{Resolver, is_unknown};
use crate::contract::Contract;
use crate::source::Span;
use crate::template::event_pattern::{self, OR};
use crate::template::{Resource, Template, Value};

/// The bus that every account has.
pub const DEFAULT_BUS: &str = "default";

/// What events come to.
pub struct World<'t> {
    /// The template.
    pub template: &'t Template,
    /// What its values are.
    pub resolver: Resolver<'t>,
    /// The components of the blueprint by the logical ids of their resources; empty for a template.
    pub components: BTreeMap<String, String>,
    /// Contracts by the logical ids of the resources that they are about.
    pub(super) contracts: BTreeMap<String, Arc<Contract>>,
    /// What runs functions.
    pub(super) runner: &'t dyn Runner,
    pub(super) catalog: Catalog,
    nodes: BTreeMap<&'t str, Node>,
    subscriptions: Vec<Subscription>,
    mappings: Vec<Mapping>,
    pub(super) mail: Vec<MailDestination>,
    /// Logical ids by ARN, by address and by name with the type.
    addresses: BTreeMap<String, &'t str>,
}

/// What a resource does with events.
#[derive(Debug)]
pub(super) enum Node {
    Bus,
    Rule(Rule),
    Stream(Box<Stream>),
    /// A stream of Kinesis.
    Shards,
    Queue,
    Topic,
    Bucket,
    Function(Box<Function>),
    /// A schedule, with what it sends where.
    Schedule(Schedule),
    /// A configuration set of SES.
    Mail,
    Other,
}

/// Where a configuration set sends what becomes of mail.
#[derive(Debug)]
pub(super) struct MailDestination {
    pub id: String,
    /// The name of the configuration set.
    pub set: String,
    /// The property `EventDestination`.
    pub destination: Json,
    pub place: Span,
}

/// What a schedule sends.
#[derive(Debug)]
pub(super) struct Schedule {
    pub target: String,
    /// What it sends; nothing if the target gets the standard message.
    pub input: Option<String>,
}

/// Who gets the messages of a topic.
#[derive(Debug)]
pub(super) struct Subscription {
    pub topic: String,
    pub protocol: String,
    pub endpoint: String,
    /// The filter over the body of a message; an error says why it is not applied here.
    pub filter: Option<Result<Pattern, String>>,
    pub raw: bool,
    pub place: Span,
}

/// A function that reads a stream or a queue.
#[derive(Debug)]
pub(super) struct Mapping {
    pub source: String,
    pub function: String,
    /// One of these has to match, if there are any.
    pub filters: Vec<Result<Pattern, String>>,
    pub place: Span,
}

/// A rule of a bus.
#[derive(Debug)]
pub(super) struct Rule {
    pub bus: String,
    /// The pattern; an error says why the service refuses it. Nothing if the rule has only a schedule.
    pub pattern: Option<Result<Pattern, String>>,
    pub enabled: bool,
    pub targets: Vec<Target>,
}

/// A target of a rule.
#[derive(Debug)]
pub(super) struct Target {
    pub arn: String,
    pub input: Result<Input, String>,
    pub dead_letters: Option<String>,
    /// The path to the partition key of a stream.
    pub partition_key: Option<String>,
    pub place: Span,
}

impl<'t> World<'t> {
    /// Compiles what a template does with events.
    pub fn new(
        template: &'t Template,
        resolver: Resolver<'t>,
        components: BTreeMap<String, String>,
        runner: &'t dyn Runner,
    ) -> Self {
        let mut catalog = Catalog::default();
        let (mut subscriptions, mut mappings, mut mail) = (Vec::new(), Vec::new(), Vec::new());
        let mut nodes = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        for resource in &template.resources {
            if resolver.exists(resource) == Some(false) {
                continue;
            }
            addresses.insert(resolver.arn(resource), resource.id.as_str());
            catalog.add(resource, &resolver);
            subscriptions.extend(Subscription::read(resource, &resolver));
            mappings.extend(Mapping::read(resource, &resolver));
            mail.extend(MailDestination::read(resource, &resolver));
            let node = match resource.kind.as_str() {
                "AWS::Events::EventBus" => Node::Bus,
                "AWS::Events::Rule" => Node::Rule(Rule::read(resource, &resolver)),
                "AWS::KinesisFirehose::DeliveryStream" => Node::Stream(Box::new(Stream::read(resource, &resolver))),
                "AWS::Kinesis::Stream" => Node::Shards,
                "AWS::SQS::Queue" => Node::Queue,
                "AWS::SNS::Topic" => Node::Topic,
                "AWS::SES::ConfigurationSet" => Node::Mail,
                "AWS::Lambda::Function" => Node::Function(Box::new(function(resource, &resolver))),
                "AWS::Scheduler::Schedule" => Node::Schedule(Schedule {
                    target: resolver.text(&resource.properties, &["Target", "Arn"]).unwrap_or_default(),
                    input: resolver.text(&resource.properties, &["Target", "Input"]),
                }),
                "AWS::S3::Bucket" => Node::Bucket,
                _ => Node::Other,
            };
            nodes.insert(resource.id.as_str(), node);
        }
        Self {
            template,
            resolver,
            components,
            contracts: BTreeMap::new(),
            runner,
            catalog,
            nodes,
            subscriptions,
            mappings,
            mail,
            addresses,
        }
    }

    pub(super) fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The resource with this logical id.
    pub(super) fn resource(&self, id: &str) -> Option<&'t Resource> {
        self.template.resource(id)
    }

    /// The resource that an ARN names.
    pub(super) fn by_arn(&self, arn: &str) -> Option<&'t str> {
        if let Some(id) = self.addresses.get(arn) {
            return Some(id);
        }
        // A version or an alias of a function is the function.
        let (whole, _) = arn.rsplit_once(':')?;
        self.addresses.get(whole).copied().filter(|_| arn.contains(":function:"))
    }

    /// Who gets the messages of a topic.
    pub(super) fn subscriptions_of(&self, arn: &str) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.iter().filter(move |one| one.topic == arn)
    }

    /// Whether a topic sends to this.
    pub(super) fn is_subscribed(&self, arn: &str) -> bool {
        self.subscriptions.iter().any(|one| one.endpoint == arn)
    }

    /// The functions that read a stream or a queue.
    pub(super) fn mappings_of(&self, arn: &str) -> impl Iterator<Item = &Mapping> {
        self.mappings.iter().filter(move |one| one.source == arn)
    }

    /// The function that a name or an ARN is about.
    pub(super) fn function(&self, name: &str) -> Option<&'t str> {
        self.by_arn(name).or_else(|| {
            let named = |id: &&str| self.resource(id).is_some_and(|one| self.resolver.name(one) == name);
            self.nodes().filter(|(_, node)| matches!(node, Node::Function(_))).map(|(id, _)| id).find(named)
        })
    }

    /// All resources with what they do.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (&'t str, &Node)> {
        self.nodes.iter().map(|(id, node)| (*id, node))
    }

    /// The rules of a bus, by its name.
    pub(super) fn rules_of(&self, bus: &str) -> impl Iterator<Item = (&'t str, &Rule)> {
        self.nodes().filter_map(move |(id, node)| match node {
            Node::Rule(rule) if rule.bus == bus => Some((id, rule)),
            _ => None,
        })
    }

    /// How people know a resource: by its component, or by its logical id.
    pub fn name(&self, id: &str) -> String {
        self.components.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}

impl Rule {
    fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let properties = &resource.properties;
        let pattern = properties.get("EventPattern").and_then(|value| resolver.value(value)).map(|pattern| {
            // Some write the pattern as text.
            let pattern = match &pattern {
                Json::String(text) => serde_json::from_str(text).map_err(|error| error.to_string())?,
                _ => pattern,
            };
            Pattern::read(&pattern)
        });
        let targets = properties.get("Targets").and_then(Value::as_list).unwrap_or_default();
        Self {
            bus: resolver.bus_of(resource).unwrap_or_else(|| event_pattern::HOLE.to_string()),
            pattern,
            enabled: resolver.text(properties, &["State"]).is_none_or(|state| state != "DISABLED"),
            targets: targets.iter().filter_map(|target| Target::read(target, resolver)).collect(),
        }
    }
}

impl Subscription {
    fn read(resource: &Resource, resolver: &Resolver<'_>) -> Vec<Self> {
        let one = |topic: String, map: &crate::template::Map, place: Span| {
            let policy = map.get("FilterPolicy").and_then(|value| resolver.value(value));
            let by_body = resolver.text(map, &["FilterPolicyScope"]).is_some_and(|scope| scope == "MessageBody");
            Some(Self {
                topic,
                protocol: resolver.text(map, &["Protocol"])?,
                endpoint: resolver.text(map, &["Endpoint"])?,
                filter: policy.map(|policy| {
                    if by_body {
                        Pattern::read(&policy)
                    } else {
                        Err("its filter looks at attributes of the message, which are not known here".to_owned())
                    }
                }),
                raw: resolver.text(map, &["RawMessageDelivery"]).is_some_and(|raw| raw == "true"),
                place,
            })
        };
        match resource.kind.as_str() {
            "AWS::SNS::Subscription" => {
                let topic = resolver.text(&resource.properties, &["TopicArn"]).unwrap_or_default();
                one(topic, &resource.properties, resource.origin.span()).into_iter().collect()
            }
            "AWS::SNS::Topic" => {
                let own = resource.properties.get("Subscription").and_then(Value::as_list).unwrap_or_default();
                let arn = resolver.arn(resource);
                own.iter().filter_map(|value| one(arn.clone(), value.as_map()?, value.origin.span())).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl MailDestination {
    fn read(resource: &Resource, resolver: &Resolver<'_>) -> Option<Self> {
        if resource.kind != "AWS::SES::ConfigurationSetEventDestination" {
            return None;
        }
        let destination = resource.properties.get("EventDestination")?;
        Some(Self {
            id: resource.id.clone(),
            set: resolver.text(&resource.properties, &["ConfigurationSetName"])?,
            destination: resolver.value(destination)?,
            place: destination.origin.span(),
        })
    }
}

impl Mapping {
    fn read(resource: &Resource, resolver: &Resolver<'_>) -> Option<Self> {
        if resource.kind != "AWS::Lambda::EventSourceMapping" {
            return None;
        }
        let properties = &resource.properties;
        if resolver.text(properties, &["Enabled"]).is_some_and(|enabled| enabled == "false") {
            return None;
        }
        let criteria = properties.get("FilterCriteria").and_then(|value| resolver.value(value)).unwrap_or_default();
        let filters = criteria["Filters"].as_array().cloned().unwrap_or_default();
        let filter = |filter: &Json| {
            let text = filter["Pattern"].as_str().ok_or("a filter without a pattern")?;
            let pattern: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
            Pattern::read(&pattern)
        };
        Some(Self {
            source: resolver.text(properties, &["EventSourceArn"])?,
            function: resolver.text(properties, &["FunctionName"])?,
            filters: filters.iter().map(filter).collect(),
            place: properties.get("FilterCriteria").map_or(resource.origin, |value| value.origin).span(),
        })
    }
}

/// Seconds that a function may run where a template says nothing. Source: Lambda API, `Timeout`.
const DEFAULT_TIMEOUT: u32 = 3;

/// MiB that a function has where a template says nothing. Source: Lambda API, `MemorySize`.
const DEFAULT_MEMORY: u32 = 128;

fn function(resource: &Resource, resolver: &Resolver<'_>) -> Function {
    let properties = &resource.properties;
    let text = |path: &[&str]| resolver.text(properties, path);
    let number = |name: &str, default: u32| text(&[name]).and_then(|text| text.parse().ok()).unwrap_or(default);
    let runtime = text(&["Runtime"]).unwrap_or_default();
    let variables = properties.get("Environment").and_then(|value| resolver.value(value)).unwrap_or_default();
    let variables = variables["Variables"].as_object().cloned().unwrap_or_default();
    let mut environment: Vec<(String, String)> =
        variables.iter().filter_map(|(name, value)| Some((name.clone(), super::resolve::text(value)?))).collect();
    environment.sort();
    let deployment = resolver.deployment();
    Function {
        name: resolver.name(resource),
        handler: text(&["Handler"]).unwrap_or_else(|| "index.handler".to_owned()),
        files: text(&["Code", "ZipFile"]).map(|source| Function::inline(&runtime, &source)).unwrap_or_default(),
        runtime,
        environment,
        timeout_seconds: number("Timeout", DEFAULT_TIMEOUT),
        memory_mib: number("MemorySize", DEFAULT_MEMORY),
        region: deployment.region.clone(),
        account: deployment.account.clone(),
    }
}

impl Target {
    fn read(target: &Value, resolver: &Resolver<'_>) -> Option<Self> {
        let map = target.as_map()?;
        let said = resolver.map(map);
        let input =
            if ["Input", "InputPath", "InputTransformer"].iter().any(|name| said.get(name).is_some_and(is_unknown)) {
                Err("its input is known only at deployment".to_owned())
            } else {
                Input::read(&said)
            };
        let place = map.get("Arn").map_or(target.origin, |arn| arn.origin).span();
        Some(Self {
            arn: resolver.text(map, &["Arn"])?,
            input,
            dead_letters: resolver.text(map, &["DeadLetterConfig", "Arn"]),
            partition_key: resolver.text(map, &["KinesisParameters", "PartitionKeyPath"]),
            place,
        })
    }
}

/// The place of a field in the pattern of a rule.
pub(super) fn place_of_field(rule: &Resource, keys: &[String]) -> Option<Span> {
    let pattern = rule.properties.get("EventPattern")?;
    field(pattern, keys).or(Some(pattern.origin.span()))
}

fn field(value: &Value, keys: &[String]) -> Option<Span> {
    let map = value.as_map()?;
    let [key, rest @ ..] = keys else { return None };
    let own = map
        .0
        .iter()
        .find(|(known, _)| known.text == *key)
        .and_then(|(known, value)| if rest.is_empty() { Some(known.origin.span()) } else { field(value, rest) });
    own.or_else(|| {
        let alternatives = map.get(OR)?.as_list()?;
        alternatives.iter().find_map(|alternative| field(alternative, keys))
    })
}
