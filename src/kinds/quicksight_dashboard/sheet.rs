//! A sheet: its rows of visuals on the grid, its filters, and the fields that both name.

use schemars::JsonSchema;
use serde::Deserialize;

use super::filter::{self, Composed, Filter};
use super::visual::Visual;
use crate::blueprint::text::{Located, Reference};
use crate::diagnostics::Sink;
use crate::kinds::quicksight_dataset::{Field, FieldType, TYPE, report_unknown};
use crate::kinds::{Port, Site};
use crate::map;
use crate::source::Origin;
use crate::template::Map;

/// A page of a dashboard.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightSheet")]
pub struct Sheet {
    /// What stands on its tab. The default is its name.
    #[schemars(length(min = 1, max = 1024))]
    title: Option<Located<String>>,
    /// The `quicksight-dataset` of its visuals and filters that name none.
    pub of: Reference,
    /// Which rows count, for all visuals of the same data set, with controls above them.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub filters: Vec<Filter>,
    /// The rows of visuals, from above. They share the 36 columns of the grid.
    #[schemars(length(min = 1), inner(length(min = 1, max = 36)))]
    pub rows: Vec<Vec<Visual>>,
}

codes! {
    /// A sheet is larger than QuickSight takes.
    ///
    /// A row has 36 columns, and a sheet 50 visuals.
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
    ///         rows:
    ///           - - { show: kpi, values: [{ sum: amount }], width: 24 }
    ///             - { show: kpi, values: [{ max: amount }], width: 24 }
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
    ///         rows:
    ///           - - { show: kpi, values: [{ sum: amount }], width: 24 }
    ///             - { show: kpi, values: [{ max: amount }] }
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Source: schema of `AWS::QuickSight::Dashboard`, `SheetDefinition` and `GridLayoutElement`.
    SIZE = Error "sheet-too-large";
}

/// Source: schema of `AWS::QuickSight::Dashboard`, `GridLayoutElement` and `SheetDefinition`.
const COLUMNS: u32 = 36;
const MAX_VISUALS: usize = 50;

/// The size of a control in the grid above the visuals.
const CONTROL_COLUMNS: u32 = 2;

/// The fields of a data set, as a dashboard names them.
pub struct Fields<'a> {
    /// How the dashboard calls the data set.
    pub set: &'a str,
    /// The fields; `None` where the data set is wrong itself.
    pub fields: Option<&'a [Field]>,
}

impl Fields<'_> {
    /// The type of a field; one that there is not is reported.
    pub fn find(&self, name: &Located<String>, sink: &mut Sink) -> Option<FieldType> {
        let fields = self.fields?;
        let found = fields.iter().find(|field| field.name == name.value);
        if found.is_none() {
            report_unknown(name, fields, sink);
        }
        found.map(|field| field.kind)
    }

    /// A field as the definition of a dashboard names it.
    pub fn column(&self, name: &Located<String>) -> Map {
        let origin = Origin::Written(name.span());
        map!(origin; "DataSetIdentifier" => self.set, "ColumnName" => name.value.as_str())
    }
}

/// What a sheet becomes.
pub struct Made {
    /// The sheet.
    pub sheet: Map,
    /// The filters of it and its visuals, which QuickSight has beside the sheets.
    pub groups: Vec<Map>,
}

/// The fields of all data sets of a dashboard, by how it calls them.
pub struct Sets(Vec<(String, Option<Vec<Field>>)>);

impl Sets {
    /// The data sets that references name.
    pub fn new<'a>(references: impl Iterator<Item = &'a Reference>, site: &Site<'_>) -> Self {
        let mut sets: Vec<(String, Option<Vec<Field>>)> = Vec::new();
        for reference in references {
            let name = site.name_of(reference);
            if sets.iter().all(|(known, _)| *known != name) {
                let columns = site.columns(reference, Port::Fields);
                sets.push((name, columns.map(|all| all.iter().filter_map(Field::of_column).collect())));
            }
        }
        Self(sets)
    }

    fn fields<'a>(&'a self, reference: &Reference, site: &Site<'_>) -> Fields<'a> {
        let name = site.name_of(reference);
        match self.0.iter().find(|(known, _)| *known == name) {
            Some((set, fields)) => Fields { set, fields: fields.as_deref() },
            None => Fields { set: "", fields: None },
        }
    }
}

