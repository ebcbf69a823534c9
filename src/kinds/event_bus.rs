//! `event-bus`

use schemars::JsonSchema;
use serde::Deserialize;

use super::encryption::Encryption;
use super::site::{join, on_behalf_of, own_arn};
use super::standing::{Policy, Properties, Standing};
use super::{Access, Attribute, Component, Get, Grant, Kind, Metrics, Need, Peers, Place, Port, Request, Scope, Site};
use crate::blueprint::text::{Reference, Text};
use crate::map;
use crate::source::Origin;
use crate::template::iam::Statement;
use crate::template::{Data, Map, Value};

/// An event bus of one's own, for events of applications and of other accounts.
///
/// Events of AWS services arrive only on the bus `default`, which every account has; a rule on it needs no component.
///
/// ```yaml
/// components:
///   orders:
///     kind: event-bus
///     senders: { accounts: ["111122223333"] }
///   journal:
///     kind: log-group
///   everything:
///     kind: event-rule
///     bus: orders
///     pattern: { source: [{ prefix: shop. }] }
///     targets: [journal]
/// ```
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// Name of the bus. The default is the name of the stack, `-` and the name of the component.
    name: Option<Text>,
    /// What its events are about.
    description: Option<Text>,
    /// With which key events are encrypted.
    encryption: Option<Encryption>,
    /// Who outside of the account may put events on it.
    #[serde(default)]
    senders: Senders,
}

/// Who outside of the account may put events on a bus.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Senders {
    /// Ids of accounts.
    #[serde(default)]
    accounts: Vec<Text>,
    /// Id of an organization, all of whose accounts may.
    organization: Option<Text>,
}

const BUS: &str = "Bus";

const PUT: &[&str] = &["events:PutEvents"];

/// Source: EventBridge User Guide, "Monitoring Amazon EventBridge", with the dimension `EventBusName`.
const METRICS: &[&str] = &[
    "EventBusEncryptionCompleted",
    "EventBusEncryptionFailed",
    "EventBusEncryptionStarted",
    "IngestionToInvocationSuccessLatency",
    "IngestiontoInvocationCompleteLatency",
    "IngestiontoInvocationStartLatency",
    "InvocationAttempts",
    "MatchedEvents",
    "RetryInvocationAttempts",
    "SuccessfulInvocationAttempts",
    "ThrottledRules",
    "TriggeredRules",
];

impl Bus {
    /// What grants like a bus with these properties.
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        let name = properties.text(&["Name"]).cloned();
        Box::new(Self { name, encryption: properties.key(&["KmsKeyIdentifier"]), ..Self::default() })
    }

    fn name(&self, place: &Place, scope: &Scope) -> Value {
        match &self.name {
            Some(name) => scope.value(name),
            // A function gives it.
            None if place.only.is_some() => Value::string(place.origin, "*"),
            None => Value::sub(place.origin, format!("${{AWS::StackName}}-{}", place.name)),
        }
    }

    fn add_policies(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let mut add = |role: &str, sid: &str, principal: Value, condition: Option<Map>| {
            let mut statement = Statement::allow(origin, PUT, vec![place.attribute(BUS, "Arn")]);
            statement.principal = Some(principal);
            statement.condition = condition;
            let properties = map!(origin;
                "EventBusName" => place.reference(BUS),
                "StatementId" => sid,
                "Statement" => statement.into_map(),
            );
            site.add(role, "AWS::Events::EventBusPolicy", properties);
        };
        if !self.senders.accounts.is_empty() {
            let accounts: Vec<Value> = self.senders.accounts.iter().map(|account| scope.value(account)).collect();
            let principal = Value::new(origin, Data::Map(map!(origin; "AWS" => accounts)));
            add("AccountsPolicy", "AllowAccounts", principal, None);
        }
        if let Some(organization) = &self.senders.organization {
            let organization = scope.value(organization);
            let condition = map!(origin; "StringEquals" => map!(origin; "aws:PrincipalOrgID" => organization));
            add("OrganizationPolicy", "AllowOrganization", Value::string(origin, "*"), Some(condition));
        }
    }
}

impl Component for Bus {
    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn key_users(&self, place: &Place, scope: &Scope) -> Vec<Statement> {
        vec![use_by_events(place.origin, &self.name(place, scope))]
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        let dimensions = vec![("EventBusName", place.reference(BUS))];
        let names = METRICS.to_vec();
        vec![Metrics { part: None, namespace: "AWS/Events", dimensions, names, ..Metrics::default() }]
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        let origin = request.origin;
        match request.access {
            Access::AddRule => Grant { address: Some(Value { origin, ..place.reference(BUS) }), ..Grant::default() },
            Access::Archive => {
                Grant { address: Some(Value { origin, ..place.attribute(BUS, "Arn") }), ..Grant::default() }
            }
            Access::SendEvents | Access::Call => {
                let arn = Value { origin, ..place.attribute(BUS, "Arn") };
                let statement =
                    Statement::allow(origin, PUT, vec![arn.clone()]).named(format!("PutOn{}", place.id("")));
                let need = (*request.access == Access::Call).then_some(Need::EventType);
                Grant { role: vec![statement], address: Some(arn), need, ..Grant::default() }
            }
            _ => Grant::default(),
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let name = self.name(place, scope);
        let key = self.encryption.as_ref().and_then(|encryption| encryption.key_arn(place, scope));
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, self.key_users(place, scope));
        }
        let properties = map!(origin;
            "Name" => name,
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "KmsKeyIdentifier" => key,
        );
        site.add(BUS, "AWS::Events::EventBus", properties);
        self.add_policies(site);
    }
}

/// What the key of a bus allows to EventBridge.
///
/// Source: EventBridge User Guide, "KMS key policy for an event bus".
fn use_by_events(origin: Origin, name: &Value) -> Statement {
    let actions = &["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"];
    let bus = join(origin, &[own_arn(origin, "events", "event-bus/"), name.clone()]);
    Statement::allow(origin, actions, vec![Value::string(origin, "*")])
        .named("Events")
        .service("events.amazonaws.com")
        .when(on_behalf_of(origin, bus))
}

pub(super) static KIND: Kind = Kind {
    name: "event-bus",
    ports: &[Port::Bus, Port::Events, Port::Metrics, Port::Scheduled],
    attributes: &[
        Attribute { name: "name", doc: "Name of the bus.", get: Get::Ref(BUS) },
        Attribute { name: "arn", doc: "ARN of the bus.", get: Get::Att(BUS, "Arn") },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(super::encryption::KEY, "Arn"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Events::EventBus"],
        role: BUS,
        without: &[],
        policy: Policy::Free,
        read: Bus::read,
    }),
    codes: &[],
    schema: super::model_schema::<Bus>,
    decode: super::decode::<Bus>,
};
