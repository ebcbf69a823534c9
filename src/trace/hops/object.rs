//! Objects of S3 that records come to, and who is told of them.

use serde_json::{Value as Json, json};

use crate::source::Span;
use crate::trace::Record;
use crate::trace::firehose::{Failure, Objects, Stream};
use crate::trace::invocations;
use crate::trace::report::{Facts, Hop, State};
use crate::trace::world::{DEFAULT_BUS, Node, World};

impl World<'_> {
    /// Who is told of an object by its bucket.
    pub(super) fn notify(&self, hop: &mut Hop, arn: &str, key: &str, record: &Record, trail: &[&str]) {
        let Some(bucket) = self.by_arn(arn).and_then(|id| self.resource(id)) else { return };
        let Some(configuration) =
            bucket.properties.get("NotificationConfiguration").and_then(|one| self.resolver.value(one))
        else {
            return;
        };
        let size = u64::try_from(record.data().len()).unwrap_or(u64::MAX);
        let name = arn.rsplit(':').next().unwrap_or_default();
        let on_bus = configuration.get("EventBridgeConfiguration").is_some_and(|one| {
            one["EventBridgeEnabled"] != json!(false) && one["EventBridgeEnabled"] != json!("false")
        });
        if on_bus && self.rules_of(DEFAULT_BUS).next().is_some() {
            let event = invocations::s3_event(self.source(arn), name, key, size, record.arrival);
            let next = self.bus(DEFAULT_BUS, &Record::new(event.to_string(), record.arrival), trail);
            hop.next.push(next);
        }
        let told = invocations::s3_notification(self.source(arn), name, key, size, record.arrival);
        for (list, target) in
            [("LambdaConfigurations", "Function"), ("QueueConfigurations", "Queue"), ("TopicConfigurations", "Topic")]
        {
            for one in configuration[list].as_array().into_iter().flatten() {
                if !is_for(one, key) {
                    continue;
                }
                let Some(id) = one[target].as_str().and_then(|arn| self.by_arn(arn)) else { continue };
                let next = match self.node(id) {
                    Some(Node::Function(_)) => self.invoke(id, &told, record, trail),
                    _ => self.visit(id, &Record::new(told.to_string(), record.arrival), trail),
                };
                hop.next.push(next);
            }
        }
    }

    /// An object that a record comes to.
    pub(super) fn object(&self, stream: &str, objects: &Objects, key: String, record: &Record) -> Hop {
        let bucket = self.by_arn(&objects.bucket);
        let mut hop = match bucket {
            Some(id) => self.hop("object", id, State::Delivered, key.as_str()),
            None => Self::outside("object", &objects.bucket, State::Delivered, key.as_str()),
        };
        // Tests ask for the object at the stream that writes it.
        hop.component = self.components.get(stream).cloned().or(hop.component);
        let (mib, seconds) = objects.buffer;
        hop.note(format!("written after {mib} MiB or {seconds} seconds"), None);
        hop.facts = Facts {
            bucket: bucket.map(|id| self.name(id)),
            key: Some(key),
            record: Some(record.shown()),
            bytes: u64::try_from(record.data().len()).unwrap_or(u64::MAX),
            buffer: Some(objects.buffer),
            ..Facts::default()
        };
        hop
    }

    /// Where a record goes that failed.
    pub(super) fn failed(&self, id: &str, stream: &Stream, failure: &Failure, record: &Record) -> Hop {
        let Failure { kind, why, place } = failure;
        let place: Option<Span> = *place;
        let Some(objects) = &stream.objects else {
            let mut hop = self.hop("failure", id, State::Failed, why.as_str());
            hop.place = place.or(hop.place);
            hop.facts.error = Some((*kind).to_owned());
            return hop;
        };
        let key = objects.error_key(&stream.name, kind, record.arrival);
        let mut hop = self.hop("failure", id, State::Failed, why.as_str());
        hop.place = place.or(hop.place);
        hop.note(
            format!(
                "the record is kept as an error in {}: {key}",
                self.by_arn(&objects.bucket).map_or_else(|| objects.bucket.clone(), |id| self.name(id))
            ),
            None,
        );
        hop.facts = Facts {
            bucket: self.by_arn(&objects.bucket).map(|id| self.name(id)),
            key: Some(key),
            error: Some((*kind).to_owned()),
            record: Some(record.shown()),
            ..Facts::default()
        };
        hop
    }
}

/// Whether a notification is for a key, and for objects that are made.
fn is_for(one: &Json, key: &str) -> bool {
    let event = one["Event"].as_str().unwrap_or_default();
    let rules = one["Filter"]["S3Key"]["Rules"].as_array();
    event.starts_with("s3:ObjectCreated")
        && rules.into_iter().flatten().all(|rule| {
            let value = rule["Value"].as_str().unwrap_or_default();
            match rule["Name"].as_str().unwrap_or_default().to_lowercase().as_str() {
                "prefix" => key.starts_with(value),
                "suffix" => key.ends_with(value),
                _ => true,
            }
        })
}
