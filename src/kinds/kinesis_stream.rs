//! `kinesis-stream`

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::encryption::{Encryption, use_key};
use super::s3_bucket::OnDelete;
use super::site::pascal_case;
use super::standing::{Policy, Properties, Standing};
use super::{
    Access, Attribute, Component, Feeder, Get, Grant, Kind, Metrics, Need, Peers, Place, Port, Request, Scope, Site,
};
use crate::blueprint::NAME_PATTERN;
use crate::blueprint::text::{Located, Reference, Setting, Text};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::Statement;
use crate::template::{Data, Value};

/// A data stream of Kinesis: keeps records in the order of their arrival, for as many readers as there are.
///
/// It can be the target of an `event-rule`, the source of a `firehose-stream` and an event source of a
/// `lambda-function`. All readers together share 2 MiB a second of each shard; a consumer has as much for itself.
///
/// ```yaml
/// components:
///   orders:
///     kind: kinesis-stream
///     retention_hours: 48
///     encryption: own-key
///   placed-orders:
///     kind: event-rule
///     pattern: { source: [shop.orders] }
///     targets:
///       - { to: orders, partition_key: $.detail.customer }
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     from: orders
///     to: { s3: archive }
/// ```
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// Name of the stream. Without it CloudFormation makes one. A stream with a name cannot be replaced by an update.
    name: Option<Text>,
    /// Number of shards, each for 1 MiB and 1,000 records a second. Without it the stream grows and shrinks by itself,
    /// and is billed by its use.
    #[schemars(extend("minimum" = 1, "maximum" = 100_000))]
    shards: Option<Setting<u32>>,
    /// Hours after which a record is deleted. The default is 24.
    #[schemars(extend("minimum" = 24, "maximum" = 8760))]
    retention_hours: Option<Setting<u32>>,
    /// With which key records are encrypted. The default is the key of the account that AWS manages for Kinesis.
    encryption: Option<Encryption>,
    /// Names of consumers with enhanced fan-out: each reads with 2 MiB a second of each shard of its own, and is billed
    /// for it.
    #[serde(default)]
    #[schemars(length(max = 50), inner(regex(pattern = NAME_PATTERN)))]
    consumers: Vec<Located<String>>,
    /// What happens to the stream when the stack is deleted.
    #[serde(default)]
    on_delete: OnDelete,
}

codes! {
    /// A reader names a consumer that the stream does not have.
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///     consumers: [billing]
    ///   bill:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     event_sources:
    ///       - { from: orders, consumer: biling }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///     consumers: [billing]
    ///   bill:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     event_sources:
    ///       - { from: orders, consumer: billing }
    /// ```
    CONSUMER = Error "unknown-consumer";

    /// A stream has two consumers with one name.
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///     consumers: [billing, billing]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///     consumers: [billing, shipping]
    /// ```
    REPEATED = Error "repeated-consumer";
}

/// Source: Kinesis API, `CreateStream`.
const RETENTION_HOURS: u32 = 24;

/// Source: Kinesis Data Streams Developer Guide, "How do I get started with server-side encryption?".
const AWS_MANAGED_KEY: &str = "alias/aws/kinesis";

/// Source: EventBridge User Guide, "Amazon EventBridge targets", Kinesis; Kinesis API, `PutRecord` and `PutRecords`.
const PUT: &[&str] = &["kinesis:PutRecord", "kinesis:PutRecords"];

/// Source: Firehose Developer Guide, "Controlling access with Amazon Data Firehose"; Lambda Developer Guide, "Process
/// Amazon Kinesis Data Streams records with Lambda", which adds the summary.
const READ: &[&str] = &[
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
];

/// Source: Lambda Developer Guide, "Process Amazon Kinesis Data Streams records with Lambda"; Service Authorization
/// Reference, "Actions, resources, and condition keys for Amazon Kinesis Data Streams": on the consumer.
const SUBSCRIBE: &[&str] = &["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"];

/// Those of the stream itself, with the dimension `StreamName` alone. Those of its shards are not switched on.
///
/// Source: Kinesis Data Streams Developer Guide, "Monitor the Amazon Kinesis Data Streams service with Amazon
/// CloudWatch".
const METRICS: &[&str] = &[
    "GetRecords.Bytes",
    "GetRecords.IteratorAgeMilliseconds",
    "GetRecords.Latency",
    "GetRecords.Records",
    "GetRecords.Success",
    "IncomingBytes",
    "IncomingRecords",
    "PutRecord.Bytes",
    "PutRecord.Latency",
    "PutRecord.Success",
    "PutRecords.Bytes",
    "PutRecords.FailedRecords",
    "PutRecords.Latency",
    "PutRecords.Records",
    "PutRecords.Success",
    "PutRecords.SuccessfulRecords",
    "PutRecords.ThrottledRecords",
    "PutRecords.TotalRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
];

