//! `redshift-cluster`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encryption::{Encryption, KEY};
use super::site::{assumed_by, own_arn};
use super::standing::{Policy, Standing, plain};
use super::vpc::Clients;
use super::warehouse::{self, ADMIN, DATABASE, PARAMETERS, Warehouse, given};
use super::{
    Access, Actor, Attribute, Component, Get, Grant, Kind, Metrics, Peers, Place, Port, Request, Scope, Site, Wire,
};
use crate::blueprint::text::{Located, Reference, Setting, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::Statement;
use crate::template::{Data, Removal, Value};

/// A provisioned cluster of Redshift: encrypted, in private subnets, reached with TLS only.
///
/// Redshift makes the password of the administrator itself and keeps it in Secrets Manager. The cluster has one role,
/// and whoever lets it read elsewhere adds exactly that to it. With `pause` it is stopped and started by schedule; a
/// stopped cluster is billed for its storage alone, and what is deployed meanwhile cannot run SQL in it.
///
/// ```yaml
/// components:
///   network:
///     kind: vpc
///   logs:
///     kind: s3-bucket
///   speed:
///     kind: redshift-cluster
///     network: network
///     node_type: ra3.large
///     nodes: 2
///     audit_logs: { to: logs }
///     pause: { at: cron(0 20 ? * MON-FRI *), resume_at: cron(0 6 ? * MON-FRI *) }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RedshiftCluster")]
pub struct Cluster {
    /// Name of the cluster. Without it CloudFormation makes one.
    name: Option<Text>,
    /// The `vpc` that it is in.
    network: Reference,
    /// Type of its nodes: `ra3.large`, `ra3.xlplus`, `ra3.4xlarge`, `ra3.16xlarge`, `rg.large`, `rg.xlarge`,
    /// `rg.4xlarge` or `rg.12xlarge`. Only these share data.
    /// The default is `ra3.large`.
    node_type: Option<Text>,
    /// Number of nodes. One alone is no copy of anything.
    #[serde(default = "nodes")]
    #[schemars(extend("minimum" = 1, "maximum" = 100))]
    nodes: Setting<u32>,
    /// Name of its database, in lower case. The default is `dev`.
    database: Option<Text>,
    /// Name of the administrator, in lower case. The default is `awsuser`.
    admin: Option<Text>,
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
    /// With which key it is encrypted. The default is the key of the account that AWS manages for Redshift.
    encryption: Option<Encryption>,
    /// Where Redshift keeps the audit logs: connections, users and statements.
    audit_logs: Option<AuditLogs>,
    /// Days for which automatic snapshots are kept. The default is 7.
    #[schemars(extend("minimum" = 1, "maximum" = 35))]
    snapshot_days: Option<Setting<u32>>,
    /// When it is stopped and started.
    pause: Option<Pause>,
    /// What happens to the cluster when the stack is deleted.
    #[serde(default)]
    on_delete: AtEnd,
}

/// Where audit logs are kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AuditLogs {
    /// The `s3-bucket` of the logs, which is encrypted with keys of S3.
    to: Reference,
    /// What the keys of the logs start with. The default is the name of the component and `/`.
    #[schemars(regex(pattern = super::schema::FOLDER_PATTERN))]
    prefix: Option<Located<String>>,
}

/// When a cluster is stopped and started, in UTC.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pause {
    /// When it is stopped: `cron(0 20 ? * MON-FRI *)`.
    #[schemars(regex(pattern = CRON_PATTERN))]
    at: Located<String>,
    /// When it is started again.
    #[schemars(regex(pattern = CRON_PATTERN))]
    resume_at: Located<String>,
    /// Whether the schedules are active. Here `${ }` may name a parameter that is `true` or `false`.
    enabled: Option<Setting<bool>>,
}

/// What happens to a cluster when the stack is deleted.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum AtEnd {
    /// It goes, and a last snapshot stays.
    #[default]
    Snapshot,
    /// It stays, with its network.
    Retain,
    /// It goes with its data.
    Delete,
}

