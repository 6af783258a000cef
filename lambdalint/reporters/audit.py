"""The audit: how much of each quota each function uses, as bars, JSON or Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lambdalint.reporters import Options
from lambdalint.reporters.display import visible, width
from lambdalint.reporters.layout import Line, plain


class AuditCell(NamedTuple):
    """How much of one quota a function uses; ``value`` is None where it is not known."""

    quota_id: str
    label: str
    """The column it stands in: cells of several quotas (plain and Managed Instances memory) may share one."""
    value: float | None
    maximum: float
    unit: str
    """``MB``, ``s``, ``B`` (bytes) or "" for a count."""

    @property
    def share(self) -> float | None:
        """The part of the quota in use: 1.0 is all of it."""
        return None if self.value is None else self.value / self.maximum if self.maximum else float(self.value > 0)


class AuditRow(NamedTuple):
    function: str
    template: str
    cells: tuple[AuditCell, ...]


BAR = 4
"""Characters of a bar."""

SHORT = {"Memory": "Mem", "Timeout": "Time", "Package": "Pkg", "Layers": "Lay", "Environment": "Env", "Storage": "Disk"}
"""Headings for the narrowest terminals."""

NAMES = 16
"""Cells that function names keep when the terminal is narrow."""


def render(rows: Sequence[AuditRow], options: Options, form: str = "text") -> str:
    """The audit as ``text``, ``json`` or ``markdown``. KeyError: no such form."""
    return {"text": text, "json": as_json, "markdown": markdown}[form](rows, options)


def text(rows: Sequence[AuditRow], options: Options) -> str:
    lines = _table(rows, options.width)
    if not options.color:
        return plain(lines)
    from lambdalint.reporters.text_rich import painted

    return painted(lines, hyperlinks=options.hyperlinks)


def as_json(rows: Sequence[AuditRow], options: Options) -> str:
    """``{"version": 1, "tool", "functions": [{"function", "template", "quotas": {id: {…}}}]}``.

    A quota has ``value`` (null: not known), ``maximum``, ``unit`` and ``share`` (1.0 is all of it).
    """
    import json

    functions = [
        {
            "function": row.function,
            "template": row.template,
            "quotas": {
                cell.quota_id: {
                    "value": cell.value,
                    "maximum": cell.maximum,
                    "unit": cell.unit,
                    "share": None if cell.share is None else round(cell.share, 4),
                }
                for cell in row.cells
            },
        }
        for row in rows
    ]
    tool = f"lambdalint {options.version}"
    return json.dumps({"version": 1, "tool": tool, "functions": functions}, indent=1) + "\n"


def markdown(rows: Sequence[AuditRow], options: Options) -> str:
    from lambdalint.reporters.markdown import escaped

    labels = _labels(rows)
    lines = [["Function", "Template", *labels], ["---", "---", *["---:"] * len(labels)]]
    for row in rows:
        cells = {cell.label: cell for cell in row.cells}
        said = (f"{amount(cells[label])} ({percent(cells[label])})" if label in cells else "" for label in labels)
        lines.append([escaped(row.function), escaped(row.template), *said])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _table(rows: Sequence[AuditRow], columns: int) -> Iterator[Line]:
    """One line a function under its template; what does not fit goes: the amounts, the bars, the headings' ends."""
    if not rows:
        yield [("summary", "No functions", "")]
        return
    labels = _labels(rows)
    names = max(width(visible(row.function)) for row in rows) + 3  # two before it, one after
    size: dict[str, int] = {}
    for style, heads in (("amount", {}), ("bar", {}), ("percent", {}), ("percent", SHORT)):
        size = {label: _column(rows, label, heads.get(label, label), style) for label in labels}
        if not columns or min(names, NAMES) + sum(size.values()) <= columns + 2:
            break
    if columns:
        names = max(min(names, columns + 2 - sum(size.values())), NAMES)
    yield [("", " " * names, ""), *(("title", f"{heads.get(label, label):<{size[label]}}", "") for label in labels)]
    template = None
    for row in rows:
        if row.template != template:
            template = row.template
            yield [("path", visible(template), "")]
        cells = {cell.label: cell for cell in row.cells}
        line: Line = [("", _fitted(f"  {visible(row.function)}", names), "")]
        for label in labels:
            line += _cell(cells.get(label), size[label], style)
        yield line


def _column(rows: Sequence[AuditRow], label: str, head: str, style: str) -> int:
    cells = [cell for row in rows for cell in row.cells if cell.label == label]
    return max(len(head), *(len("".join(part[1] for part in _cell(cell, 0, style))) for cell in cells)) + 2


def _cell(cell: AuditCell | None, size: int, style: str) -> Line:
    if cell is None:
        return [("", " " * size, "")]
    share = cell.share
    if share is None:
        return [("dim", f"{'?':<{size}}", "")]
    colour = "error" if share > 1 else "warning" if share >= 0.8 else "low"
    said = f"{percent(cell):>4}" + (f" {amount(cell)}" if style == "amount" else "")
    if style == "percent":
        return [(colour if share >= 0.8 else "", f"{said:<{size}}", "")]
    full = min(BAR, max(round(share * BAR), 1 if share else 0))
    rest = f" {said}"
    return [(colour, "#" * full, ""), ("dim", "." * (BAR - full), ""), ("", f"{rest:<{max(size - BAR, 0)}}", "")]


def percent(cell: AuditCell) -> str:
    """``62%``; never 100% for what is over the quota, nor for what is under it."""
    share = cell.share
    if share is None:
        return "?"
    whole = round(share * 100)
    if whole == 100 and share != 1:
        whole = 101 if share > 1 else 99
    return f"{whole}%" if whole < 1000 else ">999%"


def amount(cell: AuditCell) -> str:
    if cell.value is None:
        return "unknown"
    if cell.unit == "B" and cell.value >= 1024 * 1024:
        return f"{cell.value / 1024 / 1024:,.1f} MiB"
    if cell.unit == "B" and cell.value >= 10 * 1024:
        return f"{cell.value / 1024:,.1f} KiB"
    return f"{cell.value:,g} {cell.unit}".rstrip() if cell.value < 1e6 else f"{cell.value:,.0f} {cell.unit}".rstrip()


def _labels(rows: Sequence[AuditRow]) -> list[str]:
    return list(dict.fromkeys(cell.label for row in rows for cell in row.cells))


def _fitted(text: str, cells: int) -> str:
    """The text cut or filled to a number of cells, one of them blank at the end."""
    from lambdalint.reporters.display import excerpt

    if width(text) >= cells:
        text, _, _ = excerpt(text, 0, 0, cells - 1)
    return text + " " * (cells - width(text))
