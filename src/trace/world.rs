//! The resources of a template that events come to, compiled once: patterns, targets, streams, who reads whom.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::firehose::Stream;
use super::input::Input;
use super::pattern::Pattern;
use super::resolve::{Resolver, is_unknown};
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
    nodes: BTreeMap<&'t str, Node>,
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
    Bucket,
    Other,
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
    pub fn new(template: &'t Template, resolver: Resolver<'t>, components: BTreeMap<String, String>) -> Self {
        let mut nodes = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        for resource in &template.resources {
            if resolver.exists(resource) == Some(false) {
                continue;
            }
            addresses.insert(resolver.arn(resource), resource.id.as_str());
            let node = match resource.kind.as_str() {
                "AWS::Events::EventBus" => Node::Bus,
                "AWS::Events::Rule" => Node::Rule(Rule::read(resource, &resolver)),
                "AWS::KinesisFirehose::DeliveryStream" => Node::Stream(Box::new(Stream::read(resource, &resolver))),
                "AWS::Kinesis::Stream" => Node::Shards,
                "AWS::SQS::Queue" => Node::Queue,
                "AWS::S3::Bucket" => Node::Bucket,
                _ => Node::Other,
            };
            nodes.insert(resource.id.as_str(), node);
        }
        Self { template, resolver, components, nodes, addresses }
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
