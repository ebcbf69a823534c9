//! `redshift-serverless`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encryption::{Encryption, KEY};
use super::s3_bucket::OnDelete;
use super::site::{join, own_arn};
use super::standing::{Policy, Standing, plain};
use super::vpc::Clients;
use super::warehouse::{self, ADMIN, DATABASE, PARAMETERS, Warehouse, given};
use super::{Access, Attribute, Component, Get, Grant, Kind, Metrics, Peers, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{Located, Reference, Setting, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Data, Function, Value};

/// Redshift without a cluster: a namespace, which holds the data, and a workgroup, which is billed while it works.
///
/// It is encrypted, in private subnets, and reached with TLS only. Redshift makes the password of the administrator
/// itself and keeps it in Secrets Manager. The namespace has one role, which is its default, and whoever lets it read
/// elsewhere adds exactly that to it. The namespace stays when the stack is deleted, the workgroup goes.
///
/// CloudFormation has no type for limits of usage, which count RPU hours by day or month. What bounds the cost here are
/// `max_capacity`, `query_seconds` and `price_performance`, and an `alarm` on `ComputeSeconds` tells of it. Nor does
/// CloudFormation give the ARN of the secret of the administrator; `secret-name` is its name, which follows from those of
/// the namespace and the administrator.
///
/// ```yaml
/// components:
///   network:
///     kind: vpc
///   serving:
///     kind: redshift-serverless
///     network: network
///     base_capacity: 8
///     max_capacity: 32
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RedshiftServerless")]
pub struct Serverless {
    /// Name of namespace and workgroup, in lower case. The default is the name of the component and a part of the id of
    /// the stack, so that there can be several stacks.
    name: Option<Text>,
    /// The `vpc` that it is in, with three availability zones at least.
    network: Reference,
    /// Name of its database, in lower case. The default is `dev`.
    database: Option<Text>,
    /// Name of the administrator, in lower case. The default is `awsuser`.
    admin: Option<Text>,
    /// Capacity that a query starts with, in RPU: 4, or a multiple of 8. The default is 8.
    #[schemars(extend("minimum" = 4, "maximum" = 1024))]
    base_capacity: Option<Setting<u32>>,
    /// Capacity that it never exceeds, in RPU, which bounds what it costs. The default is 32, or `base_capacity` if that
    /// is more.
    #[schemars(extend("minimum" = 4, "maximum" = 5632))]
    max_capacity: Option<Setting<u32>>,
    /// What Redshift weighs when it scales by itself: costs, or how fast queries are. Without `base_capacity` Redshift then
    /// also decides what queries start with. The default is to scale from `base_capacity` alone.
    price_performance: Option<Located<PricePerformance>>,
    /// Seconds after which a query is given up. Without it Redshift decides.
    #[schemars(range(min = 1, max = 86_399))]
    query_seconds: Option<Located<u32>>,
    /// The port.
    #[serde(default = "warehouse::port")]
    #[schemars(extend("minimum" = 5431, "maximum" = 8215))]
    port: Setting<u32>,
    /// Ids of security groups whose members may connect, beside its own.
    #[serde(default)]
    client_groups: Vec<Text>,
    /// Networks from which one may connect, for example `10.1.0.0/16`.
    #[serde(default)]
    client_networks: Vec<Text>,
    /// Whether all that it reads and writes goes through the network, where rules and flow logs see it.
    #[serde(default = "yes")]
    enhanced_routing: bool,
    /// With which key it is encrypted. The default is a key of AWS.
    encryption: Option<Encryption>,
    /// What CloudWatch Logs keeps of it.
    #[serde(default = "all_logs")]
    logs: Vec<LogExport>,
    /// What happens to the namespace, which holds the data, when the stack is deleted.
    #[serde(default)]
    on_delete: OnDelete,
}

/// What Redshift weighs when it scales by itself.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum PricePerformance {
    /// The lowest cost.
    LowCost,
    /// Rather the cost.
    Economical,
    /// Both.
    Balanced,
    /// Rather the speed.
    Resourceful,
    /// The highest speed.
    HighPerformance,
}

