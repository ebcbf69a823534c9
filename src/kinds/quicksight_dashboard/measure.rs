//! What visuals show of fields: measures and what they are grouped by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sheet::Fields;
use crate::blueprint::text::Located;
use crate::diagnostics::Sink;
use crate::kinds::quicksight_dataset::{FieldType, TYPE};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::Map;

/// A field, taken together over many rows: one of `sum`, `average`, `count`, `distinct`, `min`, `max` and `median`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightMeasure")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Measure {
    /// The field whose values are added up.
    sum: Option<Located<String>>,
    /// The field whose values are averaged.
    average: Option<Located<String>>,
    /// The field whose values are counted.
    count: Option<Located<String>>,
    /// The field whose different values are counted.
    distinct: Option<Located<String>>,
    /// The field of which the least value is shown.
    min: Option<Located<String>>,
    /// The field of which the greatest value is shown.
    max: Option<Located<String>>,
    /// The field of which the middle value is shown.
    median: Option<Located<String>>,
}

/// What values are grouped by: a field, or a field of times with the length of its steps.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Dimension {
    /// The field; times by days.
    #[serde(rename = "Text")]
    Field(Located<String>),
    /// With the length of steps.
    #[serde(rename = "Map")]
    Stepped(Stepped),
}

/// A field of times, by steps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightSteps")]
pub struct Stepped {
    /// The field.
    field: Located<String>,
    /// The length of the steps.
    per: Located<Unit>,
}

impl JsonSchema for Dimension {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Dimension".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [{"type": "string", "minLength": 1}, generator.subschema_for::<Stepped>()]})
    }
}

/// A unit of time.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "QuickSightUnit")]
pub enum Unit {
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Quarters of a year.
    Quarter,
    /// Years.
    Year,
}

impl Unit {
    /// The word of QuickSight.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minute => "MINUTE",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::Year => "YEAR",
        }
    }
}

/// How values are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// By adding up.
    Sum,
    /// By the mean.
    Average,
    /// By counting.
    Count,
    /// By counting different values.
    Distinct,
    /// By the least.
    Min,
    /// By the greatest.
    Max,
    /// By the middle one.
    Median,
}

impl Aggregation {
    /// The word of QuickSight.
    fn name(self) -> &'static str {
        match self {
            Self::Sum => "SUM",
            Self::Average => "AVERAGE",
            Self::Count => "COUNT",
            Self::Distinct => "DISTINCT_COUNT",
            Self::Min => "MIN",
            Self::Max => "MAX",
            Self::Median => "MEDIAN",
        }
    }

    /// The word of blueprints.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Average => "average",
            Self::Count => "count",
            Self::Distinct => "distinct",
            Self::Min => "min",
            Self::Max => "max",
            Self::Median => "median",
        }
    }

    /// Whether values of a type can be taken together so.
    ///
    /// Source: QuickSight API Reference, `CategoricalMeasureField`, `DateMeasureField`, `NumericalMeasureField`.
    fn fits(self, kind: FieldType) -> bool {
        match self {
            Self::Count | Self::Distinct => true,
            Self::Min | Self::Max => kind != FieldType::String,
            Self::Sum | Self::Average | Self::Median => kind.is_number(),
        }
    }
}

/// The function of a visual or a filter over a field of a type.
fn function(aggregation: Aggregation, kind: FieldType, origin: Origin) -> (&'static str, Map) {
    let name = aggregation.name();
    match kind {
        FieldType::String => ("Categorical", map!(origin; "CategoricalAggregationFunction" => name)),
        FieldType::Datetime => ("Date", map!(origin; "DateAggregationFunction" => name)),
        FieldType::Integer | FieldType::Decimal => (
            "Numerical",
            map!(origin; "NumericalAggregationFunction" => map!(origin; "SimpleNumericalAggregation" => name)),
        ),
    }
}

