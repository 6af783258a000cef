"""Where suppressions stand: in a template's comments and Metadata, in Python; and what each could have met."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdalint.finding import Finding, Location, Path, Span

if TYPE_CHECKING:
    from lambdalint.model.deployment import Deployment, Reading
    from lambdalint.model.resource import Function
    from lambdalint.model.template import DocumentLike
    from lambdalint.rulebook import Rule
    from lambdalint.settings import Roots
    from lambdalint.suppressions.directives import Directive

is_marked = re.compile(b"lambdalint").search
"""Tells bytes that may suppress anything: nothing else is looked into. (In megabytes, twice as fast as ``in``.)"""
MAX = 2_000
"""Suppressions of one input and the codes in them."""
MAX_CODE = 2_000_000
"""Bytes of a Python file that are looked into."""


class Suppression(NamedTuple):
    """A directive, where it stands and what it reaches: lines ``first`` to ``last`` of its file, and resources."""

    kind: str
    """``comment`` or ``metadata``."""
    directive: Directive
    location: Location
    first: int
    last: float
    resources: frozenset[str] = frozenset()
    """Logical IDs whose findings it reaches wherever they are."""
    within: frozenset[str] = frozenset()
    """The resource in whose block it stands."""
    whole: bool = False
    """It speaks of all that comes of its file."""


def places(reading: Reading, findings: Iterable[Finding], all_code: bool, roots: Roots) -> list[Suppression]:
    """Every suppression of an input: in its document, in the Python that findings point at, and with ``all_code``
    in the Python that its handlers reach."""
    found: list[Suppression] = []
    codes = 0
    for one in chain(_of_document(reading, roots), _of_code(findings, reading, all_code, roots)):
        codes += 1 + len(one.directive.codes)
        if codes > MAX:
            problem = f"an input suppresses at most {MAX:,} codes: this one and those after it are not read"
            return [*found, one._replace(directive=one.directive._replace(problem=problem))]
        found.append(one)
    return found


def _of_document(reading: Reading, roots: Roots) -> Iterator[Suppression]:
    document = reading.input.document
    if document is None or not is_marked(getattr(document, "data", b"")):
        return
    shown, absolute = roots.shown(document.path), roots.absolute(document.path)

    def at(span: Span) -> Location:
        return Location(shown, span, None, absolute)

    resources = _section(document.root, "Resources")
    yield from _of_metadata(document, (), at, frozenset())
    for id in resources:
        yield from _of_metadata(document, ("Resources", id), at, frozenset((id,)))
        yield from _of_inline_code(document, id, at)
    comments = [(line, column, text, alone) for line, column, text, alone in getattr(document, "comments", tuple)()]
    if not any("lambdalint" in text for _, _, text, _ in comments):
        return
    names: dict[int, set[str]] = {}
    blocks: list[tuple[int, int, str]] = []
    for id in resources:
        start = document.locate(("Resources", id), True).line
        names.setdefault(start, set()).add(id)
        blocks.append((start, document.locate(("Resources", id)).end_line, id))
    keys = [document.locate((key,), True).line for key in document.root] if isinstance(document.root, dict) else []
    for one in _of_comments(comments, min(keys, default=1), at):
        line = one.first
        inside = frozenset(id for start, end, id in blocks if start <= line <= end)
        yield one if one.whole else one._replace(resources=frozenset(names.get(line, ())), within=inside)


def _of_comments(
    comments: Sequence[tuple[int, int, str, bool]], content: int, at: Callable[[Span], Location]
) -> Iterator[Suppression]:
    """Suppressions among comments (line, column, text, alone on the line); ``content`` is the first line of content."""
    if not comments:
        return
    from lambdalint.suppressions.directives import of_comment

    below: dict[int, int] = {}  # a comment alone on its line to the first line below that is none
    for line, _, _, is_alone in reversed(comments):
        if is_alone:
            below[line] = below.get(line + 1, line + 1)
    for line, column, text, is_alone in comments:
        directive = of_comment(text)
        if directive is None:
            continue
        location = at(Span(line, column, line, column + len(text)))
        if is_alone and line < content:
            yield Suppression("comment", directive, location, 1, float("inf"), whole=True)
            continue
        target = below.get(line, line)
        yield Suppression("comment", directive, location, target, target)


def _of_metadata(
    document: DocumentLike, above: Path, at: Callable[[Span], Location], resources: frozenset[str]
) -> Iterator[Suppression]:
    path = (*above, "Metadata", "lambdalint")
    value: Any = document.root
    for key in path:
        value = _section(value, key) if key != "lambdalint" else value.get(key)
    if value is None:
        return
    from lambdalint.suppressions.directives import Directive, of_metadata

    if not isinstance(value, dict) or "ignore" not in value:
        directive = Directive(problem="it is written lambdalint: {ignore: [{code, reason, until}]}")
        yield Suppression("metadata", directive, at(document.locate(path, True)), 0, 0, resources, resources)
        return
    for index, directive in of_metadata(value["ignore"]):
        place = (*path, "ignore") if index is None else (*path, "ignore", index)
        location = at(document.locate(place, index is None))
        yield Suppression("metadata", directive, location, 0, 0, resources, resources, whole=not above)


def _of_inline_code(document: DocumentLike, id: str, at: Callable[[Span], Location]) -> Iterator[Suppression]:
    """Comments in the code that a template holds: they reach what is said of that code."""
    for below in (("InlineCode",), ("Code", "ZipFile")):
        path: Path = ("Resources", id, "Properties", *below)
        value: Any = document.root
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        text = _text(value)
        if "lambdalint" not in text:
            continue
        span = document.locate(path)
        locate: Callable[..., Span] | None = getattr(document, "locate_in", None)
        exact = locate is not None and locate(path, 1, 1, 1, 1) != span
        for one in _of_comments(*_python_comments(text), at):
            mine = one.location.span
            where = at(locate(path, *mine) if locate is not None and exact else span)
            first, last = span.line, span.end_line
            if exact and not one.whole:
                first = last = where.span.line + one.first - mine.line
            yield one._replace(location=where, first=first, last=last, within=frozenset((id,)), whole=False)


def _of_code(findings: Iterable[Finding], reading: Reading, all_code: bool, roots: Roots) -> Iterator[Suppression]:
    """Comments in the Python files that findings point at, and in those that handlers reach where rules read them."""
    pointed = {finding.location[2:]: None for finding in findings}  # of thousands in one template, one
    pointed.update((related.location[2:], None) for finding in findings for related in finding.related)
    reached: dict[str, set[str]] = {file: set() for member, file in pointed if file.endswith(".py") and member is None}
    if all_code:
        for deployment in reading.deployments:
            for function in deployment.functions if deployment.has("local-code") else ():
                for file in _modules(deployment, function):
                    reached.setdefault(file, set()).add(deployment.owner(function.id))
    for file, ids in reached.items():

        def at(span: Span, file: str = file) -> Location:
            return Location(roots.shown(file), span, None, file)

        for one in _of_comments(*_python_comments(_read(file)), at):
            yield one._replace(within=frozenset(ids))


def _modules(deployment: Deployment, function: Function) -> Iterator[str]:
    """The files on disk that a function's handler reaches."""
    artifacts = deployment.template.artifacts
    source = artifacts.source(deployment, function) if artifacts is not None else None
    for root, name in source.modules if source is not None else ():
        place = source.file_place(root, name) if source is not None else None
        if place is not None and place.file is not None and place.member is None:
            yield place.file


