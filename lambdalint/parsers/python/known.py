"""What the world outside the package means: members of its values, their attributes and methods, calls.

Outside things are paths: ``os.environ.get``; ``requests.Session().get``, where ``()`` is the outcome of a call.
The environment, the AWS SDK, what else has effects, and functions with a meaning of their own have rooms of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdalint.parsers.python import effects, environment, sdk
from lambdalint.parsers.python.facts import passed_on
from lambdalint.parsers.python.meanings import CALLS, Keywords, Values, handed_over
from lambdalint.parsers.python.texts import joined
from lambdalint.parsers.python.values import (
    Choice,
    Const,
    Env,
    External,
    FilePath,
    Items,
    Mapping,
    Object,
    Pieces,
    Value,
    constant,
    join,
    known_prefix,
    text_of,
)  # fmt: skip

if TYPE_CHECKING:
    from lambdalint.parsers.python.frame import Following, Frame


def element(value: Value | None) -> Value | None:
    """One of the things that a loop over a value gives."""
    if isinstance(value, Items):
        result = value.items[0] if value.items else None
        for more in value.items[1:8]:
            result = join(result, more)
        return result if len(value.items) <= 8 else None
    return sdk.element(value)


def item(run: Following, frame: Frame, owner: Value | None, key: Value | None, raw: Any) -> Value | None:
    """``owner[key]``."""
    if isinstance(owner, External):
        if owner.path == "os.environ":
            return environment.environment_read(run, frame, key, "hard", raw)
        return None
    if isinstance(owner, Mapping):
        name = constant(key)
        if isinstance(name, (str, int)) and name in owner.items:
            return owner.items[name]
        result: Value | None = None
        for n, value in enumerate(owner.items.values()):
            result = join(result, value) if n else value
        return result if name is None or "*" in owner.items else None
    if isinstance(owner, Items):
        at = constant(key)
        if isinstance(at, int) and -len(owner.items) <= at < len(owner.items):
            return owner.items[at]
        return element(owner)
    return sdk.element(owner)


def suppressed(value: Value | None) -> frozenset[str]:
    """Exceptions that a context manager swallows."""
    if isinstance(value, External) and value.path.startswith("contextlib.suppress("):
        return frozenset(value.path[len("contextlib.suppress(") : -1].split(","))
    return frozenset()


# -- attributes and calls -------------------------------------------------------------------------------------------


def attribute(run: Following, base: Value | None, name: str) -> Value | None:
    if isinstance(base, External):
        if len(base.path) > 200:
            return None
        return External(f"{base.path}.{name}")
    if isinstance(base, FilePath):
        if name == "parent" and text_of(base.text):
            return FilePath(Const((text_of(base.text) or "").rpartition("/")[0] or "."))
        return None
    return sdk.attribute(base, name)


def method(
    run: Following, frame: Frame, base: Value | None, name: str, arguments: Values, keywords: Keywords, raw: Any
) -> Any:
    """A method of a plain value; NotImplemented where nothing is known of it."""
    if isinstance(base, Choice):
        results = [method(run, frame, m, name, arguments, keywords, raw) for m in base.members if m is not None]
        known_ = [r for r in results if r is not NotImplemented]
        return known_[0] if known_ else NotImplemented
    if isinstance(base, FilePath):
        return _path_method(run, frame, base, name, arguments, keywords, raw)
    if isinstance(base, Const) and isinstance(base.value, str):
        if name == "format":
            head = base.value.partition("{")[0]
            return Const(base.value) if head == base.value else Pieces((Const(head), None)) if head else None
        if name in ("upper", "lower", "strip") and not arguments:
            return Const(getattr(base.value, name)())
        return None
    if isinstance(base, Env) and name in ("strip", "rstrip", "lstrip"):
        return base
    if isinstance(base, Mapping):
        if name in ("get", "setdefault", "pop") and arguments:
            found = item(run, frame, base, arguments[0], raw)
            default = arguments[1] if len(arguments) > 1 else None
            if name == "setdefault":
                key = constant(arguments[0])
                base.items.setdefault(key if isinstance(key, (str, int)) else "*", default)
                run.keep(default)
            return join(found, default) if found is not None else default
        if name == "update":
            base.rest = True
        if name == "values":
            return Items(tuple(base.items.values())) if not base.rest else None
        if name == "items" and not base.rest:
            return Items(tuple(Items((Const(k), v)) for k, v in base.items.items()))
        return None
    if isinstance(base, Items) and name in ("index", "count", "append", "extend", "copy"):
        passed_on(run.facts, arguments)
        return base if name == "copy" else None
    if isinstance(base, Object) and run.is_driven(base.cls):
        run.register_methods(base)
    return NotImplemented


def _path_method(
    run: Following, frame: Frame, base: FilePath, name: str, arguments: Values, keywords: Keywords, raw: Any
) -> Any:
    if name in effects.PATH_WRITERS:
        run.facts.write(frame, known_prefix(base), f"pathlib.Path.{name}", raw)
    elif name == "open":
        mode = text_of(arguments[0] if arguments else keywords.get("mode"))
        if mode is not None and any(c in mode for c in "wax+"):
            run.facts.write(frame, known_prefix(base), "pathlib.Path.open", raw)
    elif name == "joinpath":
        return FilePath(joined([base.text, *arguments]))
    elif name == "as_posix":
        return base.text
    elif name in ("resolve", "absolute", "expanduser"):
        prefix = known_prefix(base)
        return base if prefix is not None and prefix[0].startswith("/") else FilePath(None)
    return None


def call(
    run: Following, frame: Frame, function: Value | None, arguments: Values, keywords: Keywords, raw: Any, unsure: bool
) -> Value | None:
    """A call of something outside, or of something not known."""
    if not isinstance(function, External):
        result = sdk.call(run, frame, function, arguments, keywords, raw, unsure)
        if result is NotImplemented:
            handed_over(run, [*arguments, *keywords.values()])
            return None
        found: Value | None = result
        return found
    path = function.path
    if path.startswith("os.environ."):
        return environment.environment_call(run, frame, path[len("os.environ.") :], arguments, keywords, raw)
    if path in ("os.getenv", "os.putenv"):
        return environment.environment_call(run, frame, path[3:], arguments, keywords, raw)
    special = CALLS.get(path)
    if special is not None:
        meant: Value | None = special(run, frame, arguments, keywords, raw)
        return meant
    result = sdk.call_external(run, frame, path, arguments, keywords, raw, unsure)
    if result is not NotImplemented:
        made: Value | None = result
        return made
    effects.note_effects(run, frame, path, arguments, keywords, raw)
    if path == "contextlib.suppress":
        names = [a.path for a in arguments if isinstance(a, External)]
        return External(f"contextlib.suppress({','.join(names)})")
    if path.partition(".")[0] == "dotenv":
        run.facts.environment_open = True
    handed_over(run, [*arguments, *keywords.values()])
    return External(path + "()") if len(path) <= 200 else None
