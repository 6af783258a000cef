"""What the calls of a function's Python code need its role to allow, and on which resource of the template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lambdalint.iam import sdk
from lambdalint.iam.execution import arn_for
from lambdalint.iam.sdk import Needs
from lambdalint.model.arns import single
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function, Resource
from lambdalint.model.source import Argument, EnvironmentValue, SdkCall
from lambdalint.model.values import OpenMap, Reference, Unknown, Value

ALWAYS_AN_ENDPOINT = frozenset({"apigatewaymanagementapi", "iot-data"})
"""Services whose clients are made with an endpoint of their own; anywhere else it may be no AWS at all."""

_KINDS = {
    "Bucket": ("AWS::S3::Bucket",),
    "Object": ("AWS::S3::Bucket",),
    "ObjectSummary": ("AWS::S3::Bucket",),
    "Table": ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"),
    "Queue": ("AWS::SQS::Queue",),
    "Topic": ("AWS::SNS::Topic",),
}
"""Types of resource objects whose first identifier names a resource."""
_ALIKE = {"AWS::DynamoDB::Table": ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")}


class Required(NamedTuple):
    """What one call needs."""

    call: SdkCall
    needs: Needs
    target: Resource | None
    """The resource of the template that it is about, where that is known."""
    name: str | None = None
    """The literal name or ARN that the code gives it, where it is none of the template's."""
    exact: bool = True
    """The target's own ARN is what the call touches: not an index, an alias or a version of it."""

    @property
    def label(self) -> str:
        """The call as a reader knows it: ``dynamodb put_item``."""
        method = f"{self.call.collection}.{self.call.method}" if self.call.collection else self.call.method
        return f"{self.call.service} {method}"

    def arn(self, action: str) -> Value:
        """The ARN that an action must be allowed on; None where that is not known."""
        return arn_for(action, self.target) if self.target is not None and self.exact else None


def needs_of(call: SdkCall) -> Needs | None:
    """The actions that a call needs, or None where that is not known."""
    given = None if call.open else call.arguments.keys()
    if call.via == "waiter":
        return sdk.waiter_actions(call.service, call.method)
    if call.via == "collection":
        return sdk.chain_actions(call.service, (call.collection, call.method), call.resource)
    if call.via != "resource":
        return sdk.actions_for(call.service, call.method, given)
    member = sdk.resource_member(call.service, call.resource, call.method)
    if member is None:
        # What boto3 adds by hand (the writer of a table's batch) has no entry in its models.
        known = call.resource == "Table" and call.method == "batch_write_item"
        return sdk.actions_for(call.service, call.method, given) if known else None
    if member.operation is None:
        return ()
    return sdk.actions_for(call.service, member.operation, given)


def required(deployment: Deployment, function: Function, call: SdkCall) -> Required | None:
    """What a call needs of the function's own role; None where that is not known, or another role decides."""
    if call.foreign or (call.endpoint and call.service not in ALWAYS_AN_ENDPOINT):
        return None
    needs = needs_of(call)
    if needs is None:
        return None
    named, kinds = _named(call)
    target, name = _resolve(deployment, function, named, kinds)
    indirect = ("IndexName", "Qualifier", "VersionId") if not call.open else ()
    exact = not call.open and not any(one in call.arguments for one in indirect)
    return Required(call, needs, target, name, exact)


def _named(call: SdkCall) -> tuple[Argument, tuple[str, ...]]:
    """What names the resource that a call is about, and the CloudFormation types that this may be."""
    if call.resource in _KINDS:
        return (call.identifiers[0] if call.identifiers else None), _KINDS[call.resource]
    found = sdk.resource_parameter(call.service, call.method, call.arguments.keys())
    if found is None:
        return None, ()
    parameter, kind = found
    return call.arguments.get(parameter), _ALIKE.get(kind, (kind,))


def environment_value(function: Function, value: Argument) -> Value:
    """The value that an argument has: an environment variable's, as the template sets it, or what the code says."""
    if not isinstance(value, EnvironmentValue):
        return value
    variables = function.get("Environment", "Variables")
    if isinstance(variables, dict) and value.name in variables:
        return variables[value.name]
    closed = variables is None or (isinstance(variables, dict) and not isinstance(variables, OpenMap))
    return value.default if closed and value.default is not None else Unknown("the variable is not known")


def _resolve(
    deployment: Deployment, function: Function, argument: Argument, kinds: tuple[str, ...]
) -> tuple[Resource | None, str | None]:
    value = single(environment_value(function, argument))
    if isinstance(value, Reference):
        found = deployment.follow(value)
        return (found, None) if found is not None and found.type in kinds else (None, None)
    if isinstance(value, str) and value:
        named = next((found for kind in kinds if (found := deployment.named(kind, value)) is not None), None)
        return named, None if named is not None else value
    return None, None


def requirements(deployment: Deployment, function: Function, calls: tuple[SdkCall, ...]) -> Iterator[Required]:
    """What the calls need, in their order; calls of which nothing is known are left out."""
    for call in calls:
        found = required(deployment, function, call)
        if found is not None:
            yield found
