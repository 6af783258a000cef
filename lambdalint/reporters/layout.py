"""A report as lines of styled segments: what text.py writes plainly and text_rich.py paints.

There is one layout, so that a log and a terminal show the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lambdalint.finding import FIRST_LINE, Finding, Location, Report, Span, Suppressed, rank
from lambdalint.reporters import MAX_RELATED, Options, RuleInfo, plural, shown, summary
from lambdalint.reporters.display import excerpt, flowed, visible, width, wrapped
from lambdalint.reporters.source import Sources

Segment = tuple[str, str, str]
"""Style (a key of text_rich.STYLES, "" for none), text, and a link or ""."""

Line = list[Segment]

ROOM = 120
"""Cells of a source line that are shown where the width is not known."""

MARGIN = "  "

MASKED = "masked"
"""The tag of a rule whose findings are secrets."""


def report_lines(report: Report, rules: Sequence[RuleInfo], options: Options) -> Iterator[Line]:
    """Findings file by file, notices, and the summary; only the summary where there is nothing to say."""
    known = {rule.code: rule for rule in rules}
    sources = Sources(secrets(report, known))
    hinted: dict[str, int] = {}
    for finding in shown(report, options):
        rule = known.get(finding.code)
        if options.quiet:
            yield [*heading(finding, rule)[0], ("", f": {visible(finding.message)}", "")]
            continue
        yield from heading(finding, rule, options.width)
        yield from body(finding, sources, options)
        if rule is not None and finding.code not in hinted:
            hinted[finding.code] = rank(finding.severity)
            if fix := flowed(rule.fix):
                yield from prose("fix: ", "fix", fix, options.width)
        yield []
    if not options.quiet or not report.trusted:
        yield from notices(report, options)
    if not options.quiet:
        if hinted:
            more = f"lambdalint explain {min(hinted, key=lambda code: (-hinted[code], code))}"
            yield [("dim", "Why, with examples: ", ""), ("label", more, "")]
        yield from ([("summary", line, "")] for line in wrapped(summary(report), options.width))


def heading(finding: Finding, rule: RuleInfo | None, columns: int = 0) -> list[Line]:
    """``path:line:column  severity  CODE name in RESOURCE``: the form that editors and terminals make a link of.

    Where that would be longer than ``columns`` the resource goes to a second line, or the code with it.
    """
    where: Line = [("path", place(finding.location), ""), ("", "  ", ""), (finding.severity, finding.severity, "")]
    rule_name: Line = [
        (finding.severity, visible(finding.code), rule.help_uri if rule else ""),
        ("", f" {visible(finding.name)}", ""),
    ]
    holder: Line = [("dim", f"in {visible(finding.resource)}", "")] if finding.resource else []
    gap, space, margin = ("", "  ", ""), ("", " ", ""), ("", MARGIN, "")
    named = [*rule_name, space, *holder] if holder else rule_name
    if not columns or _long([*where, gap, *named]) <= columns:
        return [[*where, gap, *named]]
    if _long([*where, gap, *rule_name]) <= columns:
        return [[*where, gap, *rule_name], [margin, *holder]]
    return [where, [margin, *named]]


def _long(line: Line) -> int:
    return sum(width(text) for _, text, _ in line)


def secrets(report: Report, rules: Mapping[str, RuleInfo]) -> dict[str, list[Span]]:
    """By file the places that no line may show: whichever finding quotes the line, and suppressed ones too."""
    found: dict[str, list[Span]] = {}
    for finding in report.findings:
        if finding.code in rules and MASKED in rules[finding.code].tags:
            found.setdefault(finding.location.file, []).append(finding.location.span)
    return found


def body(finding: Finding, sources: Sources, options: Options) -> Iterator[Line]:
    yield from prose("", "message", visible(finding.message), options.width)
    if finding.location.member is not None:
        span = finding.location.span
        inside = "" if span == FIRST_LINE else f":{span.line}:{span.column}"
        yield from prose("member: ", "dim", visible(finding.location.member) + inside, 0)
        if finding.template is not None:
            yield from see(finding.template, "the template names it here", options.width)
    else:
        yield from quoted(finding, sources, options.width)
    if finding.when:
        yield from prose("when: ", "dim", visible(" and ".join(finding.when)), options.width)
    for related in finding.related[:MAX_RELATED]:
        yield from see(related.location, related.message, options.width)
    if more := len(finding.related[MAX_RELATED:]):
        yield from prose("see: ", "dim", plural(more, "more place"), options.width)
    if finding.suppressed is not None:
        yield from prose("suppressed: ", "dim", visible(suppression(finding.suppressed)), options.width)


def see(where: Location, message: str, columns: int) -> Iterator[Line]:
    member = f" ({visible(where.member)})" if where.member is not None else ""
    yield from prose("see: ", "dim", f"{place(where)}{member}  {visible(message)}", columns)


def quoted(finding: Finding, sources: Sources, columns: int) -> Iterator[Line]:
    """The source line with the fault underlined; a span of several lines is underlined on its first."""
    span = finding.location.span
    line = sources.line(finding.location.file, span.line)
    if line is None or not line.strip():
        return
    number = str(span.line)
    gutter = len(MARGIN) + len(number) + 3
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    room = max(columns - gutter, 20) if columns else ROOM
    text, offset, length = excerpt(line.rstrip(), span.column - 1, end, room)
    yield [("", MARGIN, ""), ("dim", f"{number} | ", ""), ("", text, "")]
    blank = " " * len(number)
    yield [("", MARGIN, ""), ("dim", f"{blank} | ", ""), ("", " " * offset, ""), (finding.severity, "^" * length, "")]


def notices(report: Report, options: Options) -> Iterator[Line]:
    for notice in report.notices:
        where = ": ".join(visible(part) for part in (notice.path, notice.resource) if part)
        text = f"{where}: {visible(notice.message)}" if where else visible(notice.message)
        yield from prose("notice: ", "notice", text, options.width, margin="")
    if report.notices:
        yield []


def prose(label: str, style: str, text: str, columns: int, *, margin: str = MARGIN) -> Iterator[Line]:
    """A labelled text, wrapped under itself; without a label the text takes the style."""
    hang = margin + " " * len(label)
    lines = wrapped(text, max(columns - len(hang), 20) if columns else 0)
    body_style = "" if label else style
    yield [("", margin, ""), (style, label, ""), (body_style, lines[0], "")]
    for line in lines[1:]:
        yield [("", hang, ""), (body_style, line, "")]


def place(location: Location) -> str:
    span = location.span
    return f"{visible(location.path)}:{span.line}:{span.column}"


def suppression(suppressed: Suppressed) -> str:
    until = f" until {suppressed.until}" if suppressed.until else ""
    return f"by {suppressed.kind}{until}" + (f": {suppressed.reason}" if suppressed.reason else "")


def one_line(finding: Finding) -> str:
    """A finding on a line of its own: what stands in ``--quiet`` and in the log beside annotations."""
    return f"{''.join(part[1] for part in heading(finding, None)[0])}: {visible(finding.message)}"


def plain(lines: Iterable[Line]) -> str:
    """The lines as plain text.

    A CI runner takes a line that starts with ``::``, or ``##[`` anywhere, as a command: what comes from an input must
    not become one.
    """
    written = []
    for line in lines:
        text = "".join(segment[1] for segment in line).rstrip(" ")
        if "::" in text and text.lstrip().startswith("::"):
            text = text.replace("::", ":\\:", 1)
        if "##[" in text:
            text = text.replace("##[", "#\\#[")
        written.append(text)
    return "".join(f"{text}\n" for text in written)
