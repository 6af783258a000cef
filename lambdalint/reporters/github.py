"""The report as GitHub Actions workflow commands: annotations on the lines of a pull request.

A step shows ten annotations of each kind at most (docs.github.com, "Workflow commands", 2026-11); what is past that is
written to the log as plain lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from lambdalint.finding import Finding, Location, Report
from lambdalint.reporters import MAX_RELATED, Options, RuleInfo, plural, repo_path, shown, summary
from lambdalint.reporters.display import visible
from lambdalint.reporters.layout import one_line, plain

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
PER_KIND = 10


def render(report: Report, rules: Sequence[RuleInfo], options: Options) -> str:
    """Ten annotations of each severity, the rest as a group of lines, then notices and the summary."""
    written: list[str] = []
    left: list[Finding] = []
    room = dict.fromkeys(COMMANDS, PER_KIND)
    for finding in shown(report, options):
        if finding.suppressed is not None or not room[finding.severity]:
            left.append(finding)
            continue
        room[finding.severity] -= 1
        written.append(command(finding, options) + "\n")
    if left:
        severities = (plural(sum(f.severity == kind for f in left), kind) for kind in COMMANDS)
        more = ", ".join(text for text in severities if not text.startswith("0 "))
        written.append(f"::group::{more} more (GitHub shows {PER_KIND} annotations of a kind)\n")
        written.append(plain([("", one_line(finding), "")] for finding in left))
        written.append("::endgroup::\n")
    for notice in report.notices:
        where = ": ".join(part for part in (notice.path, notice.resource, notice.message) if part)
        written.append(plain([[("", f"notice: {visible(where)}", "")]]))
    return "".join(written) + summary(report) + "\n"


def command(finding: Finding, options: Options) -> str:
    """One annotation. What is in an artifact is shown at the template's line that names it."""
    where, text = finding.location, finding.message
    if where.member is not None:
        text = f"{text} ({where.path}: {where.member})"
        where = finding.template or where
    if finding.when:
        text = f"{text} (when {' and '.join(finding.when)})"
    related = finding.related[:MAX_RELATED]
    # The log of a job shows the message alone: without its place nobody would find what an error there is about.
    lines = [
        f"{_place(where, options)}: {finding.code} {text}",
        *(f"{_place(item.location, options)}: {item.message}" for item in related),
    ]
    if more := len(finding.related) - len(related):
        lines.append(plural(more, "more place"))
    span = where.span
    properties = {"file": repo_path(where, options), "line": str(span.line)}
    if span.end_line == span.line:  # columns are for spans within a line
        properties |= {"col": str(span.column), "endColumn": str(max(span.end_column, span.column + 1))}
    else:
        properties["endLine"] = str(span.end_line)
    properties["title"] = f"{finding.code} {finding.name}" + (f" in {finding.resource}" if finding.resource else "")
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    # Each line by itself: visible() would write the breaks between them as \n.
    message = "\n".join(visible(line) for line in lines)
    return f"::{COMMANDS[finding.severity]} {listed}::{_data(message)}"


def _place(where: Location, options: Options) -> str:
    return f"{repo_path(where, options)}:{where.span.line}:{where.span.column}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
