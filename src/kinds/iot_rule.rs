//! `iot-rule`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::site::{assumed_by, on_behalf_of, own_arn};
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Get, Kind, Metrics, Need, Peers, Place, Port, Scope, Site, Wire};
use crate::blueprint::text::{FileReference, Located, Reference, Script, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// A rule of AWS IoT: messages of devices that its SQL chooses go to streams and log groups, with a role.
///
/// What cannot be delivered goes to what `errors` names, as a message that says why, with the original in Base64. The
/// statement is checked, also the default of a parameter that gives it.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to: { s3: archive, layout: [readings] }
///   failures:
///     kind: firehose-stream
///     to: { s3: archive, layout: [failures] }
///   readings:
///     kind: iot-rule
///     sql: SELECT *, topic(2) AS device FROM 'plant/+/readings' WHERE temperature > 40
///     actions: [{ to: delivery }]
///     errors: { to: failures }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name of the rule: letters, digits and `_`. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What it is for.
    description: Option<Text>,
    /// The statement of AWS IoT, in its version 2016-03-23, or the file beside the blueprint that holds it. `${ }` works
    /// in both; templates of IoT are written `${!topic()}`.
    sql: Script,
    /// Where the messages go.
    #[schemars(length(min = 1, max = 10))]
    actions: Vec<Action>,
    /// Where messages go that an action could not take.
    errors: Option<Action>,
    /// Whether it is on.
    #[serde(default = "yes")]
    enabled: bool,
}

/// Where messages go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeviceAction")]
struct Action {
    /// The `firehose-stream`, `kinesis-stream` or `log-group`.
    to: Reference,
    /// What decides the shard of a `kinesis-stream`, where templates of IoT are written `${!topic()}`. The default is a
    /// new id for each message.
    partition_key: Option<Text>,
    /// What stands after each message in a `firehose-stream`. The default is nothing: the stream itself adds a line feed.
    separator: Option<Located<Separator>>,
    /// Whether a message that is a list becomes a record or a log event for each of its items, in a `firehose-stream` or
    /// a `log-group`.
    batch: Option<Located<bool>>,
}

/// What stands after a message.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Separator {
    /// `\n`
    Newline,
    /// `\r\n`
    WindowsNewline,
    /// A tab.
    Tab,
    /// `,`
    Comma,
}

impl Separator {
    /// Source: CloudFormation Template Reference, `AWS::IoT::TopicRule`, `FirehoseAction`.
    fn text(self) -> &'static str {
        match self {
            Self::Newline => "\n",
            Self::WindowsNewline => "\r\n",
            Self::Tab => "\t",
            Self::Comma => ",",
        }
    }
}

codes! {
    /// An action of an IoT rule has a setting of another service.
    ///
    /// Shards are chosen in Kinesis, separators are those of Firehose, and Kinesis takes no batches.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///   readings:
    ///     kind: iot-rule
    ///     sql: SELECT * FROM 'plant/+/readings'
    ///     actions: [{ to: delivery, partition_key: "${!topic(2)}" }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   readings-stream:
    ///     kind: kinesis-stream
    ///   readings:
    ///     kind: iot-rule
    ///     sql: SELECT * FROM 'plant/+/readings'
    ///     actions: [{ to: readings-stream, partition_key: "${!topic(2)}" }]
    /// ```
    ///
    /// Source: AWS IoT API, `KinesisAction` and `FirehoseAction`.
    SETTING = Error "setting-of-another-action";

    /// A stream gets the messages of a rule twice.
    ///
    /// ```yaml
    /// components:
    ///   readings-stream:
    ///     kind: kinesis-stream
    ///   readings:
    ///     kind: iot-rule
    ///     sql: SELECT * FROM 'plant/+/readings'
    ///     actions: [{ to: readings-stream }, { to: readings-stream }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   readings-stream:
    ///     kind: kinesis-stream
    ///   readings:
    ///     kind: iot-rule
    ///     sql: SELECT * FROM 'plant/+/readings'
    ///     actions: [{ to: readings-stream }]
    /// ```
    TWICE = Error "repeated-action";
}

const RULE: &str = "Rule";
const SERVICE: &str = "iot.amazonaws.com";

/// Source: AWS IoT Developer Guide, "AWS IoT SQL versions".
const SQL_VERSION: &str = "2016-03-23";

/// A new id for each message, so that all shards get the same. Source: AWS IoT Developer Guide, "Functions".
const ANY_SHARD: &str = "${newuuid()}";

/// Source: AWS IoT Developer Guide, "AWS IoT metrics and dimensions", rule metrics.
const METRICS: &[&str] = &["ParseError", "RuleMessageThrottled", "RuleNotFound", "TopicMatch"];

fn yes() -> bool {
    true
}

