//! `ses-configuration-set`

mod destination;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use self::destination::DIMENSION_PATTERN;
use self::destination::Destination;
use super::site::{assumed_by, on_behalf_of, own_arn};
use super::standing::{Policy, Standing};
use super::{
    Access, Actor, Attribute, Component, Get, Grant, Kind, Metrics, Peers, Place, Port, Request, Scope, Site, Wire,
    pascal_case,
};
use crate::blueprint::NAME_PATTERN;
use crate::blueprint::text::{Located, Setting, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::Value;

/// A configuration set of Amazon SES: how mail that names it is sent, and who is told what becomes of it.
///
/// Each entry of `events` sends some events to one place: to a `firehose-stream` with a role, to an `sns-topic` by its
/// policy, to the default bus of EventBridge, or as metrics to CloudWatch. Mail belongs to a configuration set if its
/// sender names it, or if it is the default of the `ses-identity` that sends.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to: { s3: archive, layout: [events] }
///   alerts:
///     kind: sns-topic
///   mail:
///     kind: ses-configuration-set
///     events:
///       everything:
///         types: [send, delivery, open, click, bounce, complaint, reject, renderingFailure, deliveryDelay]
///         to: delivery
///       trouble:
///         types: [bounce, complaint]
///         to: alerts
///   too-many-bounces:
///     kind: alarm
///     metric: { of: mail, name: Reputation.BounceRate, statistic: average, period_seconds: 3600 }
///     threshold: 0.05
///     notify: [alerts]
/// ```
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationSet {
    /// Name of the configuration set: at most 64 letters, digits, `_` and `-`. Without it CloudFormation makes one.
    name: Option<Text>,
    /// Whether mail is sent to servers that do not encrypt.
    #[serde(default)]
    tls: Tls,
    /// Name of the pool of dedicated addresses that sends. Without it the addresses of SES do.
    sending_pool: Option<Text>,
    /// Seconds after which SES no longer tries to deliver a mail. Without it it tries for 14 hours.
    #[schemars(range(min = 300, max = 50_400))]
    max_delivery_seconds: Option<Setting<u32>>,
    /// Whether CloudWatch has the rates of bounces and complaints of this configuration set.
    #[serde(default = "yes")]
    reputation_metrics: bool,
    /// Whether mail is sent at all.
    #[serde(default = "yes")]
    sending: bool,
    /// What puts an address on the account's suppression list, to which nothing is sent.
    #[serde(default = "reasons")]
    suppress: Vec<Reason>,
    /// How links and images that tell of clicks and opens are written.
    tracking: Option<Tracking>,
    /// Settings of the Virtual Deliverability Manager that differ from those of the account.
    deliverability: Option<Deliverability>,
    /// ARN of the archive of Mail Manager that keeps each mail.
    archive: Option<Text>,
    /// The events, by a name of your own.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"pattern": NAME_PATTERN, "maxLength": 64}, "maxProperties" = MAX_DESTINATIONS))]
    events: IndexMap<Located<String>, Destination>,
}

/// Whether mail is sent to servers that do not encrypt.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Tls {
    /// It is not; the mail bounces.
    #[default]
    Require,
    /// It is, if they do not offer it.
    Optional,
}

/// Why nothing more is sent to an address.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "SuppressionReason")]
enum Reason {
    /// It does not exist.
    Bounce,
    /// Its owner called a mail spam.
    Complaint,
}

/// How links and images that tell of clicks and opens are written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MailTracking")]
struct Tracking {
    /// Domain of the links and images, verified in SES, instead of one of AWS.
    domain: Text,
    /// Which of them use HTTPS.
    #[serde(default)]
    https: Https,
}

/// Which links use HTTPS.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Https {
    /// All.
    #[default]
    Require,
    /// Those of images; links have what they had.
    RequireOpenOnly,
    /// Links have what they had, images use HTTP.
    Optional,
}

/// Settings of the Virtual Deliverability Manager.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Deliverability {
    /// Whether its dashboard counts opens and clicks.
    engagement_metrics: Option<bool>,
    /// Whether SES chooses among its shared addresses for the best delivery.
    optimized_shared_delivery: Option<bool>,
}

codes! {
    /// An entry of `events` says nowhere or several places where the events go.
    ///
    /// SES takes exactly one destination for each.
    ///
    /// ```yaml
    /// components:
    ///   mail:
    ///     kind: ses-configuration-set
    ///     events:
    ///       trouble: { types: [bounce, complaint] }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   mail:
    ///     kind: ses-configuration-set
    ///     events:
    ///       trouble: { types: [bounce, complaint], bus: default }
    /// ```
    ///
    /// Source: SES API v2, `EventDestinationDefinition`.
    DESTINATION = Error "mail-event-destination";

    /// An event is in one list twice.
    ///
    /// ```yaml
    /// components:
    ///   mail:
    ///     kind: ses-configuration-set
    ///     events:
    ///       trouble: { types: [bounce, bounce], bus: default }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   mail:
    ///     kind: ses-configuration-set
    ///     events:
    ///       trouble: { types: [bounce, complaint], bus: default }
    /// ```
    TWICE = Error "repeated-mail-event";
}