def _read(file: str) -> str:
    try:
        if not os.path.isfile(file):  # opening a named pipe would wait for its writer
            return ""
        with open(file, "rb") as stream:
            data = stream.read(MAX_CODE)
    except (OSError, ValueError):
        return ""
    return data.decode("utf-8-sig", "replace") if is_marked(data) else ""


def _python_comments(text: str) -> tuple[list[tuple[int, int, str, bool]], int]:
    """What may be comments of ours, without reading the language; and the first line that is no comment."""
    comments: list[tuple[int, int, str, bool]] = []
    content = 0
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        bare = line.lstrip()
        if not content and bare and not bare.startswith("#"):
            content = number
        at = line.find("#")
        if at >= 0 and (bare.startswith("#") or "lambdalint" in line):
            marker = line.find("# lambdalint:")
            at = at if bare.startswith("#") or marker < 0 else marker
            comments.append((number, at + 1, line[at:], bare.startswith("#")))
    return comments, content or 1


def _text(value: Any) -> str:
    """A text as a template writes it: plain, in Fn::Sub, or its pieces in Fn::Join."""
    if isinstance(value, dict) and len(value) == 1:
        (name, inner) = next(iter(value.items()))
        if name == "Fn::Sub":
            return _text(inner[0] if isinstance(inner, list) and inner else inner)
        if name == "Fn::Join" and isinstance(inner, list) and len(inner) == 2 and isinstance(inner[1], list):
            return "\n".join(piece.rstrip("\n") for piece in inner[1] if isinstance(piece, str))
    return value if isinstance(value, str) else ""


