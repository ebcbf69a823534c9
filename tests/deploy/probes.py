"""Asks the service of a resource whether the resource is there, as its own API tells and not as the stack says."""

import json

from botocore.exceptions import ClientError

# What services say of what they do not have.
ABSENT = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "404", "EntityNotFound", "not found", "does not exist",
          # What IoT says of a rule that it does not have.
          "UnauthorizedException")


class Probes:
    def __init__(self, client):
        self.clients, self.client = {}, client

    def __getattr__(self, service):
        if service not in self.clients:
            # `lambda` is no name that Python takes.
            self.clients[service] = self.client("lambda" if service == "functions" else service)
        return self.clients[service]

    def is_there(self, resource):
        """Whether a resource of the journal exists; None where nobody can be asked."""
        ask = ASK.get(resource["type"])
        if ask is None:
            return None
        try:
            return bool(ask(self, resource["physical"], resource["properties"]))
        except ClientError as error:
            if any(word in str(error) for word in ABSENT):
                return False
            raise


def rule(aws, name, properties):
    bus, _, rule_name = name.rpartition("|")
    bus = bus or properties.get("EventBusName", "default").split("/")[-1]
    found = aws.events.describe_rule(Name=rule_name, EventBusName=bus)
    targets = aws.events.list_targets_by_rule(Rule=rule_name, EventBusName=bus)["Targets"]
    return found["State"] and len(targets) == len(properties.get("Targets", []))


def bus_policy(aws, name, properties):
    bus = aws.events.describe_event_bus(Name=name.split("|")[0])
    statements = json.loads(bus.get("Policy") or "{}").get("Statement", [])
    return any(statement["Sid"] == properties["StatementId"] for statement in statements)


def filters(aws, name, properties):
    group = properties["LogGroupName"]
    return aws.logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]


def security_rule(aws, name, properties):
    rules = aws.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [properties["GroupId"]]}])
    return [rule for rule in rules["SecurityGroupRules"] if rule["SecurityGroupRuleId"] == name]


