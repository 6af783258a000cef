"""LL119 and LL120: what was written in a template against the table of properties and their types.

The look is at the template as written, not as evaluated: SAM refuses a property by its own name, and a branch of Fn::If
is refused whether it is taken or not. What an intrinsic function gives is judged for a function's numbers alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from lambdalint.checks import check
from lambdalint.finding import WARNING, Path, Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.values import Text, Unknown, is_open, number
from lambdalint.nearest import nearest

Node = Any
"""A node of data/properties.json: a string of JSON types, or a map with properties, items, values or any_of."""

OTHER_FORM = {
    "AWS::Serverless::Function": {
        "Code": "CodeUri, InlineCode or ImageUri",
        "TracingConfig": "Tracing",
        "DeadLetterConfig": "DeadLetterQueue",
        "ZipFile": "InlineCode",
    },
    "AWS::Lambda::Function": {
        "CodeUri": "Code",
        "InlineCode": "Code.ZipFile",
        "ImageUri": "Code.ImageUri",
        "Tracing": "TracingConfig",
        "DeadLetterQueue": "DeadLetterConfig",
    },
    "AWS::Serverless::LayerVersion": {"Content": "ContentUri"},
    "AWS::Lambda::LayerVersion": {"ContentUri": "Content"},
}
"""What the raw and the SAM form of a resource call by different names."""

ATTRIBUTES = frozenset(
    ("Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Type", "UpdatePolicy")
)
"""What stands beside Properties, and by a slip of the indentation in it."""


PACKAGED = (("Properties", "Code"), ("Properties", "Content"))
"""Blocks that may be a local path, which ``aws cloudformation package`` replaces."""


TOLD_BY_OTHERS = {"AWS::Lambda::EventSourceMapping": (("DestinationConfig", "OnSuccess"),)}
"""Names that a type does not have, and of which another rule says more (LL407, LL418)."""

NUMBERS = ("MemorySize", "ReservedConcurrentExecutions", "Timeout")
"""A function's numbers that templates take from parameters and maps: judged by what these give, too."""


class Misfit(NamedTuple):
    """Something written that the table does not have: an unknown name, or a value of another type."""

    kind: str
    path: Path
    owner: str
    """What the property was looked for in, in words."""
    fields: dict[str, Any]
    slip: bool = True
    """Plainly a slip; else it may be newer than the table."""


