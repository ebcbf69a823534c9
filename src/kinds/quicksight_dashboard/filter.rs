//! A filter of a sheet, and its control above the visuals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::measure::{Measure, Unit};
use super::sheet::Fields;
use super::visual::slug;
use crate::blueprint::text::{Located, Reference};
use crate::diagnostics::Sink;
use crate::kinds::quicksight_dataset::{FieldType, TYPE};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// A filter: which rows count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightFilter")]
pub struct Filter {
    /// The field.
    field: Located<String>,
    /// The `quicksight-dataset` of the field. The default is that of the sheet.
    pub of: Option<Reference>,
    /// What stands above the control. The default is the field.
    #[schemars(length(min = 1, max = 2048))]
    title: Option<Located<String>>,
    /// The values of a text that count at first. Without any all do.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    values: Vec<Located<String>>,
    /// The values of a text that do not count at first.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    exclude: Vec<Located<String>>,
    /// The time before now that counts at first.
    last: Option<Period>,
    /// The first time that counts, for example `2026-01-01T00:00:00Z`.
    #[schemars(regex(pattern = TIME_PATTERN))]
    from: Option<Located<String>>,
    /// The last time that counts.
    #[schemars(regex(pattern = TIME_PATTERN))]
    until: Option<Located<String>>,
    /// How many of the greatest count.
    #[schemars(range(min = 1, max = 10_000))]
    top: Option<Located<u32>>,
    /// By what they are the greatest.
    by: Option<Measure>,
    /// How readers change it. The default is a `dropdown` for text, and `dates` for times; `top` has none.
    control: Option<Located<Control>>,
}

/// A time before now.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightPeriod")]
struct Period {
    /// How many units.
    #[schemars(range(min = 1, max = 10_000))]
    count: Located<u32>,
    /// The unit.
    unit: Unit,
}

/// How readers change a filter.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "QuickSightControl")]
enum Control {
    /// By a list that opens.
    Dropdown,
    /// By a list.
    List,
    /// By times.
    Dates,
    /// Not at all.
    None,
}

codes! {
    /// A filter says two things at once, or has a control that does not fit it.
    ///
    /// A filter of text has `values` or `exclude`, one of times `last`, or `from` and `until`; one with `top` says `by`
    /// what. QuickSight takes exactly one of these.
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
    ///         filters: [{ field: customer, values: [a], exclude: [b] }]
    ///         rows: [[{ show: kpi, values: [{ sum: amount }] }]]
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
    ///         filters: [{ field: customer, values: [a] }]
    ///         rows: [[{ show: kpi, values: [{ sum: amount }] }]]
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Source: QuickSight API Reference, `CategoryFilter`, `RelativeDatesFilter`, `TimeRangeFilter`, `TopBottomFilter`;
    /// terraform-provider-aws issue 33222 for what QuickSight answers.
    FILTER = Error "unclear-filter";
}

/// Times in UTC. Source: QuickSight API Reference, `TimeRangeFilterValue`.
pub const TIME_PATTERN: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$";

/// What a filter is, by what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Category,
    Relative,
    Range,
    Top,
}

impl Filter {
    /// What it says, by the names of its fields and where they are.
    fn says(&self) -> Vec<(&'static str, Family, Span)> {
        let first = |list: &[Located<String>]| list.first().map(Located::span);
        let all = [
            ("values", Family::Category, first(&self.values)),
            ("exclude", Family::Category, first(&self.exclude)),
            ("last", Family::Relative, self.last.as_ref().map(|last| last.count.span())),
            ("from", Family::Range, self.from.as_ref().map(Located::span)),
            ("until", Family::Range, self.until.as_ref().map(Located::span)),
            ("top", Family::Top, self.top.as_ref().map(Located::span)),
        ];
        all.into_iter().filter_map(|(name, family, span)| Some((name, family, span?))).collect()
    }

    fn family(&self, kind: FieldType) -> Family {
        match self.says().first() {
            Some((_, family, _)) => *family,
            None if kind == FieldType::Datetime => Family::Range,
            None => Family::Category,
        }
    }

    /// Reports what it says twice.
    pub fn check(&self, sink: &mut Sink) {
        let says = self.says();
        if let Some((first, rest)) = says.split_first() {
            for (name, _, span) in
                rest.iter().filter(|(_, family, _)| *family != Family::Range || first.1 != Family::Range)
            {
                sink.report(&FILTER, *span, format!("this filter has both `{}` and `{name}`", first.0))
                    .also(first.2, format!("`{}` is here", first.0))
                    .help("make a filter of each");
            }
        }
        // Times in UTC are in the order of their texts.
        if let (Some(from), Some(until)) = (&self.from, &self.until)
            && from.value > until.value
        {
            sink.report(&FILTER, until.span(), "this time is before `from`, so that none counts")
                .also(from.span(), "`from` is here")
                .help("write a later time");
        }
        match (&self.top, &self.by) {
            (Some(top), None) => {
                sink.report(&FILTER, top.span(), "nothing says by what these are the greatest")
                    .help("add for example `by: { sum: FIELD }`");
            }
            (None, Some(by)) => {
                let span = by.span().unwrap_or(self.field.span());
                sink.report(&FILTER, span, "only a filter with `top` has `by`").help("add `top`, or remove `by`");
            }
            _ => {}
        }
    }

    /// What is called so in ids.
    pub fn slug(&self) -> String {
        slug(&self.field.value)
    }

    fn time(time: Option<&Located<String>>) -> Option<Map> {
        time.map(|time| {
            let origin = Origin::Written(time.span());
            map!(origin; "StaticValue" => time.value.as_str())
        })
    }

