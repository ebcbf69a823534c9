//! `event-rule`

mod dead_letters;
mod metrics;
mod target;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use self::dead_letters::{DeadLetters, QUEUE, add_queue};
pub(super) use self::target::PATH_PATTERN;
use self::target::Target;
use super::site::{assumed_by, event_pattern, join, on_behalf_of, own_arn};
use super::sqs_queue::METRICS as QUEUE_METRICS;
use super::standing::{Policy, Standing};
use super::{
    Access, Actor, Attribute, Component, Found, Get, Kind, Metrics, Peers, Place, Port, Request, Scope, Site, Wire,
};
use crate::blueprint::text::{Located, Reference, Text, Tree};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// A rule of EventBridge: which events of a bus, or at which times, go to which targets.
///
/// What a target needs (a role of the rule, or a policy on the target) follows from its kind. Events that a target
/// does not take within the time of `retry` are kept in a queue of the rule.
///
/// ```yaml
/// components:
///   journal:
///     kind: log-group
///   parameter-changes:
///     kind: event-rule
///     pattern:
///       source: [aws.ssm]
///       detail-type: [Parameter Store Change]
///     targets: [journal]
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name of the rule. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What it is for.
    description: Option<Text>,
    /// The bus: `default`, or an `event-bus`.
    #[serde(default)]
    bus: Option<Reference>,
    /// Which events match, as an event pattern of EventBridge.
    #[schemars(with = "Option<BTreeMap<String, Pattern>>", extend("minProperties" = 1))]
    pattern: Option<Tree>,
    /// At which times it fires: `rate(5 minutes)` or `cron(0 8 * * ? *)`, in UTC. Only on the default bus.
    #[schemars(regex(pattern = SCHEDULE_PATTERN))]
    schedule: Option<Located<String>>,
    /// Where the events go: names of components, or targets with settings.
    #[schemars(length(min = 1, max = 5))]
    targets: Vec<Target>,
    /// Whether a queue of the rule keeps what could not be delivered, for 14 days; or the `sqs-queue` that does.
    #[serde(default)]
    dead_letters: DeadLetters,
    /// Whether it fires.
    #[serde(default = "yes")]
    enabled: bool,
}

/// A list of matchers or a nested pattern.
#[derive(JsonSchema)]
#[schemars(inline, extend("type" = ["array", "object"]))]
struct Pattern;

codes! {
    /// A rule has neither a pattern nor a schedule.
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   everything:
    ///     kind: event-rule
    ///     targets: [journal]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   everything:
    ///     kind: event-rule
    ///     pattern: { account: ["${AWS::AccountId}"] }
    ///     targets: [journal]
    /// ```
    ///
    /// Source: EventBridge API, `PutRule`.
    NEVER = Error "rule-without-trigger";

    /// A schedule stands on a bus of one's own.
    ///
    /// Schedules work only on the default bus; EventBridge refuses them elsewhere.
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   orders:
    ///     kind: event-bus
    ///   hourly:
    ///     kind: event-rule
    ///     bus: orders
    ///     schedule: rate(1 hour)
    ///     targets: [journal]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   hourly:
    ///     kind: event-rule
    ///     schedule: rate(1 hour)
    ///     targets: [journal]
    /// ```
    ///
    /// Source: EventBridge User Guide, "Creating a scheduled rule (legacy)".
    SCHEDULE_BUS = Error "schedule-on-custom-bus";

    /// One component is the target of a rule twice.
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [journal, journal]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [journal]
    /// ```
    TWICE = Error "repeated-target";
}

/// Source: EventBridge User Guide, "Creating a scheduled rule (legacy)".
pub(super) const SCHEDULE_PATTERN: &str = r"^(rate|cron)\(.+\)$";

const RULE: &str = "Rule";
const SERVICE: &str = "events.amazonaws.com";
pub(super) const DEFAULT_BUS: &str = "default";

fn yes() -> bool {
    true
}

impl Rule {
    /// The bus, unless it is the default one.
    fn own_bus(&self) -> Option<&Reference> {
        self.bus.as_ref().filter(|bus| bus.name() != DEFAULT_BUS)
    }

    /// The ARN of what keeps the events that could not be delivered.
    fn undelivered(&self, site: &Site<'_>) -> Option<Value> {
        match self.dead_letters {
            DeadLetters::Own => Some(site.place.attribute(QUEUE, "Arn")),
            DeadLetters::Nowhere => None,
            DeadLetters::Queue(_) => site.address(self.targets.len() + usize::from(self.own_bus().is_some())),
        }
    }
}

