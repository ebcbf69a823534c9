//! Tables and views of Redshift as what a data set has.

use super::{CONTENT, Dataset, FieldType, Input, TYPE, field, report_missing};
use crate::blueprint::text::{Located, Reference};
use crate::kinds::Found;
use crate::kinds::relation::Around;
use crate::kinds::tables::{PUBLIC, Tables};
use crate::source::Origin;
use crate::template::sql::{Column, Lookup, Type};

/// The schema and the name of a table.
pub(super) fn named(relation: &Located<String>) -> (&str, &str) {
    relation.value.split_once('.').unwrap_or((PUBLIC, &relation.value))
}

impl Dataset {
    /// The columns of a table of Redshift that come in. What is wrong with them is reported.
    pub(super) fn in_warehouse(&self, table: &Reference, relation: &Located<String>, around: Around<'_>) -> Vec<Input> {
        let written = |name: &str| self.columns.iter().find(|(known, _)| known.value == name);
        // What is named and makes nothing in a database is told by its wire.
        let Found::Component(component) = around.scope.find(table) else { return Vec::new() };
        let (schema, name) = named(relation);
        let known = match Tables::of(around).of_component(&component, schema, name) {
            Lookup::Columns(columns) => columns,
            Lookup::Open | Lookup::Missing(_) => {
                if self.columns.is_empty() {
                    let message = format!("the columns of `{}` are not known", relation.value);
                    let help = "write them with their types as `columns`, or the name of a table that is made";
                    around.scope.sink().report(&CONTENT, relation.span(), message).help(help);
                }
                let column = |(name, kind): (&Located<String>, &Located<FieldType>)| Input {
                    name: name.value.clone(),
                    kind: kind.value.name(),
                    field: kind.value,
                    origin: Origin::Written(name.span()),
                };
                return self.columns.iter().map(column).collect();
            }
        };
        let names = || known.iter().map(|column| column.name.as_str());
        for name in self.columns.keys().chain(&self.only) {
            if names().all(|known| known != name.value) {
                report_missing(name, "column", names(), &mut around.scope.sink());
            }
        }
        let mut inputs = Vec::new();
        for column in &known {
            let only = self.only.iter().find(|name| name.value == column.name);
            if only.is_none() && !self.only.is_empty() {
                continue;
            }
            let input = |kind, field, origin| Input { name: column.name.clone(), kind, field, origin };
            if let Some((name, kind)) = written(&column.name) {
                inputs.push(input(kind.value.name(), kind.value, Origin::Written(name.span())));
            } else if let Some((kind, field)) = of_column(column) {
                let origin = only.map_or(around.origin, |name| Origin::Written(name.span()));
                inputs.push(input(kind, field, origin));
            } else {
                let message = format!("the type of `{}` does not follow from its statement", column.name);
                let help = "write it with its type as `columns`, or cast it in the view";
                around.scope.sink().report(&TYPE, relation.span(), message).help(help);
            }
        }
        inputs
    }
}

fn of_column(column: &Column) -> Option<(&'static str, FieldType)> {
    if column.kind == Type::Unknown { None } else { field::of_hive(&column.kind.hive()) }
}
