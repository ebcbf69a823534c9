//! `event-rule`

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::site::{assumed_by, join, json_string, on_behalf_of, own_arn, refuse_plain_http};
use super::sqs_queue::METRICS as QUEUE_METRICS;
use super::standing::{Policy, Properties, Standing};
use super::{
    Access, Actor, Attribute, Component, Found, Get, Kind, Metrics, Need, Peers, Place, Port, Request, Scope, Site,
    Wire,
};
use crate::blueprint::text::{Located, Reference, Setting, Text, Tree, TreeData};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::{Statement, document};
use crate::template::{Data, Map, Removal, Value};

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

/// What keeps the events that could not be delivered.
#[derive(Debug, Default)]
enum DeadLetters {
    /// A queue of the rule.
    #[default]
    Own,
    /// Nothing.
    Nowhere,
    /// A queue that others may use too.
    Queue(Reference),
}

impl<'de> Deserialize<'de> for DeadLetters {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(deserializer)?;
        match &tree.data {
            TreeData::Plain(serde_json::Value::Bool(true)) => Ok(Self::Own),
            TreeData::Plain(serde_json::Value::Bool(false)) => Ok(Self::Nowhere),
            TreeData::Text(text) => Reference::from_text(text)
                .map(Self::Queue)
                .ok_or_else(|| serde::de::Error::custom("expected the name of a component")),
            _ => Err(serde::de::Error::custom("expected a boolean or a component")),
        }
    }
}

impl JsonSchema for DeadLetters {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DeadLetters".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [{"type": "boolean"}, generator.subschema_for::<Reference>()]})
    }
}

impl serde::Serialize for DeadLetters {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Own => serializer.serialize_bool(true),
            Self::Nowhere => serializer.serialize_bool(false),
            Self::Queue(queue) => serializer.serialize_str(queue.name()),
        }
    }
}

/// Where events go.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Target {
    /// A component, with the defaults.
    #[serde(rename = "Text")]
    Short(Reference),
    /// A component with settings.
    #[serde(rename = "Map")]
    Long(Box<LongTarget>),
}

impl JsonSchema for Target {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Target".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<Reference>(), generator.subschema_for::<LongTarget>()]
        })
    }
}

/// A target with settings. At most one of `input`, `input_path` and `template` says what is sent; without them it is
/// the whole event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RuleTarget")]
struct LongTarget {
    /// The component.
    to: Reference,
    /// Sent instead of the event: JSON of any shape.
    input: Option<Tree>,
    /// The part of the event that is sent, for example `$.detail`.
    #[schemars(length(max = 256), regex(pattern = PATH_PATTERN))]
    input_path: Option<Located<String>>,
    /// Text or JSON that is sent, in which `<name>` stands for a value of `paths` or a variable of EventBridge.
    template: Option<Tree>,
    /// Values of the event for `template`: a name, and where the value is in the event.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 100))]
    paths: IndexMap<Located<String>, Located<String>>,
    /// Where the key is in the event by which a `kinesis-stream` spreads its records, for example `$.detail.id`. Without
    /// it that is the id of the event.
    #[schemars(length(max = 256), regex(pattern = PATH_PATTERN))]
    partition_key: Option<Located<String>>,
    /// How long a delivery is tried.
    retry: Option<Retry>,
    /// The group of the messages in a FIFO queue, which needs one: those of one group keep their order.
    message_group: Option<Text>,
}

/// How long a delivery is tried, by number and time; whichever ends first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Retry {
    /// Retries after the first attempt.
    #[schemars(extend("minimum" = 0, "maximum" = 185))]
    attempts: Option<Setting<u32>>,
    /// Seconds after which an event that was not delivered is given up.
    #[schemars(extend("minimum" = 60, "maximum" = 86_400))]
    max_age_seconds: Option<Setting<u32>>,
}

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

    /// A target says in more than one way what it is sent.
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets:
    ///       - to: journal
    ///         input_path: $.detail
    ///         input: { note: changed }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: event-bus
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets:
    ///       - to: orders
    ///         input_path: $.detail
    /// ```
    ///
    /// Source: EventBridge API, `Target`: `Input`, `InputPath` and `InputTransformer` are mutually exclusive.
    INPUTS = Error "several-inputs";

    /// A template uses `<name>` without a path for it, or a path has no use.
    ///
    /// EventBridge sends `<name>` as it stands where it knows no such variable. Its own variables are
    /// `aws.events.rule-arn`, `aws.events.rule-name`, `aws.events.event.ingestion-time`, `aws.events.event` and
    /// `aws.events.event.json`.
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: event-bus
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets:
    ///       - to: orders
    ///         paths: { parameter: $.detail.name }
    ///         template: { changed: <paramter> }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: event-bus
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets:
    ///       - to: orders
    ///         paths: { parameter: $.detail.name }
    ///         template: { changed: <parameter> }
    /// ```
    ///
    /// Source: EventBridge User Guide, "Amazon EventBridge input transformation".
    VARIABLES = Error "template-variable-mismatch";

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

    /// A FIFO queue is sent messages that belong to no group.
    ///
    /// A FIFO queue keeps the order within groups and takes no message without one.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     fifo: true
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [work]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     fifo: true
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets:
    ///       - { to: work, message_group: changes }
    /// ```
    ///
    /// Source: EventBridge API, `SqsParameters`; SQS Developer Guide, "Using the message group ID with Amazon SQS FIFO
    /// queues".
    MESSAGE_GROUP = Error "missing-message-group";
}

