//! The way of an event from resource to resource: one file for what each service takes and does with it.

pub(super) mod api;
pub(super) mod bus;
pub(super) mod device;
pub(super) mod function;
pub(super) mod log;
pub(super) mod mail;
mod object;
pub(super) mod pipe;
pub(super) mod queue;
pub(super) mod schedule;
mod stream;
pub(super) mod topic;

use serde_json::Value as Json;

use super::Record;
use super::entry::Entry;
use super::invocations::Source;
use super::pattern::Pattern;
use super::report::{Facts, Hop, State};
use super::world::{Node, World};
use crate::template::event_pattern::HOLE;

/// Compiles a pattern, which some write as text.
fn read_pattern(pattern: &Json) -> Result<Pattern, String> {
    match pattern {
        Json::String(text) => Pattern::read(&serde_json::from_str(text).map_err(|error| error.to_string())?),
        _ => Pattern::read(pattern),
    }
}

impl World<'_> {
    /// Follows an event from where it enters.
    pub fn follow(&self, entry: &Entry, record: &Record) -> Hop {
        match entry {
            Entry::Bus(name) => {
                let mut hop = self.bus(name, record, &[]);
                if let Some(id) = hop.id.clone() {
                    self.hold(&id, record, &mut hop);
                }
                hop
            }
            Entry::Topic(topic) => self.published(topic, record, &[]),
            Entry::Resource(id) => match self.node(id) {
                Some(Node::Topic) => self.visit(id, &topic::published(record), &[]),
                _ => self.visit(id, record, &[]),
            },
        }
    }

    /// A hop at a resource.
    pub(super) fn hop(&self, what: &'static str, id: &str, state: State, says: impl Into<String>) -> Hop {
        Hop {
            what,
            id: Some(id.to_owned()),
            name: self.name(id),
            component: self.components.get(id).cloned(),
            state,
            says: says.into(),
            notes: Vec::new(),
            place: self.resource(id).map(|resource| resource.origin.span()),
            facts: Facts::default(),
            next: Vec::new(),
        }
    }

    /// A hop to what is no resource of the template.
    pub(super) fn outside(what: &'static str, name: &str, state: State, says: impl Into<String>) -> Hop {
        Hop {
            what,
            id: None,
            name: name.replace(HOLE, "…"),
            component: None,
            state,
            says: says.into(),
            notes: Vec::new(),
            place: None,
            facts: Facts::default(),
            next: Vec::new(),
        }
    }

    /// A record at what an ARN names: a resource of the template, or something outside of it.
    pub(super) fn send(&self, what: &'static str, arn: &str, record: &Record, trail: &[&str]) -> Hop {
        match self.by_arn(arn) {
            Some(id) => self.visit(id, record, trail),
            None => Self::left(what, arn, record),
        }
    }

    /// A record at the resource of a type and a name.
    fn send_to(&self, what: &'static str, (kind, name): (&str, &str), record: &Record, trail: &[&str]) -> Hop {
        match self.named(kind, name) {
            Some(id) => self.visit(id, record, trail),
            None => Self::left(what, name, record),
        }
    }

    /// A record that leaves the template.
    fn left(what: &'static str, name: &str, record: &Record) -> Hop {
        let mut hop = Self::outside(what, name, State::Delivered, "is outside of the template");
        hop.facts.record = Some(record.shown());
        hop
    }

    /// The way with one more resource; where the event has been there before, it ends.
    fn enter<'a>(&self, id: &'a str, trail: &[&'a str]) -> Result<Vec<&'a str>, Box<Hop>> {
        if trail.contains(&id) {
            let way: Vec<String> = trail.iter().skip_while(|at| **at != id).map(|at| self.name(at)).collect();
            let says = format!("the event is here again: {} → {}", way.join(" → "), self.name(id));
            return Err(Box::new(self.hop("loop", id, State::Failed, says)));
        }
        Ok(trail.iter().copied().chain([id]).collect())
    }

    pub(super) fn visit(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        let trail = match self.enter(id, trail) {
            Ok(trail) => trail,
            Err(again) => return *again,
        };
        let mut hop = self.arrive(id, record, &trail);
        self.hold(id, record, &mut hop);
        hop
    }

    fn arrive(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        match self.node(id) {
            Some(Node::Bus(name)) => self.bus(name, record, trail),
            Some(Node::Rule(rule)) => self.rule(id, rule, record, trail),
            Some(Node::Archive(archive)) => self.replay(id, archive, record, trail),
            Some(Node::Stream(stream)) => self.stream(id, stream, record, trail),
            Some(Node::Shards) => self.shards(id, record, trail),
            Some(Node::Queue(queue)) => self.queue(id, queue, record, trail),
            Some(Node::Topic) => self.topic(id, record, trail),
            Some(Node::Mail) => self.mail(id, record, trail),
            Some(Node::Schedule(schedule)) => self.schedule(id, schedule, record, trail),
            Some(Node::Device(rule)) => self.device(id, rule, record, None, trail),
            Some(Node::Method(method)) => self.method(id, method, record, trail),
            Some(Node::Logs(group)) => self.logs(id, group, record, trail),
            Some(Node::LogFilter(filter)) => self.filtered(id, filter, record, trail),
            Some(Node::LogDestination(arn)) => self.send("target", arn, record, trail),
            Some(Node::Pipe(pipe)) => self.pipe(id, pipe, record, trail),
            Some(Node::Function(_)) => match record.json() {
                Some(event) => self.invoke(id, event, record, trail),
                None => self.hop("function", id, State::Failed, "gets JSON, and this is none"),
            },
            Some(Node::Bucket | Node::Other) | None => {
                let kind = self.resource(id).map(|resource| resource.kind.as_str()).unwrap_or_default();
                let mut hop = self.hop("resource", id, State::Delivered, format!("reaches {kind}"));
                hop.facts.record = Some(record.shown());
                hop
            }
        }
    }

    pub(super) fn source<'a>(&'a self, arn: &'a str) -> Source<'a> {
        let deployment = self.resolver.deployment();
        Source { arn, region: &deployment.region, account: &deployment.account }
    }

    /// The ARN of a resource.
    pub(super) fn arn(&self, id: &str) -> String {
        self.resource(id).map(|resource| self.resolver.arn(resource)).unwrap_or_default()
    }
}
