//! `dashboard`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::metric::{Found, Metric, PERIOD_SECONDS, check_ids, statistic};
use super::site::json_string;
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Get, Kind, Site, Wire};
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Data, Key, Map, Payload, Value};

/// A dashboard of CloudWatch, row by row.
///
/// The widgets of a row share its width of 24 columns. A metric of a component needs only its name; namespace and
/// dimensions follow.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to: { s3: archive }
///   late:
///     kind: alarm
///     metric: { of: delivery, name: DeliveryToS3.DataFreshness, statistic: maximum }
///     threshold: 900
///   operations:
///     kind: dashboard
///     rows:
///       - - text: "# Delivery"
///       - - alarms: [late]
///           width: 6
///         - title: Freshness in seconds
///           graph:
///             - { of: delivery, name: DeliveryToS3.DataFreshness, statistic: maximum }
///           lines: [{ at: 900, label: too late }]
///         - title: Records
///           number:
///             - { of: delivery, name: IncomingRecords, statistic: sum }
///       - - title: Errors
///           logs: { names: ["${delivery.log-group}"], query: "fields @timestamp, @message | sort @timestamp desc" }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// Name of the dashboard. The default is the name of the stack, `-` and the name of the component.
    name: Option<Text>,
    /// Which time it shows at first, for example `-PT3H` or `-P7D`. The default is CloudWatch's, three hours.
    #[schemars(regex(pattern = TIME_PATTERN))]
    start: Option<Located<String>>,
    /// The rows, from above: lists of widgets, or `height` and `widgets`.
    #[schemars(length(min = 1))]
    rows: Vec<Row>,
}

/// Widgets beside each other.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Row {
    /// With the height that follows from the widgets.
    #[serde(rename = "List")]
    Short(Vec<Widget>),
    /// With its height.
    #[serde(rename = "Map")]
    Long(LongRow),
}

/// Widgets beside each other, with their height.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DashboardRow")]
struct LongRow {
    /// Height in units of the grid. The default is 6, and 2 where all widgets are `text`.
    #[schemars(range(min = 1, max = 1000))]
    height: u32,
    /// The widgets, from the left.
    #[schemars(length(min = 1, max = 24))]
    widgets: Vec<Widget>,
}

impl JsonSchema for Row {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Row".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let widget = generator.subschema_for::<Widget>();
        schemars::json_schema!({
            "anyOf": [
                {"type": "array", "minItems": 1, "maxItems": 24, "items": widget},
                generator.subschema_for::<LongRow>()
            ]
        })
    }
}

/// A part of a dashboard: one of `text`, `graph`, `number`, `alarms` and `logs`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Widget {
    /// What stands above it.
    title: Option<Located<String>>,
    /// Columns of the 24 of the row. The default is an equal share of those that are left.
    #[schemars(range(min = 1, max = 24))]
    width: Option<Located<u32>>,
    /// Text in Markdown.
    text: Option<Text>,
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

/// A metric in a widget, or an expression over others.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Series {
    /// An expression.
    #[serde(rename = "Text")]
    Expression(Text),
    /// A metric.
    #[serde(rename = "Map")]
    Metric(Box<Metric>),
}

impl JsonSchema for Series {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Series".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                {
                    "type": "string",
                    "description": "Metric math; the metrics of the widget are `m1`, `m2`, … in order.",
                },
                generator.subschema_for::<Metric>()
            ]
        })
    }
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

/// A query over logs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Logs {
    /// `log-group`s.
    #[serde(default)]
    from: Vec<Reference>,
    /// Names of log groups that are no components.
    #[serde(default)]
    names: Vec<Text>,
    /// The query, in the language of CloudWatch Logs Insights.
    query: Text,
    /// How the result is shown.
    #[serde(default)]
    view: View,
}

/// How the result of a query is shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum View {
    /// Line by line.
    #[default]
    Table,
    /// Over time.
    TimeSeries,
    /// As bars.
    Bar,
    /// As a pie.
    Pie,
}

