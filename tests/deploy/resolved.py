"""Looks for references that stayed as they are in what was made of a template."""

import re

PSEUDO = {"AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId",
          "AWS::StackName", "AWS::URLSuffix"}
NOTHING = object()


def unresolved(template, made):
    """What is wrong, one line each: references to nothing, and values that are not what a reference stands for.

    `made` has the resources of the stack by logical id, with the properties that their service was given.
    """
    names = set(template.get("Parameters", {})) | set(template["Resources"]) | PSEUDO
    wrong = []
    for section in ("Conditions", "Resources", "Outputs"):
        for path, name in references(template.get(section, {}), section):
            if name.split(".")[0] not in names:
                wrong.append(f"{path}: nothing is called {name}")
    for logical_id, resource in made.items():
        wanted = template["Resources"][logical_id].get("Properties", {})
        wrong += compare(wanted, without_own_tags(resource["properties"]), logical_id, made)
    return wrong


def without_own_tags(properties):
    """Without the tags that CloudFormation adds."""
    tags = properties.get("Tags")
    if not isinstance(tags, list):
        return properties
    return {**properties, "Tags": [tag for tag in tags if not tag["Key"].startswith("aws:")]}


def references(value, path):
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, f"{path}/{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref":
                yield path, item
            elif key == "Fn::GetAtt":
                yield path, item if isinstance(item, str) else item[0]
            elif key == "Fn::Sub":
                text, own = (item, {}) if isinstance(item, str) else item
                for name in re.findall(r"\$\{([^!}]+)\}", text):
                    if name not in own:
                        yield path, name.strip()
                yield from references(own, path)
            else:
                yield from references(item, f"{path}/{key}")


def compare(wanted, given, path, made):
    """Where a value is not one that the template asks for."""
    if isinstance(wanted, dict) and len(wanted) == 1:
        [(function, argument)] = wanted.items()
        if function == "Fn::If":
            branches = [compare(branch, given, path, made) for branch in argument[1:]]
            return min(branches, key=len)
        if function == "Ref":
            if argument == "AWS::NoValue":
                return [] if given is NOTHING else [f"{path}: {given!r} instead of nothing"]
            return [] if is_reference(argument, given, made) else [f"{path}: {given!r} is not {argument}"]
        if function == "Fn::GetAtt":
            return [] if given not in (NOTHING, None, "") else [f"{path}: {argument} has no value"]
        if function in ("Fn::Sub", "Fn::Join", "Fn::Select", "Fn::FindInMap", "Fn::ImportValue", "Fn::Base64"):
            return text(argument, given, path)
        if function in ("Fn::Split", "Fn::GetAZs"):
            return [] if isinstance(given, list) and given else [f"{path}: {given!r} is no list"]
    if given is NOTHING:
        return [f"{path}: has no value"]
    if isinstance(wanted, dict):
        if not isinstance(given, dict):
            return [f"{path}: {given!r} is no map"]
        found = []
        for key, value in wanted.items():
            found += compare(value, given.get(key, NOTHING), f"{path}/{key}", made)
        return found
    if isinstance(wanted, list):
        if not isinstance(given, list):
            return [f"{path}: {given!r} is no list"]
        return items(wanted, given, path, made)
    if isinstance(wanted, str) and wanted != str(given):
        return [f"{path}: {given!r} instead of {wanted!r}"]
    return []


def items(wanted, given, path, made):
    """Lists whose items may be left out."""
    if not wanted:
        return [] if not given else [f"{path}: {len(given)} items too many"]
    taken = []
    if given:
        taken = compare(wanted[0], given[0], f"{path}/0", made)
    if not given or taken:
        left_out = compare(wanted[0], NOTHING, f"{path}/0", made)
        if not left_out:
            return items(wanted[1:], given, path, made)
        return taken or left_out
    return items(wanted[1:], given[1:], path, made)


def is_reference(name, given, made):
    if name in made:
        return given == made[name]["physical"]
    return given is not NOTHING and given != name


def text(argument, given, path):
    """Text that is put together: what is not resolved stays between brackets."""
    if not isinstance(given, str) or given == "":
        return [f"{path}: {given!r} is no text"]
    source = argument if isinstance(argument, str) else argument[0]
    allowed = set(re.findall(r"\$\{!([^}]*)\}", source if isinstance(source, str) else ""))
    left = [name for name in re.findall(r"\$\{([^}]*)\}", given) if name not in allowed]
    return [f"{path}: ${{{name}}} is left in {given!r}" for name in left]