const SET: &str = "ConfigurationSet";
const SERVICE: &str = "ses.amazonaws.com";

/// Source: SES Developer Guide, "Service quotas in Amazon SES": event destinations of a configuration set.
const MAX_DESTINATIONS: u32 = 10;

/// The tag that SES gives each mail, and the dimension of the metrics of reputation.
///
/// Source: SES Developer Guide, "Exporting reputation metrics"; "Monitor using event publishing", auto-tags.
const SET_TAG: &str = "ses:configuration-set";

/// Source: SES Developer Guide, "Creating reputation monitoring alarms using CloudWatch".
const REPUTATION: &[&str] = &["Reputation.BounceRate", "Reputation.ComplaintRate"];

fn yes() -> bool {
    true
}

fn reasons() -> Vec<Reason> {
    vec![Reason::Bounce, Reason::Complaint]
}

fn enabled(on: bool) -> &'static str {
    if on { "ENABLED" } else { "DISABLED" }
}

/// The ARN of a configuration set; it needs nothing but its name, so roles and policies can name it.
fn arn(place: &Place) -> Value {
    own_arn(place.origin, "ses", &format!("configuration-set/${{{}}}", place.id(SET)))
}

impl ConfigurationSet {
    fn add_events(&self, site: &mut Site<'_>) {
        let place = site.place;
        let statements = site.grants();
        let role = (!statements.is_empty()).then(|| {
            // Source: SES Developer Guide, "Set up a Data Firehose event destination for Amazon SES event publishing".
            let trust = assumed_by(place.origin, SERVICE).when(on_behalf_of(place.origin, arn(place)));
            site.add_role(trust, "send-events", statements)
        });
        let mut wire = 0;
        for (name, destination) in &self.events {
            let origin = Origin::Derived(name.span());
            let granted = destination.to.as_ref().and_then(|_| {
                wire += 1;
                site.granted.get(wire - 1)?.as_ref()
            });
            let (address, after) =
                granted.map(|grant| (grant.address.clone(), grant.after.clone())).unwrap_or_default();
            // Firehose is written to with a role, a topic lets SES in by its policy.
            let role = role.clone().filter(|_| granted.is_some_and(|grant| !grant.role.is_empty()));
            let (stream, topic) = match role {
                Some(role) => (Some(map!(origin; "DeliveryStreamARN" => address, "IAMRoleARN" => role)), None),
                None => (None, address.map(|arn| map!(origin; "TopicARN" => arn))),
            };
            let bus = destination.bus.as_ref().map(|bus| {
                let origin = Origin::Derived(bus.span());
                map!(origin; "EventBusArn" => own_arn(origin, "events", "event-bus/default"))
            });
            let dimensions = destination.dimensions(origin);
            let types: Vec<Value> = destination
                .types
                .iter()
                .map(|one| Value::string(Origin::Written(one.span()), one.value.name()))
                .collect();
            let event = map!(origin;
                "Enabled" => destination.enabled,
                "MatchingEventTypes" => types,
                "KinesisFirehoseDestination" => stream,
                "SnsDestination" => topic,
                "EventBridgeDestination" => bus,
                "CloudWatchDestination" => dimensions.map(|all| map!(origin; "DimensionConfigurations" => all)),
            );
            let properties = map!(origin; "ConfigurationSetName" => place.reference(SET), "EventDestination" => event);
            let role = format!("{}Events", pascal_case(&name.value));
            site.add(&role, "AWS::SES::ConfigurationSetEventDestination", properties).depends_on.extend(after);
        }
    }
}