/// Source: EventBridge User Guide, "Monitoring Amazon EventBridge", with the dimension `RuleName`.
const METRICS: &[&str] = &[
    "DeadLetterInvocations",
    "FailedInvocations",
    "IngestionToInvocationSuccessLatency",
    "IngestiontoInvocationCompleteLatency",
    "IngestiontoInvocationStartLatency",
    "InvocationAttempts",
    "Invocations",
    "InvocationsFailedToBeSentToDlq",
    "InvocationsSentToDlq",
    "MatchedEvents",
    "RetryInvocationAttempts",
    "SuccessfulInvocationAttempts",
    "ThrottledRules",
    "TriggeredRules",
];

/// Source: EventBridge User Guide, "Creating a scheduled rule (legacy)".
pub(super) const SCHEDULE_PATTERN: &str = r"^(rate|cron)\(.+\)$";

/// Paths into an event start at its root.
pub(super) const PATH_PATTERN: &str = r"^\$";

const RULE: &str = "Rule";
const QUEUE: &str = "DeadLetterQueue";
const SERVICE: &str = "events.amazonaws.com";
pub(super) const DEFAULT_BUS: &str = "default";

/// 14 days, the longest that SQS keeps a message. Source: SQS API, `CreateQueue`, `MessageRetentionPeriod`.
const DEAD_LETTER_SECONDS: u32 = 1_209_600;

/// Source: EventBridge User Guide, "Amazon EventBridge input transformation", predefined variables.
const VARIABLES_OF_EVENTBRIDGE: &[&str] = &[
    "aws.events.event",
    "aws.events.event.ingestion-time",
    "aws.events.event.json",
    "aws.events.rule-arn",
    "aws.events.rule-name",
];

fn yes() -> bool {
    true
}

impl Target {
    fn to(&self) -> &Reference {
        match self {
            Self::Short(to) => to,
            Self::Long(target) => &target.to,
        }
    }

    fn partition_key(&self) -> Option<&Located<String>> {
        match self {
            Self::Short(_) => None,
            Self::Long(target) => target.partition_key.as_ref(),
        }
    }
}

impl Rule {
    /// The bus, unless it is the default one.
    fn own_bus(&self) -> Option<&Reference> {
        self.bus.as_ref().filter(|bus| bus.name() != DEFAULT_BUS)
    }

    fn input(target: &LongTarget, site: &Site<'_>) -> Map {
        let origin = site.place.origin;
        let json = |tree: &Tree| {
            let value = site.scope.tree(tree);
            json_string(&value, Origin::Written(tree.span))
        };
        let template = target.template.as_ref().map(|tree| {
            let template = match &tree.data {
                // A text template is sent as it is written; everything else as JSON.
                TreeData::Text(text) => site.scope.value(text),
                _ => unquote_variables(json(tree)),
            };
            let paths = target.paths.iter().map(|(name, path)| {
                let value = Value::string(Origin::Written(path.span()), path.value.as_str());
                (crate::template::Key { text: name.value.clone(), origin: Origin::Written(name.span()) }, value)
            });
            let paths = Map(paths.collect());
            map!(origin;
                "InputPathsMap" => (!paths.is_empty()).then_some(paths),
                "InputTemplate" => template,
            )
        });
        let path = target.input_path.as_ref();
        map!(origin;
            "Input" => target.input.as_ref().map(json),
            "InputPath" => path.map(|path| Value::string(Origin::Written(path.span()), path.value.as_str())),
            "InputTransformer" => template,
        )
    }

    /// The ARN of what keeps the events that could not be delivered.
    fn dead_letters(&self, site: &Site<'_>) -> Option<Value> {
        match self.dead_letters {
            DeadLetters::Own => Some(site.place.attribute(QUEUE, "Arn")),
            DeadLetters::Nowhere => None,
            DeadLetters::Queue(_) => site.address(self.targets.len() + usize::from(self.own_bus().is_some())),
        }
    }

