"""The statement that would allow what is missing, in words and as JSON: an action on what is known of its resource."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lambdalint.iam.actions import action as action_of
from lambdalint.iam.execution import arn_for
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Resource
from lambdalint.model.values import Reference, Symbol, Text, Value

_NAMED = {
    "AWS::S3::Bucket": "arn:{p}:s3:::{name}{below}",
    "AWS::DynamoDB::Table": "arn:{p}:dynamodb:{r}:{a}:table/{name}",
    "AWS::SQS::Queue": "arn:{p}:sqs:{r}:{a}:{name}",
    "AWS::SNS::Topic": "arn:{p}:sns:{r}:{a}:{name}",
    "AWS::Lambda::Function": "arn:{p}:lambda:{r}:{a}:function:{name}",
    "AWS::Kinesis::Stream": "arn:{p}:kinesis:{r}:{a}:stream/{name}",
    "AWS::KinesisFirehose::DeliveryStream": "arn:{p}:firehose:{r}:{a}:deliverystream/{name}",
    "AWS::SecretsManager::Secret": "arn:{p}:secretsmanager:{r}:{a}:secret:{name}-??????",
    "AWS::SSM::Parameter": "arn:{p}:ssm:{r}:{a}:parameter/{name}",
    "AWS::StepFunctions::StateMachine": "arn:{p}:states:{r}:{a}:stateMachine:{name}",
    "AWS::Events::EventBus": "arn:{p}:events:{r}:{a}:event-bus/{name}",
    "AWS::Glue::Job": "arn:{p}:glue:{r}:{a}:job/{name}",
}
"""The ARN of a resource by its name, from the Service Authorization Reference (checked 2026-11-23)."""
_KIND = {
    "s3": "AWS::S3::Bucket",
    "dynamodb": "AWS::DynamoDB::Table",
    "sqs": "AWS::SQS::Queue",
    "sns": "AWS::SNS::Topic",
    "lambda": "AWS::Lambda::Function",
    "kinesis": "AWS::Kinesis::Stream",
    "firehose": "AWS::KinesisFirehose::DeliveryStream",
    "secretsmanager": "AWS::SecretsManager::Secret",
    "ssm": "AWS::SSM::Parameter",
    "states": "AWS::StepFunctions::StateMachine",
    "events": "AWS::Events::EventBus",
    "glue": "AWS::Glue::Job",
}
_PSEUDO = {"p": Symbol("AWS::Partition"), "r": Symbol("AWS::Region"), "a": Symbol("AWS::AccountId")}


def resource_for(action: str, target: Resource | None, name: str | None = None) -> Value:
    """The ARN that a statement should name for an action: ``*`` where it takes none, None where it is not known."""
    found = action_of(action)
    if found is not None and not found.scopable:
        return "*"
    if target is not None:
        return arn_for(action, target)
    if name is None:
        return None
    if name.startswith("arn:"):
        below = "/*" if name.startswith("arn:aws:s3:::") and _is_object(action) and "/" not in name else ""
        return name + below
    pattern = _NAMED.get(_KIND.get(action.partition(":")[0], ""))
    if pattern is None or "://" in name:
        return None
    text = pattern.replace("{name}", name.lstrip("/")).replace("{below}", "/*" if _is_object(action) else "")
    parts: list[Any] = [_PSEUDO.get(piece, piece) for piece in re.split(r"\{(\w)\}", text)]
    return Text(tuple(part for part in parts if part != ""))


def _is_object(action: str) -> bool:
    found = action_of(action)
    return found is not None and "object" in found.resource_types


def statement_words(deployment: Deployment, actions: Sequence[str], target: Resource | None, name: str | None) -> str:
    """A statement that would allow actions, as the template's own language has it."""
    as_json = str(deployment.template.document.kind) == "json"
    resources = list(dict.fromkeys(resource_for(action, target, name) for action in actions))
    shown = [_shown(resource, as_json, actions[0]) for resource in resources]
    listed = ", ".join(f'"{action}"' if as_json else action for action in actions)
    several = f"[{listed}]" if len(actions) > 1 else listed
    where = f"[{', '.join(shown)}]" if len(shown) > 1 else shown[0]
    if as_json:
        return f'{{"Effect": "Allow", "Action": {several}, "Resource": {where}}}'
    return f"{{Effect: Allow, Action: {several}, Resource: {where}}}"


def _shown(value: Value, as_json: bool, action: str) -> str:
    if value is None:
        return '"<its ARN>"'
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Reference):
        if as_json:
            if value.attribute == "Ref":
                return f'{{"Ref": "{value.resource}"}}'
            return f'{{"Fn::GetAtt": ["{value.resource}", "{value.attribute}"]}}'
        return f"!Ref {value.resource}" if value.attribute == "Ref" else f"!GetAtt {value.resource}.{value.attribute}"
    text = "".join(_piece(part) for part in value.parts)
    return f'{{"Fn::Sub": "{text}"}}' if as_json else f'!Sub "{text}"'


def _piece(part: Any) -> str:
    if isinstance(part, Reference):
        return "${" + (part.resource if part.attribute == "Ref" else f"{part.resource}.{part.attribute}") + "}"
    return "${" + part.name + "}" if isinstance(part, Symbol) else str(part)
