//! `vpc`

mod clients;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::clients::{Clients, Network};
use super::log_group::RETENTION_DAYS;
use super::site::{assumed_by, on_behalf_of, own_arn};
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Get, Grant, Kind, Place, Port, Request, Scope, Site};
use crate::blueprint::text::{Located, Setting};
use crate::diagnostics::{Sink, alternatives};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::Statement;
use crate::template::{Data, Function, Map, Removal, Value};

/// A network of its own: private subnets in several availability zones, without a way to the internet unless it is asked
/// for.
///
/// S3 is always reached through a gateway, which costs nothing; other services of AWS through the `endpoints` that are
/// asked for. What is put into the network has a security group of its own, which lets in only whom it names. All
/// traffic is logged.
///
/// ```yaml
/// components:
///   network:
///     kind: vpc
///     endpoints: [kinesis-streams, glue]
///   warehouse:
///     kind: redshift-serverless
///     network: network
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Vpc")]
pub struct Model {
    /// The addresses of the network, `/16` to `/24`. Each subnet has a sixteenth of them.
    #[serde(default = "addresses")]
    #[schemars(regex(pattern = CIDR_PATTERN))]
    cidr: Located<String>,
    /// The number of availability zones, each with a private subnet. Redshift Serverless needs three.
    #[serde(default = "zones")]
    #[schemars(range(min = 1, max = 6))]
    zones: u32,
    /// The services that are reached from inside, beside S3; each has an address in every subnet, which is billed by the
    /// hour.
    #[serde(default)]
    endpoints: Vec<Located<Endpoint>>,
    /// Whether what is inside can call the internet, through a NAT gateway, which is billed by the hour. Nothing is
    /// reached from there.
    #[serde(default)]
    internet: bool,
    /// Days after which an entry of the flow logs is deleted. The default is 365.
    retention_days: Option<Setting<u32>>,
}

/// A service with an address in the network.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Endpoint {
    /// Athena.
    Athena,
    /// The Glue Data Catalog, which Spectrum reads.
    Glue,
    /// Firehose.
    KinesisFirehose,
    /// Kinesis Data Streams, which streaming ingestion reads.
    KinesisStreams,
    /// KMS.
    Kms,
    /// Lambda.
    Lambda,
    /// CloudWatch Logs.
    Logs,
    /// CloudWatch.
    Monitoring,
    /// Redshift.
    Redshift,
    /// The Redshift Data API.
    RedshiftData,
    /// Redshift Serverless.
    RedshiftServerless,
    /// Secrets Manager.
    Secretsmanager,
    /// SNS.
    Sns,
    /// SQS.
    Sqs,
    /// The security token service, which gives credentials of roles.
    Sts,
}

impl Endpoint {
    /// As the name of the service ends.
    fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
    }
}

codes! {
    /// What is in a network calls a service that cannot be reached from there.
    ///
    /// Without an endpoint or a way to the internet the calls end in a timeout, some of them only minutes after the
    /// deployment. Redshift calls from its own subnets when its enhanced routing is on.
    ///
    /// ```yaml
    /// components:
    ///   network:
    ///     kind: vpc
    ///   warehouse:
    ///     kind: redshift-serverless
    ///     network: network
    ///   vehicles:
    ///     kind: kinesis-stream
    ///   recent:
    ///     kind: redshift-stream-view
    ///     in: warehouse
    ///     stream: vehicles
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network:
    ///     kind: vpc
    ///     endpoints: [kinesis-streams]
    ///   warehouse:
    ///     kind: redshift-serverless
    ///     network: network
    ///   vehicles:
    ///     kind: kinesis-stream
    ///   recent:
    ///     kind: redshift-stream-view
    ///     in: warehouse
    ///     stream: vehicles
    /// ```
    ///
    /// Source: Redshift Management Guide, "Controlling network traffic with Redshift enhanced VPC routing".
    UNREACHABLE = Error "unreachable-service";

    /// A network names an endpoint twice.
    ///
    /// ```yaml
    /// components:
    ///   network:
    ///     kind: vpc
    ///     endpoints: [glue, glue]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network:
    ///     kind: vpc
    ///     endpoints: [glue]
    /// ```
    TWICE = Error "repeated-endpoint";
}

