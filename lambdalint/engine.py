"""The pipeline: discover, parse, check, judge; a reporter does the rest.

paths ─ discover ─► inputs ─ parse ─► deployments ─ check ─► problems ─ judge ─► report
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from lambdalint import suppressions
from lambdalint.finding import Finding, Notice, Problem, Report
from lambdalint.judge import Judge, Judged, Tally
from lambdalint.model.deployment import Deployment, Reading, Trace
from lambdalint.parsers.discover import Discovery, Source, discover
from lambdalint.rulebook import Rule, RuleBook, RuleError, load
from lambdalint.settings import INTERNAL, Roots, Settings, SettingsError, repository_root


class Bound(NamedTuple):
    """A rule ready to run."""

    rule: Rule
    check: Callable[..., Iterator[Problem | Notice]]
    arguments: dict[str, Any]


class Result(NamedTuple):
    """What one input gives: all that crosses processes."""

    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()
    census: tuple[Any, ...] = ()
    uses: tuple[suppressions.Use, ...] = ()
    """What came of each suppression that was met."""
    functions: int = 0
    files: int = 0
    hidden: int = 0
    named: tuple[str, ...] = ()
    """The logical IDs of ``--artifact`` and ``--image`` that it has."""


class Run:
    """The rules of one run, by subject, and where its paths start."""

    def __init__(self, settings: Settings, book: RuleBook, roots: Roots, reading: Any = None) -> None:
        self.reading = reading
        """Told while an image is read: see model.image.Progress."""
        self.settings = settings
        self.book = book
        self.roots = roots
        self.internal = INTERNAL in settings.select
        self.rules = book.selected(settings.codes, settings.ignore)
        self.judging = suppressions.Judging.of(book, self.rules, settings.as_of)
        self._bound: dict[str, Bound] = {}

    def bound(self, subject: str, deployment: Deployment | None = None) -> list[Bound]:
        """The selected rules for a subject, their checks imported now; of a deployment, those that it gives work."""
        chosen = [
            rule
            for rule in self.rules
            if rule.subject == subject
            and (not rule.needs or deployment is None or any(deployment.has(need) for need in rule.needs))
        ]
        for rule in chosen:
            if rule.code not in self._bound:
                self._bound[rule.code] = Bound(rule, *rule.bind())
        return [self._bound[rule.code] for rule in chosen]

    def problems(
        self, rules: Sequence[Bound], thing: Any, context: Any, notices: list[Notice]
    ) -> list[tuple[Bound, Problem]]:
        """What every rule says of its subject. A rule that crashes is a notice and spoils the run's trust."""
        found: list[tuple[Bound, Problem]] = []
        for bound in rules:
            try:
                for count, said in enumerate(bound.check(thing, context, **bound.arguments)):
                    if count == MOST_PROBLEMS:
                        words = f"{bound.rule.code} finds more than {MOST_PROBLEMS:,} faults here; the rest is not told"
                        notices.append(Notice(words, None, getattr(thing, "id", None)))
                        break
                    if isinstance(said, Notice):
                        path = None if said.path is None else self.roots.shown(said.path)
                        notices.append(said._replace(path=path))
                    else:
                        found.append((bound, said))
            except Exception as error:
                name = getattr(thing, "id", None)
                words = f"{bound.rule.code} could not be judged: {type(error).__name__}: {error}"
                notices.append(Notice(CRASH + words, None, name))
        return found


CRASH = "internal error: "
MOST_PROBLEMS = 2_000
"""Of one rule on one subject: nobody reads more, and a file made to have a hundred thousand must not hold up a run."""
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
        words = f"{hidden} findings on functions that CDK makes for itself are not shown"
        notices.append(Notice(f"{words}; --select {INTERNAL} shows them"))
    notices += [Notice(_missing(path), path) for path in found.missing]
    notices += [Notice(_nothing(path), path) for path in found.empty]
    findings = _once(finding for result in results for finding in result.findings)
    findings += _run_findings(run, "run", [row for result in results for row in result.census], notices)
    uses = [use for result in results for use in result.uses]
    said = _run_findings(run, "suppression", suppressions.faults(uses), notices)
    findings += suppressions.mark_own(said, uses)
    findings = suppressions.mark_configured(findings, settings.per_file_ignores, book, roots, settings.base)
    findings.sort(key=lambda finding: finding.sort_key)
    named = {id for result in results for id in result.named}
    strangers = [id for id in (*settings.artifacts, *settings.images) if id not in named]
    notices += [Notice(f"no template has a function or layer {id}: its artifact was not looked at") for id in strangers]
    trusted = not (found.missing or found.empty or strangers) and not any(n.message.startswith(CRASH) for n in notices)
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

        return [read_template(source, settings, roots)]
    from lambdalint.parsers.inputs import read_source

    return read_source(source, settings, roots)


def readings(paths: Sequence[str], settings: Settings, stdin: bytes | None = None) -> Iterator[Deployment]:
    """Every deployment below the paths, as checks see them."""
    settings = settings.complete()
    roots = Roots(settings.cwd, _stable_root(settings))
    for source in _discovered(paths, settings, stdin).sources:
        for reading in _read(source, settings, roots):
            yield from reading.deployments


