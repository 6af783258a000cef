"""What a check sees of a function's or layer's package: a zip file, or a folder as SAM and CDK would zip it.

A Package is a handle: nothing is read before the first question. What fails on opening is a fact on it (``faults``);
what could not be seen makes it not ``complete``, and rules about something missing are then silent.
"""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from lambdalint.finding import Fault

CORRUPT_KINDS = frozenset(
    {
        "unreadable",  # the system refuses to read it: fields error
        "not-a-zip",
        "truncated",
        "bad-directory",  # fields detail
        "bad-member",  # fields member, detail: its local header or its data is not what the directory says
        "encrypted",  # fields member
        "unknown-compression",  # fields member, method
        "forged-size",  # fields member, size
        "overlap",  # fields member: two members share the same bytes
        "bomb",  # fields total, ratio
        "too-many-members",  # fields count, limit
    }
)
"""Faults of the archive as such (LL311). Each may carry ``more``: how many further ones of its kind are not listed."""

UNSAFE_KINDS = frozenset({"absolute", "parent", "backslash", "duplicate", "file-and-folder", "link-outside"})
"""Faults of a member's name or link (LL307): fields ``member``; ``target`` with a link."""


class Member(NamedTuple):
    """A file of a package; sizes in bytes."""

    name: str
    """POSIX, relative to the package's root, without a leading ``./``."""
    size: int
    compressed: int
    mode: int | None = None
    """Type and permission bits (``st_mode``) where the archive records them (made on Unix), else None."""
    link: str | None = None
    """The target of a symbolic link, as written."""
    offset: int = 0
    """Where the reader finds it; nothing for a check."""


class Binary(NamedTuple):
    """What the first bytes of an executable or a library say."""

    format: str
    """``elf``, ``mach-o``, ``pe``, ``script`` (``#!``)."""
    machines: tuple[str, ...] = ()
    """``x86_64``, ``arm64``, ``x86``, ``arm``, or the number as ``machine 243``; several in a universal Mach-O."""
    bits: int = 0
    object_file: bool = False
    """An ELF file that is not run or loaded as it is (relocatable, core)."""
    managed: bool = False
    """A .NET assembly (PE with a CLI header): it runs on any architecture."""
    interpreter: str | None = None
    """The program after ``#!``."""


class ExtensionTag(NamedTuple):
    """What the file name of a CPython extension promises (PEP 3149)."""

    module: str
    """The last part of its import name."""
    python: str | None
    """``3.12``; None for the stable ABI and for a plain ``.so``."""
    stable: bool = False
    """``.abi3.so``: it works from its minimum version up."""
    machine: str | None = None
    """``x86_64``, ``arm64`` or as written."""
    system: str | None = None
    """``gnu``, ``musl``, ``darwin``, ``win``."""


class Distribution(NamedTuple):
    """An installed Python distribution (``*.dist-info``)."""

    name: str
    """Normalised as PEP 503 has it: ``python-dateutil``."""
    version: str
    folder: str
    """Its ``*.dist-info`` folder in the package."""
    tags: tuple[str, ...] = ()
    """The Tag lines of WHEEL: ``cp312-cp312-manylinux_2_17_x86_64``."""
    pure: bool | None = None
    """Root-Is-Purelib; None where WHEEL does not say."""


class Requirements(NamedTuple):
    """What the manifests of a source folder ask to be installed."""

    names: frozenset[str] = frozenset()
    """Distribution names, normalised as PEP 503 has it."""
    files: tuple[str, ...] = ()
    """The manifests that were read."""
    open: bool = False
    """More than the names may be installed: setup.py, a URL, a file outside, a manifest that cannot be read."""


class Part(NamedTuple):
    """What counts as one in a list of the largest: a Python distribution, a node module, a folder, a file."""

    name: str
    size: int
    """Bytes, unzipped."""
    files: int
    kind: str
    """``distribution``, ``module``, ``folder`` or ``file``."""


class Contents(NamedTuple):
    """What opening a package yields."""

    members: Mapping[str, Member] = {}
    folders: frozenset[str] = frozenset()
    """Every folder that holds a member or is a member itself, without a trailing slash."""
    faults: tuple[Fault, ...] = ()
    total: int = 0
    compressed: int = 0
    complete: bool = True
    left_out: tuple[str, ...] = ()


class Reader(Protocol):
    """Gets at the bytes of one package; the parsers have one for zip files and one for folders."""

    def contents(self) -> Contents: ...

    def read(self, member: Member, limit: int) -> bytes | None: ...

    def binaries(self, package: "Package") -> dict[str, Binary]: ...

    def distributions(self, package: "Package") -> tuple[Distribution, ...]: ...

    def requirements(self, package: "Package") -> Requirements: ...

    def parts(self, package: "Package") -> tuple[Part, ...]: ...


