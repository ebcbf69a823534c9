//! What a function reads by itself: streams, from which Lambda hands it batches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blueprint::NAME_PATTERN;
use crate::blueprint::text::{Located, Reference, Setting};
use crate::kinds::site::pascal_case;
use crate::kinds::{Access, Site, Wire};
use crate::map;
use crate::source::Origin;
use crate::template::{Map, Value};

/// A stream from which Lambda hands batches to the function.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSource {
    /// The `kinesis-stream`.
    from: Reference,
    /// The consumer of the stream with which it reads, so that it shares no throughput with others.
    #[schemars(regex(pattern = NAME_PATTERN))]
    consumer: Option<Located<String>>,
    /// Records that are handed over at once, at most. The default is 100.
    #[schemars(extend("minimum" = 1, "maximum" = 10_000))]
    batch_size: Option<Setting<u32>>,
    /// Seconds for which Lambda gathers records before it hands them over. The default is 0.
    #[schemars(extend("minimum" = 0, "maximum" = 300))]
    window_seconds: Option<Setting<u32>>,
    /// Batches of one shard that run at the same time; records with one partition key stay in order. The default is 1.
    #[schemars(extend("minimum" = 1, "maximum" = 10))]
    parallelization_factor: Option<Setting<u32>>,
    /// Where reading starts.
    #[serde(default)]
    starting_position: StartingPosition,
    /// Whether a batch that fails is tried again in two halves, which finds the record that is to blame.
    #[serde(default = "yes")]
    bisect_on_error: bool,
    /// How often a batch is tried again. Without it that goes on until its records leave the stream, and nothing after
    /// them is read. What is given up goes to the dead letters of the function, if it has them.
    #[schemars(extend("minimum" = 0, "maximum" = 10_000))]
    max_retries: Option<Setting<u32>>,
    /// Seconds after which a record is given up.
    #[schemars(extend("minimum" = 60, "maximum" = 604_800))]
    max_age_seconds: Option<Setting<u32>>,
    /// Seconds of the windows over which the function sums up, handing its state from one batch to the next.
    #[schemars(extend("minimum" = 1, "maximum" = 900))]
    tumbling_window_seconds: Option<Setting<u32>>,
    /// Whether the function says which records of a batch failed (`batchItemFailures`), so that only those are tried
    /// again.
    #[serde(default)]
    report_failures: bool,
}

/// Where reading starts.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum StartingPosition {
    /// With the oldest record that the stream has.
    #[default]
    TrimHorizon,
    /// With what arrives once the function is connected; what arrives meanwhile may be missed.
    Latest,
}

impl StartingPosition {
    /// Source: Lambda API, `CreateEventSourceMapping`.
    fn name(self) -> &'static str {
        match self {
            Self::TrimHorizon => "TRIM_HORIZON",
            Self::Latest => "LATEST",
        }
    }
}

fn yes() -> bool {
    true
}

impl EventSource {
    /// The stream.
    pub fn from(&self) -> &Reference {
        &self.from
    }

    /// The wire to the stream.
    pub fn wire(&self) -> Wire<'_> {
        Wire { to: &self.from, access: Access::ReadRecords(self.consumer.clone()) }
    }

    /// Makes the mapping; `dead_letters` is the queue for what is given up.
    pub fn compose(&self, wire: usize, function: Value, dead_letters: Option<Value>, site: &mut Site<'_>) {
        let origin = Origin::Derived(self.from.span());
        let scope = site.scope;
        let setting = |setting: &Option<Setting<u32>>| setting.as_ref().map(|setting| scope.setting(setting));
        let failed: Option<Map> =
            dead_letters.map(|queue| map!(origin; "OnFailure" => map!(origin; "Destination" => queue)));
        let properties = map!(origin;
            "FunctionName" => function,
            "EventSourceArn" => site.address(wire),
            "StartingPosition" => self.starting_position.name(),
            "BatchSize" => setting(&self.batch_size),
            "MaximumBatchingWindowInSeconds" => setting(&self.window_seconds),
            "ParallelizationFactor" => setting(&self.parallelization_factor),
            "BisectBatchOnFunctionError" => self.bisect_on_error,
            "MaximumRetryAttempts" => setting(&self.max_retries),
            "MaximumRecordAgeInSeconds" => setting(&self.max_age_seconds),
            "TumblingWindowInSeconds" => setting(&self.tumbling_window_seconds),
            "FunctionResponseTypes" => self.report_failures.then(|| vec!["ReportBatchItemFailures"]),
            "DestinationConfig" => failed,
        );
        let role = format!("EventsFrom{}", pascal_case(&site.name_of(&self.from)));
        site.add(&role, "AWS::Lambda::EventSourceMapping", properties);
    }
}
