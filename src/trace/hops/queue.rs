//! Queues and streams of Kinesis, and the functions that read them.

use serde_json::{Value as Json, json};

use crate::source::Span;
use crate::template::Resource;
use crate::trace::Record;
use crate::trace::criteria::{Batch, Criteria};
use crate::trace::invocations;
use crate::trace::report::{Hop, State};
use crate::trace::resolve::{self, Resolver};
use crate::trace::sns::Decision;
use crate::trace::world::{Node, World};

/// A queue.
#[derive(Debug)]
pub struct Queue {
    /// The ARN of the queue for what is received too often, and how often that is.
    dead_letters: Option<(String, String)>,
}

/// A function that reads a stream or a queue.
#[derive(Debug)]
pub struct Mapping {
    pub source: String,
    pub function: String,
    batch: Batch,
    criteria: Criteria,
    /// Whether its answer names what failed.
    reports: bool,
    /// Where batches of a stream are told of that failed.
    on_failure: Option<String>,
    place: Span,
}

impl Queue {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let policy = resource.properties.get("RedrivePolicy").and_then(|value| resolver.value(value));
        let policy = policy.unwrap_or_default();
        let arn = policy["deadLetterTargetArn"].as_str().map(ToOwned::to_owned);
        let count = resolve::text(&policy["maxReceiveCount"]).unwrap_or_default();
        Self { dead_letters: arn.map(|arn| (arn, count)) }
    }
}

impl Mapping {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Option<Self> {
        if resource.kind != "AWS::Lambda::EventSourceMapping" {
            return None;
        }
        let properties = &resource.properties;
        if resolver.text(properties, &["Enabled"]).is_some_and(|enabled| enabled == "false") {
            return None;
        }
        let known = |name: &str| properties.get(name).and_then(|value| resolver.value(value)).unwrap_or_default();
        let source = resolver.text(properties, &["EventSourceArn"])?;
        let batch = if source.contains(":kinesis:") { Batch::Stream } else { Batch::Queue };
        let reports = known("FunctionResponseTypes").as_array().is_some_and(|types| !types.is_empty());
        Some(Self {
            source,
            function: resolver.text(properties, &["FunctionName"])?,
            batch,
            criteria: Criteria::read(&known("FilterCriteria"), batch),
            reports,
            on_failure: resolver.text(properties, &["DestinationConfig", "OnFailure", "Destination"]),
            place: properties.get("FilterCriteria").map_or(resource.origin, |value| value.origin).span(),
        })
    }
}