class Package:
    """A zip file or a folder with a function's or a layer's code."""

    __slots__ = (
        "_binaries",
        "_contents",
        "_distributions",
        "_parts",
        "_reader",
        "_requirements",
        "built",
        "kind",
        "path",
    )

    def __init__(self, path: str, kind: str, built: bool, reader: Reader) -> None:
        self.path = path
        self.kind = kind
        """``zip`` or ``folder``."""
        self.built = built
        """False for a source folder that a build step still turns into the package."""
        self._reader = reader
        self._contents: Contents | None = None
        self._binaries: dict[str, Binary] | None = None
        self._distributions: tuple[Distribution, ...] | None = None
        self._requirements: Requirements | None = None
        self._parts: tuple[Part, ...] | None = None

    def __repr__(self) -> str:
        return f"Package({self.path!r}, {self.kind!r}, built={self.built})"

    @property
    def contents(self) -> Contents:
        if self._contents is None:
            self._contents = self._reader.contents()
        return self._contents

    @property
    def members(self) -> Mapping[str, Member]:
        """Files by name, in the archive's order (a folder's: sorted). Of a duplicate the last."""
        return self.contents.members

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with it, of CORRUPT_KINDS and UNSAFE_KINDS."""
        return self.contents.faults

    @property
    def total(self) -> int:
        """Bytes once unzipped, as the directory declares them."""
        return self.contents.total

    @property
    def compressed(self) -> int:
        """Bytes of the zip file itself; of a folder: its files' bytes."""
        return self.contents.compressed

    @property
    def complete(self) -> bool:
        """False where members may exist that are not seen (a broken directory, a link that was not followed)."""
        return self.contents.complete

    @property
    def left_out(self) -> tuple[str, ...]:
        """What of an unbuilt folder does not count (git-ignored, caches); folders end in a slash."""
        return self.contents.left_out

    def read(self, name: str, limit: int = 1 << 20) -> bytes | None:
        """The first ``limit`` bytes of a member; None where there is none, or it cannot be read."""
        member = self.members.get(name)
        return None if member is None else self._reader.read(member, limit)

    def has(self, name: str) -> bool:
        """True for a file of this name."""
        return name in self.members

    def is_dir(self, name: str) -> bool:
        """True for a folder of this name; ``""`` is the root."""
        name = name.strip("/")
        return not name or name in self.contents.folders

    def may_have(self, name: str) -> bool:
        """True where a file or folder of this name is there, or may be without being seen: left out, not complete."""
        if name in self.members or self.is_dir(name) or not self.complete:
            return True
        return any(name == entry.rstrip("/") or name.startswith(entry) for entry in self.left_out)

    @property
    def binaries(self) -> Mapping[str, Binary]:
        """Executables and libraries by member name: only members that may be one by name or mode are looked at."""
        if self._binaries is None:
            self._binaries = self._reader.binaries(self)
        return self._binaries

    @property
    def distributions(self) -> tuple[Distribution, ...]:
        """The Python distributions installed in it."""
        if self._distributions is None:
            self._distributions = self._reader.distributions(self)
        return self._distributions

    @property
    def requirements(self) -> Requirements:
        """What its manifests (requirements.txt, pyproject.toml, Pipfile, setup.cfg) ask for."""
        if self._requirements is None:
            self._requirements = self._reader.requirements(self)
        return self._requirements

    def parts(self, count: int = 10) -> tuple[Part, ...]:
        """The largest parts, the largest first."""
        if self._parts is None:
            self._parts = self._reader.parts(self)
        return self._parts[:count]

    @property
    def python_roots(self) -> tuple[str, ...]:
        """Folders from which a layer's Python modules are imported, e.g. ``python/``; each ends in a slash."""
        roots = {"python/"} if "python" in self.contents.folders else set()
        for folder in self.contents.folders:
            if _SITE_PACKAGES.fullmatch(folder):
                roots.add(folder + "/")
        return tuple(sorted(roots))

    def modules(self, root: str = "") -> frozenset[str]:
        """Names importable from ``root`` (``""`` or an entry of ``python_roots``): modules, extensions, packages,
        folders with a module anywhere below them (namespace packages)."""
        names = set()
        for name in self.members:
            if not name.startswith(root):
                continue
            head, slash, rest = name[len(root) :].partition("/")
            if slash:
                if head not in names and head != "__pycache__" and head.isidentifier() and _PYTHON_FILE.search(rest):
                    names.add(head)
            elif found := _PYTHON_FILE.search(head):
                stem = head[: found.start()]
                if stem.isidentifier():
                    names.add(stem)
        return frozenset(names)


_SITE_PACKAGES = re.compile(r"python/lib/python3\.\d+/site-packages")
_PYTHON_FILE = re.compile(r"(?:\.cpython-[\w-]+|\.abi3|\.cp3\d+[\w-]*)?\.(?:py|pyc|so|pyd)$")
_EXTENSION = re.compile(r"([^/.]+)(?:\.([A-Za-z][\w-]*))?\.(?:so|pyd)$")
_MACHINES = {"aarch64": "arm64", "amd64": "x86_64", "i386": "x86", "i686": "x86", "32": "x86"}


def machine_name(word: str) -> str:
    """AWS's name of a processor: ``aarch64`` is ``arm64``, ``amd64`` is ``x86_64``; others as they are."""
    return _MACHINES.get(word.lower(), word.lower())


def extension_tag(name: str) -> ExtensionTag | None:
    """What a member's file name says of a Python extension; None where it is none.

    ``_x.cpython-312-aarch64-linux-gnu.so``, ``_x.abi3.so``, ``_x.cp312-win_amd64.pyd``. A plain ``x.so``
    promises nothing (python None, not stable).
    """
    found = _EXTENSION.search(name)
    if found is None:
        return None
    module, tag = found.groups()
    if tag is None:
        return ExtensionTag(module, None)
    if tag == "abi3":
        return ExtensionTag(module, None, stable=True)
    version = re.match(r"(?:cpython-|cp)3(\d+)[a-z]?(?:-(.*))?$", tag)
    if version is None:
        return ExtensionTag(module, None) if tag.startswith(("pypy", "graalpy")) else None
    system = machine = None
    platform = version.group(2) or ""
    if linux := re.fullmatch(r"(.+?)-linux-(gnu|musl)\w*", platform):
        machine, system = machine_name(linux.group(1)), linux.group(2)
    elif platform.startswith("darwin"):
        system = "darwin"
    elif windows := re.fullmatch(r"win_?(\w+)", platform):
        system, machine = "win", machine_name(windows.group(1))
    return ExtensionTag(module, f"3.{version.group(1)}", machine=machine, system=system)
