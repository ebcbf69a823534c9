//! `athena-query`

use schemars::JsonSchema;
use serde::Deserialize;

use super::relation;
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Get, Kind, Site, Wire};
use crate::blueprint::text::{FileReference, Reference, Script, Text};
use crate::map;
use crate::template::Value;

/// A query that is saved in Athena under a name, ready to run.
///
/// The query is parsed, and what it reads is compared with the tables and views of the blueprint.
///
/// ```yaml
/// components:
///   catalog:
///     kind: glue-database
///   changes-by-day:
///     kind: athena-query
///     database: catalog
///     sql: |
///       SELECT day, count(*) AS changes
///       FROM "${catalog.name}"."parameter_store_change"
///       GROUP BY day
///       ORDER BY day
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Name under which it is saved. The default is the name of the stack, `-` and the name of the component.
    name: Option<Text>,
    /// What it answers.
    description: Option<Text>,
    /// The `glue-database` whose tables need no qualified name.
    database: Reference,
    /// The `athena-workgroup` that shows it. The default is the workgroup `primary` of the account.
    workgroup: Option<Reference>,
    /// The query, or the file beside the blueprint that holds it. `${ }` works in both.
    sql: Script,
}

const QUERY: &str = "Query";

impl Component for Query {
    fn wires(&self) -> Vec<Wire<'_>> {
        std::iter::once(Wire { to: &self.database, access: Access::Query })
            .chain(self.workgroup.iter().map(|workgroup| Wire { to: workgroup, access: Access::RunQueries }))
            .collect()
    }

    fn files(&self) -> Vec<&FileReference> {
        match &self.sql {
            Script::File(file) => vec![file],
            Script::Inline(_) => Vec::new(),
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        relation::ask(&self.sql, &self.database, site);
        let name = match &self.name {
            Some(name) => scope.value(name),
            None => Value::sub(origin, format!("${{AWS::StackName}}-{}", place.name)),
        };
        let properties = map!(origin;
            "Name" => name,
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "Database" => site.address(0),
            "WorkGroup" => site.address(1),
            "QueryString" => scope.script(&self.sql),
        );
        site.add(QUERY, "AWS::Athena::NamedQuery", properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "athena-query",
    ports: &[],
    attributes: &[
        Attribute { name: "id", doc: "Id of the saved query.", get: Get::Att(QUERY, "NamedQueryId") },
        Attribute { name: "name", doc: "Name under which it is saved.", get: Get::Property(QUERY, &["Name"]) },
        Attribute { name: "database", doc: "Name of its database.", get: Get::Property(QUERY, &["Database"]) },
        Attribute {
            name: "workgroup",
            doc: "Name of its workgroup, with `workgroup`.",
            get: Get::Property(QUERY, &["WorkGroup"]),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Athena::NamedQuery"],
        role: QUERY,
        without: &[],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[],
    schema: super::model_schema::<Query>,
    decode: super::decode::<Query>,
};
