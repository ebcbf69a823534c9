//! `alarm`

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evaluation::{self, MissingData, SERVICE, one, yes};
use super::metric::{self, Metric, identity, period, statistic};
use super::standing::{Policy, Standing};
use super::{Access, Actor, Attribute, Component, Get, Grant, Kind, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{Located, Reference, Setting, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// An alarm of CloudWatch on a metric, or on what an expression makes of several.
///
/// A metric of a component needs only its name; namespace and dimensions follow. The topics and functions that it tells
/// let it in by their policies.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to: { s3: archive }
///   alerts:
///     kind: sns-topic
///   late:
///     kind: alarm
///     description: Records wait for longer than 15 minutes.
///     metric: { of: delivery, name: DeliveryToS3.DataFreshness, statistic: maximum }
///     threshold: 900
///     notify: [alerts]
///   near-limit:
///     kind: alarm
///     metrics:
///       bytes: { of: delivery, name: IncomingBytes, statistic: sum }
///       limit: { of: delivery, name: BytesPerSecondLimit, statistic: minimum }
///     expression: 100 * (bytes / 300) / limit
///     threshold: 80
///     notify: [alerts]
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Name of the alarm. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What it means and what to do, for whoever is told.
    description: Option<Text>,
    /// The metric that it watches, unless that is an `expression`.
    metric: Option<Metric>,
    /// The metrics of the expression: an id that starts with a small letter, and the metric, or an expression over
    /// others.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"pattern": ID_PATTERN, "maxLength": 255}))]
    metrics: IndexMap<Located<String>, Query>,
    /// What is watched: metric math over the ids of `metrics`.
    expression: Option<Text>,
    /// When it goes off: the value is `above`, `at-least`, `below` or `at-most` the threshold.
    #[serde(default)]
    comparison: Comparison,
    /// The value that is compared with, in the unit of the metric.
    threshold: Setting<serde_json::Number>,
    /// Over how many periods values are looked at.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    evaluation_periods: u32,
    /// In how many of them the threshold must be passed. The default is all.
    #[schemars(range(min = 1))]
    datapoints: Option<Located<u32>>,
    /// What a period without values means.
    #[serde(default)]
    missing_data: MissingData,
    /// The `sns-topic`s and `lambda-function`s that are told when it goes off.
    #[serde(default)]
    #[schemars(length(max = 5))]
    notify: Vec<Reference>,
    /// The `sns-topic`s and `lambda-function`s that are told when all is well again.
    #[serde(default)]
    #[schemars(length(max = 5))]
    notify_ok: Vec<Reference>,
    /// Whether anyone is told.
    #[serde(default = "yes")]
    enabled: bool,
}

/// A metric, or an expression over others.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Query {
    /// An expression.
    #[serde(rename = "Text")]
    Expression(Text),
    /// A metric.
    #[serde(rename = "Map")]
    Metric(Box<Metric>),
}

impl JsonSchema for Query {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Query".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [generator.subschema_for::<Text>(), generator.subschema_for::<Metric>()]})
    }
}

/// How a value is compared with the threshold.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Comparison {
    /// It is greater.
    #[default]
    Above,
    /// It is greater or the same.
    AtLeast,
    /// It is less.
    Below,
    /// It is less or the same.
    AtMost,
}

impl Comparison {
    fn name(self) -> &'static str {
        match self {
            Self::Above => "GreaterThanThreshold",
            Self::AtLeast => "GreaterThanOrEqualToThreshold",
            Self::Below => "LessThanThreshold",
            Self::AtMost => "LessThanOrEqualToThreshold",
        }
    }
}

