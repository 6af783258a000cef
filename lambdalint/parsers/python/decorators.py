"""What decorators from outside the package do to a function."""

from __future__ import annotations

import re
from typing import Any

from lambdalint.parsers.python.values import Class, External, Settings, Value

_TRANSPARENT = re.compile(
    r"(?:functools\.(?:wraps\(\)|lru_cache(?:\(\))?|cache|singledispatch|total_ordering)|contextlib\.\w+|typing\.\w+|abc\.\w+|dataclasses\.\w+(?:\(\))?"
    r"|cachetools\.\w+(?:\.\w+)*\(\)|tenacity\.\w+(?:\(\))?|retry(?:ing)?\.\w+(?:\(\))?|backoff\.\w+\(\)|aws_xray_sdk\.[\w.()]*"
    r"|aws_lambda_powertools\.(?:tracing|logging|metrics|utilities|Tracer|Logger|Metrics)[\w.()]*|wrapt\.\w+"
    r"|staticmethod|classmethod|property)\Z"
)
_HANDLER_MIDDLEWARE = re.compile(r"aws_lambda_powertools\.")
_CACHES = frozenset({"functools.lru_cache", "functools.lru_cache()", "functools.cache", "functools.cached_property"})


def decorator_marks(value: Value | None, written: Any) -> frozenset[str]:
    """What a decorator from outside does to a function."""
    if isinstance(value, External):
        path = value.path
        if path in ("staticmethod", "abc.abstractstaticmethod"):
            return frozenset({"static"})
        if path == "classmethod":
            return frozenset({"class"})
        if path in _CACHES:
            return frozenset({"cached", "property"} if path == "functools.cached_property" else {"cached"})
        if path.endswith(("property", ".setter", ".getter", ".deleter")):
            return frozenset({"property"} | ({"cached"} if "cached" in path else set()))
        if _TRANSPARENT.match(path):
            # Powertools' decorators take (event, context, …) as the function does, and some add to it.
            return frozenset({"transparent"}) if not _HANDLER_MIDDLEWARE.match(path) else frozenset({"unknown"})
        # `@app.get("/")`: a method of an object made outside keeps the function for later.
        return frozenset({"unknown", "registers"} if "()." in path else {"unknown"})
    if isinstance(value, (Class, Settings)):
        return frozenset({"unknown"})
    callee = written[1] if written is not None and written[0] == "c" else written
    registers = callee is not None and callee[0] == "a"
    return frozenset({"unknown", "registers"} if registers else {"unknown"})
