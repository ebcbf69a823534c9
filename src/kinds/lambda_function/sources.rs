//! What a function reads by itself: streams and queues, from which Lambda hands it batches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blueprint::NAME_PATTERN;
use crate::blueprint::text::{Located, Reference, Setting};
use crate::kinds::site::pascal_case;
use crate::kinds::{Access, Feed, Feeder, Site, Wire};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// A stream or a queue from which Lambda hands batches to the function.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSource {
    /// The `kinesis-stream` or `sqs-queue`.
    from: Reference,
    /// The consumer of the stream with which it reads, so that it shares no throughput with others. Only of a stream.
    #[schemars(regex(pattern = NAME_PATTERN))]
    consumer: Option<Located<String>>,
    /// Records or messages that are handed over at once, at most. The default is 100 of a stream and 10 of a queue.
    #[schemars(extend("minimum" = 1, "maximum" = 10_000))]
    batch_size: Option<Setting<u32>>,
    /// Seconds for which Lambda gathers them before it hands them over. The default is 0.
    #[schemars(extend("minimum" = 0, "maximum" = 300))]
    window_seconds: Option<Setting<u32>>,
    /// Runs at the same time that the queue starts, at most. Only of a queue.
    #[schemars(extend("minimum" = 2, "maximum" = 1000))]
    max_concurrency: Option<Setting<u32>>,
    /// Batches of one shard that run at the same time; records with one partition key stay in order. The default is 1.
    /// Only of a stream.
    #[schemars(extend("minimum" = 1, "maximum" = 10))]
    parallelization_factor: Option<Setting<u32>>,
    /// Where reading starts. The default is `trim-horizon`. Only of a stream.
    starting_position: Option<Located<StartingPosition>>,
    /// Whether a batch that fails is tried again in two halves, which finds the record that is to blame. The default is
    /// `true`. Only of a stream.
    bisect_on_error: Option<Located<bool>>,
    /// How often a batch is tried again. Without it that goes on until its records leave the stream, and nothing after
    /// them is read. What is given up goes to the dead letters of the function, if it has them. Only of a stream; a
    /// queue has `dead_letters` of its own.
    #[schemars(extend("minimum" = 0, "maximum" = 10_000))]
    max_retries: Option<Setting<u32>>,
    /// Seconds after which a record is given up. Only of a stream.
    #[schemars(extend("minimum" = 60, "maximum" = 604_800))]
    max_age_seconds: Option<Setting<u32>>,
    /// Seconds of the windows over which the function sums up, handing its state from one batch to the next. Only of a
    /// stream.
    #[schemars(extend("minimum" = 1, "maximum" = 900))]
    tumbling_window_seconds: Option<Setting<u32>>,
    /// Whether the function says which records or messages of a batch failed (`batchItemFailures`), so that only those are tried
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

codes! {
    /// An event source has a setting that its kind does not have.
    ///
    /// A stream is read from a position, shard by shard, and its records are tried until they are given up. Messages of a
    /// queue are taken one by one, and what fails too often is for the queue to move.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     visibility_timeout_seconds: 360
    ///   worker:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     event_sources: [{ from: work, max_retries: 5 }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///     visibility_timeout_seconds: 360
    ///     dead_letters: { after: 5 }
    ///   worker:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): pass"
    ///     event_sources: [{ from: work }]
    /// ```
    ///
    /// Source: Lambda Developer Guide, "Lambda parameters for Amazon SQS event source mappings" and "Lambda parameters
    /// for Amazon Kinesis Data Streams event source mappings".
    SETTING = Error "unsupported-source-setting";
}

impl EventSource {
    /// The stream or queue.
    pub fn from(&self) -> &Reference {
        &self.from
    }