    fn target(&self, target: &Target, wire: usize, role: Option<Value>, site: &Site<'_>) -> Map {
        let origin = Origin::Derived(target.to().span());
        let (input, retry, group) = match target {
            Target::Short(_) => (Map::default(), None, None),
            Target::Long(long) => (Self::input(long, site), long.retry.as_ref(), long.message_group.as_ref()),
        };
        let need = site.granted.get(wire).and_then(Option::as_ref).and_then(|grant| grant.need);
        if need == Some(Need::MessageGroup) && group.is_none() {
            let to = target.to();
            let message = format!("`{}` is a FIFO queue, which takes no message without a group", to.name());
            site.scope
                .sink()
                .report(&MESSAGE_GROUP, to.span(), message)
                .help(format!("write `{{ to: {}, message_group: … }}`", to.name()));
        }
        let retry = retry.map(|retry| {
            map!(origin;
                "MaximumRetryAttempts" => retry.attempts.as_ref().map(|n| site.scope.setting(n)),
                "MaximumEventAgeInSeconds" => retry.max_age_seconds.as_ref().map(|n| site.scope.setting(n)),
            )
        });
        let dead_letters = self.dead_letters(site).map(|queue| map!(origin; "Arn" => queue));
        let sqs = group.map(|group| map!(origin; "MessageGroupId" => site.scope.value(group)));
        let mut properties = map!(origin;
            "Id" => site.name_of(target.to()),
            "Arn" => site.address(wire),
            "RoleArn" => role,
        );
        properties.0.extend(input.0);
        let key = target.partition_key().map(|path| map!(origin; "PartitionKeyPath" => path.to_value(origin)));
        properties.push("KinesisParameters", origin, key);
        properties.push("RetryPolicy", origin, retry);
        properties.push("DeadLetterConfig", origin, dead_letters);
        properties.push("SqsParameters", origin, sqs);
        properties
    }

    /// The queue for what could not be delivered, and its policy.
    fn add_queue(site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        let queue = place.attribute(QUEUE, "Arn");
        let properties = map!(origin; "MessageRetentionPeriod" => DEAD_LETTER_SECONDS, "SqsManagedSseEnabled" => true);
        // Nothing would read what a rule that is gone has left, and it is gone in two weeks anyway.
        site.add_stateful(QUEUE, "AWS::SQS::Queue", Removal::Delete, properties);
        let by_rule = map!(origin; "ArnEquals" => map!(origin; "aws:SourceArn" => place.attribute(RULE, "Arn")));
        let send = Statement::allow(origin, &["sqs:SendMessage"], vec![queue.clone()])
            .named("KeepUndeliveredEvents")
            .service(SERVICE)
            .when(by_rule);
        let refuse = refuse_plain_http(origin, &["sqs:*"], queue);
        let properties = map!(origin;
            "Queues" => [place.reference(QUEUE)],
            "PolicyDocument" => document(origin, vec![refuse, send]),
        );
        site.add("DeadLetterPolicy", "AWS::SQS::QueuePolicy", properties);
    }
}

