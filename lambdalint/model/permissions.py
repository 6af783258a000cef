"""Who may invoke a function: the AWS::Lambda::Permission resources of a template."""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

import re
from typing import NamedTuple

from lambdalint.finding import Place
from lambdalint.model.arns import function_of
from lambdalint.model.connections import published_as
from lambdalint.model.deployment import Deployment, relation
from lambdalint.model.resource import Function, Resource
from lambdalint.model.values import Reference, Symbol, Text, Unknown, Value, boolean, known

TYPE = "AWS::Lambda::Permission"
INVOKE, INVOKE_URL = "lambda:invokefunction", "lambda:invokefunctionurl"
"""Actions in lower case: IAM compares them without regard to case."""
_STANDS_FOR = {"AWS::Region": "REGION", "AWS::URLSuffix": "amazonaws.com", "AWS::Partition": "aws"}
_SERVICE = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com)")


class Permission(NamedTuple):
    """One statement of a function's resource policy."""

    resource: Resource
    function: str
    """Logical ID of the function."""
    qualifier: Value
    """Alias or version that it is for; None for the function itself; an Unknown where it is not known."""
    action: Value
    principal: Value
    """As written: a service, an account, ``*``, an ARN."""
    source_arn: Value
    source_account: Value
    organization: Value
    """PrincipalOrgID."""
    event_source_token: Value
    url_auth_type: Value
    """FunctionUrlAuthType: the permission holds for a function URL with this authentication only."""
    via_url: Value
    """InvokedViaFunctionUrl: the permission holds for calls through a function URL only."""

    def at(self, *keys: object, key: bool = False) -> Place:
        return self.resource.at(*keys, key=key)

    @property
    def service(self) -> str | None:
        """The service principal with REGION for the stack's Region; None for any other principal or an unknown one."""
        text = plain(self.principal)
        return text if text is not None and _SERVICE.fullmatch(text.lower()) else None

    @property
    def is_public(self) -> bool:
        return isinstance(self.principal, str) and self.principal == "*"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is said of whose resources may make the call; what is not known says something."""
        given = (self.source_account, self.organization, self.event_source_token)
        return any(value is not None for value in given) or self.source_arn not in (None, "*")

    @property
    def is_for_url(self) -> bool:
        """Whether it holds for calls through a function URL only."""
        if self.url_auth_type is not None or (self.via_url is not None and boolean(self.via_url) is not False):
            return True
        return isinstance(self.action, str) and self.action.lower() == INVOKE_URL

    def allows(self, action: str) -> bool | None:
        """Whether its action is or includes one (given in lower case); None where that is not known."""
        if not isinstance(self.action, str):
            return None if self.action is not None else False
        return self.action.lower() in (action, "lambda:*", "*")


def permission_of(resource: Resource, function: str, qualifier: Value) -> Permission:
    """A permission resource as a value."""
    get = resource.get
    return Permission(
        resource,
        function,
        qualifier,
        get("Action"),
        get("Principal"),
        get("SourceArn"),
        get("SourceAccount"),
        get("PrincipalOrgID"),
        get("EventSourceToken"),
        get("FunctionUrlAuthType"),
        get("InvokedViaFunctionUrl"),
    )


@relation
def permissions(deployment: Deployment, function: Function) -> tuple[Permission, ...]:
    """Every permission of a function, its aliases and versions, however they name it."""
    found: dict[str, Resource] = {}
    for logical_id in (function.id, *(published.id for published in published_as(deployment, function))):
        found.update({resource.id: resource for resource in deployment.referrers(logical_id)})
    name = function.get("FunctionName")
    if isinstance(name, str):
        found.update({resource.id: resource for resource in deployment.callers(name)})
    result = []
    for resource in found.values():
        target = function_of(deployment, resource.get("FunctionName")) if resource.type == TYPE else None
        if target is not None and target.function.id == function.id:
            result.append(permission_of(resource, function.id, target.qualifier))
    if isinstance(name, (Text, Unknown)):
        for resource in unplaced_permissions(deployment):
            if resource.get("FunctionName") == name:
                result.append(permission_of(resource, function.id, None))
    return tuple(result)


@relation
def unplaced_permissions(deployment: Deployment) -> tuple[Resource, ...]:
    """The permissions whose function is not found in the template: of another stack, or not known."""
    return tuple(
        resource
        for resource in deployment.of_type(TYPE)
        if function_of(deployment, resource.get("FunctionName")) is None
    )


def may_be_for(function: Function, resource: Resource) -> bool:
    """Whether a permission of a function that is not found may be this one's: its name is not known, or may be equal.

    A generated name cannot be written down, so text that is known calls another function than one without a name.
    """
    value, name = resource.get("FunctionName"), function.get("FunctionName")
    if known(value):
        return value is not None and name is not None and not known(name)
    if isinstance(value, Text) and name is None:
        return any(not isinstance(part, (str, Symbol)) for part in value.parts)
    return bool(value != name)


def plain(value: Value) -> str | None:
    """Text with the stack's Region and domain put by name (``logs.REGION.amazonaws.com``); None where not known."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Text):
        return None
    words = []
    for part in value.parts:
        word = _STANDS_FOR.get(part.name) if isinstance(part, Symbol) else part
        if not isinstance(word, str):
            return None
        words.append(word)
    return "".join(words)


def is_principal(service: str, expected: str) -> bool:
    """Whether a service principal is the one expected, in its regional form too (``sns.eu-south-1.amazonaws.com``)."""
    one, other = _bare(service), _bare(expected)
    if one == other or not one.startswith(other + "."):
        return one == other
    return re.fullmatch(r"region|[a-z]+(?:-[a-z]+)+-\d+", one[len(other) + 1 :]) is not None


def _bare(principal: str) -> str:
    text = principal.lower()
    for suffix in (".cn", ".amazonaws.com", ".amazon.com"):
        text = text.removesuffix(suffix)
    return text.removesuffix(".region") if text.endswith(".region") else text


def same_qualifier(left: Value, right: Value) -> bool | None:
    """Whether two qualifiers mean the same; ``$LATEST`` is the function itself. None where that is not known."""
    left, right = (None if value == "$LATEST" else value for value in (left, right))
    if left == right and (left is None or isinstance(left, (str, Reference))):
        return True
    if all(value is None or isinstance(value, str) for value in (left, right)):
        return False
    if isinstance(left, Reference) and isinstance(right, Reference):
        return None if left.resource == right.resource else False
    # A version's number is no alias and is never the function itself.
    if isinstance(left, Reference) or isinstance(right, Reference):
        other = right if isinstance(left, Reference) else left
        if other is None or (isinstance(other, str) and not other.isdigit()):
            return False
    return None