codes! {
    /// An alarm watches nothing, or both a metric and an expression.
    ///
    /// ```yaml
    /// components:
    ///   quiet:
    ///     kind: alarm
    ///     threshold: 1
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   quiet:
    ///     kind: alarm
    ///     metric: { of: work, name: NumberOfMessagesSent, statistic: sum }
    ///     comparison: below
    ///     threshold: 1
    /// ```
    ///
    /// Source: CloudWatch API, `PutMetricAlarm`.
    WATCHES = Error "unclear-alarm";

    /// A metric is used in no expression.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   backlog:
    ///     kind: alarm
    ///     metrics:
    ///       sent: { of: work, name: NumberOfMessagesSent, statistic: sum }
    ///       deleted: { of: work, name: NumberOfMessagesDeleted, statistic: sum }
    ///     expression: sent / 300
    ///     threshold: 100
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   backlog:
    ///     kind: alarm
    ///     metrics:
    ///       sent: { of: work, name: NumberOfMessagesSent, statistic: sum }
    ///     expression: sent / 300
    ///     threshold: 100
    /// ```
    UNUSED = Warning "unused-metric";
}

/// Source: CloudWatch API, `MetricDataQuery`, `Id`.
pub(super) const ID_PATTERN: &str = "^[a-z][A-Za-z0-9_]*$";

const ALARM: &str = "Alarm";

impl Alarm {
    /// All metrics, that of `metric` first.
    fn all(&self) -> impl Iterator<Item = &Metric> {
        let queries = self.metrics.values().filter_map(|query| match query {
            Query::Metric(metric) => Some(metric.as_ref()),
            Query::Expression(_) => None,
        });
        self.metric.iter().chain(queries)
    }

    /// All expressions: that which is watched, and those of `metrics`.
    fn expressions(&self) -> impl Iterator<Item = &Text> {
        let queries = self.metrics.values().filter_map(|query| match query {
            Query::Expression(text) => Some(text),
            Query::Metric(_) => None,
        });
        self.expression.iter().chain(queries)
    }

    fn check_expressions(&self, sink: &mut Sink) {
        let known: Vec<&str> = self.metrics.keys().map(|id| id.value.as_str()).collect();
        let mut used: Vec<String> = Vec::new();
        let mut all_known = true;
        for text in self.expressions() {
            let Some(ids) = metric::check_ids(text, &known, sink) else { return };
            all_known &= ids.iter().all(|id| known.contains(&id.as_str()));
            used.extend(ids);
        }
        // A misspelt id is told once, not also as one that is not used.
        for id in self.metrics.keys().filter(|_| all_known && self.expression.is_some()) {
            if !used.contains(&id.value) {
                sink.report(&UNUSED, id.span(), format!("`{}` is used in no expression", id.value))
                    .help("use it in `expression`, or remove it");
            }
        }
    }

    /// The metrics of an expression, and the expression itself last.
    fn queries(&self, expression: &Text, site: &Site<'_>) -> Vec<Map> {
        let origin = site.place.origin;
        let mut queries = Vec::new();
        for (id, query) in &self.metrics {
            let id = Value::string(Origin::Written(id.span()), id.value.as_str());
            queries.push(match query {
                Query::Expression(text) => {
                    map!(origin; "Id" => id, "Expression" => site.scope.value(text), "ReturnData" => false)
                }
                Query::Metric(metric) => {
                    let found = metric.find(site).map(|found| identity(origin, found));
                    let stat = map!(origin;
                        "Metric" => found,
                        "Period" => period(origin, metric),
                        "Stat" => statistic(&metric.statistic.value).0,
                    );
                    map!(origin; "Id" => id, "MetricStat" => stat, "ReturnData" => false)
                }
            });
        }
        let mut id = "result".to_owned();
        while self.metrics.keys().any(|used| used.value == id) {
            id.push('_');
        }
        queries.push(map!(origin;
            "Id" => id,
            "Expression" => site.scope.value(expression),
            "Label" => site.place.name.as_str(),
            "ReturnData" => true,
        ));
        queries
    }
}

