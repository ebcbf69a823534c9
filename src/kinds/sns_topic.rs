//! `sns-topic`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::encryption::{Encryption, KeyReference, Word as KeyWord, send_encrypted, service_uses_key};
use super::site::{on_behalf_of, own_arn, pascal_case, refuse_plain_http};
use super::standing::{Policy, Properties, Standing};
use super::{
    Access, Actor, Attribute, Component, Get, Grant, Kind, Metrics, Peers, Place, Port, Request, Scope, Site, Wire,
};
use crate::blueprint::text::{Located, Part, Reference, Text, Tree};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::{Statement, document};
use crate::template::{Map, Value};

/// A topic of SNS, which passes messages on to people and programs; closed to plain HTTP.
///
/// An `alarm` tells it of its changes, an `event-rule` sends it events. Its policy allows exactly those to publish that
/// the blueprint names; roles of the account publish with their own policies.
///
/// ```yaml
/// components:
///   alerts:
///     kind: sns-topic
///     encryption: own-key
///     subscriptions:
///       - email: operations@example.com
///       - queue: tickets
///         raw: true
///       - function: mute
///         filter: { severity: [low] }
///   tickets:
///     kind: sqs-queue
///   mute:
///     kind: lambda-function
///     runtime: python3.14
///     source: "def handler(event, context): print(event['Records'][0]['Sns']['Subject'])"
/// ```
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Name of the topic. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What people see as the sender of e-mails and text messages.
    display_name: Option<Text>,
    /// With which key messages are encrypted. Without it SNS encrypts them on its disks only.
    encryption: Option<TopicEncryption>,
    /// Who gets the messages.
    #[serde(default)]
    subscriptions: Vec<Subscription>,
}

/// Who holds the key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum TopicEncryption {
    /// A word.
    #[serde(rename = "Text")]
    Word(Located<Word>),
    /// A key from elsewhere.
    #[serde(rename = "Map")]
    Key(KeyReference),
}

/// Who holds the key of a topic, in a word.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "TopicKey")]
enum Word {
    /// A key of the account that AWS manages, `alias/aws/sns`. Alarms and rules cannot publish to such a topic: no
    /// service may use that key.
    AwsManaged,
    /// A key of its own, made with the component, with yearly rotation; kept when the stack is deleted.
    OwnKey,
}

impl JsonSchema for TopicEncryption {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TopicEncryption".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<Word>(), generator.subschema_for::<KeyReference>()]
        })
    }
}

/// Who gets the messages of a topic: one of `email`, `https`, `sms`, `queue` and `function`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Subscription {
    /// An e-mail address, whose owner confirms the subscription.
    email: Option<Text>,
    /// An address of the web that starts with `https://`, whose program confirms the subscription.
    https: Option<Text>,
    /// A telephone number with `+` and the code of the country.
    sms: Option<Text>,
    /// An `sqs-queue`.
    queue: Option<Reference>,
    /// A `lambda-function`, which is run for each message.
    function: Option<Reference>,
    /// Whether the message is sent as it is, without the envelope of SNS. Only to `queue` and `https`.
    #[serde(default)]
    raw: Option<Located<bool>>,
    /// Which messages it gets, as a filter policy of SNS. Without it all.
    filter: Option<Tree>,
    /// What the filter looks at.
    #[serde(default)]
    filter_on: FilterScope,
}

/// What a filter of a subscription looks at.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, serde::Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum FilterScope {
    /// The attributes of the message.
    #[default]
    Attributes,
    /// The message itself, which is JSON.
    Body,
}

