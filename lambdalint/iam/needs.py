"""What the triggers and features of a function need its execution role to allow, by rules/role_requirements.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lambdalint.finding import Place
from lambdalint.iam.actions import action as action_of
from lambdalint.iam.execution import arn_for
from lambdalint.model.arns import function_of, resource_of, service_of, single
from lambdalint.model.connections import event_sources
from lambdalint.model.deployment import Deployment
from lambdalint.model.event_source import POLL, EventSource
from lambdalint.model.resource import Function, Resource
from lambdalint.model.values import Reference, Text, Unknown, Value, is_open, lower_bound

Facts = Mapping[str, Any]


class Need(NamedTuple):
    """One action (or any one of several) that a role must allow."""

    actions: tuple[str, ...]
    """Any one of them is enough."""
    resource: Value = None
    """The ARN that it must be allowed on; None where it takes none, or it is not known."""
    certain: bool = True
    """False for what AWS lists and has been seen to do without."""
    given: Value = None
    """The ARN of something outside the template, as the template writes it: for a policy to be written, never to be
    judged by (that ARN may stand for one of the template)."""


class Demand(NamedTuple):
    """What one trigger or feature of a function needs."""

    feature: str
    """Its key in rules/role_requirements.yaml."""
    words: str
    """It as a noun phrase: ``the mapping of Orders``."""
    needs: tuple[Need, ...]
    place: Place
    """What asks for it."""


def _needs(actions: Iterable[str], target: Resource | None = None, given: Value = None) -> tuple[Need, ...]:
    return tuple(
        Need((name,), None if target is None else arn_for(name, target), given=_outside(name, given))
        for name in actions
    )


def _outside(name: str, arn: Value) -> Value:
    """An ARN that is no reference, as an action is allowed on it; None where there is none or it takes none."""
    found = action_of(name)
    if not isinstance(arn, (str, Text)) or found is None or not found.scopable:
        return None
    if name != "s3:PutObject":
        return arn
    # What is written lies below the bucket that the destination names.
    return arn + "/*" if isinstance(arn, str) else Text((*arn.parts, "/*"))


# -- triggers ----------------------------------------------------------------------------------------------------------


def trigger_demands(deployment: Deployment, function: Function, mappings: Facts) -> Iterator[Demand]:
    """What the event source mappings of a function need; ``mappings`` is the table of that name."""
    for source in event_sources(deployment, function):
        facts = mappings.get(source.kind) if source.mode == POLL else None
        if facts is not None:
            target = source.source_resource
            words = f"the event source mapping of {target.id}" if target is not None else f"its {source.kind} mapping"
            yield Demand(source.kind, words, tuple(_of_mapping(deployment, source, facts)), source.place)


def _of_mapping(deployment: Deployment, source: EventSource, facts: Facts) -> Iterator[Need]:
    arn = single(source.source)
    target = source.source_resource
    if target is not None and target.type == "AWS::Kinesis::StreamConsumer":
        arn = single(target.get("StreamARN"))  # what is read is the stream
    for name in (*facts["actions"], *facts.get("documented", ())):
        found = action_of(name)
        own = found is not None and found.scopable and name.partition(":")[0] == source.kind
        in_template = arn if own and target is not None and isinstance(arn, Reference) else None
        given = _outside(name, arn) if own and "/consumer/" not in lower_bound(arn) else None
        yield Need((name,), in_template, name in facts["actions"], given)
    for names in facts.get("any_of", ()):
        yield Need(tuple(names))
    access = source.settings.get("SourceAccessConfigurations")
    kinds = [one.get("Type") for one in access if isinstance(one, dict)] if isinstance(access, list) else []
    if any(isinstance(kind, str) and not kind.startswith("VPC_") and kind != "VIRTUAL_HOST" for kind in kinds):
        yield from _needs(facts.get("if_secret", ()))
    if "VPC_SUBNET" in kinds:
        yield from _needs(facts.get("if_vpc", ()))
    if target is not None and target.type == "AWS::Kinesis::StreamConsumer":
        yield from _needs(facts.get("if_consumer", ()))
    if target is not None and not kinds and access is None and _iam_only(target):
        yield from _needs(facts.get("if_iam", ()))
    key = target and next((target.get(*path) for path in _KEYS.get(target.type, ()) if target.get(*path)), None)
    if isinstance(single(key), Reference):
        encrypting = deployment.follow(single(key))
        if encrypting is not None and encrypting.type == "AWS::KMS::Key":
            yield from _needs(facts.get("if_key", ()), encrypting)


_KEYS = {
    "AWS::SQS::Queue": (("KmsMasterKeyId",),),
    "AWS::Kinesis::Stream": (("StreamEncryption", "KeyId"),),
    "AWS::DynamoDB::Table": (("SSESpecification", "KMSMasterKeyId"),),
}
"""Where a source names the customer's key that it is encrypted with."""


def _iam_only(cluster: Resource) -> bool:
    """Whether a cluster takes nothing but IAM authentication."""
    return cluster.type == "AWS::MSK::ServerlessCluster"


# -- features ----------------------------------------------------------------------------------------------------------


def feature_demands(deployment: Deployment, function: Function, features: Facts) -> Iterator[Demand]:
    """What the features of a function need; ``features`` is the table of that name."""
    for reader in (_logs, _vpc, _tracing, _file_systems, _dead_letters, _destinations, _durable):
        yield from reader(deployment, function, features)