def lint_source(run: Run, source: Source) -> Result:
    """Everything that one input gives. What breaks on it is a notice, and the others are linted all the same."""
    total = Result()
    try:
        for reading in _read(source, run.settings, run.roots):
            one: Iterable[Any] = _lint_reading(run, reading)
            total = Result(*(a + b for a, b in zip(total, one)))
    except (SettingsError, RuleError):
        raise
    except Exception as error:
        words = f"it could not be read: {type(error).__name__}: {error}"
        total = total._replace(notices=(*total.notices, Notice(CRASH + words, run.roots.shown(source.path))))
    return total


def _lint_reading(run: Run, reading: Reading) -> Result:
    checking = Checking(run, reading)
    if reading.input.faults:
        checking.check(run.bound("document"), reading.input)
    for thing in reading.artifacts:
        checking.check(run.bound("artifact"), thing)
    for deployment in reading.deployments:
        if run.reading is not None and deployment.template.artifacts is not None:
            deployment.template.artifacts.progress = run.reading
        checking.deployment(deployment)
    return checking.result()


class Checking:
    """One input under its rules. A check runs once for all deployments in which it sees the same."""

    def __init__(self, run: Run, reading: Reading) -> None:
        self.run = run
        self.reading = reading
        self.judge = Judge(reading.input.document, reading.input.path, run.roots, run.settings.severity, reading.name)
        self.tally = Tally()
        self.notices = list(reading.notices)
        self.census: list[Any] = []
        self.labels: list[str] = []
        self.functions: set[str] = set()
        self.named: set[str] = set()
        self.hidden: set[Any] = set()
        """Findings on what CDK made for itself: they are counted only."""
        self._seen: dict[tuple[str, str], list[tuple[list[Bound], Trace, list[Judged]]]] = {}

    def check(self, rules: Sequence[Bound], thing: Any, deployment: Deployment | None = None) -> list[Judged]:
        """Run rules on their subject; the findings, counted already."""
        found = self.run.problems(rules, thing, deployment, self.notices)
        judged = [self.judge.judge(bound.rule, problem, bound.arguments, deployment) for bound, problem in found]
        kept = [one for one in judged if one is not None and (self.run.internal or not one.internal)]
        self.hidden |= {one.key for one in judged if one is not None and one.internal and not self.run.internal}
        label = deployment.scenario.label if deployment is not None and not deployment.scenario.derived else None
        for one in kept:
            self.tally.add(one, label)
        return kept

    def deployment(self, deployment: Deployment) -> None:
        label = None if deployment.scenario.derived else deployment.scenario.label
        self.labels += [label] if label else []
        self.notices += deployment.notices
        self.functions.update(function.id for function in deployment.functions)
        if self.run.settings.artifacts or self.run.settings.images:
            ids = {deployment.owner(thing.id) for thing in (*deployment.functions, *deployment.layers)}
            self.named |= ids & {*self.run.settings.artifacts, *self.run.settings.images}
        for subject, things in (
            ("deployment", (deployment,)),
            ("function", deployment.functions),
            ("layer", deployment.layers),
            ("role", deployment.roles),
        ):
            rules = self.run.bound(subject, deployment) if things else []
            for thing in things if rules else ():
                earlier = self._seen.setdefault((subject, getattr(thing, "id", "")), [])
                judged = next((said for of, trace, said in earlier if of == rules and deployment.holds(trace)), None)
                if judged is None:
                    earlier.append((rules, *self._traced(rules, thing, deployment)))
                elif label:
                    for one in judged:
                        self.tally.add(one, label)
        if not deployment.scenario.derived and self.run.bound("run", deployment):
            from lambdalint.model.census import census_of

            self.census.append(census_of(deployment, self.judge))

    def _traced(self, rules: Sequence[Bound], thing: Any, deployment: Deployment) -> tuple[Trace, list[Judged]]:
        def work() -> list[Judged]:
            if thing is not deployment:
                deployment.resource(thing.id)
            return self.check(rules, thing, deployment)

        judged, trace = deployment.traced(work)
        return trace, judged

    def result(self) -> Result:
        crashed = [notice.message for notice in self.notices if notice.message.startswith(CRASH)]
        findings, uses = suppressions.mark(
            self.tally.findings(self.labels), self.reading, self.run.judging, self.run.roots, crashed
        )
        return Result(
            tuple(findings),
            tuple(self.notices),
            tuple(self.census),
            tuple(uses),
            len(self.functions),
            1,
            len(self.hidden),
            tuple(self.named),
        )


def _run_findings(run: Run, subject: str, things: Sequence[Any], notices: list[Notice]) -> list[Finding]:
    """What the rules for the whole run say: of its census, or of its suppressions."""
    if not things:
        return []
    judge = Judge(None, "", run.roots, run.settings.severity)
    tally = Tally()
    for bound, problem in run.problems(run.bound(subject), things, None, notices):
        one = judge.judge(bound.rule, problem, bound.arguments)
        if one is not None:
            tally.add(one, None)
    return tally.findings(())