    /// The filter itself; what does not fit its field is reported.
    pub fn compose(&self, id: &str, fields: &Fields<'_>, sink: &mut Sink) -> Option<Composed> {
        let kind = fields.find(&self.field, sink)?;
        let origin = Origin::Written(self.field.span());
        let column = fields.column(&self.field);
        let family = self.family(kind);
        let needed = match family {
            Family::Category => Some(FieldType::String),
            Family::Relative | Family::Range => Some(FieldType::Datetime),
            Family::Top => None,
        };
        if let Some(needed) = needed.filter(|needed| *needed != kind) {
            let message = format!("`{}` is of type `{}`, and no `{}`", self.field.value, kind.word(), needed.word());
            let help = if needed == FieldType::String {
                "filter a field of type `string` or `datetime`, or `cast` this one in its data set"
            } else {
                "write `values` or `exclude` for text, or `cast` the field to `datetime` in its data set"
            };
            sink.report(&TYPE, self.field.span(), message).help(help);
            return None;
        }
        let (name, filter) = match family {
            Family::Category => {
                let filter =
                    map!(origin; "FilterId" => id, "Column" => column, "Configuration" => self.categories(origin));
                ("CategoryFilter", filter)
            }
            Family::Relative => {
                let last = self.last.as_ref()?;
                let filter = map!(origin;
                    "FilterId" => id,
                    "Column" => column,
                    "AnchorDateConfiguration" => map!(origin; "AnchorOption" => "NOW"),
                    "TimeGranularity" => last.unit.name(),
                    "RelativeDateType" => "LAST",
                    "RelativeDateValue" => last.count.value,
                    "NullOption" => "NON_NULLS_ONLY",
                );
                ("RelativeDatesFilter", filter)
            }
            Family::Range => {
                let bounded = self.from.is_some() || self.until.is_some();
                let filter = map!(origin;
                    "FilterId" => id,
                    "Column" => column,
                    "IncludeMinimum" => true,
                    "IncludeMaximum" => true,
                    "RangeMinimumValue" => Self::time(self.from.as_ref()),
                    "RangeMaximumValue" => Self::time(self.until.as_ref()),
                    "NullOption" => if bounded { "NON_NULLS_ONLY" } else { "ALL_VALUES" },
                );
                ("TimeRangeFilter", filter)
            }
            Family::Top => {
                let sort = self.by.as_ref()?.sort(fields, sink)?;
                let filter = map!(origin;
                    "FilterId" => id,
                    "Column" => column,
                    "Limit" => self.top.as_ref().map(|top| top.value),
                    "AggregationSortConfigurations" => [sort],
                );
                ("TopBottomFilter", filter)
            }
        };
        let control = self.control(id, family, sink);
        Some(Composed { filter: map!(origin; name => filter), control })
    }

    fn categories(&self, origin: Origin) -> Map {
        category(origin, &self.values, &self.exclude)
    }

    /// Its control, if it has one.
    fn control(&self, id: &str, family: Family, sink: &mut Sink) -> Option<(String, Map)> {
        let default = match family {
            Family::Category => Control::Dropdown,
            Family::Relative | Family::Range => Control::Dates,
            Family::Top => Control::None,
        };
        let control = self.control.as_ref().map_or(default, |control| control.value);
        let fits = match control {
            Control::Dropdown | Control::List => family == Family::Category,
            Control::Dates => matches!(family, Family::Relative | Family::Range),
            Control::None => true,
        };
        if let Some(written) = self.control.as_ref().filter(|_| !fits) {
            let help = match family {
                Family::Category => "write `dropdown`, `list` or `none`",
                Family::Relative | Family::Range => "write `dates` or `none`",
                Family::Top => "remove `control`",
            };
            sink.report(&FILTER, written.span(), "this filter cannot have such a control").help(help);
            return None;
        }
        let origin = Origin::Written(self.field.span());
        let control_id = format!("{id}_control");
        let title = self.title.as_ref().unwrap_or(&self.field).to_value(origin);
        let mut properties =
            map!(origin; "FilterControlId" => control_id.as_str(), "SourceFilterId" => id, "Title" => title);
        let name = match (control, family) {
            (Control::None, _) => return None,
            (Control::Dropdown | Control::List, _) => {
                properties.push("Type", origin, "MULTI_SELECT");
                if control == Control::List { "List" } else { "Dropdown" }
            }
            (Control::Dates, Family::Range) => {
                properties.push("Type", origin, "DATE_RANGE");
                "DateTimePicker"
            }
            (Control::Dates, _) => "RelativeDateTime",
        };
        Some((control_id, map!(origin; name => properties)))
    }
}

/// A filter and its control.
pub struct Composed {
    /// The filter.
    pub filter: Map,
    /// The id of the control, and the control.
    pub control: Option<(String, Map)>,
}

/// Which values of a text count. QuickSight takes either values or that all are meant, never both.
pub fn category(origin: Origin, values: &[Located<String>], exclude: &[Located<String>]) -> Map {
    let list =
        |values: &[Located<String>]| -> Vec<Value> { values.iter().map(|value| value.to_value(origin)).collect() };
    let configuration = match (values, exclude) {
        ([], []) => map!(origin;
            "MatchOperator" => "CONTAINS",
            "SelectAllOptions" => "FILTER_ALL_VALUES",
            "NullOption" => "ALL_VALUES",
        ),
        ([], exclude) => map!(origin;
            "MatchOperator" => "DOES_NOT_CONTAIN",
            "CategoryValues" => list(exclude),
            "NullOption" => "ALL_VALUES",
        ),
        (values, _) => map!(origin;
            "MatchOperator" => "CONTAINS",
            "CategoryValues" => list(values),
            "NullOption" => "NON_NULLS_ONLY",
        ),
    };
    map!(origin; "FilterListConfiguration" => configuration)
}
