"""QuickSight, as far as templates make it: sources, data sets, dashboards and refreshes that know each other.

What names something that is not there is refused, and so is what something else still needs. Nothing is shown.

https://docs.aws.amazon.com/quicksight/latest/APIReference/API_CreateDataSet.html and its neighbours
"""

import re

PRINCIPAL = re.compile(r"arn:aws:quicksight:[a-z0-9-]+:\d{12}:(user|group)/[^/]+/.+")
WORDS = {"DataSource": "datasource", "DataSet": "dataset", "Dashboard": "dashboard"}

# By ARN: the properties of each resource.
there = {}


def arn(kind, properties):
    number = properties[f"{kind}Id"]
    return f"arn:aws:quicksight:us-east-1:{properties['AwsAccountId']}:{WORDS[kind]}/{number}"


def known(name, kind):
    if f":{WORDS[kind]}/" not in str(name) or name not in there:
        raise ValueError(f"{name} is no {kind} that exists")
    return there[name]


def check_sharing(properties):
    for one in properties["Permissions"]:
        if not PRINCIPAL.fullmatch(one["Principal"]):
            raise ValueError(f"{one['Principal']} is no user or group")


def columns(properties):
    """The names of the fields that a data set has in the end."""
    (physical,) = properties["PhysicalTableMap"].values()
    (table,) = physical.values()
    names = [column["Name"] for column in table.get("InputColumns") or table["Columns"]]
    for logical in (properties.get("LogicalTableMap") or {}).values():
        for step in logical["DataTransforms"]:
            (operation, what), = step.items()
            if operation == "RenameColumnOperation":
                names[names.index(what["ColumnName"])] = what["NewColumnName"]
            elif operation == "CreateColumnsOperation":
                names += [column["ColumnName"] for column in what["Columns"]]
            elif what["ColumnName"] not in names:
                raise ValueError(f"{operation} of {what['ColumnName']}, which is no column")
    return names


def walk(value):
    """All objects inside of a value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def check(kind, properties):
    check_sharing(properties)
    if kind == "DataSet":
        columns(properties)
        for table in properties["PhysicalTableMap"].values():
            (what,) = table.values()
            known(what["DataSourceArn"], "DataSource")
    elif kind == "Dashboard":
        definition = properties["Definition"]
        sets = {
            one["Identifier"]: columns(known(one["DataSetArn"], "DataSet"))
            for one in definition["DataSetIdentifierDeclarations"]
        }
        for one in walk(definition):
            if "DataSetIdentifier" in one and "ColumnName" in one and one["ColumnName"] not in sets[one["DataSetIdentifier"]]:
                raise ValueError(f"{one['DataSetIdentifier']} has no column {one['ColumnName']}")


def needs(name):
    """What names a resource."""
    return [other for other, properties in there.items() if any(name in one.values() for one in walk(properties))]


def handler(kind):
    def create(logical_id, properties, stack):
        name = arn(kind, properties)
        if name in there:
            raise ValueError(f"{name} exists already")
        check(kind, properties)
        there[name] = properties
        return f"{properties['AwsAccountId']}|{properties[f'{kind}Id']}", {"Arn": name}

    def update(physical_id, old, new, stack, logical_id):
        name = arn(kind, new)
        if name != arn(kind, old):
            raise ValueError(f"{kind} with another id is replaced, not updated")
        check(kind, new)
        there[name] = new
        return physical_id, {"Arn": name}

    def delete(physical_id, properties):
        name = arn(kind, properties)
        if users := needs(name):
            raise ValueError(f"{name} is used by {users}")
        del there[name]

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def set_of(properties):
    name = f"arn:aws:quicksight:us-east-1:{properties['AwsAccountId']}:dataset/{properties['DataSetId']}"
    if known(name, "DataSet")["ImportMode"] != "SPICE":
        raise ValueError(f"{name} keeps no copy that could be refreshed")
    return name


def schedule(logical_id, properties, stack):
    name = f"{set_of(properties)}/refresh-schedule/{properties['Schedule']['ScheduleId']}"
    there[name] = properties
    return name, {"Arn": name}


def change_schedule(physical_id, old, new, stack, logical_id):
    forget_schedule(physical_id, old)
    return schedule(logical_id, new, stack)


def forget_schedule(physical_id, properties):
    del there[physical_id]


MADE = {
    **{f"AWS::QuickSight::{kind}": handler(kind) for kind in WORDS},
    "AWS::QuickSight::RefreshSchedule": {
        "create": schedule, "update": change_schedule, "update_with_logical_id": True, "delete": forget_schedule,
    },
}