@check("deployment")
def unknown_property(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """Names that a resource type, one of its blocks, or a section of Globals does not have."""
    from lambdalint.data import load

    table = load("properties")
    for misfit in misfits(subject):
        # What is near no name may be meant for a macro, which sees it before CloudFormation does.
        if misfit.kind != "wrong-type" and (misfit.slip or not _may_be_taken(subject, misfit.path)):
            fields = {"owner": misfit.owner, "checked_on": table["checked_on"], **misfit.fields}
            place = _place(subject, misfit.path, True)
            yield Problem(place, misfit.kind, fields, severity=None if misfit.slip else WARNING)


def _may_be_taken(deployment: Deployment, path: Path) -> bool:
    """Whether a name may be meant for a macro, which takes it away."""
    if path[0] != "Resources":
        return deployment.is_open
    resource = deployment.resource(str(path[1]))
    return resource is not None and is_open(resource.properties)


@check("deployment")
def wrong_type(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """Values of a type that CloudFormation or SAM refuses."""
    literal = set()
    for misfit in misfits(subject):
        if misfit.kind == "wrong-type":
            literal.add((misfit.fields["property"], misfit.fields["found"]))
            # Of a map or a list the name is shown: the value may go on for many lines.
            yield Problem(
                _place(subject, misfit.path, misfit.fields["found"] in ("a list", "a map")), fields=misfit.fields
            )
    for function in subject.functions:
        for name in NUMBERS:
            value = function.get(name)
            if isinstance(value, str) and not _is("integer", value):
                fields = _mistyped((name,), value, ["integer"]).fields
                if (name, fields["found"]) not in literal:
                    yield Problem(function.at(name), fields=fields)


def _place(deployment: Deployment, path: Path, key: bool = False) -> Place:
    """A place in the template as written, whatever expansion and conditions make of what is at this path."""
    span = deployment.template.document.locate(path, key)
    anchor = "/".join(map(str, path[2:]))
    return Place(path[:2] if path[0] == "Resources" else path, key, span=span, anchor=anchor)


MOST = 5_000
"""Misfits of one template that are looked for."""
_latest: list[tuple[Any, tuple[Misfit, ...]]] = []


def misfits(deployment: Deployment) -> tuple[Misfit, ...]:
    """What a deployment's template has and the table does not: looked for once, since all its deployments agree."""
    from lambdalint.data import load

    root = deployment.template.document.root
    if not _latest or _latest[0][0] is not root:
        _latest[:] = [(root, tuple(islice(_misfits(root, load("properties")), MOST)))]
    return _latest[0][1]


def _misfits(root: Any, table: Mapping[str, Any]) -> Iterator[Misfit]:
    """Everything in a template's Lambda resources and Globals that the table does not have."""
    types = table["types"]
    for logical_id, resource in _map(_map(root).get("Resources")).items():
        kind = _map(resource).get("Type")
        if not isinstance(kind, str) or kind not in types or not isinstance(resource.get("Properties"), dict):
            continue
        path: Path = ("Resources", logical_id, "Properties")
        other = _counterpart(kind)
        for misfit in _block(types[kind], resource["Properties"], path, kind, kind):
            names = tuple(step for step in misfit.path[3:] if isinstance(step, str) and step != "Fn::If")
            if names in TOLD_BY_OTHERS.get(kind, ()):
                continue
            if not misfit.slip and misfit.path[3:] in [(name,) for name in types.get(other, {}).get("properties", ())]:
                misfit = misfit._replace(kind="other-type", slip=True, fields={**misfit.fields, "other": other})
            yield misfit
    yield from _globals(_map(_map(root).get("Globals")), table)


def _counterpart(kind: str) -> str:
    """The SAM type of a raw one, and the other way round, where both exist by the same name."""
    raw, sam = "AWS::Lambda::", "AWS::Serverless::"
    return kind.replace(raw, sam) if kind.startswith(raw) else kind.replace(sam, raw)


def _globals(written: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Misfit]:
    sections = table["globals"]
    for section, properties in written.items():
        path: Path = ("Globals", section)
        if section not in sections:
            if not _is_function(section):
                yield _unknown(section, sections, path, "Globals", "")
            continue
        kind = f"AWS::Serverless::{section}"
        known = dict.fromkeys(sections[section], "any")
        typed = table["types"].get(kind)
        if typed is not None:
            known = {name: typed["properties"].get(name, "any") for name in known}
        # Of what is newer than SAM's list nobody knows whether Globals take it.
        own = [
            name for name in (typed or {"properties": ()})["properties"] if f"{kind}.{name}" not in table["additions"]
        ]
        for misfit in _block({"properties": known}, properties, path, f"Globals.{section}", kind):
            if misfit.path[2:] in [(name,) for name in own if name not in known]:
                misfit = misfit._replace(kind="not-in-globals", slip=True)
            yield misfit


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_intrinsic(value: Any) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (name,) = value
    return name in ("Ref", "Condition") or _is_function(name)


def _is_function(name: str) -> bool:
    """Whether a key calls a function: CloudFormation's own (``Fn::If``), or another tool's (``Rain::Embed``)."""
    return "::" in name


def _value(node: Node, value: Any, path: Path, owner: str, kind: str) -> Iterator[Misfit]:
    """What is wrong below one written value."""
    if value is None or isinstance(value, (Unknown, Text)):
        return
    if isinstance(value, dict) and len(value) == 1 and isinstance(branches := value.get("Fn::If"), list):
        for index, branch in enumerate(branches[1:3], 1):
            yield from _value(node, branch, (*path, "Fn::If", index), owner, kind)
    elif _is_intrinsic(value):
        return
    elif isinstance(node, str):
        # A document may be given as JSON text too.
        if not _fits(node, value) and not (isinstance(value, str) and "object" in node):
            yield _mistyped(path, value, node.split("|"))
    elif "any_of" in node:
        fitting = [one for one in node["any_of"] if _fits(_outer(one), value)]
        if not fitting:
            yield _mistyped(path, value, [_outer(one) for one in node["any_of"]])
        for one in fitting[:1]:
            yield from _value(one, value, path, owner, kind)
    elif isinstance(value, str) and path[2:] in PACKAGED:
        return
    elif not _fits(_outer(node), value):
        yield _mistyped(path, value, [_outer(node)])
    elif not isinstance(value, (dict, list)):
        return  # a dynamic reference, which may bring anything
    elif "items" in node:
        for index, item in enumerate(value):
            if not _is_plainly(node["items"], item):
                yield from _value(node["items"], item, (*path, index), owner, kind)
    elif "values" in node and isinstance(value, dict):
        for name, item in value.items():
            if not _is_plainly(node["values"], item) and not _is_function(name):
                yield from _value(node["values"], item, (*path, name), owner, kind)
    else:
        yield from _block(node, value, path, owner, kind)


_STRING = frozenset((str,))
_strings: dict[int, tuple[Node, frozenset[str]]] = {}
"""By a node's identity: the node, which keeps it, and the names of its properties that may be strings."""


def _string_names(node: Node) -> frozenset[str]:
    if node.__class__ is str or "properties" not in node:
        return frozenset()
    if id(node) not in _strings:
        names = (name for name, inner in node["properties"].items() if inner.__class__ is str and "string" in inner)
        _strings[id(node)] = node, frozenset(names)
    return _strings[id(node)][1]


def _is_plainly(node: Node, value: Any) -> bool:
    """Whether a value is literally what is asked for: most are, and are told so at a tenth of the cost."""
    kind = value.__class__
    if node.__class__ is str:
        return (kind is str and "string" in node) or (kind is int and ("integer" in node or "number" in node))
    if kind is list:
        inner = node.get("items")
        if inner is None:
            return False
        names = _string_names(inner)
        return all(_is_of_strings(item, names) or _is_plainly(inner, item) for item in value)
    if kind is not dict:
        return False
    if "properties" not in node:
        inner = node.get("values")
        if inner.__class__ is str and "string" in inner and _STRING.issuperset(map(type, value.values())):
            return True
        return inner is not None and all(_is_plainly(inner, item) for item in value.values())
    known = node["properties"]
    for name, item in value.items():
        wanted = known.get(name)
        if wanted is None or not _is_plainly(wanted, item):
            return False
    return True


def _is_of_strings(item: Any, names: frozenset[str]) -> bool:
    """Whether something is a map of strings by these names: a tag, of which a template has thousands."""
    return (
        item.__class__ is dict and bool(item) and item.keys() <= names and _STRING.issuperset(map(type, item.values()))
    )


def _block(node: Node, value: Any, path: Path, owner: str, kind: str) -> Iterator[Misfit]:
    """What is wrong in a map of named properties."""
    if not isinstance(value, dict):
        return
    known = node["properties"]
    is_open = any("::" in name for name in value)
    for name, item in value.items():
        if item is None or _is_function(name):
            continue
        if name in known:
            if _is_plainly(known[name], item):
                continue
            inner = name if owner == kind else f"{owner}.{name}"
            yield from _value(known[name], item, (*path, name), inner, kind)
        elif not is_open or nearest(name, known):
            top = len(path) == 3 if path[0] == "Resources" else len(path) == 2
            yield _unknown(name, known, (*path, name), owner, kind if top else "")


def _unknown(name: str, known: Mapping[str, Any], path: Path, owner: str, kind: str) -> Misfit:
    fields: dict[str, Any] = {"property": name}
    other = OTHER_FORM.get(kind, {}).get(name)
    meant = nearest(name, known)
    if other is not None:
        return Misfit("other-form", path, owner, {**fields, "nearest": other})
    if meant is not None:
        return Misfit("default", path, owner, {**fields, "nearest": f": did you mean {meant}?"})
    if kind and name in ATTRIBUTES:
        return Misfit("attribute", path, owner, fields)
    return Misfit("not-known-yet", path, owner, fields, slip=False)


_WORDS = {
    "array": "a list",
    "boolean": "a boolean",
    "integer": "a number",
    "number": "a number",
    "object": "a map",
    "string": "a string",
}


def _outer(node: Node) -> str:
    """The JSON types of a node, by themselves."""
    if isinstance(node, str):
        return node
    return "array" if "items" in node else "object"


def _fits(types: str, value: Any) -> bool:
    """Whether a written value is of one of these types, as CloudFormation converts scalars."""
    return any(_is(kind, value) for kind in types.split("|"))


def _is(kind: str, value: Any) -> bool:
    if kind == "any" or (isinstance(value, str) and "{{resolve:" in value):
        return True
    if kind == "object":
        return isinstance(value, dict)
    if kind == "array":
        return isinstance(value, list)
    if isinstance(value, (dict, list)):
        return False
    if kind in ("integer", "number"):
        return number(value) is not None
    if kind == "boolean":
        return isinstance(value, bool) or str(value).lower() in ("true", "false")
    return True


def _mistyped(path: Path, value: Any, types: list[str]) -> Misfit:
    words = list(dict.fromkeys(_WORDS[name] for kind in types for name in kind.split("|")))
    found = f"{value!r}" if isinstance(value, str) else "a list" if isinstance(value, list) else "a map"
    if isinstance(value, (bool, int, float)):
        found = str(value).lower()
    name = next((step for step in reversed(path) if isinstance(step, str) and step != "Fn::If"), "")
    return Misfit("wrong-type", path, "", {"property": name, "found": found[:60], "expected": " or ".join(words)})
