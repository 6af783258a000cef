"""ARNs and references followed to the resource that they mean, however they are written."""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

from typing import Any, NamedTuple

from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function, Resource
from lambdalint.model.values import Reference, Text, Unknown, Value

TYPES: dict[str, tuple[str, ...]] = {
    "sqs": ("AWS::SQS::Queue",),
    "sns": ("AWS::SNS::Topic",),
    "s3": ("AWS::S3::Bucket",),
    "kinesis": ("AWS::Kinesis::Stream",),
    "dynamodb": ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"),
    "lambda": ("AWS::Lambda::Function",),
    "events": ("AWS::Events::Rule", "AWS::Events::EventBus"),
    "logs": ("AWS::Logs::LogGroup",),
    "iam": ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"),
    "mq": ("AWS::AmazonMQ::Broker",),
    "kafka": ("AWS::MSK::Cluster", "AWS::MSK::ServerlessCluster"),
    "rds": ("AWS::DocDB::DBCluster",),
    "states": ("AWS::StepFunctions::StateMachine",),
    "secretsmanager": ("AWS::SecretsManager::Secret",),
    "elasticfilesystem": ("AWS::EFS::AccessPoint",),
}
"""The third part of an ARN, and the resources that have such ARNs."""


class Arn(NamedTuple):
    """An ARN in its parts; each is a str, a Symbol, a Reference, a Text or an Unknown."""

    partition: Value
    service: Value
    region: Value
    account: Value
    resource: tuple[Any, ...]
    """Pieces of the last part, colons included: strings, references, symbols, unknowns."""

    @property
    def literal(self) -> str | None:
        """The last part where all of it is literal."""
        return self.resource[0] if len(self.resource) == 1 and isinstance(self.resource[0], str) else None


def parse(value: Value) -> Arn | None:
    """The parts of an ARN written as text; None for what does not begin with ``arn:``."""
    pieces = value.parts if isinstance(value, Text) else (value,) if isinstance(value, str) else ()
    if not pieces or not isinstance(pieces[0], str) or not pieces[0].startswith("arn:"):
        return None
    fields: list[list[Any]] = [[]]
    for piece in pieces:
        if isinstance(piece, str) and len(fields) < 6:
            parts = piece.split(":", 6 - len(fields))
            if parts[0]:
                fields[-1].append(parts[0])
            fields += [[part] if part else [] for part in parts[1:]]
        else:
            fields[-1].append(piece)
    if len(fields) != 6:
        return None

    def whole(field: list[Any]) -> Value:
        if not field:
            return ""
        return field[0] if len(field) == 1 else Text(tuple(field))

    return Arn(whole(fields[1]), whole(fields[2]), whole(fields[3]), whole(fields[4]), tuple(fields[5]))


def single(value: Value) -> Value:
    """A value without the Text around it where it is the only piece: ``Sub ${Queue.Arn}`` is a reference."""
    return value.parts[0] if isinstance(value, Text) and len(value.parts) == 1 else value


_HANDING_ON = ("AWS::CloudFormation::", "AWS::SSM::Parameter", "Custom::")


def _hands_on(type: str) -> bool:
    """Whether attributes of a resource are values of others: a nested stack's outputs, a custom resource's answer."""
    return type.startswith(_HANDING_ON)


def service_of(deployment: Deployment, value: Value) -> str | None:
    """The service that an ARN or a reference belongs to, as ARNs name it; None where that is not known."""
    value = single(value)
    if isinstance(value, Reference):
        resource = deployment.resource(value.resource)
        kind = resource.type if resource else None
        if kind == "AWS::Kinesis::StreamConsumer":
            return "kinesis"
        return next((service for service, types in TYPES.items() if kind in types), None)
    arn = parse(value)
    return arn.service if arn is not None and isinstance(arn.service, str) else None


def resource_of(deployment: Deployment, value: Value) -> Resource | None:
    """The resource of the template that a value means: by reference, by an ARN with a reference in it, or by name."""
    value = single(value)
    if isinstance(value, Reference):
        found = deployment.resource(value.resource)
        return None if found is None or _hands_on(found.type) else found
    arn = parse(value)
    if arn is None or not isinstance(arn.service, str):
        return None
    types = TYPES.get(arn.service)
    if types is None or not _here(deployment, arn):
        return None
    for piece in arn.resource:
        if isinstance(piece, Reference):
            resource = deployment.resource(piece.resource)
            return resource if resource is not None and resource.type in types else None
    name = _name(arn)
    if name is None:
        return None
    return next((found for kind in types if (found := deployment.named(kind, name)) is not None), None)


