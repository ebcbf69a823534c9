//! How alarms look at values: over how many periods, and what is made of those without any.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::metric;
use crate::blueprint::text::Located;
use crate::diagnostics::Sink;
use crate::source::Span;

/// What a period without values means.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingData {
    /// It is not known whether all is well.
    #[default]
    Missing,
    /// Nothing changes.
    Ignore,
    /// The threshold is passed.
    Breaching,
    /// All is well.
    NotBreaching,
}

impl MissingData {
    /// How CloudWatch calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ignore => "ignore",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
        }
    }
}

codes! {
    /// More values must pass the threshold than are looked at.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   backlog:
    ///     kind: alarm
    ///     metric: { of: work, name: ApproximateNumberOfMessagesVisible, statistic: maximum }
    ///     threshold: 100
    ///     evaluation_periods: 2
    ///     datapoints: 3
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
    ///     evaluation_periods: 3
    ///     datapoints: 2
    /// ```
    ///
    /// Source: CloudWatch API, `PutMetricAlarm`: M out of N.
    DATAPOINTS = Error "too-many-datapoints";
}

/// How far an alarm looks back. Source: CloudWatch API, `PutMetricAlarm`, `Period`.
const LONG_PERIOD_SECONDS: u32 = 3600;
const MAX_SECONDS: u64 = 86_400;
const MAX_SECONDS_OF_LONG_PERIODS: u64 = 604_800;

/// Who tells others about alarms.
pub const SERVICE: &str = "cloudwatch.amazonaws.com";

/// For fields that are on unless they are turned off.
pub fn yes() -> bool {
    true
}

/// For numbers of periods.
pub fn one() -> u32 {
    1
}

/// Reports what CloudWatch does not take: `period` in seconds, how many of them, and in how many the alarm must go off.
pub fn check(period: Option<u32>, periods: u32, datapoints: Option<&Located<u32>>, name: Span, sink: &mut Sink) {
    if let Some(period) = period {
        let total = u64::from(period) * u64::from(periods);
        let limit = if period < LONG_PERIOD_SECONDS { MAX_SECONDS } else { MAX_SECONDS_OF_LONG_PERIODS };
        if total > limit {
            let message = format!("this alarm looks back {total} seconds, at most {limit} with periods of {period}");
            sink.report(&metric::PERIOD, name, message).help("lower `evaluation_periods` or the period");
        }
    }
    if let Some(datapoints) = datapoints.filter(|datapoints| datapoints.value > periods) {
        let message = format!("{} of {periods} values", datapoints.value);
        sink.report(&DATAPOINTS, datapoints.span(), message).help("raise `evaluation_periods`, or lower `datapoints`");
    }
}