impl PricePerformance {
    /// Source: Redshift Serverless API, `PerformanceTarget`.
    fn level(self) -> u32 {
        match self {
            Self::LowCost => 1,
            Self::Economical => 25,
            Self::Balanced => 50,
            Self::Resourceful => 75,
            Self::HighPerformance => 100,
        }
    }
}

/// A log of a namespace.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
enum LogExport {
    /// Who connects.
    #[serde(rename = "connectionlog")]
    Connections,
    /// All statements.
    #[serde(rename = "useractivitylog")]
    Statements,
    /// Changes of users.
    #[serde(rename = "userlog")]
    Users,
}

impl LogExport {
    fn name(self) -> &'static str {
        match self {
            Self::Connections => "connectionlog",
            Self::Statements => "useractivitylog",
            Self::Users => "userlog",
        }
    }
}

codes! {
    /// A capacity that Redshift Serverless does not have, or a greatest capacity below the one that queries start with.
    ///
    /// ```yaml
    /// components:
    ///   network:
    ///     kind: vpc
    ///   serving:
    ///     kind: redshift-serverless
    ///     network: network
    ///     base_capacity: 12
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network:
    ///     kind: vpc
    ///   serving:
    ///     kind: redshift-serverless
    ///     network: network
    ///     base_capacity: 16
    /// ```
    ///
    /// Source: Redshift Management Guide, "Compute capacity for Amazon Redshift Serverless".
    CAPACITY = Error "invalid-capacity";
}

/// Source: Redshift Management Guide, "Compute capacity for Amazon Redshift Serverless".
const STEP: u32 = 8;
const SMALLEST: u32 = 4;

/// Enough for dashboards, and what they cost is no surprise.
const BASE: u32 = 8;
const MAX: u32 = 32;

/// What follows a name so that it is the stack's own has 9 characters, of 64.
const NAME_CHARACTERS: usize = 55;

const NAMESPACE: &str = "Namespace";
const WORKGROUP: &str = "Workgroup";

/// Source: Redshift Management Guide, "Monitoring queries and workloads with Amazon Redshift Serverless", those with the
/// dimension `Workgroup` alone.
const METRICS: &[&str] = &["ComputeCapacity", "ComputeSeconds"];

fn all_logs() -> Vec<LogExport> {
    vec![LogExport::Connections, LogExport::Statements, LogExport::Users]
}

fn yes() -> bool {
    true
}

impl Serverless {
    fn name(&self, site: &Site<'_>) -> Value {
        let origin = site.place.origin;
        if let Some(name) = &self.name {
            return site.scope.value(name);
        }
        // The id of a stack ends with `/` and a UUID.
        let stack = Value::reference(origin, "AWS::StackId");
        let id = warehouse::part_of(origin, warehouse::part_of(origin, stack, "/", 2), "-", 0);
        let name: String = site.place.name.chars().take(NAME_CHARACTERS).collect();
        let parts = Value::new(origin, Data::List(vec![Value::string(origin, name), id]));
        let join = vec![Value::string(origin, "-"), parts];
        Value::call(origin, Function::Join, Value::new(origin, Data::List(join)))
    }

    fn warehouse(&self, origin: Origin, place: &Place, scope: &Scope) -> Warehouse {
        let named = |value: Value| Value { origin, ..value };
        // CloudFormation does not give the ARN of the secret, but its name follows from those of namespace and
        // administrator, and the Data API takes a name, too. What follows it in the ARN is random.
        // Source: Redshift Serverless API, `Namespace`, `adminPasswordSecretArn`, whose examples in public code are
        // `secret:redshift!NAMESPACE-ADMIN-abcdef`; Redshift Data API, `ExecuteStatement`, `SecretArn`.
        let text = |text: &str| Value::string(origin, text);
        let admin = given(self.admin.as_ref(), ADMIN, origin, scope);
        let secret = join(origin, &[text("redshift!"), place.reference(NAMESPACE), text("-"), admin]);
        let random = text("-??????");
        Warehouse {
            name: ("WorkgroupName", named(place.reference(WORKGROUP))),
            arn: named(place.attribute(WORKGROUP, "Workgroup.WorkgroupArn")),
            secret_arn: join(origin, &[own_arn(origin, "secretsmanager", "secret:"), secret.clone(), random]),
            secret,
            database: Value { origin, ..given(self.database.as_ref(), DATABASE, origin, scope) },
            namespace: named(place.attribute(NAMESPACE, "Namespace.NamespaceId")),
            role: (named(place.reference("Role")), named(place.attribute("Role", "Arn"))),
        }
    }
}

