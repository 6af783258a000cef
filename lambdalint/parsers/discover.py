"""Which parser claims a path: a cheap look at names and bytes before any parsing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

MARKERS = (b"AWS::Lambda", b"AWS::Serverless")
STACKS = (b"AWS::CloudFormation::Stack", b"AWS::Serverless::Application")
WHOLE = (b"Resources", b"AWSTemplateFormatVersion", b"AWS::Serverless-2016-10-31")
"""What a template has, beside naming a resource: the first one, or another where that one is misspelt."""
NESTED = "nested"
"""The kind of a template that deploys others which are here."""
EXTENSIONS = (".yaml", ".yml", ".json", ".template", ".cfn", ".cform")
SKIPPED = frozenset((".git", ".aws-sam", "cdk.out", "node_modules", "__pycache__", ".venv", ".tox", ".mypy_cache"))
"""Folders that a search passes over; named themselves, .aws-sam and cdk.out are read."""
MAX_LOOK = 24 * 1024 * 1024
"""Bytes read of a candidate: past the largest template that is taken."""
NOT_TEMPLATES = frozenset(("package.json", "package-lock.json", "tsconfig.json", "manifest.json", "tree.json"))


class Source(NamedTuple):
    """A path and the kind of parser that claims it: template, NESTED, assembly, package or image."""

    kind: str
    path: str
    """As it was given, or joined to the directory that was."""
    data: bytes | None = None
    """A template's bytes, read once for the look and the parse."""
    named: bool = False


class Discovery(NamedTuple):
    sources: tuple[Source, ...]
    missing: tuple[str, ...]
    """Paths that do not exist."""
    empty: tuple[str, ...]
    """Directories in which nothing was found."""
    unread: tuple[Unread, ...] = ()


class Unread(NamedTuple):
    """What is there and cannot be read, with the reason; ``named`` where somebody asked for it."""

    path: str
    reason: str
    named: bool


def discover(
    paths: Sequence[str], exclude: Sequence[str] = (), stdin: bytes | None = None, base: str = ""
) -> Discovery:
    """Every input below the paths, in order, each once.

    ``exclude`` are patterns as in .gitignore, from the folder ``base``: a search passes over what they mean.
    """
    sources: list[Source] = []
    missing: list[str] = []
    empty: list[str] = []
    unread: list[Unread] = []
    seen: set[str] = set()

    def add(found: Iterable[Source]) -> int:
        count = 0
        for source in found:
            count += 1
            real = os.path.realpath(source.path) if source.path != "-" else "-"
            if real not in seen:
                seen.add(real)
                sources.append(source)
        return count

    for path in paths:
        if path == "-":
            add([Source("template", "-", stdin or b"", True)])
        elif not os.path.exists(path):
            missing.append(path)
        else:
            try:
                is_folder = os.path.isdir(path)
                count = add(_directory(path, exclude, base, unread) if is_folder else _file(path, named=True))
                if is_folder and not count:
                    empty.append(path)
            except OSError as error:
                unread.append(Unread(path, error.strerror or str(error), True))
    if any(one.data is not None and has_stacks(one.data) for one in sources):
        from lambdalint.parsers.nested import joined

        sources = joined(sources)
    empty = [path for path in empty if not _holds(path, sources)]
    return Discovery(tuple(_once(sources)), tuple(missing), tuple(empty), tuple(unread))


def _holds(folder: str, sources: Iterable[Source]) -> bool:
    """Whether something below a folder was named by itself: a cloud assembly, which a search leaves out."""
    above = os.path.join(os.path.realpath(folder), "")
    return any(one.path != "-" and os.path.realpath(one.path).startswith(above) for one in sources)


def _once(sources: list[Source]) -> list[Source]:
    """Without the templates and stages of an assembly that is linted whole: it says more of them."""
    assemblies = tuple(os.path.realpath(one.path) + os.sep for one in sources if one.kind == "assembly")
    if not assemblies:
        return sources
    return [
        one
        for one in sources
        if not (
            ((one.kind == "template" and one.path.endswith(".template.json")) or _is_stage(one))
            and os.path.realpath(one.path).startswith(assemblies)
        )
    ]