/// Those of a consumer, with the dimension `ConsumerName` too. See [`METRICS`].
const CONSUMER_METRICS: &[&str] = &[
    "SubscribeToShard.RateExceeded",
    "SubscribeToShard.Success",
    "SubscribeToShardEvent.Bytes",
    "SubscribeToShardEvent.MillisBehindLatest",
    "SubscribeToShardEvent.Records",
    "SubscribeToShardEvent.Success",
];

const STREAM: &str = "Stream";

fn consumer_role(name: &str) -> String {
    format!("Consumer{}", pascal_case(name))
}

impl Stream {
    /// What grants like a stream with these properties.
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        Box::new(Self { encryption: properties.key(&["StreamEncryption", "KeyId"]), ..Self::default() })
    }

    fn key(&self, place: &Place, scope: &Scope) -> Option<Value> {
        self.encryption.as_ref()?.key_arn(place, scope)
    }

    /// Statements for a role, with those for the key.
    fn grant(&self, mut role: Vec<Statement>, action: &'static str, place: &Place, scope: &Scope) -> Vec<Statement> {
        let Some((origin, sid)) = role.first().map(|first| (first.origin, first.sid.clone().unwrap_or_default()))
        else {
            return role;
        };
        role.extend(self.key(place, scope).map(|key| use_for_kinesis(origin, place, &sid, action, key)));
        role
    }

    fn check_consumer(&self, name: &Located<String>, place: &Place, scope: &Scope) {
        let known: Vec<&str> = self.consumers.iter().map(|consumer| consumer.value.as_str()).collect();
        if known.contains(&name.value.as_str()) {
            return;
        }
        let help = match closest(&name.value, known.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None if place.only.is_some() => {
                "leave out `consumer`, or use a `kinesis-stream` with `consumers`".to_owned()
            }
            None if known.is_empty() => format!("add `consumers: [{}]` to `{}`", name.value, place.name),
            None => format!("there is {}", alternatives(known.iter().copied())),
        };
        let mut sink = scope.sink();
        sink.report(&CONSUMER, name.span(), format!("`{}` has no consumer `{}`", place.name, name.value))
            .help(help)
            .meant(&name.value, known);
    }
}

