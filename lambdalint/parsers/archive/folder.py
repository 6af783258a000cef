"""Folders as SAM and CDK would zip them: links followed (within the root), empty folders left out.

Of an unbuilt folder only what a clean clone would hold counts: git-ignored files, virtual environments, caches and
installed or built things beside the manifest they come from are left out, and named in ``left_out``.
"""

from __future__ import annotations

import os
import re
import stat

from lambdalint.model.artifact import Contents, Member
from lambdalint.parsers.archive.names import folders_of
from lambdalint.parsers.faults import Faults
from lambdalint.parsers.gitignore import Ignored

MAX_MEMBERS = 250_000
MAX_DEPTH = 200
MAX_LEFT_OUT = 1_000

MANIFESTS = frozenset(
    "requirements.txt pyproject.toml Pipfile setup.py setup.cfg package.json pom.xml build.gradle build.gradle.kts"
    " go.mod Gemfile Cargo.toml Makefile".split()
)
"""Files that a build step builds from."""
_PROJECT_FILE = re.compile(r"\.(?:cs|fs|vb)proj$")
_NEVER_CODE = frozenset(
    ".git .hg .svn .aws-sam cdk.out .serverless .terraform __pycache__ .pytest_cache .mypy_cache .ruff_cache "
    ".hypothesis .tox .nox .eggs .ipynb_checkpoints .gradle .idea .vscode .vs .nyc_output .parcel-cache .turbo "
    ".cache htmlcov __pypackages__ .direnv".split()
)
_NEVER_CODE_FILES = re.compile(r"\.py[co]$|^\.DS_Store$|^\.coverage(?:\..*)?$|^Thumbs\.db$|\.sw[op]$|~$")
_BUILT_BESIDE = {
    "node_modules": ("package.json",),
    "dist": ("package.json", "pyproject.toml", "setup.py", "setup.cfg"),
    "build": ("pyproject.toml", "setup.py", "setup.cfg", "build.gradle", "build.gradle.kts"),
    "target": ("pom.xml", "Cargo.toml"),
    "coverage": ("package.json",),
}
"""Folders that are the output of a manifest beside them."""
_LAYER_ROOTS = ("", "python", "nodejs")


def is_built(path: str) -> bool:
    """True for a folder that is deployed as it lies there: SAM's build folder, a CDK asset, one that git ignores,
    or one with installed dependencies and no manifest to build from."""
    full = os.path.abspath(path)
    parts = full.split(os.sep)
    if ".aws-sam" in parts or re.fullmatch(r"asset\.[0-9a-f]{64}", parts[-1]):
        return True
    installed = False
    for root in _LAYER_ROOTS:
        try:
            names = os.listdir(os.path.join(path, root))
        except OSError:
            continue
        if any(name in MANIFESTS or _PROJECT_FILE.search(name) for name in names):
            return Ignored(path).root_ignored
        installed = installed or "node_modules" in names or any(name.endswith(".dist-info") for name in names)
        if root == "python" and "lib" in names:
            installed = installed or _site_packages(os.path.join(path, root, "lib"))
    return installed or Ignored(path).root_ignored


def _site_packages(lib: str) -> bool:
    try:
        return any(os.path.isdir(os.path.join(lib, name, "site-packages")) for name in os.listdir(lib))
    except OSError:
        return False


def read_contents(path: str, built: bool, root: str | None = None) -> Contents:
    """Members of a folder; links are followed within ``root`` (default: the folder), never out of it."""
    try:
        walk = _Walk(path, built, root)
        walk.enter(os.path.realpath(path), "", ())
    except OSError as error:
        faults = Faults()
        faults.add("unreadable", error=error.strerror or str(error))
        return Contents(faults=faults.all(), complete=False)
    members = dict(sorted(walk.members.items()))
    total = sum(member.size for member in members.values())
    return Contents(
        members,
        frozenset(folders_of(members)),
        walk.faults.all(),
        total,
        total,
        walk.complete,
        tuple(sorted(walk.left_out)),
    )


class _Walk:
    __slots__ = ("complete", "faults", "ignored", "left_out", "members", "root", "seen")

    def __init__(self, path: str, built: bool, root: str | None) -> None:
        self.root = os.path.realpath(root or path)
        self.ignored = None if built else Ignored(path)
        self.members: dict[str, Member] = {}
        self.faults = Faults()
        self.left_out: list[str] = []
        self.complete = True
        self.seen = 0

    def enter(self, real: str, prefix: str, above: tuple[str, ...]) -> None:
        """Take in one folder (its real path); ``above`` are the real paths that lead to it: a link to one is a loop."""
        if real in above:
            return
        if len(above) > MAX_DEPTH:
            self.complete = False
            return
        above = (*above, real)
        with os.scandir(real) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
        beside = frozenset(entry.name for entry in entries) if self.ignored is not None else frozenset()
        for entry in entries:
            self.seen += 1
            if self.seen > MAX_MEMBERS:
                if self.complete:
                    self.faults.add("too-many-members", count=self.seen, limit=MAX_MEMBERS)
                self.complete = False
                return
            name = prefix + entry.name
            link = target = None
            try:
                if entry.is_symlink():
                    link = os.readlink(entry.path)
                    target = os.path.realpath(entry.path)
                    # Where it leads is not looked at before it is known to stay inside.
                    folder = self.inside(target) and os.path.isdir(target)
                else:
                    folder = entry.is_dir(follow_symlinks=False)
                if self.ignored is not None and self.leave_out(name, entry, folder, beside):
                    if len(self.left_out) < MAX_LEFT_OUT:
                        self.left_out.append(name + "/" if folder else name)
                    else:
                        self.complete = False
                    continue
                if target is not None and not self.inside(target):
                    self.faults.add("link-outside", member=name, target=link)
                    self.complete = False
                    continue
                if folder:
                    self.enter(target or os.path.join(real, entry.name), name + "/", above)
                    continue
                status = os.stat(target or entry.path)
            except OSError:
                self.complete = False
                continue
            if stat.S_ISREG(status.st_mode):
                self.members[name] = Member(name, status.st_size, status.st_size, status.st_mode, link)

    def inside(self, target: str) -> bool:
        return target == self.root or target.startswith(self.root.rstrip(os.sep) + os.sep)

    def leave_out(self, name: str, entry: os.DirEntry[str], folder: bool, beside: frozenset[str]) -> bool:
        base = entry.name
        if folder:
            if base in _NEVER_CODE or base.endswith(".egg-info"):
                return True
            if any(manifest in beside for manifest in _BUILT_BESIDE.get(base, ())):
                return True
            if os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                return True
        elif _NEVER_CODE_FILES.search(base):
            return True
        # A link to a folder is a file to git: a pattern for folders only does not match it.
        return self.ignored is not None and self.ignored.match_here(name, folder and not entry.is_symlink())