# By type: the name in the stack and the properties, to something true where it exists.
ASK = {
    "AWS::ApiGateway::Deployment": lambda aws, name, p: aws.apigateway.get_deployment(
        restApiId=p["RestApiId"], deploymentId=name
    ),
    "AWS::ApiGateway::RestApi": lambda aws, name, p: aws.apigateway.get_rest_api(restApiId=name),
    "AWS::ApiGateway::Stage": lambda aws, name, p: aws.apigateway.get_stage(
        restApiId=p["RestApiId"], stageName=p["StageName"]
    ),
    "AWS::Athena::NamedQuery": lambda aws, name, p: aws.athena.get_named_query(NamedQueryId=name),
    "AWS::Athena::WorkGroup": lambda aws, name, p: aws.athena.get_work_group(WorkGroup=name),
    "AWS::CloudWatch::Alarm": lambda aws, name, p: aws.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"],
    "AWS::CloudWatch::Dashboard": lambda aws, name, p: json.loads(
        aws.cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
    ),
    "AWS::EC2::FlowLog": lambda aws, name, p: aws.ec2.describe_flow_logs(FlowLogIds=[name])["FlowLogs"],
    "AWS::EC2::RouteTable": lambda aws, name, p: aws.ec2.describe_route_tables(RouteTableIds=[name])["RouteTables"],
    "AWS::EC2::SecurityGroup": lambda aws, name, p: aws.ec2.describe_security_groups(GroupIds=[name])["SecurityGroups"],
    "AWS::EC2::SecurityGroupEgress": security_rule,
    "AWS::EC2::SecurityGroupIngress": security_rule,
    "AWS::EC2::Subnet": lambda aws, name, p: aws.ec2.describe_subnets(SubnetIds=[name])["Subnets"],
    "AWS::EC2::SubnetRouteTableAssociation": lambda aws, name, p: [
        association
        for table in aws.ec2.describe_route_tables(RouteTableIds=[p["RouteTableId"]])["RouteTables"]
        for association in table["Associations"]
        if association.get("SubnetId") == p["SubnetId"]
    ],
    "AWS::EC2::VPC": lambda aws, name, p: aws.ec2.describe_vpcs(VpcIds=[name])["Vpcs"],
    "AWS::EC2::VPCEndpoint": lambda aws, name, p: aws.ec2.describe_vpc_endpoints(VpcEndpointIds=[name])["VpcEndpoints"],
    "AWS::Events::ApiDestination": lambda aws, name, p: aws.events.describe_api_destination(Name=name),
    "AWS::Events::Archive": lambda aws, name, p: aws.events.describe_archive(ArchiveName=name),
    "AWS::Events::Connection": lambda aws, name, p: aws.events.describe_connection(Name=name),
    "AWS::Events::EventBus": lambda aws, name, p: aws.events.describe_event_bus(Name=name),
    "AWS::Events::EventBusPolicy": bus_policy,
    "AWS::Events::Rule": rule,
    "AWS::Glue::Crawler": lambda aws, name, p: aws.glue.get_crawler(Name=name),
    "AWS::Glue::Database": lambda aws, name, p: aws.glue.get_database(Name=name),
    "AWS::Glue::Job": lambda aws, name, p: aws.glue.get_job(JobName=name),
    "AWS::Glue::Table": lambda aws, name, p: aws.glue.get_table(DatabaseName=p["DatabaseName"], Name=name),
    "AWS::Glue::Trigger": lambda aws, name, p: aws.glue.get_trigger(Name=name),
    "AWS::IAM::ManagedPolicy": lambda aws, name, p: aws.iam.get_policy(PolicyArn=name),
    "AWS::IAM::Policy": lambda aws, name, p: all(
        aws.iam.get_role_policy(RoleName=role, PolicyName=p["PolicyName"]) for role in p["Roles"]
    ),
    "AWS::IAM::Role": lambda aws, name, p: aws.iam.get_role(RoleName=name),
    "AWS::IoT::TopicRule": lambda aws, name, p: aws.iot.get_topic_rule(ruleName=name),
    "AWS::KMS::Alias": lambda aws, name, p: [
        alias for alias in aws.kms.list_aliases()["Aliases"] if alias["AliasName"] == name
    ],
    "AWS::KMS::Key": lambda aws, name, p: aws.kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"]
    != "PendingDeletion",
    "AWS::Kinesis::Stream": lambda aws, name, p: aws.kinesis.describe_stream_summary(StreamName=name),
    "AWS::KinesisFirehose::DeliveryStream": lambda aws, name, p: aws.firehose.describe_delivery_stream(
        DeliveryStreamName=name
    )["DeliveryStreamDescription"]["Destinations"],
    "AWS::Lambda::EventSourceMapping": lambda aws, name, p: aws.functions.get_event_source_mapping(UUID=name),
    "AWS::Lambda::Function": lambda aws, name, p: aws.functions.get_function(FunctionName=name),
    "AWS::Logs::LogGroup": lambda aws, name, p: [
        group
        for group in aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if group["logGroupName"] == name
    ],
    "AWS::Logs::LogStream": lambda aws, name, p: [
        stream
        for stream in aws.logs.describe_log_streams(logGroupName=p["LogGroupName"])["logStreams"]
        if stream["logStreamName"] == name
    ],
    "AWS::Logs::SubscriptionFilter": filters,
    "AWS::S3::Bucket": lambda aws, name, p: aws.s3.head_bucket(Bucket=name),
    "AWS::S3::BucketPolicy": lambda aws, name, p: json.loads(aws.s3.get_bucket_policy(Bucket=p["Bucket"])["Policy"]),
    "AWS::SES::ConfigurationSet": lambda aws, name, p: aws.sesv2.get_configuration_set(ConfigurationSetName=name),
    "AWS::SES::ConfigurationSetEventDestination": lambda aws, name, p: aws.sesv2.get_configuration_set_event_destinations(
        ConfigurationSetName=p["ConfigurationSetName"]
    )["EventDestinations"],
    "AWS::SES::EmailIdentity": lambda aws, name, p: aws.sesv2.get_email_identity(EmailIdentity=name),
    "AWS::SNS::Subscription": lambda aws, name, p: [
        found
        for found in aws.sns.list_subscriptions_by_topic(TopicArn=p["TopicArn"])["Subscriptions"]
        if found["Endpoint"] == p["Endpoint"]
    ],
    "AWS::SNS::Topic": lambda aws, name, p: aws.sns.get_topic_attributes(TopicArn=name),
    "AWS::SNS::TopicPolicy": lambda aws, name, p: all(
        json.loads(aws.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]) for topic in p["Topics"]
    ),
    "AWS::SQS::Queue": lambda aws, name, p: aws.sqs.get_queue_attributes(QueueUrl=name, AttributeNames=["QueueArn"]),
    "AWS::SQS::QueuePolicy": lambda aws, name, p: all(
        aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
        for url in p["Queues"]
    ),
    "AWS::Scheduler::Schedule": lambda aws, name, p: aws.scheduler.get_schedule(Name=name),
    "AWS::SecretsManager::Secret": lambda aws, name, p: "DeletedDate"
    not in aws.secretsmanager.describe_secret(SecretId=name),
}
