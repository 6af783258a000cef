"""The process environment: what reads it, sets it, or opens it to values that no configuration shows."""

from __future__ import annotations

from typing import Any

from lambdalint.parsers.python.frame import Following, Frame
from lambdalint.parsers.python.values import Env, External, Mapping, Value, join, members, text_of

Values = list[Value | None]
Keywords = dict[str, Value | None]

_SETTINGS_LIBRARIES = frozenset(
    {
        "dotenv",
        "environs",
        "decouple",
        "dynaconf",
        "environ",
        "pydantic_settings",
        "starlette",
        "prettyconf",
        "envparse",
    }
)
_READS_ALL = frozenset({"items", "keys", "values", "copy", "__iter__"})


def environment_set(run: Following, frame: Frame, key: Value | None) -> None:
    for member in members(key):
        name = text_of(member)
        if name is None:
            run.facts.environment_open = True
        else:
            run.assigned.add(name)


def environment_update(run: Following, frame: Frame, value: Value | None) -> None:
    if isinstance(value, Mapping) and not value.rest:
        run.assigned.update(str(name) for name in value.items)
    else:
        run.facts.environment_open = True


def environment_read(
    run: Following, frame: Frame, key: Value | None, kind: str, raw: Any, default: Value | None = None
) -> Value | None:
    """Note a read of each name that the key may be; the value read."""
    result: Value | None = None
    certain = frame.certain
    choices = members(key)
    frame.certain = certain and len(choices) == 1
    for n, member in enumerate(choices):
        name = text_of(member)
        found: Value | None = None
        if name is None:
            run.facts.environment_whole = True
        else:
            run.facts.read(frame, name, "set" if name in run.assigned else kind, raw)
            if kind == "default" and frame.tested is not None:
                frame.tested.add(name)
            found = None if name in run.assigned else Env(name, default)
        result = join(result, found) if n else found
    frame.certain = certain
    return result


def import_seen(run: Following, name: str) -> None:
    if name.partition(".")[0] in _SETTINGS_LIBRARIES and (not name.startswith("starlette") or "config" in name):
        run.facts.environment_open = True
        run.facts.environment_whole = True


def environment_call(
    run: Following, frame: Frame, method: str, arguments: Values, keywords: Keywords, raw: Any
) -> Value | None:
    key = arguments[0] if arguments else keywords.get("key")
    default = arguments[1] if len(arguments) > 1 else keywords.get("default")
    if method in ("get", "setdefault", "getenv"):
        value = environment_read(run, frame, key, "default", raw, default)
        if method == "setdefault":
            environment_set(run, frame, key)
        return value
    if method == "pop":
        return environment_read(run, frame, key, "default" if len(arguments) > 1 else "hard", raw, default)
    if method == "__getitem__":
        return environment_read(run, frame, key, "hard", raw)
    if method in ("__setitem__", "putenv"):
        environment_set(run, frame, key)
    elif method == "update":
        if keywords and not arguments:
            run.assigned.update(keywords)
        else:
            environment_update(run, frame, key)
    elif method in _READS_ALL:
        run.facts.environment_whole = True
        return External("os.environ") if method == "copy" else External(f"os.environ.{method}()")
    return None