impl View {
    /// Source: CloudWatch User Guide, "Dashboard Body Structure and Syntax", log widget.
    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::TimeSeries => "timeSeries",
            Self::Bar => "bar",
            Self::Pie => "pie",
        }
    }
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

    /// A dashboard is larger than CloudWatch takes.
    ///
    /// A row has 24 columns, and a dashboard 500 widgets.
    ///
    /// ```yaml
    /// components:
    ///   operations:
    ///     kind: dashboard
    ///     rows:
    ///       - - { text: left, width: 16 }
    ///         - { text: right, width: 16 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   operations:
    ///     kind: dashboard
    ///     rows:
    ///       - - { text: left, width: 16 }
    ///         - { text: right, width: 8 }
    /// ```
    ///
    /// Source: CloudWatch User Guide, "Dashboard Body Structure and Syntax".
    SIZE = Error "dashboard-too-large";
}

/// Source: CloudWatch User Guide, "Dashboard Body Structure and Syntax", `start`.
pub(super) const TIME_PATTERN: &str = "^-P(T[0-9]+[MH]|[0-9]+[DWM])$";

/// Source: CloudWatch User Guide, "Dashboard Body Structure and Syntax".
const COLUMNS: u32 = 24;
const MAX_WIDGETS: usize = 500;

const HEIGHT: u32 = 6;
const TEXT_HEIGHT: u32 = 2;
const DASHBOARD: &str = "Dashboard";

impl Row {
    fn widgets(&self) -> &[Widget] {
        match self {
            Self::Short(widgets) => widgets,
            Self::Long(row) => &row.widgets,
        }
    }

    fn height(&self) -> u32 {
        match self {
            Self::Long(row) => row.height,
            Self::Short(widgets) if widgets.iter().all(|widget| widget.text.is_some()) => TEXT_HEIGHT,
            Self::Short(_) => HEIGHT,
        }
    }

    /// The widths of the widgets: those that are written, and equal shares of the rest, the first ones wider where it
    /// cannot be divided. `None` where there is not enough.
    fn widths(&self) -> Option<Vec<u32>> {
        let widgets = self.widgets();
        let written: u32 = widgets.iter().filter_map(|widget| widget.width.as_ref()).map(|width| width.value).sum();
        let open = u32::try_from(widgets.iter().filter(|widget| widget.width.is_none()).count()).ok()?;
        let rest = COLUMNS.checked_sub(written)?;
        if rest < open {
            return None;
        }
        let mut left = rest.checked_rem(open).unwrap_or(0);
        let share = rest.checked_div(open).unwrap_or(0);
        let width = |widget: &Widget| match &widget.width {
            Some(width) => width.value,
            None if left > 0 => {
                left -= 1;
                share + 1
            }
            None => share,
        };
        Some(widgets.iter().map(width).collect())
    }
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
    fn span(&self) -> Option<Span> {
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

    fn check(&self, name: Span, sink: &mut Sink) {
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
    fn wires(&self) -> Vec<Wire<'_>> {
        let alarms = self.alarms.iter().flatten().map(|to| Wire { to, access: Access::ShowState });
        let logs = self.logs.iter().flat_map(|logs| &logs.from).map(|to| Wire { to, access: Access::TailLogs });
        alarms.chain(logs).chain(self.metrics().filter_map(Metric::wire)).collect()
    }

    /// The type of the widget and its properties; `first` is the first of its wires.
    fn compose(&self, first: usize, site: &Site<'_>) -> (&'static str, Map) {
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
            "metrics" => compose_series(self.series(), site),
            "annotations" => lines,
        );
        ("metric", properties)
    }
}

