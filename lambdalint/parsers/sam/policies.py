"""Execution roles: the trust policy, managed policies by name or ARN, statements, and SAM's policy templates."""

from __future__ import annotations

from typing import Any

from lambdalint.finding import Path
from lambdalint.model.values import OpenList

from .context import Expansion, Owner, branches, copied, intrinsic, is_no_value, nearest, unknown

_MANAGED, _STATEMENT, _TEMPLATE, _OTHER, _MIXED = "managed", "statement", "template", "other", "mixed"


def trust(service: str) -> dict[str, Any]:
    """The trust policy that lets a service assume a role."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": [service]}}],
    }


def allow(name: str, *statements: tuple[Any, Any], version: bool = False) -> dict[str, Any]:
    """An inline policy of a role that allows (actions, resource) each."""
    document: dict[str, Any] = {"Version": "2012-10-17"} if version else {}
    document["Statement"] = [
        {"Action": action, "Effect": "Allow", "Resource": resource} for action, resource in statements
    ]
    return {"PolicyName": name, "PolicyDocument": document}


def send(kind: Any, arn: Any, name: str) -> dict[str, Any] | None:
    """What a role needs to send to a destination of a SAM type; None where SAM grants nothing."""
    if kind == "SQS":
        return allow(name + "SQSPolicy", ("sqs:SendMessage", arn))
    if kind == "SNS":
        return allow(name + "SNSPolicy", ("sns:publish", arn))
    if kind == "EventBridge":
        return allow(name + "EventBridgePolicy", ("events:PutEvents", arn))
    if kind == "Lambda":
        return allow(name + "LambdaPolicy", ("lambda:InvokeFunction", arn))
    if kind in ("S3", "S3Bucket"):
        objects = {"Fn::Join": ["/", [arn, "*"]]}
        return allow(name + "S3Policy", ("s3:PutObject", objects), ("s3:ListBucket", arn))
    return None


class Role:
    """The execution role of a function or state machine while events still add to it."""

    def __init__(self, expansion: Expansion, owner: Owner, service: str) -> None:
        self.expansion = expansion
        self.owner = owner
        self.id = owner.id + "Role"
        self.trust: Any = trust(service)
        self.managed: list[Any] = []
        self.inline: list[Any] = []
        self.origins: dict[Path, Path] = {}
        """Places of policies (``Policies`` or ``ManagedPolicyArns``, index) -> where they were written."""
        self.tags: Any = None
        self.condition: Any = None
        self.open = False

    @property
    def arn(self) -> dict[str, Any]:
        return {"Fn::GetAtt": [self.id, "Arn"]}

    def grant_managed(self, policy: Any, written: Path | None = None) -> None:
        """Attach an AWS managed policy by its ARN, once."""
        if policy not in self.managed:
            if written is not None:
                self.origins[("ManagedPolicyArns", len(self.managed))] = written
            self.managed.append(policy)

    def grant(self, policy: dict[str, Any], written: Path | None = None) -> None:
        """Add an inline policy, even if it is there."""
        if written is not None:
            place: Path = ("Policies", len(self.inline))
            self.origins[place] = written
            self.origins[(*place, "PolicyDocument")] = written
        self.inline.append(policy)

    def grant_once(self, policy: dict[str, Any], written: Path) -> None:
        """Add an inline policy unless one with the same document is there."""
        document = policy["PolicyDocument"]
        if all(not isinstance(other, dict) or other.get("PolicyDocument") != document for other in self.inline):
            self.grant(policy, written)

    def add_policies(self, policies: Any, written: Path) -> None:
        """What the property ``Policies`` grants: names, ARNs, documents and policy templates."""
        if not policies:
            return
        if unknown(policies):
            self.open = True
            return
        several = isinstance(policies, list)
        if isinstance(policies, OpenList):
            self.open = True
        for index, policy in enumerate(policies if several else [policies]):
            self._add(policy, index, (*written, index) if several else written)

    def _add(self, policy: Any, index: int, written: Path) -> None:
        if unknown(policy):
            self.open = True
            return
        kind = _kind(policy)
        if kind == _TEMPLATE:
            policy = self._from_template(policy, written)
            if policy is None:
                self.open = True
                return
            kind = _STATEMENT
        alternatives = branches(policy)
        if kind == _STATEMENT:
            name = f"{self.id}Policy{index}"
            if alternatives:
                condition, *values = alternatives
                place: Path = ("Policies", len(self.inline), "Fn::If")
                for side, value in enumerate(values, 1):
                    if not is_no_value(value):
                        values[side - 1] = {"PolicyName": name, "PolicyDocument": value}
                        self.origins[(*place, side, "PolicyDocument")] = (*written, "Fn::If", side)
                self.origins[("Policies", len(self.inline))] = written
                self.inline.append({"Fn::If": [condition, *values]})
            else:
                self.grant({"PolicyName": name, "PolicyDocument": policy}, written)
        elif kind == _MANAGED:
            if isinstance(policy, str):
                policy = managed_arn(self.expansion, policy)
            elif alternatives:
                condition, *values = alternatives
                names = [managed_arn(self.expansion, v) if isinstance(v, str) else v for v in values]
                policy = {"Fn::If": [condition, *names]}
            self.grant_managed(policy, written)
        else:
            self.open = True
            self._refuse(kind, policy, written)

    def _refuse(self, kind: str, policy: Any, written: Path) -> None:
        if kind == _MIXED:
            self.expansion.fault("policy-mixed", written, resource=self.owner.id)
        elif isinstance(policy, dict) and len(policy) == 1 and "Fn::If" not in policy:
            name = next(iter(policy))
            known = [item for item in templates() if item != "_source"]
            self.expansion.fault(
                "policy-template", (*written, name), problem="unknown", name=name, nearest=nearest(name, known)
            )
        else:
            expected = ["a policy's name or ARN", "a document with Statement", "a policy template"]
            self.expansion.fault("malformed", written, property="Policies", expected=expected)

    def _from_template(self, policy: Any, written: Path) -> Any:
        """The policy document that a policy template stands for; None where SAM refuses it."""
        alternatives = branches(policy)
        if alternatives:
            condition, *values = alternatives
            for side, value in enumerate(values, 1):
                if not is_no_value(value):
                    values[side - 1] = self._from_template(value, (*written, "Fn::If", side))
                    if values[side - 1] is None:
                        return None
            return {"Fn::If": [condition, *values]}
        name, given = next(iter(policy.items()))
        template = templates()[name]
        if not isinstance(given, dict):
            self.expansion.fault("policy-template", (*written, name), problem="malformed", name=name)
            return None
        missing = [parameter for parameter in template["Parameters"] if parameter not in given]
        for parameter in missing:
            self.expansion.fault("policy-template", (*written, name), problem="missing", name=name, parameter=parameter)
        for parameter in given:
            if parameter not in template["Parameters"]:
                self.expansion.fault(
                    "policy-template",
                    (*written, name, parameter),
                    problem="extra",
                    name=name,
                    parameter=parameter,
                    nearest=nearest(parameter, template["Parameters"]),
                )
        return None if missing else _filled(template["Definition"], given)

    def emit(self, path: Any = None, boundary: Any = None, written: Path | None = None) -> dict[str, Any]:
        """Put the role into the expanded template."""
        owner = self.owner
        attributes = owner.passed_on if self.condition is None else {**owner.passed_on, "Condition": self.condition}
        properties = self.expansion.emit(
            owner.id,
            self.id,
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": self.trust,
                "ManagedPolicyArns": OpenList(self.managed) if self.open else self.managed,
                "Path": path,
                "Policies": (OpenList(self.inline) if self.open else self.inline) or None,
                "PermissionsBoundary": boundary,
                "Tags": self.tags,
            },
            attributes,
            written or owner.path,
        )
        place: Path = ("Resources", self.id, "Properties")
        for step, origin in self.origins.items():
            self.expansion.move(owner, place + step, origin)
        for name in ("PermissionsBoundary", "AssumeRolePolicyDocument"):
            if owner.properties.get(name) is not None:
                self.expansion.move(owner, (*place, name), owner.at(name))
        if path is not None:
            self.expansion.move(owner, (*place, "Path"), owner.at("RolePath"))
        return properties


def templates() -> dict[str, Any]:
    """SAM's policy templates by name, with ``_source``."""
    from lambdalint.data import load

    return load("policy_templates")  # type: ignore[no-any-return]