/// Source: VPC User Guide, "VPC CIDR blocks"; the smallest that still has sixteen subnets.
pub(super) const CIDR_PATTERN: &str = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/(1[6-9]|2[0-4])$";

/// Half of the subnets are for what is reached from the internet, if there is any.
const SUBNETS: u32 = 16;

/// Source: Redshift Management Guide, "Considerations when using Amazon Redshift Serverless": three zones.
const ZONES: u32 = 3;

const VPC: &str = "Vpc";
const ENDPOINTS_GROUP: &str = "EndpointsGroup";
const LOG_GROUP: &str = "FlowLogGroup";
const HTTPS: u32 = 443;

/// Roles of the private subnets, so that attributes can name them.
const PRIVATE: [&str; 6] =
    ["PrivateSubnet1", "PrivateSubnet2", "PrivateSubnet3", "PrivateSubnet4", "PrivateSubnet5", "PrivateSubnet6"];

fn addresses() -> Located<String> {
    Located::nowhere("10.0.0.0/16".to_owned())
}

fn zones() -> u32 {
    ZONES
}

impl Model {
    /// The subnet with this number: a sixteenth of the network.
    fn subnet_cidr(&self, origin: Origin, place: &Place, number: u32) -> Value {
        let length: u32 = self.cidr.value.rsplit('/').next().and_then(|length| length.parse().ok()).unwrap_or(16);
        let bits = 32u32.saturating_sub(length + SUBNETS.ilog2());
        let whole = place.attribute(VPC, "CidrBlock");
        let number_of = |number: u32| Value::new(origin, Data::Number(number.into()));
        let parts = vec![whole, number_of(SUBNETS), number_of(bits)];
        let all = Value::call(origin, Function::Cidr, Value::new(origin, Data::List(parts)));
        select(origin, number, all)
    }

    fn add_subnet(&self, site: &mut Site<'_>, role: &str, zone: u32, number: u32) {
        let place = site.place;
        let origin = place.origin;
        let zones = Value::call(origin, Function::GetAzs, Value::string(origin, ""));
        let properties = map!(origin;
            "VpcId" => place.reference(VPC),
            "AvailabilityZone" => select(origin, zone, zones),
            "CidrBlock" => self.subnet_cidr(origin, place, number),
            "MapPublicIpOnLaunch" => false,
        );
        site.add(role, "AWS::EC2::Subnet", properties);
    }

    fn add_private(&self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        site.add("PrivateRoutes", "AWS::EC2::RouteTable", map!(origin; "VpcId" => place.reference(VPC)));
        for (zone, role) in (0..self.zones).zip(PRIVATE) {
            self.add_subnet(site, role, zone, zone);
            let properties =
                map!(origin; "RouteTableId" => place.reference("PrivateRoutes"), "SubnetId" => place.reference(role));
            site.add(&format!("PrivateRoutesOf{}", zone + 1), "AWS::EC2::SubnetRouteTableAssociation", properties);
        }
    }

    /// A gateway to the internet, and what lets the private subnets call it: one NAT gateway, in the first zone.
    fn add_internet(&self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        let vpc = || place.reference(VPC);
        site.add("InternetGateway", "AWS::EC2::InternetGateway", Map::default());
        let attachment = map!(origin; "VpcId" => vpc(), "InternetGatewayId" => place.reference("InternetGateway"));
        site.add("GatewayAttachment", "AWS::EC2::VPCGatewayAttachment", attachment);
        self.add_subnet(site, "PublicSubnet", 0, SUBNETS / 2);
        site.add("PublicRoutes", "AWS::EC2::RouteTable", map!(origin; "VpcId" => vpc()));
        let association = map!(origin;
            "RouteTableId" => place.reference("PublicRoutes"),
            "SubnetId" => place.reference("PublicSubnet"),
        );
        site.add("PublicRoutesOfSubnet", "AWS::EC2::SubnetRouteTableAssociation", association);
        let attached = place.id("GatewayAttachment");
        let route = map!(origin;
            "RouteTableId" => place.reference("PublicRoutes"),
            "DestinationCidrBlock" => "0.0.0.0/0",
            "GatewayId" => place.reference("InternetGateway"),
        );
        site.add("PublicRoute", "AWS::EC2::Route", route).depends_on = vec![attached.clone()];
        site.add("NatAddress", "AWS::EC2::EIP", map!(origin; "Domain" => "vpc")).depends_on = vec![attached];
        let nat = map!(origin;
            "AllocationId" => place.attribute("NatAddress", "AllocationId"),
            "SubnetId" => place.reference("PublicSubnet"),
        );
        // Without its route the gateway would answer nothing yet.
        site.add("NatGateway", "AWS::EC2::NatGateway", nat).depends_on = vec![place.id("PublicRoute")];
        let route = map!(origin;
            "RouteTableId" => place.reference("PrivateRoutes"),
            "DestinationCidrBlock" => "0.0.0.0/0",
            "NatGatewayId" => place.reference("NatGateway"),
        );
        site.add("PrivateRoute", "AWS::EC2::Route", route);
    }

