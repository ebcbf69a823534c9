//! Metrics of CloudWatch as fields name them: those of a component, or any by namespace and dimensions.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Metrics, Site, Wire};
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Data, Key, Map, Value};

/// A metric: of a component (`of`, `name`), or any (`namespace`, `name`, `dimensions`).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// The component whose metric it is; its dimensions follow.
    of: Option<Reference>,
    /// A part of the component with metrics of its own: `dead-letters`, or a consumer of a `kinesis-stream`.
    part: Option<Located<String>>,
    /// Name of the metric, for example `DeliveryToS3.DataFreshness`. For a `firehose-stream`, `Delivery.Bytes`,
    /// `Delivery.DataFreshness`, `Delivery.Records` and `Delivery.Success` stand for those of its destination.
    #[schemars(length(min = 1, max = 255))]
    name: Located<String>,
    /// Namespace of a metric that is of no component.
    namespace: Option<Text>,
    /// Dimensions of a metric that is of no component.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 30))]
    dimensions: IndexMap<Located<String>, Text>,
    /// What becomes of the values of a period: `average`, `sum`, `minimum`, `maximum`, `sample-count`, or an extended
    /// statistic such as `p99`, `tm90`, `iqm` or `PR(10:300)`.
    #[schemars(regex(pattern = STATISTIC_PATTERN))]
    pub statistic: Located<String>,
    /// Seconds that one value stands for: 10, 20, 30, or 60 and its multiples. The default is 300.
    #[schemars(range(min = 10, max = 86_400))]
    pub period_seconds: Option<Located<u32>>,
}

codes! {
    /// A component has no metric of this name.
    ///
    /// The names are those of the service's documentation. An alarm on a metric that nobody sends never goes off. Some
    /// metrics exist only with certain settings, such as those of partitions, with a `query` in the layout.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   backlog:
    ///     kind: alarm
    ///     metric: { of: work, name: ApproximateNumberOfMessages, statistic: maximum }
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
    ///     metric: { of: work, name: ApproximateNumberOfMessagesVisible, statistic: maximum }
    ///     threshold: 100
    /// ```
    ///
    /// Source: the pages about monitoring with CloudWatch of each service.
    UNKNOWN = Warning "unknown-metric";

    /// A metric says neither of which component nor in which namespace it is, or says both.
    ///
    /// ```yaml
    /// components:
    ///   backlog:
    ///     kind: alarm
    ///     metric: { name: Orders, statistic: sum }
    ///     threshold: 100
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   backlog:
    ///     kind: alarm
    ///     metric: { namespace: Shop, name: Orders, statistic: sum }
    ///     threshold: 100
    /// ```
    UNCLEAR = Error "unclear-metric";

    /// A component has no part of this name with metrics of its own.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   failures:
    ///     kind: alarm
    ///     metric: { of: work, part: dead-letters, name: ApproximateNumberOfMessagesVisible, statistic: maximum }
    ///     threshold: 0
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     dead_letters: { after: 5 }
    ///   failures:
    ///     kind: alarm
    ///     metric: { of: work, part: dead-letters, name: ApproximateNumberOfMessagesVisible, statistic: maximum }
    ///     threshold: 0
    /// ```
    PART = Error "unknown-part";

    /// An expression uses an id that no metric has.
    ///
    /// Ids start with a small letter, functions are written in capitals.
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
    ///     expression: sent - delete
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
    ///       deleted: { of: work, name: NumberOfMessagesDeleted, statistic: sum }
    ///     expression: sent - deleted
    ///     threshold: 100
    /// ```
    ///
    /// Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
    ID = Error "unknown-metric-id";

    /// A period is one that CloudWatch does not have, or an alarm looks back too far.
    ///
    /// Periods are 10, 20 or 30 seconds, or multiples of 60. An alarm looks back at most one day; with periods of an
    /// hour or more, seven days.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   backlog:
    ///     kind: alarm
    ///     metric: { of: work, name: ApproximateNumberOfMessagesVisible, statistic: maximum, period_seconds: 90 }
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
    ///     metric: { of: work, name: ApproximateNumberOfMessagesVisible, statistic: maximum, period_seconds: 120 }
    ///     threshold: 100
    /// ```
    ///
    /// Source: CloudWatch API, `PutMetricAlarm`.
    PERIOD = Error "invalid-period";
}

