"""IAM: what those may do who act in a stack. MiniStack asks that of callers, and of functions, but of no service."""

import json
import re

from ministack.core import iam_evaluator
from ministack.services import iam

ACCOUNT = "000000000000"
resolve, conditions_met = iam_evaluator._resolve_condition_key, iam_evaluator._conditions_met
VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+:[^}]+)\}")


def install():
    iam_evaluator._resolve_condition_key = resolved
    iam_evaluator._conditions_met = with_variables


def resolved(key, context):
    """The tests speak plain HTTP to it over loopback, and stand for callers who do not.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return "true" if key.lower() == "aws:securetransport" else resolve(key, context)


def with_variables(conditions, context):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"""
    text = VARIABLE.sub(lambda name: str(resolved(name[1], context) or name[0]), json.dumps(conditions))
    return conditions_met(json.loads(text), context)


def act(service, role, needs, **about):
    """Lets a service take on a role and do with it what it `needs`, actions with the ARN of what they are done to.

    `about` is what else the service says of itself: `source`, the ARN of what it acts for. What the role may not do is
    told, where MiniStack lets services do everything.
    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    name = role.split("/")[-1]
    found = iam._roles.get_scoped(ACCOUNT, None, name)
    if found is None:
        raise PermissionError(f"{service} has no role {role}")
    # Each service sends of these what it has; the ARN of the thing it acts for is not always known beforehand.
    given = {"sts:externalid": ACCOUNT, "aws:sourceaccount": ACCOUNT, "aws:sourcearn": about.get("source")}
    trust = iam_evaluator.evaluate_resource_policy(
        found["AssumeRolePolicyDocument"], context(role, "sts:AssumeRole", "*", given), service
    )
    if trust.decision != "Allow":
        raise PermissionError(f"{service} may not take on {name}")
    policies = iam_evaluator._gather_role_policies(name, ACCOUNT)
    for action, resource in needs:
        if iam_evaluator.evaluate(context(role, action, resource, {}), policies).decision != "Allow":
            raise PermissionError(f"{service} as {name} may not do {action} with {resource}")


def context(role, action, resource, given):
    return iam_evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region="us-east-1",
        service_context=given,
    )
