"""Faults planted in ordinary applications, and clean applications that come near a rule, with the default rules.

Each file of data/planted holds the cases of a family, written without a look at the rules' own examples. A case:

    title     what it is about
    template  the text of template.yaml (or template.json where it starts with a brace)
    sam       the same without its first two lines, which declare the format and SAM's transform
    files     further files by path; src/app.py is an ordinary Python handler unless given
    archive   zip files and folders, image: container images, as examples of rules describe them
    settings  what the run is told, as examples of rules have it
    crlf      true: the lines end as on Windows
    expect    findings that cannot be marked, or more about those that are: any field of JSON output, and
              ``at``: text of the line, and ``related`` / ``message``: a part of it

``# <- LL102`` at the end of a line expects that finding there, ``# <- LL102 Report`` of that resource. Besides what a
case expects there must be nothing, of any severity.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from lambdalint.examples import _matches, files_of, run_example
from lambdalint.finding import Finding
from lambdalint.rulebook import load

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "planted")
HEAD = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n"
HANDLER = 'def handler(event, context):\n    return {"statusCode": 200}\n'
MARK = re.compile(r"(?:#|//) <- (LL\d{3}(?: \w+)?(?:, LL\d{3}(?: \w+)?)*)\s*$")
BOOK = load()


def cases() -> Iterator[Any]:
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.yaml"))):
        family = os.path.basename(path)[: -len(".yaml")]
        with open(path, encoding="utf-8") as file:
            for case in yaml.safe_load(file):
                yield pytest.param(case, id=f"{family}: {case['title']}")


def complete(case: Mapping[str, Any]) -> dict[str, Any]:
    """The case as an example of a rule: whole texts by path."""
    example = {key: value for key, value in case.items() if key not in ("sam", "title", "expect", "crlf")}
    if "sam" in case:
        example["template"] = HEAD + case["sam"]
    if example.get("template") or example.get("files"):
        files = files_of(example)
        if not any(path.startswith("src/app.") for path in files) and "src/" in "".join(files.values()):
            files["src/app.py"] = HANDLER
        if case.get("crlf"):
            files = {path: text.replace("\n", "\r\n") for path, text in files.items()}
        example["files"] = files
    example.pop("template", None)
    return example


def expected(case: Mapping[str, Any], files: Mapping[str, str]) -> list[dict[str, Any]]:
    """What must be found, each with code, path, line and severity where the case does not say otherwise."""
    wanted: list[dict[str, Any]] = []
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            match = MARK.search(line)
            for word in match.group(1).split(", ") if match else ():
                code, _, resource = word.partition(" ")
                item: dict[str, Any] = {"code": code, "path": path, "line": number}
                wanted.append({**item, "resource": resource} if resource else item)
    for given in case.get("expect") or ():
        item = dict(given)
        if "at" in item:
            fragment = item.pop("at")
            item["path"], item["line"] = next(
                (path, number)
                for path, text in files.items()
                for number, line in enumerate(text.splitlines(), 1)
                if fragment in line
            )
        marked = next(
            (w for w in wanted if w["code"] == item["code"] and all(item.get(k, w[k]) == w[k] for k in w)), None
        )
        if marked is None:
            wanted.append(item)
        else:
            marked.update(item)
    for item in wanted:
        item.setdefault("severity", BOOK.rules[item["code"]].severity)
    return wanted


@pytest.mark.parametrize("case", list(cases()))
def test_planted(case: Mapping[str, Any]) -> None:
    example = complete(case)
    found = run_example(example)
    for item in expected(case, example.get("files") or {}):
        hit = next((finding for finding in found if _matches(item, finding)), None)
        assert hit is not None, f"nothing is {item}; left: {[_words(finding) for finding in found]}"
        found.remove(hit)
    assert not found, [_words(finding) for finding in found]


def test_every_rule_that_is_on_has_a_planted_fault() -> None:
    planted = set()
    for parameter in cases():
        (case,) = parameter.values
        planted |= {item["code"] for item in expected(case, complete(case).get("files") or {})}
    assert not {rule.code for rule in BOOK.rules.values() if rule.enabled} - planted


def _words(finding: Finding) -> str:
    related = "".join(f" [{r.location.path}:{r.location.span.line} {r.message}]" for r in finding.related)
    place = f"{finding.location.path}:{finding.location.span.line}"
    return (
        f"{place} {finding.code} {finding.severity} {finding.resource}: {finding.message}{related} {list(finding.when)}"
    )
