//! `firehose-stream`

mod backup;
mod buffer;
mod conversion;
mod http;
mod metrics;
mod prefix;
mod presets;
mod raw;
mod records;
mod s3;
mod time_zone;

use schemars::JsonSchema;
use serde::Deserialize;

use self::http::HttpDestination;
use self::records::{Records, Transform};
pub(super) use self::s3::EXTENSION_PATTERN;
use self::s3::S3Destination;
use super::encryption::Encryption;
use super::layout::{self, Layout};
use super::log_group::RETENTION_DAYS;
use super::site::{assumed_by, own_arn};
use super::standing::{Policy, Standing};
use super::{
    Access, Actor, Attribute, Component, Dataset, Get, Grant, Kind, Metrics, Peers, Place, Port, Request, Scope, Site,
    Wire,
};
use crate::blueprint::text::{Located, Reference, Setting, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::Span;
use crate::template::iam::Statement;
use crate::template::{Data, Map, Removal, Value};

/// A delivery stream of Amazon Data Firehose: records come in one by one and arrive in S3 as objects, or at an HTTP
/// endpoint.
///
/// The layout of the objects is said once. Firehose's prefix and jq program, a crawler's tables, the partitions and the
/// projection of a table all come from it.
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
///   token:
///     kind: secret
///   monitoring:
///     kind: firehose-stream
///     to:
///       http: coralogix
///       region: eu2
///       secret: token
///       attributes: { applicationName: shop }
///       backup: { s3: archive }
///     records: { decompress: cloudwatch-logs }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// Name of the stream. Without it CloudFormation makes one. A stream with a name cannot be replaced by an update.
    name: Option<Text>,
    /// The `kinesis-stream` whose records it delivers. Without it producers and rules put records into it themselves.
    from: Option<Reference>,
    /// The `lambda-function` that changes records before they are delivered.
    transform: Option<Transform>,
    /// Where the records go: to a bucket (`s3`) or to an HTTP endpoint (`http`).
    to: Destination,
    /// What becomes of the bytes of a record.
    #[serde(default)]
    records: Records,
    /// With which key records are encrypted while they are in the stream. Not with `from`: there the records stay in
    /// the source, with its key.
    encryption: Option<Encryption>,
    /// The log of what could not be delivered, and why.
    #[serde(default)]
    logging: Logging,
}

/// Where records go.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Keyed", rename_all = "snake_case")]
enum Destination {
    /// To a bucket.
    S3(Box<S3Destination>),
    /// To an HTTP endpoint.
    Http(Box<HttpDestination>),
}

impl JsonSchema for Destination {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Destination".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<S3Destination>(), generator.subschema_for::<HttpDestination>()]
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
    /// A stream that delivers the records of another has an encryption of its own.
    ///
    /// Firehose keeps nothing of them itself; it refuses the setting.
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     from: orders
    ///     encryption: own-key
    ///     to: { s3: archive }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///     encryption: own-key
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     from: orders
    ///     to: { s3: archive }
    /// ```
    ///
    /// Source: Firehose API, `StartDeliveryStreamEncryption`.
    ENCRYPTION = Error "encryption-with-source";

    /// Records are put into a stream that delivers those of another.
    ///
    /// Firehose takes them only from the source.
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     from: orders
    ///     to: { s3: archive }
    ///   placed:
    ///     kind: event-rule
    ///     pattern: { source: [shop] }
    ///     targets: [delivery]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     from: orders
    ///     to: { s3: archive }
    ///   placed:
    ///     kind: event-rule
    ///     pattern: { source: [shop] }
    ///     targets: [orders]
    /// ```
    ///
    /// Source: Firehose API, `PutRecord`.
    SOURCED = Error "put-beside-source";

    /// A crawler or a table follows a stream that leaves nothing in a bucket.
    ///
    /// ```yaml
    /// components:
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       http: generic
    ///       url: https://example.com/ingest
    ///       backup: { s3: failed }
    ///   catalog:
    ///     kind: glue-database
    ///   crawler:
    ///     kind: glue-crawler
    ///     of: delivery
    ///     database: catalog
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       http: generic
    ///       url: https://example.com/ingest
    ///       backup: { s3: failed, records: all }
    ///   catalog:
    ///     kind: glue-database
    ///   crawler:
    ///     kind: glue-crawler
    ///     bucket: failed
    ///     prefix: backup/
    ///     database: catalog
    /// ```
    NO_LAYOUT = Error "stream-without-layout";
}

const STREAM: &str = "Stream";
const LOG_GROUP: &str = "LogGroup";
const SERVICE: &str = "firehose.amazonaws.com";

/// Source: Firehose API, `PutRecord` and `PutRecordBatch`; EventBridge calls both.
const PUT: &[&str] = &["firehose:PutRecord", "firehose:PutRecordBatch"];

/// What all destinations are made with.
struct Parts<'a> {
    role: &'a Value,
    logging: &'a dyn Fn(&str) -> Map,
    processing: Option<Map>,
}