impl Component for Stream {
    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        for (at, consumer) in self.consumers.iter().enumerate() {
            if let Some(first) = self.consumers[..at].iter().find(|first| *first == consumer) {
                sink.report(&REPEATED, consumer.span(), format!("there is a consumer `{}` already", consumer.value))
                    .also(first.span(), "here")
                    .help("remove one of them, or give it another name");
            }
        }
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        const NAMESPACE: &str = "AWS/Kinesis";
        let stream = ("StreamName", place.reference(STREAM));
        let own = Metrics {
            namespace: NAMESPACE,
            dimensions: vec![stream.clone()],
            names: METRICS.to_vec(),
            others: CONSUMER_METRICS.iter().map(|name| (*name, "`part`, the name of a consumer")).collect(),
            ..Metrics::default()
        };
        let of = |consumer: &Located<String>| Metrics {
            part: Some(consumer.value.clone()),
            namespace: NAMESPACE,
            dimensions: vec![stream.clone(), ("ConsumerName", consumer.to_value(place.origin))],
            names: CONSUMER_METRICS.to_vec(),
            ..Metrics::default()
        };
        std::iter::once(own).chain(self.consumers.iter().map(of)).collect()
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let origin = request.origin;
        let arn = Value { origin, ..place.attribute(STREAM, "Arn") };
        let key = self.key(place, scope);
        match request.access {
            Access::SendEvents | Access::SpreadEvents | Access::PutRecords | Access::Call | Access::StreamLogs => {
                let put = Statement::allow(origin, PUT, vec![arn.clone()]).named(format!("PutOn{}", place.id("")));
                let role = self.grant(vec![put], "kms:GenerateDataKey", place, scope);
                let need = (*request.access == Access::Call).then_some(Need::PartitionKey);
                Grant { role, address: Some(arn), key, need, ..Grant::default() }
            }
            Access::SendDeviceMessages => {
                let put = Statement::allow(origin, PUT, vec![arn]).named(format!("PutOn{}", place.id("")));
                let role = self.grant(vec![put], "kms:GenerateDataKey", place, scope);
                // IoT names a stream by its name.
                let address = Some(Value { origin, ..place.reference(STREAM) });
                Grant { role, address, key, need: Some(Need::PartitionKey), ..Grant::default() }
            }
            Access::ReadRecords | Access::Feed(_) => {
                let name = format!("ReadFrom{}", place.id(""));
                let mut read = vec![Statement::allow(origin, READ, vec![arn.clone()]).named(name.as_str())];
                let mut address = arn;
                let feed = match request.access {
                    Access::Feed(feed) => Some(feed),
                    _ => None,
                };
                if let Some(consumer) = feed.and_then(|feed| feed.consumer.as_ref()) {
                    self.check_consumer(consumer, place, scope);
                    let role = consumer_role(&consumer.value);
                    address = Value { origin, ..place.attribute(&role, "ConsumerARN") };
                    let subscribe = Statement::allow(origin, SUBSCRIBE, vec![address.clone()]);
                    read.push(subscribe.named(format!("{name}As{}", pascal_case(&consumer.value))));
                }
                let role = self.grant(read, "kms:Decrypt", place, scope);
                let feeder = feed.map(|_| Feeder::Stream);
                Grant { role, address: Some(address), key, feeder, ..Grant::default() }
            }
            _ => Grant::default(),
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let key = self.key(place, scope).unwrap_or_else(|| Value::string(origin, AWS_MANAGED_KEY));
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, Vec::new());
        }
        let mode = if self.shards.is_some() { "PROVISIONED" } else { "ON_DEMAND" };
        let retention = match &self.retention_hours {
            Some(hours) => scope.setting(hours),
            None => Value::new(origin, Data::Number(RETENTION_HOURS.into())),
        };
        let properties = map!(origin;
            "Name" => self.name.as_ref().map(|name| scope.value(name)),
            "RetentionPeriodHours" => retention,
            "ShardCount" => self.shards.as_ref().map(|shards| scope.setting(shards)),
            "StreamEncryption" => map!(origin; "EncryptionType" => "KMS", "KeyId" => key),
            "StreamModeDetails" => map!(origin; "StreamMode" => mode),
        );
        site.add_stateful(STREAM, "AWS::Kinesis::Stream", self.on_delete.removal(), properties);
        let names: BTreeSet<&str> = self.consumers.iter().map(|consumer| consumer.value.as_str()).collect();
        for name in names {
            let properties = map!(origin;
                "ConsumerName" => name,
                "StreamARN" => place.attribute(STREAM, "Arn"),
            );
            site.add(&consumer_role(name), "AWS::Kinesis::StreamConsumer", properties);
        }
    }
}

/// What a role needs to put or read records that are encrypted with a key.
///
/// Source: Kinesis Data Streams Developer Guide, "Permissions to use user-generated KMS keys"; Firehose Developer
/// Guide, "Controlling access with Amazon Data Firehose", which shows the encryption context.
fn use_for_kinesis(origin: Origin, place: &Place, name: &str, action: &'static str, key: Value) -> Statement {
    let through = Value::sub(origin, "kinesis.${AWS::Region}.${AWS::URLSuffix}");
    let stream = Value { origin, ..place.attribute(STREAM, "Arn") };
    let condition = map!(origin;
        "StringEquals" => map!(origin; "kms:ViaService" => through, "kms:EncryptionContext:aws:kinesis:arn" => stream),
    );
    use_key(origin, &format!("{name}Key"), &[action], key, condition)
}

pub(super) static KIND: Kind = Kind {
    name: "kinesis-stream",
    ports: &[
        Port::Batches,
        Port::DeviceMessages,
        Port::Events,
        Port::Logs,
        Port::Metrics,
        Port::Records,
        Port::Scheduled,
        Port::Shards,
    ],
    attributes: &[
        Attribute { name: "name", doc: "Name of the stream.", get: Get::Ref(STREAM) },
        Attribute { name: "arn", doc: "ARN of the stream.", get: Get::Att(STREAM, "Arn") },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(super::encryption::KEY, "Arn"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Kinesis::Stream"],
        role: STREAM,
        without: &[],
        policy: Policy::Free,
        read: Stream::read,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Stream>,
    decode: super::decode::<Stream>,
};
