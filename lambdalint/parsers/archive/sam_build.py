"""Whether ``.aws-sam/build`` holds what a function's source would build to, judged by content and never by time.

``sam build`` writes ``.aws-sam/build.toml``: per build its source folder, the functions it made and, for cached builds
only, a hash of the source. Where there is none, or only files that do not matter changed it (.venv, caches), the source
files themselves are compared with the built ones.
"""

from __future__ import annotations

import os
from typing import Any

from lambdalint.parsers.archive.folder import read_contents

MAX_TOML = 1 << 20
MAX_HASHED = 256 << 20
"""Bytes of source read for the hash; a larger folder counts as changed."""
MAX_FILES = 50_000
_COPIED = (".py", ".js", ".mjs", ".cjs", ".rb", ".json")
"""Source that SAM's builders copy as it is; where a source folder has none of it nothing can be compared."""
_COPIED_NAMES = frozenset({"requirements.txt", "package.json", "Gemfile"})
_COMPILED = (".ts", ".tsx", ".go", ".java", ".kt", ".cs", ".fs", ".rs", ".scala")


def built_folder(template_dir: str, logical_id: str, source_dir: str) -> str | None:
    """``.aws-sam/build/<logical_id>`` where build.toml names it and ``source_dir`` has not changed since; else None.

    ``logical_id`` of a function or a layer; in a nested stack the full path (``Stack/Function``). Reads at
    most MAX_HASHED bytes of source.
    """
    folder = os.path.join(template_dir, ".aws-sam", "build", *logical_id.split("/"))
    if ".." in logical_id.split("/") or not os.path.isdir(folder):
        return None
    definition = _definition(os.path.join(template_dir, ".aws-sam", "build.toml"), logical_id)
    if definition is None or not os.path.isdir(source_dir):
        return None
    source = definition.get("codeuri")
    if isinstance(source, str):
        # An absolute path where `sam build` ran; a checkout may have moved since, its last folder keeps its name.
        named = os.path.normpath(os.path.join(template_dir, source))
        if os.path.isdir(named) and not os.path.samefile(named, source_dir):
            return None
    elif source is not None:
        return None
    if _same_files(source_dir, folder):
        return folder
    recorded = definition.get("source_hash")
    return folder if isinstance(recorded, str) and recorded and recorded == folder_hash(source_dir) else None


def _definition(path: str, logical_id: str) -> dict[str, Any] | None:
    import tomli

    try:
        with open(path, "rb") as file:
            data = tomli.loads(file.read(MAX_TOML).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    for section, key in (("function_build_definitions", "functions"), ("layer_build_definitions", "layer")):
        definitions = data.get(section)
        for definition in definitions.values() if isinstance(definitions, dict) else ():
            if not isinstance(definition, dict):
                continue
            named = definition.get(key)
            if logical_id == named or (isinstance(named, list) and logical_id in named):
                return definition
    return None


def folder_hash(folder: str) -> str | None:
    """SAM CLI's hash of a source folder (``dir_checksum`` in samcli/lib/utils/hash.py): one sha256 that takes each
    file's relative path and then the hex md5 of its bytes, by sorted path, ``.aws-sam`` left out. None past the bound.
    """
    import hashlib

    files: list[str] = []
    for where, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if name != ".aws-sam"]
        if any(os.path.islink(os.path.join(where, name)) for name in (*folders, *names)):
            return None  # SAM follows links; following them here could leave the folder
        files.extend(os.path.join(where, name) for name in names if name != ".aws-sam")
        if len(files) > MAX_FILES:
            return None
    total = 0
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(os.path.relpath(file, folder).encode("utf-8", "surrogateescape"))
        inner = hashlib.md5(usedforsecurity=False)
        try:
            with open(file, "rb") as handle:
                while chunk := handle.read(1 << 20):
                    total += len(chunk)
                    if total > MAX_HASHED:
                        return None
                    inner.update(chunk)
        except OSError:
            return None
        digest.update(inner.hexdigest().encode())
    return digest.hexdigest()


def _same_files(source: str, built: str) -> bool:
    """True where every source file that a builder copies is in the built folder, byte for byte."""
    contents = read_contents(source, built=False)
    if not contents.complete or any(name.endswith(_COMPILED) for name in contents.members):
        return False
    compared = total = 0
    for name, member in contents.members.items():
        if not name.endswith(_COPIED) and name.rpartition("/")[2] not in _COPIED_NAMES:
            continue
        total += member.size
        if total > MAX_HASHED:
            return False
        # A layer's source is built below the folder of its language.
        if not any(
            _equal(os.path.join(source, name), os.path.join(built, root, name)) for root in ("", "python", "nodejs")
        ):
            return False
        compared += 1
    return compared > 0


def _equal(one: str, other: str) -> bool:
    try:
        if os.path.islink(other) or os.path.getsize(one) != os.path.getsize(other):
            return False
        with open(one, "rb") as a, open(other, "rb") as b:
            while chunk := a.read(1 << 20):
                if chunk != b.read(len(chunk)):
                    return False
            return True
    except OSError:
        return False
