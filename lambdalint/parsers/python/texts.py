"""Values put together: text of pieces, paths, sums."""

from __future__ import annotations

from lambdalint.parsers.python.values import (
    Const,
    Context,
    Env,
    FilePath,
    Items,
    Pieces,
    Value,
    known_prefix,
    number_of,
    text_of,
)  # fmt: skip


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


def operation(sign: str, left: Value | None, right: Value | None) -> Value | None:
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
        return FilePath(joined([left.text, right]))
    if sign == "+":
        if isinstance(left, Items) and isinstance(right, Items) and len(left.items) + len(right.items) <= 40:
            return Items(left.items + right.items)
        if any(isinstance(v, Pieces) or text_of(v) is not None for v in (left, right)):
            return text([left, right])
    if sign == "%" and isinstance(text_of(left), str):
        head = (text_of(left) or "").partition("%")[0]
        return Pieces((Const(head), None)) if head else None
    return None


def joined(parts: list[Value | None]) -> Value | None:
    """os.path.join, as far as the parts are known: an absolute part begins anew."""
    pieces: list[Value | None] = []
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
