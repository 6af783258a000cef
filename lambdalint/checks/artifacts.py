"""LL004: local paths of code that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lambdalint.checks import check
from lambdalint.finding import Notice, Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.local import LocalCode
from lambdalint.model.resource import Function

_PLACEHOLDER = re.compile(r"\{\{|\$\{|<[^>]*>|\bREPLACE|%\w+%")
"""A template of templates (cookiecutter): no path yet."""


@check("deployment")
def artifact_missing(
    subject: Deployment, deployment: Deployment, folders: Sequence[str], endings: Sequence[str]
) -> Iterator[Problem | Notice]:
    """A path that does not exist. ``folders`` and ``endings`` are names by which a build's output is known."""
    artifacts = deployment.template.artifacts
    for resource in (*deployment.functions, *deployment.layers) if artifacts is not None else ():
        code: LocalCode | None = artifacts.code(resource)
        owner = deployment.owner(resource.id)
        if code is None and isinstance(resource, Function) and resource.is_image:
            code = artifacts.context(owner)
        if deployment.template.document.path == "<stdin>":
            return  # nobody knows which folder its paths start from
        if code is None or code.exists or not code.inside or _PLACEHOLDER.search(code.written):
            continue
        if _is_output(code.written, folders, endings) or artifacts.ignored(code.path):
            words = f"{code.written} is not there: a build makes it, and rules about packages could not look at it"
            yield Notice(words, deployment.template.document.path, owner)
            continue
        kind = "asset" if code.asset else "default"
        meant = None if code.asset else artifacts.alike(code)
        fields = {"path": code.written, "nearest": f": did you mean {meant}?" if meant else ""}
        beside = code.keys[0] == "Metadata"
        place = Place(("Resources", owner, *code.keys), written=True) if beside else resource.at(*code.keys)
        yield Problem(place, kind, fields, reads=(resource.place,))


def _is_output(written: str, folders: Sequence[str], endings: Sequence[str]) -> bool:
    parts = written.replace("\\", "/").lower().split("/")
    return any(part in folders for part in parts) or parts[-1].endswith(tuple(endings))