def _section(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


# -- what can be said of a suppression that met nothing ----------------------------------------------------------------

_FREE = ("Environment", "Tags", "Description")
"""Properties of any value that few rules read."""
_BY_CODE = ("handler-", "syntax-", "call-not-allowed", "unused-permission", "recursive-loop")
"""Rules outside the families of artifacts and code that read them, by name."""


def reads_code(rule: Rule) -> bool:
    """Whether a rule judges by what the code of handlers does."""
    return rule.family == "code" or rule.name.startswith(_BY_CODE)


def could_judge(rule: Rule, one: Suppression, reading: Reading) -> bool:
    """Whether a rule that found nothing there would have found what there is: everything that it may read is known."""
    if rule.subject in ("document", "artifact"):
        return True
    if rule.subject in ("run", "suppression"):
        return False
    names = one.resources | one.within
    present = False
    for deployment in reading.deployments:
        if deployment.is_open:
            return False
        near: set[str] = set()
        for id, resource in deployment.resources.items():
            if not names or id in names or deployment.owner(id) in names:
                present = True
                near |= {id, *resource.targets, *(other.id for other in deployment.referrers(id))}
        for id in near & deployment.resources.keys():
            for name, value in deployment.resources[id].properties.items():
                if not _settled(value) and (name not in _FREE or name.lower().rstrip("s") in rule.name):
                    return False
        if not _opened(rule, deployment, near):
            return False
    return present


def _opened(rule: Rule, deployment: Deployment, near: set[str]) -> bool:
    """Whether what a rule reads of code and artifacts was there to be read, for all functions concerned."""
    code = reads_code(rule)
    if not code and rule.family not in ("package", "image"):
        return True
    artifacts = deployment.template.artifacts
    for function in deployment.functions if artifacts is not None else ():
        if function.id in near and artifacts is not None:
            source = artifacts.source(deployment, function) if code else None
            if code and (source is None or not source.complete):
                return False
            if not code and not artifacts.package(deployment, function) and not artifacts.image(deployment, function):
                return False
    return artifacts is not None


def _settled(value: Any) -> bool:
    from lambdalint.model.values import OpenList, OpenMap, Text, Unknown

    if isinstance(value, (Unknown, OpenList, OpenMap)):
        return False
    if isinstance(value, Text):
        return not any(isinstance(part, Unknown) for part in value.parts)
    if isinstance(value, (dict, list)):
        return all(_settled(item) for item in (value.values() if isinstance(value, dict) else value))
    return True