/// JSON in which strings that are one variable lose their quotes: EventBridge puts quotes around texts itself, and
/// around objects there must be none.
///
/// Source: EventBridge User Guide, "Amazon EventBridge input transformation".
fn unquote_variables(mut json: Value) -> Value {
    let text = match &mut json.data {
        Data::String(text) => text,
        Data::Call(_, argument) => match &mut argument.data {
            Data::String(text) => text,
            _ => return json,
        },
        _ => return json,
    };
    let mut result = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(open) = rest.find("\"<") {
        let variable = &rest[open + 1..];
        let end = variable.find('>').filter(|end| is_variable(&variable[1..*end]));
        match end {
            Some(end) if variable[end + 1..].starts_with('"') && !rest[..open].ends_with('\\') => {
                result.push_str(&rest[..open]);
                result.push_str(&variable[..=end]);
                rest = &variable[end + 2..];
            }
            _ => {
                result.push_str(&rest[..open + 2]);
                rest = &rest[open + 2..];
            }
        }
    }
    result.push_str(rest);
    *text = result;
    json
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// The names in `<…>` of a template, with the place of the text that they are in.
fn variables(tree: &Tree, found: &mut Vec<(String, Span)>) {
    match &tree.data {
        TreeData::Plain(_) => {}
        TreeData::Text(text) => {
            for part in &text.parts {
                let crate::blueprint::text::Part::Literal(literal) = part else { continue };
                let mut rest = literal.as_str();
                while let Some((_, after)) = rest.split_once('<') {
                    let Some((name, after)) = after.split_once('>') else { break };
                    if is_variable(name) {
                        found.push((name.to_owned(), text.span));
                    }
                    rest = after;
                }
            }
        }
        TreeData::List(items) => items.iter().for_each(|item| variables(item, found)),
        TreeData::Map(entries) => entries.iter().for_each(|(.., value)| variables(value, found)),
    }
}

impl LongTarget {
    fn check(&self, sink: &mut Sink) {
        let mut inputs: Vec<(&str, Span)> = [
            ("input", self.input.as_ref().map(|tree| tree.span)),
            ("input_path", self.input_path.as_ref().map(Located::span)),
            ("template", self.template.as_ref().map(|tree| tree.span)),
        ]
        .into_iter()
        .filter_map(|(name, span)| Some((name, span?)))
        .collect();
        inputs.sort_by_key(|(_, span)| span.start);
        if let [(first, place), (second, span), ..] = inputs.as_slice() {
            sink.report(&INPUTS, *span, format!("`{first}` already says what is sent"))
                .also(*place, format!("`{first}` is here"))
                .help(format!("keep either `{first}` or `{second}`"));
        }
        let mut used = Vec::new();
        if let Some(template) = &self.template {
            variables(template, &mut used);
        }
        let known: Vec<&str> = self.paths.keys().map(|name| name.value.as_str()).collect();
        for (name, span) in &used {
            if !known.contains(&name.as_str()) && !VARIABLES_OF_EVENTBRIDGE.contains(&name.as_str()) {
                let all = known.iter().chain(VARIABLES_OF_EVENTBRIDGE).copied();
                let help = crate::diagnostics::closest(name, all)
                    .map_or_else(|| format!("add `{name}` to `paths`"), |close| format!("did you mean `<{close}>`?"));
                sink.report(&VARIABLES, *span, format!("`<{name}>` stands for nothing")).help(help);
            }
        }
        // An unused path is told only where nothing is misspelt: there it is the same mistake seen from the other side.
        if used.iter().all(|(name, _)| known.contains(&name.as_str()) || name.starts_with("aws.")) {
            for name in self.paths.keys() {
                if !used.iter().any(|(used, _)| *used == name.value) {
                    sink.report(&VARIABLES, name.span(), format!("`{}` is used nowhere in `template`", name.value))
                        .help(format!("write `<{}>` in `template`, or remove the path", name.value));
                }
            }
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
        let own = metrics(dimensions);
        let queue = matches!(self.dead_letters, DeadLetters::Own).then(|| Metrics {
            part: Some("dead-letters"),
            namespace: "AWS/SQS",
            dimensions: vec![("QueueName", place.attribute(QUEUE, "QueueName"))],
            names: QUEUE_METRICS.to_vec(),
            ..Metrics::default()
        });
        std::iter::once(own).chain(queue).collect()
    }

    fn actor(&self, place: &Place) -> Option<Actor> {
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
            if let Target::Long(target) = target {
                target.check(sink);
            }
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
                self.target(target, wire, role.clone().filter(|_| needs_role), site)
            })
            .collect();
        let schedule = self.schedule.as_ref();
        let properties = map!(origin;
            "Name" => self.name.as_ref().map(|name| scope.value(name)),
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "EventBusName" => bus,
            "EventPattern" => self.pattern.as_ref().map(|pattern| scope.tree(pattern)),
            "ScheduleExpression" => schedule.map(|s| Value::string(Origin::Written(s.span()), s.value.as_str())),
            "State" => if self.enabled { "ENABLED" } else { "DISABLED" },
            "Targets" => targets,
        );
        site.add(RULE, "AWS::Events::Rule", properties);
        if matches!(self.dead_letters, DeadLetters::Own) {
            Self::add_queue(site);
        }
    }
}

fn metrics(dimensions: Vec<(&'static str, Value)>) -> Metrics {
    Metrics { namespace: "AWS/Events", dimensions, names: METRICS.to_vec(), ..Metrics::default() }
}

/// A rule as a raw resource, which has metrics.
#[derive(Debug)]
struct Measured {
    bus: Option<Text>,
}

impl Measured {
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        Box::new(Self { bus: properties.text(&["EventBusName"]).cloned() })
    }
}

impl Component for Measured {
    fn metrics(&self, place: &Place, _peers: &Peers<'_>, scope: &Scope) -> Vec<Metrics> {
        let bus = self.bus.as_ref().filter(|bus| bus.literal().as_deref() != Some(DEFAULT_BUS));
        let bus = bus.map(|bus| ("EventBusName", scope.value(bus)));
        vec![metrics(bus.into_iter().chain([("RuleName", place.attribute(RULE, "RuleName"))]).collect())]
    }

    fn compose(&self, _site: &mut Site<'_>) {}
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
        read: Measured::read,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Rule>,
    decode: super::decode::<Rule>,
};