    /// The wire to it, for a function with this timeout.
    pub fn wire(&self, timeout_seconds: &Setting<u32>) -> Wire<'_> {
        let known = |setting: &Setting<u32>| match setting {
            Setting::Known(known) => Some(known.clone()),
            Setting::Deferred(_) => None,
        };
        let feed = Feed {
            consumer: self.consumer.clone(),
            timeout_seconds: known(timeout_seconds),
            batch_size: self.batch_size.as_ref().and_then(known),
            window_seconds: self.window_seconds.as_ref().map_or_else(|| Some(Located::nowhere(0)), known),
        };
        Wire { to: &self.from, access: Access::Feed(Box::new(feed)) }
    }

    /// The settings that only one of the two has, and where they are written.
    fn settings_of(&self, feeder: Feeder) -> Vec<(&'static str, Span)> {
        let span = |setting: &Option<Setting<u32>>| setting.as_ref().map(Setting::span);
        let settings = match feeder {
            Feeder::Queue => vec![("max_concurrency", span(&self.max_concurrency))],
            Feeder::Stream => vec![
                ("consumer", self.consumer.as_ref().map(Located::span)),
                ("parallelization_factor", span(&self.parallelization_factor)),
                ("starting_position", self.starting_position.as_ref().map(Located::span)),
                ("bisect_on_error", self.bisect_on_error.as_ref().map(Located::span)),
                ("max_retries", span(&self.max_retries)),
                ("max_age_seconds", span(&self.max_age_seconds)),
                ("tumbling_window_seconds", span(&self.tumbling_window_seconds)),
            ],
        };
        settings.into_iter().filter_map(|(name, span)| Some((name, span?))).collect()
    }

    fn check_settings(&self, feeder: Feeder, site: &Site<'_>) {
        let (other, what) = match feeder {
            Feeder::Stream => (Feeder::Queue, "a stream"),
            Feeder::Queue => (Feeder::Stream, "a queue"),
        };
        for (name, span) in self.settings_of(other) {
            let help = match name {
                "max_retries" => "write `dead_letters: { after: … }` for the queue instead".to_owned(),
                "max_concurrency" => "remove it, or write `reserved_concurrency` for the function".to_owned(),
                _ => format!("remove `{name}`"),
            };
            site.scope
                .sink()
                .report(&SETTING, span, format!("`{}` is {what}, which has no `{name}`", self.from.name()))
                .also(self.from.span(), "the event source")
                .help(help);
        }
    }

    /// Makes the mapping; `dead_letters` is the queue for what is given up.
    pub fn compose(&self, wire: usize, function: Value, dead_letters: Option<Value>, site: &mut Site<'_>) {
        // What feeds no function was reported at its wire.
        let Some(feeder) = site.granted.get(wire).and_then(|grant| grant.as_ref()?.feeder) else { return };
        self.check_settings(feeder, site);
        let origin = Origin::Derived(self.from.span());
        let scope = site.scope;
        let setting = |setting: &Option<Setting<u32>>| setting.as_ref().map(|setting| scope.setting(setting));
        let mut properties = map!(origin;
            "FunctionName" => function,
            "EventSourceArn" => site.address(wire),
            "BatchSize" => setting(&self.batch_size),
            "MaximumBatchingWindowInSeconds" => setting(&self.window_seconds),
            "FunctionResponseTypes" => self.report_failures.then(|| vec!["ReportBatchItemFailures"]),
        );
        let own: Map = match feeder {
            Feeder::Queue => map!(origin;
                "ScalingConfig" => setting(&self.max_concurrency).map(|most| map!(origin; "MaximumConcurrency" => most)),
            ),
            Feeder::Stream => map!(origin;
                "StartingPosition" => self.starting_position.as_ref().map_or_else(StartingPosition::default, |at| at.value).name(),
                "ParallelizationFactor" => setting(&self.parallelization_factor),
                "BisectBatchOnFunctionError" => self.bisect_on_error.as_ref().is_none_or(|bisect| bisect.value),
                "MaximumRetryAttempts" => setting(&self.max_retries),
                "MaximumRecordAgeInSeconds" => setting(&self.max_age_seconds),
                "TumblingWindowInSeconds" => setting(&self.tumbling_window_seconds),
                "DestinationConfig" => dead_letters
                    .map(|queue| map!(origin; "OnFailure" => map!(origin; "Destination" => queue))),
            ),
        };
        properties.0.extend(own.0);
        let role = format!("EventsFrom{}", pascal_case(&site.name_of(&self.from)));
        site.add(&role, "AWS::Lambda::EventSourceMapping", properties);
    }
}
