"""Marks findings that somebody has said not to count: it never drops one.

Comments and Metadata are looked at where the document is at hand, one input at a time. What came of each goes back as
a Use, since code is shared: a comment in it is unused only where no template's findings met it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lambdalint.finding import INHERITED, REACHED, Fault, Finding, Location, Suppressed
from lambdalint.suppressions.places import Suppression, could_judge, places, reads_code

if TYPE_CHECKING:
    from lambdalint.model.deployment import Reading
    from lambdalint.rulebook import Rule, RuleBook
    from lambdalint.settings import Roots

USED, EXPIRED, UNKNOWN, UNREADABLE, UNUSED, UNTOLD = range(6)
"""What came of a suppression. Of several inputs that met it the least counts; UNTOLD says nothing."""
_KINDS = {
    EXPIRED: "expired-suppression",
    UNKNOWN: "unknown-rule",
    UNREADABLE: "malformed",
    UNUSED: "unused-suppression",
}


class Use(NamedTuple):
    """One code of one suppression, and what came of it."""

    location: Location
    code: str
    state: int
    whole: bool = False
    resource: str | None = None
    words: str = ""
    """What is wrong with it, or the nearest name."""
    why: Suppressed = Suppressed("comment")


class Judging(NamedTuple):
    """What a run judges by: its book, the codes selected, and the day (YYYY-MM-DD)."""

    book: RuleBook
    selected: frozenset[str]
    as_of: str
    all_code: bool
    """Whether handlers' code is read in any case, so that looking for comments in it costs little."""

    @classmethod
    def of(cls, book: RuleBook, rules: Sequence[Rule], as_of: str) -> Judging:
        """``rules`` are those that run."""
        return cls(book, frozenset(rule.code for rule in rules), as_of, any(map(reads_code, rules)))


def mark(
    findings: Sequence[Finding], reading: Reading, judging: Judging, roots: Roots, crashed: Sequence[str] = ()
) -> tuple[list[Finding], list[Use]]:
    """The findings of one input, marked where a comment or Metadata says so; and what came of each suppression.

    ``crashed`` are the notices of rules that could not be judged.
    """
    found = places(reading, findings, judging.all_code, roots)
    if not found:
        return list(findings), []
    result = list(findings)
    uses: list[Use] = []
    rules = {name: rule for rule in judging.book.rules.values() for name in (rule.code, rule.name)}
    by_code: dict[str, list[int]] = {}
    for at, finding in enumerate(findings):
        by_code.setdefault(finding.code, []).append(at)
    for one in found:
        why = Suppressed(one.kind, one.directive.reason, one.directive.until)
        use = Use(one.location, "", UNREADABLE, one.whole, min(one.resources or one.within, default=None), why=why)
        if one.directive.problem is not None:
            uses.append(use._replace(words=one.directive.problem))
            continue
        for code in one.directive.codes:
            rule = rules.get(code) or rules.get(code.upper())
            if rule is None:
                uses.append(use._replace(code=code, state=UNKNOWN, words=_nearest(code, rules)))
                continue
            if why.until is not None and why.until < judging.as_of:
                uses.append(use._replace(code=rule.code, state=EXPIRED))
                continue
            reached = [at for at in by_code.get(rule.code, ()) if reaches(one, findings[at])]
            for at in reached:
                if result[at].suppressed is None and _for_all(findings[at], found, judging.as_of):
                    result[at] = result[at]._replace(suppressed=why)
            judged = rule.code in judging.selected and not any(rule.code in words for words in crashed)
            told = not reached and judged and could_judge(rule, one, reading)
            uses.append(use._replace(code=rule.code, state=USED if reached else UNUSED if told else UNTOLD))
    return result, uses


def reaches(one: Suppression, finding: Finding) -> bool:
    """Whether a suppression speaks of the place of a finding, of a related one, or of its resource."""
    if finding.resource in one.resources or (one.whole and one.kind == "metadata"):
        return True
    places = [finding.location, *(related.location for related in finding.related)]
    if finding.template is not None:
        places.append(finding.template)
    file = one.location.path
    return any(p.path == file and p.member is None and one.first <= p.span.line <= one.last for p in places)


def _for_all(finding: Finding, found: Sequence[Suppression], as_of: str) -> bool:
    """Whether a finding that several functions share (Globals, code) is suppressed for each, or where it stands."""
    heirs = [related for related in finding.related if related.message.startswith((INHERITED, REACHED))]
    if len(heirs) < 2:
        return True
    mine = [
        one
        for one in found
        if one.directive.problem is None and not (one.directive.until and one.directive.until < as_of)
        if finding.name in one.directive.codes or finding.code in (code.upper() for code in one.directive.codes)
    ]
    bare = finding._replace(related=tuple(set(finding.related) - set(heirs)), resource=None)
    if any(reaches(one, bare) for one in mine):
        return True
    functions = [(heir.message.removeprefix(INHERITED).removeprefix(REACHED), heir.location) for heir in heirs]
    return all(any(reaches(one, bare._replace(resource=id, location=at)) for one in mine) for id, at in functions)


def _nearest(code: str, names: Iterable[str]) -> str:
    from lambdalint.nearest import nearest

    meant = nearest(code, names)
    return f"; did you mean {meant}?" if meant else ""


# -- at the end of a run -----------------------------------------------------------------------------------------------


def faults(uses: Iterable[Use]) -> list[Fault]:
    """What is wrong with suppressions, as facts for LL006 and LL007: each code of each once."""
    least: dict[tuple[Location, str], Use] = {}
    for use in uses:
        key = (use.location._replace(file=""), use.code)
        if key not in least or use.state < least[key].state:
            least[key] = use
    return [
        Fault(
            _KINDS[use.state],
            # The code is part of what is said, so of the fingerprint.
            ("Resources", use.resource, use.code) if use.resource else (use.code,),
            {"code": use.code, "until": use.why.until, "problem": use.words},
            use.location.span,
            file=use.location.file or use.location.path,
        )
        for use in least.values()
        if use.state in _KINDS
    ]


def mark_own(findings: Sequence[Finding], uses: Sequence[Use]) -> list[Finding]:
    """The findings about suppressions, those marked that a suppression of LL006 or LL007 itself speaks of."""
    said = [use for use in uses if use.state in (USED, UNUSED, UNTOLD)]
    result = []
    for finding in findings:
        for use in said:
            same = use.location.path == finding.location.path
            if same and use.code == finding.code and (use.whole or use.location.span == finding.location.span):
                finding = finding._replace(suppressed=use.why)
                break
        result.append(finding)
    return result


def mark_configured(
    findings: Sequence[Finding], ignores: Mapping[str, Sequence[str]], book: RuleBook, roots: Roots, base: str
) -> list[Finding]:
    """Findings marked that the config's per-file-ignores name; patterns are those of .gitignore, from ``base``."""
    if not ignores:
        return list(findings)
    from lambdalint.parsers.gitignore import matcher

    patterns = [(matcher([p]), {r.code for c in codes for r in book.matching(c)}) for p, codes in ignores.items()]
    result = []
    for finding in findings:
        if finding.suppressed is None:
            path = roots.absolute(finding.location.path)
            path = os.path.relpath(path, base).replace(os.sep, "/") if path else finding.location.path
            if any(finding.code in codes and match(path) for match, codes in patterns):
                finding = finding._replace(suppressed=Suppressed("config"))
        result.append(finding)
    return result
