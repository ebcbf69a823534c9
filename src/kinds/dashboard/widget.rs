//! A widget of a dashboard: what it shows.

use schemars::JsonSchema;
use serde::Deserialize;

use super::logs::Logs;
use super::series::{self, Series};
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::Sink;
use crate::kinds::metric::{Metric, PERIOD_SECONDS, check_ids};
use crate::kinds::{Access, Site, Wire};
use crate::map;
use crate::source::Span;
use crate::template::{Data, Map, Value};

/// A part of a dashboard: one of `text`, `graph`, `number`, `alarms` and `logs`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Widget {
    /// What stands above it.
    title: Option<Located<String>>,
    /// Columns of the 24 of the row. The default is an equal share of those that are left.
    #[schemars(range(min = 1, max = 24))]
    pub width: Option<Located<u32>>,
    /// Text in Markdown.
    pub text: Option<Text>,
    /// Metrics over time.
    #[schemars(length(min = 1, max = 500))]
    graph: Option<Vec<Series>>,
    /// The last values of metrics, as numbers.
    #[schemars(length(min = 1, max = 500))]
    number: Option<Vec<Series>>,
    /// `alarm`s, each in the colour of its state.
    #[schemars(length(min = 1, max = 100))]
    alarms: Option<Vec<Reference>>,
    /// What a query finds in logs.
    logs: Option<Logs>,
    /// Horizontal lines of a `graph`.
    #[serde(default)]
    lines: Vec<Line>,
    /// Whether the metrics of a `graph` are stacked.
    #[serde(default)]
    stacked: bool,
}

/// A horizontal line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Its value.
    at: serde_json::Number,
    /// What it means.
    label: Option<Located<String>>,
}

codes! {
    /// A widget shows nothing, or several things.
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   operations:
    ///     kind: dashboard
    ///     rows:
    ///       - - text: The queue
    ///           number: [{ of: work, name: NumberOfMessagesSent, statistic: sum }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   work:
    ///     kind: sqs-queue
    ///   operations:
    ///     kind: dashboard
    ///     rows:
    ///       - - title: The queue
    ///           number: [{ of: work, name: NumberOfMessagesSent, statistic: sum }]
    /// ```
    ///
    /// Source: CloudWatch User Guide, "Dashboard Body Structure and Syntax".
    WIDGET = Error "unclear-widget";
}

impl Widget {
    /// What it shows, by the names of the fields.
    fn shows(&self) -> Vec<&'static str> {
        let fields = [
            ("text", self.text.is_some()),
            ("graph", self.graph.is_some()),
            ("number", self.number.is_some()),
            ("alarms", self.alarms.is_some()),
            ("logs", self.logs.is_some()),
        ];
        fields.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    fn series(&self) -> &[Series] {
        self.graph.as_deref().or(self.number.as_deref()).unwrap_or_default()
    }

    fn metrics(&self) -> impl Iterator<Item = &Metric> {
        let all = self.graph.iter().chain(&self.number).flatten();
        all.filter_map(|series| match series {
            Series::Metric(metric) => Some(metric.as_ref()),
            Series::Expression(_) => None,
        })
    }

    /// The best place for a finding about it.
    pub fn span(&self) -> Option<Span> {
        let logs = self.logs.as_ref().map(|logs| logs.query.span);
        let alarm = self.alarms.iter().flatten().next().map(Reference::span);
        let title = self.title.as_ref().map(Located::span);
        self.width
            .as_ref()
            .map(Located::span)
            .or(self.text.as_ref().map(|text| text.span))
            .or_else(|| self.metrics().next().map(Metric::span))
            .or(logs)
            .or(alarm)
            .or(title)
    }

    /// Reports what is wrong with it by itself.
    pub fn check(&self, name: Span, sink: &mut Sink) {
        let span = self.span().unwrap_or(name);
        match self.shows().as_slice() {
            [] => {
                sink.report(&WIDGET, span, "this widget shows nothing")
                    .help("add one of `text`, `graph`, `number`, `alarms` and `logs`");
            }
            [one] if *one != "graph" && (self.stacked || !self.lines.is_empty()) => {
                sink.report(&WIDGET, span, "only a `graph` has `lines` or is `stacked`").help("remove them");
            }
            [_] => {}
            [first, second, ..] => {
                sink.report(&WIDGET, span, format!("this widget has both `{first}` and `{second}`"))
                    .help("make a widget of each; `title` stands above a widget");
            }
        }
        if let Some(logs) = self.logs.as_ref().filter(|logs| logs.from.is_empty() && logs.names.is_empty()) {
            sink.report(&WIDGET, logs.query.span, "this query has no log groups").help("add `from` or `names`");
        }
        self.metrics().for_each(|metric| metric.check(sink));
        let ids: Vec<String> = self.metrics().zip(1..).map(|(_, number)| format!("m{number}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        for series in self.graph.iter().chain(&self.number).flatten() {
            if let Series::Expression(text) = series {
                check_ids(text, &ids, sink);
            }
        }
    }

    /// The uses of other components, in the order in which they are composed.
    pub fn wires(&self) -> Vec<Wire<'_>> {
        let alarms = self.alarms.iter().flatten().map(|to| Wire { to, access: Access::ShowState });
        let logs = self.logs.iter().flat_map(|logs| &logs.from).map(|to| Wire { to, access: Access::TailLogs });
        alarms.chain(logs).chain(self.metrics().filter_map(Metric::wire)).collect()
    }

    /// The type of the widget and its properties; `first` is the first of its wires.
    pub fn compose(&self, first: usize, site: &Site<'_>) -> (&'static str, Map) {
        let origin = site.place.origin;
        let region = Value::reference(origin, "AWS::Region");
        let title = self.title.as_ref().map(|title| title.to_value(origin));
        if let Some(text) = &self.text {
            return ("text", map!(origin; "markdown" => site.scope.value(text)));
        }
        if let Some(alarms) = &self.alarms {
            let arns: Vec<Value> = (first..first + alarms.len()).filter_map(|wire| site.address(wire)).collect();
            return ("alarm", map!(origin; "title" => title, "alarms" => arns));
        }
        if let Some(logs) = &self.logs {
            let query = logs.query(first, site);
            let view = logs.view.name();
            return ("log", map!(origin; "title" => title, "region" => region, "query" => query, "view" => view));
        }
        let lines: Vec<Map> = self
            .lines
            .iter()
            .map(|line| {
                map!(origin;
                    "value" => Value::new(origin, Data::Number(line.at.clone())),
                    "label" => line.label.as_ref().map(|label| label.to_value(origin)),
                )
            })
            .collect();
        let lines = (!lines.is_empty()).then(|| map!(origin; "horizontal" => lines));
        let period = self.metrics().map(Metric::period).min().unwrap_or(PERIOD_SECONDS);
        let properties = map!(origin;
            "title" => title,
            "region" => region,
            "view" => if self.number.is_some() { "singleValue" } else { "timeSeries" },
            "stacked" => self.graph.is_some().then_some(self.stacked),
            "period" => period,
            "metrics" => series::compose(self.series(), site),
            "annotations" => lines,
        );
        ("metric", properties)
    }
}