impl Measure {
    /// The field and how it is taken together; the schema holds that there is one.
    pub fn parts(&self) -> Option<(Aggregation, &Located<String>)> {
        let all = [
            (Aggregation::Sum, &self.sum),
            (Aggregation::Average, &self.average),
            (Aggregation::Count, &self.count),
            (Aggregation::Distinct, &self.distinct),
            (Aggregation::Min, &self.min),
            (Aggregation::Max, &self.max),
            (Aggregation::Median, &self.median),
        ];
        all.into_iter().find_map(|(aggregation, field)| Some((aggregation, field.as_ref()?)))
    }

    /// Where its field is named.
    pub fn span(&self) -> Option<Span> {
        self.parts().map(|(_, field)| field.span())
    }

    /// The type of its field, if it can be taken together so; otherwise that is reported.
    fn kind(&self, fields: &Fields<'_>, sink: &mut Sink) -> Option<(Aggregation, &Located<String>, FieldType)> {
        let (aggregation, field) = self.parts()?;
        let kind = fields.find(field, sink)?;
        if aggregation.fits(kind) {
            return Some((aggregation, field, kind));
        }
        let word = aggregation.word();
        let help = match kind {
            FieldType::String => "write `count` or `distinct`, or `cast` the field of the data set",
            _ => "write `count`, `distinct`, `min` or `max`",
        };
        sink.report(&TYPE, field.span(), format!("`{word}` of `{}`, which is of type `{}`", field.value, kind.word()))
            .help(help);
        None
    }

    /// The measure of a visual with this id of its own.
    pub fn compose(&self, id: &str, fields: &Fields<'_>, sink: &mut Sink) -> Option<Map> {
        let (aggregation, field, kind) = self.kind(fields, sink)?;
        let origin = Origin::Written(field.span());
        let (family, functions) = function(aggregation, kind, origin);
        // The family of the measure says already which function it has; only numbers have several.
        let function = functions.0.into_iter().next().map(|(_, function)| function);
        let measure = map!(origin;
            "FieldId" => id,
            "Column" => fields.column(field),
            "AggregationFunction" => function,
        );
        Some(map!(origin; &format!("{family}MeasureField") => measure))
    }

    /// The measure by which a filter sorts.
    pub fn sort(&self, fields: &Fields<'_>, sink: &mut Sink) -> Option<Map> {
        let (aggregation, field, kind) = self.kind(fields, sink)?;
        let origin = Origin::Written(field.span());
        let (_, function) = function(aggregation, kind, origin);
        Some(map!(origin;
            "Column" => fields.column(field),
            "SortDirection" => "DESC",
            "AggregationFunction" => function,
        ))
    }
}

impl Dimension {
    /// The field.
    pub fn field(&self) -> &Located<String> {
        match self {
            Self::Field(field) => field,
            Self::Stepped(stepped) => &stepped.field,
        }
    }

    /// The dimension of a visual with this id of its own, and its type.
    pub fn compose(&self, id: &str, fields: &Fields<'_>, sink: &mut Sink) -> Option<(Map, FieldType)> {
        let field = self.field();
        let kind = fields.find(field, sink)?;
        let origin = Origin::Written(field.span());
        let column = fields.column(field);
        let per = match self {
            Self::Stepped(stepped) if kind != FieldType::Datetime => {
                let message = format!("`{}` is of type `{}`, which has no steps", field.value, kind.word());
                sink.report(&TYPE, stepped.per.span(), message).help("remove `per`, or `cast` the field to `datetime`");
                return None;
            }
            Self::Stepped(stepped) => stepped.per.value,
            Self::Field(_) => Unit::Day,
        };
        let dimension = match kind {
            FieldType::String => {
                map!(origin; "CategoricalDimensionField" => map!(origin; "FieldId" => id, "Column" => column))
            }
            FieldType::Integer | FieldType::Decimal => {
                map!(origin; "NumericalDimensionField" => map!(origin; "FieldId" => id, "Column" => column))
            }
            FieldType::Datetime => {
                let field = map!(origin; "FieldId" => id, "Column" => column, "DateGranularity" => per.name());
                map!(origin; "DateDimensionField" => field)
            }
        };
        Some((dimension, kind))
    }
}
