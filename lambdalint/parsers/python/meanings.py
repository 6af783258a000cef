"""Outside functions whose calls have a meaning of their own: what they give, and what they call in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdalint.parsers.python import effects
from lambdalint.parsers.python.facts import passed_on
from lambdalint.parsers.python.texts import joined, text
from lambdalint.parsers.python.values import (
    Client,
    Const,
    Decorated,
    External,
    FilePath,
    Function,
    Items,
    Mapping,
    Object,
    Value,
    members,
    text_of,
)  # fmt: skip

if TYPE_CHECKING:
    from lambdalint.parsers.python.frame import Following, Frame

Values = list["Value | None"]
Keywords = dict[str, "Value | None"]


def handed_over(run: Following, values: Values) -> None:
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


def _partial(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if arguments and isinstance(arguments[0], Client):
        passed_on(run.facts, arguments)
    bound = arguments[0] if arguments else None
    # What it binds is lost, and with it what the rest takes; the function can still be followed.
    if isinstance(bound, Decorated):
        return Decorated(bound.function, bound.marks | {"unknown"})
    return Decorated(bound, frozenset({"unknown"})) if isinstance(bound, Function) else bound


def _path(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return FilePath(joined(arguments) if arguments else Const("."))


def _join_path(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return joined(arguments)


def _getattr(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    name = text_of(arguments[1]) if len(arguments) > 1 else None
    if name is not None:
        return run.attribute(arguments[0], name, frame)
    handed_over(run, arguments[:1])
    return None


def _setattr(run: Following, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if len(arguments) == 3:
        name = text_of(arguments[1])
        if name is not None:
            run.set_attribute(arguments[0], name, arguments[2], frame)
        else:
            handed_over(run, arguments[2:])
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


CALLS: dict[str, Any] = {
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
"""By the path of the function."""
