"""The resource policy of a REST API from SAM's lists of accounts, address ranges and VPCs."""

from __future__ import annotations

import re
from typing import Any

from .body import ANY, Body

_VARIABLE = re.compile(r"\{([a-zA-Z0-9._-]+|[a-zA-Z0-9._-]+\+|proxy\+)\}")
_KEY = "x-amazon-apigateway-policy"


def add_policy(body: Body, policy: dict[str, Any], path: str, stage: Any, custom: bool = True) -> None:
    """Add the statements for the methods of a path, and the user's own ones."""
    document = body.document.get(_KEY) or {}
    if path:
        _Statements(body, document, path, stage).add(policy)
    statements = policy.get("CustomStatements") if custom else None
    if statements is not None:
        document["Version"] = "2012-10-17"
        if document.get("Statement") is None:
            document["Statement"] = list(statements) if isinstance(statements, list) else statements
        else:
            _extend(document, statements if isinstance(statements, list) else [statements])
    if document or path:
        body.document[_KEY] = document


def _extend(document: dict[str, Any], statements: list[Any], once: bool = True) -> None:
    existing = document["Statement"]
    existing = existing if isinstance(existing, list) else [existing]
    for statement in statements:
        if not once or statement not in existing:
            existing.append(statement)
    document["Statement"] = existing


class _Statements:
    def __init__(self, body: Body, document: dict[str, Any], path: str, stage: Any) -> None:
        self.body = body
        self.document = document
        route = _VARIABLE.sub("*", path)
        methods = [name for item in body.items(path) for name in item]
        self.resources = []
        for method in methods:
            verb = "*" if str(method).lower() in (ANY, "any") else str(method).upper()
            arn = f"execute-api:/${{__Stage__}}/{verb}{route}"
            self.resources.append({"Fn::Sub": [arn, {"__Stage__": stage}]})

    def add(self, policy: dict[str, Any]) -> None:
        for name, effect in (("AwsAccountWhitelist", "Allow"), ("AwsAccountBlacklist", "Deny")):
            accounts = policy.get(name)
            if accounts:
                accounts = accounts if isinstance(accounts, list) else [accounts]
                self._put([self._statement(effect, {"AWS": accounts})], once=False)
        for name, test in (("IpRangeWhitelist", "NotIpAddress"), ("IpRangeBlacklist", "IpAddress")):
            ranges = policy.get(name)
            if ranges:
                ranges = ranges if isinstance(ranges, list) else [ranges]
                self._allow_but({test: {"aws:SourceIp": ranges}})
        self._vpcs(policy, "Blacklist", "StringEquals")
        self._vpcs(policy, "Whitelist", "StringNotEquals")

    def _vpcs(self, policy: dict[str, Any], end: str, test: str) -> None:
        plain = policy.get("SourceVpc" + end) or []
        if not isinstance(plain, list) or not all(isinstance(item, str) for item in plain):
            self.body.refuse(problem="resource-policy", name="SourceVpc" + end)
        condition = {
            "aws:SourceVpc": [item for item in plain if item.startswith("vpc-")],
            "aws:SourceVpce": [item for item in plain if item.startswith("vpce-")],
        }
        condition["aws:SourceVpc"] += policy.get("IntrinsicVpc" + end) or []
        condition["aws:SourceVpce"] += policy.get("IntrinsicVpce" + end) or []
        condition = {name: values for name, values in condition.items() if values}
        if condition:
            self._allow_but({test: condition})

    def _allow_but(self, condition: dict[str, Any]) -> None:
        self._put([self._statement("Allow", "*"), {**self._statement("Deny", "*"), "Condition": condition}])

    def _statement(self, effect: str, principal: Any) -> dict[str, Any]:
        return {
            "Effect": effect,
            "Action": "execute-api:Invoke",
            "Resource": self.resources,
            "Principal": principal,
        }

    def _put(self, statements: list[Any], once: bool = True) -> None:
        self.document["Version"] = "2012-10-17"
        if self.document.get("Statement") is None:
            self.document["Statement"] = statements if once else statements[0]
        else:
            _extend(self.document, statements, once)
