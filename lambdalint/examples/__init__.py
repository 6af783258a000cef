"""Runs the examples of rules: they are a rule's tests, its documentation and the proof that it can fail.

In a template or file ``# <- LL102`` marks a line on which the finding is expected; ``expect`` says the same where a
comment cannot stand (JSON, an artifact), with any of a finding's JSON fields.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.finding import Finding
from lambdalint.rulebook import Rule
from lambdalint.settings import Settings

_MARK = re.compile(r"(?:#|//)\s*<-\s*([A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*)")
_FIELD = re.compile(r"\{[a-z_][a-z0-9_.]*\}")
_SETTINGS = {"as-of": "as_of", "parameters": "parameter_overrides", "account": None, "paths": None}
DEFAULT_DAY = "2026-11-23"
"""The day on which examples are judged where they do not say another: dates in them must not age."""


def check_rule(rule: Rule, extra_rules: tuple[str, ...] = ()) -> Iterator[str]:
    """What is wrong with a rule's examples, a sentence each; nothing where all hold."""
    for kind, examples in (("bad", rule.examples.bad), ("good", rule.examples.good)):
        if not examples and not rule.schema:
            yield f"{rule.code} has no {kind} example"
        for number, example in enumerate(examples, 1):
            title = f"{rule.code}, {kind} example {number} ({example.get('title', 'without a title')})"
            try:
                findings = run_example(example, rule, extra_rules)
            except Exception as error:
                yield f"{title}: {type(error).__name__}: {error}"
                continue
            own = [finding for finding in findings if finding.code == rule.code]
            for finding in own:
                if left := _FIELD.search(finding.message):
                    yield f"{title}: the message names {left.group(0)}, which the check does not give"
            if kind == "good":
                yield from (f"{title}: {_words(finding)}" for finding in own)
            else:
                yield from (f"{title}: {problem}" for problem in _compare(example, rule.code, own))


def run_example(
    example: Mapping[str, Any], rule: Rule | None = None, extra_rules: tuple[str, ...] = ()
) -> list[Finding]:
    """The findings of one example, laid out in a folder of its own and linted there with the rule selected."""
    import tempfile

    from lambdalint.engine import lint

    with tempfile.TemporaryDirectory(prefix="lambdalint-") as folder:
        folder = os.path.realpath(folder)
        paths = _lay_out(folder, example)
        settings = _settings(example.get("settings") or {}, folder)
        if rule is not None:
            settings = settings._replace(select=(*settings.select, rule.code), rules=(*settings.rules, *extra_rules))
        before = os.getcwd()
        os.chdir(folder)
        try:
            report, _ = lint(paths, settings)
        finally:
            os.chdir(before)
        crashes = [notice.message for notice in report.notices if notice.message.startswith("internal error")]
        if crashes:
            raise RuntimeError("; ".join(crashes))
        return list(report.findings)


def files_of(example: Mapping[str, Any]) -> dict[str, str]:
    """The text files of an example by path; ``template`` alone is template.yaml (template.json where it is JSON)."""
    files = dict(example.get("files") or {})
    template = example.get("template")
    if template is not None:
        files["template.json" if template.lstrip().startswith("{") else "template.yaml"] = template
    return files


def _lay_out(folder: str, example: Mapping[str, Any]) -> list[str]:
    for name, text in files_of(example).items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    if example.get("archive") or example.get("image"):
        from lambdalint.examples.artifacts import build

        build(folder, example)
    paths: list[str] = list((example.get("settings") or {}).get("paths") or ())
    if not paths and not files_of(example):
        paths = [*(example.get("archive") or ()), *(example.get("image") or ())]
    return paths or ["."]


def _settings(given: Mapping[str, Any], folder: str) -> Settings:
    values: dict[str, Any] = {"as_of": DEFAULT_DAY, "cwd": folder, "cache": False}
    for name, value in given.items():
        field = _SETTINGS.get(name, name.replace("-", "_"))
        if field is not None:
            values[field] = str(value) if field == "as_of" else value
    if isinstance(values.get("select"), str):
        values["select"] = tuple(values["select"].split(","))
    return Settings(**values)


def _compare(example: Mapping[str, Any], code: str, findings: list[Finding]) -> Iterator[str]:
    marked = {
        (path, number)
        for path, text in files_of(example).items()
        for number, line in enumerate(text.splitlines(), 1)
        for match in _MARK.finditer(line)
        if code in match.group(1).replace(" ", "").split(",")
    }
    expected = [dict(item) for item in example.get("expect") or () if item.get("code", code) == code]
    if not marked and not expected:
        yield "it says nowhere what is expected"
    found = {(finding.location.path, finding.location.span.line) for finding in findings}
    for path, line in sorted(marked - found):
        yield f"nothing is found at {path}:{line}"
    for item in expected:
        if not any(_matches(item, finding) for finding in findings):
            yield f"nothing is found that is {item}; found: {[_words(f) for f in findings]}"
    if marked:
        for finding in findings:
            place = (finding.location.path, finding.location.span.line)
            if place not in marked and not any(_matches(item, finding) for item in expected):
                yield f"found where it is not expected: {_words(finding)}"


def _matches(item: Mapping[str, Any], finding: Finding) -> bool:
    fields = {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "path": finding.location.path,
        "member": finding.location.member,
        "line": finding.location.span.line,
        "column": finding.location.span.column,
        "end_line": finding.location.span.end_line,
        "end_column": finding.location.span.end_column,
        "resource": finding.resource,
        "when": list(finding.when),
        "count": None,
    }
    for name, value in item.items():
        if name == "message":
            if str(value) not in finding.message:
                return False
        elif name == "related":
            if not any(str(value) in f"{r.location.path}:{r.location.span.line}: {r.message}" for r in finding.related):
                return False
        elif fields.get(name) != value:
            return False
    return True


def _words(finding: Finding) -> str:
    place = f"{finding.location.path}:{finding.location.span.line}"
    return f"{place}: {finding.code} {finding.message}"
