//! `glue-database`

use schemars::JsonSchema;
use serde::Deserialize;

use super::site::{own_arn, pascal_case};
use super::standing::{Policy, Properties, Standing};
use super::{Access, Attribute, Component, Get, Grant, Kind, Place, Port, Request, Scope, Site};
use crate::blueprint::text::{Part, Text};
use crate::map;
use crate::source::Origin;
use crate::template::Value;
use crate::template::iam::Statement;

/// A database of the Glue Data Catalog, in which Athena finds tables.
///
/// ```yaml
/// components:
///   catalog:
///     kind: glue-database
/// ```
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Name of the database, in lower case. The default is the name of the blueprint, `_` and the name of the
    /// component, with `_` for `-`, so that queries need no quotes. It is unique in account and region: a second stack
    /// of the same blueprint beside the first needs a name of its own.
    name: Option<Text>,
    /// What the tables are about.
    description: Option<Text>,
}

const DATABASE: &str = "Database";

/// What a crawler does in a catalog. Partitions are looked up in batches before they are made.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Glue"; Glue Developer
/// Guide, "Identity-based policies", which also says that a table needs its database and the catalog beside it.
const MAINTAIN: &[&str] = &[
    "glue:BatchCreatePartition",
    "glue:BatchGetPartition",
    "glue:BatchUpdatePartition",
    "glue:CreatePartition",
    "glue:CreatePartitionIndex",
    "glue:CreateTable",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitionIndexes",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
    "glue:UpdatePartition",
    "glue:UpdateTable",
];

/// What reads the columns of a table. Source: Firehose Developer Guide, "Controlling access with Amazon Data Firehose".
const READ: &[&str] = &["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"];

/// What reads all tables of a database, as Redshift Spectrum does.
///
/// Source: Redshift Database Developer Guide, "IAM policies for Amazon Redshift Spectrum", of which this is what reads.
const READ_ALL: &[&str] = &[
    "glue:BatchGetPartition",
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
];

/// Uses that need rights on the tables of the database.
fn needs_rights(access: &Access) -> bool {
    matches!(access, Access::MaintainTables | Access::ReadCatalog | Access::ReadTable(_))
}

impl Database {
    /// What grants like a database with these properties.
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        let own = |text: &Text| matches!(text.parts.as_slice(), [Part::Reference(name, _)] if name == "AWS::AccountId");
        if let Some(tree) = properties.get(&["CatalogId"]).filter(|_| !properties.text(&["CatalogId"]).is_some_and(own))
        {
            let why = "its catalog may be that of another account".to_owned();
            properties.note(why, "write `CatalogId: ${AWS::AccountId}`", tree.span, needs_rights);
        }
        if let Some(tree) = properties.get(&["DatabaseInput", "TargetDatabase"]) {
            let why = "it is a link to a database elsewhere, which must grant rights itself".to_owned();
            properties.note(why, "name the database itself", tree.span, needs_rights);
        }
        Box::new(Self::default())
    }
}

impl Component for Database {
    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        let origin = request.origin;
        let address = Some(Value { origin, ..place.reference(DATABASE) });
        // Table actions need the database and the catalog beside the table.
        let (actions, tables, name) = match request.access {
            Access::MaintainTables => (MAINTAIN, "*", format!("TablesOf{}", place.id(""))),
            Access::ReadCatalog => (READ_ALL, "*", format!("ReadTablesOf{}", place.id(""))),
            Access::ReadTable(table) => {
                let name = pascal_case(&table.replace('_', "-"));
                (READ, table.as_str(), format!("ReadTable{name}Of{}", place.id("")))
            }
            _ => return Grant { address, ..Grant::default() },
        };
        let id = place.id(DATABASE);
        let resources = ["catalog".to_owned(), format!("database/${{{id}}}"), format!("table/${{{id}}}/{tables}")];
        let arns = resources.iter().map(|resource| own_arn(origin, "glue", resource)).collect();
        let statement = Statement::allow(origin, actions, arns).named(name);
        Grant { role: vec![statement], address, ..Grant::default() }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let name = match &self.name {
            Some(name) => scope.value(name),
            None => Value::string(origin, default_name(&scope.blueprint, &place.name)),
        };
        let input = map!(origin;
            "Name" => name,
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
        );
        let properties = map!(origin;
            "CatalogId" => Value::reference(Origin::Derived(origin.span()), "AWS::AccountId"),
            "DatabaseInput" => input,
        );
        site.add(DATABASE, "AWS::Glue::Database", properties);
    }
}

fn default_name(blueprint: &str, component: &str) -> String {
    format!("{blueprint}_{component}").replace('-', "_")
}

pub(super) static KIND: Kind = Kind {
    name: "glue-database",
    ports: &[Port::Database],
    attributes: &[
        Attribute { name: "name", doc: "Name of the database.", get: Get::Ref(DATABASE) },
        Attribute {
            name: "arn",
            doc: "ARN of the database.",
            get: Get::Text(DATABASE, "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:database/{}"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Glue::Database"],
        role: DATABASE,
        without: &[],
        policy: Policy::Free,
        read: Database::read,
    }),
    codes: &[],
    schema: super::model_schema::<Database>,
    decode: super::decode::<Database>,
};