/// Source: CloudWatch API, `PutMetricAlarm`, `Statistic` and `ExtendedStatistic`.
pub const STATISTIC_PATTERN: &str = concat!(
    r"^(average|sum|minimum|maximum|sample-count|iqm|(p|tm|tc|ts|wm)[0-9]{1,3}(\.[0-9]{1,10})?",
    r"|(PR|TC|TM|TS|WM)\([0-9.%]*:[0-9.%]*\))$",
);

/// What the graphs of CloudWatch show by default. Source: CloudWatch User Guide, "Graph a metric".
pub const PERIOD_SECONDS: u32 = 300;

/// How CloudWatch calls a statistic, and whether it is one of the extended ones.
pub fn statistic(word: &str) -> (&str, bool) {
    match word {
        "average" => ("Average", false),
        "sum" => ("Sum", false),
        "minimum" => ("Minimum", false),
        "maximum" => ("Maximum", false),
        "sample-count" => ("SampleCount", false),
        "iqm" => ("IQM", true),
        other => (other, true),
    }
}

/// A metric with all that CloudWatch needs to find it.
pub struct Found {
    /// The namespace.
    pub namespace: Value,
    /// The name.
    pub name: Value,
    /// The dimensions, by name.
    pub dimensions: Map,
}

impl Metric {
    /// The use of the component whose metric it is.
    pub fn wire(&self) -> Option<Wire<'_>> {
        self.of.as_ref().map(|to| Wire { to, access: Access::Watch })
    }

    /// The place of its name.
    pub fn span(&self) -> Span {
        self.name.span()
    }

    /// Seconds that one value stands for.
    pub fn period(&self) -> u32 {
        self.period_seconds.as_ref().map_or(PERIOD_SECONDS, |period| period.value)
    }

    /// Reports what is wrong with it by itself.
    pub fn check(&self, sink: &mut Sink) {
        let span = self.name.span();
        let namespace = self.namespace.as_ref().map(|text| text.span);
        let dimension = self.dimensions.keys().next().map(Located::span);
        match (&self.of, namespace) {
            (None, None) => {
                sink.report(&UNCLEAR, span, "this metric is of no component and in no namespace")
                    .help("add `of` with the name of a component, or `namespace`");
            }
            (Some(of), other) => {
                if let Some(extra) = other.or(dimension) {
                    sink.report(&UNCLEAR, extra, "namespace and dimensions follow from `of`")
                        .also(of.span(), "the component of this metric")
                        .help("remove either them or `of`");
                }
            }
            (None, Some(namespace)) => {
                if let Some(part) = &self.part {
                    sink.report(&UNCLEAR, part.span(), "only a component has parts")
                        .also(namespace, "this metric is of no component")
                        .help("remove `part`");
                }
            }
        }
        if let Some(period) = &self.period_seconds
            && !matches!(period.value, 10 | 20 | 30)
            && period.value % 60 != 0
        {
            sink.report(&PERIOD, period.span(), format!("no period of {} seconds", period.value))
                .help("write 10, 20, 30 or a multiple of 60");
        }
    }

    /// What CloudWatch needs to find it. A name that its component does not have is reported.
    pub fn find(&self, site: &Site<'_>) -> Option<Found> {
        let name = self.name.to_value(site.place.origin);
        let Some(of) = &self.of else {
            let namespace = site.scope.value(self.namespace.as_ref()?);
            let dimension = |(key, value): (&Located<String>, &Text)| {
                (Key { text: key.value.clone(), origin: Origin::Written(key.span()) }, site.scope.value(value))
            };
            return Some(Found { namespace, name, dimensions: Map(self.dimensions.iter().map(dimension).collect()) });
        };
        let known = site.metrics(of);
        let part = self.part.as_ref().map(|part| part.value.as_str());
        let Some(metrics) = known.iter().find(|metrics| metrics.part.as_deref() == part) else {
            self.report_part(of, &known, site);
            return None;
        };
        let given = self.name.value.as_str();
        let alias = metrics.aliases.iter().find(|(alias, _)| *alias == given);
        if alias.is_none() && !metrics.open && !metrics.names.contains(&given) {
            self.report_name(of, metrics, site);
        }
        let name = alias.map_or(name.clone(), |(_, known)| Value::string(name.origin, *known));
        let origin = Origin::Derived(of.span());
        let mut dimensions = Map::default();
        for (key, value) in &metrics.dimensions {
            dimensions.push(key, origin, value.clone());
        }
        Some(Found { namespace: Value::string(origin, metrics.namespace), name, dimensions })
    }

    fn report_part(&self, of: &Reference, known: &[Metrics], site: &Site<'_>) {
        // A component that has no metrics at all is reported at its wire.
        let (Some(part), false) = (&self.part, known.is_empty()) else { return };
        let parts: Vec<&str> = known.iter().filter_map(|metrics| metrics.part.as_deref()).collect();
        let help = if parts.is_empty() {
            "remove `part`, or see the settings of the component".to_owned()
        } else {
            format!("it has {}", alternatives(parts))
        };
        let message = format!("`{}` has no part `{}` with its settings", of.name(), part.value);
        site.scope.sink().report(&PART, part.span(), message).help(help);
    }

    fn report_name(&self, of: &Reference, metrics: &Metrics, site: &Site<'_>) {
        let given = self.name.value.as_str();
        let other = metrics.others.iter().find(|(name, _)| *name == given);
        let close = closest(given, metrics.names.iter().copied())
            .or_else(|| metrics.names.iter().copied().find(|name| name.starts_with(given)));
        let help = match (other, close) {
            (Some((_, condition)), _) => format!("it exists only with {condition}"),
            (None, Some(name)) => format!("did you mean `{name}`?"),
            (None, None) => format!("it has {}", alternatives(metrics.names.iter().copied().take(12))),
        };
        let message = format!("`{}` has no metric `{given}`", of.name());
        let mut sink = site.scope.sink();
        let finding = sink.report(&UNKNOWN, self.name.span(), message).help(help);
        if other.is_none() {
            finding.meant(given, metrics.names.iter().copied());
        }
    }
}