codes! {
    /// A cluster is to be made of nodes that Redshift does not make any more.
    ///
    /// DC and DS nodes keep data on their own disks. They cannot share data, and new clusters of them are refused.
    ///
    /// ```yaml
    /// components:
    ///   network:
    ///     kind: vpc
    ///   speed:
    ///     kind: redshift-cluster
    ///     network: network
    ///     node_type: dc2.large
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network:
    ///     kind: vpc
    ///   speed:
    ///     kind: redshift-cluster
    ///     network: network
    ///     node_type: ra3.large
    /// ```
    ///
    /// Source: Redshift Management Guide, "Amazon Redshift provisioned clusters", node types.
    RETIRED = Error "retired-node-type";
}

/// The two smallest nodes that keep a copy of each other's data.
const NODE_TYPE: &str = "ra3.large";
const NODES: u32 = 2;

/// A week, as long as a mistake may stay unnoticed.
const SNAPSHOT_DAYS: u32 = 7;

/// Source: Redshift API, `CreateScheduledAction`, `Schedule`: six fields.
pub(super) const CRON_PATTERN: &str = r"^cron\((\S+ ){5}\S+\)$";

/// The family of parameters of today's clusters.
///
/// Source: Redshift Management Guide, "Amazon Redshift parameter groups".
const FAMILY: &str = "redshift-2.0";

const CLUSTER: &str = "Cluster";
const SERVICE: &str = "redshift.amazonaws.com";

/// Source: Redshift Management Guide, "Performance data in Amazon Redshift", with the dimension `ClusterIdentifier`.
const METRICS: &[&str] = &[
    "CPUUtilization",
    "CommitQueueLength",
    "ConcurrencyScalingActiveClusters",
    "ConcurrencyScalingSeconds",
    "DatabaseConnections",
    "HealthStatus",
    "MaintenanceMode",
    "MaxConfiguredConcurrencyScalingClusters",
    "NetworkReceiveThroughput",
    "NetworkTransmitThroughput",
    "PercentageDiskSpaceUsed",
    "ReadIOPS",
    "ReadLatency",
    "ReadThroughput",
    "RedshiftManagedStorageTotalCapacity",
    "TotalTableCount",
    "WriteIOPS",
    "WriteLatency",
    "WriteThroughput",
];

fn nodes() -> Setting<u32> {
    Setting::Known(Located::nowhere(NODES))
}

fn yes() -> bool {
    true
}

impl AtEnd {
    fn removal(self) -> Removal {
        match self {
            Self::Snapshot => Removal::Snapshot,
            Self::Retain => Removal::Retain,
            Self::Delete => Removal::Delete,
        }
    }
}

impl Cluster {
    fn log_prefix(&self, name: &str) -> Option<String> {
        let logs = self.audit_logs.as_ref()?;
        Some(logs.prefix.as_ref().map_or_else(|| format!("{name}/"), |prefix| prefix.value.clone()))
    }

    fn warehouse(&self, origin: Origin, place: &Place, scope: &Scope) -> Warehouse {
        let named = |value: Value| Value { origin, ..value };
        // `arn:aws:redshift:eu-central-1:111122223333:namespace:` and the id.
        let namespace = warehouse::part_of(origin, place.attribute(CLUSTER, "ClusterNamespaceArn"), ":", 6);
        Warehouse {
            name: ("ClusterIdentifier", named(place.reference(CLUSTER))),
            arn: own_arn(origin, "redshift", &format!("cluster:${{{}}}", place.id(CLUSTER))),
            secret: named(place.attribute(CLUSTER, "MasterPasswordSecretArn")),
            secret_arn: named(place.attribute(CLUSTER, "MasterPasswordSecretArn")),
            database: Value { origin, ..given(self.database.as_ref(), DATABASE, origin, scope) },
            namespace,
            role: (named(place.reference("Role")), named(place.attribute("Role", "Arn"))),
        }
    }

