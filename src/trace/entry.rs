//! Where events enter: what a template is fed from outside.

use serde_json::Value as Json;

use super::Record;
use super::hops::bus::no_event;
use super::hops::mail::MailDestination;
use super::iot::topic_matches;
use super::world::{DEFAULT_BUS, Node, World};

/// A place where events enter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// A bus of events, by its name.
    Bus(String),
    /// A topic of AWS IoT; one with wildcards is any of those that it stands for.
    Topic(String),
    /// A resource, by its logical id.
    Resource(String),
}

impl Entry {
    /// How people name it.
    pub fn name(&self, world: &World<'_>) -> String {
        match self {
            Self::Bus(name) | Self::Topic(name) => name.clone(),
            Self::Resource(id) => world.name(id),
        }
    }

    /// Why a record cannot enter here, in words.
    pub fn refuses(&self, record: &Record) -> Option<String> {
        match self {
            Self::Bus(_) => no_event(record),
            Self::Topic(topic) if is_filter(topic) => {
                Some(format!("`{topic}` stands for many topics; name one of them with `--at`"))
            }
            _ => None,
        }
    }
}

/// Whether a topic stands for many.
fn is_filter(topic: &str) -> bool {
    topic.split('/').any(|level| matches!(level, "+" | "#"))
}

/// What an event looks like, as far as it decides where it enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// An event of EventBridge.
    Bridge,
    /// The envelope of a log subscription.
    Logs,
    /// Anything else.
    Record,
}

fn shape(event: Option<&Json>) -> Shape {
    let has = |name: &str| event.is_some_and(|event| event.get(name).is_some());
    if has("detail-type") || (has("source") && has("detail")) {
        Shape::Bridge
    } else if has("logEvents") && has("logGroup") {
        Shape::Logs
    } else {
        Shape::Record
    }
}

