"""What a run is told: from the command line, from lambdalint.toml or [tool.lambdalint]."""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

INTERNAL = "cdk-internal"
"""What --select names to see findings on the functions that CDK makes for itself."""


class SettingsError(Exception):
    """Wrong usage or a wrong config: exit code 2."""


class Settings(NamedTuple):
    """Everything that a run depends on, the day included."""

    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    fail_on: str = "error"
    exclude: Sequence[str] = ()
    per_file_ignores: Mapping[str, Sequence[str]] = {}
    severity: Mapping[str, str] = {}
    region: str | None = None
    parameter_overrides: Mapping[str, str] = {}
    quotas: Mapping[str, Any] = {}
    rules: Sequence[str] = ()
    as_of: str = ""
    checked_on: str = ""
    """The day on which the table of runtimes is taken to have been checked, where not its own: for examples."""
    baseline: str | None = None
    update_baseline: bool = False
    artifacts: Mapping[str, str] = {}
    images: Mapping[str, str] = {}
    runtime: str | None = None
    architecture: str | None = None
    handler: str | None = None
    jobs: int = 0
    """0: as many as there are cores, where the work is worth it."""
    cache: bool = True
    cwd: str = ""
    """Absolute working directory: findings name paths relative to it."""
    config: str | None = None
    """Absolute path of the config file in force."""
    origins: Mapping[str, str] = {}
    """Field to where its value comes from: ``lambdalint.toml:3``, ``the command line``. A default has none."""

    @property
    def base(self) -> str:
        """The folder that patterns of files start from."""
        return os.path.dirname(self.config) if self.config else self.cwd

    @property
    def codes(self) -> Sequence[str]:
        """What ``select`` names of the book's rules."""
        return [word for word in self.select if word != INTERNAL]

    def complete(self) -> "Settings":
        """With the day and the working directory filled in."""
        changes: dict[str, Any] = {}
        if not self.as_of:
            import time

            changes["as_of"] = time.strftime("%Y-%m-%d")
        if not self.cwd:
            changes["cwd"] = os.getcwd()
        return self._replace(**changes) if changes else self


def repository_root(start: str) -> str | None:
    """The nearest folder at or above ``start`` that holds .git, or None."""
    folder = start
    while True:
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def project_root(path: str, cwd: str) -> str:
    """The outermost of the git root, the working directory and the input's own folder: nothing outside it is read."""
    own = path if os.path.isdir(path) else os.path.dirname(path)
    candidates = [own]
    root = repository_root(own)
    if root:
        candidates.append(root)
    if own == cwd or own.startswith(cwd.rstrip(os.sep) + os.sep):
        candidates.append(cwd)
    return min((os.path.realpath(c) for c in candidates), key=len)


class Roots(NamedTuple):
    """Where paths start: findings from the working directory, fingerprints from the repository."""

    cwd: str
    repository: str

    def shown(self, path: str) -> str:
        """A path relative to the working directory, POSIX."""
        if path in ("-", "<stdin>"):
            return "<stdin>"
        relative = os.path.relpath(path, self.cwd) if os.path.isabs(path) else os.path.normpath(path)
        return relative.replace(os.sep, "/")

    def absolute(self, path: str) -> str:
        return "" if path in ("-", "<stdin>") else os.path.join(self.cwd, path)

    def stable(self, path: str) -> str:
        """A path for a fingerprint: relative to the repository, POSIX."""
        absolute = self.absolute(path)
        return os.path.relpath(absolute, self.repository).replace(os.sep, "/") if absolute else "<stdin>"

    def of_stable(self, path: str) -> str:
        """The absolute path behind one of a fingerprint."""
        return os.path.join(self.repository, *path.split("/"))
