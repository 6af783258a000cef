"""What a check says (Problem), what the user is told (Finding), and where. Imports nothing of ours.

These types are loaded at every start: NamedTuples, no dataclasses.
"""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

from typing import Any, NamedTuple

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (NOTE, WARNING, ERROR)
"""From the mildest to the severest; the index is the rank."""

Path = tuple[Any, ...]
"""Keys (str) and list indexes (int) from a document's root down to a value."""


def rank(severity: str) -> int:
    """0 for a note, 1 for a warning, 2 for an error."""
    return SEVERITIES.index(severity)


class Span(NamedTuple):
    """A region of a text file: lines and columns count from 1, columns in code points, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


FIRST_LINE = Span(1, 1, 1, 1)


class Place(NamedTuple):
    """Where a check points.

    In the template: ``path`` is the place in the evaluated template, e.g. ``("Resources", "Fn", "Properties",
    "Timeout")``; ``key`` underlines the key and not the value. In another file: ``file`` (as the source handle names
    it) with ``span``; in an artifact: ``file`` is the zip, folder or image and ``member`` the name in it. A place in
    a file may carry ``path`` too: the resource that the file belongs to.
    """

    path: Path = ()
    key: bool = False
    file: str | None = None
    span: Span | None = None
    member: str | None = None
    inside: bool = False
    """The span counts from the start of the text that the property at ``path`` holds (inline code)."""
    written: bool = False
    """``path`` is one of the document as it is written, and not of the evaluated template."""
    anchor: str | None = None
    """For a place in code, the name that stays when lines move (function and ordinal): part of the fingerprint."""

    @property
    def resource(self) -> str | None:
        """The logical ID that holds this place."""
        return self.path[1] if len(self.path) > 1 and self.path[0] == "Resources" else None


class Problem(NamedTuple):
    """What a check yields: values only, no text for people; the rule's ``messages[kind]`` gives the words."""

    at: Place
    kind: str = "default"
    fields: dict[str, Any] = {}
    related: tuple[tuple[Place, str], ...] = ()
    severity: str | None = None
    """A lower severity than the rule's (a fact that is only known); never a higher one."""
    reads: tuple[Place, ...] = ()
    """Further places whose decisions (conditions, parameters) the problem rests on."""


class Fault(NamedTuple):
    """What a parser finds wrong with its input: a fact for a rule to judge, never text for people."""

    kind: str
    path: Path = ()
    fields: dict[str, Any] = {}
    span: Span | None = None
    key: bool = False
    file: str | None = None
    """Another file than the one that was parsed, e.g. samconfig.toml."""


class Decision(NamedTuple):
    """What had to hold for a value to be as it is: a condition or a parameter, with its value."""

    kind: str
    """``condition``, ``parameter`` or ``environment``."""
    name: str
    value: Any

    def text(self) -> str:
        if self.kind == "condition":
            return self.name if self.value else f"not {self.name}"
        if self.kind == "environment":
            return f"samconfig environment {self.name}"
        return f"{self.name} = {self.value}"


class Location(NamedTuple):
    """A resolved place: a path relative to the working directory (POSIX), a span, and a member of an artifact."""

    path: str
    span: Span
    member: str | None = None
    file: str = ""
    """The same file for reading: absolute, or empty where there is none (standard input)."""


class Related(NamedTuple):
    location: Location
    message: str


INHERITED, REACHED = "inherited by ", "reached by "
"""What the notes begin with that name each function which shares a finding: in Globals, in code."""


class Suppressed(NamedTuple):
    """Why a finding does not count: ``kind`` is ``comment``, ``metadata``, ``config`` or ``baseline``."""

    kind: str
    reason: str | None = None
    until: str | None = None


class Finding(NamedTuple):
    """What the user is told."""

    code: str
    name: str
    severity: str
    message: str
    location: Location
    resource: str | None
    when: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    fingerprint: str = ""
    suppressed: Suppressed | None = None
    template: Location | None = None
    """For a finding in an artifact or in code: the template's line that names it (SARIF points there)."""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str, str, str]:
        where = self.location
        place = (where.path, where.span.line, where.span.column)
        return (*place, self.code, self.message, self.resource or "", self.fingerprint)


class Notice(NamedTuple):
    """Something the reader of a report should know and that is no finding: a rule that could not run, a limit met."""

    message: str
    path: str | None = None
    resource: str | None = None


class Report(NamedTuple):
    """Everything a run found: findings sorted by place, suppressed ones among them."""

    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...] = ()
    functions: int = 0
    files: int = 0
    trusted: bool = True
    """False where a rule crashed or there was nothing to lint: exit code 2."""

    def count(self, severity: str) -> int:
        """Findings of one severity that are not suppressed."""
        return sum(1 for f in self.findings if f.severity == severity and f.suppressed is None)

    @property
    def suppressed(self) -> int:
        return sum(1 for f in self.findings if f.suppressed is not None)
