//! Buses of events: their rules with targets, and their archives.

use std::sync::Arc;

use serde_json::Value as Json;

use super::read_pattern;
use crate::source::Span;
use crate::template::event_pattern::{HOLE, OR};
use crate::template::{Resource, Value};
use crate::trace::Record;
use crate::trace::input::{Input, Path, Surroundings};
use crate::trace::pattern::{Answer, Pattern};
use crate::trace::report::{Hop, Note, State};
use crate::trace::resolve::{self, Resolver, is_unknown};
use crate::trace::world::{Node, World};

/// Rules that an event does not match are told one by one up to this number, and counted beyond it.
const TOLD: usize = 6;

/// The field of an event that came out of an archive.
///
/// Source: EventBridge User Guide, "Archiving and replaying events in Amazon EventBridge".
const REPLAY: &str = "replay-name";

/// A rule of a bus.
#[derive(Debug)]
pub struct Rule {
    pub bus: String,
    arn: String,
    name: String,
    /// The pattern; an error says why the service refuses it. Nothing if the rule has only a schedule.
    pub pattern: Option<Result<Pattern, String>>,
    enabled: bool,
    pub targets: Vec<Target>,
}

/// A target of a rule.
#[derive(Debug)]
pub struct Target {
    pub arn: String,
    pub input: Result<Input, String>,
    dead_letters: Option<String>,
    /// The path to the partition key of a stream.
    partition_key: Option<String>,
    place: Span,
}

/// An archive of a bus.
#[derive(Debug)]
pub struct Archive {
    pub bus: String,
    pattern: Option<Result<Pattern, String>>,
    /// Days that events are kept, as text; nothing if for ever.
    days: Option<String>,
}

/// Why what comes to a bus is no event, in words.
pub fn no_event(record: &Record) -> Option<String> {
    match record.json().map(Arc::as_ref) {
        Some(Json::Object(_)) => None,
        Some(other) => Some(format!("an event is a JSON object, and this is {}", crate::trace::shown(other))),
        None => Some(format!("an event is JSON, and this is none: {}", record.wrong())),
    }
}

impl Rule {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let properties = &resource.properties;
        let targets = properties.get("Targets").and_then(Value::as_list).unwrap_or_default();
        let pattern = properties.get("EventPattern").and_then(|value| resolver.value(value));
        Self {
            bus: resolver.bus_of(resource).unwrap_or_else(|| HOLE.to_string()),
            arn: resolver.arn(resource),
            name: resolver.name(resource),
            pattern: pattern.as_ref().map(read_pattern),
            enabled: resolver.text(properties, &["State"]).is_none_or(|state| state != "DISABLED"),
            targets: targets.iter().filter_map(|target| Target::read(target, resolver)).collect(),
        }
    }
}

impl Target {
    fn read(target: &Value, resolver: &Resolver<'_>) -> Option<Self> {
        let map = target.as_map()?;
        let said = resolver.map(map);
        let input =
            if ["Input", "InputPath", "InputTransformer"].iter().any(|name| said.get(name).is_some_and(is_unknown)) {
                Err("its input is known only at deployment".to_owned())
            } else {
                Input::read(&said)
            };
        let place = map.get("Arn").map_or(target.origin, |arn| arn.origin).span();
        Some(Self {
            arn: resolver.text(map, &["Arn"])?,
            input,
            dead_letters: resolver.text(map, &["DeadLetterConfig", "Arn"]),
            partition_key: resolver.text(map, &["KinesisParameters", "PartitionKeyPath"]),
            place,
        })
    }
}

impl Archive {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let properties = &resource.properties;
        let source = resolver.text(properties, &["SourceArn"]).unwrap_or_default();
        let pattern = properties.get("EventPattern").and_then(|value| resolver.value(value));
        Self {
            bus: source.rsplit_once('/').map_or(source.as_str(), |(_, name)| name).to_owned(),
            pattern: pattern.as_ref().map(read_pattern),
            days: resolver.text(properties, &["RetentionDays"]).filter(|days| days != "0"),
        }
    }
}

