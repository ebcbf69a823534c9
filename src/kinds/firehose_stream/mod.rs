//! `firehose-stream`

mod layout;
mod metrics;
mod s3;

use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use self::layout::FOLDERS_PATTERN;
use self::layout::Layout;
pub(super) use self::s3::EXTENSION_PATTERN;
use self::s3::S3Destination;
use super::encryption::Encryption;
use super::log_group::RETENTION_DAYS;
use super::site::{assumed_by, own_arn};
use super::{
    Access, Actor, Attribute, Component, Dataset, Get, Grant, Kind, Metrics, Peers, Place, Port, Request, Scope, Site,
    Wire,
};
use crate::blueprint::text::{Located, Reference, Setting, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::Statement;
use crate::template::{Data, Map, Removal, Value};

/// A delivery stream of Amazon Data Firehose: records come in one by one and arrive in S3 as objects.
///
/// The layout of the objects is said once. Firehose's prefix and jq program, a crawler's tables and partitions all
/// come from it.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to:
///       s3: archive
///       layout:
///         - raw
///         - tenant: { query: .tenant, missing: none }
///         - day: { arrival: yyyy-MM-dd }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// Name of the stream. Without it CloudFormation makes one. A stream with a name cannot be replaced by an update.
    name: Option<Text>,
    /// Where the records go.
    to: S3Destination,
    /// What becomes of the bytes of a record.
    #[serde(default)]
    records: Records,
    /// With which key records are encrypted while they are in the stream.
    encryption: Option<Encryption>,
    /// The log of what could not be delivered, and why.
    #[serde(default)]
    logging: Logging,
}

/// What becomes of the bytes of a record.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Records {
    /// Whether each record ends with a line feed, as Athena needs it to tell one record from the next.
    newline: bool,
    /// Whether a record that producers put together from several is taken apart: `json` for JSON objects one after
    /// the other, or the text between them. Only where the layout has a `query`.
    deaggregate: Option<Deaggregate>,
}

impl Default for Records {
    fn default() -> Self {
        Self { newline: true, deaggregate: None }
    }
}

/// How a record is taken apart.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Deaggregate {
    /// JSON objects.
    #[serde(rename = "Text")]
    Json(Located<JsonWord>),
    /// By a delimiter.
    #[serde(rename = "Map")]
    Delimited(Delimited),
}

/// JSON objects one after the other, or one on each line; not an array of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum JsonWord {
    /// JSON objects.
    Json,
}

/// Records with a text between them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Delimited {
    /// The text between two records.
    #[schemars(length(min = 1, max = 100))]
    delimiter: Located<String>,
}

impl JsonSchema for Deaggregate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Deaggregate".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<JsonWord>(), generator.subschema_for::<Delimited>()]
        })
    }
}

/// The log of what could not be delivered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Logging {
    /// Whether there is one.
    enabled: bool,
    /// Days after which an entry is deleted; the values of `log-group`. The default is 365.
    retention_days: Option<Setting<u32>>,
}

impl Default for Logging {
    fn default() -> Self {
        Self { enabled: true, retention_days: None }
    }
}

codes! {
    /// Records are taken apart in a stream whose layout has no `query`.
    ///
    /// Firehose takes records apart only where it partitions by what is in them.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///     records: { deaggregate: json }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///     records: { deaggregate: json }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Apply multi-record deaggregation", a part of dynamic partitioning.
    DEAGGREGATION = Error "deaggregation-without-query";
}

const STREAM: &str = "Stream";
const LOG_GROUP: &str = "LogGroup";
const SERVICE: &str = "firehose.amazonaws.com";

/// Source: Firehose API, `PutRecord` and `PutRecordBatch`; EventBridge calls both.
const PUT: &[&str] = &["firehose:PutRecord", "firehose:PutRecordBatch"];

