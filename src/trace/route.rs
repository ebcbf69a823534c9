//! The way of an event from resource to resource.

use serde_json::{Value as Json, json};

use super::Record;
use super::entry::Entry;
use super::firehose::{Failure, Fate, Keys, Objects, Stream};
use super::functions::{Call, Outcome};
use super::input::Surroundings;
use super::invocations::{self, Source};
use super::pattern::{Answer, Miss};
use super::report::{Facts, Hop, Note, State};
use super::world::{DEFAULT_BUS, Mapping, Node, Rule, Schedule, Target, World, place_of_field};
use crate::source::Span;
use crate::template::event_pattern::HOLE;

/// Rules that an event does not match are told one by one up to this number, and counted beyond it.
const TOLD: usize = 6;

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
            Entry::Resource(id) => self.visit(id, record, &[]),
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

    pub(super) fn visit(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
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
        let mut hop = self.arrive(id, record, &trail);
        self.hold(id, record, &mut hop);
        hop
    }

    fn arrive(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        match self.node(id) {
            Some(Node::Bus) => {
                let name = self.resource(id).map(|bus| self.resolver.name(bus)).unwrap_or_default();
                self.bus(&name, record, trail)
            }
            Some(Node::Rule(rule)) => self.rule(id, rule, record, trail),
            Some(Node::Stream(stream)) => self.stream(id, stream, record, trail),
            Some(Node::Shards) => self.shards(id, record, trail),
            Some(Node::Queue) => self.queue(id, record, trail),
            Some(Node::Topic) => self.topic(id, record, trail),
            Some(Node::Mail) => self.mail(id, record, trail),
            Some(Node::Schedule(schedule)) => self.schedule(id, schedule, record, trail),
            Some(Node::Function(_)) => match record.json() {
                Some(event) => self.call(id, &event, record, trail),
                None => self.hop("function", id, State::Failed, "gets JSON, and this is none"),
            },
            _ => {
                let kind = self.resource(id).map(|resource| resource.kind.as_str()).unwrap_or_default();
                let mut hop = self.hop("resource", id, State::Delivered, format!("reaches {kind}"));
                hop.facts.record = Some(record.shown());
                hop
            }
        }
    }

    /// An event on a bus.
    pub(super) fn bus(&self, name: &str, record: &Record, trail: &[&str]) -> Hop {
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
        let arn = self.resource(id).map(|resource| self.resolver.arn(resource)).unwrap_or_default();
        let record =
            Record { partition_key: record.partition_key.clone().or_else(|| Some("1".to_owned())), ..record.clone() };
        let mut next: Vec<Hop> = readers.iter().map(|reader| self.visit(reader, &record, trail)).collect();
        let source = self.source(&arn);
        for mapping in self.mappings_of(&arn) {
            let event = invocations::kinesis(source, std::slice::from_ref(&record));
            let filtered = json!({"data": record.shown(), "partitionKey": record.partition_key});
            next.push(self.mapped(mapping, &filtered, &event, &record, trail));
        }
        let says = match next.len() {
            0 => "is kept, and nothing in the template reads it".to_owned(),
            1 => format!("takes {} bytes, one reader", record.data.len()),
            n => format!("takes {} bytes, {n} readers", record.data.len()),
        };
        let state = if next.is_empty() { State::Delivered } else { State::Passed };
        let mut hop = self.hop("stream", id, state, says);
        hop.facts.record = Some(record.shown());
        hop.next = next;
        hop
    }

    fn queue(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        let arn = self.resource(id).map(|resource| self.resolver.arn(resource)).unwrap_or_default();
        let mut hop = self.hop("queue", id, State::Delivered, "is kept until someone takes it");
        hop.facts.record = Some(record.shown());
        let body = String::from_utf8_lossy(&record.data).into_owned();
        for mapping in self.mappings_of(&arn) {
            let event = invocations::sqs(self.source(&arn), &[&body], record.arrival);
            let next = self.mapped(mapping, &json!({"body": record.shown()}), &event, record, trail);
            hop.next.push(next);
        }
        if !hop.next.is_empty() {
            hop.state = State::Passed;
            hop.says = String::from("takes the message");
        }
        hop
    }

    /// A function that reads a stream or a queue, unless its filters leave the event out.
    fn mapped(&self, mapping: &Mapping, filtered: &Json, event: &Json, record: &Record, trail: &[&str]) -> Hop {
        let Some(id) = self.function(&mapping.function) else {
            return Self::outside("function", &mapping.function, State::Delivered, "is outside of the template");
        };
        if !mapping.filters.is_empty() && !mapping.filters.iter().flatten().any(|filter| filter.matches(filtered)) {
            let says = match mapping.filters.iter().flatten().next() {
                Some(filter) => said(&filter.miss(filtered)).replace("does not match", "is filtered out"),
                None => "Lambda refuses its filter".to_owned(),
            };
            let mut hop = self.hop("function", id, State::Dropped, says);
            hop.place = Some(mapping.place);
            return hop;
        }
        self.call(id, event, record, trail)
    }

    fn topic(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        let arn = self.resource(id).map(|resource| self.resolver.arn(resource)).unwrap_or_default();
        let mut hop = self.hop("topic", id, State::Passed, "");
        hop.facts.record = Some(record.shown());
        let message = String::from_utf8_lossy(&record.data).into_owned();
        for one in self.subscriptions_of(&arn) {
            let mut next = match &one.filter {
                Some(Ok(filter)) if record.json().is_none_or(|body| !filter.matches(&body)) => {
                    let body = record.json().unwrap_or_default();
                    Self::outside("subscription", &one.endpoint, State::Dropped, said(&filter.miss(&body)))
                }
                Some(Err(why)) => Self::outside("subscription", &one.endpoint, State::Unknown, why.as_str()),
                _ => match (one.protocol.as_str(), self.by_arn(&one.endpoint)) {
                    ("lambda", Some(function)) => {
                        let event = invocations::sns(self.source(&arn), &message, None, &Json::Null, record.arrival);
                        self.call(function, &event, record, trail)
                    }
                    (_, Some(id)) => {
                        let sent = if one.raw { record.clone() } else { notification(&arn, &message, record) };
                        self.visit(id, &sent, trail)
                    }
                    (protocol, None) => Self::outside(
                        "subscription",
                        &one.endpoint,
                        State::Delivered,
                        format!("gets the message by {protocol}"),
                    ),
                },
            };
            next.place = next.place.or(Some(one.place));
            hop.next.push(next);
        }
        hop.says = match hop.next.len() {
            0 => "has no subscriptions, so the message is gone".to_owned(),
            1 => "sends to one subscription".to_owned(),
            n => format!("sends to {n} subscriptions"),
        };
        hop
    }

    fn schedule(&self, id: &str, schedule: &Schedule, record: &Record, trail: &[&str]) -> Hop {
        let mut hop = self.hop("schedule", id, State::Passed, "its time has come");
        let arn = self.resource(id).map(|resource| self.resolver.arn(resource)).unwrap_or_default();
        let text = schedule
            .input
            .clone()
            .unwrap_or_else(|| invocations::schedule(self.source(&arn), record.arrival).to_string());
        let sent = Record::new(text, record.arrival);
        hop.next.push(match self.by_arn(&schedule.target) {
            Some(target) => self.visit(target, &sent, trail),
            None => Self::outside("target", &schedule.target, State::Delivered, "is outside of the template"),
        });
        hop
    }

    pub(super) fn source<'a>(&'a self, arn: &'a str) -> Source<'a> {
        let deployment = self.resolver.deployment();
        Source { arn, region: &deployment.region, account: &deployment.account }
    }

    /// A function that gets an event, and what it answers.
    fn call(&self, id: &str, event: &Json, record: &Record, _: &[&str]) -> Hop {
        let Some(Node::Function(function)) = self.node(id) else {
            return self.hop("resource", id, State::Delivered, "gets the event");
        };
        let run = self.runner.run(Call { function, event, now: Some(record.arrival.as_millisecond()) });
        let (state, says) = match &run.outcome {
            Outcome::Answer(answer) => {
                (State::Delivered, format!("answers {}", super::short(&answer.to_string(), 100)))
            }
            Outcome::Failed(failure) => {
                let at = failure.place.as_ref().map(|(file, line)| format!(", at {file}:{line}")).unwrap_or_default();
                (State::Failed, format!("fails: {}: {}{at}", failure.kind, failure.message))
            }
            Outcome::TimedOut { seconds } => (State::Failed, format!("runs longer than {seconds} seconds")),
            Outcome::NotRun { reason } => (State::Unknown, format!("is not run: {reason}")),
        };
        let mut hop = self.hop("function", id, state, says);
        if let Outcome::Answer(answer) = &run.outcome {
            hop.facts.record = Some(answer.clone());
        }
        if matches!(run.outcome, Outcome::Failed(_)) {
            hop.facts.error = Some("function-failed".to_owned());
        }
        if !run.log.trim().is_empty() {
            hop.note(format!("log: {}", super::short(run.log.trim(), 400)), None);
        }
        hop
    }

    fn stream(&self, id: &str, stream: &Stream, record: &Record, trail: &[&str]) -> Hop {
        let mut hop = self.hop("firehose", id, State::Passed, "");
        let fate = self.worked(&mut hop, id, stream, record, trail);
        if let Err(fate) = fate {
            let next = self.fated(id, stream, fate, record);
            hop.next.push(next);
        }
        hop.says = match hop.next.as_slice() {
            [one] => match one.state {
                State::Failed => "the record fails".to_owned(),
                State::Dropped => "the record is left out".to_owned(),
                State::Unknown => "where the record goes is not known".to_owned(),
                _ => format!("delivers to {}", stream.destination),
            },
            many => format!("delivers {} records to {}", many.len(), stream.destination),
        };
        hop
    }

    /// Lets a stream work on a record; the ends are added to the hop.
    fn worked(&self, hop: &mut Hop, id: &str, stream: &Stream, record: &Record, trail: &[&str]) -> Result<(), Fate> {
        let record = stream.unpack(record)?;
        let mut keys = Keys::default();
        let mut transformed = record.clone();
        if let Some((arn, place)) = &stream.function {
            let unknown = |why: &str| Fate::Unknown(why.to_owned(), Some(*place));
            let function = self
                .by_arn(arn)
                .ok_or_else(|| unknown("the function that transforms records is outside of the template"))?;
            let Some(Node::Function(code)) = self.node(function) else {
                return Err(unknown("what transforms records is no function"));
            };
            let event = invocations::firehose(
                self.source(&stream.arn),
                stream.source.as_deref(),
                std::slice::from_ref(&record),
            );
            let run =
                self.runner.run(Call { function: code, event: &event, now: Some(record.arrival.as_millisecond()) });
            let answer = stream.answered(&record, &run)?;
            let told = answer.keys.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ");
            let keys_told = if told.is_empty() { String::new() } else { format!(", with keys {told}") };
            hop.note(
                format!("function {} gives {}{keys_told}", self.name(function), super::one_line(&answer.record.data)),
                None,
            );
            keys.lambda = answer.keys;
            transformed = answer.record;
        }
        let records = stream.split(&transformed)?;
        if records.len() != 1 {
            hop.note(format!("de-aggregation makes {} records of it", records.len()), None);
        }
        for part in records {
            let next = match self.delivered(id, stream, &part, keys.clone(), trail) {
                Ok(next) => next,
                Err(fate) => self.fated(id, stream, fate, &part),
            };
            hop.next.push(next);
        }
        Ok(())
    }

    /// One record at the end of a stream.
    fn delivered(
        &self,
        id: &str,
        stream: &Stream,
        record: &Record,
        mut keys: Keys,
        trail: &[&str],
    ) -> Result<Hop, Fate> {
        keys.query = stream.query_keys(record)?;
        let delimited = stream.is_delimited(record);
        let mut record = record.clone();
        stream.delimit(&mut record);
        let Some(objects) = stream.objects.as_ref().filter(|_| stream.destination == "S3") else {
            let address = stream.address.clone().unwrap_or_else(|| stream.destination.to_owned());
            let mut hop = Self::outside("destination", &address, State::Delivered, "gets the record");
            hop.component = self.components.get(id).cloned();
            hop.facts.record = Some(record.shown());
            return Ok(hop);
        };
        let table = stream.conversion.as_ref().and_then(|one| self.catalog.table(&one.database, &one.table));
        let row = stream.row(&record, table)?;
        let key = objects.key(&stream.name, &keys, record.arrival).map_err(Fate::Failed)?;
        let mut hop = self.object(id, objects, key.clone(), &record);
        let told = keys.told();
        if !told.is_empty() {
            hop.notes.insert(0, Note { text: format!("keys {told}"), place: None });
        }
        if !delimited && stream.conversion.is_none() && record.json().is_some() {
            hop.note("no newline is between records: Athena reads only the first of an object", None);
        }
        let bucket = objects.bucket_name();
        self.find_table(&mut hop, bucket, &key, &record, row);
        self.notify(&mut hop, objects, &key, &record, trail);
        Ok(hop)
    }

    /// What becomes of a record that did not come to its end.
    fn fated(&self, id: &str, stream: &Stream, fate: Fate, record: &Record) -> Hop {
        match fate {
            Fate::Failed(failure) => self.failed(id, stream, &failure, record),
            Fate::Dropped(why) => self.hop("record", id, State::Dropped, why),
            Fate::Unknown(why, place) => {
                let mut hop = self.hop("record", id, State::Unknown, why);
                hop.place = place.or(hop.place);
                hop
            }
        }
    }

    /// Who is told of an object by its bucket.
    fn notify(&self, hop: &mut Hop, objects: &Objects, key: &str, record: &Record, trail: &[&str]) {
        let Some(bucket) = self.by_arn(&objects.bucket).and_then(|id| self.resource(id)) else { return };
        let Some(configuration) =
            bucket.properties.get("NotificationConfiguration").and_then(|one| self.resolver.value(one))
        else {
            return;
        };
        let size = u64::try_from(record.data.len()).unwrap_or(u64::MAX);
        let (arn, name) = (objects.bucket.as_str(), objects.bucket_name());
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
                    Some(Node::Function(_)) => self.call(id, &told, record, trail),
                    _ => self.visit(id, &Record::new(told.to_string(), record.arrival), trail),
                };
                hop.next.push(next);
            }
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
            bytes: u64::try_from(record.data.len()).unwrap_or(u64::MAX),
            buffer: Some(objects.buffer),
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

/// A message of a topic as it comes to what is no function.
///
/// Source: SNS Developer Guide, "Parsing message formats".
fn notification(topic: &str, message: &str, record: &Record) -> Record {
    let envelope = json!({
        "Type": "Notification",
        "MessageId": "00000000-0000-4000-8000-000000000001",
        "TopicArn": topic,
        "Message": message,
        "Timestamp": format!("{:.3}", record.arrival),
        "SignatureVersion": "1",
    });
    Record { data: envelope.to_string().into_bytes(), ..record.clone() }
}

/// Why an event does not match, in one sentence.
fn said(miss: &Miss) -> String {
    let wants = super::short(&miss.wants.to_string(), 120);
    format!("does not match: `{}` must be one of {wants}, and the event has {}", miss.path, miss.has)
}
