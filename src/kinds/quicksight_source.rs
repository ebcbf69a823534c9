//! `quicksight-source`

use schemars::JsonSchema;
use serde::Deserialize;

use super::sharing::{self, Actions, Sharing};
use super::standing::{Policy, Properties, Standing};
use super::{Access, Attribute, Component, Get, Grant, Kind, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{Reference, Setting, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::Span;
use crate::template::{Map, Value};

/// A data source of QuickSight: where its data sets ask, which is Athena or Redshift.
///
/// Two things are done by hand, once for an account, as CloudFormation has no types for them: the subscription to
/// QuickSight, and what QuickSight itself may do in the account (Manage QuickSight, Security & permissions). For Athena
/// that is Athena itself, the buckets of the data, and the bucket of the results with the right to write; for a key of
/// one's own, its use. For Redshift that is the secret.
///
/// ```yaml
/// parameters:
///   Analysts: { type: string, description: ARN of the group of QuickSight that makes dashboards. }
/// components:
///   results:
///     kind: s3-bucket
///     expire_after_days: 30
///   queries:
///     kind: athena-workgroup
///     results: results
///   analytics:
///     kind: quicksight-source
///     athena: { workgroup: queries }
///     owners: ["${Analysts}"]
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// How it is called in QuickSight. The default is the name of the stack, `-` and the name of the component.
    title: Option<Text>,
    /// It asks Athena.
    athena: Option<Athena>,
    /// It asks Redshift.
    redshift: Option<Redshift>,
    /// ARN of the VPC connection of QuickSight, through which it reaches a database that is not public.
    vpc_connection: Option<Text>,
    /// Who may change it and share it on: `group/default/NAME`, `user/default/NAME`, or an ARN.
    #[schemars(length(min = 1, max = 64))]
    owners: Vec<Text>,
    /// Who may make data sets of it.
    #[serde(default)]
    #[schemars(length(max = 63))]
    readers: Vec<Text>,
    /// The region in which the account subscribed to QuickSight, which has its users and groups. The default is the
    /// region of the stack.
    identity_region: Option<Text>,
}

/// What is asked through Athena.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightAthena")]
struct Athena {
    /// The `athena-workgroup` that runs the queries. The default is the workgroup `primary` of the account.
    workgroup: Option<Reference>,
}

/// A database of Redshift.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightRedshift")]
struct Redshift {
    /// Id of the cluster. A serverless workgroup has a `host` instead.
    cluster: Option<Text>,
    /// The name of its endpoint.
    host: Option<Text>,
    /// The port of `host`.
    #[schemars(extend("default" = PORT))]
    port: Option<Setting<u32>>,
    /// Name of the database.
    database: Text,
    /// The secret with the fields `username` and `password`: a `secret`, or the ARN of one that is made elsewhere, such
    /// as one that Redshift keeps.
    secret: Login,
}

/// Where a user and its password are.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Login {
    /// In a secret of the blueprint.
    #[serde(rename = "Text")]
    Component(Reference),
    /// In a secret from elsewhere.
    #[serde(rename = "Map")]
    Elsewhere(ElsewhereLogin),
}

/// A secret that is made elsewhere.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuickSightSecret")]
struct ElsewhereLogin {
    /// ARN of the secret.
    arn: Text,
}

impl JsonSchema for Login {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Login".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<Reference>(), generator.subschema_for::<ElsewhereLogin>()]
        })
    }
}

