"""Marks findings that somebody has said not to count: it never drops one.

Comments and Metadata are looked at where the document is at hand, one input at a time. What came of each goes back as
a Use, since code is shared: a comment in it is unused only where no template's findings met it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdalint.directives import MARKER, Directive, of_comment, of_metadata
from lambdalint.finding import Fault, Finding, Location, Path, Span, Suppressed

if TYPE_CHECKING:
    from lambdalint.model.deployment import DocumentLike, Reading
    from lambdalint.rulebook import Rule, RuleBook
    from lambdalint.settings import Roots
    from lambdalint.settings import Roots

USED, EXPIRED, UNKNOWN, UNREADABLE, UNUSED, UNTOLD = range(6)
"""What came of a suppression. Of several inputs that met it the least counts; UNTOLD says nothing."""
MAX_CODE = 2_000_000
"""Bytes of a Python file that are looked into."""
_KINDS = {
    EXPIRED: "expired-suppression",
    UNKNOWN: "unknown-rule",
    UNREADABLE: "malformed",
    UNUSED: "unused-suppression",
}


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


class Use(NamedTuple):
    """One code of one suppression, and what came of it."""

    location: Location
    code: str
    state: int
    whole: bool = False
    resource: str | None = None
    words: str = ""
    """What is wrong with it, or the nearest name."""
    why: Suppressed = Suppressed("comment")


class Judging(NamedTuple):
    """What a run judges by: its book, the codes selected, and the day (YYYY-MM-DD)."""

    book: RuleBook
    selected: frozenset[str]
    as_of: str


def mark(
    findings: Sequence[Finding], reading: Reading, judging: Judging, roots: Roots, crashed: Sequence[str] = ()
) -> tuple[list[Finding], list[Use]]:
    """The findings of one input, marked where a comment or Metadata says so; and what came of each suppression.

    ``crashed`` are the notices of rules that could not be judged.
    """
    found = [*_of_document(reading, roots), *_of_code(findings)]
    result = list(findings)
    uses: list[Use] = []
    for one in found:
        why = Suppressed(one.kind, one.directive.reason, one.directive.until)
        use = Use(one.location, "", UNREADABLE, one.whole, next(iter(one.resources or one.within), None), why=why)
        if one.directive.problem is not None:
            uses.append(use._replace(words=one.directive.problem))
            continue
        for code in one.directive.codes:
            rule = next((r for r in judging.book.rules.values() if code.upper() == r.code or code == r.name), None)
            if rule is None:
                uses.append(use._replace(code=code, state=UNKNOWN, words=_nearest(code, judging.book)))
                continue
            if why.until is not None and why.until < judging.as_of:
                uses.append(use._replace(code=rule.code, state=EXPIRED))
                continue
            reached = [at for at, finding in enumerate(findings) if finding.code == rule.code and reaches(one, finding)]
            for at in reached:
                if result[at].suppressed is None and _for_all(findings[at], found, judging.as_of):
                    result[at] = result[at]._replace(suppressed=why)
            judged = rule.code in judging.selected and not any(rule.code in words for words in crashed)
            told = judged and _could_judge(rule, one, reading)
            uses.append(use._replace(code=rule.code, state=USED if reached else UNUSED if told else UNTOLD))
    return result, uses


def reaches(one: Suppression, finding: Finding) -> bool:
    """Whether a suppression speaks of the place of a finding, of a related one, or of its resource."""
    if finding.resource in one.resources or (one.whole and one.kind == "metadata"):
        return True
    places = [finding.location, *(related.location for related in finding.related)]
    if finding.template is not None:
        places.append(finding.template)
    file = one.location.path
    return any(p.path == file and p.member is None and one.first <= p.span.line <= one.last for p in places)


def _for_all(finding: Finding, found: Sequence[Suppression], as_of: str) -> bool:
    """Whether a finding that several functions share through Globals is suppressed for each, or where it stands."""
    heirs = [related for related in finding.related if related.message.startswith("inherited by ")]
    if len(heirs) < 2:
        return True
    mine = [
        one
        for one in found
        if one.directive.problem is None and not (one.directive.until and one.directive.until < as_of)
        if finding.name in one.directive.codes or finding.code in (code.upper() for code in one.directive.codes)
    ]
    bare = finding._replace(related=tuple(set(finding.related) - set(heirs)), resource=None)
    if any(reaches(one, bare) for one in mine):
        return True
    functions = [(heir.message.removeprefix("inherited by "), heir.location) for heir in heirs]
    return all(any(reaches(one, bare._replace(resource=id, location=at)) for one in mine) for id, at in functions)


def _nearest(code: str, book: RuleBook) -> str:
    from lambdalint.nearest import nearest

    meant = nearest(code, [name for rule in book.rules.values() for name in (rule.code, rule.name)])
    return f"; did you mean {meant}?" if meant else ""


# -- where suppressions stand ------------------------------------------------------------------------------------------


def _of_document(reading: Reading, roots: Roots) -> Iterator[Suppression]:
    document = reading.input.document
    if document is None or MARKER not in getattr(document, "data", b""):
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
    alone = {line for line, _, _, is_alone in comments if is_alone}
    for line, column, text, is_alone in comments:
        directive = of_comment(text)
        if directive is None:
            continue
        location = at(Span(line, column, line, column + len(text)))
        if is_alone and line < content:
            yield Suppression("comment", directive, location, 1, float("inf"), whole=True)
            continue
        target = line
        while is_alone and target in alone:  # it speaks of the first line below that is no comment
            target += 1
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


def _of_code(findings: Iterable[Finding]) -> Iterator[Suppression]:
    """Comments in the Python files that findings point at."""
    seen: dict[str, Location] = {}
    for finding in findings:
        for place in (finding.location, *(related.location for related in finding.related)):
            if place.file.endswith(".py") and place.member is None:
                seen.setdefault(place.file, place)
    for file, place in seen.items():

        def at(span: Span, place: Location = place) -> Location:
            return place._replace(span=span)

        yield from _of_comments(*_python_comments(_read(file)), at)


def _read(file: str) -> str:
    try:
        if not os.path.isfile(file):  # opening a named pipe would wait for its writer
            return ""
        with open(file, "rb") as stream:
            data = stream.read(MAX_CODE)
    except (OSError, ValueError):
        return ""
    return data.decode("utf-8-sig", "replace") if MARKER in data else ""


def _python_comments(text: str) -> tuple[list[tuple[int, int, str, bool]], int]:
    """What may be comments of ours, without reading the language; and the first line that is no comment."""
    comments: list[tuple[int, int, str, bool]] = []
    content = 0
    for number, line in enumerate(text.splitlines(), 1):
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

_OF_CODE = ("package", "image", "code")
_FREE = ("Environment", "Tags", "Description")
"""Properties of any value that few rules read."""


def _could_judge(rule: Rule, one: Suppression, reading: Reading) -> bool:
    """Whether a rule that found nothing there would have found what there is: everything that it may read is known."""
    if rule.subject in ("document", "artifact"):
        return True
    if rule.subject in ("run", "suppression") or rule.family in _OF_CODE:
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
    return present


def _settled(value: Any) -> bool:
    from lambdalint.model.values import OpenList, OpenMap, Text, Unknown

    if isinstance(value, (Unknown, OpenList, OpenMap)):
        return False
    if isinstance(value, Text):
        return not any(isinstance(part, Unknown) for part in value.parts)
    if isinstance(value, (dict, list)):
        return all(_settled(item) for item in (value.values() if isinstance(value, dict) else value))
    return True


# -- the end of a run --------------------------------------------------------------------------------------------------


def faults(uses: Iterable[Use]) -> list[Fault]:
    """What is wrong with suppressions, as facts for LL006 and LL007: each code of each once."""
    least: dict[tuple[Location, str], Use] = {}
    for use in uses:
        key = (use.location._replace(file=""), use.code)
        if key not in least or use.state < least[key].state:
            least[key] = use
    return [
        Fault(
            _KINDS[use.state],
            # The code is part of what is said, so of the fingerprint.
            ("Resources", use.resource, use.code) if use.resource else (use.code,),
            {"code": use.code, "until": use.why.until, "problem": use.words},
            use.location.span,
            file=use.location.file or use.location.path,
        )
        for use in least.values()
        if use.state in _KINDS
    ]


def mark_own(findings: Sequence[Finding], uses: Sequence[Use]) -> list[Finding]:
    """The findings about suppressions, those marked that a suppression of LL006 or LL007 itself speaks of."""
    said = [use for use in uses if use.state in (USED, UNUSED, UNTOLD)]
    result = []
    for finding in findings:
        for use in said:
            same = use.location.path == finding.location.path
            if same and use.code == finding.code and (use.whole or use.location.span == finding.location.span):
                finding = finding._replace(suppressed=use.why)
                break
        result.append(finding)
    return result


def mark_configured(
    findings: Sequence[Finding], ignores: Mapping[str, Sequence[str]], book: RuleBook, roots: Roots, base: str
) -> list[Finding]:
    """Findings marked that the config's per-file-ignores name; patterns are those of .gitignore, from ``base``."""
    if not ignores:
        return list(findings)
    from lambdalint.config import matcher

    patterns = [(matcher([p]), {r.code for c in codes for r in book.matching(c)}) for p, codes in ignores.items()]
    result = []
    for finding in findings:
        if finding.suppressed is None:
            path = os.path.relpath(roots.absolute(finding.location.path), base).replace(os.sep, "/")
            if any(finding.code in codes and match(path) for match, codes in patterns):
                finding = finding._replace(suppressed=Suppressed("config"))
        result.append(finding)
    return result
