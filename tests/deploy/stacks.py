"""The life of a stack: created from the template of a blueprint, updated twice, and deleted."""

import copy
import json
import re
import time

from resolved import unresolved

SECONDS = 120
# What CreateStack takes in its request; beyond that the template comes from S3.
INLINE_BYTES = 51_200
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


class Wrong(AssertionError):
    """What a stack should have done and has not."""


class Template:
    """What `formwork render` wrote for one blueprint: the file that is deployed, and the same as data."""

    def __init__(self, name, folder):
        self.name = name
        self.body = (folder / f"{name}.template.yaml").read_text()
        self.data = json.loads((folder / f"{name}.template.json").read_text())
        archives = folder / f"{name}.functions"
        self.archives = sorted(archives.iterdir()) if archives.is_dir() else []


class Stack:
    """A stack in the emulator."""

    def __init__(self, emulator, probes, given, name):
        self.emulator, self.probes, self.given, self.name = emulator, probes, given, name
        self.cloudformation = emulator.client("cloudformation")

    def create(self, template):
        self.parameters = self.required(template)
        self.upload(template)
        self.cloudformation.create_stack(StackName=self.name, **self.request(template))
        self.ends_with("CREATE_COMPLETE")
        self.holds(template)

    def update(self, template):
        """Updates to a template, or to other values of its parameters; gives the names of what changed."""
        before = self.resources()
        self.upload(template)
        self.cloudformation.update_stack(StackName=self.name, **self.request(template))
        self.ends_with("UPDATE_COMPLETE")
        self.holds(template)
        after = self.resources()
        return sorted(
            name
            for name in before.keys() | after.keys()
            if before.get(name, {}).get("properties") != after.get(name, {}).get("properties")
        )

    def delete(self, template):
        """Deletes the stack: nothing stays but what says so, and that stays."""
        before = self.resources()
        self.cloudformation.delete_stack(StackName=self.number)
        self.ends_with("DELETE_COMPLETE")
        kept = []
        for name, resource in before.items():
            stays = template.data["Resources"][name].get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
            there = None if resource["placeholder"] else self.probes.is_there(resource)
            # A key is not deleted at once, and what belongs to a bucket that stays may stay with it.
            if there is not None and there != stays:
                raise Wrong(f"{name} ({resource['type']}) {'is gone' if stays else 'is left over'}")
            if stays:
                kept.append(name)
        return kept

    def required(self, template):
        """Values for the parameters without a default."""
        values = {}
        for name, parameter in template.data.get("Parameters", {}).items():
            if "Default" not in parameter:
                if name not in self.given:
                    raise Wrong(f"parameter {name} has no default: give it a value in tests/deploy/given.template.yaml")
                values[name] = self.given[name]
        return values

    def change_parameters(self, template):
        """Other values for the parameters, where one is known; gives their names."""
        changed = {}
        for name, parameter in template.data.get("Parameters", {}).items():
            if f"Changed{name}" in self.given:
                changed[name] = self.given[f"Changed{name}"]
            elif "AllowedValues" in parameter:
                now = self.parameters.get(name, parameter.get("Default"))
                others = [value for value in parameter["AllowedValues"] if str(value) != str(now)]
                changed.update({name: str(others[0])} if others else {})
            elif parameter["Type"] == "Number" and "Default" in parameter:
                value = parameter["Default"]
                changed[name] = str(value + 1 if value < parameter.get("MaxValue", value + 1) else value - 1)
        self.parameters.update(changed)
        return sorted(changed)

    def request(self, template):
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in self.parameters.items()]
        request = {"Parameters": parameters, "Capabilities": CAPABILITIES}
        if len(template.body.encode()) <= INLINE_BYTES:
            return {"TemplateBody": template.body, **request}
        bucket, key = self.given["CodeBucket"], f"{self.name}.template.yaml"
        self.emulator.client("s3").put_object(Bucket=bucket, Key=key, Body=template.body.encode())
        return {"TemplateURL": f"{self.emulator.url}/{bucket}/{key}", **request}

    def upload(self, template):
        """Puts the archives of functions where the template says, as the command does that `render` prints."""
        for archive in template.archives:
            key = f"{archive.parent.name}/{archive.name}"
            self.emulator.client("s3").put_object(Bucket=self.given["CodeBucket"], Key=key, Body=archive.read_bytes())

    def ends_with(self, wanted):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            stack = self.cloudformation.describe_stacks(StackName=getattr(self, "number", self.name))["Stacks"][0]
            self.number = stack["StackId"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                break
            time.sleep(0.02)
        if stack["StackStatus"] != wanted:
            events = self.cloudformation.describe_stack_events(StackName=self.number)["StackEvents"]
            reasons = [
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
                for event in events
                if event["ResourceStatus"].endswith("FAILED")
            ]
            said = f"{stack['StackStatus']} instead of {wanted}: {stack.get('StackStatusReason')}"
            raise Wrong("\n".join([said, *reversed(reasons), self.emulator.said(5)]))
        self.outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}

    def resources(self):
        """The resources of the stack, as the journal of the emulator has them."""
        listed = self.cloudformation.describe_stack_resources(StackName=self.number)["StackResources"]
        made = self.emulator.made(self.name)
        return {item["LogicalResourceId"]: copy.deepcopy(made[item["LogicalResourceId"]]) for item in listed}

    def holds(self, template):
        """The stack is what the template says: its resources, their properties, its outputs."""
        conditions = Conditions(template.data, self.parameters)
        expected = {name for name, resource in template.data["Resources"].items() if conditions.hold(resource)}
        made = self.resources()
        if made.keys() != expected:
            raise Wrong(f"has {sorted(made.keys() - expected)}, lacks {sorted(expected - made.keys())}")
        for name, resource in made.items():
            if not resource["placeholder"] and self.probes.is_there(resource) is False:
                raise Wrong(f"{name} ({resource['type']}, {resource['physical']}) is not there")
        if wrong := unresolved(template.data, made):
            raise Wrong("\n".join(wrong))
        promised = {name for name, output in template.data.get("Outputs", {}).items() if conditions.hold(output)}
        if self.outputs.keys() != promised:
            raise Wrong(f"has the outputs {sorted(self.outputs)}, and promises {sorted(promised)}")
        for name, value in self.outputs.items():
            if not value or re.search(r"\$\{|^None$", value):
                raise Wrong(f"output {name} is {value!r}")


class Conditions:
    """Decides the conditions of a template."""

    def __init__(self, template, parameters):
        self.conditions = template.get("Conditions", {})
        defaults = {name: parameter.get("Default") for name, parameter in template.get("Parameters", {}).items()}
        self.values = {name: str(value) for name, value in {**defaults, **parameters}.items()}

    def hold(self, item):
        return "Condition" not in item or self.decide({"Condition": item["Condition"]})

    def decide(self, condition):
        [(function, argument)] = condition.items()
        match function:
            case "Condition":
                return self.decide(self.conditions[argument])
            case "Fn::Equals":
                first, second = map(self.value, argument)
                return first == second
            case "Fn::Not":
                return not self.decide(argument[0])
            case "Fn::And":
                return all(map(self.decide, argument))
            case "Fn::Or":
                return any(map(self.decide, argument))
        raise Wrong(f"the tests do not know {function} in a condition")

    def value(self, value):
        return self.values[value["Ref"]] if isinstance(value, dict) else str(value)
