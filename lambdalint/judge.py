"""A Problem becomes a Finding: words, spans, when it holds, a fingerprint; the same one in several scenarios is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lambdalint.digest import sha256
from lambdalint.finding import (
    FIRST_LINE,
    INHERITED,
    REACHED,
    Decision,
    Finding,
    Location,
    Path,
    Place,
    Problem,
    Related,
)
from lambdalint.model.deployment import Deployment
from lambdalint.model.template import ALONE, DocumentLike
from lambdalint.rulebook import Rule, severity_of
from lambdalint.settings import Roots

NAMES = ("Sid", "Id", "Key", "Name", "StatementId", "LogicalId")
"""What names a list's item in a fingerprint, before its index."""
_FINGERPRINT = Finding._fields.index("fingerprint")


class Judged(NamedTuple):
    """A finding on its way: what it rests on is still needed to merge it."""

    finding: Finding
    decisions: tuple[Decision, ...]
    key: tuple[Any, ...]
    """What makes it the same finding in another scenario."""
    identity: str
    """The fingerprint's text, without ordinal."""
    written: Path
    """The path in the document."""
    internal: bool = False
    """It is about a resource that CDK made for itself."""
    shared: bool = False
    """It stands where several functions may have it from: in Globals, or in code that they reach."""


class Judge:
    """Judges the problems of one template (its deployments), or of one file that gave none."""

    def __init__(
        self, document: DocumentLike | None, path: str, roots: Roots, severities: Mapping[str, str], name: str = ""
    ) -> None:
        self.document = document
        self.path = path
        self.roots = roots
        self.severities = severities
        self.name = name
        self._shown, self._absolute = roots.shown(path), roots.absolute(path)
        self._stable_name = name or roots.stable(path)

    def judge(
        self, rule: Rule, problem: Problem, arguments: Mapping[str, Any], deployment: Deployment | None = None
    ) -> Judged | None:
        """The finding, or None for a derived scenario's that rests on two independent decisions."""
        decisions: list[Decision] = []
        related: list[Related] = []
        location, written, links = self._locate(problem.at, deployment, decisions)
        related += links
        for place, note in problem.related:
            if deployment is not None and deployment.template.kind == ALONE and place.file is None:
                continue  # there is no template to point at
            where, _, links = self._locate(place, deployment, decisions)
            related.append(Related(where, note))
            related += links
        for place in problem.reads:
            self._locate(place, deployment, decisions)
        if deployment is not None and deployment.scenario.derived and _independent(decisions, deployment) > 1:
            return None
        at = problem.at
        resource = holding = at.resource
        message = rule.message(problem, arguments)
        template: Location | None = None
        shared = False
        if deployment is not None:
            if resource is not None:
                template = self._template_line(problem, deployment)
                construct = deployment.template.constructs.get(_constructed(resource, deployment))
                if construct:
                    message = f"{message} ({construct})"
                source = deployment.template.sources.get(_constructed(resource, deployment))
                if source is not None and at.file is None:
                    related.insert(0, Related(location, "in the template"))
                    location = source
                # What SAM writes into the user's own bucket or API stands at the function's event.
                holder = written[1] if len(written) > 1 and written[0] == "Resources" else None
                resource = holder if holder in deployment.declared else deployment.owner(resource)
            if deployment.template.kind == ALONE:
                resource = template = None
            shared = written[:1] == ("Globals",) or (at.file is not None and at.anchor is not None)
            if shared and resource is not None:
                source = deployment.template.sources.get(resource)
                own = source or self._in_document(("Resources", resource), True)
                related.append(Related(own, (REACHED if at.file else INHERITED) + resource))
        unique = dict.fromkeys(link for link in related if link.location != location) if related else ()
        severity = severity_of(rule, problem, self.severities)
        finding = Finding(
            rule.code, rule.name, severity, message, location, resource, (), tuple(unique), template=template
        )
        construct = deployment.template.constructs.get(resource or "", "") if deployment else ""
        # A message may name a value, and a value changes: the kind of problem is what stays.
        identity = "\0".join(
            (
                rule.code,
                self._stable_path(at, deployment),
                construct or resource or "",
                self._stable(at, deployment),
                problem.kind,
            )
        )
        internal = deployment is not None and holding in deployment.template.internal
        key = (rule.code, message, location, resource)
        return Judged(finding, tuple(decisions), key, identity, written, internal, shared)

    def _stable_path(self, place: Place, deployment: Deployment | None) -> str:
        if not self.name and place.file is not None and place.member is None:
            return self.roots.stable(place.file)
        return self._stable_name

    def _template_line(self, problem: Problem, deployment: Deployment) -> Location | None:
        """The template's line for a finding that lies in a file."""
        if problem.at.file is None:
            return None
        resource = problem.at.resource
        source = deployment.template.sources.get(_constructed(resource, deployment)) if resource is not None else None
        if source is not None:
            return source
        if not problem.at.path:
            return None
        return self._locate(Place(problem.at.path, problem.at.key), deployment, [])[0]

    def _stable(self, place: Place, deployment: Deployment | None) -> str:
        """The property path, with list items called by their names."""
        path = place.path[2:] if place.resource else place.path
        tail = f"#{place.member or ''}#{place.anchor or ''}"
        if int not in map(type, path):
            return "/".join(map(str, path)) + tail
        value: Any = None
        if deployment is not None and place.resource:
            resource = deployment.resources.get(place.resource)
            value = {"Properties": resource.properties} if resource else None
        parts: list[str] = []
        for key in path:
            value = _child(value, key)
            if isinstance(key, int) and isinstance(value, dict):
                named = next((str(value[name]) for name in NAMES if isinstance(value.get(name), str)), None)
                parts.append(named or str(key))
            else:
                parts.append(str(key))
        return "/".join(parts) + tail

    def _locate(
        self, place: Place, deployment: Deployment | None, decisions: list[Decision]
    ) -> tuple[Location, Path, list[Related]]:
        """Where a place is, the path in the document, and where its value came from; decisions are added."""
        related: list[Related] = []
        path = place.path
        if deployment is not None and path and not place.written:
            written = deployment.origin(path)
            if written.decisions:
                decisions += [d for d in written.decisions if d not in decisions]
            path = written.path or path
            for link in written.links:
                location = link.location or self._in_document(deployment.in_document(link.path), True)
                related.append(Related(location, link.note))
                label = deployment.scenario.label
                if link.location is not None and label is not None:
                    # The value was written for this environment: it holds there, whatever others there are.
                    decision = Decision("environment", label, True)
                    decisions += [decision] if decision not in decisions else []
        if place.file is not None:
            span = place.span or FIRST_LINE
            shown = self.roots.shown(place.file)
            return Location(shown, span, place.member, self.roots.absolute(place.file)), path, related
        if place.inside and place.span is not None and self.document is not None:
            span = self.document.locate_in(path, *place.span)
            return Location(self._shown, span, None, self._absolute), path, related
        if place.span is not None:
            return Location(self._shown, place.span, None, self._absolute), path, related
        return self._in_document(path, place.key), path, related

    def _in_document(self, path: Path, key: bool) -> Location:
        span = FIRST_LINE
        if self.document is not None:
            if not self.document.has(path):
                # What is missing is shown where it would stand: at the name of what lacks it.
                while path and not self.document.has(path):
                    path = path[:-1]
                while len(path) > 2 and (path[-1] == "Properties" or isinstance(path[-1], int)):
                    path = path[:-1]
                key = True
            span = self.document.locate(path, key)
        return Location(self._shown, span, None, self._absolute)