def _is_stage(source: Source) -> bool:
    return source.kind == "assembly" and os.path.basename(os.path.realpath(source.path)).startswith("assembly-")


def is_template(data: bytes) -> bool:
    """Whether bytes name a Lambda resource, in any encoding that a template may be in."""
    data = _ascii(data)
    return any(marker in data for marker in MARKERS)


def _ascii(data: bytes) -> bytes:
    """Bytes in which ASCII words are found as they are, also of UTF-16."""
    return data.replace(b"\0", b"") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data


def has_stacks(data: bytes) -> bool:
    """Whether bytes name a resource that deploys another template."""
    return any(marker in data for marker in STACKS)


def _file(path: str, named: bool) -> Iterator[Source]:
    lower = path.lower()
    with open(path, "rb") as file:
        head = file.read(512)
        if lower.endswith((".zip", ".jar", ".whl")) or head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            if named:
                yield Source("package", path, None, named)
            return
        if lower.endswith((".tar", ".tar.gz", ".tgz")) or head[:2] == b"\x1f\x8b" or head[257:262] == b"ustar":
            if named:
                yield Source("image", path, None, named)
            return
        if not named and not lower.endswith(EXTENSIONS):
            return
        data = head + file.read(MAX_LOOK - len(head))
    # A file that merely names a resource (a chart's values, a policy's test, notes) is none: a hook names those too.
    if (is_template(data) or has_stacks(data)) and any(sign in _ascii(data) for sign in WHOLE):
        yield Source("template", path, data, named)


def _is_assembly(path: str, names: Iterable[str]) -> bool:
    if "cdk.out" in names and os.path.isfile(os.path.join(path, "cdk.out")):
        return True  # the file that marks the folder, also where the manifest is lost
    if "manifest.json" not in names:
        return False
    try:
        with open(os.path.join(path, "manifest.json"), "rb") as file:
            head = file.read(1 << 16)
    except OSError:
        return False
    return b'"artifacts"' in head and b'"version"' in head


def _directory(path: str, exclude: Sequence[str], base: str, unread: list[Unread]) -> Iterator[Source]:
    names = sorted(os.listdir(path))
    if _is_assembly(path, names):
        yield Source("assembly", path, None, True)
        return
    if "index.json" in names and ("oci-layout" in names or "blobs" in names):
        yield Source("image", path, None, True)
        return
    from lambdalint.parsers.gitignore import Ignored, matcher

    ignored = Ignored(path)
    meant = matcher(exclude) if exclude else None
    above = os.path.relpath(path, base or None).replace(os.sep, "/")
    prefix = "" if above == "." else above + "/"

    def excluded(relative: str, is_folder: bool = False) -> bool:
        return meant is not None and meant(prefix + relative + "/" * is_folder)

    def denied(path: str, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # gone since it was listed
            unread.append(Unread(path, error.strerror or str(error), False))

    def walk(folder: str, relative: str, depth: int) -> Iterator[Source]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if not relative:
                raise
            denied(folder, error)
            return
        if relative and _is_assembly(folder, [entry.name for entry in entries]):
            return  # a cloud assembly is linted when it is named
        for entry in entries:
            name = f"{relative}/{entry.name}" if relative else entry.name
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder:
                    if entry.name in SKIPPED or depth > 40 or ignored.match(name, True) or excluded(name, True):
                        continue
                    if os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                        continue
                    if "{{" in entry.name:
                        continue  # a project template (cookiecutter): its files are templates of templates
                    yield from walk(entry.path, name, depth + 1)
                elif (
                    entry.name.lower().endswith(EXTENSIONS)
                    and entry.name not in NOT_TEMPLATES
                    and entry.is_file()
                    and not ignored.match(name, False)
                    and not excluded(name)
                ):
                    yield from _file(entry.path, named=False)
            except OSError as error:
                denied(entry.path, error)

    yield from walk(path, "", 0)