codes! {
    /// A subscription has no endpoint, several, or one that SNS refuses.
    ///
    /// ```yaml
    /// components:
    ///   alerts:
    ///     kind: sns-topic
    ///     subscriptions:
    ///       - https: http://example.com/alerts
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   alerts:
    ///     kind: sns-topic
    ///     subscriptions:
    ///       - https: https://example.com/alerts
    /// ```
    ///
    /// Source: SNS API, `Subscribe`.
    SUBSCRIPTION = Error "invalid-subscription";

    /// Two subscriptions of a topic have the same endpoint.
    ///
    /// SNS has one subscription for an endpoint; a second with other settings is refused.
    ///
    /// ```yaml
    /// components:
    ///   alerts:
    ///     kind: sns-topic
    ///     subscriptions:
    ///       - email: operations@example.com
    ///       - email: operations@example.com
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   alerts:
    ///     kind: sns-topic
    ///     subscriptions:
    ///       - email: operations@example.com
    /// ```
    ///
    /// Source: SNS API, `Subscribe`: "Subscription already exists with different attributes".
    TWICE = Error "repeated-subscription";

    /// Raw messages are to go to people or to a function.
    ///
    /// SNS delivers raw messages to queues and addresses of the web only.
    ///
    /// ```yaml
    /// components:
    ///   alerts:
    ///     kind: sns-topic
    ///     subscriptions:
    ///       - email: operations@example.com
    ///         raw: true
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   alerts:
    ///     kind: sns-topic
    ///     subscriptions:
    ///       - email: operations@example.com
    /// ```
    ///
    /// Source: SNS Developer Guide, "Amazon SNS raw message delivery".
    RAW = Error "unsupported-raw-delivery";

    /// An alarm or a rule publishes to a topic whose key no service may use.
    ///
    /// Nobody can change the policy of the key that AWS manages, and it lets no service in, so nothing would arrive. A
    /// key of one's own lets in those who publish.
    ///
    /// ```yaml
    /// components:
    ///   alerts:
    ///     kind: sns-topic
    ///     encryption: aws-managed
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [alerts]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   alerts:
    ///     kind: sns-topic
    ///     encryption: own-key
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [alerts]
    /// ```
    ///
    /// Source: SNS Developer Guide, "Enable compatibility between event sources from AWS services and encrypted
    /// topics".
    KEY = Error "unusable-topic-key";
}

const TOPIC: &str = "Topic";
const TOPIC_POLICY: &str = "TopicPolicy";
const SERVICE: &str = "sns.amazonaws.com";
const MANAGED_KEY: &str = "alias/aws/sns";
const PUBLISH: &[&str] = &["sns:Publish"];

/// Characters of the part of a logical id that an endpoint gives. Ids have at most 255.
const MAX_ID_CHARACTERS: usize = 80;

/// Source: SNS Developer Guide, "Monitoring Amazon SNS topics using CloudWatch", with the dimension `TopicName`.
const METRICS: &[&str] = &[
    "NumberOfMessagesPublished",
    "NumberOfNotificationsDelivered",
    "NumberOfNotificationsFailed",
    "NumberOfNotificationsFailedToRedriveToDlq",
    "NumberOfNotificationsFilteredOut",
    "NumberOfNotificationsFilteredOut-InvalidAttributes",
    "NumberOfNotificationsFilteredOut-InvalidMessageBody",
    "NumberOfNotificationsFilteredOut-MessageAttributes",
    "NumberOfNotificationsFilteredOut-MessageBody",
    "NumberOfNotificationsFilteredOut-NoMessageAttributes",
    "NumberOfNotificationsRedrivenToDlq",
    "PublishSize",
];

impl TopicEncryption {
    /// The choice as other kinds have it; `None` for the key that AWS manages.
    fn choice(&self) -> Option<Encryption> {
        match self {
            Self::Word(word) if word.value == Word::AwsManaged => None,
            Self::Word(_) => Some(Encryption::Word(Located::nowhere(KeyWord::OwnKey))),
            Self::Key(key) => Some(Encryption::Key(key.clone())),
        }
    }
}

