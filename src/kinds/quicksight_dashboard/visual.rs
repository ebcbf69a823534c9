//! A visual: what it shows, and how that becomes the fields of a chart.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::measure::{Dimension, Measure};
use super::sheet::Fields;
use crate::blueprint::text::{Located, Reference};
use crate::diagnostics::Sink;
use crate::kinds::quicksight_dataset::{FieldType, TYPE};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::Map;

/// A part of a sheet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightVisual")]
pub struct Visual {
    /// What it is.
    show: Located<Chart>,
    /// What stands above it. Its id follows from that, so that what refers to it still finds it after other changes.
    #[schemars(length(min = 1, max = 512))]
    title: Option<Located<String>>,
    /// The `quicksight-dataset` of its fields. The default is that of the sheet.
    pub of: Option<Reference>,
    /// What it measures: one value in a `kpi` or `pie`, one or more otherwise.
    #[serde(default)]
    #[schemars(length(max = 200))]
    values: Vec<Measure>,
    /// What the values are grouped by: the columns of a `table`, the axis of a `bar` or `line`, the slices of a `pie`, the
    /// time of the trend of a `kpi`.
    #[serde(default)]
    #[schemars(length(max = 200))]
    by: Vec<Dimension>,
    /// What a `bar` or `line` is split by, in colours.
    color: Option<Dimension>,
    /// What the value of a `kpi` is compared with.
    target: Option<Measure>,
    /// How many of the greatest a `bar` or `pie` shows; the rest is one more.
    #[schemars(range(min = 1, max = 1000))]
    top: Option<Located<u32>>,
    /// Whether the colours of a `bar` are on each other and not beside each other.
    #[serde(default)]
    stacked: bool,
    /// Fields of text and the values that only count.
    #[serde(default)]
    pub r#where: IndexMap<Located<String>, Vec<Located<String>>>,
    /// Columns of the 36 of the row. The default is an equal share of those that are left.
    #[schemars(range(min = 1, max = 36))]
    pub width: Option<Located<u32>>,
    /// Rows of the grid. The default is 6 for a `kpi` and 12 for all else; the highest of a row counts.
    #[schemars(range(min = 1, max = 21))]
    pub height: Option<Located<u32>>,
}

/// What a visual is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "QuickSightChart")]
enum Chart {
    /// One number.
    Kpi,
    /// Rows and columns.
    Table,
    /// Bars.
    Bar,
    /// Lines.
    Line,
    /// Slices of a whole.
    Pie,
}

codes! {
    /// A visual lacks what its kind of chart needs, or has what that does not show.
    ///
    /// A `kpi` shows one value, with a trend over one field of times if it has one. A `table` shows what it is grouped
    /// by, values, or both. A `bar` and a `line` show values by one field, with one more in colours; a `pie` one value by
    /// one field.
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
    ///     sql: SELECT customer, amount FROM orders
    ///     columns: { customer: string, amount: decimal }
    ///     owners: [group/default/analysts]
    ///   overview:
    ///     kind: quicksight-dashboard
    ///     sheets:
    ///       all:
    ///         of: orders
    ///         rows: [[{ show: bar, values: [{ sum: amount }] }]]
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
    ///     sql: SELECT customer, amount FROM orders
    ///     columns: { customer: string, amount: decimal }
    ///     owners: [group/default/analysts]
    ///   overview:
    ///     kind: quicksight-dashboard
    ///     sheets:
    ///       all:
    ///         of: orders
    ///         rows: [[{ show: bar, by: [customer], values: [{ sum: amount }] }]]
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Source: QuickSight API Reference, `KPIVisual`, `TableVisual`, `BarChartVisual`, `LineChartVisual`,
    /// `PieChartVisual`.
    VISUAL = Error "unclear-visual";
}

impl Chart {
    fn word(self) -> &'static str {
        match self {
            Self::Kpi => "kpi",
            Self::Table => "table",
            Self::Bar => "bar",
            Self::Line => "line",
            Self::Pie => "pie",
        }
    }

    /// How many values it shows, at least and at most.
    fn values(self) -> (usize, usize) {
        match self {
            Self::Kpi | Self::Pie => (1, 1),
            Self::Table => (0, 200),
            Self::Bar | Self::Line => (1, 200),
        }
    }

    /// By how many fields it groups them, at least and at most.
    fn groups(self) -> (usize, usize) {
        match self {
            Self::Kpi => (0, 1),
            Self::Table => (0, 200),
            Self::Bar | Self::Line | Self::Pie => (1, 1),
        }
    }

    fn height(self) -> u32 {
        if self == Self::Kpi { 6 } else { 12 }
    }
}