    fn add_groups(site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        let network = site.granted.first().and_then(|grant| grant.as_ref()?.network.clone());
        let subnets = network.map(|network| network.subnets).unwrap_or_default();
        let description = format!("{} of {}", place.name, site.scope.blueprint);
        let properties = map!(origin; "Description" => description.clone(), "SubnetIds" => subnets);
        site.add("SubnetGroup", "AWS::Redshift::ClusterSubnetGroup", properties);
        let parameters: Vec<_> = PARAMETERS
            .iter()
            .map(|(name, value)| map!(origin; "ParameterName" => *name, "ParameterValue" => *value))
            .collect();
        let properties = map!(origin;
            "Description" => description,
            "ParameterGroupFamily" => FAMILY,
            "Parameters" => parameters,
        );
        site.add("ParameterGroup", "AWS::Redshift::ClusterParameterGroup", properties);
    }

    /// Stops and starts it.
    ///
    /// Source: Redshift Management Guide, "Pausing and resuming a cluster", and the trust of the role for the scheduler.
    fn add_schedules(pause: &Pause, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let arn = own_arn(origin, "redshift", &format!("cluster:${{{}}}", place.id(CLUSTER)));
        let actions = &["redshift:PauseCluster", "redshift:ResumeCluster"];
        let statement = Statement::allow(origin, actions, vec![arn]).named("StopAndStart");
        let trust = assumed_by(origin, "scheduler.redshift.amazonaws.com");
        let role = site.add_named_role("SchedulerRole", trust, "pause", vec![statement]);
        let enabled = match &pause.enabled {
            Some(Setting::Known(known)) => Value::new(Origin::Written(known.span()), Data::Bool(known.value)),
            Some(Setting::Deferred(text)) => scope.value(text),
            None => Value::new(origin, Data::Bool(true)),
        };
        let cluster = map!(origin; "ClusterIdentifier" => place.reference(CLUSTER));
        for (role_name, word, action, at) in
            [("Pause", "pause", "PauseCluster", &pause.at), ("Resume", "resume", "ResumeCluster", &pause.resume_at)]
        {
            let name = Value::sub(origin, format!("${{AWS::StackName}}-{}-{word}", place.name));
            let mut target = map!(origin;);
            target.push(action, origin, cluster.clone());
            let properties = map!(origin;
                "ScheduledActionName" => name,
                "ScheduledActionDescription" => format!("{word} {} of {}", place.name, scope.blueprint),
                "Schedule" => at.to_value(origin),
                "Enable" => enabled.clone(),
                "IamRole" => role.clone(),
                "TargetAction" => target,
            );
            site.add(role_name, "AWS::Redshift::ScheduledAction", properties);
        }
    }
}