impl Component for ConfigurationSet {
    fn wires(&self) -> Vec<Wire<'_>> {
        let to = self.events.values().filter_map(|destination| destination.to.as_ref());
        to.map(|to| Wire { to, access: Access::SendMailEvents }).collect()
    }

    fn actor(&self, place: &Place, _scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: arn(place) })
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        for (name, destination) in &self.events {
            let help = "write one of `to`, `bus` and `metrics`; make another entry for another place";
            match destination.ways().as_slice() {
                [_] => {}
                [] => {
                    sink.report(&DESTINATION, name.span(), format!("the events of `{}` go nowhere", name.value))
                        .help(help);
                }
                [first, second, ..] => {
                    sink.report(&DESTINATION, *second, format!("the events of `{}` go to several places", name.value))
                        .also(*first, "here")
                        .help(help);
                }
            }
            for (at, event) in destination.types.iter().enumerate() {
                if let Some(first) = destination.types[..at].iter().find(|first| *first == event) {
                    sink.report(&TWICE, event.span(), format!("`{}` is in the list already", event.value.name()))
                        .also(first.span(), "here")
                        .help("remove one of them");
                }
            }
        }
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        const NAMESPACE: &str = "AWS/SES";
        let set = || place.reference(SET);
        let (names, others) = if self.reputation_metrics {
            (REPUTATION.to_vec(), Vec::new())
        } else {
            (Vec::new(), REPUTATION.iter().map(|name| (*name, "`reputation_metrics: true`")).collect())
        };
        let dimensions = vec![(SET_TAG, set())];
        let own = Metrics { namespace: NAMESPACE, dimensions, names, others, ..Metrics::default() };
        let counted = self.events.iter().filter_map(|(name, destination)| {
            let dimensions = destination.metrics.as_ref()?;
            // Of mail of this configuration set, SES itself says of which set it is.
            let only = dimensions.len() == 1 && dimensions.keys().any(|key| key.value == SET_TAG);
            only.then(|| Metrics {
                part: Some(name.value.clone()),
                namespace: NAMESPACE,
                dimensions: vec![(SET_TAG, set())],
                names: destination.types.iter().filter_map(|event| event.value.metric()).collect(),
                open: destination.types.iter().any(|event| event.value.metric().is_none()),
                ..Metrics::default()
            })
        });
        std::iter::once(own).chain(counted).collect()
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        accept(request, place)
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let delivery = map!(origin;
            "TlsPolicy" => match self.tls { Tls::Require => "REQUIRE", Tls::Optional => "OPTIONAL" },
            "SendingPoolName" => self.sending_pool.as_ref().map(|name| scope.value(name)),
            "MaxDeliverySeconds" => self.max_delivery_seconds.as_ref().map(|seconds| scope.setting(seconds)),
        );
        let reasons: Vec<&str> = self
            .suppress
            .iter()
            .map(|reason| match reason {
                Reason::Bounce => "BOUNCE",
                Reason::Complaint => "COMPLAINT",
            })
            .collect();
        let tracking = self.tracking.as_ref().map(|tracking| {
            let https = match tracking.https {
                Https::Require => "REQUIRE",
                Https::RequireOpenOnly => "REQUIRE_OPEN_ONLY",
                Https::Optional => "OPTIONAL",
            };
            map!(origin; "CustomRedirectDomain" => scope.value(&tracking.domain), "HttpsPolicy" => https)
        });
        let deliverability = self.deliverability.as_ref().map(|settings| {
            let dashboard = settings.engagement_metrics.map(|on| map!(origin; "EngagementMetrics" => enabled(on)));
            let guardian =
                settings.optimized_shared_delivery.map(|on| map!(origin; "OptimizedSharedDelivery" => enabled(on)));
            map!(origin; "DashboardOptions" => dashboard, "GuardianOptions" => guardian)
        });
        let archive = self.archive.as_ref().map(|arn| map!(origin; "ArchiveArn" => scope.value(arn)));
        let properties = map!(origin;
            "Name" => self.name.as_ref().map(|name| scope.value(name)),
            "DeliveryOptions" => delivery,
            "ReputationOptions" => map!(origin; "ReputationMetricsEnabled" => self.reputation_metrics),
            "SendingOptions" => map!(origin; "SendingEnabled" => self.sending),
            "SuppressionOptions" => map!(origin; "SuppressedReasons" => reasons),
            "TrackingOptions" => tracking,
            "VdmOptions" => deliverability,
            "ArchivingOptions" => archive,
        );
        site.add(SET, "AWS::SES::ConfigurationSet", properties);
        self.add_events(site);
    }
}

fn accept(request: &Request<'_>, place: &Place) -> Grant {
    let name = Value { origin: request.origin, ..place.reference(SET) };
    Grant { address: Some(name), ..Grant::default() }
}

/// A configuration set as a raw resource.
#[derive(Debug)]
struct Named;

impl Component for Named {
    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        accept(request, place)
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        let dimensions = vec![(SET_TAG, place.reference(SET))];
        vec![Metrics { namespace: "AWS/SES", dimensions, names: REPUTATION.to_vec(), open: true, ..Metrics::default() }]
    }

    fn compose(&self, _site: &mut Site<'_>) {}
}

pub(super) static KIND: Kind = Kind {
    name: "ses-configuration-set",
    ports: &[Port::MailSettings, Port::Metrics],
    attributes: &[
        Attribute { name: "name", doc: "Name of the configuration set.", get: Get::Ref(SET) },
        Attribute {
            name: "arn",
            doc: "ARN of the configuration set.",
            get: Get::Text(SET, "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/{}"),
        },
        Attribute {
            name: "role-arn",
            doc: "ARN of the role with which SES sends events to Firehose.",
            get: Get::Att("Role", "Arn"),
        },
        Attribute {
            name: "role-name",
            doc: "Name of the role with which SES sends events to Firehose.",
            get: Get::Ref("Role"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::SES::ConfigurationSet"],
        role: SET,
        without: &[],
        policy: Policy::Free,
        read: |_| Box::new(Named),
    }),
    codes: &[CODES],
    schema: super::model_schema::<ConfigurationSet>,
    decode: super::decode::<ConfigurationSet>,
};