impl World<'_> {
    /// All places where events enter, in order of their names.
    pub fn entries(&self) -> &[Entry] {
        self.entries.get_or_init(|| self.find_entries())
    }

    fn find_entries(&self) -> Vec<Entry> {
        let mut found: Vec<Entry> = Vec::new();
        for (id, node) in self.nodes() {
            let own = || Entry::Resource(id.to_owned());
            match node {
                Node::Rule(rule) if rule.pattern.is_some() => {
                    let fed = self.nodes().any(|(other, node)| {
                        matches!(node, Node::Bus(name) if *name == rule.bus) && self.is_fed(other)
                    });
                    if !fed {
                        found.push(Entry::Bus(rule.bus.clone()));
                    }
                }
                Node::Device(rule) => found.extend(rule.topics().map(|topic| Entry::Topic(topic.to_owned()))),
                Node::Stream(stream) if stream.source.is_none() && !self.is_fed(id) => found.push(own()),
                Node::Mail | Node::Method(_) => found.push(own()),
                Node::Logs(group) if !self.is_fed(id) && self.log_filters(group).next().is_some() => {
                    found.push(own());
                }
                // The log group of this filter is outside of the template.
                Node::LogFilter(filter) if filter.destination.is_some() && !self.has_group(&filter.group) => {
                    found.push(own());
                }
                Node::Shards | Node::Topic | Node::Queue(_) if !self.is_fed(id) && self.is_read(id) => {
                    found.push(own());
                }
                _ => {}
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// The entry that someone names: a component, a logical id, the name of a bus or a log group, or a topic of AWS IoT.
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
        let own = own.or_else(|| self.nodes().find(|(_, node)| is_named(node, name)).map(|(id, _)| id));
        if let Some(id) = own {
            return match self.node(id) {
                Some(Node::Bus(name)) => Ok(Entry::Bus(name.clone())),
                Some(Node::Device(rule)) => match rule.topics() {
                    Some(topic) if is_filter(topic) => Err(format!(
                        "`{topic}` of `{name}` stands for many topics; name one of them with `--at`, for example `{}`",
                        sample(topic)
                    )),
                    Some(topic) => Ok(Entry::Topic(topic.to_owned())),
                    None => Ok(Entry::Resource(id.to_owned())),
                },
                _ => Ok(Entry::Resource(id.to_owned())),
            };
        }
        let mut filters = self.nodes().filter_map(|(_, node)| match node {
            Node::Device(rule) => rule.topics(),
            _ => None,
        });
        if !is_filter(name) && filters.any(|filter| name.contains('/') || topic_matches(filter, name)) {
            return Ok(Entry::Topic(name.to_owned()));
        }
        let known: Vec<String> = self.entries().iter().map(|entry| format!("`{}`", entry.name(self))).collect();
        let known = if known.is_empty() { String::new() } else { format!("; events enter at {}", known.join(", ")) };
        Err(format!("nothing takes events at `{name}`{known}"))
    }

    fn rank(&self, id: &str) -> usize {
        match self.node(id) {
            Some(Node::Queue(_) | Node::Bucket | Node::Topic | Node::Logs(_)) => 1,
            _ => 0,
        }
    }

    /// Where an event enters if nobody says it.
    pub fn entry_for(&self, record: &Record) -> Result<Entry, String> {
        let entries = self.entries();
        let event = record.json().map(AsRef::as_ref);
        let shape = shape(event);
        let fits = |entry: &&Entry| match (shape, entry) {
            (Shape::Logs, Entry::Resource(id)) => matches!(self.node(id), Some(Node::Logs(_) | Node::LogFilter(_))),
            (Shape::Bridge, Entry::Bus(_)) | (Shape::Record, Entry::Resource(_) | Entry::Topic(_)) => true,
            _ => false,
        };
        let mut fitting: Vec<&Entry> = entries.iter().filter(fits).collect();
        if fitting.is_empty() {
            fitting = entries.iter().collect();
        }
        // Services of AWS send to the bus of the account alone.
        let of_aws = event.and_then(|event| event.get("source")?.as_str()).is_some_and(|it| it.starts_with("aws."));
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
        let (arn, name) = (self.resolver.arn(resource), self.resolver.name(resource));
        let sent = self.nodes().any(|(_, node)| match node {
            Node::Rule(rule) => rule.targets.iter().any(|target| self.is_at(&target.arn, id)),
            Node::Schedule(schedule) => schedule.target == arn,
            Node::Device(rule) => rule.is_sending_to(&arn, &name),
            Node::Method(method) => method.is_sending_to(&name),
            Node::Pipe(pipe) => self.is_at(&pipe.target.arn, id),
            Node::LogFilter(filter) => filter.destination.as_ref() == Some(&arn),
            Node::LogDestination(target) => *target == arn,
            _ => false,
        });
        let mailed = |one: &MailDestination| one.destination.to_string().contains(&format!("\"{arn}\""));
        sent || self.is_subscribed(&arn) || self.mail.iter().any(mailed)
    }

    fn has_group(&self, name: &str) -> bool {
        self.nodes().any(|(_, node)| matches!(node, Node::Logs(own) if own == name))
    }

    fn is_at(&self, arn: &str, id: &str) -> bool {
        self.by_arn(arn) == Some(id)
    }

    /// Whether something in the template reads a stream, a queue or a topic, other than people.
    fn is_read(&self, id: &str) -> bool {
        let arn = self.arn(id);
        let for_machines = |protocol: &str| matches!(protocol, "lambda" | "sqs" | "firehose");
        !self.readers(id).is_empty()
            || self.mappings_of(&arn).next().is_some()
            || self.nodes().any(|(_, node)| matches!(node, Node::Pipe(pipe) if pipe.source == arn))
            || self.subscriptions_of(&arn).any(|one| for_machines(&one.protocol))
    }
}

/// Whether people call it so: a bus or a log group by its name.
fn is_named(node: &Node, name: &str) -> bool {
    matches!(node, Node::Bus(own) | Node::Logs(own) if own == name)
}

/// A topic that a filter takes.
fn sample(filter: &str) -> String {
    filter.split('/').map(|level| if matches!(level, "+" | "#") { "x" } else { level }).collect::<Vec<_>>().join("/")
}
