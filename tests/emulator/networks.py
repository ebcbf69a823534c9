"""EC2: rules of security groups, and logs of networks, which MiniStack has and its CloudFormation does not."""

import re

from ministack.services import ec2

# What EC2 calls a property of a rule, beside protocol and ports.
SIDES = {
    "CidrIp": "IpRanges.1.CidrIp",
    "CidrIpv6": "Ipv6Ranges.1.CidrIpv6",
    "SourceSecurityGroupId": "Groups.1.GroupId",
    "DestinationSecurityGroupId": "Groups.1.GroupId",
    "SourcePrefixListId": "PrefixListIds.1.PrefixListId",
    "DestinationPrefixListId": "PrefixListIds.1.PrefixListId",
}


def ask(operation, parameters):
    status, _, body = operation({name: str(value) for name, value in parameters.items() if value is not None})
    body = body.decode() if isinstance(body, bytes) else body
    if status != 200:
        raise ValueError(body)
    return body


def rule(properties):
    """A rule as EC2 takes it: one side, and what may pass."""
    parameters = {"GroupId": properties["GroupId"]}
    given = {"IpProtocol": properties["IpProtocol"], "FromPort": properties.get("FromPort"), "ToPort": properties.get("ToPort")}
    sides = {place: properties[name] for name, place in SIDES.items() if name in properties}
    if len(sides) != 1:
        raise ValueError(f"a rule has one other side, and not {sorted(sides.values())}")
    parameters.update({f"IpPermissions.1.{name}": value for name, value in {**given, **sides}.items()})
    return parameters


def rules(authorize, revoke):
    """The handler of rules in one direction."""

    def create(logical_id, properties, stack):
        made = ask(authorize, rule(properties))
        [number] = re.findall(r"<securityGroupRuleId>([^<]+)<", made)
        return number, {"Id": number}

    def delete(physical_id, properties):
        ask(revoke, {"GroupId": properties["GroupId"], "SecurityGroupRuleId.1": physical_id})

    def update(physical_id, old, new, stack, logical_id):
        if rule(old) == rule(new):
            return physical_id, {"Id": physical_id}
        delete(physical_id, old)
        return create(logical_id, new, stack)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def flow_log(logical_id, properties, stack):
    parameters = {
        "ResourceId.1": properties["ResourceId"],
        "ResourceType": properties["ResourceType"],
        "TrafficType": properties.get("TrafficType"),
        "LogDestinationType": properties.get("LogDestinationType"),
        "LogDestination": properties.get("LogDestination"),
        "LogGroupName": properties.get("LogGroupName"),
    }
    [number] = re.findall(r"<item>([^<]+)</item>", ask(ec2._create_flow_logs, parameters))
    return number, {"Id": number}


def forget_flow_log(physical_id, properties):
    ask(ec2._delete_flow_logs, {"FlowLogId.1": physical_id})


def change_flow_log(physical_id, old, new, stack, logical_id):
    # All but the tags of a log is replaced.
    if {**old, "Tags": None} == {**new, "Tags": None}:
        return physical_id, {"Id": physical_id}
    forget_flow_log(physical_id, old)
    return flow_log(logical_id, new, stack)


MADE = {
    "AWS::EC2::SecurityGroupIngress": rules(ec2._authorize_sg_ingress, ec2._revoke_sg_ingress),
    "AWS::EC2::SecurityGroupEgress": rules(ec2._authorize_sg_egress, ec2._revoke_sg_egress),
    "AWS::EC2::FlowLog": {
        "create": flow_log,
        "update": change_flow_log,
        "update_with_logical_id": True,
        "delete": forget_flow_log,
    },
}