impl Component for Alarm {
    fn wires(&self) -> Vec<Wire<'_>> {
        let notified = self.notify.iter().chain(&self.notify_ok).map(|to| Wire { to, access: Access::Notify });
        notified.chain(self.all().filter_map(Metric::wire)).collect()
    }

    fn actor(&self, place: &Place, _scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: place.attribute(ALARM, "Arn") })
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        self.all().for_each(|metric| metric.check(sink));
        match (&self.metric, &self.expression) {
            (None, None) => {
                sink.report(&WATCHES, name, "this alarm has neither `metric` nor `expression`")
                    .help("add `metric`, or `metrics` and an `expression` over them");
            }
            (Some(metric), Some(expression)) => {
                sink.report(&WATCHES, expression.span, "this alarm has a `metric` already")
                    .also(metric.span(), "here")
                    .help("name the metric in `metrics`, or remove `expression`");
            }
            (Some(metric), None) => {
                if let Some(id) = self.metrics.keys().next() {
                    sink.report(&WATCHES, id.span(), "`metrics` are for an `expression`")
                        .also(metric.span(), "this alarm watches a `metric`")
                        .help("add an `expression` instead of `metric`, or remove `metrics`");
                }
            }
            (None, Some(_)) => self.check_expressions(sink),
        }
        let period = self.all().map(Metric::period).max();
        evaluation::check(period, self.evaluation_periods, self.datapoints.as_ref(), name, sink);
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        accept(request, place)
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let told = self.notify.len();
        let mut properties = map!(origin;
            "AlarmName" => self.name.as_ref().map(|name| scope.value(name)),
            "AlarmDescription" => self.description.as_ref().map(|text| scope.value(text)),
            "ActionsEnabled" => (!self.enabled).then_some(false),
            "AlarmActions" => site.addresses(0..told),
            "OKActions" => site.addresses(told..told + self.notify_ok.len()),
        );
        if let Some(metric) = &self.metric {
            let (name, extended) = statistic(&metric.statistic.value);
            let name = Value::string(Origin::Written(metric.statistic.span()), name);
            properties.0.extend(metric.find(site).map(|found| identity(origin, found)).unwrap_or_default().0);
            properties.push(if extended { "ExtendedStatistic" } else { "Statistic" }, origin, name);
            properties.push("Period", origin, period(origin, metric));
        } else if let Some(expression) = &self.expression {
            properties.push("Metrics", origin, self.queries(expression, site));
        }
        properties.0.extend(
            map!(origin;
                "ComparisonOperator" => self.comparison.name(),
                "Threshold" => scope.setting(&self.threshold),
                "EvaluationPeriods" => self.evaluation_periods,
                "DatapointsToAlarm" => self.datapoints.as_ref().map(|m| m.value),
                "TreatMissingData" => self.missing_data.name(),
            )
            .0,
        );
        site.add(ALARM, "AWS::CloudWatch::Alarm", properties);
    }
}

fn accept(request: &Request<'_>, place: &Place) -> Grant {
    let arn = Value { origin: request.origin, ..place.attribute(ALARM, "Arn") };
    Grant { address: Some(arn), ..Grant::default() }
}

/// An alarm as a raw resource.
#[derive(Debug)]
struct Shown;

impl Component for Shown {
    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        accept(request, place)
    }

    fn compose(&self, _site: &mut Site<'_>) {}
}

pub(super) static KIND: Kind = Kind {
    name: "alarm",
    ports: &[Port::Alarm],
    attributes: &[
        Attribute { name: "arn", doc: "ARN of the alarm.", get: Get::Att(ALARM, "Arn") },
        Attribute { name: "name", doc: "Name of the alarm.", get: Get::Ref(ALARM) },
    ],
    standing: Some(Standing {
        types: &["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"],
        role: ALARM,
        without: &[],
        policy: Policy::Free,
        read: |_| Box::new(Shown),
    }),
    codes: &[CODES, evaluation::CODES, metric::CODES],
    schema: super::model_schema::<Alarm>,
    decode: super::decode::<Alarm>,
};
