//! The resources of a template that events come to, compiled once: patterns, targets, streams, who reads whom.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::catalog::Catalog;
use super::entry::Entry;
use super::firehose::Stream;
use super::functions::{Function, Runner};
use super::hops::api::Method;
use super::hops::bus::{Archive, Rule};
use super::hops::device;
use super::hops::function::{self, Packages};
use super::hops::log::LogFilter;
use super::hops::mail::MailDestination;
use super::hops::pipe::Pipe;
use super::hops::queue::{Mapping, Queue};
use super::hops::schedule::Schedule;
use super::hops::topic::Subscription;
use super::resolve::Resolver;
use crate::contract::Contract;
use crate::template::{Resource, Template};

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
    /// Where events enter, once somebody asks.
    pub(super) entries: OnceLock<Vec<Entry>>,
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
    /// A bus, by its name.
    Bus(String),
    Rule(Rule),
    Archive(Box<Archive>),
    Stream(Box<Stream>),
    /// A stream of Kinesis.
    Shards,
    Queue(Queue),
    Topic,
    Bucket,
    Function(Box<Function>),
    /// A schedule, with what it sends where.
    Schedule(Schedule),
    /// A configuration set of SES.
    Mail,
    /// A rule of AWS IoT.
    Device(Box<device::Rule>),
    /// A method of a REST API.
    Method(Box<Method>),
    /// A log group, by its name.
    Logs(String),
    /// What looks at the events of a log group.
    LogFilter(Box<LogFilter>),
    /// What log groups of other accounts send to, with the ARN that gets it.
    LogDestination(String),
    Pipe(Box<Pipe>),
    Other,
}

impl Node {
    fn read(resource: &Resource, resolver: &Resolver<'_>, packages: &Packages) -> Self {
        match resource.kind.as_str() {
            "AWS::Events::EventBus" => Self::Bus(resolver.name(resource)),
            "AWS::Events::Rule" => Self::Rule(Rule::read(resource, resolver)),
            "AWS::Events::Archive" => Self::Archive(Box::new(Archive::read(resource, resolver))),
            "AWS::KinesisFirehose::DeliveryStream" => Self::Stream(Box::new(Stream::read(resource, resolver))),
            "AWS::Kinesis::Stream" => Self::Shards,
            "AWS::SQS::Queue" => Self::Queue(Queue::read(resource, resolver)),
            "AWS::SNS::Topic" => Self::Topic,
            "AWS::SES::ConfigurationSet" => Self::Mail,
            "AWS::Lambda::Function" => Self::Function(Box::new(function::read(resource, resolver, packages))),
            "AWS::Scheduler::Schedule" => Self::Schedule(Schedule::read(resource, resolver)),
            "AWS::S3::Bucket" => Self::Bucket,
            "AWS::IoT::TopicRule" => Self::Device(Box::new(device::Rule::read(resource, resolver))),
            "AWS::ApiGateway::Method" => Self::Method(Box::new(Method::read(resource, resolver))),
            "AWS::Logs::LogGroup" => Self::Logs(resolver.name(resource)),
            "AWS::Logs::SubscriptionFilter" | "AWS::Logs::MetricFilter" => {
                Self::LogFilter(Box::new(LogFilter::read(resource, resolver)))
            }
            "AWS::Logs::Destination" => {
                Self::LogDestination(resolver.text(&resource.properties, &["TargetArn"]).unwrap_or_default())
            }
            "AWS::Pipes::Pipe" => Self::Pipe(Box::new(Pipe::read(resource, resolver))),
            _ => Self::Other,
        }
    }
}

impl<'t> World<'t> {
    /// Compiles what a template does with events. `packages` are the files of functions whose code does not stand in
    /// it, by the keys of their archives.
    pub fn new(
        template: &'t Template,
        resolver: Resolver<'t>,
        components: BTreeMap<String, String>,
        packages: &Packages,
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
            nodes.insert(resource.id.as_str(), Node::read(resource, &resolver, packages));
        }
        Self {
            template,
            resolver,
            components,
            contracts: BTreeMap::new(),
            runner,
            catalog,
            entries: OnceLock::new(),
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
        // Some name log groups without what stands for all of their streams.
        if let Some(id) = self.addresses.get(&format!("{arn}:*")) {
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

    /// The resource of a type with this name.
    pub(super) fn named(&self, kind: &str, name: &str) -> Option<&'t str> {
        let is_it = |one: &&Resource| one.kind == kind && self.resolver.name(one) == name;
        self.template.resources.iter().find(is_it).map(|one| one.id.as_str()).filter(|id| self.nodes.contains_key(id))
    }

    /// The filters of a log group.
    pub(super) fn log_filters(&self, group: &str) -> impl Iterator<Item = (&'t str, &LogFilter)> {
        self.nodes().filter_map(move |(id, node)| match node {
            Node::LogFilter(filter) if filter.group == group => Some((id, filter.as_ref())),
            _ => None,
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
