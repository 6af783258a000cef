"""The pipeline: discover, parse, check, judge; a reporter does the rest.

paths ─ discover ─► inputs ─ parse ─► deployments ─ check ─► problems ─ judge ─► report
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from lambdalint import suppressions
from lambdalint.checking import CRASH, Result, Run, lint_reading, run_findings
from lambdalint.finding import Finding, Notice, Report
from lambdalint.model.deployment import Deployment, Reading
from lambdalint.parsers.discover import Discovery, Source, discover
from lambdalint.rulebook import RuleBook, RuleError, load
from lambdalint.settings import INTERNAL, Roots, Settings, SettingsError, repository_root

Watch = Callable[[Iterable[Result], int], Iterable[Result]]
"""Hands on the results of so many inputs as they come: a progress bar."""


def prepare(settings: Settings) -> tuple[Settings, RuleBook]:
    """The book that settings ask for, a team's own rules in it, and the settings checked against it.

    Raises SettingsError or RuleError for what cannot be used.
    """
    from lambdalint.config import checked

    settings = settings.complete()
    book = load(settings.quotas, settings.checked_on)
    if settings.rules:
        from lambdalint.ownrules import add_own

        add_own(book, settings.rules)
    for id, path in (*settings.artifacts.items(), *settings.images.items()):
        if not os.path.exists(os.path.join(settings.cwd, path)):
            raise SettingsError(f"{id}={path}: there is no such file or folder")
    return checked(settings, book), book


def lint(
    paths: Sequence[str],
    settings: Settings,
    stdin: bytes | None = None,
    watch: Watch | None = None,
    reading: Any = None,
) -> tuple[Report, RuleBook]:
    """Lint everything below the paths. Raises SettingsError or RuleError for settings and rules that cannot be used.

    ``watch`` gets the results as they come; of a single input ``reading`` is told how far its images are read.
    """
    settings, book = prepare(settings)
    found = _discovered(paths, settings, stdin)
    roots = Roots(settings.cwd, _stable_root(settings))
    run = Run(settings, book, roots, reading if len(found.sources) < 2 else None)
    each = _each(run, found.sources)
    results = list(watch(each, len(found.sources)) if watch else each)
    notices = [notice for result in results for notice in result.notices]
    hidden = sum(result.hidden for result in results)
    if hidden:
        words = "findings on what CDK makes for itself are" if hidden > 1 else "finding on what CDK makes for itself is"
        notices.append(Notice(f"{hidden} {words} not shown without --select {INTERNAL}"))
    notices += [Notice(_missing(path), path) for path in found.missing]
    notices += [Notice(f"it cannot be read: {reason}", roots.shown(path)) for path, reason, _ in found.unread]
    notices += [Notice(_nothing(path), path) for path in found.empty]
    findings = [finding for result in results for finding in result.findings]
    if len(results) > 1:
        findings = _once(findings)
    findings += run_findings(run, "run", [row for result in results for row in result.census], notices)
    uses = [use for result in results for use in result.uses]
    said = run_findings(run, "suppression", suppressions.faults(uses), notices)
    findings += suppressions.mark_own(said, uses)
    findings = suppressions.mark_configured(findings, settings.per_file_ignores, book, roots, settings.base)
    findings.sort(key=lambda finding: finding.sort_key)
    named = {id for result in results for id in result.named}
    strangers = [id for id in (*settings.artifacts, *settings.images) if id not in named]
    notices += [Notice(f"no template has a function or layer {id}: its artifact was not looked at") for id in strangers]
    unread = any(one.named for one in found.unread)
    crashed = any(notice.message.startswith(CRASH) for notice in notices)
    trusted = not (found.missing or found.empty or unread or strangers or crashed)
    if settings.baseline:
        from lambdalint.baseline import compare

        origins = [(roots.stable(source.path), result.findings) for source, result in zip(found.sources, results)]
        findings, stale = compare(findings, origins, paths, settings, roots, run.judging.selected, trusted)
        notices += stale
    functions, files = sum(result.functions for result in results), sum(result.files for result in results)
    return Report(tuple(findings), tuple(dict.fromkeys(notices)), functions, files, trusted), book


def _discovered(paths: Sequence[str], settings: Settings, stdin: bytes | None) -> Discovery:
    """The inputs. A folder without a template is the package that ``--runtime`` or ``--handler`` speak of."""
    found = discover(paths or ["."], settings.exclude, stdin, settings.base)
    if settings.runtime or settings.handler:
        packages = (Source("package", path, None, True) for path in found.empty)
        found = found._replace(sources=(*found.sources, *packages), empty=())
    return found


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once, also where its file was reached by two paths (a stage of an assembly that is named itself)."""
    first: dict[Any, Finding] = {}
    for finding in findings:
        first.setdefault((finding.code, finding.location, finding.message, finding.resource), finding)
    return list(first.values())


def _stable_root(settings: Settings) -> str:
    config = os.path.dirname(settings.config) if settings.config else None
    return repository_root(settings.cwd) or config or settings.cwd


def _missing(path: str) -> str:
    synthesise = ": run cdk synth first" if os.path.basename(os.path.normpath(path)) == "cdk.out" else ""
    return f"there is no such file or folder{synthesise}"


def _nothing(path: str) -> str:
    if os.path.exists(os.path.join(path, "cdk.json")):
        return "nothing to lint here: run cdk synth, then lint cdk.out"
    return "nothing to lint here: no template names an AWS::Lambda or AWS::Serverless resource"


def _each(run: Run, sources: Sequence[Source]) -> Iterable[Result]:
    jobs = run.settings.jobs or (os.cpu_count() or 1 if len(sources) > 64 else 1)
    if jobs > 1 and len(sources) > 1:
        from lambdalint.pool import spread

        return spread(run, sources, jobs)
    return (lint_source(run, source) for source in sources)


def _read(source: Source, settings: Settings, roots: Roots) -> Iterable[Reading]:
    if source.kind == "template":
        from lambdalint.parsers.template import read_template

        return [read_template(source, settings)]
    from lambdalint.parsers.inputs import read_source

    return read_source(source, settings, roots)


def readings(paths: Sequence[str], settings: Settings, stdin: bytes | None = None) -> Iterator[Deployment]:
    """Every deployment below the paths, as checks see them.

    Raises SettingsError for a path that is not there or cannot be read, and for a folder with nothing to lint.
    """
    settings = settings.complete()
    roots = Roots(settings.cwd, _stable_root(settings))
    found = _discovered(paths, settings, stdin)
    wrong = [f"{_missing(path)}: {path}" for path in found.missing] + [
        f"{path}: {_nothing(path)}" for path in found.empty
    ]
    wrong += [f"{one.path} cannot be read: {one.reason}" for one in found.unread if one.named]
    if wrong:
        raise SettingsError("; ".join(wrong))
    for source in found.sources:
        for reading in _read(source, settings, roots):
            yield from reading.deployments


def lint_source(run: Run, source: Source) -> Result:
    """Everything that one input gives. What breaks on it is a notice, and the others are linted all the same."""
    total = Result()
    try:
        for reading in _read(source, run.settings, run.roots):
            one: Iterable[Any] = lint_reading(run, reading)
            total = Result(*(a + b for a, b in zip(total, one)))
    except (SettingsError, RuleError):
        raise
    except Exception as error:
        words = f"it could not be read: {type(error).__name__}: {error}"
        total = total._replace(notices=(*total.notices, Notice(CRASH + words, run.roots.shown(source.path))))
    return total
