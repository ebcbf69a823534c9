//! Where events enter: what a template is fed from outside.

use serde_json::Value as Json;

use super::Record;
use super::world::{DEFAULT_BUS, MailDestination, Node, World};

/// A place where events enter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// A bus of events, by its name.
    Bus(String),
    /// A resource, by its logical id.
    Resource(String),
}

impl Entry {
    /// How people name it.
    pub fn name(&self, world: &World<'_>) -> String {
        match self {
            Self::Bus(name) => name.clone(),
            Self::Resource(id) => world.name(id),
        }
    }
}

/// What an event looks like, as far as it decides where it enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// An event of EventBridge.
    Bridge,
    /// Anything else.
    Record,
}

fn shape(event: Option<&Json>) -> Shape {
    let has = |name: &str| event.is_some_and(|event| event.get(name).is_some());
    if has("detail-type") || (has("source") && has("detail")) { Shape::Bridge } else { Shape::Record }
}

impl World<'_> {
    /// All places where events enter, in order of their names.
    pub fn entries(&self) -> Vec<Entry> {
        let mut found: Vec<Entry> = Vec::new();
        for (id, node) in self.nodes() {
            match node {
                Node::Rule(rule) if rule.pattern.is_some() => {
                    let fed = self.nodes().any(|(other, node)| {
                        matches!(node, Node::Bus)
                            && self.resource(other).is_some_and(|bus| self.resolver.name(bus) == rule.bus)
                            && self.is_fed(other)
                    });
                    if !fed {
                        found.push(Entry::Bus(rule.bus.clone()));
                    }
                }
                Node::Stream(stream) if stream.source.is_none() && !self.is_fed(id) => {
                    found.push(Entry::Resource(id.to_owned()));
                }
                Node::Shards if !self.is_fed(id) && self.is_read(id) => found.push(Entry::Resource(id.to_owned())),
                Node::Mail => found.push(Entry::Resource(id.to_owned())),
                Node::Topic | Node::Queue if !self.is_fed(id) && self.is_read(id) => {
                    found.push(Entry::Resource(id.to_owned()));
                }
                _ => {}
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// The entry that someone names: a component, a logical id, or the name of a bus.
    pub fn entry(&self, name: &str) -> Result<Entry, String> {
        if name == DEFAULT_BUS && self.rules_of(DEFAULT_BUS).next().is_some() {
            return Ok(Entry::Bus(name.to_owned()));
        }
        let own: Vec<&str> = self
            .nodes()
            .filter(|(id, node)| {
                !matches!(node, Node::Other) && self.components.get(*id).is_some_and(|own| own == name)
            })
            .map(|(id, _)| id)
            .collect();
        let own = match own.as_slice() {
            // A component may have a queue of dead letters beside what it is.
            [_, ..] => own.iter().min_by_key(|id| self.rank(id)).copied(),
            [] => self.resource(name).map(|resource| resource.id.as_str()).filter(|id| self.node(id).is_some()),
        };
        let Some(id) = own else {
            let known: Vec<String> = self.entries().iter().map(|entry| format!("`{}`", entry.name(self))).collect();
            let known =
                if known.is_empty() { String::new() } else { format!("; events enter at {}", known.join(", ")) };
            return Err(format!("nothing takes events at `{name}`{known}"));
        };
        Ok(match (self.node(id), self.resource(id)) {
            (Some(Node::Bus), Some(bus)) => Entry::Bus(self.resolver.name(bus)),
            _ => Entry::Resource(id.to_owned()),
        })
    }

    fn rank(&self, id: &str) -> usize {
        match self.node(id) {
            Some(Node::Queue | Node::Bucket | Node::Topic) => 1,
            _ => 0,
        }
    }

    /// Where an event enters if nobody says it.
    pub fn entry_for(&self, record: &Record) -> Result<Entry, String> {
        let entries = self.entries();
        let event = record.json();
        let shape = shape(event.as_ref());
        let fits = |entry: &&Entry| matches!(entry, Entry::Bus(_)) == (shape == Shape::Bridge);
        let mut fitting: Vec<&Entry> = entries.iter().filter(fits).collect();
        if fitting.is_empty() {
            fitting = entries.iter().collect();
        }
        // Services of AWS send to the bus of the account alone.
        let of_aws =
            event.as_ref().and_then(|event| event.get("source")?.as_str()).is_some_and(|it| it.starts_with("aws."));
        if of_aws && let Some(entry) = fitting.iter().find(|entry| ***entry == Entry::Bus(DEFAULT_BUS.to_owned())) {
            return Ok((**entry).clone());
        }
        match fitting.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err("nothing in it is fed with events from outside".to_owned()),
            many => {
                let names: Vec<String> = many.iter().map(|entry| format!("`{}`", entry.name(self))).collect();
                Err(format!("events may enter at {}; name one with `--at`", names.join(" or ")))
            }
        }
    }

    /// Whether something in the template sends to a resource.
    fn is_fed(&self, id: &str) -> bool {
        let Some(resource) = self.resource(id) else { return false };
        let arn = self.resolver.arn(resource);
        let sent = self.nodes().any(|(_, node)| match node {
            Node::Rule(rule) => rule.targets.iter().any(|target| target.arn == arn),
            Node::Schedule(schedule) => schedule.target == arn,
            _ => false,
        });
        let mailed = |one: &MailDestination| one.destination.to_string().contains(&format!("\"{arn}\""));
        sent || self.is_subscribed(&arn) || self.mail.iter().any(mailed)
    }

    /// Whether something in the template reads a stream, a queue or a topic, other than people.
    fn is_read(&self, id: &str) -> bool {
        let arn = self.resource(id).map(|resource| self.resolver.arn(resource)).unwrap_or_default();
        let for_machines = |protocol: &str| matches!(protocol, "lambda" | "sqs" | "firehose");
        !self.readers(id).is_empty()
            || self.mappings_of(&arn).next().is_some()
            || self.subscriptions_of(&arn).any(|one| for_machines(&one.protocol))
    }

    /// What reads a stream of Kinesis.
    pub(super) fn readers(&self, id: &str) -> Vec<&str> {
        let Some(resource) = self.resource(id) else { return Vec::new() };
        let arn = self.resolver.arn(resource);
        self.nodes()
            .filter(|(_, node)| matches!(node, Node::Stream(stream) if stream.source.as_ref() == Some(&arn)))
            .map(|(id, _)| id)
            .collect()
    }
}
