"""The report for people: the same layout on a terminal (painted by rich) and in a pipe (plain, without rich)."""

from __future__ import annotations

from collections.abc import Sequence

from lambdalint.finding import Report
from lambdalint.reporters import Options, RuleInfo
from lambdalint.reporters.layout import plain, report_lines


def render(report: Report, rules: Sequence[RuleInfo], options: Options) -> str:
    """Findings grouped by file, each with its source line; notices; one line that sums up."""
    lines = report_lines(report, rules, options)
    if not options.color:
        return plain(lines)
    from lambdalint.reporters.text_rich import painted

    return painted(lines, hyperlinks=options.hyperlinks)
