//! The metrics and expressions of a widget.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::blueprint::text::Text;
use crate::kinds::Site;
use crate::kinds::metric::{Found, Metric, statistic};
use crate::map;
use crate::template::{Data, Key, Value};

/// A metric in a widget, or an expression over others.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Series {
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

/// The metrics of a widget as its body has them: namespace, name, dimensions in pairs, and how they are shown.
pub fn compose(series: &[Series], site: &Site<'_>) -> Vec<Value> {
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
