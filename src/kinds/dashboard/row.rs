//! The rows of a dashboard: how widgets share them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::COLUMNS;
use super::widget::Widget;

/// Widgets beside each other.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Row {
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
pub struct LongRow {
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

const HEIGHT: u32 = 6;
const TEXT_HEIGHT: u32 = 2;
impl Row {
    /// The widgets, from the left.
    pub fn widgets(&self) -> &[Widget] {
        match self {
            Self::Short(widgets) => widgets,
            Self::Long(row) => &row.widgets,
        }
    }

    /// Its height in units of the grid.
    pub fn height(&self) -> u32 {
        match self {
            Self::Long(row) => row.height,
            Self::Short(widgets) if widgets.iter().all(|widget| widget.text.is_some()) => TEXT_HEIGHT,
            Self::Short(_) => HEIGHT,
        }
    }

    /// The widths of the widgets: those that are written, and equal shares of the rest, the first ones wider where it
    /// cannot be divided. `None` where there is not enough.
    pub fn widths(&self) -> Option<Vec<u32>> {
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