def _here(deployment: Deployment, arn: Arn) -> bool:
    """False where an ARN names another account or Region than the stack's."""
    for own, part in ((deployment.region, arn.region), (deployment.account, arn.account)):
        if own and isinstance(part, str) and part and part != own:
            return False
    return True


def _name(arn: Arn) -> str | None:
    text = arn.resource[0] if arn.resource and isinstance(arn.resource[0], str) else None
    if text is None:
        return None
    if arn.service in ("sqs", "sns"):
        return text
    if arn.service == "s3":
        return text.split("/", 1)[0]
    for prefix in ("stream/", "table/", "function:", "rule/", "event-bus/", "log-group:", "role/", "stateMachine:"):
        if text.startswith(prefix):
            rest = text[len(prefix) :]
            if prefix in ("log-group:", "function:"):
                return rest.split(":", 1)[0]
            return rest.rsplit("/", 1)[-1] if prefix in ("role/", "rule/") else rest.split("/", 1)[0]
    return None


class Target(NamedTuple):
    """A function, and the alias or version of it that is meant."""

    function: Function
    qualifier: Value
    """None: the function itself (``$LATEST``); a str where it is known; else an Unknown."""


def function_of(deployment: Deployment, value: Value, through: tuple[str, ...] = ()) -> Target | None:
    """The function that a value invokes: its ARN, name, alias, version, or an API Gateway invocation URI.

    ``through`` are the aliases and versions on the way to it.
    """
    value = single(value)
    if isinstance(value, Reference):
        return _referred(deployment, value, through)
    if isinstance(value, str) and not value.startswith("arn:") and ":function:" not in value:
        name, _, qualifier = value.partition(":")
        named = deployment.named("AWS::Lambda::Function", name)
        return Target(named, qualifier or None) if isinstance(named, Function) else None
    pieces = value.parts if isinstance(value, Text) else (value,)
    for index, piece in enumerate(pieces):
        if isinstance(piece, Reference):
            target = _referred(deployment, piece, through)
            if target is not None:
                return Target(target.function, _qualifier(pieces[index + 1 :])) if target.qualifier is None else target
        elif isinstance(piece, str) and ":function:" in piece:
            name, rest = _name_in(piece)
            if not rest and index + 1 < len(pieces):
                continue  # the name goes on in the next piece
            named = deployment.named("AWS::Lambda::Function", name) if name and _is_own(deployment, piece) else None
            if isinstance(named, Function):
                return Target(named, _qualifier((rest, *pieces[index + 1 :]) if rest else pieces[index + 1 :]))
    return None


def _name_in(text: str) -> tuple[str, str]:
    """The function's name in the text of an ARN, and what stands behind it."""
    rest = text.split(":function:", 1)[1]
    end = next((index for index, letter in enumerate(rest) if letter in ":/"), len(rest))
    return rest[:end], rest[end:]


def _is_own(deployment: Deployment, text: str) -> bool:
    """False where the text before ``:function:`` names another account or Region than the stack's."""
    before = text.split(":function:", 1)[0].split(":")
    account, region = before[-1], before[-2] if len(before) > 1 else ""
    if deployment.account and account.isdigit() and account != deployment.account:
        return False
    return not (deployment.region and region and region.count("-") >= 2 and region != deployment.region)


def _qualifier(rest: tuple[Any, ...]) -> Value:
    """What stands behind a function's ARN: nothing, ``:alias``, or something that is not known."""
    if not rest:
        return None
    first = rest[0]
    if not isinstance(first, str):
        return Unknown("the qualifier is not known")
    if not first.startswith(":"):
        return None
    text = first[1:].split("/", 1)[0]
    if text.startswith("${") or (not text and len(rest) > 1):
        return Unknown("the qualifier is not known")
    return text or None


def _referred(deployment: Deployment, reference: Reference, through: tuple[str, ...]) -> Target | None:
    resource = deployment.resource(reference.resource)
    if isinstance(resource, Function):
        return Target(resource, None)
    if resource is None or resource.type not in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
        return None
    if resource.id in through:
        return None
    owner = function_of(deployment, resource.get("FunctionName"), (*through, resource.id))
    if owner is None:
        return None
    if resource.type == "AWS::Lambda::Alias":
        name = resource.get("Name")
        return Target(owner.function, name if isinstance(name, str) else Unknown("the alias has no known name"))
    return Target(owner.function, Reference(resource.id, "Version"))
