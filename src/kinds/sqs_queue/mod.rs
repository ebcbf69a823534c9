//! `sqs-queue`

mod feed;

use schemars::JsonSchema;
use serde::Deserialize;

use super::encryption::{Encryption, send_encrypted, service_uses_key, use_key};
use super::s3_bucket::OnDelete;
use super::site::{join, own_arn, pascal_case, refuse_plain_http};
use super::standing::{Policy, Properties, Standing};
use super::{
    Access, Attribute, Component, Feeder, Get, Grant, Kind, Metrics, Need, Peers, Place, Port, Request, Scope, Site,
    Wire,
};
use crate::blueprint::text::{Reference, Setting, Text};
use crate::diagnostics::Code;
use crate::map;
use crate::source::Origin;
use crate::template::iam::{Statement, document};
use crate::template::{Data, Map, Value};

/// A queue of SQS, which holds messages until someone has handled them: encrypted, and closed to plain HTTP.
///
/// It can be the target of an `event-rule` or of a `schedule`, a subscription of an `sns-topic`, an event source of a
/// `lambda-function`, and the queue of what others could not deliver. What its policy allows follows from who uses it.
///
/// ```yaml
/// components:
///   work:
///     kind: sqs-queue
///     visibility_timeout_seconds: 120
///     dead_letters: { after: 5 }
///   changes:
///     kind: event-rule
///     pattern: { source: [aws.ssm] }
///     targets: [work]
/// ```
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Name of the queue; `.fifo` is added to that of a FIFO queue. Without it CloudFormation makes one.
    name: Option<Text>,
    /// Whether messages keep their order within their group, and none is taken twice.
    #[serde(default)]
    fifo: bool,
    /// Whether a FIFO queue takes messages of the same content, sent within five minutes, as one.
    #[serde(default = "yes")]
    deduplicate_by_content: bool,
    /// Seconds for which a message that someone has taken is hidden from others: for a function that is fed by the queue,
    /// six times its timeout. The default is 30.
    #[schemars(extend("minimum" = 0, "maximum" = 43_200))]
    visibility_timeout_seconds: Option<Setting<u32>>,
    /// Seconds after which a message that nobody handled is deleted. The default is 345600, four days.
    #[schemars(extend("minimum" = 60, "maximum" = 1_209_600))]
    retention_seconds: Option<Setting<u32>>,
    /// Seconds for which a new message is held back. The default is 0.
    #[schemars(extend("minimum" = 0, "maximum" = 900))]
    delay_seconds: Option<Setting<u32>>,
    /// Seconds for which a request for messages waits where there are none. The default is 20, which makes requests,
    /// and their cost, rare.
    #[schemars(extend("minimum" = 0, "maximum" = 20))]
    receive_wait_seconds: Option<Setting<u32>>,
    /// Greatest size of a message in bytes. The default is 1048576.
    #[schemars(extend("minimum" = 1024, "maximum" = 1_048_576))]
    max_message_bytes: Option<Setting<u32>>,
    /// With which key messages are encrypted. The default is a key of SQS itself.
    encryption: Option<Encryption>,
    /// Where messages go that nobody could handle.
    dead_letters: Option<DeadLetters>,
    /// What happens to the queue when the stack is deleted, with the messages in it.
    #[serde(default = "delete")]
    on_delete: OnDelete,
}

/// Where messages go that nobody could handle.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QueueDeadLetters")]
struct DeadLetters {
    /// How often a message is taken before it is given up.
    #[schemars(extend("minimum" = 1, "maximum" = 1000))]
    after: Setting<u32>,
    /// Another `sqs-queue`, a FIFO queue if this is one. Without it the component makes one that keeps messages for 14
    /// days, with the same encryption.
    to: Option<Reference>,
}

codes! {
    /// A queue is to keep what could not be handled or delivered elsewhere, and cannot.
    ///
    /// The dead letters of a FIFO queue go to a FIFO queue, and those of all others, of rules and of schedules to a
    /// standard queue.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     fifo: true
    ///     dead_letters: { after: 5, to: failed }
    ///   failed:
    ///     kind: sqs-queue
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     fifo: true
    ///     dead_letters: { after: 5, to: failed }
    ///   failed:
    ///     kind: sqs-queue
    ///     fifo: true
    /// ```
    ///
    /// Source: SQS API, `SetQueueAttributes`, `RedrivePolicy`; EventBridge User Guide, "Using dead-letter queues to
    /// process undelivered events".
    DEAD_LETTERS = Error "unusable-dead-letter-queue";

    /// A topic sends to a FIFO queue.
    ///
    /// SNS refuses to subscribe a FIFO queue to a standard topic.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     fifo: true
    ///   alerts:
    ///     kind: sns-topic
    ///     subscriptions: [{ queue: work }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   alerts:
    ///     kind: sns-topic
    ///     subscriptions: [{ queue: work }]
    /// ```
    ///
    /// Source: SNS Developer Guide, "Amazon SNS message delivery for FIFO topics".
    SUBSCRIBER = Error "fifo-subscriber";

    /// A service sends to a FIFO queue that cannot tell messages apart.
    ///
    /// EventBridge gives messages no deduplication id, so the queue must make one of the content.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     fifo: true
    ///     deduplicate_by_content: false
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets:
    ///       - { to: work, message_group: changes }
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
    /// Source: EventBridge API, `SqsParameters`; EventBridge Scheduler API, `SqsParameters`.
    DEDUPLICATION = Error "missing-deduplication";
}

