"""Settings from lambdalint.toml or the [tool.lambdalint] of a pyproject.toml."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdalint.settings import INTERNAL, Settings, SettingsError

if TYPE_CHECKING:
    from lambdalint.rulebook import RuleBook

OWN, SHARED = "lambdalint.toml", "pyproject.toml"
TABLE = ("tool", "lambdalint")
SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "settings.schema.json")
MAX_BYTES = 1_000_000
MAX_ERRORS = 8
"""Mistakes of one file that are told at once."""


def configured(path: str | None, paths: Sequence[str]) -> Settings:
    """The settings of the config file in force: ``path``, else the nearest one at or above the inputs or here.

    Raises SettingsError with the file and the line of what is wrong in it.
    """
    if path is not None:
        if os.path.basename(path) == SHARED:
            return _shared(path) or Settings(config=os.path.abspath(path))
        return _own(path)
    here = os.getcwd()
    for start in dict.fromkeys((_ancestor(paths) or here, here)):
        folder = start
        while True:
            own, shared = os.path.join(folder, OWN), os.path.join(folder, SHARED)
            if os.path.isfile(own):
                return _own(own)
            found = _shared(shared) if os.path.isfile(shared) else None
            if found is not None:
                return found
            parent = os.path.dirname(folder)
            if parent == folder:
                break
            folder = parent
    return Settings()


def _ancestor(paths: Sequence[str]) -> str | None:
    """The folder that holds all the paths; None where there are none on disk."""
    folders = [p if os.path.isdir(p) else os.path.dirname(p) for p in map(os.path.abspath, _real(paths))]
    try:
        return os.path.commonpath(folders) if folders else None
    except ValueError:  # drives that have nothing in common
        return None


def _real(paths: Iterable[str]) -> Iterable[str]:
    return (path for path in paths if path != "-")


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise SettingsError(f"{path} is larger than a config may be ({MAX_BYTES:,} bytes)")
    return data


def _own(path: str) -> Settings:
    data = _bytes(path)
    return _settings(path, data, _toml(path, data), ())


def _shared(path: str) -> Settings | None:
    data = _bytes(path)
    if b"tool.lambdalint" not in data:  # most projects have no settings of ours: they need no TOML parser
        return None
    value: Any = _toml(path, data)
    for key in TABLE:
        value = value.get(key) if isinstance(value, dict) else None
    return None if value is None else _settings(path, data, value, TABLE)


def _toml(path: str, data: bytes) -> dict[str, Any]:
    import tomli

    try:
        return tomli.loads(data.decode("utf-8-sig"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        found = re.search(r"\(at line (\d+)", str(error))
        where = f"{_shown(path)}:{found.group(1)}" if found else _shown(path)
        raise SettingsError(f"{where}: no valid TOML: {error}") from error


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative.replace(os.sep, "/")


def _settings(path: str, data: bytes, value: Any, above: tuple[str, ...]) -> Settings:
    lines = _Lines(_shown(path), data.decode("utf-8-sig"), above)
    shape = schema()
    if not fits(value, shape):
        problems = _problems(value, shape)
        if problems:
            problems.sort(key=lambda problem: lines.number(problem[0]))
            told = [f"{lines.place(at)}: {words}" for at, words in problems[:MAX_ERRORS]]
            raise SettingsError("\n".join(told + ["…"] * (len(problems) > MAX_ERRORS)))
    absolute = os.path.abspath(path)
    folder = os.path.dirname(absolute)
    given: dict[str, Any] = {name.replace("-", "_"): item for name, item in value.items()}
    if "parameter_overrides" in given:
        given["parameter_overrides"] = {k: _word(v) for k, v in given["parameter_overrides"].items()}
    for name in ("select", "ignore", "exclude"):
        if name in given:
            given[name] = tuple(given[name])
    if "rules" in given:
        given["rules"] = tuple(os.path.join(folder, item) for item in given["rules"])
    if "baseline" in given:
        given["baseline"] = os.path.join(folder, given["baseline"])
    origins = {name.replace("-", "_"): lines.place((name,)) for name in value}
    return Settings(config=absolute, origins=origins, **given)


def _word(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


# -- the shape of a config ---------------------------------------------------------------------------------------------

_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "number": (int, float), "boolean": bool}
_SAID = {"$schema", "$id", "title", "description", "default"}
_UNDERSTOOD = _SAID | {"type", "enum", "pattern", "properties", "additionalProperties", "items"}


def schema() -> dict[str, Any]:
    """The shape of a config, as editors read it too."""
    import json

    with open(SCHEMA, encoding="utf-8") as file:
        read: dict[str, Any] = json.load(file)
    return read


def fits(value: Any, schema: Any) -> bool:
    """Whether a value plainly fits a schema. Where it does not, jsonschema has the word: it costs 0.1 s to load."""
    if isinstance(schema, bool):
        return schema
    if not _UNDERSTOOD.issuperset(schema):
        return False
    named = schema.get("type", [])
    kinds = [_TYPES[kind] for kind in ([named] if isinstance(named, str) else named)]
    if kinds and not any(isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) for kind in kinds):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "pattern" in schema and not (isinstance(value, str) and re.search(schema["pattern"], value)):
        return False
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        return all(fits(item, known.get(key, others)) for key, item in value.items())
    return not isinstance(value, list) or all(fits(item, schema.get("items", True)) for item in value)


def _problems(value: Any, schema: Mapping[str, Any]) -> list[tuple[tuple[Any, ...], str]]:
    """What does not fit, each with its path."""
    from jsonschema import Draft202012Validator

    found: list[tuple[tuple[Any, ...], str]] = []
    for error in Draft202012Validator(schema).iter_errors(value):
        path = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            known = list(error.schema["properties"])
            for key in error.instance:
                if key not in known:
                    meant = _NO_TABLE if (*path, key) == TABLE[:1] else _meant(key, known)
                    found.append(((*path, key), f"there is no setting {key}{meant}"))
        else:
            found.append((path, _words(path, error)))
    return found


_NO_TABLE = f"; here the settings stand without [{'.'.join(TABLE)}], which is for pyproject.toml"


def _words(path: tuple[Any, ...], error: Any) -> str:
    name = ".".join(str(part) for part in path if isinstance(part, str))
    value = error.instance
    if error.validator == "enum":
        allowed = list(error.validator_value)
        meant = _meant(value, allowed) if isinstance(value, str) else ""
        return f"{name} is {value!r}; it takes {', '.join(allowed[:-1])} or {allowed[-1]}{meant}"
    if error.validator == "type":
        if path[:1] == ("quotas",) and isinstance(value, dict):
            return f'{name}: put the id of a quota in quotes, as in "account.concurrency" = 5000'
        wanted = {"array": "a list", "object": "a table", "string": "text", "number": "a number"}
        kinds = error.validator_value
        kinds = [kinds] if isinstance(kinds, str) else kinds
        return f"{name} takes {' or '.join(wanted.get(kind, kind) for kind in kinds)}, not {value!r:.60}"
    if error.validator == "pattern":
        return f"{name} is {value!r}, which is no {name.rpartition('.')[2]}"
    return f"{name}: {error.message}"


def _meant(word: str, candidates: Iterable[str]) -> str:
    from lambdalint.nearest import nearest

    found = nearest(word, candidates)
    return f"; did you mean {found}?" if found else ""


_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_KEYS = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = rf"\s*\[\[?\s*({_KEYS})\s*\]"
_SETTING = rf"\s*({_KEYS})\s*="


class _Lines:
    """The line on which each key of a TOML file stands."""

    def __init__(self, shown: str, text: str, above: tuple[str, ...]) -> None:
        self._shown = shown
        self._above = above
        self._keys: list[tuple[int, tuple[str, ...]]] = []
        table: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := re.match(_HEADER, line):
                table = _split(header.group(1))
                self._keys.append((number, table))
            elif setting := re.match(_SETTING, line):
                self._keys.append((number, (*table, *_split(setting.group(1)))))

    def place(self, path: tuple[Any, ...]) -> str:
        """``file:line`` of the key nearest to a path."""
        return f"{self._shown}:{self.number(path)}"

    def number(self, path: tuple[Any, ...]) -> int:
        wanted = (*self._above, *path)
        best, line = 0, 1
        for number, keys in self._keys:
            if len(keys) > best and wanted[: len(keys)] == keys:
                best, line = len(keys), number
        return line


def _split(keys: str) -> tuple[str, ...]:
    return tuple(key.strip("\"'") for key in re.findall(_KEY, keys))


# -- what names rules and quotas --------------------------------------------------------------------------------


def checked(settings: Settings, book: RuleBook) -> Settings:
    """The settings with names of rules made codes. Raises SettingsError for a rule or a quota that does not exist."""
    names = [name for rule in book.rules.values() for name in (rule.code, rule.name)]

    def rules(setting: str, patterns: Iterable[str]) -> None:
        for pattern in patterns:
            if not book.matching(pattern) and pattern != INTERNAL:
                origin = settings.origins.get(setting)
                where = f"{origin}: " if origin else ""
                option = setting.replace("_", "-")
                raise SettingsError(f"{where}{option}: there is no rule {pattern}{_meant(pattern, names)}")

    rules("select", settings.select)
    rules("ignore", settings.ignore)
    rules("severity", settings.severity)
    for codes in settings.per_file_ignores.values():
        rules("per_file_ignores", codes)
    if settings.quotas:
        known = book.facts("quotas")
        for id in settings.quotas:
            if id not in known:
                origin = settings.origins.get("quotas")
                where = f"{origin}: " if origin else ""
                raise SettingsError(f"{where}quotas: there is no quota {id}{_meant(id, known)}")
    if not settings.severity:
        return settings
    # The more precise name has the last word: LL4 before LL404.
    broad_first = sorted(settings.severity.items(), key=lambda item: -len(book.matching(item[0])))
    severity = {rule.code: level for pattern, level in broad_first for rule in book.matching(pattern)}
    return settings._replace(severity=severity)
