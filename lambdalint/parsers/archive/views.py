"""What the members of a package amount to: binaries, Python distributions, requirements, the largest parts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from lambdalint.model.artifact import Binary, Distribution, Member, Package, Part, Requirements
from lambdalint.parsers.archive.binary import HEAD, candidate, classify

MAX_CANDIDATES = 20_000
MAX_MANIFEST = 1 << 20
MAX_INCLUDES = 20

_DIST_INFO = re.compile(r"(?:^|/)([A-Za-z0-9][\w.]*?)-([^/-]+)\.dist-info$")
_NODE_MODULE = re.compile(r"(?:^|/)node_modules/(@[^/]+/[^/]+|[^@/][^/]*)/")
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:$|[\[<>=!~;@( ,#])")
_SITE = re.compile(r"(?:python/(?:lib/python3\.\d+/site-packages/)?)?")


def binaries(package: Package, head: Callable[[Member, int], bytes | None]) -> dict[str, Binary]:
    """Executables and libraries among the members that may be one; ``head`` reads the first bytes of a member."""
    found = {}
    looked = 0
    for name, member in package.members.items():
        if member.link is None and member.size and candidate(member):
            looked += 1
            if looked > MAX_CANDIDATES:
                break
            data = head(member, HEAD)
            if data and (binary := classify(data)) is not None:
                found[name] = binary
    return found


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(package: Package) -> tuple[Distribution, ...]:
    found = []
    for folder in sorted(package.contents.folders):
        match = _DIST_INFO.search(folder) if folder.endswith(".dist-info") else None
        if match is None or "node_modules/" in folder:
            continue
        tags: list[str] = []
        pure = None
        for line in _lines(package, folder + "/WHEEL"):
            key, _, value = line.partition(":")
            if key == "Tag":
                tags.append(value.strip())
            elif key == "Root-Is-Purelib":
                pure = value.strip().lower() == "true"
        found.append(Distribution(normalised(match[1]), match[2], folder, tuple(tags), pure))
    return tuple(found)


def _lines(package: Manifests, name: str) -> list[str]:
    data = package.read(name, MAX_MANIFEST)
    return [] if data is None else data.decode("utf-8", "replace").splitlines()


def parts(package: Package) -> tuple[Part, ...]:
    """Every part, the largest first (then by name)."""
    owners = _recorded(package)
    sizes: dict[tuple[str, str], list[int]] = {}
    for name, member in package.members.items():
        if module := _NODE_MODULE.search(name):
            key = ("module", module[1])
        elif owner := owners.get(name):
            key = ("distribution", owner)
        else:
            site = _SITE.match(name)
            start = site.end() if site else 0
            head, slash, _ = name[start:].partition("/")
            key = ("folder", name[:start] + head + "/") if slash else ("file", name)
        entry = sizes.setdefault(key, [0, 0])
        entry[0] += member.size
        entry[1] += 1
    found = [Part(name, size, files, kind) for (kind, name), (size, files) in sizes.items()]
    return tuple(sorted(found, key=lambda part: (-part.size, part.name)))


def _recorded(package: Package) -> dict[str, str]:
    """The distribution that owns each file, by the RECORD files."""
    owners = {}
    for distribution in package.distributions:
        folder = distribution.folder
        site = posixpath.dirname(folder)
        label = f"{distribution.name} {distribution.version}"
        record = package.read(folder + "/RECORD", 4 * MAX_MANIFEST)
        for line in record.decode("utf-8", "replace").splitlines() if record else ():
            name = line[1:].partition('"')[0] if line.startswith('"') else line.partition(",")[0]
            owners[posixpath.normpath(posixpath.join(site, name))] = label
        prefix = folder + "/"
        for name in package.members:
            if name.startswith(prefix):
                owners[name] = label
    return owners


class Manifests(Protocol):
    """What manifests are read from: a package, or one folder alone."""

    def has(self, name: str) -> bool: ...

    def read(self, name: str, limit: int = ...) -> bytes | None: ...


def requirements(package: Manifests) -> Requirements:
    """The manifests at the package's root (a layer's: also in ``python/``)."""
    reading = _Requirements(package)
    for root in ("", "python/"):
        for name, read in _READERS:
            if package.has(root + name):
                read(reading, root + name)
    return Requirements(frozenset(reading.names), tuple(reading.files), reading.open)


class _Requirements:
    __slots__ = ("files", "names", "open", "package")

    def __init__(self, package: Manifests) -> None:
        self.package = package
        self.names: set[str] = set()
        self.files: list[str] = []
        self.open = False

    def add(self, requirement: object) -> None:
        """One requirement (PEP 508), by its name."""
        found = _NAME.match(requirement) if isinstance(requirement, str) else None
        if found:
            self.names.add(normalised(found[1]))
        else:
            self.open = True

    def text(self, name: str) -> None:
        """A requirements.txt, with what it includes."""
        if name in self.files:
            return
        if len(self.files) >= MAX_INCLUDES or not self.package.has(name):
            self.open = True
            return
        self.files.append(name)
        joined = "\n".join(_lines(self.package, name)).replace("\\\n", " ")
        for line in joined.splitlines():
            line = re.sub(r"(?:^|\s)#.*", "", line).strip()
            if not line:
                continue
            if include := re.match(r"(?:-r|--requirement)[ =]?\s*(\S+)", line):
                self.text(posixpath.normpath(posixpath.join(posixpath.dirname(name), include[1])))
            elif line.startswith(("-c", "--constraint", "-i", "-f", "--")) and not line.startswith("--editable"):
                continue
            elif egg := re.search(r"#egg=([\w.-]+)", line):
                self.names.add(normalised(egg[1]))
            else:
                self.add(line)

    def pyproject(self, name: str) -> None:
        data = self.toml(name)
        project = _table(data, "project")
        for item in _items(project.get("dependencies")):
            self.add(item)
        for group in _table(project, "optional-dependencies").values():
            for item in _items(group):
                self.add(item)
        for group in _table(data, "dependency-groups").values():
            for item in _items(group):
                if isinstance(item, str):
                    self.add(item)
        if "dependencies" in _items(project.get("dynamic")):
            self.open = True
        poetry = _table(_table(data, "tool"), "poetry")
        tables = [poetry.get("dependencies"), poetry.get("dev-dependencies")]
        tables += [
            _table(group, "dependencies") for group in _table(poetry, "group").values() if isinstance(group, dict)
        ]
        for table in tables:
            if isinstance(table, dict):
                self.names.update(normalised(key) for key in table if key != "python")
        if "tool" in data and not project and not poetry and _table(data, "tool").keys() & {"pdm", "hatch", "flit"}:
            self.open = True

    def pipfile(self, name: str) -> None:
        data = self.toml(name)
        for section in ("packages", "dev-packages"):
            self.names.update(normalised(key) for key in _table(data, section))

    def toml(self, name: str) -> dict[str, Any]:
        import tomli

        self.files.append(name)
        data = self.package.read(name, MAX_MANIFEST) or b""
        try:
            return tomli.loads(data.decode("utf-8"))
        except (ValueError, RecursionError):
            self.open = True
            return {}

    def unread(self, name: str) -> None:
        """A manifest that only running it would tell."""
        self.files.append(name)
        self.open = True


def _table(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _items(value: object) -> Iterator[Any]:
    return iter(value if isinstance(value, list) else ())


_READERS: tuple[tuple[str, Callable[[_Requirements, str], None]], ...] = (
    ("requirements.txt", _Requirements.text),
    ("pyproject.toml", _Requirements.pyproject),
    ("Pipfile", _Requirements.pipfile),
    ("setup.py", _Requirements.unread),
    ("setup.cfg", _Requirements.unread),
    ("environment.yml", _Requirements.unread),
    ("Makefile", _Requirements.unread),
)
