"""The name that was probably meant: a bounded edit distance, for typing slips in names."""

from __future__ import annotations

from collections.abc import Iterable


def distance(one: str, other: str, limit: int) -> int | None:
    """The Levenshtein distance of two words when it is at most ``limit``, else None. Costs O(length x limit)."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > limit:
        return None
    far = limit + 1
    row = [index if index <= limit else far for index in range(len(other) + 1)]
    for i, letter in enumerate(one, 1):
        first, last = max(1, i - limit), min(len(other), i + limit)
        left = i if first == 1 and i <= limit else far
        diagonal = row[first - 1]
        row[first - 1] = left
        best = left
        for j in range(first, last + 1):
            above = row[j] if j < i + limit else far
            cost = diagonal if letter == other[j - 1] else 1 + min(diagonal, left, above)
            diagonal, row[j] = row[j], cost
            left = cost
            best = min(best, cost)
        if best > limit:
            return None
    return row[-1] if row[-1] <= limit else None


def nearest(word: str, candidates: Iterable[str], limit: int = 2) -> str | None:
    """The candidate nearest to ``word``, case set aside, when at most ``limit`` letters differ; else None.

    A short word allows less: at most one letter in three, or everything would be near it. Of equally near ones the
    first in alphabetical order is taken, so that the answer does not depend on the candidates' order.
    """
    low = word.lower()
    limit = min(limit, max(1, len(low) // 3)) if len(low) > 1 else 0
    found: tuple[int, str] | None = None
    for candidate in candidates:
        steps = distance(low, candidate.lower(), limit if found is None else found[0])
        if steps is not None and (found is None or (steps, candidate) < found):
            found = steps, candidate
    return found[1] if found else None
