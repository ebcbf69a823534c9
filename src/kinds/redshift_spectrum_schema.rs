//! `redshift-spectrum-schema`

use schemars::JsonSchema;
use serde::Deserialize;

use super::redshift_sql::{after, database, default_name, warehouse};
use super::sql_runner::{self, Job, Object, Sql};
use super::tables::{Held, Holding};
use super::warehouse::NAME_PATTERN;
use super::{Access, Component, Grant, Kind, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{Located, Reference};
use crate::template::Value;

/// A schema of Redshift in which the tables of a `glue-database` are read where their data is, in S3.
///
/// The role of the warehouse is allowed to read the tables of this database and the data that `reads` names, as long as
/// the schema is there. Partitions must be in the catalog: those that Athena makes up by itself are not seen.
///
/// ```yaml
/// components:
///   network:
///     kind: vpc
///     endpoints: [glue]
///   warehouse:
///     kind: redshift-serverless
///     network: network
///   archive:
///     kind: s3-bucket
///   catalog:
///     kind: glue-database
///   history:
///     kind: redshift-spectrum-schema
///     in: warehouse
///     database: catalog
///     reads:
///       - { bucket: archive, prefix: trips/ }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RedshiftSpectrumSchema")]
pub struct Model {
    /// The `redshift-cluster` or `redshift-serverless` that it is in.
    #[serde(rename = "in")]
    warehouse: Reference,
    /// Name of the schema. The default is the name of the component with `_` for `-`.
    #[schemars(regex(pattern = NAME_PATTERN))]
    name: Option<Located<String>>,
    /// The database of Redshift. The default is that of the warehouse.
    #[schemars(regex(pattern = NAME_PATTERN))]
    warehouse_database: Option<Located<String>>,
    /// The `glue-database` of the tables.
    database: Reference,
    /// Where their data is.
    reads: Vec<Data>,
}

/// Data in a bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SpectrumData")]
struct Data {
    /// The `s3-bucket`.
    bucket: Reference,
    /// What the keys start with. The default is all of the bucket.
    #[schemars(regex(pattern = super::schema::FOLDER_PATTERN))]
    prefix: Option<Located<String>>,
}

const HERE: &str = "here";

/// What Redshift calls for it, beside S3.
const SERVICES: &[&str] = &["glue"];

impl Model {
    fn name(&self, place: &Place) -> String {
        self.name.as_ref().map_or_else(|| default_name(&place.name), |name| name.value.clone())
    }
}

impl Component for Model {
    fn wires(&self) -> Vec<Wire<'_>> {
        let mut wires = vec![
            Wire { to: &self.warehouse, access: Access::RunSql(SERVICES) },
            Wire { to: &self.database, access: Access::ReadCatalog },
        ];
        wires.extend(self.reads.iter().map(|data| {
            let prefix = data.prefix.as_ref().map(|prefix| prefix.value.clone()).unwrap_or_default();
            Wire { to: &data.bucket, access: Access::ReadObjects(prefix) }
        }));
        wires
    }

    fn holdings(&self, place: &Place) -> Vec<Holding<'_>> {
        let held = Held::Catalog { schema: self.name(place), database: &self.database };
        let database = self.warehouse_database.as_ref().map(|name| name.value.as_str());
        vec![Holding { warehouse: &self.warehouse, database, held }]
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        match request.access {
            Access::FollowSql => Grant { after: Some(sql_runner::done(place)), ..Grant::default() },
            _ => Grant::default(),
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        let Some(warehouse) = warehouse(site, 0) else { return };
        let run = site.granted[0].as_ref().map(|grant| grant.role.clone()).unwrap_or_default();
        let catalog = site.address(1).unwrap_or_else(|| Value::string(origin, ""));
        let mut first = after(site);
        let statements = site.granted[1..].iter().flatten().flat_map(|grant| grant.role.iter().cloned()).collect();
        first.extend(warehouse.allow(statements, site));
        let name = self.name(place);
        let create = Sql::default()
            .text("CREATE EXTERNAL SCHEMA ")
            .name(&name)
            .text(" FROM DATA CATALOG DATABASE ")
            .literal(catalog)
            .text(" IAM_ROLE ")
            .literal(warehouse.role.1.clone());
        let drop = Sql::default().text("DROP SCHEMA IF EXISTS ").name(&name);
        let named = database(self.warehouse_database.as_ref(), origin);
        let job = Job {
            warehouses: vec![(HERE.to_owned(), warehouse.target(origin, named.as_ref()))],
            objects: vec![Object::new(format!("schema {name}"), HERE, origin, create, drop)],
            after: first,
            statements: run,
        };
        job.compose(site);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "redshift-spectrum-schema",
    ports: &[Port::Sql],
    attributes: &[],
    standing: None,
    codes: &[],
    schema: super::model_schema::<Model>,
    decode: super::decode::<Model>,
};