impl Component for Cluster {
    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn wires(&self) -> Vec<Wire<'_>> {
        let mut wires = vec![Wire { to: &self.network, access: Access::JoinNetwork }];
        wires.extend(self.audit_logs.iter().map(|logs| {
            let prefix = logs.prefix.as_ref().map(|prefix| prefix.value.clone()).unwrap_or_default();
            Wire { to: &logs.to, access: Access::WriteAuditLogs(prefix) }
        }));
        wires
    }

    /// The name of the cluster would need the cluster, which needs the policy of the bucket first.
    fn actor(&self, place: &Place, _scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: own_arn(place.origin, "redshift", "cluster:*") })
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        let Some(node_type) = &self.node_type else { return };
        if let Some(given) = node_type.literal().filter(|name| name.starts_with("dc") || name.starts_with("ds")) {
            sink.report(&RETIRED, node_type.span, format!("no new cluster has nodes of type `{given}`"))
                .help(format!("write `{NODE_TYPE}` or another `ra3` or `rg` type"));
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
        let dimensions = vec![("ClusterIdentifier", place.reference(CLUSTER))];
        vec![Metrics { namespace: "AWS/Redshift", dimensions, names: METRICS.to_vec(), ..Metrics::default() }]
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let Access::RunSql(_) = request.access else { return Grant::default() };
        let warehouse = self.warehouse(request.origin, place, scope);
        let role = warehouse.run_sql(request.origin, place);
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
        let grant = |wire: usize| site.granted.get(wire).and_then(Option::as_ref);
        let network = grant(0).and_then(|grant| grant.network.clone());
        let after: Vec<String> = grant(1).and_then(|grant| grant.after.clone()).into_iter().collect();
        let logging = self.log_prefix(&place.name).map(|prefix| {
            map!(origin;
                "LogDestinationType" => "s3",
                "BucketName" => site.address(1),
                "S3KeyPrefix" => prefix.trim_end_matches('/'),
            )
        });
        let clients =
            Clients { groups: &self.client_groups, networks: &self.client_networks, port: number(&self.port) };
        let group = network.map(|network| network.join(&clients, site));
        Self::add_groups(site);
        let role = warehouse::add_role(site, &[SERVICE]);
        let single = self.nodes.known() == Some(&1);
        let days = self.snapshot_days.as_ref();
        let properties = map!(origin;
            "ClusterIdentifier" => self.name.as_ref().map(|name| scope.value(name)),
            "ClusterType" => if single { "single-node" } else { "multi-node" },
            "NodeType" => given(self.node_type.as_ref(), NODE_TYPE, origin, scope),
            "NumberOfNodes" => (!single).then(|| number(&self.nodes)),
            "DBName" => given(self.database.as_ref(), DATABASE, origin, scope),
            "MasterUsername" => given(self.admin.as_ref(), ADMIN, origin, scope),
            "ManageMasterPassword" => true,
            "Port" => number(&self.port),
            "ClusterSubnetGroupName" => place.reference("SubnetGroup"),
            "ClusterParameterGroupName" => place.reference("ParameterGroup"),
            "VpcSecurityGroupIds" => group.map(|group| [group]),
            "PubliclyAccessible" => false,
            "EnhancedVpcRouting" => self.enhanced_routing,
            "Encrypted" => true,
            "KmsKeyId" => self.encryption.as_ref().and_then(|encryption| encryption.key_arn(place, scope)),
            "IamRoles" => [role],
            "LoggingProperties" => logging,
            "AllowVersionUpgrade" => true,
            "AutomatedSnapshotRetentionPeriod" => days.map_or_else(
                || Value::new(origin, Data::Number(SNAPSHOT_DAYS.into())),
                |days| scope.setting(days),
            ),
        );
        let cluster = site.add(CLUSTER, "AWS::Redshift::Cluster", properties);
        cluster.removal = Some(self.on_delete.removal());
        cluster.depends_on = after;
        if let Some(pause) = &self.pause {
            Self::add_schedules(pause, site);
        }
    }
}

pub(super) static KIND: Kind = Kind {
    name: "redshift-cluster",
    ports: &[Port::Metrics, Port::Warehouse],
    attributes: &[
        Attribute { name: "name", doc: "Name of the cluster.", get: Get::Ref(CLUSTER) },
        Attribute {
            name: "arn",
            doc: "ARN of the cluster.",
            get: Get::Text(CLUSTER, "arn:${AWS::Partition}:redshift:${AWS::Region}:${AWS::AccountId}:cluster:{}"),
        },
        Attribute { name: "address", doc: "Its host name.", get: Get::Att(CLUSTER, "Endpoint.Address") },
        Attribute { name: "port", doc: "Its port.", get: Get::Att(CLUSTER, "Endpoint.Port") },
        Attribute { name: "database", doc: "Name of its database.", get: Get::Property(CLUSTER, &["DBName"]) },
        Attribute {
            name: "secret-arn",
            doc: "ARN of the secret of its administrator.",
            get: Get::Att(CLUSTER, "MasterPasswordSecretArn"),
        },
        Attribute {
            name: "namespace-arn",
            doc: "ARN of its namespace.",
            get: Get::Att(CLUSTER, "ClusterNamespaceArn"),
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
        types: &["AWS::Redshift::Cluster"],
        role: CLUSTER,
        without: &[
            (Port::Warehouse, "whose role and secret are not known"),
            (Port::Metrics, "whose metrics are named by its kind alone"),
        ],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Cluster>,
    decode: super::decode::<Cluster>,
};
