"""The report as SARIF 2.1.0, as GitHub code scanning takes it.

GitHub's bounds: docs.github.com "SARIF support for code scanning", section on file limits (2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from posixpath import join, normpath
from typing import Any

from lambdalint.finding import FIRST_LINE, Finding, Location, Notice, Report, rank
from lambdalint.reporters import Options, RuleInfo, absolute, encoded, repo_path, shown
from lambdalint.reporters.display import visible
from lambdalint.reporters.help import help_markdown, help_text, sentence
from lambdalint.reporters.layout import MASKED

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/lambdalint/lambdalint"
FINGERPRINT = "lambdalint/v1"

MAX_RESULTS = 5_000
"""Results of a run that GitHub keeps (it refuses more than 25,000)."""
MAX_LOCATIONS = 100
"""Locations of a result that GitHub keeps, the primary one among them (it refuses more than 1,000)."""
MAX_TAGS = 10
"""Tags of a rule that GitHub keeps (it refuses more than 20)."""
MAX_GZIPPED = 10_000_000
"""Bytes of an upload, compressed with gzip."""
MAX_MESSAGE = 4_000
"""Characters of a message; ours, so that one value of an input cannot fill the upload."""


def render(report: Report, rules: Sequence[RuleInfo], options: Options) -> str:
    """One run with all ``rules`` that are enabled; suppressed findings only where the options include them.

    Where GitHub's bounds are passed the severest findings stay, and a notification says how many are listed.
    """
    found = sorted(shown(report, options), key=lambda finding: -rank(finding.severity))
    kept = min(len(found), MAX_RESULTS)
    while True:
        text = _written(report, rules, options, found, kept)
        size = _gzipped(text)
        if size <= MAX_GZIPPED or not kept:
            return text
        kept = int(kept * min(MAX_GZIPPED / size, 0.9))


def _written(report: Report, rules: Sequence[RuleInfo], options: Options, found: Sequence[Finding], kept: int) -> str:
    codes = {finding.code for finding in found}
    listed = [rule for rule in rules if rule.enabled or rule.code in codes]
    index = {rule.code: at for at, rule in enumerate(listed)}
    notices = list(report.notices)
    if kept < len(found):
        notices.append(
            Notice(f"Only the {kept:,} severest of {len(found):,} results are listed: GitHub takes no more.")
        )
    run: dict[str, Any] = {
        "tool": {"driver": _driver(listed, options)},
        "invocations": [_invocation(report, notices, options)],
        "columnKind": "unicodeCodePoints",
    }
    if options.category:
        run["automationDetails"] = {"id": options.category.rstrip("/") + "/"}
    run["results"] = [_result(finding, index, options) for finding in found[:kept]]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _gzipped(text: str) -> int:
    """The compressed size in bytes, or a bound on it where the text is short enough as it is."""
    if len(text) <= MAX_GZIPPED:
        return len(text)
    import zlib

    return len(zlib.compress(text.encode("ascii"), 6)) + 18


def _driver(rules: Iterable[RuleInfo], options: Options) -> dict[str, Any]:
    return {
        "name": "lambdalint",
        "informationUri": HOME,
        "version": options.version,
        "semanticVersion": options.version,
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: RuleInfo) -> dict[str, Any]:
    told = [tag for tag in rule.tags if tag != MASKED]  # which is for us
    tags = list(dict.fromkeys([*(["security"] if rule.security else []), *told]))[:MAX_TAGS]
    properties = {"tags": tags, "precision": rule.precision}
    if rule.security:
        properties["security-severity"] = str(rule.security)
    else:
        properties["problem.severity"] = "recommendation" if rule.severity == "note" else rule.severity
    summary, why = sentence(rule.summary), sentence(rule.why)
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": f"{summary} {why}".strip()},
        **({"helpUri": rule.help_uri} if rule.help_uri else {}),
        "help": {"text": help_text(rule), "markdown": help_markdown(rule)},
        "defaultConfiguration": {"level": rule.severity},
        "properties": properties,
    }


def _result(finding: Finding, index: dict[str, int], options: Options) -> dict[str, Any]:
    primary, related = _places(finding)
    related = related[: MAX_LOCATIONS - 1]
    text = finding.message if not finding.when else f"{finding.message} (when {' and '.join(finding.when)})"
    # GitHub shows a related location only where the message links to it.
    links = " ".join(f"[{_label(message)}]({at})." for at, (_, message) in enumerate(related[:10], start=1))
    result: dict[str, Any] = {"ruleId": finding.code}
    if finding.code in index:
        result["ruleIndex"] = index[finding.code]
    result["level"] = finding.severity
    result["message"] = {"text": f"{sentence(_escaped(text[:MAX_MESSAGE]))} {links}".strip()}
    location: dict[str, Any] = {"physicalLocation": _physical(primary, options, primary=True)}
    if finding.resource:
        location["logicalLocations"] = [{"name": visible(finding.resource), "kind": "resource"}]
    result["locations"] = [location]
    if related:
        result["relatedLocations"] = [
            {"id": at, "physicalLocation": _physical(where, options), "message": {"text": sentence(message)}}
            for at, (where, message) in enumerate(related, start=1)
        ]
    if finding.fingerprint:
        result["partialFingerprints"] = {FINGERPRINT: finding.fingerprint}
    if options.include_suppressed:  # the standard wants it on all results or on none
        result["suppressions"] = _suppressions(finding)
    return result


def _places(finding: Finding) -> tuple[Location, list[tuple[Location, str]]]:
    """The primary location and the related ones: what is in an artifact is shown at the template's line."""
    related = [(item.location, item.message) for item in finding.related]
    template = finding.template
    if template is None and finding.location.member is not None:  # an artifact that was given alone
        template = finding.location._replace(span=FIRST_LINE, member=None)
    if template is None:
        return finding.location, related
    if finding.location.member is not None:
        return template, [(finding.location, f"the member {finding.location.member}"), *related]
    known = {(where.path, where.span.line) for where, _ in related}
    if (template.path, template.span.line) not in known:
        related.append((template, "where the template names it"))
    return finding.location, related