/// A number of things, in words.
fn bounds((least, most): (usize, usize)) -> String {
    match (least, most) {
        (1, 1) => "one".to_owned(),
        (0, 1) => "none or one".to_owned(),
        (0, most) => format!("up to {most}"),
        (least, most) => format!("{least} to {most}"),
    }
}

impl Visual {
    /// Where it begins.
    pub fn span(&self) -> Span {
        self.show.span()
    }

    /// Its height in rows of the grid.
    pub fn height(&self) -> u32 {
        self.height.as_ref().map_or(self.show.value.height(), |height| height.value)
    }

    /// What it is called in ids: its title, or what it shows.
    pub fn slug(&self) -> String {
        if let Some(title) = &self.title {
            return slug(&title.value);
        }
        let values = self.values.iter().filter_map(Measure::parts);
        let values = values.map(|(aggregation, field)| format!("{} {}", aggregation.word(), field.value));
        let groups = self.by.iter().map(|by| by.field().value.clone());
        let words: Vec<String> =
            std::iter::once(self.show.value.word().to_owned()).chain(values).chain(groups).collect();
        slug(&words.join(" "))
    }

    /// Reports what does not belong to its chart.
    pub fn check(&self, sink: &mut Sink) {
        let chart = self.show.value;
        let word = chart.word();
        let (least, most) = chart.values();
        if !(least..=most).contains(&self.values.len()) {
            let span = self.values.get(most).and_then(Measure::span).unwrap_or(self.span());
            let message = format!("{} values in a `{word}`, which shows {}", self.values.len(), bounds((least, most)));
            sink.report(&VISUAL, span, message).help("write for example `values: [{ sum: FIELD }]`");
        }
        let (least, most) = chart.groups();
        if !(least..=most).contains(&self.by.len()) {
            let span = self.by.get(most).map_or(self.span(), |by| by.field().span());
            let message =
                format!("`by` with {} fields in a `{word}`, which takes {}", self.by.len(), bounds((least, most)));
            let help = if most == 1 && self.by.len() > 1 && matches!(chart, Chart::Bar | Chart::Line) {
                "write the second as `color`"
            } else {
                "write for example `by: [FIELD]`"
            };
            sink.report(&VISUAL, span, message).help(help);
        }
        if chart == Chart::Table && self.values.is_empty() && self.by.is_empty() {
            sink.report(&VISUAL, self.span(), "this table shows nothing").help("add `by`, `values`, or both");
        }
        for (field, _) in self.r#where.iter().filter(|(_, values)| values.is_empty()) {
            sink.report(&VISUAL, field.span(), format!("no value of `{}` counts", field.value))
                .help("write the values that do");
        }
        let mut only = |given: Option<Span>, field: &str, charts: &[Chart]| {
            if let Some(span) = given.filter(|_| !charts.contains(&chart)) {
                let words: Vec<String> = charts.iter().map(|chart| format!("a `{}`", chart.word())).collect();
                let message = format!("`{field}` in a `{word}`: only {} has it", words.join(" or "));
                sink.report(&VISUAL, span, message).help(format!("remove `{field}`"));
            }
        };
        only(self.color.as_ref().map(|color| color.field().span()), "color", &[Chart::Bar, Chart::Line]);
        only(self.target.as_ref().and_then(Measure::span), "target", &[Chart::Kpi]);
        only(self.top.as_ref().map(Located::span), "top", &[Chart::Bar, Chart::Pie]);
        only(self.stacked.then(|| self.span()), "stacked", &[Chart::Bar]);
    }

    /// The visual with this id; its fields are looked up, and what does not fit is reported.
    pub fn compose(&self, id: &str, fields: &Fields<'_>, sink: &mut Sink) -> Map {
        let origin = Origin::Written(self.span());
        let chart = self.show.value;
        let measures = |measures: &[Measure], role: &str, sink: &mut Sink| -> Vec<Map> {
            let one = |(at, measure): (usize, &Measure)| measure.compose(&format!("{id}.{role}.{at}"), fields, sink);
            measures.iter().enumerate().filter_map(one).collect()
        };
        let values = measures(&self.values, "value", sink);
        let mut groups = Vec::new();
        for (at, by) in self.by.iter().enumerate() {
            let Some((group, kind)) = by.compose(&format!("{id}.by.{at}"), fields, sink) else { continue };
            if chart == Chart::Kpi && at == 0 && kind != FieldType::Datetime {
                let field = by.field();
                let message = format!("`{}` is of type `{}`, and no `datetime`", field.value, kind.word());
                sink.report(&TYPE, field.span(), message).help("the trend of a `kpi` is over time; remove `by`");
            }
            groups.push(group);
        }
        let color = self.color.as_ref().and_then(|color| color.compose(&format!("{id}.color"), fields, sink));
        let colors: Vec<Map> = color.into_iter().map(|(color, _)| color).collect();
        let target = measures(self.target.as_slice(), "target", sink);
        let some = |list: Vec<Map>| (!list.is_empty()).then_some(list);
        let first = format!("{id}.value.0");
        let by_value = || {
            let sort = map!(origin; "FieldId" => first.as_str(), "Direction" => "DESC");
            [map!(origin; "FieldSort" => sort)]
        };
        let limit = self
            .top
            .as_ref()
            .map(|top| map!(Origin::Written(top.span()); "ItemsLimit" => top.value, "OtherCategories" => "INCLUDE"));
        let aggregated = |family: &str, wells: Map| map!(origin; &format!("{family}AggregatedFieldWells") => wells);
        let (name, configuration) = match chart {
            Chart::Kpi => {
                let wells =
                    map!(origin; "Values" => values, "TargetValues" => some(target), "TrendGroups" => some(groups));
                ("KPIVisual", map!(origin; "FieldWells" => wells))
            }
            Chart::Table => {
                let sorted = !values.is_empty();
                let wells = aggregated("Table", map!(origin; "GroupBy" => some(groups), "Values" => some(values)));
                let sort = sorted.then(|| map!(origin; "RowSort" => by_value()));
                ("TableVisual", map!(origin; "FieldWells" => wells, "SortConfiguration" => sort))
            }
            Chart::Bar => {
                let arrangement = if self.stacked { "STACKED" } else { "CLUSTERED" };
                let wells = map!(origin; "Category" => groups, "Values" => values, "Colors" => some(colors));
                let sort = limit.map(|limit| map!(origin; "CategorySort" => by_value(), "CategoryItemsLimit" => limit));
                let configuration = map!(origin;
                    "FieldWells" => aggregated("BarChart", wells),
                    "SortConfiguration" => sort,
                    "Orientation" => "VERTICAL",
                    "BarsArrangement" => arrangement,
                );
                ("BarChartVisual", configuration)
            }
            Chart::Line => {
                let wells = map!(origin; "Category" => groups, "Values" => values, "Colors" => some(colors));
                ("LineChartVisual", map!(origin; "FieldWells" => aggregated("LineChart", wells), "Type" => "LINE"))
            }
            Chart::Pie => {
                let wells = map!(origin; "Category" => groups, "Values" => values);
                let sort = limit.map(|limit| map!(origin; "CategorySort" => by_value(), "CategoryItemsLimit" => limit));
                let configuration =
                    map!(origin; "FieldWells" => aggregated("PieChart", wells), "SortConfiguration" => sort);
                ("PieChartVisual", configuration)
            }
        };
        let title = self.title.as_ref().map(|title| {
            map!(origin; "Visibility" => "VISIBLE", "FormatText" => map!(origin; "PlainText" => title.to_value(origin)))
        });
        map!(origin; name => map!(origin; "VisualId" => id, "Title" => title, "ChartConfiguration" => configuration))
    }
}

/// A text as part of an id: small letters and digits, with hyphens between words. Parts are joined by `_`, which none of
/// them has, so that two sheets never have one id.
pub fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-");
    slug.truncate(MAX_SLUG);
    slug
}

/// Ids have at most 512 characters. Source: schema of `AWS::QuickSight::Dashboard`, `VisualId`.
const MAX_SLUG: usize = 200;
