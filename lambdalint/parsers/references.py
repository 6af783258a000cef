"""Names that a template's Lambda resources refer to, and that nothing in it has. A look at the template as written.

CloudFormation refuses such a name wherever it stands, in the branch of an Fn::If that is not taken too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdalint.finding import Fault, Path
from lambdalint.nearest import nearest
from lambdalint.parsers.intrinsics import PSEUDO, function_name, sub_names

if TYPE_CHECKING:
    from lambdalint.parsers.foreach import Makes

CORE = ("AWS::Lambda::", "AWS::Serverless::")
_NAME = r"[A-Za-z0-9_.:-]+"


class Mention(NamedTuple):
    """A name, the function that mentions it, and the section in which it is looked for."""

    name: str
    function: str
    section: str
    path: Path


def mentions(node: Any, path: Path, literal: Collection[int] = frozenset()) -> Iterator[Mention]:
    """Every resource, parameter, condition and mapping that a raw tree mentions.

    ``literal`` has the identities of maps and lists in it that are known to mention nothing.
    """
    pending: list[tuple[Any, Path]] = [(node, path)]
    while pending:
        node, path = pending.pop()
        if id(node) in literal:
            continue
        if isinstance(node, list):
            pending += [(child, (*path, index)) for index, child in enumerate(node) if isinstance(child, (dict, list))]
        elif isinstance(node, dict):
            function = function_name(node)
            if function is None:
                # What a loop makes holds names of its own.
                pending += [
                    (child, (*path, key))
                    for key, child in node.items()
                    if isinstance(child, (dict, list)) and not key.startswith("Fn::ForEach")
                ]
                continue
            argument, place = node[function], (*path, function)
            yield from _mention(function, argument, place)
            if isinstance(argument, list):
                pending += [(child, (*place, index)) for index, child in enumerate(argument)]
            elif isinstance(argument, dict):
                pending.append((argument, place))


def _mention(function: str, argument: Any, path: Path) -> Iterator[Mention]:
    first = argument[0] if isinstance(argument, list) and argument else None
    if function == "Ref" and isinstance(argument, str):
        yield Mention(argument, function, "Resources", path)
    elif function == "Fn::GetAtt":
        if isinstance(argument, str):
            yield Mention(argument.split(".", 1)[0], function, "Resources", path)
        elif isinstance(first, str):
            yield Mention(first, function, "Resources", (*path, 0))
    elif function == "Fn::Sub":
        text = first if isinstance(argument, list) else argument
        own = argument[1] if isinstance(argument, list) and len(argument) > 1 else None
        if isinstance(text, str) and (own is None or isinstance(own, dict)):
            for name in dict.fromkeys(content.strip() for _, _, content in sub_names(text)):
                if name not in (own or ()) and not name.startswith("!") and re.fullmatch(_NAME, name):
                    yield Mention(name, function, "Resources", path)
    elif function == "Fn::If" and isinstance(first, str):
        yield Mention(first, function, "Conditions", (*path, 0))
    elif function == "Fn::FindInMap" and isinstance(first, str) and isinstance(argument, list) and len(argument) == 3:
        yield Mention(first, function, "Mappings", (*path, 0))


def _of_resource(resource: Mapping[str, Any], path: Path, literal: Collection[int]) -> Iterator[Mention]:
    yield from mentions(resource.get("Properties"), (*path, "Properties"), literal)
    condition, before = resource.get("Condition"), resource.get("DependsOn")
    if isinstance(condition, str):
        yield Mention(condition, "Condition", "Conditions", (*path, "Condition"))
    for index, name in enumerate(before if isinstance(before, list) else [before]):
        if isinstance(name, str):
            place = (*path, "DependsOn", index) if isinstance(before, list) else (*path, "DependsOn")
            yield Mention(name, "DependsOn", "DependsOn", place)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def undefined(
    root: Mapping[str, Any],
    generated: Collection[str],
    refused: bool,
    literal: Collection[int] = frozenset(),
    conditions: Collection[str] = (),
    makes: Collection[Makes] = (),
) -> tuple[Fault, ...]:
    """Names without a bearer, on resources of Lambda and SAM and on those that they and it are joined with.

    ``generated`` are the logical IDs after expansion. Where SAM refused something (``refused``), a name that begins
    with a SAM resource's may be one that it would have made. ``literal``: see ``mentions``. ``conditions`` are further
    ones, of other deployments; ``makes`` is what loops may make.
    """
    sections = {name: root.get(name) or {} for name in ("Resources", "Parameters", "Conditions", "Mappings")}
    for section in sections.values():
        if not isinstance(section, dict) or any(str(key).startswith("Fn::") for key in section):
            return ()
    resources = {name: one for name, one in sections["Resources"].items() if isinstance(one, dict)}
    found = {name: list(_of_resource(one, ("Resources", name), literal)) for name, one in resources.items()}
    types = {name: one["Type"] for name, one in resources.items() if isinstance(one.get("Type"), str)}
    core = {name for name, kind in types.items() if kind.startswith(CORE)}
    related = set(core)
    for name, made in found.items():
        heads = {mention.name.split(".", 1)[0] for mention in made}
        if name in core:
            related |= heads
        elif heads & core:
            related.add(name)
    sam = tuple(name for name in core if types[name].startswith("AWS::Serverless::"))
    connectors = {name + own for name, one in resources.items() for own in _map(one.get("Connectors"))}
    resource_names = {*sections["Resources"], *generated, *connectors}
    known: dict[str, Collection[str]] = {
        "Resources": resource_names | set(sections["Parameters"]) | PSEUDO,
        "DependsOn": resource_names,
        "Conditions": {*sections["Conditions"], *conditions},
        "Mappings": sections["Mappings"],
    }
    everywhere = [mention for name, made in found.items() if name in related for mention in made]
    shared = root.get("Globals")
    if isinstance(shared, dict):
        everywhere += mentions(shared, ("Globals",))
    return tuple(
        Fault("undefined-reference", one.path, _fields(one, known[one.section]))
        for one in everywhere
        if not _exists(one, known[one.section], sam, refused) and not _may_be_made(one, makes)
    )


def _exists(mention: Mention, known: Collection[str], sam: tuple[str, ...], refused: bool) -> bool:
    name = mention.name
    if name in known:
        return True
    head, dot, _ = name.partition(".")
    if dot and (head in sam or (mention.function == "Fn::Sub" and head in known)):
        return True
    return refused and mention.section in ("Resources", "DependsOn") and name.startswith((*sam, "Serverless"))


def _may_be_made(mention: Mention, makes: Collection[Makes]) -> bool:
    section = "Resources" if mention.section == "DependsOn" else mention.section
    head = mention.name.split(".", 1)[0]
    return any(one.section == section and one.allows(head) for one in makes)


_WORDS = {
    "Resources": "resource or parameter",
    "DependsOn": "resource",
    "Conditions": "condition",
    "Mappings": "mapping",
}


def _fields(mention: Mention, known: Collection[str]) -> dict[str, Any]:
    meant = nearest(mention.name, known)
    return {
        "name": mention.name,
        "function": mention.function,
        "what": _WORDS[mention.section],
        "nearest": f": did you mean {meant}?" if meant else "",
    }