def _physical(where: Location, options: Options, *, primary: bool = False) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(where, options)}}
    if primary or where.member is None:
        span = where.span
        region = {"startLine": span.line, "startColumn": span.column}
        if (span.end_line, span.end_column) > (span.line, span.column):
            region |= {"endLine": span.end_line, "endColumn": span.end_column}
        physical["region"] = region
    return physical


def uri(where: Location, options: Options) -> str:
    """The percent-encoded URI of a file relative to the repository's root; a file URI where it lies outside."""
    path = repo_path(where, options)
    if path.startswith("../") and (where.file or options.root):
        path = normpath((where.file or join(options.root, where.path)).replace("\\", "/"))
    outside = absolute(path)
    return f"file:///{encoded(path.lstrip('/'), '/~:')}" if outside else encoded(path, "/~")


def _suppressions(finding: Finding) -> list[dict[str, Any]]:
    if (suppressed := finding.suppressed) is None:
        return []
    kind = "inSource" if suppressed.kind in ("comment", "metadata") else "external"
    until = f"until {suppressed.until}" if suppressed.until else ""
    justification = "; ".join(visible(part) for part in (suppressed.reason, until) if part)
    value = {"kind": kind, "status": "accepted"}
    return [{**value, "justification": justification} if justification else value]


def _invocation(report: Report, notices: Iterable[Notice], options: Options) -> dict[str, Any]:
    level = "warning" if report.trusted else "error"
    return {
        "executionSuccessful": report.trusted,
        "toolExecutionNotifications": [_notification(notice, level, options) for notice in notices],
    }


def _notification(notice: Notice, level: str, options: Options) -> dict[str, Any]:
    text = f"{notice.resource}: {notice.message}" if notice.resource else notice.message
    value: dict[str, Any] = {"level": level, "message": {"text": sentence(text[:MAX_MESSAGE])}}
    if notice.path:
        where = {"uri": uri(Location(notice.path, FIRST_LINE), options)}
        value["locations"] = [{"physicalLocation": {"artifactLocation": where}}]
    return value


def _escaped(text: str) -> str:
    """Text in which nothing reads as a link of SARIF's (``[text](target)``)."""
    return text.replace("](", "]\\(") if "](" in text else text


def _label(text: str) -> str:
    text = visible(text).rstrip(".")
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
