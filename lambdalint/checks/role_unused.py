"""LL511: services that a role allows and that the code never calls."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Place, Problem
from lambdalint.iam import sdk
from lambdalint.iam.calls import needs_of
from lambdalint.iam.execution import TEMPLATE, WRITTEN, author, functions_of, members
from lambdalint.iam.needs import caller_demands, feature_demands, trigger_demands
from lambdalint.iam.policies import ALLOW
from lambdalint.iam.roles import role_policies
from lambdalint.model.code import source_of
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function, Role
from lambdalint.model.source import Source

WITHOUT_SDK = frozenset(
    "aoss appsync cassandra dax elasticfilesystem es execute-api iam kafka-cluster kms logs neptune-db rds-db "
    "s3express s3files ssmmessages xray".split()
)
"""Services that are used without a call: by Lambda, by a driver with a signed request, by another service."""
READ_LIBRARIES = frozenset(
    "aws_lambda_powertools aws_xray_sdk boto3 botocore cfnresponse crhelper dateutil jinja2 jmespath jose jsonschema "
    "jwt numpy pandas PIL pydantic pytz requests s3transfer simplejson six structlog typing_extensions urllib3 "
    "yaml".split()
)
"""Libraries that call no AWS API but for those in LIBRARIES."""
LIBRARIES = {
    "aws_lambda_powertools.utilities.idempotency": ("dynamodb",),
    "aws_lambda_powertools.utilities.feature_flags": ("appconfig",),
    "aws_lambda_powertools.utilities.parameters": ("appconfig", "dynamodb", "secretsmanager", "ssm"),
    "aws_lambda_powertools.utilities.batch": ("sqs",),
    "aws_lambda_powertools.utilities.streaming": ("s3",),
    "aws_lambda_powertools.utilities.kafka": ("glue",),
    "crhelper": ("events", "lambda"),
}
"""What a library calls for its user."""

_FROM_BUCKETS = ("s3",)
ON_BEHALF = {
    "athena": ("s3", "glue", "lakeformation"),
    "bedrock": _FROM_BUCKETS,
    "comprehend": _FROM_BUCKETS,
    "glue": _FROM_BUCKETS,
    "kendra": _FROM_BUCKETS,
    "mediaconvert": _FROM_BUCKETS,
    "polly": ("s3", "sns"),
    "rds-data": ("secretsmanager",),
    "redshift-data": ("redshift", "redshift-serverless", "secretsmanager"),
    "rekognition": ("s3", "sns"),
    "s3files": _FROM_BUCKETS,
    "sagemaker": _FROM_BUCKETS,
    "ssm": ("s3", "secretsmanager"),
    "textract": ("s3", "sns"),
    "transcribe": _FROM_BUCKETS,
    "translate": _FROM_BUCKETS,
}
"""What a service does with its caller's rights: queries and jobs read what they are pointed at."""
ANYTHING = frozenset({"cloudcontrolapi", "cloudformation"})
"""Services that do whatever they are told with their caller's rights."""


@check("role")
def unused(role: Role, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Services of the statements that the user wrote or named, that no function with this role has a use for."""
    functions = functions_of(deployment, role)
    used: set[str] = set(WITHOUT_SDK)
    for function in functions:
        source = source_of(deployment, function)
        called = None if source is None else _called(source)
        if called is None or not _is_all_code(deployment, function):
            return
        used |= called | _asked_for(deployment, function, facts)
    if not functions or used & ANYTHING:
        return
    used.update(service for one in tuple(used) for service in ON_BEHALF.get(one, ()))
    told = set()
    for entry in role_policies(deployment, role).policies:
        kind = author(deployment, role, entry)
        for statement in entry.policy.statements if kind in (WRITTEN, TEMPLATE) else ():
            if statement.effect != ALLOW:
                continue
            for place, action in members(deployment, statement, "Action"):
                service = action.partition(":")[0].lower() if isinstance(action, str) and ":" in action else ""
                if service and "*" not in service and service not in used and service not in told:
                    told.add(service)
                    at = place if kind == WRITTEN else Place(entry.path)
                    ids = [function.id for function in functions]
                    yield Problem(at, fields={"service": service, "functions": ids})


def _asked_for(deployment: Deployment, function: Function, facts: Mapping[str, Any]) -> set[str]:
    """The services that triggers, features and callers need."""
    demands = (
        *trigger_demands(deployment, function, facts["mappings"]),
        *feature_demands(deployment, function, facts["features"]),
        *caller_demands(deployment, function, facts["features"]),
    )
    return {name.partition(":")[0] for demand in demands for need in demand.needs for name in need.actions}


def _is_all_code(deployment: Deployment, function: Function) -> bool:
    """Whether nothing but the handler's code runs: no layer that is not seen, no wrapper."""
    layers = deployment.template.artifacts.layers(deployment, function)
    wrapped = function.get("Environment", "Variables", "AWS_LAMBDA_EXEC_WRAPPER") is not None
    if layers is None or wrapped:
        return False
    # A layer with an extension runs code of its own.
    packages = [use.package for use in layers]
    return all(package is not None and not package.is_dir("extensions") for package in packages)


def _called(source: Source) -> set[str] | None:
    """The IAM prefixes of the services that the code may call; None where that cannot be known."""
    if not source.complete or source.dynamic_services or source.handler.module_status != "found":
        return None
    used = {prefix for client in source.clients if (prefix := sdk.iam_prefix(client.service))}
    for call in source.calls:
        needs = needs_of(call)
        prefix = sdk.iam_prefix(call.service)
        used |= {prefix} if prefix else set()
        used |= {name.partition(":")[0] for need in needs or () for name in need}
    for one in source.imports:
        top = one.module.partition(".")[0]
        for library, services in LIBRARIES.items():
            names = {one.module, *(f"{one.module}.{name}" for name in one.names)}
            if any(name == library or name.startswith(library + ".") for name in names):
                used.update(services)
        known = one.found or not top or top in sys.stdlib_module_names or top in READ_LIBRARIES
        if not known:
            return None
    return used | _mentioned(source)


def _mentioned(source: Source) -> set[str]:
    """Services whose name stands as text in the code: a client may be made of it in a way that is not followed."""
    texts = [source.text(root, name) or "" for root, name in source.modules]
    return {
        str(sdk.iam_prefix(service))
        for service in sdk.services()
        if any(f'"{service}"' in text or f"'{service}'" in text for text in texts)
    }
