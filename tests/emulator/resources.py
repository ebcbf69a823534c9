"""Resource types that MiniStack's CloudFormation lacks, and a journal of every resource that a stack makes.

Some types are only unknown to its CloudFormation, while the service itself is there: these are really made. Others
become placeholders, which prove nothing but that the stack around them holds; tests/deploy/placeholders.toml lists them
with the reason, and a type that is neither made nor listed is refused, as MiniStack refuses it.
"""

import copy
import json
import threading
import tomllib

from ministack.services import apigateway_v1, athena, eventbridge
from ministack.services.cloudformation import provisioners, stacks

import networks
import quicksight

HANDLERS = provisioners._RESOURCE_HANDLERS
LOCK = threading.Lock()


def install(placeholders, journal):
    for type_, handler in MADE.items():
        if type_ in HANDLERS:
            raise SystemExit(f"MiniStack makes {type_} itself: take it out of tests/emulator/resources.py")
        HANDLERS[type_] = handler
    HANDLERS["AWS::SecretsManager::Secret"] = named_by_arn(HANDLERS["AWS::SecretsManager::Secret"])
    HANDLERS["AWS::ApiGateway::Stage"] = with_access_log(HANDLERS["AWS::ApiGateway::Stage"])
    HANDLERS["AWS::EC2::VPC"] = with_cidr_block(HANDLERS["AWS::EC2::VPC"])
    with open(placeholders, "rb") as file:
        for entry in tomllib.load(file)["placeholder"]:
            type_, property_ = entry["type"], entry.get("property")
            if property_ is None and type_ in HANDLERS:
                raise SystemExit(f"{placeholders}: {type_} is made, so it needs no placeholder")
            HANDLERS[type_] = placeholder(type_, property_, HANDLERS.get(type_))
    keep_journal(journal)


class Attributes(dict):
    """Of a placeholder: answers every `Fn::GetAtt` with a value of the right form."""

    def __init__(self, type_, logical_id):
        super().__init__(Placeholder=type_)
        self.type, self.id = type_, logical_id

    def __contains__(self, name):
        return True

    def __getitem__(self, name):
        service = self.type.split("::")[1].lower()
        if name.lower().endswith("arn"):
            return f"arn:aws:{service}:us-east-1:000000000000:placeholder:{self.id.lower()}"
        if name.lower().endswith("port"):
            return "5439"
        return f"{self.id.lower()}.{name.lower().replace('.', '-')}.placeholder"

    def get(self, name, default=None):
        return self[name]

    def __deepcopy__(self, memory):
        return Attributes(self.type, self.id)

    copy = __copy__ = lambda self: Attributes(self.type, self.id)


def placeholder(type_, property_, real):
    """A handler that makes nothing; with `property_`, of resources alone that have it."""

    def stands_for(properties):
        return property_ is None or property_ in properties

    def create(logical_id, properties, stack):
        if stands_for(properties):
            return f"placeholder-{stack}-{logical_id}", Attributes(type_, logical_id)
        return real["create"](logical_id, properties, stack)

    def update(physical_id, old, new, stack, logical_id):
        if stands_for(old) and stands_for(new):
            return physical_id, Attributes(type_, logical_id)
        if stands_for(old) or stands_for(new):
            raise ValueError(f"{type_} changes between a placeholder and a resource")
        if real.get("update_with_logical_id"):
            return real["update"](physical_id, old, new, stack, logical_id)
        return real["update"](physical_id, old, new, stack)

    def delete(physical_id, properties):
        if not stands_for(properties):
            real["delete"](physical_id, properties)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def keep_journal(path):
    """Every stack's resources as they are made: with the properties in which all is resolved."""

    def note(stack, logical_id, type_, properties, made):
        physical_id, attributes = made
        line = {
            "stack": stack,
            "id": logical_id,
            "type": type_,
            "physical": physical_id,
            "placeholder": isinstance(attributes, Attributes),
            "properties": properties,
        }
        with LOCK, open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")
        return made

    provision, update = provisioners._provision_resource, provisioners._update_resource

    def provisioned(type_, logical_id, properties, stack):
        seen = copy.deepcopy(properties)
        return note(stack, logical_id, type_, seen, provision(type_, logical_id, properties, stack))

    def updated(type_, physical_id, old, new, stack, logical_id=None, attributes=None):
        seen = copy.deepcopy(new)
        made = update(type_, physical_id, old, new, stack, logical_id, attributes)
        return note(stack, logical_id or physical_id, type_, seen, made)

    for module in (provisioners, stacks):
        module._provision_resource, module._update_resource = provisioned, updated