def _constructed(resource: str, deployment: Deployment) -> str:
    """The resource that a construct made: what SAM makes is of the one that it was written for."""
    return resource if resource in deployment.template.constructs else deployment.owner(resource)


def _child(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return None


def _independent(decisions: Sequence[Decision], deployment: Deployment) -> int:
    """How many decisions with nothing in common depart from the named deployment."""
    groups: list[frozenset[str]] = []
    for decision in decisions:
        if deployment.departs(decision):
            roots = deployment.roots(decision)
            joined = [group for group in groups if group & roots]
            groups = [group for group in groups if not group & roots]
            groups.append(roots.union(*joined))
    return len(groups)


class Tally:
    """The findings of one template: the same finding of several scenarios is one, with what always led to it."""

    def __init__(self) -> None:
        self._found: dict[tuple[Any, ...], tuple[Judged, list[Decision], set[str]]] = {}

    def add(self, judged: Judged, label: str | None) -> None:
        entry = self._found.get(judged.key)
        if entry is None:
            entry = self._found[judged.key] = (judged, list(judged.decisions), set())
        else:
            entry[1][:] = [decision for decision in entry[1] if decision in judged.decisions]
        if label is not None:
            entry[2].add(label)

    def findings(self, labels: Sequence[str]) -> list[Finding]:
        """Merged findings with fingerprints, in no order; ``labels`` are the named deployments that were looked at."""
        everywhere = len(set(labels))
        merged: list[tuple[Finding, str]] = []
        heirs: dict[tuple[Any, ...], int] = {}
        for judged, decisions, seen in self._found.values():
            texts = [decision.text() for decision in decisions]
            if seen and len(seen) < everywhere:
                texts += [Decision("environment", label, True).text() for label in sorted(seen)]
                texts = list(dict.fromkeys(texts))
            finding = judged.finding._replace(when=tuple(texts)) if texts else judged.finding
            if judged.shared:
                # The fix is in one place: one finding there, with every function that it reaches.
                key = (finding.code, finding.location, finding.message)
                first = heirs.get(key)
                if first is not None:
                    known = merged[first][0]
                    related = tuple(dict.fromkeys((*known.related, *finding.related)))
                    when = tuple(text for text in known.when if text in finding.when)
                    merged[first] = (known._replace(related=related, when=when), merged[first][1])
                    continue
                heirs[key] = len(merged)
            merged.append((finding, judged.identity))
        if len({identity for _, identity in merged}) < len(merged):  # ordinals go by place
            merged.sort(key=lambda pair: pair[0].sort_key)
        ordinals: dict[str, int] = {}
        result: list[Finding] = []
        for finding, identity in merged:
            ordinal = ordinals[identity] = ordinals.get(identity, -1) + 1
            fingerprint = sha256(f"{identity}\0{ordinal}")
            result.append(Finding._make((*finding[:_FINGERPRINT], fingerprint, *finding[_FINGERPRINT + 1 :])))
        return result