codes! {
    /// A source of QuickSight does not say what it asks, or says it twice.
    ///
    /// It asks either Athena or one database of Redshift: a cluster by its id, or an endpoint by its host. Only Redshift is reached through a VPC connection.
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
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
    /// ```
    ///
    /// Source: QuickSight API Reference, `DataSourceParameters` and `RedshiftParameters`.
    UNCLEAR = Error "unclear-source";

    /// A data set asks Redshift for a table of the Glue Data Catalog.
    ///
    /// QuickSight finds such tables through Athena. In Redshift they are in a schema of their own, and asked for in SQL.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     bucket: archive
    ///     columns: { id: string }
    ///   password:
    ///     kind: secret
    ///     field: password
    ///     others: { username: reader }
    ///   warehouse:
    ///     kind: quicksight-source
    ///     redshift: { cluster: shop, database: dev, secret: password }
    ///     owners: [group/default/analysts]
    ///   all-orders:
    ///     kind: quicksight-dataset
    ///     source: warehouse
    ///     table: orders
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   password:
    ///     kind: secret
    ///     field: password
    ///     others: { username: reader }
    ///   warehouse:
    ///     kind: quicksight-source
    ///     redshift: { cluster: shop, database: dev, secret: password }
    ///     owners: [group/default/analysts]
    ///   all-orders:
    ///     kind: quicksight-dataset
    ///     source: warehouse
    ///     sql: SELECT id FROM lake.orders
    ///     columns: { id: string }
    ///     owners: [group/default/analysts]
    /// ```
    TABLE = Error "table-through-redshift";

    /// A data set has a table of Redshift, but its source asks Athena.
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   serving: { kind: redshift-serverless, network: network }
    ///   views:
    ///     kind: redshift-sql
    ///     in: serving
    ///     statements:
    ///       trips: { create: CREATE TABLE IF NOT EXISTS trips (vin varchar(17)), undo: keep }
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    ///   all-trips:
    ///     kind: quicksight-dataset
    ///     source: analytics
    ///     table: views
    ///     relation: trips
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   serving: { kind: redshift-serverless, network: network }
    ///   views:
    ///     kind: redshift-sql
    ///     in: serving
    ///     statements:
    ///       trips: { create: CREATE TABLE IF NOT EXISTS trips (vin varchar(17)), undo: keep }
    ///   password:
    ///     kind: secret
    ///     field: password
    ///     others: { username: reader }
    ///   warehouse:
    ///     kind: quicksight-source
    ///     redshift: { host: "${serving.address}", database: dev, secret: password }
    ///     owners: [group/default/analysts]
    ///   all-trips:
    ///     kind: quicksight-dataset
    ///     source: warehouse
    ///     table: views
    ///     relation: trips
    ///     owners: [group/default/analysts]
    /// ```
    RELATION = Error "relation-through-athena";
}

/// Source: Redshift Management Guide, "Managing clusters": the default port.
const PORT: u32 = 5439;

/// The workgroup that every account has. Source: Athena User Guide, "Manage workgroups".
const PRIMARY: &str = "primary";

const SOURCE: &str = "DataSource";
const TYPE: &str = "AWS::QuickSight::DataSource";

/// Source: QuickSight API Reference, `CreateDataSource`, `Permissions`.
const ACTIONS: Actions = Actions {
    owner: &[
        "quicksight:DeleteDataSource",
        "quicksight:DescribeDataSource",
        "quicksight:DescribeDataSourcePermissions",
        "quicksight:PassDataSource",
        "quicksight:UpdateDataSource",
        "quicksight:UpdateDataSourcePermissions",
    ],
    reader: &["quicksight:DescribeDataSource", "quicksight:DescribeDataSourcePermissions", "quicksight:PassDataSource"],
    namespaces: false,
};

impl Redshift {
    fn check(&self, name: Span, sink: &mut Sink) {
        match (&self.cluster, &self.host) {
            (None, None) => {
                sink.report(&UNCLEAR, name, "nothing says which cluster or endpoint of Redshift it asks")
                    .help("add `cluster` with the id of a cluster, or `host` with the name of an endpoint");
            }
            (Some(cluster), Some(host)) => {
                sink.report(&UNCLEAR, host.span, "`cluster` already says what is asked")
                    .also(cluster.span, "`cluster` is here")
                    .help("keep either `cluster` or `host`");
            }
            (Some(_), None) => {
                if let Some(port) = &self.port {
                    sink.report(&UNCLEAR, port.span(), "a `cluster` has its port itself").help("remove `port`");
                }
            }
            (None, Some(_)) => {}
        }
    }

    fn parameters(&self, site: &Site<'_>) -> Map {
        let (origin, scope) = (site.place.origin, site.scope);
        let port = self.host.as_ref().map(|_| match &self.port {
            Some(port) => scope.setting(port),
            None => Value::new(origin, crate::template::Data::Number(PORT.into())),
        });
        map!(origin;
            "ClusterId" => self.cluster.as_ref().map(|cluster| scope.value(cluster)),
            "Host" => self.host.as_ref().map(|host| scope.value(host)),
            "Port" => port,
            "Database" => scope.value(&self.database),
        )
    }
}

impl Source {
    fn sharing(&self) -> Sharing<'_> {
        Sharing { owners: &self.owners, readers: &self.readers, region: self.identity_region.as_ref() }
    }
}

