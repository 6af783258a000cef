"""Show what a check sees: SAM expanded, intrinsics evaluated, as JSON."""

from __future__ import annotations

import argparse
from typing import Any

from lambdalint.model.values import Reference, Symbol, Text, Unknown

TAKES_INPUTS = True


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", default=[], help="templates, folders, cloud assemblies; - is stdin"
    )


def plain(value: Any) -> Any:
    """A value as JSON: what is not known is left as an intrinsic."""
    if isinstance(value, Reference):
        if value.attribute == "Ref":
            return {"Ref": value.resource}
        return {"Fn::GetAtt": [value.resource, value.attribute]}
    if isinstance(value, Symbol):
        return {"Ref": value.name}
    if isinstance(value, Text):
        if len(value.parts) == 1:
            return plain(value.parts[0])
        pieces = [_piece(part) for part in value.parts]
        if None not in pieces:
            return {"Fn::Sub": "".join(piece or "" for piece in pieces)}
        return {"Fn::Join": ["", [plain(part) for part in value.parts]]}
    if isinstance(value, Unknown):
        return value.node if value.node is not None else {"Unknown": value.reason}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _piece(part: Any) -> str | None:
    """A piece of a Text as Fn::Sub writes it; None where Fn::Sub cannot."""
    if isinstance(part, Reference):
        return "${" + (part.resource if part.attribute == "Ref" else f"{part.resource}.{part.attribute}") + "}"
    if isinstance(part, Symbol):
        return "${" + part.name + "}"
    if isinstance(part, Unknown):
        name = part.node.get("Ref") if isinstance(part.node, dict) else None
        return "${" + name + "}" if isinstance(name, str) else None
    return str(part).replace("${", "${!")


def run(given: argparse.Namespace) -> str:
    import json

    from lambdalint.cli import settings_of
    from lambdalint.commands import deployments

    shown = []
    for deployment in deployments(given.paths, settings_of(given)):
        scenario = deployment.scenario
        shown.append(
            {
                "template": deployment.template.document.path,
                "scenario": {
                    "environment": scenario.label,
                    "derived": scenario.derived,
                    "changed": sorted(scenario.departures),
                },
                "resources": {
                    id: {"Type": resource.type, "Properties": plain(resource.properties)}
                    for id, resource in deployment.resources.items()
                },
            }
        )
    return json.dumps({"version": 1, "deployments": shown}, indent=2, ensure_ascii=False, default=str) + "\n"
