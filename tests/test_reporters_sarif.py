"""SARIF: what GitHub needs and refuses, and the validator where it is installed.

The validator is npm's @microsoft/sarif-multitool-linux; its program ``Sarif.Multitool`` is looked for on the PATH and
in the environment variable ``SARIF_MULTITOOL``.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections import Counter
from typing import Any

import pytest
from reporters_sample import CLEAN, FINDINGS, PLAIN, REPORT, RULES, found

from lambdalint.finding import FIRST_LINE, Finding, Location, Notice, Related, Report, Span
from lambdalint.reporters import Options, render, sarif

OPTIONS = PLAIN._replace(category="lambdalint", repo_prefix="infra/é stack")
NAMES = (
    "a b/té#m%pl,a:te?[x].yaml",
    "../side.yaml",
    "../../../out/side.yaml",
    "/abs/x y.yaml",
    "<stdin>",
    "日本/テンプレート.yaml",
    "surr\udc80ogate.yaml",
    "C:/x y.yaml",
    "{0}.yaml",
)


def run_of(report: Report, options: Options = OPTIONS) -> dict[str, Any]:
    (run,) = json.loads(render("sarif", report, RULES, options))["runs"]
    return run


def ugly() -> Report:
    message = "{0} [a](b) [link](1) \x1b[31m ${AWS::Region} \ud800"
    findings = []
    for at, name in enumerate(NAMES):
        severity = ("error", "warning", "note")[at % 3]
        text = message + "x" * (20_000 if at == 2 else 3)
        count = 1_500 if at == 1 else 3
        related = tuple(Related(Location(name, FIRST_LINE), f"rel]({n}) {{1}} \\") for n in range(count))
        place = Location(name, Span(5, 7, 6, 2), file=f"/abs/{name}")
        findings.append(Finding("LL404", "x", severity, text, place, "Fn [x](1)", ("A",), related, "f" * 64))
    findings.append(found("LL304", "m", Location("p.zip", FIRST_LINE, "weird\n%2F\\member"), None))
    findings.append(Finding("ACME1", "own", "error", "of no rule", Location("p.yaml", FIRST_LINE), None))
    return Report(tuple(findings), (Notice("n", "<stdin>"), Notice("n [x](y)", "../a b.yaml", "Fn")), trusted=False)


def many(count: int = 30_000) -> Report:
    def finding(at: int) -> Finding:
        severity = ("note", "warning", "error")[at % 3]
        place = Location(f"dir {at % 97}/t{at % 1000}.yaml", Span(at // 1000 + 1, 3, at // 1000 + 1, 9))
        return Finding("LL404", "x", severity, f"VisibilityTimeout is {at}", place, f"Fn{at}", (), (), f"{at:064x}")

    return Report(tuple(finding(at) for at in range(count)))


def test_rules_are_all_that_are_enabled_and_results_name_them() -> None:
    run = run_of(REPORT)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES if rule.enabled]
    assert [rule["name"] for rule in rules][:2] == ["MemorySize", "ReservedEnvironmentVariable"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    secure = next(rule for rule in rules if rule["id"] == "LL503")["properties"]
    assert secure["security-severity"] == "5.0"
    assert secure["tags"][0] == "security"
    assert "security" not in rules[0]["properties"]["tags"]
    assert "10241  # <- LL101" in rules[0]["help"]["markdown"]
    assert "MemorySize: 10240\n" in rules[0]["help"]["markdown"]


def test_a_rule_that_is_off_is_listed_when_it_found_something() -> None:
    run = run_of(Report((found("LL005", "m", Location("t.yaml", FIRST_LINE), None),)))
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == "LL005"


def test_suppressed_findings_are_left_out_unless_asked_for() -> None:
    run = run_of(REPORT)
    assert len(run["results"]) == len(FINDINGS) - 1
    assert all("suppressions" not in result for result in run["results"])
    results = run_of(REPORT, OPTIONS._replace(include_suppressed=True))["results"]
    assert len(results) == len(FINDINGS)
    marks = [result["suppressions"] for result in results if result["suppressions"]]
    justification = "read by an old library; until 2027-03-01"
    assert marks == [[{"kind": "inSource", "status": "accepted", "justification": justification}]]


def test_places() -> None:
    results = {result["ruleId"]: result for result in run_of(REPORT, PLAIN)["results"]}

    def primary(code: str) -> tuple[str, dict[str, int]]:
        place = results[code]["locations"][0]["physicalLocation"]
        return place["artifactLocation"]["uri"], place["region"]

    assert primary("LL101") == ("template.yaml", {"startLine": 15, "startColumn": 19, "endLine": 15, "endColumn": 24})
    assert primary("LL304")[0] == "template.yaml"  # what is in an artifact is shown where the template names it
    (member,) = results["LL304"]["relatedLocations"]
    assert member["physicalLocation"] == {"artifactLocation": {"uri": "build/orders.zip"}}
    assert member["message"]["text"] == "the member lib/_native.so."
    assert primary("LL503")[0] == "app.py"  # Python keeps its line
    assert results["LL503"]["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "template.yaml"
    assert results["LL404"]["message"]["text"].endswith(
        "(60 s) is 360 s. [the Timeout of OrdersFunction](1). [the event source \\[mapping\\]](2)."
    )
    assert [item["id"] for item in results["LL404"]["relatedLocations"]] == [1, 2]
    assert results["LL101"]["message"]["text"].endswith("10240 MB (when IsProd and Stage = prod).")


def test_uris() -> None:
    uris = [sarif.uri(Location(name, FIRST_LINE, file=f"/out/{name.rpartition('/')[2]}"), OPTIONS) for name in NAMES]
    assert uris == [
        "infra/%C3%A9%20stack/a%20b/t%C3%A9%23m%25pl%2Ca%3Ate%3F%5Bx%5D.yaml",
        "infra/side.yaml",
        "file:///out/side.yaml",
        "file:///abs/x%20y.yaml",
        "%3Cstdin%3E",
        "infra/%C3%A9%20stack/%E6%97%A5%E6%9C%AC/%E3%83%86%E3%83%B3%E3%83%97%E3%83%AC%E3%83%BC%E3%83%88.yaml",
        "infra/%C3%A9%20stack/surr%80ogate.yaml",
        "file:///C:/x%20y.yaml",
        "infra/%C3%A9%20stack/%7B0%7D.yaml",
    ]


def test_uri_outside_the_repository_without_a_file() -> None:
    place = Location("../../../out/./x.yaml", FIRST_LINE)
    assert sarif.uri(place, OPTIONS._replace(root="/home/me/repo/infra/é stack")) == "file:///home/me/out/x.yaml"
    assert sarif.uri(place, OPTIONS) == "../out/x.yaml"


def test_invocation_says_whether_the_run_can_be_trusted() -> None:
    (good,) = run_of(CLEAN)["invocations"]
    assert good == {"executionSuccessful": True, "toolExecutionNotifications": []}
    (bad,) = run_of(REPORT._replace(trusted=False))["invocations"]
    assert bad["executionSuccessful"] is False
    assert [note["level"] for note in bad["toolExecutionNotifications"]] == ["error", "error"]
    assert run_of(CLEAN)["automationDetails"] == {"id": "lambdalint/"}
    assert "automationDetails" not in run_of(CLEAN, PLAIN)


def test_severest_stay_where_there_are_too_many() -> None:
    run = run_of(many())
    assert Counter(result["level"] for result in run["results"]) == {"error": 5_000}
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == ("Only the 5,000 severest of 30,000 results are listed: GitHub takes no more.")
    few = run_of(many(6_000))
    assert Counter(result["level"] for result in few["results"]) == {"error": 2_000, "warning": 2_000, "note": 1_000}


def test_compressed_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    monkeypatch.setattr(sarif, "MAX_GZIPPED", 400_000)
    noise = random.Random(1)
    place = Location("t.yaml", FIRST_LINE)
    findings = tuple(found("LL404", noise.randbytes(1000).hex(), place, None) for _ in range(600))
    text = render("sarif", Report(findings), RULES, OPTIONS)
    assert 200_000 < len(gzip.compress(text.encode())) <= 400_000
    (run,) = json.loads(text)["runs"]
    assert 0 < len(run["results"]) < 600
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert f"Only the {len(run['results'])} severest of 600" in note["message"]["text"]


def test_bounds_of_a_result_and_a_rule() -> None:
    rules = (RULES[0]._replace(tags=tuple(f"t{at}" for at in range(30)), security="9.1"), *RULES[1:])
    (run,) = json.loads(render("sarif", ugly(), rules, OPTIONS))["runs"]
    assert max(len(result.get("relatedLocations", ())) for result in run["results"]) == 99
    assert len(run["tool"]["driver"]["rules"][0]["properties"]["tags"]) == 10
    assert max(len(result["message"]["text"]) for result in run["results"]) < 10_000


@pytest.mark.parametrize(("code", "text"), [("LL404", "{0} [a]\\(b) [link]\\(1)"), ("ACME1", "of no rule")])
def test_nothing_of_an_input_reads_as_a_link(code: str, text: str) -> None:
    result = next(result for result in run_of(ugly())["results"] if result["ruleId"] == code)
    assert result["message"]["text"].startswith(text)
    assert ("ruleIndex" in result) == (code == "LL404")


def validator() -> str | None:
    return os.environ.get("SARIF_MULTITOOL") or shutil.which("Sarif.Multitool")


@pytest.mark.slow
@pytest.mark.skipif(validator() is None, reason="the SARIF validator is not installed")
@pytest.mark.parametrize(
    ("report", "options"),
    [
        (REPORT, OPTIONS),
        (REPORT, PLAIN),
        (REPORT, OPTIONS._replace(include_suppressed=True)),
        (CLEAN, OPTIONS),
        (ugly(), OPTIONS),
        (many(), OPTIONS),
    ],
    ids=["sample", "bare", "suppressed", "clean", "ugly", "many"],
)
def test_validator(report: Report, options: Options, tmp_path) -> None:
    (tmp_path / "out.sarif").write_text(render("sarif", report, RULES, options), encoding="utf-8")
    command = [validator(), "validate", "out.sarif", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"]
    command += ["-o", "report.sarif", "--log", "ForceOverwrite;PrettyPrint"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    (run,) = json.loads((tmp_path / "report.sarif").read_text(encoding="utf-8-sig"))["runs"]
    assert [result for result in run["results"] if result.get("level", "warning") != "note"] == []
    assert run["results"], "the validator always has a remark or two: it did not look"
