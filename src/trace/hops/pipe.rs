//! Pipes of EventBridge: a source that is read, a filter, a function that enriches, a target.
//!
//! Source: EventBridge User Guide, "Amazon EventBridge Pipes", "Event filtering in Amazon EventBridge Pipes", "Amazon
//! EventBridge Pipes input transformation" and "Amazon EventBridge Pipes batching and concurrency".

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::source::Span;
use crate::template::{Resource, base64};
use crate::trace::criteria::{Batch, Criteria};
use crate::trace::input::{self, Surroundings};
use crate::trace::report::{Hop, State};
use crate::trace::resolve::{self, Resolver};
use crate::trace::sns::Decision;
use crate::trace::world::{Node, World};
use crate::trace::{Record, invocations};

/// A pipe.
#[derive(Debug)]
pub struct Pipe {
    pub source: String,
    batch: Batch,
    criteria: Criteria,
    enabled: bool,
    enrichment: Option<Step>,
    pub target: Step,
    parameters: Json,
    name: String,
    arn: String,
    filter: Span,
}

/// What a pipe hands events to, and in which form.
#[derive(Debug)]
pub struct Step {
    pub arn: String,
    template: Option<Result<input::Template, String>>,
    place: Span,
}

impl Pipe {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let properties = &resource.properties;
        let known = |name: &str| properties.get(name).and_then(|value| resolver.value(value)).unwrap_or_default();
        let source = resolver.text(properties, &["Source"]).unwrap_or_default();
        let batch = if source.contains(":kinesis:") { Batch::Stream } else { Batch::Queue };
        let step = |arn: &str, parameters: &str| {
            let value = properties.get(arn)?;
            let template = resolver.text(properties, &[parameters, "InputTemplate"]);
            Some(Step {
                arn: resolver.text(properties, &[arn])?,
                template: template.map(|text| input::Template::of_pipe(&text)),
                place: value.origin.span(),
            })
        };
        let filter = properties.get("SourceParameters").map_or(resource.origin, |value| value.origin);
        Self {
            batch,
            criteria: Criteria::read(&known("SourceParameters")["FilterCriteria"], batch),
            source,
            enabled: resolver.text(properties, &["DesiredState"]).is_none_or(|state| state != "STOPPED"),
            enrichment: step("Enrichment", "EnrichmentParameters"),
            target: step("Target", "TargetParameters").unwrap_or_else(|| Step {
                arn: String::new(),
                template: None,
                place: resource.origin.span(),
            }),
            parameters: known("TargetParameters"),
            name: resolver.name(resource),
            arn: resolver.arn(resource),
            filter: filter.span(),
        }
    }
}

impl Pipe {
    /// What a step gets. An error is why it gets nothing, in words.
    fn made(&self, step: &Step, event: &Json, record: &Record) -> Result<Json, String> {
        let template = match &step.template {
            None => return Ok(event.clone()),
            Some(template) => template.as_ref().map_err(Clone::clone)?,
        };
        let time = record.arrival.to_string();
        let around = Surroundings { rule_arn: &self.arn, rule_name: &self.name, ingestion_time: &time };
        let made = template.make(&looked_into(event), &around)?;
        Ok(serde_json::from_str(&made.text).unwrap_or(Json::String(made.text)))
    }
}

impl Step {
    fn failed(&self, why: &str) -> Hop {
        let mut hop = World::outside("target", &self.arn, State::Failed, format!("is not reached: {why}"));
        hop.place = Some(self.place);
        hop
    }
}

/// A record as a pipe has it, and as templates look into it: what was sent is read as JSON there, if it is.
fn looked_into(event: &Json) -> Json {
    let mut made = event.clone();
    for (field, text) in [
        ("body", event["body"].as_str().map(ToOwned::to_owned)),
        ("data", event["data"].as_str().and_then(base64::decode).map(|it| String::from_utf8_lossy(&it).into_owned())),
    ] {
        if let Some(json) = text.and_then(|text| serde_json::from_str(&text).ok()) {
            made[field] = json;
        }
    }
    made
}

