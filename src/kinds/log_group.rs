//! `log-group`

use schemars::JsonSchema;
use serde::Deserialize;

use super::encryption::Encryption;
use super::s3_bucket::OnDelete;
use super::site::{join, json_text, own_arn};
use super::standing::{Policy, Properties, Standing};
use super::{Access, Attribute, Component, Get, Grant, Kind, Metrics, Need, Peers, Place, Port, Request, Scope, Site};
use crate::blueprint::text::{Part, Reference, Setting, Text};
use crate::map;
use crate::source::Origin;
use crate::template::iam::{Statement, document};
use crate::template::{Data, Value};

/// A log group of CloudWatch Logs, with an end to how long it keeps events.
///
/// It can be the target of an `event-rule`, which is the quickest way to see what a rule matches.
///
/// ```yaml
/// components:
///   journal:
///     kind: log-group
///     retention_days: 30
///   changes:
///     kind: event-rule
///     pattern: { source: [aws.ssm] }
///     targets: [journal]
/// ```
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Name of the log group. The default is `/aws/events/`, the name of the stack, `-` and the name of the component;
    /// only log groups whose name starts with `/aws/events/` can be targets of rules.
    name: Option<Text>,
    /// Days after which an event is deleted. CloudWatch Logs takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365,
    /// 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 and 3653. The default is 365.
    retention_days: Option<Setting<u32>>,
    /// With which key events are encrypted.
    encryption: Option<Encryption>,
    /// What happens to the log group when the stack is deleted.
    #[serde(default)]
    on_delete: OnDelete,
    /// Whether a function of CloudFormation gives the name of a raw resource.
    #[serde(skip)]
    name_is_open: bool,
}

codes! {
    /// A rule sends events to a log group whose name does not start with `/aws/events/`.
    ///
    /// EventBridge writes only to log groups under that name; to others nothing arrives.
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///     name: audit
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [journal]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///     name: /aws/events/audit
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [journal]
    /// ```
    ///
    /// Source: EventBridge User Guide, "Using resource-based policies for Amazon EventBridge", CloudWatch Logs.
    NAME = Warning "unreachable-log-group";
}

/// The names of log groups that EventBridge may write to start so.
const EVENTS_PREFIX: &str = "/aws/events/";

/// Long enough for a yearly audit. Source of the values: CloudWatch Logs API, `PutRetentionPolicy`.
pub(super) const RETENTION_DAYS: u32 = 365;

/// EventBridge delivers through the log delivery service.
const WRITERS: [&str; 2] = ["delivery.logs.amazonaws.com", "events.amazonaws.com"];

/// Source: AWS IoT Developer Guide, "CloudWatch Logs", requirements of the rule action.
const FROM_DEVICES: &[&str] = &["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];

const GROUP: &str = "LogGroup";

/// Source: CloudWatch Logs User Guide, "Monitoring with CloudWatch metrics", with the dimension `LogGroupName` alone.
const METRICS: &[&str] = &["IncomingBytes", "IncomingLogEvents"];

impl Group {
    /// What grants like a log group with these properties.
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        let name = properties.text(&["LogGroupName"]).cloned();
        let given = properties.get(&["LogGroupName"]).filter(|_| name.is_none());
        Box::new(Self {
            name_is_open: given.is_some(),
            name,
            encryption: properties.key(&["KmsKeyId"]),
            ..Self::default()
        })
    }

    fn name(&self, place: &Place, scope: &Scope) -> Value {
        match &self.name {
            Some(name) => scope.value(name),
            // CloudFormation makes the name, and the policy of a key cannot wait for it.
            None if place.only.is_some() => Value::string(place.origin, "*"),
            None => Value::sub(place.origin, format!("{EVENTS_PREFIX}${{AWS::StackName}}-{}", place.name)),
        }
    }
}

