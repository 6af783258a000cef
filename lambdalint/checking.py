"""The rules of a run on one input: each check once for all deployments in which it sees the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from lambdalint import suppressions
from lambdalint.finding import Finding, Notice, Problem
from lambdalint.judge import Judge, Judged, Tally
from lambdalint.model.deployment import Deployment, Reading, Trace
from lambdalint.rulebook import Rule, RuleBook
from lambdalint.settings import INTERNAL, Roots, Settings

CRASH = "internal error: "
MOST_PROBLEMS = 2_000
"""Of one rule on one subject: nobody reads more, and a file made to have a hundred thousand must not hold up a run."""


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


def lint_reading(run: Run, reading: Reading) -> Result:
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


def run_findings(run: Run, subject: str, things: Sequence[Any], notices: list[Notice]) -> list[Finding]:
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