impl Destination {
    fn wires(&self) -> Vec<Wire<'_>> {
        match self {
            Self::S3(s3) => s3.wires(),
            Self::Http(http) => http.wires(),
        }
    }

    fn layout(&self) -> Option<&Layout> {
        match self {
            Self::S3(s3) => Some(s3.layout()),
            Self::Http(_) => None,
        }
    }

    fn has_backup(&self) -> bool {
        match self {
            Self::S3(s3) => s3.has_backup(),
            Self::Http(_) => true,
        }
    }

    fn has_lines(&self) -> bool {
        match self {
            Self::S3(s3) => s3.has_lines(),
            Self::Http(_) => false,
        }
    }

    fn check(&self, sink: &mut Sink) {
        match self {
            Self::S3(s3) => s3.check(sink),
            Self::Http(http) => http.check(sink),
        }
    }
}

impl Stream {
    /// The wires before those of the destination: the source and the function.
    fn first_wires(&self) -> Vec<Wire<'_>> {
        let source = self.from.as_ref().map(|from| Wire { to: from, access: Access::ReadRecords });
        source.into_iter().chain(self.transform.as_ref().map(Transform::wire)).collect()
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
            if self.to.has_backup() {
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

    fn encryption(&self, site: &mut Site<'_>) -> Option<Map> {
        if self.from.is_some() {
            return None;
        }
        let origin = site.place.origin;
        let key = self.encryption.as_ref().and_then(|encryption| encryption.key_arn(site.place, site.scope));
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, Vec::new());
        }
        let kind = if key.is_some() { "CUSTOMER_MANAGED_CMK" } else { "AWS_OWNED_CMK" };
        Some(map!(origin; "KeyType" => kind, "KeyARN" => key))
    }
}

impl Component for Stream {
    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn wires(&self) -> Vec<Wire<'_>> {
        self.first_wires().into_iter().chain(self.to.wires()).collect()
    }

    fn actor(&self, place: &Place, _scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: place.attribute(STREAM, "Arn") })
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        self.to.check(sink);
        let layout = self.to.layout();
        self.records.check(layout.is_some_and(Layout::is_dynamic), self.to.has_lines(), sink);
        records::check_lambda_key(layout.and_then(Layout::lambda_key), self.transform.as_ref(), sink);
        if let (Some(encryption), Some(from)) = (&self.encryption, &self.from) {
            sink.report(&ENCRYPTION, encryption.span(), "with `from` the records stay in their source")
                .also(from.span(), "the source")
                .help(format!("move `encryption` to `{}`", from.name()));
        }
    }

    fn queries(&self) -> Vec<(&Located<String>, &Located<String>)> {
        self.to.layout().into_iter().flat_map(Layout::queries).collect()
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        let source = if self.from.is_some() { metrics::KINESIS } else { metrics::DIRECT_PUT };
        let mut groups = vec![source.with];
        groups.extend(self.to.has_backup().then_some(metrics::BACKUP.with));
        groups.extend(self.transform.as_ref().map(|_| metrics::FUNCTION.with));
        groups.extend(self.encryption.as_ref().map(|_| metrics::ENCRYPTION.with));
        groups.extend(self.records.decompresses().then_some(metrics::DECOMPRESSION.with));
        match &self.to {
            Destination::S3(s3) => {
                groups.push(metrics::S3.with);
                groups.extend(s3.converts().then_some(metrics::CONVERSION.with));
                groups.extend(s3.layout().is_dynamic().then_some(metrics::PARTITIONS.with));
            }
            Destination::Http(_) => groups.push(metrics::HTTP.with),
        }
        let (present, absent): (Vec<_>, Vec<_>) =
            metrics::ALL.iter().copied().partition(|group| groups.contains(&group.with));
        let names = present.iter().flat_map(|group| group.names).copied().collect();
        let others = absent.iter().flat_map(|group| group.names.iter().map(|name| (*name, group.with))).collect();
        let dimensions = vec![("DeliveryStreamName", place.reference(STREAM))];
        let aliases = metrics::of_destination(match &self.to {
            Destination::S3(_) => &metrics::S3,
            Destination::Http(_) => &metrics::HTTP,
        });
        vec![Metrics { part: None, namespace: "AWS/Firehose", dimensions, names, others, aliases, open: false }]
    }

    fn dataset(&self) -> Option<Dataset> {
        match &self.to {
            Destination::S3(s3) => Some(s3.dataset()),
            Destination::Http(_) => None,
        }
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let origin = request.origin;
        let arn = Value { origin, ..place.attribute(STREAM, "Arn") };
        match request.access {
            access if puts_records(access) => {
                if let Some(from) = &self.from {
                    let mut sink = scope.sink();
                    let message = format!("`{}` takes records only from `{}`", place.name, from.name());
                    sink.report(&SOURCED, origin.span(), message)
                        .also(from.span(), "its source")
                        .help(format!("name `{}` here instead", from.name()));
                }
                take_records(request, place)
            }
            Access::FollowLayout => {
                if let Destination::Http(http) = &self.to {
                    let mut sink = scope.sink();
                    sink.report(&NO_LAYOUT, origin.span(), format!("`{}` leaves nothing in a bucket", place.name))
                        .also(http.span(), "it delivers to an HTTP endpoint")
                        .help("name the bucket instead");
                }
                Grant { address: Some(arn), ..Grant::default() }
            }
            _ => Grant { address: Some(arn), ..Grant::default() },
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let mut statements = site.grants();
        if let Destination::Http(http) = &self.to {
            statements.extend(http.statements(scope));
        }
        let logging = self.logging(site, &mut statements);
        // The one condition that Firehose's own guides have shown: the stream's account as the external id.
        // Source: CloudWatch Logs User Guide, "Subscription filters with Amazon Data Firehose".
        let account = map!(origin; "sts:ExternalId" => Value::reference(origin, "AWS::AccountId"));
        let trust = assumed_by(origin, SERVICE).when(map!(origin; "StringEquals" => account));
        let role = site.add_role(trust, "deliver", statements);
        let encryption = self.encryption(site);
        let source =
            self.from.as_ref().map(|_| map!(origin; "KinesisStreamARN" => site.address(0), "RoleARN" => role.clone()));
        let first = self.first_wires().len();
        let transform = self.transform.as_ref().map(|transform| (transform, first - 1, &role));
        let program = self.to.layout().and_then(Layout::program);
        let mut senders = site.uses.iter().filter(|access| puts_records(access)).peekable();
        let are_ended = self.transform.is_none() && senders.peek().is_some() && senders.all(ends_records);
        let feed = self.records.feed(origin, self.to.has_lines(), are_ended);
        let processing = self.records.processors(origin, transform, program, feed, site);
        let parts = Parts { role: &role, logging: &logging, processing };
        let mut properties = map!(origin;
            "DeliveryStreamName" => self.name.as_ref().map(|name| scope.value(name)),
            "DeliveryStreamType" => if source.is_some() { "KinesisStreamAsSource" } else { "DirectPut" },
            "DeliveryStreamEncryptionConfigurationInput" => encryption,
            "KinesisStreamSourceConfiguration" => source,
        );
        let (name, destination) = match &self.to {
            Destination::S3(s3) => ("ExtendedS3DestinationConfiguration", s3.compose(site, first, parts)),
            Destination::Http(http) => ("HttpEndpointDestinationConfiguration", http.compose(site, first, parts)),
        };
        properties.push(name, origin, destination);
        site.add(STREAM, "AWS::KinesisFirehose::DeliveryStream", properties);
    }
}