/// The metrics of a widget as its body has them: namespace, name, dimensions in pairs, and how they are shown.
fn compose_series(series: &[Series], site: &Site<'_>) -> Vec<Value> {
    let origin = site.place.origin;
    let expressions = series.iter().any(|one| matches!(one, Series::Expression(_)));
    let mut metrics = 0;
    let mut rows = Vec::new();
    for (position, one) in series.iter().enumerate() {
        let row = match one {
            Series::Expression(text) => {
                let id = format!("e{}", position + 1);
                let expression = map!(origin; "expression" => site.scope.value(text), "id" => id);
                vec![Value::new(origin, Data::Map(expression))]
            }
            Series::Metric(metric) => {
                metrics += 1;
                let Some(Found { namespace, name, dimensions }) = metric.find(site) else { continue };
                let mut row = vec![namespace, name];
                for (Key { text, origin }, value) in dimensions.0 {
                    row.extend([Value::string(origin, text), value]);
                }
                let options = map!(origin;
                    "stat" => statistic(&metric.statistic.value).0,
                    "period" => metric.period(),
                    "id" => expressions.then(|| format!("m{metrics}")),
                );
                row.push(Value::new(origin, Data::Map(options)));
                row
            }
        };
        rows.push(Value::new(origin, Data::List(row)));
    }
    rows
}

impl Logs {
    /// The query with its log groups before it, as the body of a dashboard has it.
    fn query(&self, first: usize, site: &Site<'_>) -> Value {
        let origin = Origin::Written(self.query.span);
        let components = (first..first + self.from.len()).filter_map(|wire| site.address(wire));
        let names = self.names.iter().map(|name| site.scope.value(name));
        let mut parts = Vec::new();
        for group in components.chain(names) {
            parts.extend([Value::string(origin, "SOURCE '"), group, Value::string(origin, "' | ")]);
        }
        parts.push(site.scope.value(&self.query));
        super::site::join(origin, &parts)
    }
}

impl Component for Dashboard {
    fn wires(&self) -> Vec<Wire<'_>> {
        self.rows.iter().flat_map(Row::widgets).flat_map(Widget::wires).collect()
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        for row in &self.rows {
            row.widgets().iter().for_each(|widget| widget.check(name, sink));
            if row.widths().is_none() {
                let span = row.widgets().iter().rev().find_map(Widget::span).unwrap_or(name);
                sink.report(&SIZE, span, format!("the widgets of this row need more than {COLUMNS} columns"))
                    .help("make them narrower, or begin another row");
            }
        }
        let count: usize = self.rows.iter().map(|row| row.widgets().len()).sum();
        if count > MAX_WIDGETS {
            sink.report(&SIZE, name, format!("{count} widgets, at most {MAX_WIDGETS}")).help("make a second dashboard");
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let mut widgets = Vec::new();
        let (mut y, mut wire) = (0, 0);
        for row in &self.rows {
            let (mut x, height) = (0, row.height());
            for (widget, width) in row.widgets().iter().zip(row.widths().unwrap_or_default()) {
                let (kind, properties) = widget.compose(wire, site);
                wire += widget.wires().len();
                widgets.push(map!(origin;
                    "type" => kind,
                    "x" => x,
                    "y" => y,
                    "width" => width,
                    "height" => height,
                    "properties" => properties,
                ));
                x += width;
            }
            y += height;
        }
        let body = map!(origin;
            "start" => self.start.as_ref().map(|start| start.to_value(origin)),
            "widgets" => Payload::from(widgets),
        );
        let name = match &self.name {
            Some(name) => scope.value(name),
            None => Value::sub(origin, format!("${{AWS::StackName}}-{}", place.name)),
        };
        let properties = map!(origin;
            "DashboardName" => name,
            "DashboardBody" => json_string(&Value::new(origin, Data::Map(body)), origin),
        );
        site.add(DASHBOARD, "AWS::CloudWatch::Dashboard", properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "dashboard",
    ports: &[],
    attributes: &[
        Attribute { name: "name", doc: "Name of the dashboard.", get: Get::Ref(DASHBOARD) },
        Attribute {
            name: "arn",
            doc: "ARN of the dashboard.",
            get: Get::Text(DASHBOARD, "arn:${AWS::Partition}:cloudwatch::${AWS::AccountId}:dashboard/{}"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::CloudWatch::Dashboard"],
        role: DASHBOARD,
        without: &[],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Dashboard>,
    decode: super::decode::<Dashboard>,
};
