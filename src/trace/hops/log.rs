//! Log groups: what their subscription filters hand over, and what their metric filters count.

use serde_json::Value as Json;

use crate::source::Span;
use crate::template::event_pattern::HOLE;
use crate::template::log_filter::{self, Filter};
use crate::template::{Resource, Value};
use crate::trace::logs::{self, LogEvent, Subscription};
use crate::trace::report::{Hop, State};
use crate::trace::resolve::Resolver;
use crate::trace::world::{Node, World};
use crate::trace::{Record, invocations, short};

/// The log stream of samples.
const STREAM: &str = "sample";

/// The most characters of a pattern that are shown.
const PATTERN: usize = 80;

/// What looks at the events of a log group.
#[derive(Debug)]
pub struct LogFilter {
    pub group: String,
    filter: Result<Filter, String>,
    pattern: String,
    /// The ARN that gets what fits; nothing for a filter that counts.
    pub destination: Option<String>,
    /// What is counted: namespace, name and value of each metric.
    metrics: Vec<String>,
    name: String,
    place: Span,
}

impl LogFilter {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let is_metric = resource.kind == "AWS::Logs::MetricFilter";
        let properties = &resource.properties;
        let pattern = resolver.text(properties, &["FilterPattern"]).unwrap_or_default();
        let transformations = properties.get("MetricTransformations").and_then(Value::as_list).unwrap_or_default();
        let metric = |value: &Value| {
            let map = value.as_map()?;
            let text = |name: &str| resolver.text(map, &[name]);
            Some(format!("{} to {}/{}", text("MetricValue")?, text("MetricNamespace")?, text("MetricName")?))
        };
        let filter = if pattern.contains(HOLE) {
            Err("its pattern is known only at deployment".to_owned())
        } else {
            log_filter::parse(&pattern)
                .map_err(|mistake| format!("CloudWatch Logs refuses its pattern: {}", mistake.message))
        };
        Self {
            group: resolver.text(properties, &["LogGroupName"]).unwrap_or_default(),
            filter,
            pattern,
            destination: resolver.text(properties, &["DestinationArn"]).filter(|_| !is_metric),
            metrics: if is_metric { transformations.iter().filter_map(metric).collect() } else { Vec::new() },
            name: resolver.name(resource),
            place: properties.get("FilterPattern").map_or(resource.origin, |value| value.origin).span(),
        }
    }
}

/// The log events of a sample: those of an envelope, one that is an object with a message, or else one a line.
fn events(record: &Record) -> Vec<LogEvent> {
    let arrival = record.arrival.as_millisecond();
    let one = |event: &Json| {
        let message = event["message"].as_str()?.to_owned();
        Some(LogEvent { timestamp: event["timestamp"].as_i64().unwrap_or(arrival), message })
    };
    let plain = |text: &str| LogEvent { timestamp: arrival, message: text.to_owned() };
    match record.json() {
        Some(json) => match json["logEvents"].as_array() {
            Some(events) => events.iter().filter_map(one).collect(),
            None if json.get("timestamp").is_some() => {
                one(json).map_or_else(|| vec![plain(&record.text())], |event| vec![event])
            }
            None => vec![plain(record.text().trim_end())],
        },
        None => record.text().lines().filter(|line| !line.trim().is_empty()).map(plain).collect(),
    }
}

impl World<'_> {
    pub(super) fn logs(&self, id: &str, group: &str, record: &Record, trail: &[&str]) -> Hop {
        let count = events(record).len();
        let mut hop = self.hop("log group", id, State::Passed, format!("keeps {count} log event{}", plural(count)));
        hop.next = self.log_filters(group).map(|(filter, _)| self.visit(filter, record, trail)).collect();
        hop.facts.record = Some(record.shown());
        if hop.next.is_empty() {
            hop.state = State::Delivered;
        }
        hop
    }

    pub(super) fn filtered(&self, id: &str, own: &LogFilter, record: &Record, trail: &[&str]) -> Hop {
        let what = if own.destination.is_some() { "subscription" } else { "metric filter" };
        let at_pattern = |state: State, says: String| {
            let mut hop = self.hop(what, id, state, says);
            hop.place = Some(own.place);
            hop
        };
        let filter = match &own.filter {
            Ok(filter) => filter,
            Err(why) if own.pattern.contains(HOLE) => return at_pattern(State::Unknown, why.clone()),
            Err(why) => return at_pattern(State::Failed, why.clone()),
        };
        let given = record.json().filter(|json| json.get("logEvents").is_some());
        if let (Some(control), Some(destination)) =
            (given.filter(|given| given["messageType"] == "CONTROL_MESSAGE"), &own.destination)
        {
            let mut hop = self.hop(what, id, State::Passed, "tries whether its destination can be reached");
            hop.next.push(self.handed_over(destination, control, record, trail));
            return hop;
        }
        let events = events(record);
        let taken: Vec<LogEvent> =
            events.iter().filter(|event| logs::matches(filter, &event.message)).cloned().collect();
        if taken.is_empty() {
            return at_pattern(State::Dropped, format!("no log event fits `{}`", short(&own.pattern, PATTERN)));
        }
        let says = format!("takes {} of {} log event{}", taken.len(), events.len(), plural(events.len()));
        let Some(destination) = &own.destination else {
            let mut hop = self.hop(what, id, State::Delivered, says);
            own.metrics.iter().for_each(|metric| hop.note(format!("adds {metric}"), None));
            return hop;
        };
        // A sample that is an envelope says where its log events are from.
        let text = |name: &str| given.and_then(|given| given[name].as_str());
        let around = Subscription {
            owner: text("owner").unwrap_or(&self.resolver.deployment().account),
            group: text("logGroup").unwrap_or(&own.group),
            stream: text("logStream").unwrap_or(STREAM),
            filter: &own.name,
        };
        let mut hop = self.hop(what, id, State::Passed, says);
        hop.next.push(self.handed_over(destination, &logs::envelope(around, &taken), record, trail));
        hop
    }

    /// An envelope at the destination of a subscription.
    fn handed_over(&self, destination: &str, envelope: &Json, record: &Record, trail: &[&str]) -> Hop {
        let function = self.by_arn(destination).filter(|id| matches!(self.node(id), Some(Node::Function(_))));
        match function {
            Some(id) => self.invoke(id, &invocations::log_subscription(envelope), record, trail),
            None => self.send("target", destination, &record.with(logs::record(envelope)), trail),
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
