"""What the world outside the package means: values made of it, calls, callbacks.

Outside things are paths: ``os.environ.get``; ``requests.Session().get``, where ``()`` is the outcome of a call.
The environment, the AWS SDK and what else has effects have rooms of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdalint.parsers.python import effects, environment, sdk
from lambdalint.parsers.python.facts import passed_on
from lambdalint.parsers.python.values import (
    Choice,
    Client,
    Const,
    Context,
    Decorated,
    Env,
    External,
    FilePath,
    Function,
    Items,
    Mapping,
    Object,
    Pieces,
    Value,
    constant,
    join,
    known_prefix,
    members,
    number_of,
    text_of,
)  # fmt: skip

if TYPE_CHECKING:
    from lambdalint.parsers.python.frame import Following, Frame

Values = list["Value | None"]
Keywords = dict[str, "Value | None"]


# -- values --------------------------------------------------------------------------------------------------------


def text(pieces: list[Value | None]) -> Value | None:
    """Pieces put together: a constant where all are."""
    flat: list[Value | None] = []
    for piece in pieces:
        if isinstance(piece, Const) and not isinstance(piece.value, float):
            value = str(piece.value)
            last = text_of(flat[-1]) if flat else None
            if last is not None:
                flat[-1] = Const(last + value)
            else:
                flat.append(Const(value))
        elif isinstance(piece, Pieces):
            flat += piece.pieces
        elif isinstance(piece, FilePath):
            flat.append(piece.text)
        else:
            flat.append(piece if isinstance(piece, (Env, Context)) else None)
    if len(flat) == 1 and flat[0] is not None:
        return flat[0]
    if sum(len(text_of(p) or "") for p in flat) > 2000 or len(flat) > 40:
        return None
    return Pieces(tuple(flat)) if flat else Const("")


def operation(run: Following, sign: str, left: Value | None, right: Value | None) -> Value | None:
    a, b = number_of(left), number_of(right)
    if a is not None and b is not None:
        try:
            result = {"+": a + b, "-": a - b, "*": a * b}.get(sign)
            if sign == "/":
                result = a / b
        except (ZeroDivisionError, OverflowError):
            return None
        return Const(result) if result is not None and abs(result) < 1e15 else None
    if isinstance(left, FilePath) and sign == "/":
        return FilePath(_joined([left.text, right]))
    if sign == "+":
        if isinstance(left, Items) and isinstance(right, Items) and len(left.items) + len(right.items) <= 40:
            return Items(left.items + right.items)
        if any(isinstance(v, Pieces) or text_of(v) is not None for v in (left, right)):
            return text([left, right])
    if sign == "%" and isinstance(text_of(left), str):
        head = (text_of(left) or "").partition("%")[0]
        return Pieces((Const(head), None)) if head else None
    return None


def _joined(parts: Values) -> Value | None:
    """os.path.join, as far as the parts are known: an absolute part begins anew."""
    pieces: Values = []
    for n, part in enumerate(parts):
        prefix = known_prefix(part)
        if prefix is not None and prefix[0].startswith("/"):
            pieces = []
        elif prefix is None and n and not isinstance(part, (Env, Context)):
            # It may be absolute: then nothing that stands before it counts. Text from data seldom is.
            pass
        if pieces:
            pieces.append(Const("/"))
        pieces.append(part.text if isinstance(part, FilePath) else part)
    return text(pieces)


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
        return FilePath(_joined([base.text, *arguments]))
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
            _handed_over(run, [*arguments, *keywords.values()])
            return None
        found: Value | None = result
        return found
    path = function.path
    if path.startswith("os.environ."):
        return environment.environment_call(run, frame, path[len("os.environ.") :], arguments, keywords, raw)
    if path in ("os.getenv", "os.putenv"):
        return environment.environment_call(run, frame, path[3:], arguments, keywords, raw)
    special = _CALLS.get(path)
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
    _handed_over(run, [*arguments, *keywords.values()])
    return External(path + "()") if len(path) <= 200 else None


def _handed_over(run: Following, values: Values) -> None:
    """Functions and clients that go to something which is not followed."""
    passed_on(run.facts, values)
    for value in values:
        for member in members(value):
            if isinstance(member, (Function, Decorated, Object)):
                run.register(member)
            elif isinstance(member, Items):
                for inner in member.items:
                    if isinstance(inner, (Function, Decorated)):
                        run.register(inner)
            elif isinstance(member, Mapping):
                for inner in list(member.items.values()):
                    if isinstance(inner, (Function, Decorated)):
                        run.register(inner)


# -- calls with a meaning of their own ------------------------------------------------------------------------------


def _partial(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if arguments and isinstance(arguments[0], Client):
        passed_on(run.facts, arguments)
    bound = arguments[0] if arguments else None
    # What it binds is lost, and with it what the rest takes; the function can still be followed.
    if isinstance(bound, Decorated):
        return Decorated(bound.function, bound.marks | {"unknown"})
    return Decorated(bound, frozenset({"unknown"})) if isinstance(bound, Function) else bound


def _path(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return FilePath(_joined(arguments) if arguments else Const("."))


def _join_path(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return _joined(arguments)


def _getattr(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    name = text_of(arguments[1]) if len(arguments) > 1 else None
    if name is not None:
        return run.attribute(arguments[0], name, frame)
    _handed_over(run, arguments[:1])
    return None


def _setattr(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if len(arguments) == 3:
        name = text_of(arguments[1])
        if name is not None:
            run.set_attribute(arguments[0], name, arguments[2], frame)
        else:
            _handed_over(run, arguments[2:])
    return None


def _first(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return arguments[0] if arguments else None


def _text_call(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return text(arguments[:1]) if arguments else Const("")


def _dict(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    result = Mapping(dict(keywords))
    if arguments:
        first = arguments[0]
        if isinstance(first, Mapping):
            result.items.update(first.items)
            result.rest = first.rest
        else:
            passed_on(run.facts, arguments)
            result.rest = True
    return result


def _map(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if len(arguments) > 1:
        certain, frame.certain = frame.certain, False
        for inner in run.elements(arguments[1]):
            run.call(arguments[0], [inner], {}, None, frame, len(arguments) > 2)
        frame.certain = certain
    return None


def _submit(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if arguments:
        run.call(arguments[0], arguments[1:], keywords, raw, frame)
    return None


def _thread(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    given = keywords.get("args")
    target = keywords.get("target")
    named = keywords.get("kwargs")
    if target is not None:
        passed = list(given.items) if isinstance(given, Items) else []
        extra = {str(k): v for k, v in named.items.items()} if isinstance(named, Mapping) else {}
        unsure = (given is not None or "args" in keywords) and not isinstance(given, Items)
        run.call(target, passed, extra, raw, frame, unsure)
    return External("threading.Thread()")


def _field(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    factory = keywords.get("default_factory")
    if factory is not None:
        return run.call(factory, [], {}, None, frame)
    return keywords.get("default")


def _import_module(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    name = text_of(arguments[0]) if arguments else None
    if name is not None and not name.startswith("."):
        return run.load(name, frame)
    return None


def _no_meaning(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return None


_CALLS: dict[str, Any] = {
    "functools.partial": _partial,
    "getattr": _getattr,
    "setattr": _setattr,
    "dict": _dict,
    "list": _first,
    "tuple": _first,
    "set": _first,
    "frozenset": _first,
    "sorted": _first,
    "reversed": _first,
    "iter": _first,
    "typing.cast": lambda run, frame, arguments, keywords, raw: arguments[1] if len(arguments) > 1 else None,
    "str": _text_call,
    "os.fspath": _text_call,
    "os.path.join": _join_path,
    "posixpath.join": _join_path,
    "map": _map,
    "filter": _map,
    "asyncio.run": _first,
    "asyncio.gather": _no_meaning,
    "asyncio.create_task": _first,
    "asyncio.get_event_loop().run_until_complete": _first,
    "asyncio.new_event_loop().run_until_complete": _first,
    "asyncio.get_event_loop().run_in_executor": lambda run, frame, arguments, keywords, raw: _submit(
        run, frame, arguments[1:], keywords, raw
    ),
    "asyncio.to_thread": _submit,
    "concurrent.futures.ThreadPoolExecutor().submit": _submit,
    "concurrent.futures.ThreadPoolExecutor().map": _map,
    "threading.Thread": _thread,
    "dataclasses.field": _field,
    "importlib.import_module": _import_module,
    "print": _no_meaning,
    "len": _no_meaning,
    "int": _no_meaning,
    "float": _no_meaning,
    "bool": _no_meaning,
    "isinstance": _no_meaning,
    "json.dumps": _no_meaning,
    "json.loads": _no_meaning,
    **dict.fromkeys(effects.PATHS, _path),
}