impl Stream {
    /// The processors, in the order in which Firehose runs them.
    ///
    /// Source: Firehose Developer Guide, "Configure record transformation and format conversion".
    fn processors(&self, origin: Origin) -> Vec<Map> {
        let parameter = |name: &str, value: Value| map!(origin; "ParameterName" => name, "ParameterValue" => value);
        let mut processors = Vec::new();
        if let Some(deaggregate) = &self.records.deaggregate {
            let parameters = match deaggregate {
                Deaggregate::Json(_) => vec![parameter("SubRecordType", Value::string(origin, "JSON"))],
                Deaggregate::Delimited(Delimited { delimiter }) => vec![
                    parameter("SubRecordType", Value::string(origin, "DELIMITED")),
                    parameter("Delimiter", Value::string(Origin::Written(delimiter.span()), base64(&delimiter.value))),
                ],
            };
            processors.push(map!(origin; "Type" => "RecordDeAggregation", "Parameters" => parameters));
        }
        if let Some(program) = self.to.layout().program() {
            let parameters = vec![
                parameter("MetadataExtractionQuery", program),
                parameter("JsonParsingEngine", Value::string(origin, "JQ-1.6")),
            ];
            processors.push(map!(origin; "Type" => "MetadataExtraction", "Parameters" => parameters));
        }
        if self.records.newline {
            processors.push(map!(origin; "Type" => "AppendDelimiterToRecord"));
        }
        processors
    }

    /// The log group of the stream, and the options that name one log stream in it.
    fn logging(&self, site: &mut Site<'_>, statements: &mut Vec<Statement>) -> impl Fn(&str) -> Map + use<> {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let enabled = self.logging.enabled;
        if enabled {
            let retention = match &self.logging.retention_days {
                Some(days) => scope.setting(days),
                None => Value::new(origin, Data::Number(RETENTION_DAYS.into())),
            };
            let properties = map!(origin; "RetentionInDays" => retention);
            site.add_stateful(LOG_GROUP, "AWS::Logs::LogGroup", Removal::Delete, properties);
            let mut streams = vec!["Destination"];
            if self.to.backup().is_some() {
                streams.push("Backup");
            }
            let mut arns = Vec::new();
            for stream in streams {
                let role = format!("{stream}LogStream");
                let properties = map!(origin;
                    "LogGroupName" => place.reference(LOG_GROUP),
                    "LogStreamName" => format!("{stream}Delivery"),
                );
                site.add(&role, "AWS::Logs::LogStream", properties);
                let (group, stream) = (place.id(LOG_GROUP), place.id(&role));
                arns.push(own_arn(origin, "logs", &format!("log-group:${{{group}}}:log-stream:${{{stream}}}")));
            }
            statements.push(Statement::allow(origin, &["logs:PutLogEvents"], arns).named("LogErrors"));
        }
        let place = place.clone();
        move |stream: &str| {
            if !enabled {
                return map!(origin; "Enabled" => false);
            }
            map!(origin;
                "Enabled" => true,
                "LogGroupName" => place.reference(LOG_GROUP),
                "LogStreamName" => place.reference(&format!("{stream}LogStream")),
            )
        }
    }

    fn encryption(&self, site: &mut Site<'_>) -> Map {
        let origin = site.place.origin;
        let key = self.encryption.as_ref().and_then(|encryption| encryption.key_arn(site.place, site.scope));
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, Vec::new());
        }
        let kind = if key.is_some() { "CUSTOMER_MANAGED_CMK" } else { "AWS_OWNED_CMK" };
        map!(origin; "KeyType" => kind, "KeyARN" => key)
    }
}