impl World<'_> {
    /// What pipes make of a record of a queue or a stream.
    pub(super) fn piped(&self, arn: &str, record: &Record, trail: &[&str]) -> Vec<Hop> {
        let pipes = self.nodes().filter(|(_, node)| matches!(node, Node::Pipe(pipe) if pipe.source == arn));
        pipes.map(|(id, _)| self.visit(id, record, trail)).collect()
    }

    pub(super) fn pipe(&self, id: &str, pipe: &Pipe, record: &Record, trail: &[&str]) -> Hop {
        if !pipe.enabled {
            return self.hop("pipe", id, State::Dropped, "is stopped");
        }
        let source = self.source(&pipe.source);
        let batch = match pipe.batch {
            Batch::Stream => invocations::kinesis(source, std::slice::from_ref(record)),
            Batch::Queue => invocations::sqs(source, &[&record.text()], record.arrival),
        };
        let filtered = &batch["Records"][0];
        let at_filter = |state: State, says: String| {
            let mut hop = self.hop("pipe", id, state, says);
            hop.place = Some(pipe.filter);
            hop
        };
        let mut hop = self.hop("pipe", id, State::Passed, "takes the record");
        match pipe.criteria.decide(pipe.batch, filtered) {
            Ok(Decision::Passes) => {}
            Ok(Decision::Unclear) => hop.note("if what is known only at deployment fits its filter", None),
            Ok(Decision::Stops(why)) => {
                return at_filter(State::Dropped, format!("its filter leaves the record out: {why}"));
            }
            Err(why) => return at_filter(State::Failed, format!("EventBridge refuses its filter: {why}")),
        }
        // In a pipe, what is particular to Kinesis stands beside the rest.
        let mut event = filtered.as_object().cloned().unwrap_or_default();
        if let Some(Json::Object(own)) = event.remove("kinesis") {
            event.extend(own);
        }
        let mut events = vec![Json::Object(event)];
        if let Some(step) = &pipe.enrichment {
            match self.enriched(&mut hop, pipe, step, &events[0], record) {
                Some(made) => events = made,
                None => return hop,
            }
        }
        for event in &events {
            let next = self.handed(pipe, event, record, trail);
            hop.next.push(next);
        }
        if events.is_empty() {
            "its enrichment gives nothing, so nothing is sent".clone_into(&mut hop.says);
            hop.state = State::Dropped;
        }
        hop
    }

    /// The events that the enrichment makes of one; nothing if the way ends there, which is told.
    fn enriched(&self, hop: &mut Hop, pipe: &Pipe, step: &Step, event: &Json, record: &Record) -> Option<Vec<Json>> {
        let made = match pipe.made(step, event, record) {
            Ok(made) => made,
            Err(why) => {
                hop.next.push(step.failed(&why));
                return None;
            }
        };
        let function = self.function(&step.arn).filter(|id| matches!(self.node(id), Some(Node::Function(_))));
        let Some(id) = function else {
            let says = "enriches the event, and is no function of the template: what it gives is not known";
            let mut next = Self::outside("enrichment", &step.arn, State::Unknown, says);
            next.place = Some(step.place);
            hop.next.push(next);
            return None;
        };
        let called = self.call(id, &json!([made]), record);
        let answer = called.facts.record.clone().filter(|_| called.state == State::Delivered);
        let Some(answer) = answer else {
            hop.next.push(called);
            return None;
        };
        hop.note(format!("{} gives {}", self.name(id), crate::trace::one_line(answer.to_string().as_bytes())), None);
        Some(match &*answer {
            Json::Array(items) => items.clone(),
            Json::Null => Vec::new(),
            Json::Object(map) if map.is_empty() => Vec::new(),
            other => vec![other.clone()],
        })
    }

    /// One event at the target of a pipe.
    fn handed(&self, pipe: &Pipe, event: &Json, record: &Record, trail: &[&str]) -> Hop {
        let made = match pipe.made(&pipe.target, event, record) {
            Ok(made) => made,
            Err(why) => return pipe.target.failed(&why),
        };
        let arn = &pipe.target.arn;
        let target = self.by_arn(arn);
        match target.and_then(|id| Some((id, self.node(id)?))) {
            Some((id, Node::Function(_))) => self.invoke(id, &json!([made]), record, trail),
            Some((_, Node::Bus(name))) => {
                let own = &pipe.parameters["EventBridgeEventBusParameters"];
                let service = if pipe.batch == Batch::Stream { "kinesis" } else { "sqs" };
                let deployment = self.resolver.deployment();
                let event = json!({
                    "version": "0",
                    "id": "00000000-0000-4000-8000-000000000001",
                    "detail-type": own["DetailType"].as_str().map_or_else(|| format!("Event from aws:{service}"), ToOwned::to_owned),
                    "source": own["Source"].as_str().map_or_else(|| format!("Pipe {}", pipe.name), ToOwned::to_owned),
                    "account": deployment.account,
                    "time": format!("{:.0}", record.arrival),
                    "region": deployment.region,
                    "resources": own["Resources"].as_array().cloned().unwrap_or_default(),
                    "detail": made,
                });
                self.bus(name, &Record::of(Arc::new(event), record.arrival), trail)
            }
            _ => {
                let text = made.as_str().map_or_else(|| made.to_string(), ToOwned::to_owned);
                let mut sent = record.with(text).attributed(None);
                let key = pipe.parameters["KinesisStreamParameters"]["PartitionKey"].as_str();
                sent.partition_key = key.map(|key| match input::Path::read(key) {
                    Ok(path) => path.find(&looked_into(event)).as_ref().and_then(resolve::text).unwrap_or_default(),
                    Err(_) => key.to_owned(),
                });
                self.send("target", arn, &sent, trail)
            }
        }
    }
}