impl Component for Serverless {
    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn wires(&self) -> Vec<Wire<'_>> {
        vec![Wire { to: &self.network, access: Access::JoinNetwork }]
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        for setting in [&self.base_capacity, &self.max_capacity].into_iter().flatten() {
            if let Some(given) = setting.known().filter(|given| **given != SMALLEST && **given % STEP != 0) {
                sink.report(&CAPACITY, setting.span(), format!("{given} RPU, not {SMALLEST} or a multiple of {STEP}"))
                    .help(format!("write {}", given.next_multiple_of(STEP)));
            }
        }
        if let (Some(base), Some(max)) = (&self.base_capacity, &self.max_capacity)
            && let (Some(least), Some(most)) = (base.known(), max.known())
            && most < least
        {
            sink.report(&CAPACITY, max.span(), format!("{most} RPU at most, but queries start with {least}"))
                .also(base.span(), "here")
                .help(format!("write {least} or more"));
        }
    }

    fn leads_on(&self, access: &Access, _place: &Place) -> Option<Wire<'_>> {
        match access {
            Access::RunSql(services) if self.enhanced_routing => {
                Some(Wire { to: &self.network, access: Access::ReachServices(services) })
            }
            _ => None,
        }
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        let dimensions = vec![("Workgroup", place.reference(WORKGROUP))];
        let names = METRICS.to_vec();
        // Those of queries have dimensions of their own.
        vec![Metrics { namespace: "AWS/Redshift-Serverless", dimensions, names, ..Metrics::default() }]
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let Access::RunSql(_) = request.access else { return Grant::default() };
        let warehouse = self.warehouse(request.origin, place, scope);
        let role = warehouse.run_sql(request.origin, place);
        // The workgroup is what runs statements; the namespace alone runs none.
        Grant { role, warehouse: Some(warehouse), ..Grant::default() }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, Vec::new());
        }
        let number = |setting: &Setting<u32>| match setting {
            Setting::Known(known) => {
                Value::new(known.place().map_or(origin, Origin::Written), Data::Number(known.value.into()))
            }
            Setting::Deferred(text) => scope.value(text),
        };
        let network = site.granted.first().and_then(|grant| grant.as_ref()?.network.clone());
        let clients =
            Clients { groups: &self.client_groups, networks: &self.client_networks, port: number(&self.port) };
        let group = network.as_ref().map(|network| network.join(&clients, site));
        // Source: Redshift Management Guide, "Authorizing Amazon Redshift to access AWS services on your behalf".
        let role = warehouse::add_role(site, &["redshift-serverless.amazonaws.com", "redshift.amazonaws.com"]);
        let name = self.name(site);
        let logs: Vec<&str> = self.logs.iter().map(|log| log.name()).collect();
        let properties = map!(origin;
            "NamespaceName" => name.clone(),
            "DbName" => given(self.database.as_ref(), DATABASE, origin, scope),
            "AdminUsername" => given(self.admin.as_ref(), ADMIN, origin, scope),
            "ManageAdminPassword" => true,
            "KmsKeyId" => self.encryption.as_ref().and_then(|encryption| encryption.key_arn(place, scope)),
            // An update of the default role takes the whole list, so that both are always there.
            "DefaultIamRoleArn" => role.clone(),
            "IamRoles" => [role],
            "LogExports" => (!logs.is_empty()).then_some(logs),
        );
        site.add_stateful(NAMESPACE, "AWS::RedshiftServerless::Namespace", self.on_delete.removal(), properties);
        let fixed = |number: u32| Value::new(origin, Data::Number(number.into()));
        let base = match (&self.base_capacity, &self.price_performance) {
            (Some(base), _) => Some(number(base)),
            (None, Some(_)) => None,
            (None, None) => Some(fixed(BASE)),
        };
        let max = match (&self.max_capacity, self.base_capacity.as_ref().map(Setting::known)) {
            (Some(max), _) => number(max),
            (None, Some(Some(base))) => fixed(MAX.max(*base)),
            (None, Some(None)) => base.clone().unwrap_or_else(|| fixed(MAX)),
            (None, None) => fixed(MAX),
        };
        let target = self.price_performance.as_ref().map(|target| {
            let origin = Origin::Written(target.span());
            map!(origin; "Level" => target.value.level(), "Status" => "ENABLED")
        });
        let parameter = |name: &str, value: Value| map!(origin; "ParameterKey" => name, "ParameterValue" => value);
        let mut parameters: Vec<_> =
            PARAMETERS.iter().map(|(name, value)| parameter(name, Value::string(origin, *value))).collect();
        if let Some(seconds) = &self.query_seconds {
            let text = Value::string(Origin::Written(seconds.span()), seconds.value.to_string());
            parameters.push(parameter("max_query_execution_time", text));
        }
        let properties = map!(origin;
            "WorkgroupName" => name,
            "NamespaceName" => place.reference(NAMESPACE),
            "BaseCapacity" => base,
            "MaxCapacity" => max,
            "PricePerformanceTarget" => target,
            "Port" => number(&self.port),
            "SubnetIds" => network.map(|network| network.subnets),
            "SecurityGroupIds" => group.map(|group| [group]),
            "PubliclyAccessible" => false,
            "EnhancedVpcRouting" => self.enhanced_routing,
            "ConfigParameters" => parameters,
        );
        site.add(WORKGROUP, "AWS::RedshiftServerless::Workgroup", properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "redshift-serverless",
    ports: &[Port::Metrics, Port::Warehouse],
    attributes: &[
        Attribute { name: "name", doc: "Name of the workgroup.", get: Get::Ref(WORKGROUP) },
        Attribute { name: "arn", doc: "ARN of the workgroup.", get: Get::Att(WORKGROUP, "Workgroup.WorkgroupArn") },
        Attribute { name: "namespace", doc: "Name of the namespace.", get: Get::Ref(NAMESPACE) },
        Attribute {
            name: "namespace-id",
            doc: "Id of the namespace.",
            get: Get::Att(NAMESPACE, "Namespace.NamespaceId"),
        },
        Attribute {
            name: "namespace-arn",
            doc: "ARN of the namespace.",
            get: Get::Att(NAMESPACE, "Namespace.NamespaceArn"),
        },
        Attribute { name: "address", doc: "Its host name.", get: Get::Att(WORKGROUP, "Workgroup.Endpoint.Address") },
        Attribute { name: "port", doc: "Its port.", get: Get::Att(WORKGROUP, "Workgroup.Endpoint.Port") },
        Attribute { name: "database", doc: "Name of its database.", get: Get::Property(NAMESPACE, &["DbName"]) },
        Attribute {
            name: "secret-name",
            doc: "Name of the secret of its administrator.",
            get: Get::Text(NAMESPACE, "redshift!{}-{AdminUsername}"),
        },
        Attribute {
            name: "security-group-id",
            doc: "Id of its security group.",
            get: Get::Att("SecurityGroup", "GroupId"),
        },
        Attribute { name: "role-arn", doc: "ARN of the role with which it reads.", get: Get::Att("Role", "Arn") },
        Attribute { name: "role-name", doc: "Name of the role with which it reads.", get: Get::Ref("Role") },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(KEY, "Arn"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::RedshiftServerless::Workgroup"],
        role: WORKGROUP,
        without: &[
            (Port::Warehouse, "whose role and secret are not known"),
            (Port::Metrics, "whose metrics are named by its kind alone"),
        ],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Serverless>,
    decode: super::decode::<Serverless>,
};
