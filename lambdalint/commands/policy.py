"""Print the least policy that a function's code, triggers and features need, and where each action comes from."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambdalint.finding import Place
    from lambdalint.iam.least import Least
    from lambdalint.model.deployment import Deployment
    from lambdalint.model.resource import Function

TAKES_INPUTS = True
MOST_NAMES = 20
"""Functions that are offered where the one that was named is none."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text: a table, and the policy")
    parser.add_argument("function", metavar="LOGICAL_ID", help="the function")
    parser.add_argument("paths", metavar="PATH", nargs="*", default=[], help="templates, folders, cloud assemblies")


def run(given: argparse.Namespace) -> str:
    import json

    from lambdalint.cli import settings_of
    from lambdalint.commands import deployments
    from lambdalint.commands.show import plain
    from lambdalint.iam.least import document, least
    from lambdalint.rulebook import load

    settings = settings_of(given)
    deployment, function = find(given.function, list(deployments(given.paths, settings)))
    found = least(deployment, function, load(settings.quotas).facts("role_requirements"))
    policy = json.dumps(plain(document(found.rows)), indent=2, ensure_ascii=False) + "\n"
    return policy if given.format == "json" else table(deployment, function, found, settings.cwd) + policy


def find(logical_id: str, deployments: Sequence[Deployment]) -> tuple[Deployment, Function]:
    """The function in the first deployment that has it. Raises SettingsError where there is none, or several."""
    from lambdalint.model.resource import Function
    from lambdalint.nearest import nearest
    from lambdalint.settings import SettingsError

    found = [(one, function) for one in deployments for function in one.functions if function.id == logical_id]
    if not found:
        names = sorted({function.id for one in deployments for function in one.functions})
        kinds = [one.declared[logical_id] for one in deployments if logical_id in one.declared]
        if kinds:
            raise SettingsError(f"{logical_id} is no function ({kinds[0]})")
        close = nearest(logical_id, names)
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        listed = f"; there are {', '.join(names[:MOST_NAMES])}{more}" if names else ""
        hint = f"; did you mean {close}?" if close else listed
        raise SettingsError(f"there is no function {logical_id}{hint}")
    templates = list(dict.fromkeys(one.template.document.path for one, _ in found))
    if len(templates) > 1:
        raise SettingsError(
            f"{len(templates)} templates have a function {logical_id}: {', '.join(templates)}; name one"
        )
    assert isinstance(found[0][1], Function)
    return found[0]


def table(deployment: Deployment, function: Function, found: Least, cwd: str) -> str:
    """The comment above the policy: each action, where it is allowed, what needs it; then what is not known."""
    head = f"The least policy of {function.id} ({os.path.normpath(deployment.template.document.path)})"
    if deployment.scenario.label:
        head += f", samconfig environment {deployment.scenario.label}"
    rows = [("Action", "Resource", "Needed for", "")]
    for row in sorted(found.rows, key=lambda row: (row.action, row.reason)):
        rows.append((row.action, shown(row.resource), row.reason, where(deployment, row.place, cwd)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [head, ""]
    lines += ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]).rstrip() for row in rows]
    if found.unknown:
        lines += ["", "Not known:"]
        lines += [f"- {words} ({where(deployment, place, cwd)})" for words, place in found.unknown]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def shown(resource: Any) -> str:
    """A resource in a word or two: an ARN without partition, service, Region and account."""
    from lambdalint.model.values import Reference, Symbol, Text

    def piece(part: Any) -> str:
        if isinstance(part, Reference):
            return part.resource if part.attribute == "Ref" else f"{part.resource}.{part.attribute}"
        return f"<{part.name}>" if isinstance(part, Symbol) else str(part)

    text = "".join(piece(part) for part in resource.parts) if isinstance(resource, Text) else piece(resource)
    head = "arn:<AWS::Partition>:"
    return text[len(head) :].replace(":<AWS::Region>:<AWS::AccountId>:", " ", 1) if text.startswith(head) else text


def where(deployment: Deployment, place: Place, cwd: str) -> str:
    """``src/app.py:12``, or the line of the template."""
    template = os.path.normpath(deployment.template.document.path)
    if place.file is not None:
        path = os.path.relpath(place.file, cwd).replace(os.sep, "/")
        inside = f"!{place.member}" if place.member else ""
        return f"{path}{inside}:{place.span.line}" if place.span else path + inside
    document = deployment.template.document
    path_there = deployment.origin(place.path).path or place.path
    if place.span is not None and place.inside:
        return f"{template}:{document.locate_in(path_there, *place.span).line}"
    return f"{template}:{document.locate(path_there, place.key).line}"