impl Component for Group {
    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn key_users(&self, place: &Place, scope: &Scope) -> Vec<Statement> {
        vec![use_by_logs(place.origin, &self.name(place, scope))]
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        let dimensions = vec![("LogGroupName", place.reference(GROUP))];
        let names = METRICS.to_vec();
        vec![Metrics { part: None, namespace: "AWS/Logs", dimensions, names, ..Metrics::default() }]
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        if *request.access == Access::TailLogs {
            let name = Value { origin: request.origin, ..place.reference(GROUP) };
            return Grant { address: Some(name), ..Grant::default() };
        }
        if *request.access == Access::SendDeviceMessages {
            let origin = request.origin;
            let arn = Value { origin, ..place.attribute(GROUP, "Arn") };
            let role = vec![Statement::allow(origin, FROM_DEVICES, vec![arn]).named(format!("LogTo{}", place.id("")))];
            let address = Some(Value { origin, ..place.reference(GROUP) });
            return Grant { role, address, need: Some(Need::LogGroup), ..Grant::default() };
        }
        if *request.access != Access::SendEvents {
            return Grant::default();
        }
        if let Some(name) = &self.name
            && let Some(Part::Literal(start)) = name.parts.first()
            && !start.starts_with(EVENTS_PREFIX)
        {
            scope
                .sink()
                .report(&NAME, name.span, format!("a rule writes only to log groups named `{EVENTS_PREFIX}…`"))
                .also(request.origin.span(), "this rule sends events to it")
                .help(if place.only.is_some() {
                    format!("start the name with `{EVENTS_PREFIX}`")
                } else {
                    format!("start the name with `{EVENTS_PREFIX}`, or leave it out")
                });
        }
        if self.name.is_none() && !self.name_is_open && place.only.is_some() {
            scope
                .sink()
                .report(
                    &NAME,
                    request.origin.span(),
                    format!(
                        "`{}` has no name of its own, and a rule writes only to log groups named `{EVENTS_PREFIX}…`",
                        place.name
                    ),
                )
                .also(place.origin.span(), "CloudFormation makes another name")
                .help(format!("add `LogGroupName` that starts with `{EVENTS_PREFIX}`"));
        }
        let origin = request.origin;
        let services = Value::new(origin, Data::Map(map!(origin; "Service" => WRITERS)));
        let arn = Value { origin, ..place.attribute(GROUP, "Arn") };
        let mut statement = Statement::allow(origin, &["logs:CreateLogStream", "logs:PutLogEvents"], vec![arn])
            .named(format!("EventsOf{}", super::site::pascal_case(request.from)));
        statement.principal = Some(services);
        // `Fn::GetAtt` gives the ARN with `:*` at its end, which a target must not have.
        let address = own_arn(origin, "logs", &format!("log-group:${{{}}}", place.id(GROUP)));
        Grant { policy: vec![statement], address: Some(address), ..Grant::default() }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let name = self.name(place, scope);
        let retention = match &self.retention_days {
            Some(days) => scope.setting(days),
            None => Value::new(origin, Data::Number(RETENTION_DAYS.into())),
        };
        let key = self.encryption.as_ref().and_then(|encryption| encryption.key_arn(place, scope));
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, self.key_users(place, scope));
        }
        let properties = map!(origin;
            "LogGroupName" => name,
            "RetentionInDays" => retention,
            "KmsKeyId" => key,
        );
        site.add_stateful(GROUP, "AWS::Logs::LogGroup", self.on_delete.removal(), properties);
        self.add_policy(site);
    }

    fn add_policy(&self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        if !site.received.is_empty() {
            let policy = Value::new(origin, Data::Map(document(origin, site.received.to_vec())));
            let properties = map!(origin;
                "PolicyName" => Value::sub(origin, format!("${{AWS::StackName}}-{}", place.name)),
                // This property takes the document as text.
                "PolicyDocument" => Value::sub(origin, json_text(&policy)),
            );
            site.add("LogGroupPolicy", "AWS::Logs::ResourcePolicy", properties);
        }
    }
}

/// What the key of a log group allows to CloudWatch Logs.
///
/// Source: CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS Key Management Service".
fn use_by_logs(origin: Origin, name: &Value) -> Statement {
    let actions = &["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];
    let service = Value::sub(origin, "logs.${AWS::Region}.${AWS::URLSuffix}");
    let group = join(origin, &[own_arn(origin, "logs", "log-group:"), name.clone()]);
    let context = map!(origin; "ArnEquals" => map!(origin; "kms:EncryptionContext:aws:logs:arn" => group));
    let mut statement =
        Statement::allow(origin, actions, vec![Value::string(origin, "*")]).named("LogEvents").when(context);
    statement.principal = Some(Value::new(origin, Data::Map(map!(origin; "Service" => service))));
    statement
}

pub(super) static KIND: Kind = Kind {
    name: "log-group",
    ports: &[Port::DeviceMessages, Port::Events, Port::LogEvents, Port::Metrics],
    attributes: &[
        Attribute { name: "name", doc: "Name of the log group.", get: Get::Ref(GROUP) },
        Attribute { name: "arn", doc: "ARN of the log group, with `:*` at its end.", get: Get::Att(GROUP, "Arn") },
        Attribute {
            name: "group-arn",
            doc: "ARN of the log group itself, without `:*`.",
            get: Get::Text(GROUP, "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:{}"),
        },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(super::encryption::KEY, "Arn"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Logs::LogGroup"],
        role: GROUP,
        without: &[],
        policy: Policy::Free,
        read: Group::read,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Group>,
    decode: super::decode::<Group>,
};
