//! Events held against the contracts of what they come to.

mod columns;
mod content;
mod field;
mod inputs;
mod partition;
mod pattern;
mod steer;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use self::content::Arrival;
use super::report::{Hop, State};
use super::world::{Node, World};
use super::{Record, gzip};
use crate::blueprint::text::Located;
use crate::contract::{Contract, Violation};
use crate::diagnostics::{Code, Sink};
use crate::source::Sources;

/// The codes of this part, file by file.
pub static ALL_CODES: &[&[&Code]] = &[columns::CODES, field::CODES, inputs::CODES, partition::CODES, pattern::CODES];

/// Contracts by the components that they stand at.
pub type Contracts = BTreeMap<String, Arc<Contract>>;

/// What is known beside the template when contracts are compared with it.
#[derive(Debug)]
pub struct Known<'k> {
    /// What places are in.
    pub sources: &'k Sources,
    /// The expressions of partition keys as they are written, by the component and the name of the key.
    pub queries: BTreeMap<(String, String), Located<String>>,
    /// Sample events.
    pub samples: Vec<Json>,
}

/// The types of resources to which events come that may have a contract; where a component makes several of them, the
/// first is meant.
const TYPES: &[&str] = &[
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Kinesis::Stream",
    "AWS::SES::ConfigurationSet",
    "AWS::IoT::TopicRule",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
];

/// Violations that are told of one event at one place.
const TOLD: usize = 5;

impl World<'_> {
    /// The same with the contracts of components.
    #[must_use]
    pub fn with_contracts(mut self, contracts: &Contracts) -> Self {
        for (component, contract) in contracts {
            if let Some(id) = self.resource_of(component) {
                self.contracts.insert(id.to_owned(), Arc::clone(contract));
            }
        }
        self
    }

    /// Compares what contracts promise with what the template does with events.
    pub fn check_contracts(&self, known: &Known<'_>, sink: &mut Sink) {
        for arrival in self.arrivals() {
            match self.node(&arrival.id) {
                Some(Node::Rule(_)) => {
                    self.check_pattern(&arrival, known, sink);
                    self.check_inputs(&arrival, known, sink);
                }
                Some(Node::Stream(stream)) => {
                    self.check_partition_keys(&arrival, stream, known, sink);
                    self.check_columns(&arrival, stream, known, sink);
                }
                _ => {}
            }
        }
    }

    /// Events that the contract of an arrival allows: samples, and others that are made up so that rules take them.
    fn events_of(&self, arrival: &Arrival, known: &Known<'_>) -> Vec<Json> {
        let mut events: Vec<Json> =
            known.samples.iter().filter(|event| arrival.contract.is_kept(event)).cloned().collect();
        let bus = match self.node(&arrival.from) {
            Some(Node::Bus(name)) => Some(name.clone()),
            _ => None,
        };
        let rules = self.nodes().filter(|(id, node)| match node {
            Node::Rule(rule) => *id == arrival.from || bus.as_ref() == Some(&rule.bus),
            _ => false,
        });
        let patterns: Vec<Json> = rules
            .filter_map(|(id, _)| self.resolver.value(self.resource(id)?.properties.get("EventPattern")?))
            .collect();
        for example in arrival.contract.examples() {
            for pattern in &patterns {
                let mut steered = example.clone();
                steer::steer(&mut steered, pattern);
                if !events.contains(&steered) && arrival.contract.is_kept(&steered) {
                    events.push(steered);
                }
            }
            if !events.contains(&example) {
                events.push(example);
            }
        }
        events
    }

    /// The resource of a component to which events come.
    fn resource_of(&self, component: &str) -> Option<&str> {
        let rank = |id: &str| {
            let kind = self.resource(id)?.kind.as_str();
            Some((TYPES.iter().position(|one| *one == kind)?, id.len()))
        };
        let own = self.components.iter().filter(|(_, own)| *own == component).map(|(id, _)| id.as_str());
        own.filter_map(|id| Some((rank(id)?, id))).min().map(|(_, id)| id)
    }

    /// Holds a record against the contract of what it comes to.
    pub(super) fn hold(&self, id: &str, record: &Record, hop: &mut Hop) {
        let is_missed = hop.state == State::Dropped && matches!(self.node(id), Some(Node::Rule(_) | Node::Device(_)));
        let Some(contract) = self.contracts.get(id).filter(|_| !is_missed && !gzip::is_packed(record.data())) else {
            return;
        };
        let violations = violations(contract, record.data());
        let place = |violation: &Violation| violation.asked.as_ref().and_then(|asked| contract.place(asked));
        if violations.is_empty() {
            hop.note(format!("is as {} asks", contract.name()), None);
        }
        for violation in violations.iter().take(TOLD) {
            let way = violation.way();
            let at = if way.is_empty() { String::new() } else { format!("`{way}`: ") };
            hop.note(format!("breaks its contract: {at}{}", violation.message), place(violation));
        }
        if violations.len() > TOLD {
            hop.note(format!("and in {} more ways", violations.len() - TOLD), None);
        }
        hop.facts.contract = Some(violations);
    }
}

/// What a record has otherwise than a contract asks; several events in one record are held against it one by one.
fn violations(contract: &Contract, data: &[u8]) -> Vec<Violation> {
    let events: Result<Vec<Json>, serde_json::Error> =
        serde_json::Deserializer::from_slice(data).into_iter::<Json>().collect();
    match events.as_deref() {
        Ok([event]) => contract.violations(event),
        Ok(events @ [_, ..]) => {
            let of = |(index, event): (usize, &Json)| {
                contract.violations(event).into_iter().map(move |one| Violation {
                    message: format!("in event {} of the record, `{}`: {}", index + 1, one.way(), one.message),
                    pointer: String::new(),
                    ..one
                })
            };
            events.iter().enumerate().flat_map(of).collect()
        }
        _ => vec![Violation {
            pointer: String::new(),
            is_key: false,
            message: "the record is no JSON".to_owned(),
            help: "send JSON, or take the contract away".to_owned(),
            asked: None,
        }],
    }
}
