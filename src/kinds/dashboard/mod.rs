//! `dashboard`

mod logs;
mod row;
mod series;
mod widget;

use schemars::JsonSchema;
use serde::Deserialize;

use self::row::Row;
use self::widget::Widget;
use super::site::json_string;
use super::standing::{Policy, Standing, plain};
use super::{Attribute, Component, Get, Kind, Site, Wire};
use crate::blueprint::text::{Located, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::Span;
use crate::template::{Data, Payload, Value};

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

codes! {
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

const DASHBOARD: &str = "Dashboard";

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
    codes: &[CODES, widget::CODES],
    schema: super::model_schema::<Dashboard>,
    decode: super::decode::<Dashboard>,
};