const QUEUE: &str = "Queue";
const DEAD_LETTER_QUEUE: &str = "DeadLetterQueue";
const FIFO_SUFFIX: &str = ".fifo";

/// Four days, as SQS itself.
const RETENTION_SECONDS: u32 = 345_600;

/// The longest that SQS waits. Source: SQS API, `CreateQueue`, `ReceiveMessageWaitTimeSeconds`.
const RECEIVE_WAIT_SECONDS: u32 = 20;

/// 14 days, the longest that SQS keeps a message. Source: SQS API, `CreateQueue`, `MessageRetentionPeriod`.
pub const DEAD_LETTER_SECONDS: u32 = 1_209_600;

const SEND: &[&str] = &["sqs:SendMessage"];

/// Source: Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping", execution role.
const RECEIVE: &[&str] = &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// Source: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
pub(super) const METRICS: &[&str] = &[
    "ApproximateAgeOfOldestMessage",
    "ApproximateAgeOfOldestMessageInQuietGroups",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesDelayedInQuietGroups",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesNotVisibleInQuietGroups",
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesVisibleInQuietGroups",
    "ApproximateNumberOfNoisyGroups",
    "NumberOfEmptyReceives",
    "NumberOfMessagesDeleted",
    "NumberOfMessagesReceived",
    "NumberOfMessagesSent",
    "SentMessageSize",
];
const FIFO_METRICS: &[&str] = &["ApproximateNumberOfGroupsWithInflightMessages", "NumberOfDeduplicatedSentMessages"];

fn yes() -> bool {
    true
}

fn delete() -> OnDelete {
    OnDelete::Delete
}

impl Queue {
    /// What grants like a queue with these properties.
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        let fifo = properties.flag("FifoQueue", |access| *access != Access::Watch);
        let deduplicates = |access: &Access| matches!(access, Access::SendEvents | Access::Call);
        Box::new(Self {
            fifo,
            deduplicate_by_content: fifo && properties.flag("ContentBasedDeduplication", deduplicates),
            encryption: properties.key(&["KmsMasterKeyId"]),
            visibility_timeout_seconds: properties.setting(&["VisibilityTimeout"]),
            ..Self::default()
        })
    }

    fn key_arn(&self, place: &Place, scope: &Scope) -> Option<Value> {
        self.encryption.as_ref()?.key_arn(place, scope)
    }

    /// What both queues have.
    fn common(&self, origin: Origin, key: Option<&Value>) -> Map {
        map!(origin;
            "FifoQueue" => self.fifo.then_some(true),
            "ContentBasedDeduplication" => self.fifo.then_some(self.deduplicate_by_content),
            "KmsMasterKeyId" => key.cloned(),
            "SqsManagedSseEnabled" => key.is_none().then_some(true),
        )
    }

    fn name(&self, scope: &Scope) -> Option<Value> {
        let text = self.name.as_ref()?;
        let name = scope.value(text);
        let complete = text.literal().is_some_and(|name| name.ends_with(FIFO_SUFFIX));
        let origin = name.origin;
        let suffix = Value::string(origin, FIFO_SUFFIX);
        Some(if self.fifo && !complete { join(origin, &[name, suffix]) } else { name })
    }

    fn policy(origin: Origin, queue: Value, url: Value, received: &[Statement]) -> Map {
        let statements =
            std::iter::once(refuse_plain_http(origin, &["sqs:*"], queue)).chain(received.iter().cloned()).collect();
        map!(origin; "Queues" => [url], "PolicyDocument" => document(origin, statements))
    }

    fn report(code: &'static Code, request: &Request<'_>, place: &Place, message: &str, scope: &Scope) {
        scope
            .sink()
            .report(code, request.origin.span(), message)
            .also(place.origin.span(), "this queue")
            .help("see `fifo` of both ends");
    }

    fn check_use(&self, request: &Request<'_>, place: &Place, scope: &Scope) {
        let name = &place.name;
        match request.access {
            Access::KeepFailures | Access::KeepUndelivered if self.fifo => {
                let message = format!("`{name}` is a FIFO queue, which takes no dead letters of EventBridge");
                Self::report(&DEAD_LETTERS, request, place, &message, scope);
            }
            Access::Redrive(fifo) if *fifo != self.fifo => {
                let message = if *fifo {
                    format!("`{name}` is not a FIFO queue, as the queue whose dead letters it takes")
                } else {
                    format!("`{name}` is a FIFO queue, unlike the queue whose dead letters it takes")
                };
                Self::report(&DEAD_LETTERS, request, place, &message, scope);
            }
            Access::Subscribe if self.fifo => {
                let message = format!("`{name}` is a FIFO queue, which a standard topic cannot send to");
                Self::report(&SUBSCRIBER, request, place, &message, scope);
            }
            Access::SendEvents | Access::Call if self.fifo && !self.deduplicate_by_content => {
                let message = format!("`{name}` does not deduplicate by content");
                scope
                    .sink()
                    .report(&DEDUPLICATION, request.origin.span(), message)
                    .also(place.origin.span(), "this queue")
                    .help(if place.only.is_some() {
                        "write `ContentBasedDeduplication: true`"
                    } else {
                        "remove `deduplicate_by_content: false`"
                    });
            }
            _ => {}
        }
    }
}