impl Component for Source {
    fn wires(&self) -> Vec<Wire<'_>> {
        let workgroup = self.athena.iter().filter_map(|athena| athena.workgroup.as_ref());
        let secret = self.redshift.iter().filter_map(|redshift| match &redshift.secret {
            Login::Component(secret) => Some(secret),
            Login::Elsewhere(_) => None,
        });
        workgroup
            .map(|to| Wire { to, access: Access::RunQueries })
            .chain(secret.map(|to| Wire { to, access: Access::ReadSecret }))
            .collect()
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        match (&self.athena, &self.redshift) {
            (None, None) => {
                sink.report(&UNCLEAR, name, "this source does not say what it asks")
                    .help("add `athena: {}`, or `redshift` with a database");
            }
            (Some(_), Some(redshift)) => {
                sink.report(&UNCLEAR, redshift.database.span, "this source asks both Athena and Redshift")
                    .help("make a source of each");
            }
            (Some(_), None) => {
                if let Some(connection) = &self.vpc_connection {
                    sink.report(&UNCLEAR, connection.span, "Athena is not reached through a VPC connection")
                        .help("remove `vpc_connection`");
                }
            }
            (None, Some(redshift)) => redshift.check(name, sink),
        }
        self.sharing().check(&ACTIONS, sink);
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        accept(Some(self.redshift.is_some()), request, place, scope)
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let (kind, parameters) = if let Some(redshift) = &self.redshift {
            ("REDSHIFT", map!(origin; "RedshiftParameters" => redshift.parameters(site)))
        } else {
            let workgroup = site.address(0).unwrap_or_else(|| Value::string(origin, PRIMARY));
            ("ATHENA", map!(origin; "AthenaParameters" => map!(origin; "WorkGroup" => workgroup)))
        };
        let credentials = self.redshift.as_ref().map(|redshift| {
            let arn = match &redshift.secret {
                Login::Component(_) => site.address(0),
                Login::Elsewhere(secret) => Some(scope.value(&secret.arn)),
            };
            map!(origin; "SecretArn" => arn)
        });
        let connection = self.vpc_connection.as_ref().map(|arn| map!(origin; "VpcConnectionArn" => scope.value(arn)));
        let properties = map!(origin;
            "AwsAccountId" => Value::reference(origin, "AWS::AccountId"),
            "DataSourceId" => sharing::id(place),
            "Name" => sharing::title(self.title.as_ref(), place, scope),
            "Type" => kind,
            "DataSourceParameters" => parameters,
            "Credentials" => credentials,
            "SslProperties" => map!(origin; "DisableSsl" => false),
            "VpcConnectionProperties" => connection,
            "Permissions" => self.sharing().permissions(&ACTIONS, place, scope),
        );
        site.add(SOURCE, TYPE, properties);
    }
}

/// How a data set names its source, which asks Redshift or not, as far as that is known.
fn accept(redshift: Option<bool>, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
    if redshift == Some(false) && *request.access == Access::AskRelation {
        scope
            .sink()
            .report(&RELATION, request.origin.span(), format!("`{}` asks Athena, not Redshift", place.name))
            .help("name a source with `redshift`, or remove `relation`");
    }
    if redshift == Some(true) && *request.access == Access::AskTable {
        scope
            .sink()
            .report(
                &TABLE,
                request.origin.span(),
                format!("`{}` asks Redshift, which has no tables of Glue", place.name),
            )
            .help("add `relation` to a `table` of Redshift, write `sql` and `columns`, or name a source with `athena`");
    }
    let address = Value { origin: request.origin, ..place.attribute(SOURCE, "Arn") };
    Grant { address: Some(address), ..Grant::default() }
}

/// A source as a raw resource.
#[derive(Debug)]
struct Named {
    redshift: Option<bool>,
}

impl Named {
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        Box::new(Self { redshift: properties.literal(&["Type"]).map(|kind| kind == "REDSHIFT") })
    }
}

impl Component for Named {
    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        accept(self.redshift, request, place, scope)
    }

    fn compose(&self, _site: &mut Site<'_>) {}
}

pub(super) static KIND: Kind = Kind {
    name: "quicksight-source",
    ports: &[Port::Source],
    attributes: &[
        Attribute { name: "id", doc: "Id of the source.", get: Get::Property(SOURCE, &["DataSourceId"]) },
        Attribute { name: "arn", doc: "ARN of the source.", get: Get::Att(SOURCE, "Arn") },
    ],
    standing: Some(Standing { types: &[TYPE], role: SOURCE, without: &[], policy: Policy::Free, read: Named::read }),
    codes: &[CODES, sharing::CODES],
    schema: super::model_schema::<Source>,
    decode: super::decode::<Source>,
};