fn puts_records(access: &Access) -> bool {
    matches!(
        access,
        Access::SendEvents
            | Access::SendDeviceMessages
            | Access::SendMailEvents
            | Access::PutRecords
            | Access::Call
            | Access::StreamLogs
            | Access::StreamMetrics
    )
}

/// Whether each record that is put so ends with a line feed already: a second one would be a line without a record.
///
/// Source: SES Developer Guide, "Contents of event data that Amazon SES publishes to Firehose".
fn ends_records(access: &Access) -> bool {
    *access == Access::SendMailEvents
}

/// What it needs to put records into a stream.
fn take_records(request: &Request<'_>, place: &Place) -> Grant {
    let origin = request.origin;
    let arn = Value { origin, ..place.attribute(STREAM, "Arn") };
    let statement = Statement::allow(origin, PUT, vec![arn.clone()]).named(format!("PutOn{}", place.id("")));
    // IoT names a stream by its name.
    let is_iot = *request.access == Access::SendDeviceMessages;
    let address = if is_iot { Value { origin, ..place.reference(STREAM) } } else { arn };
    Grant { role: vec![statement], address: Some(address), ..Grant::default() }
}

pub(super) static KIND: Kind = Kind {
    name: "firehose-stream",
    ports: &[
        Port::Events,
        Port::Dataset,
        Port::DeviceMessages,
        Port::Logs,
        Port::MailEvents,
        Port::MetricUpdates,
        Port::Metrics,
        Port::Records,
        Port::Scheduled,
    ],
    attributes: &[
        Attribute { name: "name", doc: "Name of the stream.", get: Get::Ref(STREAM) },
        Attribute { name: "arn", doc: "ARN of the stream.", get: Get::Att(STREAM, "Arn") },
        Attribute { name: "role-arn", doc: "ARN of the role with which it delivers.", get: Get::Att("Role", "Arn") },
        Attribute { name: "role-name", doc: "Name of the role with which it delivers.", get: Get::Ref("Role") },
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
    standing: Some(Standing {
        types: &["AWS::KinesisFirehose::DeliveryStream"],
        role: STREAM,
        without: &[(Port::Dataset, "whose layout is not known: use a `firehose-stream`, or name the bucket")],
        policy: Policy::Free,
        read: raw::Fed::read,
    }),
    codes: &[
        CODES,
        layout::CODES,
        layout::KEY_CODES,
        layout::QUERY_CODES,
        layout::TIME_CODES,
        buffer::CODES,
        conversion::CODES,
        http::CODES,
        prefix::CODES,
        records::CODES,
        time_zone::CODES,
    ],
    schema: super::model_schema::<Stream>,
    decode: super::decode::<Stream>,
};
