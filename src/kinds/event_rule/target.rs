//! Where the events of a rule go, and what is sent there.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::blueprint::text::{Located, Part, Reference, Setting, Text, Tree, TreeData};
use crate::diagnostics::{Sink, closest};
use crate::kinds::site::json_string;
use crate::kinds::{Need, Site};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::services::EVENT_VARIABLES;
use crate::template::{Data, Key, Map, Value};

/// Where events go.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Target {
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
pub struct LongTarget {
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

/// Paths into an event start at its root.
pub const PATH_PATTERN: &str = r"^\$";

impl Target {
    /// The component.
    pub fn to(&self) -> &Reference {
        match self {
            Self::Short(to) => to,
            Self::Long(target) => &target.to,
        }
    }

    /// Where the key is in the event by which records are spread.
    pub fn partition_key(&self) -> Option<&Located<String>> {
        match self {
            Self::Short(_) => None,
            Self::Long(target) => target.partition_key.as_ref(),
        }
    }

    /// Reports what is wrong with it by itself.
    pub fn check(&self, sink: &mut Sink) {
        if let Self::Long(target) = self {
            target.check(sink);
        }
    }

    /// The target as CloudFormation takes it; `wire` is that to the component.
    pub fn compose(&self, wire: usize, role: Option<Value>, dead_letters: Option<Value>, site: &Site<'_>) -> Map {
        let origin = Origin::Derived(self.to().span());
        let (input, retry, group) = match self {
            Self::Short(_) => (Map::default(), None, None),
            Self::Long(long) => (long.input(site), long.retry.as_ref(), long.message_group.as_ref()),
        };
        let need = site.granted.get(wire).and_then(Option::as_ref).and_then(|grant| grant.need);
        if need == Some(Need::MessageGroup) && group.is_none() {
            let to = self.to();
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
        let dead_letters = dead_letters.map(|queue| map!(origin; "Arn" => queue));
        let sqs = group.map(|group| map!(origin; "MessageGroupId" => site.scope.value(group)));
        let mut properties = map!(origin;
            "Id" => site.name_of(self.to()),
            "Arn" => site.address(wire),
            "RoleArn" => role,
        );
        properties.0.extend(input.0);
        let key = self.partition_key().map(|path| map!(origin; "PartitionKeyPath" => path.to_value(origin)));
        properties.push("KinesisParameters", origin, key);
        properties.push("RetryPolicy", origin, retry);
        properties.push("DeadLetterConfig", origin, dead_letters);
        properties.push("SqsParameters", origin, sqs);
        properties
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
                let Part::Literal(literal) = part else { continue };
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
    fn input(&self, site: &Site<'_>) -> Map {
        let origin = site.place.origin;
        let json = |tree: &Tree| {
            let value = site.scope.tree(tree);
            json_string(&value, Origin::Written(tree.span))
        };
        let template = self.template.as_ref().map(|tree| {
            let template = match &tree.data {
                // A text template is sent as it is written; everything else as JSON.
                TreeData::Text(text) => site.scope.value(text),
                _ => unquote_variables(json(tree)),
            };
            let paths = self.paths.iter().map(|(name, path)| {
                let value = Value::string(Origin::Written(path.span()), path.value.as_str());
                (Key { text: name.value.clone(), origin: Origin::Written(name.span()) }, value)
            });
            let paths = Map(paths.collect());
            map!(origin;
                "InputPathsMap" => (!paths.is_empty()).then_some(paths),
                "InputTemplate" => template,
            )
        });
        let path = self.input_path.as_ref();
        map!(origin;
            "Input" => self.input.as_ref().map(json),
            "InputPath" => path.map(|path| Value::string(Origin::Written(path.span()), path.value.as_str())),
            "InputTransformer" => template,
        )
    }

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
            if !known.contains(&name.as_str()) && !EVENT_VARIABLES.contains(&name.as_str()) {
                let all = known.iter().chain(EVENT_VARIABLES).copied();
                let help = closest(name, all)
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