/// An id that is not taken, made of this one.
fn unique(id: &str, taken: &mut Vec<String>) -> String {
    let mut free = id.to_owned();
    let mut number = 1;
    while taken.contains(&free) {
        number += 1;
        free = format!("{id}-{number}");
    }
    taken.push(free.clone());
    free
}

impl Sheet {
    /// The data sets that it names.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let filters = self.filters.iter().filter_map(|filter| filter.of.as_ref());
        let visuals = self.rows.iter().flatten().filter_map(|visual| visual.of.as_ref());
        std::iter::once(&self.of).chain(filters).chain(visuals)
    }

    /// The widths of the visuals of a row: those that are written, and equal shares of the rest, the first ones wider
    /// where it cannot be divided. `None` where there is not enough.
    fn widths(row: &[Visual]) -> Option<Vec<u32>> {
        let written: u32 = row.iter().filter_map(|visual| visual.width.as_ref()).map(|width| width.value).sum();
        let open = u32::try_from(row.iter().filter(|visual| visual.width.is_none()).count()).ok()?;
        let rest = COLUMNS.checked_sub(written).filter(|rest| *rest >= open)?;
        let share = rest.checked_div(open).unwrap_or(0);
        let mut wider = rest.checked_rem(open).unwrap_or(0);
        let width = |visual: &Visual| match &visual.width {
            Some(width) => width.value,
            None if wider > 0 => {
                wider -= 1;
                share + 1
            }
            None => share,
        };
        Some(row.iter().map(width).collect())
    }

    /// Reports what is wrong with it by itself.
    pub fn check(&self, sink: &mut Sink) {
        for filter in &self.filters {
            filter.check(sink);
        }
        for row in &self.rows {
            for visual in row {
                visual.check(sink);
            }
            if let Some(last) = row.iter().rev().find(|visual| visual.width.is_some()).or(row.last())
                && Self::widths(row).is_none()
            {
                let span = last.width.as_ref().map_or(last.span(), Located::span);
                sink.report(&SIZE, span, format!("the visuals of this row need more than {COLUMNS} columns"))
                    .help("make them narrower, or begin another row");
            }
        }
        if let Some(first) = self.rows.iter().flatten().nth(MAX_VISUALS) {
            let count = self.rows.iter().flatten().count();
            sink.report(&SIZE, first.span(), format!("{count} visuals, at most {MAX_VISUALS}"))
                .help("move this and what follows to a second sheet");
        }
    }

    /// The sheet with this name.
    pub fn compose(&self, name: &Located<String>, sets: &Sets, site: &Site<'_>) -> Made {
        let origin = Origin::Written(name.span());
        let mut sink = site.scope.sink();
        let mut made = Made { sheet: Map::default(), groups: Vec::new() };
        let mut taken = Vec::new();
        let (mut visuals, mut elements) = (Vec::new(), Vec::new());
        let mut y = 0;
        for row in &self.rows {
            let height = row.iter().map(Visual::height).max().unwrap_or(1);
            let mut x = 0;
            for (visual, width) in row.iter().zip(Self::widths(row).unwrap_or_default()) {
                let fields = sets.fields(visual.of.as_ref().unwrap_or(&self.of), site);
                let id = unique(&format!("{}_{}", name.value, visual.slug()), &mut taken);
                visuals.push(visual.compose(&id, &fields, &mut sink));
                elements.push(map!(origin;
                    "ElementId" => id.as_str(),
                    "ElementType" => "VISUAL",
                    "ColumnIndex" => x,
                    "ColumnSpan" => width,
                    "RowIndex" => y,
                    "RowSpan" => height,
                ));
                let scope = map!(origin; "SheetId" => name.value.as_str(), "Scope" => "SELECTED_VISUALS", "VisualIds" => [id.as_str()]);
                let conditions = conditions(visual, &id, &fields, &mut sink);
                if !conditions.is_empty() {
                    made.groups.push(group(&format!("{id}_only"), conditions, scope, origin));
                }
                x += width;
            }
            y += height;
        }
        let (mut controls, mut places) = (Vec::new(), Vec::new());
        let mut taken = Vec::new();
        for filter in &self.filters {
            let fields = sets.fields(filter.of.as_ref().unwrap_or(&self.of), site);
            let id = unique(&format!("{}_filter_{}", name.value, filter.slug()), &mut taken);
            let Some(Composed { filter, control }) = filter.compose(&id, &fields, &mut sink) else { continue };
            let scope = map!(origin; "SheetId" => name.value.as_str(), "Scope" => "ALL_VISUALS");
            made.groups.push(group(&format!("{id}_group"), vec![filter], scope, origin));
            if let Some((control_id, control)) = control {
                controls.push(control);
                places.push(map!(origin;
                    "ElementId" => control_id,
                    "ElementType" => "FILTER_CONTROL",
                    "ColumnSpan" => CONTROL_COLUMNS,
                    "RowSpan" => 1,
                ));
            }
        }
        let grid = |elements: Vec<Map>, canvas: Option<Map>| {
            let grid = map!(origin; "CanvasSizeOptions" => canvas, "Elements" => elements);
            [map!(origin; "Configuration" => map!(origin; "GridLayout" => grid))]
        };
        let screen = map!(origin; "ResizeOption" => "FIXED", "OptimizedViewPortWidth" => VIEW);
        let canvas = map!(origin; "ScreenCanvasSizeOptions" => screen);
        let has_controls = !controls.is_empty();
        made.sheet = map!(origin;
            "SheetId" => name.value.as_str(),
            "Name" => self.title.as_ref().unwrap_or(name).to_value(origin),
            "ContentType" => "INTERACTIVE",
            "FilterControls" => has_controls.then_some(controls),
            "SheetControlLayouts" => has_controls.then(|| grid(places, None)),
            "Visuals" => visuals,
            "Layouts" => grid(elements, Some(canvas)),
        );
        made
    }
}

