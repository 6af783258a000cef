"""Gathering the faults of an artifact: at most a few of each kind are kept, the others counted."""

from __future__ import annotations

from typing import Any

from lambdalint.finding import Fault

PER_KIND = 20


class Faults:
    """A bounded list of faults: what goes past the bound is in ``more`` of the kind's last one."""

    __slots__ = ("_kept", "_more")

    def __init__(self) -> None:
        self._kept: dict[str, list[Fault]] = {}
        self._more: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._kept)

    def add(self, kind: str, **fields: Any) -> None:
        kept = self._kept.setdefault(kind, [])
        if len(kept) < PER_KIND:
            kept.append(Fault(kind, fields=fields))
        else:
            self._more[kind] = self._more.get(kind, 0) + 1

    def extend(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            fields = {name: value for name, value in fault.fields.items() if name != "more"}
            self.add(fault.kind, **fields)
            if more := fault.fields.get("more"):
                self._more[fault.kind] = self._more.get(fault.kind, 0) + int(more)

    def all(self) -> tuple[Fault, ...]:
        found = []
        for kind, kept in self._kept.items():
            if more := self._more.get(kind):
                last = kept[-1]
                kept = [*kept[:-1], last._replace(fields={**last.fields, "more": more})]
            found.extend(kept)
        return tuple(found)