    fn add_endpoints(&self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        let service = |origin: Origin, name: &str| Value::sub(origin, format!("com.amazonaws.${{AWS::Region}}.{name}"));
        let gateway = map!(origin;
            "VpcId" => place.reference(VPC),
            "ServiceName" => service(origin, "s3"),
            "VpcEndpointType" => "Gateway",
            "RouteTableIds" => [place.reference("PrivateRoutes")],
        );
        site.add("S3Endpoint", "AWS::EC2::VPCEndpoint", gateway);
        if self.endpoints.is_empty() {
            return;
        }
        // Who may call is said by those who do, by reference. Addresses of services call nobody.
        let nobody = map!(origin;
            "Description" => "Nobody",
            "CidrIp" => "127.0.0.1/32",
            "IpProtocol" => "-1",
        );
        let group = map!(origin;
            "GroupDescription" => format!("Endpoints of {} of {}", place.name, site.scope.blueprint),
            "VpcId" => place.reference(VPC),
            "SecurityGroupEgress" => [nobody],
        );
        site.add(ENDPOINTS_GROUP, "AWS::EC2::SecurityGroup", group);
        for (at, endpoint) in self.endpoints.iter().enumerate() {
            if self.endpoints[..at].contains(endpoint) {
                continue;
            }
            let name = endpoint.value.name();
            let properties = map!(origin;
                "VpcId" => place.reference(VPC),
                "ServiceName" => service(Origin::Written(endpoint.span()), &name),
                "VpcEndpointType" => "Interface",
                "PrivateDnsEnabled" => true,
                "SubnetIds" => self.subnets(origin, place),
                "SecurityGroupIds" => [place.attribute(ENDPOINTS_GROUP, "GroupId")],
            );
            site.add(&format!("{}Endpoint", super::pascal_case(&name)), "AWS::EC2::VPCEndpoint", properties);
        }
    }

    /// Source: VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs".
    fn add_flow_logs(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let days = match &self.retention_days {
            Some(days) => scope.setting(days),
            None => Value::new(origin, Data::Number(RETENTION_DAYS.into())),
        };
        let properties = map!(origin; "RetentionInDays" => days);
        site.add_stateful(LOG_GROUP, "AWS::Logs::LogGroup", Removal::Delete, properties);
        let actions =
            &["logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents"];
        let write = Statement::allow(origin, actions, vec![place.attribute(LOG_GROUP, "Arn")]).named("WriteFlows");
        let flows = own_arn(origin, "ec2", "vpc-flow-log/*");
        let trust = assumed_by(origin, "vpc-flow-logs.amazonaws.com").when(on_behalf_of(origin, flows));
        let role = site.add_role(trust, "log", vec![write]);
        let properties = map!(origin;
            "ResourceId" => place.reference(VPC),
            "ResourceType" => "VPC",
            "TrafficType" => "ALL",
            "LogDestinationType" => "cloud-watch-logs",
            "LogGroupName" => place.reference(LOG_GROUP),
            "DeliverLogsPermissionArn" => role,
        );
        site.add("FlowLog", "AWS::EC2::FlowLog", properties);
    }