/// Seconds that one value stands for, as a property.
pub fn period(origin: Origin, metric: &Metric) -> Value {
    let origin = metric.period_seconds.as_ref().map_or(origin, |period| Origin::Written(period.span()));
    Value::new(origin, Data::Number(metric.period().into()))
}

/// A metric as CloudFormation identifies it.
pub fn identity(origin: Origin, found: Found) -> Map {
    let dimension = |(key, value): (Key, Value)| map!(origin; "Name" => key.text, "Value" => value);
    let dimensions: Vec<Map> = found.dimensions.0.into_iter().map(dimension).collect();
    map!(origin;
        "Namespace" => found.namespace,
        "MetricName" => found.name,
        "Dimensions" => (!dimensions.is_empty()).then_some(dimensions),
    )
}

/// The ids that an expression uses; those that are no metric's are reported. `None` where it cannot be known before
/// deployment.
pub fn check_ids(text: &Text, known: &[&str], sink: &mut Sink) -> Option<Vec<String>> {
    let expression = text.literal()?;
    // These take all metrics without naming them, or ask for others.
    if expression.contains("METRICS(") || expression.trim_start().starts_with("SELECT") {
        return Some(known.iter().map(|id| (*id).to_owned()).collect());
    }
    let used = identifiers(&expression);
    for id in used.iter().filter(|id| !known.contains(id)) {
        let help = match closest(id, known.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("here are {}", alternatives(known.iter().copied())),
        };
        sink.report(&ID, text.span, format!("no metric has the id `{id}`")).help(help);
    }
    Some(used.into_iter().map(str::to_owned).collect())
}

/// The ids in an expression: functions are written in capitals, and ids start with a small letter.
///
/// Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
fn identifiers(expression: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '"' || c == '\'') {
        let tail = &rest[at..];
        if let Some(quote) = tail.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            rest = tail[1..].split_once(quote).map_or("", |(_, rest)| rest);
            continue;
        }
        let end = tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tail.len());
        if tail.starts_with(|c: char| c.is_ascii_lowercase()) {
            found.push(&tail[..end]);
        }
        rest = &tail[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::identifiers;

    #[test]
    fn ids_are_told_from_functions_numbers_and_texts() {
        assert_eq!(identifiers("100*(m1/300)/limit_2"), ["m1", "limit_2"]);
        assert_eq!(identifiers("IF(errors > 5e3, SUM(METRICS(\"m1\")), 0)"), ["errors"]);
        assert_eq!(identifiers("SEARCH('{AWS/EC2} name', 'Sum')"), Vec::<&str>::new());
    }
}