/// Where a subscription sends.
enum Endpoint<'a> {
    Email(&'a Text),
    Https(&'a Text),
    Sms(&'a Text),
    Queue(&'a Reference),
    Function(&'a Reference),
}

impl Endpoint<'_> {
    fn protocol(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Https(_) => "https",
            Self::Sms(_) => "sms",
            Self::Queue(_) => "sqs",
            Self::Function(_) => "lambda",
        }
    }

    fn span(&self) -> Span {
        match self {
            Self::Email(text) | Self::Https(text) | Self::Sms(text) => text.span,
            Self::Queue(to) | Self::Function(to) => to.span(),
        }
    }

    /// The role of the subscription among the resources: it follows from the endpoint, not from the order.
    fn role(&self) -> String {
        let mut role = "Subscription".to_owned();
        let name = match self {
            Self::Queue(to) | Self::Function(to) => pascal_case(to.name()),
            Self::Email(text) | Self::Https(text) | Self::Sms(text) => {
                let texts = text.parts.iter().map(|part| match part {
                    Part::Literal(text) | Part::Reference(text, _) => text.as_str(),
                });
                let words = texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
                pascal_case(&words.collect::<Vec<_>>().join("-"))
            }
        };
        role.extend(name.chars().take(MAX_ID_CHARACTERS));
        role
    }

    /// What SNS would refuse, if it is written.
    fn mistake(&self) -> Option<&'static str> {
        let (Self::Email(text) | Self::Https(text) | Self::Sms(text)) = self else { return None };
        let literal = text.literal()?;
        let digits = || literal.strip_prefix('+').is_some_and(|n| n.len() > 1 && n.chars().all(|c| c.is_ascii_digit()));
        match self {
            Self::Email(_) if !literal.contains('@') => Some("this is no e-mail address"),
            Self::Https(_) if !literal.starts_with("https://") => Some("the address does not start with `https://`"),
            Self::Sms(_) if !digits() => Some("the number is not `+` and digits"),
            _ => None,
        }
    }
}

impl Subscription {
    fn endpoints(&self) -> Vec<Endpoint<'_>> {
        let texts = [
            self.email.as_ref().map(Endpoint::Email),
            self.https.as_ref().map(Endpoint::Https),
            self.sms.as_ref().map(Endpoint::Sms),
            self.queue.as_ref().map(Endpoint::Queue),
            self.function.as_ref().map(Endpoint::Function),
        ];
        texts.into_iter().flatten().collect()
    }
}

/// Uses for which a message to a FIFO topic would need a group, which neither rules nor schedules give to topics.
///
/// Source: SNS API, `Publish`, `MessageGroupId`; EventBridge API, `Target`; EventBridge Scheduler API, `Target`.
fn publishes_without_group(access: &Access) -> bool {
    matches!(access, Access::SendEvents | Access::Call)
}

impl Topic {
    /// What grants like a topic with these properties.
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        if properties.flag("FifoTopic", publishes_without_group)
            && let Some(tree) = properties.get(&["FifoTopic"])
        {
            let why = "it is a FIFO topic, whose messages need a group".to_owned();
            properties.note(why, "send to a standard topic or to a FIFO queue", tree.span, publishes_without_group);
        }
        let managed = properties.text(&["KmsMasterKeyId"]).filter(|key| key.literal().as_deref() == Some(MANAGED_KEY));
        let encryption = match (managed, properties.key(&["KmsMasterKeyId"])) {
            (Some(text), _) => Some(TopicEncryption::Word(Located::at(Word::AwsManaged, text.span))),
            (None, Some(Encryption::Key(key))) => Some(TopicEncryption::Key(key)),
            (None, _) => None,
        };
        Box::new(Self { encryption, ..Self::default() })
    }

    fn choice(&self) -> Option<Encryption> {
        self.encryption.as_ref()?.choice()
    }

    fn key_arn(&self, place: &Place, scope: &Scope) -> Option<Value> {
        self.choice()?.key_arn(place, scope)
    }

    /// Reports a service that cannot use the key that AWS manages.
    fn check_key(&self, request: &Request<'_>, place: &Place, scope: &Scope) {
        if let Some(TopicEncryption::Word(word)) = &self.encryption
            && word.value == Word::AwsManaged
        {
            let message = format!("no service can publish to `{}`: AWS manages its key", place.name);
            scope.sink().report(&KEY, request.origin.span(), message).also(word.span(), "the key of the topic").help(
                if place.only.is_some() {
                    "give the topic a key of yours, such as `${key.arn}` of a `kms-key`"
                } else {
                    "write `encryption: own-key` for the topic"
                },
            );
        }
    }

    fn add_subscriptions(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let mut wires = 0;
        let mut made: BTreeMap<String, Span> = BTreeMap::new();
        for subscription in &self.subscriptions {
            let Some(endpoint) = subscription.endpoints().into_iter().next() else { continue };
            let origin = Origin::Derived(endpoint.span());
            let address = match endpoint {
                Endpoint::Email(text) | Endpoint::Https(text) | Endpoint::Sms(text) => Some(scope.value(text)),
                Endpoint::Queue(_) | Endpoint::Function(_) => {
                    wires += 1;
                    site.address(wires - 1)
                }
            };
            let role = endpoint.role();
            if let Some(first) = made.insert(role.clone(), endpoint.span()) {
                scope
                    .sink()
                    .report(&TWICE, endpoint.span(), "this endpoint has a subscription already")
                    .also(first, "here")
                    .help("remove one of them");
                continue;
            }
            let on_body = subscription.filter_on == FilterScope::Body;
            let filtered = subscription.filter.as_ref().and(on_body.then_some("MessageBody"));
            let properties = map!(origin;
                "TopicArn" => Value { origin, ..place.reference(TOPIC) },
                "Protocol" => endpoint.protocol(),
                "Endpoint" => address,
                "RawMessageDelivery" => subscription.raw.as_ref().map(|raw| raw.value).filter(|raw| *raw),
                "FilterPolicy" => subscription.filter.as_ref().map(|filter| scope.tree(filter)),
                "FilterPolicyScope" => filtered,
            );
            site.add(&role, "AWS::SNS::Subscription", properties);
        }
    }
}