impl Component for Rule {
    fn wires(&self) -> Vec<Wire<'_>> {
        let targets = self.targets.iter().map(|target| {
            let access = if target.partition_key().is_some() { Access::SpreadEvents } else { Access::SendEvents };
            Wire { to: target.to(), access }
        });
        let bus = self.own_bus().map(|bus| Wire { to: bus, access: Access::AddRule });
        let dead_letters = match &self.dead_letters {
            DeadLetters::Queue(queue) => Some(Wire { to: queue, access: Access::KeepUndelivered }),
            DeadLetters::Own | DeadLetters::Nowhere => None,
        };
        targets.chain(bus).chain(dead_letters).collect()
    }

    fn metrics(&self, place: &Place, peers: &Peers<'_>, scope: &Scope) -> Vec<Metrics> {
        let mut dimensions = vec![("RuleName", place.attribute(RULE, "RuleName"))];
        if let Some(bus) = self.own_bus()
            && let Found::Component(full) = scope.find(bus)
            && let Some(peer) = peers.get(full.as_str())
        {
            let origin = Origin::Derived(bus.span());
            let request = Request { access: &Access::AddRule, actor: None, from: &place.name, origin };
            let grant = peer.accept(&request, &scope.place(&full, origin), &scope.of(&full));
            dimensions.splice(0..0, grant.address.map(|name| ("EventBusName", name)));
        }
        let own = metrics::of_rule(dimensions);
        let queue = matches!(self.dead_letters, DeadLetters::Own).then(|| Metrics {
            part: Some("dead-letters".to_owned()),
            namespace: "AWS/SQS",
            dimensions: vec![("QueueName", place.attribute(QUEUE, "QueueName"))],
            names: QUEUE_METRICS.to_vec(),
            ..Metrics::default()
        });
        std::iter::once(own).chain(queue).collect()
    }

    fn actor(&self, place: &Place, _scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: place.attribute(RULE, "Arn") })
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        if self.pattern.is_none() && self.schedule.is_none() {
            sink.report(&NEVER, name, "this rule has neither `pattern` nor `schedule`")
                .help("add a `pattern` of the events, or a `schedule` such as `rate(1 hour)`");
        }
        if let (Some(schedule), Some(bus)) = (&self.schedule, self.own_bus()) {
            sink.report(&SCHEDULE_BUS, schedule.span(), "schedules work only on the default bus")
                .also(bus.span(), "the bus of this rule")
                .help("leave out `bus`, or `schedule`");
        }
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for target in &self.targets {
            let to = target.to();
            if let Some(first) = seen.insert(to.name(), to.span()) {
                sink.report(&TWICE, to.span(), format!("`{}` is a target of this rule already", to.name()))
                    .also(first, "here")
                    .help("remove one of them; for another input make a second rule");
            }
            target.check(sink);
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let bus = self.own_bus().and_then(|_| site.address(self.targets.len()));
        let statements = site.grants();
        let role = (!statements.is_empty()).then(|| {
            // The role cannot name its rule, which needs the role first; the bus is as close as it gets.
            // Source: EventBridge User Guide, "Cross-service confused deputy prevention in Amazon EventBridge".
            let mut rules = vec![own_arn(origin, "events", "rule/")];
            rules.extend(bus.clone().into_iter().chain(bus.is_some().then(|| Value::string(origin, "/"))));
            rules.push(Value::string(origin, "*"));
            let trust = assumed_by(origin, SERVICE).when(on_behalf_of(origin, join(origin, &rules)));
            site.add_role(trust, "send-events", statements)
        });
        let targets: Vec<Map> = self
            .targets
            .iter()
            .enumerate()
            .map(|(wire, target)| {
                let needs_role = site.granted.get(wire).and_then(Option::as_ref).is_some_and(|g| !g.role.is_empty());
                target.compose(wire, role.clone().filter(|_| needs_role), self.undelivered(site), site)
            })
            .collect();
        let schedule = self.schedule.as_ref();
        let properties = map!(origin;
            "Name" => self.name.as_ref().map(|name| scope.value(name)),
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "EventBusName" => bus,
            "EventPattern" => self.pattern.as_ref().map(|pattern| event_pattern(scope.tree(pattern), Origin::Written(pattern.span))),
            "ScheduleExpression" => schedule.map(|s| Value::string(Origin::Written(s.span()), s.value.as_str())),
            "State" => if self.enabled { "ENABLED" } else { "DISABLED" },
            "Targets" => targets,
        );
        site.add(RULE, "AWS::Events::Rule", properties);
        if matches!(self.dead_letters, DeadLetters::Own) {
            add_queue(site);
        }
    }
}

pub(super) static KIND: Kind = Kind {
    name: "event-rule",
    ports: &[Port::Metrics],
    attributes: &[
        Attribute { name: "name", doc: "Name of the rule.", get: Get::Att(RULE, "RuleName") },
        Attribute { name: "arn", doc: "ARN of the rule.", get: Get::Att(RULE, "Arn") },
        Attribute {
            name: "dead-letters-arn",
            doc: "ARN of its own queue of undelivered events.",
            get: Get::Att(QUEUE, "Arn"),
        },
        Attribute {
            name: "dead-letters-name",
            doc: "Name of its own queue of undelivered events.",
            get: Get::Att(QUEUE, "QueueName"),
        },
        Attribute {
            name: "dead-letters-url",
            doc: "URL of its own queue of undelivered events.",
            get: Get::Ref(QUEUE),
        },
        Attribute {
            name: "role-arn",
            doc: "ARN of the role with which it sends, if a target needs one.",
            get: Get::Att("Role", "Arn"),
        },
        Attribute {
            name: "role-name",
            doc: "Name of the role with which it sends, if a target needs one.",
            get: Get::Ref("Role"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Events::Rule"],
        role: RULE,
        without: &[],
        policy: Policy::Free,
        read: metrics::Measured::read,
    }),
    codes: &[CODES, target::CODES],
    schema: super::model_schema::<Rule>,
    decode: super::decode::<Rule>,
};
