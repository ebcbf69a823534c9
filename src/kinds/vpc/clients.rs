//! What is put into a network, and who may connect to it.

use super::HTTPS;
use crate::blueprint::text::Text;
use crate::kinds::Site;
use crate::map;
use crate::template::{Map, Value};

/// The network that a component is put into, as it sees it.
#[derive(Clone, Debug)]
pub struct Network {
    /// Id of the network.
    pub id: Value,
    /// Ids of the private subnets.
    pub subnets: Vec<Value>,
    /// Id of the security group of the endpoints, if there are any.
    pub endpoints: Option<Value>,
}

/// Who may open connections to a component in a network.
#[derive(Debug)]
pub struct Clients<'a> {
    /// Ids of security groups.
    pub groups: &'a [Text],
    /// Networks.
    pub networks: &'a [Text],
    /// The port.
    pub port: Value,
}

impl Network {
    /// Makes the security group of a component, which lets in its clients and each member of the group, and calls
    /// services by HTTPS; gives its id.
    pub fn join(&self, clients: &Clients<'_>, site: &mut Site<'_>) -> Value {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let port = |rule: &mut Map| {
            rule.push("IpProtocol", origin, "tcp");
            rule.push("FromPort", origin, clients.port.clone());
            rule.push("ToPort", origin, clients.port.clone());
        };
        let mut ingress = Vec::new();
        for network in clients.networks {
            let mut rule = map!(origin; "Description" => "Clients", "CidrIp" => scope.value(network));
            port(&mut rule);
            ingress.push(rule);
        }
        // S3 has no security group, and the addresses behind its gateway are not known here. Without a way to the
        // internet nothing else answers there.
        let egress = map!(origin;
            "Description" => "Services of AWS",
            "CidrIp" => "0.0.0.0/0",
            "IpProtocol" => "tcp",
            "FromPort" => HTTPS,
            "ToPort" => HTTPS,
        );
        let properties = map!(origin;
            "GroupDescription" => format!("{} of {}", place.name, scope.blueprint),
            "VpcId" => self.id.clone(),
            "SecurityGroupIngress" => (!ingress.is_empty()).then_some(ingress),
            "SecurityGroupEgress" => [egress],
        );
        site.add("SecurityGroup", "AWS::EC2::SecurityGroup", properties);
        let own = place.attribute("SecurityGroup", "GroupId");
        for (role, resource, other) in [
            ("SecurityGroupIngress", "AWS::EC2::SecurityGroupIngress", "SourceSecurityGroupId"),
            ("SecurityGroupEgress", "AWS::EC2::SecurityGroupEgress", "DestinationSecurityGroupId"),
        ] {
            let mut rule = map!(origin; "Description" => "Its own nodes", "GroupId" => own.clone());
            rule.push(other, origin, own.clone());
            port(&mut rule);
            site.add(role, resource, rule);
        }
        // Rules of their own, so that two groups can name each other.
        for (at, group) in clients.groups.iter().enumerate() {
            let mut rule = map!(origin;
                "Description" => "Clients",
                "GroupId" => own.clone(),
                "SourceSecurityGroupId" => scope.value(group),
            );
            port(&mut rule);
            site.add(&format!("ClientIngress{}", at + 1), "AWS::EC2::SecurityGroupIngress", rule);
        }
        if let Some(endpoints) = &self.endpoints {
            let properties = map!(origin;
                "Description" => format!("Calls of {}", place.name),
                "GroupId" => endpoints.clone(),
                "SourceSecurityGroupId" => own.clone(),
                "IpProtocol" => "tcp",
                "FromPort" => HTTPS,
                "ToPort" => HTTPS,
            );
            site.add("EndpointsIngress", "AWS::EC2::SecurityGroupIngress", properties);
        }
        own
    }
}