impl Component for Topic {
    fn wires(&self) -> Vec<Wire<'_>> {
        let to = |subscription| match Subscription::endpoints(subscription).as_slice() {
            [Endpoint::Queue(to)] => Some(Wire { to, access: Access::Subscribe }),
            [Endpoint::Function(to)] => Some(Wire { to, access: Access::RunWithMessages }),
            _ => None,
        };
        self.subscriptions.iter().filter_map(to).collect()
    }

    fn actor(&self, place: &Place, _scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: place.reference(TOPIC) })
    }

    fn key(&self) -> Option<Reference> {
        self.choice()?.component()
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        for subscription in &self.subscriptions {
            let endpoints = subscription.endpoints();
            let [endpoint] = endpoints.as_slice() else {
                let span = endpoints.get(1).map_or(name, Endpoint::span);
                let message = if endpoints.is_empty() {
                    "a subscription has no endpoint"
                } else {
                    "a subscription has several endpoints"
                };
                sink.report(&SUBSCRIPTION, span, message)
                    .help("write one of `email`, `https`, `sms`, `queue` and `function` for each subscription");
                continue;
            };
            if let Some(mistake) = endpoint.mistake() {
                sink.report(&SUBSCRIPTION, endpoint.span(), mistake).help(
                    "write for example `email: a@example.com`, `https: https://example.com` or `sms: \"+4930123\"`",
                );
            }
            if let Some(raw) = subscription.raw.as_ref().filter(|raw| raw.value)
                && !matches!(endpoint, Endpoint::Https(_) | Endpoint::Queue(_))
            {
                sink.report(&RAW, raw.span(), format!("no raw messages to `{}`", endpoint.protocol()))
                    .help("remove `raw`");
            }
        }
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        let dimensions = vec![("TopicName", place.attribute(TOPIC, "TopicName"))];
        let names = METRICS.to_vec();
        vec![Metrics { part: None, namespace: "AWS/SNS", dimensions, names, ..Metrics::default() }]
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let origin = request.origin;
        let key = self.key_arn(place, scope);
        let arn = Value { origin, ..place.reference(TOPIC) };
        let address = Some(arn.clone());
        let publish = Statement::allow(origin, PUBLISH, vec![arn]);
        match (request.access, request.actor) {
            (Access::SendEvents, Some(actor)) => {
                self.check_key(request, place, scope);
                // Neither the policy nor the key may have a condition here: EventBridge could not publish.
                // Source: EventBridge User Guide, "Using resource-based policies for Amazon EventBridge", Amazon SNS;
                // SNS Developer Guide, "Managing Amazon SNS encryption keys and costs".
                let statement = publish.named("Rules").service(actor.principal);
                let key_users = key.iter().map(|_| service_uses_key(origin, "Rules", actor.principal, None)).collect();
                Grant { policy: vec![statement], address, key_users, ..Grant::default() }
            }
            (Access::Notify, Some(actor)) => {
                self.check_key(request, place, scope);
                let statement = publish
                    .named(format!("ChangesOf{}", pascal_case(request.from)))
                    .service(actor.principal)
                    .when(on_behalf_of(origin, actor.arn.clone()));
                // The alarm itself would make a cycle: it needs the topic, which needs the key.
                let alarms = on_behalf_of(origin, own_arn(origin, "cloudwatch", "alarm:*"));
                let user = |_: &Value| service_uses_key(origin, "Alarms", actor.principal, Some(alarms.clone()));
                let key_users = key.iter().map(user).collect();
                Grant { policy: vec![statement], address, key_users, ..Grant::default() }
            }
            (Access::SendMailEvents, Some(actor)) => {
                self.check_key(request, place, scope);
                // Source: SES Developer Guide, "Set up an Amazon SNS event destination for event publishing".
                let statement = publish
                    .named(format!("MailEventsOf{}", pascal_case(request.from)))
                    .service(actor.principal)
                    .when(on_behalf_of(origin, actor.arn.clone()));
                let sets = on_behalf_of(origin, own_arn(origin, "ses", "configuration-set/*"));
                let user = |_: &Value| service_uses_key(origin, "Mail", actor.principal, Some(sets.clone()));
                let key_users = key.iter().map(user).collect();
                // SES publishes a test message when it is told of the topic. A policy that the user wrote has an id of
                // its own.
                let after = place.only.is_none().then(|| place.id(TOPIC_POLICY));
                Grant { policy: vec![statement], address, key_users, after, ..Grant::default() }
            }
            (Access::Call, _) => {
                let name = format!("PublishTo{}", place.id(""));
                let mut role = vec![publish.named(&name)];
                role.extend(key.clone().map(|key| send_encrypted(origin, &format!("{name}Key"), "sns", key)));
                Grant { role, address, key, ..Grant::default() }
            }
            _ => Grant { address, key, ..Grant::default() },
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let key = match &self.encryption {
            None => None,
            Some(TopicEncryption::Word(word)) if word.value == Word::AwsManaged => {
                Some(Value::string(Origin::Written(word.span()), MANAGED_KEY))
            }
            Some(_) => self.key_arn(place, scope),
        };
        if let Some(encryption) = self.choice() {
            encryption.compose(site, Vec::new());
        }
        let properties = map!(origin;
            "TopicName" => self.name.as_ref().map(|name| scope.value(name)),
            "DisplayName" => self.display_name.as_ref().map(|name| scope.value(name)),
            "KmsMasterKeyId" => key,
        );
        site.add(TOPIC, "AWS::SNS::Topic", properties);
        self.add_policy(site);
        self.add_subscriptions(site);
    }

    fn add_policy(&self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        let mut statements = vec![refuse_plain_http(origin, PUBLISH, place.reference(TOPIC))];
        for statement in site.received {
            // All rules share one statement, and an alarm may tell of several changes.
            if !statements.iter().any(|known| known.sid == statement.sid) {
                statements.push(statement.clone());
            }
        }
        let properties: Map = map!(origin;
            "Topics" => [place.reference(TOPIC)],
            "PolicyDocument" => document(origin, statements),
        );
        site.add(TOPIC_POLICY, "AWS::SNS::TopicPolicy", properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "sns-topic",
    ports: &[Port::Events, Port::MailEvents, Port::Metrics, Port::Notifications, Port::Scheduled],
    attributes: &[
        Attribute { name: "arn", doc: "ARN of the topic.", get: Get::Ref(TOPIC) },
        Attribute { name: "name", doc: "Name of the topic.", get: Get::Att(TOPIC, "TopicName") },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(super::encryption::KEY, "Arn"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::SNS::Topic"],
        role: TOPIC,
        without: &[],
        policy: Policy::Beside("AWS::SNS::TopicPolicy", "Topics"),
        read: Topic::read,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Topic>,
    decode: super::decode::<Topic>,
};