def ask(operation, **request):
    """Calls an operation of a service within MiniStack."""
    status, _, body = operation({name: value for name, value in request.items() if value is not None})
    if status != 200:
        raise ValueError(body.decode() if isinstance(body, bytes) else str(body))
    return json.loads(body)


def named_query(logical_id, properties, stack):
    made = ask(
        athena._create_named_query,
        Name=properties.get("Name", logical_id),
        Description=properties.get("Description"),
        Database=properties["Database"],
        QueryString=properties["QueryString"],
        WorkGroup=properties.get("WorkGroup"),
    )
    number = made["NamedQueryId"]
    return number, {"NamedQueryId": number}


def forget_named_query(physical_id, properties):
    ask(athena._delete_named_query, NamedQueryId=physical_id)


def renew_named_query(physical_id, old, new, stack, logical_id):
    # Every property of a saved query is replaced.
    forget_named_query(physical_id, old)
    return named_query(logical_id, new, stack)


def archive(logical_id, properties, stack):
    name = properties.get("ArchiveName") or f"{stack}-{logical_id}"[:48]
    made = ask(
        eventbridge._create_archive,
        ArchiveName=name,
        EventSourceArn=properties["SourceArn"],
        Description=properties.get("Description"),
        EventPattern=pattern(properties),
        RetentionDays=properties.get("RetentionDays"),
        KmsKeyIdentifier=properties.get("KmsKeyIdentifier"),
    )
    return name, {"Arn": made["ArchiveArn"], "ArchiveName": name}


def change_archive(physical_id, old, new, stack, logical_id):
    made = ask(
        eventbridge._update_archive,
        ArchiveName=physical_id,
        Description=new.get("Description"),
        EventPattern=pattern(new),
        RetentionDays=new.get("RetentionDays"),
    )
    return physical_id, {"Arn": made["ArchiveArn"], "ArchiveName": physical_id}


def forget_archive(physical_id, properties):
    ask(eventbridge._delete_archive, ArchiveName=physical_id)


def pattern(properties):
    value = properties.get("EventPattern")
    return value if value is None or isinstance(value, str) else json.dumps(value)


def bus_policy(logical_id, properties, stack):
    bus = properties.get("EventBusName", "default")
    statement = properties.get("Statement") or {}
    if isinstance(statement, str):
        statement = json.loads(statement)
    ask(
        eventbridge._put_permission,
        EventBusName=bus,
        StatementId=properties["StatementId"],
        Principal=statement.get("Principal", properties.get("Principal")),
        Action=statement.get("Action", properties.get("Action")),
        Condition=statement.get("Condition", properties.get("Condition")),
    )
    return f"{bus}|{properties['StatementId']}", {}


def forget_bus_policy(physical_id, properties):
    bus, statement = physical_id.split("|")
    ask(eventbridge._remove_permission, EventBusName=bus, StatementId=statement)


def change_bus_policy(physical_id, old, new, stack, logical_id):
    forget_bus_policy(physical_id, old)
    return bus_policy(logical_id, new, stack)


def connection(logical_id, properties, stack):
    name = properties.get("Name") or f"{stack}-{logical_id}"
    made = ask(
        eventbridge._create_connection,
        Name=name,
        Description=properties.get("Description"),
        AuthorizationType=properties["AuthorizationType"],
        AuthParameters=properties["AuthParameters"],
    )
    secret = f"arn:aws:secretsmanager:us-east-1:000000000000:secret:events!connection/{name}"
    return name, {"Arn": made["ConnectionArn"], "SecretArn": secret}