impl Component for Queue {
    fn wires(&self) -> Vec<Wire<'_>> {
        let to = self.dead_letters.iter().filter_map(|dead_letters| dead_letters.to.as_ref());
        to.map(|to| Wire { to, access: Access::Redrive(self.fifo) }).collect()
    }

    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        let of = |part, role: &str| {
            let mut names = METRICS.to_vec();
            let mut others = Vec::new();
            if self.fifo {
                names.extend(FIFO_METRICS);
            } else {
                others.extend(FIFO_METRICS.iter().map(|name| (*name, "`fifo: true`")));
            }
            let dimensions = vec![("QueueName", place.attribute(role, "QueueName"))];
            Metrics { part, namespace: "AWS/SQS", dimensions, names, others, ..Metrics::default() }
        };
        let own = self.dead_letters.as_ref().filter(|dead_letters| dead_letters.to.is_none());
        std::iter::once(of(None, QUEUE))
            .chain(own.map(|_| of(Some("dead-letters".to_owned()), DEAD_LETTER_QUEUE)))
            .collect()
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        self.check_use(request, place, scope);
        let origin = request.origin;
        let key = self.key_arn(place, scope);
        let arn = Value { origin, ..place.attribute(QUEUE, "Arn") };
        let address = Some(arn.clone());
        match request.access {
            Access::SendEvents | Access::KeepUndelivered | Access::Subscribe => {
                let Some(actor) = request.actor else { return Grant::default() };
                let only = map!(origin; "ArnEquals" => map!(origin; "aws:SourceArn" => actor.arn.clone()));
                let statement = Statement::allow(origin, SEND, vec![arn])
                    .named(format!("MessagesOf{}", pascal_case(request.from)))
                    .service(actor.principal)
                    .when(only);
                let key_users = key.iter().filter_map(|_| service_user(origin, actor.principal)).collect();
                let need = (*request.access == Access::SendEvents && self.fifo).then_some(Need::MessageGroup);
                Grant { policy: vec![statement], address, key_users, need, ..Grant::default() }
            }
            Access::Call | Access::KeepFailures => {
                let name = format!("SendTo{}", place.id(""));
                let mut role = vec![Statement::allow(origin, SEND, vec![arn]).named(&name)];
                role.extend(key.clone().map(|key| send_encrypted(origin, &format!("{name}Key"), "sqs", key)));
                let need = (*request.access == Access::Call && self.fifo).then_some(Need::MessageGroup);
                Grant { role, address, key, need, ..Grant::default() }
            }
            Access::Feed(feed) => {
                self.check_feed(feed, origin.span(), place, scope);
                let name = format!("TakeFrom{}", place.id(""));
                let mut role = vec![Statement::allow(origin, RECEIVE, vec![arn]).named(&name)];
                role.extend(key.clone().map(|key| {
                    let through = Value::sub(origin, "sqs.${AWS::Region}.${AWS::URLSuffix}");
                    let condition = map!(origin; "StringEquals" => map!(origin; "kms:ViaService" => through));
                    use_key(origin, &format!("{name}Key"), &["kms:Decrypt"], key, condition)
                }));
                Grant { role, address, key, feeder: Some(Feeder::Queue), ..Grant::default() }
            }
            _ => Grant { address, key, ..Grant::default() },
        }
    }

    fn add_policy(&self, site: &mut Site<'_>) {
        let place = site.place;
        let (queue, url) = (place.attribute(QUEUE, "Arn"), place.reference(QUEUE));
        site.add("QueuePolicy", "AWS::SQS::QueuePolicy", Self::policy(place.origin, queue, url, site.received));
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let key = self.key_arn(place, scope);
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, Vec::new());
        }
        let redrive = self.dead_letters.as_ref().map(|dead_letters| {
            let to = match &dead_letters.to {
                None => Some(place.attribute(DEAD_LETTER_QUEUE, "Arn")),
                Some(_) => site.address(0),
            };
            map!(origin; "deadLetterTargetArn" => to, "maxReceiveCount" => scope.setting(&dead_letters.after))
        });
        let setting = |field: &Option<Setting<u32>>, default: u32| match field {
            Some(field) => scope.setting(field),
            None => Value::new(origin, Data::Number(default.into())),
        };
        let mut properties = map!(origin; "QueueName" => self.name(scope));
        properties.0.extend(self.common(origin, key.as_ref()).0);
        properties.0.extend(
            map!(origin;
                "VisibilityTimeout" => self.visibility_timeout_seconds.as_ref().map(|n| scope.setting(n)),
                "MessageRetentionPeriod" => setting(&self.retention_seconds, RETENTION_SECONDS),
                "DelaySeconds" => self.delay_seconds.as_ref().map(|n| scope.setting(n)),
                "ReceiveMessageWaitTimeSeconds" => setting(&self.receive_wait_seconds, RECEIVE_WAIT_SECONDS),
                "MaximumMessageSize" => self.max_message_bytes.as_ref().map(|n| scope.setting(n)),
                "RedrivePolicy" => redrive,
            )
            .0,
        );
        site.add_stateful(QUEUE, "AWS::SQS::Queue", self.on_delete.removal(), properties);
        self.add_policy(site);

        if self.dead_letters.as_ref().is_some_and(|dead_letters| dead_letters.to.is_none()) {
            let mut properties = self.common(origin, key.as_ref());
            properties.push("MessageRetentionPeriod", origin, DEAD_LETTER_SECONDS);
            site.add_stateful(DEAD_LETTER_QUEUE, "AWS::SQS::Queue", self.on_delete.removal(), properties);
            let (queue, url) = (place.attribute(DEAD_LETTER_QUEUE, "Arn"), place.reference(DEAD_LETTER_QUEUE));
            site.add("DeadLetterPolicy", "AWS::SQS::QueuePolicy", Self::policy(origin, queue, url, &[]));
        }
    }
}