def managed_arn(expansion: Expansion, name: str) -> str:
    """The ARN of an AWS managed policy from its name alone; what is none of them is left as it is."""
    from lambdalint.data import load

    if name.startswith(("arn:", "{{")):
        return name
    paths: dict[str, str] = load("managed_policy_paths")["paths"]
    path = paths.get(name)
    return name if path is None else expansion.managed_policy(path + name)


def _kind(policy: Any) -> str:
    if isinstance(policy, str):
        return _MANAGED
    if intrinsic(policy) == "Fn::If":
        alternatives = branches(policy)
        if alternatives is None:
            return _OTHER
        _, then, otherwise = alternatives
        kinds = _kind(then), _kind(otherwise)
        if kinds[0] == kinds[1] or is_no_value(otherwise):
            return kinds[0]
        return kinds[1] if is_no_value(then) else _MIXED
    if intrinsic(policy):
        return _MANAGED
    if isinstance(policy, dict):
        if "Statement" in policy:
            return _STATEMENT
        if len(policy) == 1:
            name = next(iter(policy))
            if name != "_source" and name in templates():
                return _TEMPLATE
    return _OTHER


def _filled(definition: Any, given: dict[str, Any]) -> Any:
    """A policy template's definition with its parameters in place."""
    if isinstance(definition, dict):
        name = definition.get("Ref")
        if len(definition) == 1 and isinstance(name, str) and name in given:
            return copied(given[name])
        return {key: _filled(value, given) for key, value in definition.items()}
    if isinstance(definition, list):
        return [_filled(item, given) for item in definition]
    return definition
