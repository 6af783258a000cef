"""LL004: local paths of code that are not there; of nested templates that are not, a notice."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from lambdalint.checks import check
from lambdalint.finding import Notice, Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.local import LocalCode
from lambdalint.model.resource import Function, Resource

_PLACEHOLDER = re.compile(r"\{\{|\$\{|<[^>]*>|\bREPLACE|%\w+%")
"""A template of templates (cookiecutter): no path yet."""


@check("deployment")
def artifact_missing(
    subject: Deployment, deployment: Deployment, folders: Sequence[str], endings: Sequence[str]
) -> Iterator[Problem | Notice]:
    """A path that does not exist. ``folders`` and ``endings`` are names by which a build's output is known."""
    artifacts = deployment.template.artifacts
    if artifacts is None or deployment.template.document.path == "<stdin>":
        return  # nobody knows which folder standard input's paths start from
    stacks = deployment.of_type("AWS::CloudFormation::Stack")
    named: list[tuple[Resource, LocalCode | None]] = [(one, artifacts.nested(one)) for one in stacks]
    for one in (*deployment.functions, *deployment.layers):
        code = artifacts.code(one)
        if code is None and isinstance(one, Function) and one.is_image:
            code = artifacts.context(deployment.owner(one.id))
        named.append((one, code))
    for resource, code in named:
        if code is None or code.exists or not code.inside or _PLACEHOLDER.search(code.written):
            continue
        owner = deployment.owner(resource.id)
        if resource.type == "AWS::CloudFormation::Stack":
            # A build that copies the template elsewhere finds it from there: whether it is missing is not known.
            yield Notice(f"{code.written} is not there: it is not linted", deployment.template.document.path, owner)
            continue
        if not code.asset and (_is_output(code.written, folders, endings) or artifacts.ignored(code.path)):
            words = f"{code.written} is not there: a build makes it, and rules about packages could not look at it"
            yield Notice(words, deployment.template.document.path, owner)
            continue
        looked = os.path.relpath(code.path, deployment.template.directory).replace(os.sep, "/")
        meant = None if code.asset else artifacts.alike(code)
        fields = {"path": code.written, "looked": looked, "nearest": f"; did you mean {meant}?" if meant else ""}
        beside = code.keys[0] == "Metadata"
        place = Place(("Resources", owner, *code.keys), written=True) if beside else resource.at(*code.keys)
        yield Problem(place, "asset" if code.asset else "default", fields, reads=(resource.place,))


def _is_output(written: str, folders: Sequence[str], endings: Sequence[str]) -> bool:
    parts = written.replace("\\", "/").lower().split("/")
    return any(part in folders for part in parts) or parts[-1].endswith(tuple(endings))