impl Action {
    /// The action as IoT takes it; `wire` is the number of its wire.
    fn to_map(&self, wire: usize, role: Option<&Value>, site: &Site<'_>) -> Map {
        let origin = Origin::Derived(self.to.span());
        let grant = site.granted.get(wire).and_then(Option::as_ref);
        let need = grant.and_then(|grant| grant.need);
        let name = site.address(wire);
        let report = |span: Span, message: &str, help: &str| {
            site.scope.sink().report(&SETTING, span, message).also(self.to.span(), "the target").help(help);
        };
        let batch = self.batch.as_ref().map(|batch| batch.value);
        if need == Some(Need::PartitionKey) {
            let firehose = self.separator.as_ref().map(Located::span).or(self.batch.as_ref().map(Located::span));
            if let Some(span) = firehose {
                report(
                    span,
                    "a stream of Kinesis has neither separators nor batches",
                    "remove it, or send to a `firehose-stream`",
                );
            }
            let key = match &self.partition_key {
                Some(key) => site.scope.value(key),
                None => Value::string(origin, ANY_SHARD),
            };
            let kinesis = map!(origin; "StreamName" => name, "PartitionKey" => key, "RoleArn" => role.cloned());
            return map!(origin; "Kinesis" => kinesis);
        }
        if let Some(key) = self.partition_key.as_ref().filter(|_| grant.is_some()) {
            report(key.span, "only Kinesis has partition keys", "remove it, or send to a `kinesis-stream`");
        }
        if need == Some(Need::LogGroup) {
            if let Some(separator) = &self.separator {
                report(separator.span(), "log events need no separator", "remove it, or send to a `firehose-stream`");
            }
            let logs = map!(origin; "LogGroupName" => name, "RoleArn" => role.cloned(), "BatchMode" => batch);
            return map!(origin; "CloudwatchLogs" => logs);
        }
        let firehose = map!(origin;
            "DeliveryStreamName" => name,
            "RoleArn" => role.cloned(),
            "Separator" => self.separator.as_ref().map(|separator| separator.value.text()),
            "BatchMode" => batch,
        );
        map!(origin; "Firehose" => firehose)
    }
}

impl Component for Rule {
    fn wires(&self) -> Vec<Wire<'_>> {
        let all = self.actions.iter().chain(&self.errors);
        all.map(|action| Wire { to: &action.to, access: Access::SendDeviceMessages }).collect()
    }

    fn files(&self) -> Vec<&FileReference> {
        match &self.sql {
            Script::File(file) => vec![file],
            Script::Inline(_) => Vec::new(),
        }
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        for (at, action) in self.actions.iter().enumerate() {
            if let Some(first) = self.actions[..at].iter().find(|first| first.to.name() == action.to.name()) {
                sink.report(&TWICE, action.to.span(), format!("`{}` gets the messages already", action.to.name()))
                    .also(first.to.span(), "here")
                    .help("remove one of them");
            }
        }
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        let dimensions = vec![("RuleName", place.reference(RULE))];
        vec![Metrics { namespace: "AWS/IoT", dimensions, names: METRICS.to_vec(), ..Metrics::default() }]
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let statements = site.grants();
        let role = (!statements.is_empty()).then(|| {
            // The role cannot name its rule, which needs the role first.
            // Source: AWS IoT Developer Guide, "Cross-service confused deputy prevention".
            let trust = assumed_by(origin, SERVICE).when(on_behalf_of(origin, own_arn(origin, "iot", "rule/*")));
            site.add_role(trust, "send-messages", statements)
        });
        let actions: Vec<Map> =
            self.actions.iter().enumerate().map(|(wire, action)| action.to_map(wire, role.as_ref(), site)).collect();
        let errors = self.errors.as_ref().map(|action| action.to_map(self.actions.len(), role.as_ref(), site));
        let payload = map!(origin;
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "AwsIotSqlVersion" => SQL_VERSION,
            "Sql" => scope.script(&self.sql),
            "Actions" => actions,
            "ErrorAction" => errors,
            "RuleDisabled" => !self.enabled,
        );
        let properties = map!(origin;
            "RuleName" => self.name.as_ref().map(|name| scope.value(name)),
            "TopicRulePayload" => payload,
        );
        site.add(RULE, "AWS::IoT::TopicRule", properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "iot-rule",
    ports: &[Port::Metrics],
    attributes: &[
        Attribute { name: "name", doc: "Name of the rule.", get: Get::Ref(RULE) },
        Attribute { name: "arn", doc: "ARN of the rule.", get: Get::Att(RULE, "Arn") },
        Attribute { name: "role-arn", doc: "ARN of the role with which it sends.", get: Get::Att("Role", "Arn") },
        Attribute { name: "role-name", doc: "Name of the role with which it sends.", get: Get::Ref("Role") },
    ],
    standing: Some(Standing {
        types: &["AWS::IoT::TopicRule"],
        role: RULE,
        without: &[(Port::Metrics, "whose metrics are not looked at: use an `iot-rule`")],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Rule>,
    decode: super::decode::<Rule>,
};
