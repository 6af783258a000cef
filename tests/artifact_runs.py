"""What the tests on artifacts share: a run of the linter on a folder, and its findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lambdalint.engine import lint
from lambdalint.finding import Finding, Report
from lambdalint.settings import Settings

ARTIFACT_RULES = ("LL004", "LL205", "LL3")
BODY = "def handler(event, context):\n    return {}\n"


def linted(root: Path, *paths: str, select: tuple[str, ...] = ARTIFACT_RULES, **options: Any) -> Report:
    """The report on paths below a folder, which is the working directory."""
    settings = Settings(select=select, as_of="2026-11-23", cwd=str(root), cache=False, **options)
    report, _ = lint([str(root / path) for path in paths or (".",)], settings)
    assert not [notice for notice in report.notices if notice.message.startswith("internal")], report.notices
    return report


def codes(report: Report) -> list[str]:
    return sorted({finding.code for finding in report.findings})


def only(report: Report, code: str) -> Finding:
    found = [finding for finding in report.findings if finding.code == code]
    assert len(found) == 1, [(f.code, f.message) for f in report.findings]
    return found[0]


def sam(**functions: str) -> str:
    """A SAM template; each function is given by the lines of its properties, written in a row."""
    lines = ["Transform: AWS::Serverless-2016-10-31", "Resources:"]
    for name, properties in functions.items():
        lines += [f"  {name}:", "    Type: AWS::Serverless::Function", f"    Properties: {{{properties}}}"]
    return "\n".join(lines) + "\n"
