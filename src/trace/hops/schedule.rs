//! Schedules.

use crate::template::Resource;
use crate::trace::report::{Hop, State};
use crate::trace::resolve::Resolver;
use crate::trace::world::World;
use crate::trace::{Record, invocations};

/// What a schedule sends.
#[derive(Debug)]
pub struct Schedule {
    pub target: String,
    /// What it sends; nothing if the target gets the standard message.
    input: Option<String>,
    partition_key: Option<String>,
}

impl Schedule {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let text = |path: &[&str]| resolver.text(&resource.properties, path);
        Self {
            target: text(&["Target", "Arn"]).unwrap_or_default(),
            input: text(&["Target", "Input"]),
            partition_key: text(&["Target", "KinesisParameters", "PartitionKey"]),
        }
    }
}

impl World<'_> {
    pub(super) fn schedule(&self, id: &str, schedule: &Schedule, record: &Record, trail: &[&str]) -> Hop {
        let mut hop = self.hop("schedule", id, State::Passed, "its time has come");
        let arn = self.arn(id);
        let text = schedule
            .input
            .clone()
            .unwrap_or_else(|| invocations::schedule(self.source(&arn), record.arrival).to_string());
        let sent = Record::new(text, record.arrival).keyed(schedule.partition_key.clone());
        hop.next.push(self.send("target", &schedule.target, &sent, trail));
        hop
    }
}
