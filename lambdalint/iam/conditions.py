"""Conditions of statements, as far as they are known to hold, or never to hold, for a function's own calls.

A function calls AWS over TLS, as its own role, in its own account. Everything else is not known.
"""

from __future__ import annotations

from lambdalint.model.values import Symbol, Text, Value, boolean

_ACCOUNT = Text((Symbol("AWS::AccountId"),))
_OWN_ACCOUNT = {"aws:principalaccount"}
_TLS = "aws:securetransport"


def _values(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _holds(operator: str, key: str, value: Value) -> bool | None:
    """Whether one test of a condition holds; None where that is not known."""
    low, name = operator.lower(), key.lower()
    if low.endswith("ifexists"):
        low = low[: -len("ifexists")]
    if low == "bool" and name == _TLS:
        wanted = [boolean(v) for v in _values(value)]
        return True if True in wanted else None if None in wanted or not wanted else False
    if low in ("stringequals", "stringlike") and name in _OWN_ACCOUNT and _ACCOUNT in _values(value):
        return True
    return None


def applies(condition: Value) -> bool | None:
    """Whether a statement with this condition takes effect: True without one, False where it never holds, else None."""
    if condition is None:
        return True
    if not isinstance(condition, dict):
        return None
    result: bool | None = True
    for operator, tests in condition.items():
        if not isinstance(tests, dict):
            return None
        for key, value in tests.items():
            held = _holds(str(operator), str(key), value)
            if held is False:
                return False
            if held is None:
                result = None
    return result if type(condition) is dict else None
