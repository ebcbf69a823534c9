//! A query over logs in a widget.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blueprint::text::{Reference, Text};
use crate::kinds::Site;
use crate::kinds::site::join;
use crate::source::Origin;
use crate::template::Value;

/// A query over logs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// `log-group`s.
    #[serde(default)]
    pub from: Vec<Reference>,
    /// Names of log groups that are no components.
    #[serde(default)]
    pub names: Vec<Text>,
    /// The query, in the language of CloudWatch Logs Insights.
    pub query: Text,
    /// How the result is shown.
    #[serde(default)]
    pub view: View,
}

/// How the result of a query is shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
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
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::TimeSeries => "timeSeries",
            Self::Bar => "bar",
            Self::Pie => "pie",
        }
    }
}

impl Logs {
    /// The query with its log groups before it, as the body of a dashboard has it.
    pub fn query(&self, first: usize, site: &Site<'_>) -> Value {
        let origin = Origin::Written(self.query.span);
        let components = (first..first + self.from.len()).filter_map(|wire| site.address(wire));
        let names = self.names.iter().map(|name| site.scope.value(name));
        let mut parts = Vec::new();
        for group in components.chain(names) {
            parts.extend([Value::string(origin, "SOURCE '"), group, Value::string(origin, "' | ")]);
        }
        parts.push(site.scope.value(&self.query));
        join(origin, &parts)
    }
}