impl World<'_> {
    /// An event on a bus.
    pub(in crate::trace) fn bus(&self, name: &str, record: &Record, trail: &[&str]) -> Hop {
        let own = self.nodes().find(|(_, node)| matches!(node, Node::Bus(own) if own == name));
        let mut hop = match own {
            Some((id, _)) => self.hop("bus", id, State::Passed, ""),
            None => Self::outside("bus", name, State::Passed, ""),
        };
        if let Some(wrong) = no_event(record) {
            hop.state = State::Failed;
            hop.says = wrong;
            return hop;
        }
        let rules: Vec<(&str, &Rule)> = self.rules_of(name).filter(|(_, rule)| rule.pattern.is_some()).collect();
        let mut missed = 0;
        for (id, _) in &rules {
            let next = self.visit(id, record, trail);
            if next.state == State::Dropped && rules.len() > TOLD {
                missed += 1;
                if missed > TOLD {
                    continue;
                }
            }
            hop.next.push(next);
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
        for (id, node) in self.nodes() {
            if let Node::Archive(archive) = node
                && archive.bus == name
            {
                hop.next.push(self.archived(id, archive, record));
            }
        }
        hop
    }

    pub(super) fn rule(&self, id: &str, rule: &Rule, record: &Record, trail: &[&str]) -> Hop {
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
            Some(Ok(pattern)) => match pattern.answer(event) {
                Answer::Yes => self.hop("rule", id, State::Passed, "matches"),
                Answer::Perhaps => {
                    self.hop("rule", id, State::Passed, "matches, if what is known only at deployment fits")
                }
                Answer::No => {
                    let miss = pattern.miss(event);
                    let mut hop = self.hop("rule", id, State::Dropped, format!("does not match: {}", miss.said()));
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
        let time = record.arrival.to_string();
        let around = Surroundings { rule_arn: &rule.arn, rule_name: &rule.name, ingestion_time: &time };
        for target in &rule.targets {
            let next = self.target(target, event, record, around, trail);
            hop.next.push(next);
        }
        hop
    }

    fn target(
        &self,
        target: &Target,
        event: &Arc<Json>,
        record: &Record,
        around: Surroundings<'_>,
        trail: &[&str],
    ) -> Hop {
        let failed = |why: String| {
            let says = format!("is not reached: {why}");
            let mut hop = match self.by_arn(&target.arn) {
                Some(id) => self.hop("target", id, State::Failed, says),
                None => Self::outside("target", &target.arn, State::Failed, says),
            };
            hop.place = Some(target.place);
            match target.dead_letters.as_deref().and_then(|arn| self.by_arn(arn)) {
                Some(id) => {
                    let mut kept = self.hop("dead letters", id, State::Delivered, "keeps the event");
                    kept.facts.record = Some(Arc::clone(event));
                    hop.next.push(kept);
                }
                None => hop.note(
                    "the event is lost after 24 hours of retries, because the target has no queue of dead letters",
                    None,
                ),
            }
            hop
        };
        let (mut sent, missing) = match &target.input {
            Err(wrong) => return failed(wrong.clone()),
            Ok(Input::Event) => (Record::of(Arc::clone(event), record.arrival), Vec::new()),
            Ok(input) => match input.make(event, &around) {
                Ok(made) => (Record::new(made.text, record.arrival), made.missing),
                Err(why) => return failed(why),
            },
        };
        if let Some(path) = &target.partition_key {
            let key = Path::read(path).ok().and_then(|path| path.find(event));
            sent.partition_key = key.as_ref().and_then(resolve::text);
        }
        // From bus to bus an event stays what it is.
        let to_bus = self.by_arn(&target.arn).is_some_and(|id| matches!(self.node(id), Some(Node::Bus(_))));
        let mut hop = self.send("target", &target.arn, if to_bus { record } else { &sent }, trail);
        for (name, path) in missing {
            let text = format!("`<{name}>` is empty: the event has nothing at `{path}`");
            hop.notes.insert(0, Note { text, place: Some(target.place) });
        }
        hop
    }

    /// What an archive of a bus does with an event.
    fn archived(&self, id: &str, archive: &Archive, record: &Record) -> Hop {
        let Some(event) = record.json() else { return self.hop("archive", id, State::Dropped, "keeps events alone") };
        if event.get(REPLAY).is_some() {
            return self.hop("archive", id, State::Dropped, "does not keep what it replays");
        }
        let mut hop = self.hop("archive", id, State::Delivered, "");
        match archive.pattern.as_ref() {
            None => {}
            Some(Err(wrong)) => {
                hop.state = State::Failed;
                hop.says = format!("EventBridge refuses its pattern: {wrong}");
                return hop;
            }
            Some(Ok(pattern)) => match pattern.answer(event) {
                Answer::Yes => {}
                Answer::Perhaps => hop.note("if what is known only at deployment fits its pattern", None),
                Answer::No => {
                    let miss = pattern.miss(event);
                    hop.state = State::Dropped;
                    hop.says = format!("does not keep it: {}", miss.said());
                    hop.place = self.resource(id).and_then(|own| place_of_field(own, &miss.keys)).or(hop.place);
                    return hop;
                }
            },
        }
        hop.says = match &archive.days {
            Some(days) => format!("keeps the event for {days} days, to be replayed"),
            None => "keeps the event for ever, to be replayed".to_owned(),
        };
        hop.facts.record = Some(record.shown());
        hop
    }

    /// An event that an archive has and replays.
    pub(super) fn replay(&self, id: &str, archive: &Archive, record: &Record, trail: &[&str]) -> Hop {
        let kept = self.archived(id, archive, record);
        if kept.state != State::Delivered {
            return kept;
        }
        let mut event = record.json().map(|event| Json::clone(event)).unwrap_or_default();
        event[REPLAY] = "replay".into();
        let mut hop = self.hop("archive", id, State::Passed, format!("replays the event to the bus {}", archive.bus));
        hop.next.push(self.bus(&archive.bus, &Record::of(Arc::new(event), record.arrival), trail));
        hop
    }
}

/// The place of a field in the pattern of a rule or an archive.
fn place_of_field(resource: &Resource, keys: &[String]) -> Option<Span> {
    let pattern = resource.properties.get("EventPattern")?;
    field(pattern, keys).or(Some(pattern.origin.span()))
}

fn field(value: &Value, keys: &[String]) -> Option<Span> {
    let map = value.as_map()?;
    let [key, rest @ ..] = keys else { return None };
    let own = map
        .0
        .iter()
        .find(|(known, _)| known.text == *key)
        .and_then(|(known, value)| if rest.is_empty() { Some(known.origin.span()) } else { field(value, rest) });
    own.or_else(|| {
        let alternatives = map.get(OR)?.as_list()?;
        alternatives.iter().find_map(|alternative| field(alternative, keys))
    })
}