def _logs(deployment: Deployment, function: Function, features: Facts) -> Iterator[Demand]:
    facts = features["logs"]
    actions: tuple[str, ...] = tuple(facts["actions"])
    if function.get("LoggingConfig", "LogGroup") is None and not _has_log_group(deployment, function):
        actions += tuple(facts["without_log_group"])
    needs = tuple(Need((name,)) for name in actions)
    yield Demand("logs", "its log", needs, function.place)


def _has_log_group(deployment: Deployment, function: Function) -> bool:
    """Whether the template makes a log group that may be the function's."""
    name = function.get("FunctionName")
    for group in deployment.of_type("AWS::Logs::LogGroup"):
        given = single(group.get("LogGroupName"))
        if isinstance(given, Text):
            functions = [p for p in given.parts if isinstance(p, Reference) and function_of(deployment, p)]
            if not functions or Reference(function.id) in functions:
                return True
        elif isinstance(given, Unknown) or (isinstance(given, str) and given == f"/aws/lambda/{name}"):
            return True
    return False


def _vpc(deployment: Deployment, function: Function, features: Facts) -> Iterator[Demand]:
    subnets = function.get("VpcConfig", "SubnetIds")
    if subnets and subnets != [""]:
        place = function.at("VpcConfig", key=True)
        yield Demand("vpc", "its VPC", _needs(features["vpc"]["actions"]), place)


def _tracing(deployment: Deployment, function: Function, features: Facts) -> Iterator[Demand]:
    if function.get("TracingConfig", "Mode") == "Active":
        place = function.at("TracingConfig", key=True)
        yield Demand("tracing", "active tracing", _needs(features["tracing"]["actions"]), place)


def _file_systems(deployment: Deployment, function: Function, features: Facts) -> Iterator[Demand]:
    listed = function.get("FileSystemConfigs")
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        arn = one.get("Arn") if isinstance(one, dict) else None
        kind = {"elasticfilesystem": "efs", "s3files": "s3files"}.get(service_of(deployment, arn) or "")
        if kind:
            place = function.at("FileSystemConfigs", index)
            yield Demand(kind, "its file system", _needs(features[kind]["actions"]), place)


def _to_target(
    deployment: Deployment, feature: str, words: str, destination: Value, place: Place, features: Facts
) -> Iterator[Demand]:
    """What sending to a queue, topic, function, event bus or bucket needs."""
    target = function_of(deployment, destination)
    kind = "lambda" if target is not None else service_of(deployment, destination)
    actions = features[feature]["by_target"].get(kind or "")
    if actions:
        resource = resource_of(deployment, destination)
        direct = resource if resource is not None and not resource.type.startswith("AWS::Lambda::A") else None
        label = f"{words} {resource.id}" if resource is not None else words
        yield Demand(feature, label, _needs(actions, direct, single(destination) if resource is None else None), place)


def _dead_letters(deployment: Deployment, function: Function, features: Facts) -> Iterator[Demand]:
    arn = function.get("DeadLetterConfig", "TargetArn")
    if arn is not None:
        place = function.at("DeadLetterConfig", key=True)
        yield from _to_target(deployment, "dead_letter_queue", "its dead-letter queue", arn, place, features)


def _destinations(deployment: Deployment, function: Function, features: Facts) -> Iterator[Demand]:
    named = deployment.referrers(function.id)
    name = function.get("FunctionName")
    if isinstance(name, str):
        named += tuple(one for one in deployment.callers(name) if one not in named)
    for resource in named:
        if resource.type == "AWS::Lambda::EventInvokeConfig":
            owner = function_of(deployment, resource.get("FunctionName"))
            if owner is not None and owner.function is function:
                for outcome in ("OnSuccess", "OnFailure"):
                    yield from _outcome(deployment, resource, outcome, "asynchronous_destination", features)
        elif resource.type == "AWS::Lambda::EventSourceMapping":
            owner = function_of(deployment, resource.get("FunctionName"))
            if owner is not None and owner.function is function:
                yield from _outcome(deployment, resource, "OnFailure", "mapping_destination", features)


def _outcome(
    deployment: Deployment, resource: Resource, outcome: str, feature: str, features: Facts
) -> Iterator[Demand]:
    destination = resource.get("DestinationConfig", outcome, "Destination")
    if destination is not None:
        place = resource.at("DestinationConfig", outcome)
        yield from _to_target(deployment, feature, f"its {outcome} destination", destination, place, features)


def _durable(deployment: Deployment, function: Function, features: Facts) -> Iterator[Demand]:
    config = function.get("DurableConfig")
    if config is not None and not isinstance(config, Unknown) and (config or is_open(config)):
        # A version or an alias is invoked, never the function's own ARN.
        arn = Text((Reference(function.id, "Arn"), ":*"))
        needs = tuple(Need((name,), arn) for name in features["durable"]["actions"])
        yield Demand("durable", "durable execution", needs, function.at("DurableConfig", key=True))


_INVOKERS = {
    "s3-object-lambda": "s3_object_lambda",
    "secret-rotation": "secret_rotation",
    "codepipeline": "codepipeline",
}
"""Kinds of callers that expect the function to answer by an API, and their features."""


def caller_demands(deployment: Deployment, function: Function, features: Facts) -> Iterator[Demand]:
    """What a function needs because of who calls it; no rule asks for it, since the code may do without."""
    for source in event_sources(deployment, function):
        feature = _INVOKERS.get(source.kind)
        if feature:
            target = source.source_resource if feature == "secret_rotation" else None
            yield Demand(
                feature, f"its {source.kind} caller", _needs(features[feature]["actions"], target), source.place
            )
