//! `metric-stream`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::site::assumed_by;
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Get, Kind, Site, Wire};
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// A metric stream of CloudWatch: metrics go to a stream of Firehose as they come, two to three minutes after they are
/// measured.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to: { s3: archive }
///   metrics:
///     kind: metric-stream
///     to: delivery
///     format: opentelemetry1.0
///     include:
///       - AWS/Firehose
///       - namespace: AWS/SQS
///         metrics: [NumberOfMessagesSent]
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// Name of the metric stream. Without it CloudFormation makes one.
    name: Option<Text>,
    /// The `firehose-stream`.
    to: Reference,
    /// How metrics are written.
    #[serde(default)]
    format: Format,
    /// The namespaces that are sent; without `include` and `exclude` all are.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    include: Vec<Filter>,
    /// The namespaces that are not sent, where all others are.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    exclude: Vec<Filter>,
    /// Whether metrics of accounts that share them with this one are sent too.
    #[serde(default)]
    linked_accounts: bool,
    /// Statistics that are sent beside the four that always are.
    #[serde(default)]
    #[schemars(length(max = 100))]
    statistics: Vec<Statistics>,
}

/// How metrics are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "MetricFormat")]
enum Format {
    /// One JSON object a line.
    #[default]
    #[serde(rename = "json")]
    Json,
    /// OpenTelemetry 0.7.0, with the length before each message.
    #[serde(rename = "opentelemetry0.7")]
    OpenTelemetry07,
    /// OpenTelemetry 1.0.0, with the length before each message.
    #[serde(rename = "opentelemetry1.0")]
    OpenTelemetry10,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::OpenTelemetry07 => "opentelemetry0.7",
            Self::OpenTelemetry10 => "opentelemetry1.0",
        }
    }
}

/// A namespace, or some metrics of one.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Filter {
    /// All of a namespace.
    #[serde(rename = "Text")]
    All(Text),
    /// Some of a namespace.
    #[serde(rename = "Map")]
    Some(SomeMetrics),
}

/// Some metrics of a namespace.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SomeMetrics {
    /// The namespace, for example `AWS/Firehose`.
    namespace: Text,
    /// Names of its metrics.
    #[schemars(length(min = 1, max = 999))]
    metrics: Vec<Text>,
}

impl JsonSchema for Filter {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Filter".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [generator.subschema_for::<Text>(), generator.subschema_for::<SomeMetrics>()]})
    }
}

/// Statistics of some metrics, for example percentiles.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Statistics {
    /// Statistics as CloudWatch writes them, for example `p99`.
    #[schemars(length(min = 1, max = 20))]
    add: Vec<Located<String>>,
    /// The metrics that get them.
    #[schemars(length(min = 1, max = 100))]
    to: Vec<NamedMetric>,
}

/// A metric by its name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NamedMetric {
    /// The namespace.
    namespace: Text,
    /// The name.
    name: Text,
}

codes! {
    /// A metric stream says both which namespaces it sends and which it does not.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///   metrics:
    ///     kind: metric-stream
    ///     to: delivery
    ///     include: [AWS/Firehose]
    ///     exclude: [AWS/EC2]
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
    ///     to: { s3: archive }
    ///   metrics:
    ///     kind: metric-stream
    ///     to: delivery
    ///     include: [AWS/Firehose]
    /// ```
    ///
    /// Source: CloudWatch API, `PutMetricStream`: `IncludeFilters` and `ExcludeFilters` exclude each other.
    FILTERS = Error "include-and-exclude";
}

const STREAM: &str = "MetricStream";
const SERVICE: &str = "streams.metrics.cloudwatch.amazonaws.com";

impl Filter {
    fn span(&self) -> Span {
        match self {
            Self::All(namespace) | Self::Some(SomeMetrics { namespace, .. }) => namespace.span,
        }
    }

    fn to_map(&self, site: &Site<'_>) -> Map {
        let origin = Origin::Derived(self.span());
        match self {
            Self::All(namespace) => map!(origin; "Namespace" => site.scope.value(namespace)),
            Self::Some(SomeMetrics { namespace, metrics }) => map!(origin;
                "Namespace" => site.scope.value(namespace),
                "MetricNames" => metrics.iter().map(|name| site.scope.value(name)).collect::<Vec<_>>(),
            ),
        }
    }
}

impl Component for Stream {
    fn wires(&self) -> Vec<Wire<'_>> {
        vec![Wire { to: &self.to, access: Access::StreamMetrics }]
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        if let (Some(include), Some(exclude)) = (self.include.first(), self.exclude.first()) {
            sink.report(&FILTERS, exclude.span(), "`exclude` beside `include`")
                .also(include.span(), "what is sent")
                .help("keep one of them; `include` leaves out all that it does not name");
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        // The guide has no condition, and none is documented to be sent.
        // Source: CloudWatch User Guide, "Trust between CloudWatch and Firehose".
        let role = site.add_role(assumed_by(origin, SERVICE), "stream-metrics", site.grants());
        let filters = |filters: &[Filter]| -> Option<Vec<Map>> {
            (!filters.is_empty()).then(|| filters.iter().map(|filter| filter.to_map(site)).collect())
        };
        let statistics = |one: &Statistics| {
            let metric = |metric: &NamedMetric| {
                map!(origin;
                    "Namespace" => scope.value(&metric.namespace),
                    "MetricName" => scope.value(&metric.name),
                )
            };
            let add: Vec<Value> = one.add.iter().map(|name| name.to_value(origin)).collect();
            map!(origin;
                "AdditionalStatistics" => add,
                "IncludeMetrics" => one.to.iter().map(metric).collect::<Vec<_>>(),
            )
        };
        let statistics: Vec<Map> = self.statistics.iter().map(statistics).collect();
        let properties = map!(origin;
            "Name" => self.name.as_ref().map(|name| scope.value(name)),
            "FirehoseArn" => site.address(0),
            "RoleArn" => role,
            "OutputFormat" => self.format.name(),
            "IncludeFilters" => filters(&self.include),
            "ExcludeFilters" => filters(&self.exclude),
            "IncludeLinkedAccountsMetrics" => self.linked_accounts.then_some(true),
            "StatisticsConfigurations" => (!statistics.is_empty()).then_some(statistics),
        );
        site.add(STREAM, "AWS::CloudWatch::MetricStream", properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "metric-stream",
    ports: &[],
    attributes: &[
        Attribute { name: "arn", doc: "ARN of the metric stream.", get: Get::Att(STREAM, "Arn") },
        Attribute { name: "name", doc: "Name of the metric stream.", get: Get::Ref(STREAM) },
        Attribute { name: "role-name", doc: "Name of the role with which it sends.", get: Get::Ref("Role") },
        Attribute { name: "role-arn", doc: "ARN of the role with which it sends.", get: Get::Att("Role", "Arn") },
    ],
    standing: Some(Standing {
        types: &["AWS::CloudWatch::MetricStream"],
        role: STREAM,
        without: &[],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Stream>,
    decode: super::decode::<Stream>,
};
