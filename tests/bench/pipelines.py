"""The pipelines of the benchmark with troposphere: what the blueprint in bench.py says, as a template each."""

import sys
from pathlib import Path

from troposphere import GetAtt, Template
from troposphere.events import Rule, Target
from troposphere.firehose import DeliveryStream, ExtendedS3DestinationConfiguration
from troposphere.iam import Policy, Role
from troposphere.s3 import Bucket, PublicAccessBlockConfiguration, VersioningConfiguration


def role(name, service, actions, resource):
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    policy = Policy(PolicyName="own", PolicyDocument={"Version": "2012-10-17", "Statement": [statement]})
    return Role(name, AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]}, Policies=[policy])


def main():
    count, output = int(sys.argv[1]), Path(sys.argv[2])
    output.mkdir(exist_ok=True)
    for number in range(count):
        template = Template()
        closed = PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        )
        template.add_resource(
            Bucket(
                "Archive",
                VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
                PublicAccessBlockConfiguration=closed,
            )
        )
        actions = ["s3:PutObject", "s3:GetBucketLocation", "s3:ListBucket"]
        template.add_resource(role("DeliveryRole", "firehose.amazonaws.com", actions, GetAtt("Archive", "Arn")))
        destination = ExtendedS3DestinationConfiguration(
            BucketARN=GetAtt("Archive", "Arn"),
            RoleARN=GetAtt("DeliveryRole", "Arn"),
            Prefix="day=!{timestamp:yyyy-MM-dd}/",
            ErrorOutputPrefix="errors/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/",
        )
        template.add_resource(DeliveryStream("Delivery", ExtendedS3DestinationConfiguration=destination))
        template.add_resource(role("OrdersRole", "events.amazonaws.com", ["firehose:PutRecord"], GetAtt("Delivery", "Arn")))
        target = Target(Arn=GetAtt("Delivery", "Arn"), Id="delivery", RoleArn=GetAtt("OrdersRole", "Arn"))
        template.add_resource(Rule("Orders", EventPattern={"source": ["shop.orders"]}, Targets=[target]))
        (output / f"orders-{number}.json").write_text(template.to_json())


main()