impl World<'_> {
    pub(super) fn shards(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        let arn = self.arn(id);
        let record = record.keyed(record.partition_key.clone().or_else(|| Some("1".to_owned())));
        let mut next: Vec<Hop> = self.readers(id).iter().map(|reader| self.visit(reader, &record, trail)).collect();
        for mapping in self.mappings_of(&arn) {
            let event = invocations::kinesis(self.source(&arn), std::slice::from_ref(&record));
            next.push(self.mapped(mapping, &event, &record, None, trail));
        }
        next.extend(self.piped(&arn, &record, trail));
        let says = match next.len() {
            0 => "is kept, and nothing in the template reads it".to_owned(),
            1 => format!("takes {} bytes, one reader", record.data().len()),
            n => format!("takes {} bytes, {n} readers", record.data().len()),
        };
        let state = if next.is_empty() { State::Delivered } else { State::Passed };
        let mut hop = self.hop("stream", id, state, says);
        hop.facts.record = Some(record.shown());
        hop.next = next;
        hop
    }

    pub(super) fn queue(&self, id: &str, queue: &Queue, record: &Record, trail: &[&str]) -> Hop {
        let arn = self.arn(id);
        let mut hop = self.hop("queue", id, State::Delivered, "is kept until someone takes it");
        hop.facts.record = Some(record.shown());
        let body = record.text();
        for mapping in self.mappings_of(&arn) {
            let event = invocations::sqs(self.source(&arn), &[&body], record.arrival);
            hop.next.push(self.mapped(mapping, &event, record, queue.dead_letters.as_ref(), trail));
        }
        hop.next.extend(self.piped(&arn, record, trail));
        if !hop.next.is_empty() {
            hop.state = State::Passed;
            hop.says = String::from("takes the message");
        }
        hop
    }

    /// A function that reads a stream or a queue, unless its filters leave the event out.
    fn mapped(
        &self,
        mapping: &Mapping,
        event: &Json,
        record: &Record,
        dead_letters: Option<&(String, String)>,
        trail: &[&str],
    ) -> Hop {
        let Some(id) = self.function(&mapping.function) else {
            return Self::outside("function", &mapping.function, State::Delivered, "is outside of the template");
        };
        let decision = mapping.criteria.decide(mapping.batch, &event["Records"][0]);
        let (state, says) = match decision {
            Ok(Decision::Passes) => (State::Passed, String::new()),
            Ok(Decision::Unclear) => (State::Passed, "if what is known only at deployment fits its filter".to_owned()),
            Ok(Decision::Stops(why)) => {
                // What a filter leaves out is deleted from a queue, and passed over in a stream.
                (State::Dropped, format!("is filtered out, and gone: {why}"))
            }
            Err(why) => (State::Failed, format!("Lambda refuses its filter: {why}")),
        };
        if state != State::Passed {
            let mut hop = self.hop("function", id, state, says);
            hop.place = Some(mapping.place);
            return hop;
        }
        let mut hop = self.call(id, event, record);
        if !says.is_empty() {
            hop.note(says, None);
        }
        if mapping.reports
            && hop.state == State::Delivered
            && let Some(answer) = &hop.facts.record
        {
            match invocations::batch_failures(answer) {
                Ok(failed) if failed.is_empty() => {}
                Ok(_) => {
                    hop.state = State::Failed;
                    "says that the record failed".clone_into(&mut hop.says);
                }
                Err(why) => {
                    hop.state = State::Failed;
                    hop.says = format!("gives an answer for which all of the batch fails: {why}");
                }
            }
        }
        if hop.state == State::Failed {
            self.after_failure(&mut hop, mapping, record, dead_letters, trail);
        }
        hop
    }

    /// Where a record goes that its function failed for.
    fn after_failure(
        &self,
        hop: &mut Hop,
        mapping: &Mapping,
        record: &Record,
        dead_letters: Option<&(String, String)>,
        trail: &[&str],
    ) {
        match (mapping.batch, dead_letters, &mapping.on_failure) {
            (Batch::Queue, Some((arn, count)), _) => {
                hop.note(format!("after {count} tries the message goes to the dead letters of the queue"), None);
                hop.next.push(self.send("dead letters", arn, record, trail));
            }
            (Batch::Queue, None, _) => {
                hop.note("the message comes again until it expires: the queue has no dead letters", None);
            }
            (Batch::Stream, _, Some(arn)) => {
                hop.note("once its retries are used up, where the batch stands is told", None);
                let told = json!({
                    "requestContext": {"functionArn": mapping.function, "condition": "RetryAttemptsExhausted"},
                    "KinesisBatchInfo": {"streamArn": mapping.source, "batchSize": 1},
                });
                let told = Record::new(told.to_string(), record.arrival);
                hop.next.push(self.send("dead letters", arn, &told, trail));
            }
            (Batch::Stream, _, None) => {
                hop.note("the shard waits until the record is worked on or too old, and nobody is told of it", None);
            }
        }
    }

    /// What reads a stream of Kinesis: streams of Firehose.
    pub(in crate::trace) fn readers(&self, id: &str) -> Vec<&str> {
        if self.resource(id).is_none() {
            return Vec::new();
        }
        let arn = self.arn(id);
        self.nodes()
            .filter(|(_, node)| matches!(node, Node::Stream(stream) if stream.source.as_ref() == Some(&arn)))
            .map(|(id, _)| id)
            .collect()
    }
}
