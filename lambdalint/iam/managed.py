"""AWS managed policies: which exist, and what those allow that a function's role may have (from moto's copy).

Every name is known with its path; the body of service-linked ones (they cannot be attached) and of the largest is not.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

from lambdalint.iam import tables
from lambdalint.iam.policies import Origin, Statement, parse_policy
from lambdalint.model.values import Symbol, Text, Value
from lambdalint.nearest import nearest


class ManagedPolicy(NamedTuple):
    """An AWS managed policy. ``statements`` is None where its body is not known."""

    name: str
    path: str
    """``/``, ``/service-role/`` …: what stands before the name in the ARN, after ``policy``."""
    statements: tuple[Statement, ...] | None

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::aws:policy{self.path}{self.name}"


def _actions(grouped: str) -> list[str]:
    """``"* sqs:A,B"`` as ``["*", "sqs:A", "sqs:B"]``."""
    found = []
    for group in grouped.split(" "):
        service, colon, names = group.partition(":")
        found += [f"{service}:{name}" for name in names.split(",")] if colon else [service]
    return found


def _statement(short: dict[str, Any]) -> dict[str, Any]:
    full = {"Effect": "Allow", **short}
    for key in ("Action", "NotAction"):
        if key in full:
            full[key] = _actions(full[key])
    if "Resource" not in full and "NotResource" not in full:
        full["Resource"] = "*"
    return full


@lru_cache(maxsize=256)
def _by_name(name: str) -> ManagedPolicy | None:
    line = None if name == "#" else tables.row("managed_policies", name)
    if line is None:
        return None
    path, _, body = line.partition("\t")
    if not body:
        return ManagedPolicy(name, path, None)
    document = {"Version": "2012-10-17", "Statement": [_statement(short) for short in json.loads(body)]}
    policy = parse_policy(document, origin=Origin("managed", name))
    return ManagedPolicy(name, path, policy.statements)


def arn_text(value: Value) -> str | None:
    """An ARN or name as text, with ``aws`` for an unknown partition; None where more of it is unknown."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Text):
        parts = ["aws" if part == Symbol("AWS::Partition") else part for part in value.parts]
        if all(isinstance(part, str) for part in parts):
            return "".join(parts)
    return None


def managed_policy(value: Value) -> ManagedPolicy | None:
    """The AWS managed policy that a name or an ARN (text, also with the partition open) says.

    None where it is not known, is no AWS managed policy, or the ARN has a path that this policy does not have.
    """
    text = arn_text(value)
    if text is None:
        return None
    if not text.startswith("arn:"):
        return _by_name(text)
    fields = text.split(":", 5)
    if len(fields) < 6 or fields[2:5] != ["iam", "", "aws"] or not fields[5].startswith("policy/"):
        return None
    path, _, name = fields[5][len("policy") :].rpartition("/")
    policy = _by_name(name)
    return policy if policy is not None and policy.path == path + "/" else None


def is_aws_managed(value: Value) -> bool:
    """Whether an ARN is of an AWS managed policy, known or not (``arn:…:iam::aws:policy/…``)."""
    text = arn_text(value)
    return text is not None and text.startswith("arn:") and text.split(":", 5)[2:5] == ["iam", "", "aws"]


def nearest_managed_policy(name: str) -> str | None:
    """The known AWS managed policy whose name differs in at most two letters, or None."""
    return nearest(name, tables.names("managed_policies"))
