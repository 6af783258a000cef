"""The report as Markdown: the summary page of a CI job, or a comment."""

from __future__ import annotations

from collections.abc import Sequence

from lambdalint.finding import Finding, Location, Report, rank
from lambdalint.reporters import MAX_RELATED, Options, RuleInfo, absolute, encoded, plural, repo_path, shown, summary
from lambdalint.reporters.display import visible

MAX_BYTES = 1024 * 1024
"""What GitHub takes as the summary of a step (docs.github.com, "Workflow commands", 2026-11)."""

_TAIL = 2048
"""Bytes kept free for what closes the page."""

_ESCAPES = {ord(char): f"\\{char}" for char in "\\`*_{}[]()#~!"} | {ord(char): f"&#{ord(char)};" for char in "|<>&$@"}
"""Entities where a backslash does not do: cells end at a bar, GitHub reads $ as mathematics and @ as a mention."""


def render(report: Report, rules: Sequence[RuleInfo], options: Options) -> str:
    """A heading, the summary, a table of findings, the notices; at most 1 MiB, and it says what was cut.

    The severest come first: what a page has no room for is then the least of it.
    """
    known = {rule.code: rule for rule in rules}
    found = sorted(shown(report, options), key=lambda finding: -rank(finding.severity))
    parts = [f"## lambdalint\n\n{summary(report)}\n"]
    used = len(parts[0])
    if found:
        parts.append("\n| Severity | Rule | Where | Finding |\n| --- | --- | --- | --- |\n")
    for at, finding in enumerate(found):
        row = _row(finding, known.get(finding.code), options)
        used += len(row.encode("utf-8", "replace"))
        if used > MAX_BYTES - _TAIL:
            parts.append(f"\n{len(found) - at:,} more findings are not shown: the page would be too long.\n")
            return "".join(parts)
        parts.append(row)
    if report.notices:
        parts.append("\n### Notices\n\n")
    for at, notice in enumerate(report.notices):
        where = ": ".join(part for part in (notice.path, notice.resource, notice.message) if part)
        item = f"- {escaped(where)}\n"
        used += len(item.encode("utf-8", "replace"))
        if used > MAX_BYTES - _TAIL:
            parts.append(f"\n{len(report.notices) - at:,} more notices are not shown: the page would be too long.\n")
            break
        parts.append(item)
    return "".join(parts)


def _row(finding: Finding, rule: RuleInfo | None, options: Options) -> str:
    code = f"[{escaped(finding.code)}]({rule.help_uri})" if rule is not None else escaped(finding.code)
    said = [escaped(finding.message)]
    if finding.location.member is not None:
        said.append(f"member {escaped(finding.location.member)}")
    if finding.when:
        said.append(f"when {escaped(' and '.join(finding.when))}")
    related = finding.related[:MAX_RELATED]
    said += [f"{_link(item.location, options)} {escaped(item.message)}" for item in related]
    if more := len(finding.related) - len(related):
        said.append(plural(more, "more place"))
    if (suppressed := finding.suppressed) is not None:
        said.append(
            f"suppressed by {escaped(suppressed.kind)}"
            + (f": {escaped(suppressed.reason)}" if suppressed.reason else "")
        )
    where = finding.location
    if where.member is not None and finding.template is not None:
        where = finding.template
    place = _link(where, options) + (f"<br>{escaped(finding.resource)}" if finding.resource else "")
    cells = (finding.severity, f"{code} {escaped(finding.name)}", place, "<br>".join(said))
    return f"| {' | '.join(cells)} |\n"


def _link(where: Location, options: Options) -> str:
    span = where.span
    shown_as = f"{escaped(where.path)}:{span.line}"
    path = repo_path(where, options)
    outside = absolute(path) or path.startswith(("../", "<"))
    if outside or not (options.server_url and options.repository and options.sha):
        return shown_as
    base = f"{options.server_url.rstrip('/')}/{options.repository}/blob/{options.sha}"
    # plain=1: a file that GitHub renders has no lines to point at.
    lines = f"L{span.line}" if span.end_line == span.line else f"L{span.line}-L{span.end_line}"
    return f"[{shown_as}]({base}/{encoded(path)}?plain=1#{lines})"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, in a table's cell too."""
    return visible(text).translate(_ESCAPES)
