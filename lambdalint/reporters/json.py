"""The report as JSON: what programs read, with a promised shape (``version`` 1)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lambdalint.finding import Finding, Location, Report
from lambdalint.reporters import Options, RuleInfo


def render(report: Report, rules: Sequence[RuleInfo], options: Options) -> str:
    """All findings, suppressed ones among them with their reason, in the order of the report; one a line."""
    head = {"version": 1, "tool": f"lambdalint {options.version}"}
    tail = {
        "notices": [notice._asdict() for notice in report.notices],
        "summary": {
            "error": report.count("error"),
            "warning": report.count("warning"),
            "note": report.count("note"),
            "suppressed": report.suppressed,
            "functions": report.functions,
            "files": report.files,
        },
    }
    found = ",\n  ".join(_dumps(finding_value(finding)) for finding in report.findings)
    listed = f"[\n  {found}\n ]" if found else "[]"
    return f'{{{_members(head)},\n "findings": {listed},\n {_members(tail)}}}\n'


def finding_value(finding: Finding) -> dict[str, Any]:
    """A finding as JSON shows it: lines and columns count from 1, columns in code points, the end is exclusive."""
    where = finding.location
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "path": where.path,
        **_member(where),
        **where.span._asdict(),
        "resource": finding.resource,
        "when": finding.when,
        "related": [
            {
                "path": related.location.path,
                **_member(related.location),
                "line": related.location.span.line,
                "column": related.location.span.column,
                "message": related.message,
            }
            for related in finding.related
        ],
        "fingerprint": finding.fingerprint,
        "suppressed": finding.suppressed and finding.suppressed._asdict(),
    }


def _member(where: Location) -> dict[str, str]:
    return {} if where.member is None else {"member": where.member}


def _dumps(value: Any) -> str:
    # ASCII: a lone surrogate of a path or a key stays writable, and a log of any encoding takes it.
    return json.dumps(value, ensure_ascii=True, check_circular=False)


def _members(value: dict[str, Any]) -> str:
    return _dumps(value)[1:-1]
