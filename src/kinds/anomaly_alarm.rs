//! `anomaly-alarm`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evaluation::{self, MissingData, SERVICE, one, yes};
use super::metric::{Metric, identity, period, statistic};
use super::standing::{Policy, Standing, plain};
use super::{Access, Actor, Attribute, Component, Get, Kind, Place, Scope, Site, Wire};
use crate::blueprint::text::{Located, Reference, Setting, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// An alarm of CloudWatch that goes off when a metric leaves the band in which it is expected.
///
/// CloudWatch learns the band from up to two weeks of values, with the hours of the day and the days of the week, and
/// goes on learning. It needs no threshold, but about three hours of values before it says anything.
///
/// `severity` says how far outside of the expected a value must be, from 0 to 100. It is the width of the band in standard
/// deviations: 1 + severity / 50 up to 50, and 2 + (severity - 50) / 25 above. So 0 is a width of 1, 50 a width of 2,
/// which CloudWatch proposes itself, and 100 a width of 4.
///
/// ```yaml
/// components:
///   alerts:
///     kind: sns-topic
///   visits:
///     kind: anomaly-alarm
///     description: Far fewer or far more visits than at this time of the week.
///     metric: { namespace: Shop, name: Visits, statistic: sum, period_seconds: 300 }
///     severity: 60
///     evaluation_periods: 3
///     datapoints: 2
///     missing_data: breaching
///     notify: [alerts]
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnomalyAlarm {
    /// Name of the alarm. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What it means and what to do, for whoever is told.
    description: Option<Text>,
    /// The metric that it watches.
    metric: Metric,
    /// How far outside of the expected a value must be, from 0 (everything unusual) to 100 (only the worst). The default
    /// is 50.
    #[schemars(range(max = 100))]
    severity: Option<Located<u32>>,
    /// Width of the band in standard deviations, instead of `severity`.
    width: Option<Setting<serde_json::Number>>,
    /// On which side of the band it goes off.
    #[serde(default)]
    side: Side,
    /// Times whose values are not learned from, such as those of an outage.
    #[serde(default)]
    #[schemars(length(max = 10))]
    exclude: Vec<Range>,
    /// Time zone of the hours and days that are learned, such as `Europe/Berlin`. The default is UTC.
    time_zone: Option<Text>,
    /// Whether the metric has peaks that come again, which belong to the expected.
    periodic_spikes: Option<bool>,
    /// Over how many periods values are looked at.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    evaluation_periods: u32,
    /// In how many of them the value must be outside. The default is all.
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

/// The side of a band.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Side {
    /// Both.
    #[default]
    Both,
    /// The value is too high.
    Above,
    /// The value is too low.
    Below,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Both => "LessThanLowerOrGreaterThanUpperThreshold",
            Self::Above => "GreaterThanUpperThreshold",
            Self::Below => "LessThanLowerThreshold",
        }
    }
}

/// A time whose values are not learned from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExcludedTime")]
struct Range {
    /// When it starts, in UTC: `2026-11-23T08:00:00`.
    #[schemars(regex(pattern = TIME_PATTERN))]
    from: Located<String>,
    /// When it ends, in UTC.
    #[schemars(regex(pattern = TIME_PATTERN))]
    to: Located<String>,
}

codes! {
    /// An alarm says both how severe an anomaly must be and how wide the band is.
    ///
    /// ```yaml
    /// components:
    ///   visits:
    ///     kind: anomaly-alarm
    ///     metric: { namespace: Shop, name: Visits, statistic: sum }
    ///     severity: 60
    ///     width: 2.5
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   visits:
    ///     kind: anomaly-alarm
    ///     metric: { namespace: Shop, name: Visits, statistic: sum }
    ///     severity: 60
    /// ```
    WIDTH = Error "severity-and-width";

    /// A time that is not learned from ends before it starts.
    ///
    /// ```yaml
    /// components:
    ///   visits:
    ///     kind: anomaly-alarm
    ///     metric: { namespace: Shop, name: Visits, statistic: sum }
    ///     exclude: [{ from: 2026-11-24T00:00:00, to: 2026-11-23T00:00:00 }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   visits:
    ///     kind: anomaly-alarm
    ///     metric: { namespace: Shop, name: Visits, statistic: sum }
    ///     exclude: [{ from: 2026-11-23T00:00:00, to: 2026-11-24T00:00:00 }]
    /// ```
    ///
    /// Source: CloudWatch API, `Range`.
    TIMES = Error "time-ends-before-it-starts";
}

const ALARM: &str = "Alarm";
const DETECTOR: &str = "Detector";

/// Source: CloudFormation Template Reference, `AWS::CloudWatch::AnomalyDetector`, `Range`.
pub(super) const TIME_PATTERN: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$";

/// The severity without which is meant.
const SEVERITY: u32 = 50;

/// The width of the band in hundredths of a standard deviation.
fn hundredths(severity: u32) -> u32 {
    // What is beyond 100 is reported, and worked out all the same.
    if severity <= SEVERITY {
        100 + 2 * severity
    } else {
        4_u32.saturating_mul(severity - SEVERITY).saturating_add(200)
    }
}