/// What the key of a queue allows to a service. The ARN of the resource itself would make a cycle: it needs the queue,
/// which needs the key.
///
/// Source: SQS Developer Guide, "Amazon SQS Key management".
fn service_user(origin: Origin, principal: &str) -> Option<Statement> {
    let (sid, senders) = match principal {
        "events.amazonaws.com" => ("Rules", own_arn(origin, "events", "rule/*")),
        "sns.amazonaws.com" => ("Topics", own_arn(origin, "sns", "*")),
        _ => return None,
    };
    let condition = map!(origin; "ArnLike" => map!(origin; "aws:SourceArn" => senders));
    Some(service_uses_key(origin, sid, principal, Some(condition)))
}

pub(super) static KIND: Kind = Kind {
    name: "sqs-queue",
    ports: &[Port::Batches, Port::Events, Port::Messages, Port::Metrics, Port::Scheduled],
    attributes: &[
        Attribute { name: "arn", doc: "ARN of the queue.", get: Get::Att(QUEUE, "Arn") },
        Attribute { name: "name", doc: "Name of the queue.", get: Get::Att(QUEUE, "QueueName") },
        Attribute { name: "url", doc: "URL of the queue.", get: Get::Ref(QUEUE) },
        Attribute {
            name: "dead-letters-arn",
            doc: "ARN of its own queue of dead letters.",
            get: Get::Att(DEAD_LETTER_QUEUE, "Arn"),
        },
        Attribute {
            name: "dead-letters-name",
            doc: "Name of its own queue of dead letters.",
            get: Get::Att(DEAD_LETTER_QUEUE, "QueueName"),
        },
        Attribute {
            name: "dead-letters-url",
            doc: "URL of its own queue of dead letters.",
            get: Get::Ref(DEAD_LETTER_QUEUE),
        },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(super::encryption::KEY, "Arn"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::SQS::Queue"],
        role: QUEUE,
        without: &[],
        policy: Policy::Beside("AWS::SQS::QueuePolicy", "Queues"),
        read: Queue::read,
    }),
    codes: &[CODES, feed::CODES],
    schema: super::model_schema::<Queue>,
    decode: super::decode::<Queue>,
};