def forget_connection(physical_id, properties):
    ask(eventbridge._delete_connection, Name=physical_id)


def change_connection(physical_id, old, new, stack, logical_id):
    forget_connection(physical_id, old)
    return connection(logical_id, {"Name": physical_id, **new}, stack)


def api_destination(logical_id, properties, stack):
    name = properties.get("Name") or f"{stack}-{logical_id}"
    made = ask(
        eventbridge._create_api_destination,
        Name=name,
        Description=properties.get("Description"),
        ConnectionArn=properties["ConnectionArn"],
        InvocationEndpoint=properties["InvocationEndpoint"],
        HttpMethod=properties["HttpMethod"],
        InvocationRateLimitPerSecond=properties.get("InvocationRateLimitPerSecond"),
    )
    return name, {"Arn": made["ApiDestinationArn"]}


def forget_api_destination(physical_id, properties):
    ask(eventbridge._delete_api_destination, Name=physical_id)


def change_api_destination(physical_id, old, new, stack, logical_id):
    forget_api_destination(physical_id, old)
    return api_destination(logical_id, {"Name": physical_id, **new}, stack)


def named_by_arn(real):
    """A secret whose `Ref` is its ARN.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
    """

    def name(arn):
        # Six characters follow the name.
        return arn.split(":secret:")[-1][:-7]

    def create(logical_id, properties, stack):
        _, attributes = real["create"](logical_id, properties, stack)
        return attributes["Id"], attributes

    def update(physical_id, old, new, stack, logical_id):
        arguments = [logical_id] if real.get("update_with_logical_id") else []
        _, attributes = real["update"](name(physical_id), old, new, stack, *arguments)
        return attributes["Id"], attributes

    def delete(physical_id, properties):
        real["delete"](name(physical_id), properties)

    return handler(create, update, delete)


def with_cidr_block(real):
    """A network with the attribute `CidrBlock`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html
    """

    def create(logical_id, properties, stack):
        name, attributes = real["create"](logical_id, properties, stack)
        return name, {"CidrBlock": properties["CidrBlock"], **attributes}

    def update(physical_id, old, new, stack, logical_id):
        if "update" not in real:
            return create(logical_id, new, stack)
        arguments = [logical_id] if real.get("update_with_logical_id") else []
        name, attributes = real["update"](physical_id, old, new, stack, *arguments)
        return name, {"CidrBlock": new["CidrBlock"], **attributes}

    return {**real, "create": create, "update": update, "update_with_logical_id": True}


def with_access_log(real):
    """A stage of a REST API that knows where its calls are logged.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-stage.html
    """

    def noted(properties, made):
        setting = properties.get("AccessLogSetting") or {}
        stage = apigateway_v1._stages_v1[properties["RestApiId"]][properties["StageName"]]
        stage["accessLogSettings"] = {"destinationArn": setting.get("DestinationArn", ""), "format": setting.get("Format", "")}
        return made

    def create(logical_id, properties, stack):
        return noted(properties, real["create"](logical_id, properties, stack))

    def update(physical_id, old, new, stack):
        return noted(new, real["update"](physical_id, old, new, stack))

    return {**real, "create": create, "update": update}


def handler(create, update, delete):
    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


MADE = {
    "AWS::Athena::NamedQuery": handler(named_query, renew_named_query, forget_named_query),
    "AWS::Events::ApiDestination": handler(api_destination, change_api_destination, forget_api_destination),
    "AWS::Events::Archive": handler(archive, change_archive, forget_archive),
    "AWS::Events::Connection": handler(connection, change_connection, forget_connection),
    "AWS::Events::EventBusPolicy": handler(bus_policy, change_bus_policy, forget_bus_policy),
    **networks.MADE,
    **quicksight.MADE,
}
