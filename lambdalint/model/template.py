"""What every deployment of one template shares, and the scenario that tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from lambdalint.finding import Fault, Location, Path, Span


class DocumentLike(Protocol):
    """What the model knows of the file behind a template."""

    path: str
    kind: str
    root: Any
    data: bytes

    def locate(self, path: Path, key: bool = False) -> Span: ...

    def locate_in(self, path: Path, line: int, column: int, end_line: int, end_column: int) -> Span: ...

    def has(self, path: Path) -> bool: ...


ALONE = "artifact"
"""The kind of template of a package or an image that was given alone: options stand in its place."""


class Template(NamedTuple):
    """What every deployment of one template shares."""

    document: DocumentLike
    directory: str
    """Absolute folder that the template's local paths start from."""
    project: str
    """Absolute project root: no path outside it is read."""
    kind: str
    """``cloudformation``, ``sam``, ``cdk`` or ALONE."""
    sources: Mapping[str, Location] = {}
    """CDK: logical ID to the user's line of code that made it."""
    constructs: Mapping[str, str] = {}
    """CDK: logical ID to construct path."""
    internal: frozenset[str] = frozenset()
    """CDK: logical IDs of what CDK made for itself: functions, their roles and layers, permissions nobody asked for."""
    assets: Mapping[str, str] = {}
    """CDK: logical ID to the absolute path of its asset."""
    name: str = ""
    """What a fingerprint takes in place of the template's path (CDK: the stack)."""
    artifacts: Any = None
    """Opens packages, images and source: a model.local.Artifacts (loaded when it is asked)."""


class Scenario(NamedTuple):
    """One assignment of parameters. ``label`` names a samconfig environment."""

    label: str | None = None
    derived: bool = False
    departures: frozenset[str] = frozenset()
    """Parameters whose value a derived scenario changed."""
    overrides: tuple[tuple[str, Location | None], ...] = ()
    """Parameters that the named deployment sets, and the line of a samconfig that does."""


ONLY = Scenario()
"""The scenario of a template that has no other: its own defaults."""


class Input(NamedTuple):
    """A file that was claimed as a template: what can be said of it without a deployment."""

    path: str
    document: DocumentLike | None
    faults: tuple[Fault, ...]
