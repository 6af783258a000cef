"""A report as text, SARIF, JSON, GitHub workflow commands or Markdown: a reporter only formats.

Each format is a module with ``render(report, rules, options) -> str``, imported on first use. The string ends with a
line feed unless it is empty.
"""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from lambdalint.finding import Finding, Location, Report

MODULES = {"text": "text", "sarif": "sarif", "json": "json", "github": "github", "markdown": "markdown"}
"""Format, as ``--format`` names it, and the module here that writes it."""

FORMATS = tuple(MODULES)

MAX_RELATED = 8
"""Related places that a report for people lists of one finding; JSON lists all."""


class Examples(Protocol):
    """A rule's examples, each a mapping with ``title`` and ``template`` or ``files`` (name to content) and the like."""

    @property
    def bad(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def good(self) -> Sequence[Mapping[str, Any]]: ...


class RuleInfo(Protocol):
    """What a reporter wants to know of a rule."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def fix(self) -> str: ...
    @property
    def references(self) -> Sequence[str]: ...
    @property
    def help_uri(self) -> str: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def security(self) -> str | None:
        """GitHub's security-severity, "0.1" to "10.0", for a rule about security."""

    @property
    def precision(self) -> str:
        """``very-high``, ``high``, ``medium`` or ``low``."""

    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def examples(self) -> Examples: ...


class Options(NamedTuple):
    """How to write a report; what a format has no use for it passes over."""

    version: str = ""
    color: bool = False
    """Write for a terminal, with colours (by rich)."""
    width: int = 0
    """Columns of the terminal; 0 (a pipe, a file): text is not wrapped."""
    hyperlinks: bool = False
    """The terminal makes links of OSC 8 sequences."""
    include_suppressed: bool = False
    quiet: bool = False
    """Text: one line a finding, nothing else."""
    root: str = ""
    """The working directory that the report's paths are relative to, absolute."""
    repo_prefix: str = ""
    """The working directory relative to the repository's root (POSIX, "" at the root itself)."""
    category: str = ""
    """SARIF: tells runs over one commit apart (``automationDetails.id``)."""
    server_url: str = ""
    """``GITHUB_SERVER_URL``, with ``repository`` (owner/name) and ``sha``: Markdown links to the lines."""
    repository: str = ""
    sha: str = ""


def render(form: str, report: Report, rules: Sequence[RuleInfo], options: Options) -> str:
    """The report in the format named; ``rules`` are those of the run in the book's order. KeyError: no such format."""
    text: str = __import__(f"lambdalint.reporters.{MODULES[form]}", fromlist=("render",)).render(report, rules, options)
    return text


def shown(report: Report, options: Options) -> list[Finding]:
    """The findings that a report for people lists."""
    return [f for f in report.findings if options.include_suppressed or f.suppressed is None]


def absolute(path: str) -> bool:
    """Whether a POSIX path is absolute, Windows drives (``C:/``) included."""
    return path.startswith("/") or path[1:3] == ":/"


def repo_path(where: Location, options: Options) -> str:
    """The path relative to the repository's root; one outside it begins with ``../`` or is absolute."""
    from posixpath import join, normpath

    if absolute(where.path) or where.path.startswith("<"):
        return where.path
    return normpath(join(options.repo_prefix, where.path))


def encoded(path: str, safe: str = "/") -> str:
    """A path percent-encoded, byte for byte also where a file's name is no UTF-8."""
    from urllib.parse import quote

    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    return quote(data, safe=safe)


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def counts(report: Report) -> str:
    """``2 errors, 1 warning``; empty where nothing counts."""
    named = ((report.count(severity), severity) for severity in ("error", "warning", "note"))
    return ", ".join(plural(count, severity) for count, severity in named if count)


def summary(report: Report) -> str:
    """The line that closes a report for people."""
    found = counts(report)
    if found:
        places = len({f.location.path for f in report.findings if f.suppressed is None})
        parts = [f"{found} in {plural(places, 'file')}"]
    else:
        parts = ["No findings"]
    parts.append(f"{plural(report.functions, 'function')} in {plural(report.files, 'file')} checked")
    if report.suppressed:
        parts.append(f"{report.suppressed:,} suppressed")
    if not report.trusted:
        parts.append("the run is not complete, see the notices")
    return "; ".join(parts)
