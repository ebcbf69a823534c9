//! The way of an event from resource to resource.

use serde_json::Value as Json;

use super::Record;
use super::entry::Entry;
use super::firehose::{Failure, Keys, Objects, Stream};
use super::input::Surroundings;
use super::pattern::{Answer, Miss};
use super::report::{Facts, Hop, State};
use super::world::{Node, Rule, Target, World, place_of_field};
use crate::source::Span;

/// Rules that an event does not match are told one by one up to this number, and counted beyond it.
const TOLD: usize = 6;

impl World<'_> {
    /// Follows an event from where it enters.
    pub fn follow(&self, entry: &Entry, record: &Record) -> Hop {
        match entry {
            Entry::Bus(name) => self.bus(name, record, &[]),
            Entry::Resource(id) => self.visit(id, record, &[]),
        }
    }

    /// A hop at a resource.
    fn hop(&self, what: &'static str, id: &str, state: State, says: impl Into<String>) -> Hop {
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
    fn outside(what: &'static str, name: &str, state: State, says: impl Into<String>) -> Hop {
        Hop {
            what,
            id: None,
            name: name.to_owned(),
            component: None,
            state,
            says: says.into(),
            notes: Vec::new(),
            place: None,
            facts: Facts::default(),
            next: Vec::new(),
        }
    }

    fn visit(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        if trail.contains(&id) {
            let way: Vec<String> = trail.iter().skip_while(|at| **at != id).map(|at| self.name(at)).collect();
            return self.hop(
                "loop",
                id,
                State::Failed,
                format!("the event is here again: {} → {}", way.join(" → "), self.name(id)),
            );
        }
        let trail: Vec<&str> = trail.iter().copied().chain([id]).collect();
        match self.node(id) {
            Some(Node::Bus) => {
                let name = self.resource(id).map(|bus| self.resolver.name(bus)).unwrap_or_default();
                self.bus(&name, record, &trail)
            }
            Some(Node::Rule(rule)) => self.rule(id, rule, record, &trail),
            Some(Node::Stream(stream)) => self.stream(id, stream, record, &trail),
            Some(Node::Shards) => self.shards(id, record, &trail),
            Some(Node::Queue) => {
                let mut hop = self.hop("queue", id, State::Delivered, "is kept until someone takes it");
                hop.facts.record = Some(record.shown());
                hop
            }
            _ => {
                let kind = self.resource(id).map(|resource| resource.kind.as_str()).unwrap_or_default();
                let mut hop = self.hop("resource", id, State::Delivered, format!("reaches {kind}"));
                hop.facts.record = Some(record.shown());
                hop
            }
        }
    }

    /// An event on a bus.
    fn bus(&self, name: &str, record: &Record, trail: &[&str]) -> Hop {
        let own = self.nodes().find(|(id, node)| {
            matches!(node, Node::Bus) && self.resource(id).is_some_and(|bus| self.resolver.name(bus) == name)
        });
        let mut hop = match own {
            Some((id, _)) => self.hop("bus", id, State::Passed, ""),
            None => Self::outside("bus", name, State::Passed, ""),
        };
        let rules: Vec<(&str, &Rule)> = self.rules_of(name).filter(|(_, rule)| rule.pattern.is_some()).collect();
        let mut missed = 0;
        for (id, rule) in &rules {
            let next = self.visit(id, record, trail);
            if next.state == State::Dropped && rules.len() > TOLD {
                missed += 1;
                if missed > TOLD {
                    continue;
                }
            }
            hop.next.push(next);
            let _ = rule;
        }
        let matched = hop.next.iter().filter(|next| next.state != State::Dropped).count();
        hop.says = match (matched, rules.len()) {
            (_, 0) => "has no rules with a pattern".to_owned(),
            (0, 1) => "its only rule does not match".to_owned(),
            (0, all) => format!("none of its {all} rules matches"),
            (one, all) => format!(
                "{one} of {all} rule{} match{}",
                if all == 1 { "" } else { "s" },
                if one == 1 { "es" } else { "" }
            ),
        };
        if missed > TOLD {
            hop.note(format!("{} more rules do not match", missed - TOLD), None);
        }
        if matched == 0 {
            hop.state = State::Dropped;
        }
        hop
    }

    fn rule(&self, id: &str, rule: &Rule, record: &Record, trail: &[&str]) -> Hop {
        let Some(resource) = self.resource(id) else { return self.hop("rule", id, State::Unknown, "is not there") };
        let Some(event) = record.json() else {
            return self.hop("rule", id, State::Failed, "an event is JSON, and this is none");
        };
        if !rule.enabled {
            let mut hop = self.hop("rule", id, State::Dropped, "is disabled");
            hop.place = resource.properties.get("State").map(|state| state.origin.span()).or(hop.place);
            return hop;
        }
        let mut hop = match &rule.pattern {
            None => return self.hop("rule", id, State::Dropped, "has a schedule, and no pattern"),
            Some(Err(wrong)) => {
                let mut hop = self.hop("rule", id, State::Failed, format!("EventBridge refuses its pattern: {wrong}"));
                hop.place = place_of_field(resource, &[]);
                return hop;
            }
            Some(Ok(pattern)) => match pattern.answer(&event) {
                Answer::Yes => self.hop("rule", id, State::Passed, "matches"),
                Answer::Perhaps => {
                    self.hop("rule", id, State::Passed, "matches, if what is known only at deployment fits")
                }
                Answer::No => {
                    let miss = pattern.miss(&event);
                    let mut hop = self.hop("rule", id, State::Dropped, said(&miss));
                    hop.place = place_of_field(resource, &miss.keys);
                    if let Some(near) = miss.near {
                        hop.note(near, None);
                    }
                    return hop;
                }
            },
        };
        if rule.targets.is_empty() {
            hop.says.push_str(", and has no target");
        }
        let (arn, name) = (self.resolver.arn(resource), self.resolver.name(resource));
        let time = record.arrival.to_string();
        let around = Surroundings { rule_arn: &arn, rule_name: &name, ingestion_time: &time };
        for target in &rule.targets {
            let next = self.target(target, &event, record, around, trail);
            hop.next.push(next);
        }
        hop
    }

    fn target(&self, target: &Target, event: &Json, record: &Record, around: Surroundings<'_>, trail: &[&str]) -> Hop {
        let failed = |why: String| {
            let mut hop = match self.by_arn(&target.arn) {
                Some(id) => self.hop("target", id, State::Failed, format!("is not reached: {why}")),
                None => Self::outside("target", &target.arn, State::Failed, format!("is not reached: {why}")),
            };
            hop.place = Some(target.place);
            match target.dead_letters.as_deref().and_then(|arn| self.by_arn(arn)) {
                Some(id) => {
                    let mut kept = self.hop("dead letters", id, State::Delivered, "keeps the event");
                    kept.facts.record = Some(event.clone());
                    hop.next.push(kept);
                }
                None => hop.note(
                    "the event is lost after 24 hours of retries, because the target has no queue of dead letters",
                    None,
                ),
            }
            hop
        };
        let input = match &target.input {
            Ok(input) => input,
            Err(wrong) => return failed(wrong.clone()),
        };
        let made = match input.make(event, &around) {
            Ok(made) => made,
            Err(why) => return failed(why),
        };
        let mut sent = Record::new(made.text, record.arrival);
        if let Some(path) = &target.partition_key {
            let key = super::input::Path::read(path).ok().and_then(|path| path.find(event));
            sent.partition_key = key.as_ref().and_then(super::resolve::text);
        }
        let Some(id) = self.by_arn(&target.arn) else {
            let mut hop = Self::outside("target", &target.arn, State::Delivered, "is outside of the template");
            hop.facts.record = Some(sent.shown());
            return hop;
        };
        let mut hop = if matches!(self.node(id), Some(Node::Bus)) {
            // From bus to bus an event stays what it is.
            self.visit(id, record, trail)
        } else {
            self.visit(id, &sent, trail)
        };
        for (name, path) in made.missing {
            hop.notes.insert(
                0,
                super::report::Note {
                    text: format!("`<{name}>` is empty: the event has nothing at `{path}`"),
                    place: Some(target.place),
                },
            );
        }
        hop
    }

    fn shards(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        let readers = self.readers(id);
        let says = match readers.len() {
            0 => "is kept, and nothing in the template reads it".to_owned(),
            1 => format!("takes {} bytes, one reader", record.data.len()),
            n => format!("takes {} bytes, {n} readers", record.data.len()),
        };
        let state = if readers.is_empty() { State::Delivered } else { State::Passed };
        let mut hop = self.hop("stream", id, state, says);
        hop.facts.record = Some(record.shown());
        let record =
            Record { partition_key: record.partition_key.clone().or_else(|| Some("1".to_owned())), ..record.clone() };
        hop.next = readers.iter().map(|reader| self.visit(reader, &record, trail)).collect();
        hop
    }

    fn stream(&self, id: &str, stream: &Stream, record: &Record, trail: &[&str]) -> Hop {
        let mut hop = self.hop("firehose", id, State::Passed, "");
        let records = match stream.split(record) {
            Ok(records) => records,
            Err(failure) => {
                hop.says.push_str("the record fails");
                let failed = self.failed(id, stream, &failure, record);
                hop.next.push(failed);
                return hop;
            }
        };
        if records.len() != 1 {
            hop.note(format!("de-aggregation makes {} records of it", records.len()), None);
        }
        for record in records {
            let next = self.delivered(id, stream, record, trail);
            hop.next.push(next);
        }
        hop.says = match hop.next.as_slice() {
            [one] if one.state == State::Failed => "the record fails".to_owned(),
            [_] => format!("delivers to {}", stream.destination),
            many => format!("delivers {} records to {}", many.len(), stream.destination),
        };
        hop
    }

    /// One record at the end of a stream.
    fn delivered(&self, id: &str, stream: &Stream, mut record: Record, trail: &[&str]) -> Hop {
        let _ = trail;
        let keys = Keys::default();
        if let Some((program, place)) = &stream.query {
            let mut hop = self.hop("object", id, State::Unknown, "its key depends on jq, which is not followed");
            hop.note(program.as_str(), Some(*place));
            return hop;
        }
        let delimited = stream.is_delimited(&record);
        stream.delimit(&mut record);
        let Some(objects) = stream.objects.as_ref().filter(|_| stream.destination == "S3") else {
            let address = stream.address.clone().unwrap_or_else(|| stream.destination.to_owned());
            let mut hop = Self::outside("destination", &address, State::Delivered, "gets the record");
            hop.facts.record = Some(record.shown());
            return hop;
        };
        match objects.key(&stream.name, &keys, record.arrival) {
            Ok(key) => {
                let mut hop = self.object(id, objects, key, &record);
                if !delimited && serde_json::from_slice::<Json>(&record.data).is_ok() {
                    hop.note("no newline is between records: Athena reads only the first of an object", None);
                }
                hop
            }
            Err(failure) => self.failed(id, stream, &failure, &record),
        }
    }

    /// An object that a record comes to.
    fn object(&self, stream: &str, objects: &Objects, key: String, record: &Record) -> Hop {
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
            ..Facts::default()
        };
        hop
    }

    /// Where a record goes that failed.
    fn failed(&self, id: &str, stream: &Stream, failure: &Failure, record: &Record) -> Hop {
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
                "the record is kept in {}: {key}",
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

/// Why an event does not match, in one sentence.
fn said(miss: &Miss) -> String {
    let wants = super::short(&miss.wants.to_string(), 120);
    format!("does not match: `{}` must be one of {wants}, and the event has {}", miss.path, miss.has)
}