/// The width for which the grid is drawn. Source: QuickSight API Reference, `GridLayoutScreenCanvasSizeOptions`.
const VIEW: &str = "1600px";

/// The filters of a visual alone.
fn conditions(visual: &Visual, id: &str, fields: &Fields<'_>, sink: &mut Sink) -> Vec<Map> {
    let mut filters = Vec::new();
    for (at, (field, values)) in visual.r#where.iter().enumerate() {
        let Some(kind) = fields.find(field, sink) else { continue };
        if kind != FieldType::String {
            let message = format!("`{}` is of type `{}`, and no `string`", field.value, kind.word());
            sink.report(&TYPE, field.span(), message).help("name a field of text, or `cast` this one in its data set");
            continue;
        }
        let origin = Origin::Written(field.span());
        let filter = map!(origin;
            "FilterId" => format!("{id}_only_{}", at + 1),
            "Column" => fields.column(field),
            "Configuration" => filter::category(origin, values, &[]),
        );
        filters.push(map!(origin; "CategoryFilter" => filter));
    }
    filters
}

/// Filters that hold together in a part of a sheet.
fn group(id: &str, filters: Vec<Map>, scope: Map, origin: Origin) -> Map {
    map!(origin;
        "FilterGroupId" => id,
        "CrossDataset" => "SINGLE_DATASET",
        "Status" => "ENABLED",
        "Filters" => filters,
        "ScopeConfiguration" => map!(origin; "SelectedSheets" => map!(origin; "SheetVisualScopingConfigurations" => [scope])),
    )
}