impl Component for Stream {
    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn wires(&self) -> Vec<Wire<'_>> {
        let mut wires = vec![Wire { to: self.to.bucket(), access: Access::WriteObjects(self.to.prefixes()) }];
        if let Some(backup) = self.to.backup() {
            wires.push(Wire { to: backup.bucket(), access: Access::WriteObjects(backup.prefixes()) });
        }
        wires
    }

    fn actor(&self, place: &Place) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: place.attribute(STREAM, "Arn") })
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        self.to.check(sink);
        if let Some(deaggregate) = self.records.deaggregate.as_ref().filter(|_| !self.to.layout().is_dynamic()) {
            let span = match deaggregate {
                Deaggregate::Json(word) => word.span(),
                Deaggregate::Delimited(delimited) => delimited.delimiter.span(),
            };
            sink.report(&DEAGGREGATION, span, "records are taken apart only where the layout has a `query`")
                .help("add a key with `query` to `to.layout`, or remove `deaggregate`");
        }
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        let mut groups = vec![metrics::DIRECT_PUT.with, metrics::S3.with];
        groups.extend(self.to.backup().map(|_| metrics::BACKUP.with));
        groups.extend(self.to.layout().is_dynamic().then_some(metrics::PARTITIONS.with));
        groups.extend(self.encryption.as_ref().map(|_| metrics::ENCRYPTION.with));
        let (present, absent): (Vec<_>, Vec<_>) =
            metrics::ALL.iter().copied().partition(|group| groups.contains(&group.with));
        let names = present.iter().flat_map(|group| group.names).copied().collect();
        let others = absent.iter().flat_map(|group| group.names.iter().map(|name| (*name, group.with))).collect();
        let dimensions = vec![("DeliveryStreamName", place.reference(STREAM))];
        let aliases = metrics::of_destination(&metrics::S3);
        vec![Metrics { part: None, namespace: "AWS/Firehose", dimensions, names, others, aliases }]
    }

    fn dataset(&self) -> Option<Dataset> {
        Some(self.to.dataset())
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        let origin = request.origin;
        let arn = Value { origin, ..place.attribute(STREAM, "Arn") };
        match request.access {
            Access::SendEvents | Access::Call | Access::StreamLogs | Access::StreamMetrics => {
                let statement =
                    Statement::allow(origin, PUT, vec![arn.clone()]).named(format!("PutOn{}", place.id("")));
                Grant { role: vec![statement], address: Some(arn), ..Grant::default() }
            }
            _ => Grant { address: Some(arn), ..Grant::default() },
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let mut statements = site.grants();
        let logging = self.logging(site, &mut statements);
        // The one condition that Firehose's own guides have shown: the stream's account as the external id.
        // Source: CloudWatch Logs User Guide, "Subscription filters with Amazon Data Firehose".
        let account = map!(origin; "sts:ExternalId" => Value::reference(origin, "AWS::AccountId"));
        let trust = assumed_by(origin, SERVICE).when(map!(origin; "StringEquals" => account));
        let role = site.add_role(trust, "deliver", statements);
        let encryption = self.encryption(site);
        let destination = self.to.compose(site, &role, &logging, self.processors(origin));
        let properties = map!(origin;
            "DeliveryStreamName" => self.name.as_ref().map(|name| scope.value(name)),
            "DeliveryStreamType" => "DirectPut",
            "DeliveryStreamEncryptionConfigurationInput" => encryption,
            "ExtendedS3DestinationConfiguration" => destination,
        );
        site.add(STREAM, "AWS::KinesisFirehose::DeliveryStream", properties);
    }
}

/// Source: RFC 4648, section 4.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let index = (bits >> (18 - 6 * at)) & 63;
            out.push(if at <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    out
}

pub(super) static KIND: Kind = Kind {
    name: "firehose-stream",
    ports: &[Port::Events, Port::Dataset, Port::Logs, Port::MetricUpdates, Port::Metrics, Port::Scheduled],
    attributes: &[
        Attribute { name: "name", doc: "Name of the stream.", get: Get::Ref(STREAM) },
        Attribute { name: "arn", doc: "ARN of the stream.", get: Get::Att(STREAM, "Arn") },
        Attribute { name: "role-arn", doc: "ARN of the role with which it delivers.", get: Get::Att("Role", "Arn") },
        Attribute {
            name: "log-group",
            doc: "Name of the log group of its errors, unless `logging: {enabled: false}`.",
            get: Get::Ref(LOG_GROUP),
        },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(super::encryption::KEY, "Arn"),
        },
    ],
    codes: &[CODES, layout::CODES, s3::CODES],
    schema: super::model_schema::<Stream>,
    decode: super::decode::<Stream>,
};