    fn subnets(&self, origin: Origin, place: &Place) -> Vec<Value> {
        let zones = usize::try_from(self.zones).unwrap_or_default();
        PRIVATE.iter().take(zones).map(|role| Value { origin, ..place.reference(role) }).collect()
    }
}

fn select(origin: Origin, number: u32, list: Value) -> Value {
    let number = Value::new(origin, Data::Number(number.into()));
    Value::call(origin, Function::Select, Value::new(origin, Data::List(vec![number, list])))
}

impl Component for Model {
    fn check(&self, _name: Span, sink: &mut Sink) {
        for (at, endpoint) in self.endpoints.iter().enumerate() {
            if let Some(first) = self.endpoints[..at].iter().find(|first| *first == endpoint) {
                let message = format!("there is an endpoint of `{}` already", endpoint.value.name());
                sink.report(&TWICE, endpoint.span(), message).also(first.span(), "here").help("remove one of them");
            }
        }
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let origin = request.origin;
        match request.access {
            Access::JoinNetwork => {
                let endpoints = (!self.endpoints.is_empty()).then(|| place.attribute(ENDPOINTS_GROUP, "GroupId"));
                let network = Network {
                    id: Value { origin, ..place.reference(VPC) },
                    subnets: self.subnets(origin, place),
                    endpoints,
                };
                Grant { network: Some(network), ..Grant::default() }
            }
            Access::ReachServices(services) => {
                let known: Vec<String> = self.endpoints.iter().map(|endpoint| endpoint.value.name()).collect();
                let missing: Vec<&str> =
                    services.iter().filter(|name| !known.iter().any(|one| one == *name)).copied().collect();
                if !self.internet && !missing.is_empty() {
                    let names = alternatives(missing.iter().copied()).replace(" or ", " and ");
                    scope
                        .sink()
                        .report(&UNREACHABLE, origin.span(), format!("{names} cannot be reached from `{}`", place.name))
                        .also(place.origin.span(), "this network has no endpoint for it")
                        .help(format!("add {names} to `endpoints` of `{}`", place.name));
                }
                Grant::default()
            }
            _ => Grant::default(),
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let origin = site.place.origin;
        let properties = map!(origin;
            "CidrBlock" => self.cidr.to_value(origin),
            "EnableDnsHostnames" => true,
            "EnableDnsSupport" => true,
        );
        site.add(VPC, "AWS::EC2::VPC", properties);
        self.add_private(site);
        if self.internet {
            self.add_internet(site);
        }
        self.add_endpoints(site);
        self.add_flow_logs(site);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "vpc",
    ports: &[Port::Network],
    attributes: &[
        Attribute { name: "id", doc: "Id of the network.", get: Get::Ref(VPC) },
        Attribute { name: "cidr", doc: "Its addresses.", get: Get::Att(VPC, "CidrBlock") },
        Attribute { name: "subnet-1-id", doc: "Id of the first private subnet.", get: Get::Ref(PRIVATE[0]) },
        Attribute { name: "subnet-2-id", doc: "Id of the second private subnet.", get: Get::Ref(PRIVATE[1]) },
        Attribute { name: "subnet-3-id", doc: "Id of the third private subnet.", get: Get::Ref(PRIVATE[2]) },
        Attribute { name: "subnet-4-id", doc: "Id of the fourth private subnet.", get: Get::Ref(PRIVATE[3]) },
        Attribute { name: "subnet-5-id", doc: "Id of the fifth private subnet.", get: Get::Ref(PRIVATE[4]) },
        Attribute { name: "subnet-6-id", doc: "Id of the sixth private subnet.", get: Get::Ref(PRIVATE[5]) },
        Attribute {
            name: "endpoints-group-id",
            doc: "Id of the security group of its endpoints, with `endpoints`.",
            get: Get::Att(ENDPOINTS_GROUP, "GroupId"),
        },
        Attribute { name: "log-group", doc: "Name of the log group of its flow logs.", get: Get::Ref(LOG_GROUP) },
    ],
    standing: Some(Standing {
        types: &["AWS::EC2::VPC"],
        role: VPC,
        without: &[(Port::Network, "which does not say its subnets")],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Model>,
    decode: super::decode::<Model>,
};