/// A number of hundredths as it is written.
fn decimal(hundredths: u32) -> String {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl AnomalyAlarm {
    /// The expression that gives the band.
    fn band(&self, scope: &Scope) -> Value {
        let band = |width: &str| format!("ANOMALY_DETECTION_BAND(m1, {width})");
        match (&self.width, &self.severity) {
            (Some(width @ Setting::Known(number)), _) => {
                Value::string(Origin::Written(width.span()), band(&number.value.to_string()))
            }
            (Some(Setting::Deferred(text)), _) => {
                let value = scope.value(text);
                Value::sub(value.origin, band(&super::substitution(&value)))
            }
            (None, Some(severity)) => {
                Value::string(Origin::Derived(severity.span()), band(&decimal(hundredths(severity.value))))
            }
            (None, None) => Value::string(Origin::Derived(self.metric.span()), band(&decimal(hundredths(SEVERITY)))),
        }
    }

    fn detector(&self, found: &Map, stat: &Value, site: &Site<'_>) -> Map {
        let origin = site.place.origin;
        let ranges: Vec<Map> = self
            .exclude
            .iter()
            .map(|range| map!(origin; "StartTime" => range.from.to_value(origin), "EndTime" => range.to.to_value(origin)))
            .collect();
        let zone = self.time_zone.as_ref().map(|zone| site.scope.value(zone));
        let configuration = map!(origin;
            "ExcludedTimeRanges" => (!ranges.is_empty()).then_some(ranges),
            "MetricTimeZone" => zone,
        );
        let mut single = found.clone();
        single.push("Stat", origin, stat.clone());
        map!(origin;
            "Configuration" => (!configuration.is_empty()).then_some(configuration),
            "MetricCharacteristics" => self.periodic_spikes.map(|spikes| map!(origin; "PeriodicSpikes" => spikes)),
            "SingleMetricAnomalyDetector" => single,
        )
    }
}

impl Component for AnomalyAlarm {
    fn wires(&self) -> Vec<Wire<'_>> {
        let notified = self.notify.iter().chain(&self.notify_ok).map(|to| Wire { to, access: Access::Notify });
        notified.chain(self.metric.wire()).collect()
    }

    fn actor(&self, place: &Place, _scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: place.attribute(ALARM, "Arn") })
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        self.metric.check(sink);
        if let (Some(severity), Some(width)) = (&self.severity, &self.width) {
            sink.report(&WIDTH, width.span(), "`width` beside `severity`")
                .also(severity.span(), "this says the width already")
                .help("keep one of them");
        }
        for range in self.exclude.iter().filter(|range| range.to.value <= range.from.value) {
            sink.report(&TIMES, range.to.span(), format!("`{}` is not after `{}`", range.to.value, range.from.value))
                .also(range.from.span(), "the start")
                .help("write the later time in `to`");
        }
        let datapoints = self.datapoints.as_ref();
        evaluation::check(Some(self.metric.period()), self.evaluation_periods, datapoints, name, sink);
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let Some(found) = self.metric.find(site).map(|found| identity(origin, found)) else { return };
        let stat =
            Value::string(Origin::Written(self.metric.statistic.span()), statistic(&self.metric.statistic.value).0);
        let detector = self.detector(&found, &stat, site);
        site.add(DETECTOR, "AWS::CloudWatch::AnomalyDetector", detector);
        let told = self.notify.len();
        let values = map!(origin; "Metric" => found, "Period" => period(origin, &self.metric), "Stat" => stat);
        let metrics = [
            map!(origin; "Id" => "m1", "MetricStat" => values, "ReturnData" => true),
            map!(origin;
                "Id" => "band",
                "Expression" => self.band(scope),
                "Label" => format!("{}, as expected", place.name),
                "ReturnData" => true,
            ),
        ];
        let properties = map!(origin;
            "AlarmName" => self.name.as_ref().map(|name| scope.value(name)),
            "AlarmDescription" => self.description.as_ref().map(|text| scope.value(text)),
            "ActionsEnabled" => (!self.enabled).then_some(false),
            "AlarmActions" => site.addresses(0..told),
            "OKActions" => site.addresses(told..told + self.notify_ok.len()),
            "Metrics" => metrics,
            "ThresholdMetricId" => "band",
            "ComparisonOperator" => self.side.name(),
            "EvaluationPeriods" => self.evaluation_periods,
            "DatapointsToAlarm" => self.datapoints.as_ref().map(|datapoints| datapoints.value),
            "TreatMissingData" => self.missing_data.name(),
        );
        // The alarm would make a detector of its own where there is none yet.
        let before = place.id(DETECTOR);
        site.add(ALARM, "AWS::CloudWatch::Alarm", properties).depends_on.push(before);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "anomaly-alarm",
    ports: &[],
    attributes: &[
        Attribute { name: "arn", doc: "ARN of the alarm.", get: Get::Att(ALARM, "Arn") },
        Attribute { name: "name", doc: "Name of the alarm.", get: Get::Ref(ALARM) },
        Attribute { name: "detector-id", doc: "Id of what learns the band.", get: Get::Att(DETECTOR, "Id") },
    ],
    standing: Some(Standing {
        types: &["AWS::CloudWatch::AnomalyDetector"],
        role: DETECTOR,
        without: &[],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<AnomalyAlarm>,
    decode: super::decode::<AnomalyAlarm>,
};

#[cfg(test)]
mod tests {
    use super::{decimal, hundredths};

    #[test]
    fn severity_becomes_the_width_of_the_band() {
        let widths: Vec<String> = [0, 25, 50, 60, 75, 99, 100].map(|severity| decimal(hundredths(severity))).into();
        assert_eq!(widths, ["1", "1.5", "2", "2.4", "3", "3.96", "4"]);
    }
}
