"""Schedule expressions: ``rate(5 minutes)``, ``cron(0 9 ? * MON-FRI *)``, ``at(2027-01-01T09:00:00)``.

Two services read them: EventBridge rules (dialect ``rule``: rate and cron) and EventBridge Scheduler (``scheduler``:
also at, and it does not mind ``rate(1 minutes)``). What is said here is what they surely refuse; a form whose fate no
page tells (a range that wraps, a step of 24 hours) passes. Rules refuse a step of 60 minutes, as was seen in
https://github.com/aws/aws-sdk-js/issues/4212.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

FORMS = {"rule": ("rate", "cron"), "scheduler": ("rate", "cron", "at")}
MAX_LENGTH = 256
"""Characters of an expression, in both services."""

_UNITS = ("minute", "hour", "day")
_MONTHS = {name: i for i, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
_DAYS = {name: i for i, name in enumerate("SUN MON TUE WED THU FRI SAT".split(), 1)}


class ScheduleFault(NamedTuple):
    """Why an expression is refused.

    ``kind`` with its ``fields``: ``length`` (length, max), ``form`` (text, allowed), ``rate`` (text), ``rate_value``
    (value), ``rate_unit`` (unit, allowed), ``rate_plural`` (value, unit, expected), ``cron_fields`` (count),
    ``cron_value`` (field, value, min, max), ``cron_days`` (day_of_month, day_of_week: exactly one of them must be
    ``?``), ``at`` (text).
    """

    kind: str
    fields: dict[str, Any] = {}


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: dict[str, int] = {}


_FIELDS = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day-of-month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day-of-week", 1, 7, _DAYS),
    _Field("year", 1970, 2199),
)
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4


def check_schedule(expression: str, dialect: str = "rule") -> list[ScheduleFault]:
    """What the service of ``dialect`` (``rule`` or ``scheduler``) refuses in an expression; [] where it is valid."""
    if len(expression) > MAX_LENGTH:
        return [ScheduleFault("length", {"length": len(expression), "max": MAX_LENGTH})]
    form, body = _split(expression)
    if form not in FORMS[dialect]:
        return [ScheduleFault("form", {"text": expression, "allowed": FORMS[dialect]})]
    if form == "rate":
        return list(_rate_faults(body, dialect))
    if form == "cron":
        return list(_cron_faults(body, dialect))
    return [] if _moment(body) else [ScheduleFault("at", {"text": body})]


def _split(expression: str) -> tuple[str, str]:
    """``rate``, ``cron`` or ``at`` and what its brackets hold; ('', '') for anything else."""
    text = expression.strip()
    form, bracket, body = text.partition("(")
    if not bracket or not body.endswith(")"):
        return "", ""
    return form.strip().lower(), body[:-1].strip()


def _rate_faults(body: str, dialect: str) -> Iterator[ScheduleFault]:
    words = body.split()
    if len(words) != 2:
        yield ScheduleFault("rate", {"text": body})
        return
    value, unit = words[0], words[1].lower()
    whole = value.isascii() and value.isdigit()
    if not whole or not value.strip("0"):
        yield ScheduleFault("rate_value", {"value": value})
    singular = unit[:-1] if unit.endswith("s") else unit
    if singular not in _UNITS:
        yield ScheduleFault("rate_unit", {"unit": words[1], "allowed": tuple(name + "s" for name in _UNITS)})
    elif dialect == "rule" and whole and value.strip("0"):
        expected = singular if value.lstrip("0") == "1" else singular + "s"
        if unit != expected:
            yield ScheduleFault("rate_plural", {"value": value, "unit": words[1], "expected": expected})


def _parts(body: str) -> list[str]:
    """The fields of a cron expression, without a comma behind them: EventBridge does not mind one, as was seen in
    https://github.com/aws/aws-sdk/issues/161."""
    return [part.rstrip(",") or part for part in body.split()]


def _cron_faults(body: str, dialect: str) -> Iterator[ScheduleFault]:
    parts = _parts(body)
    if len(parts) != len(_FIELDS):
        yield ScheduleFault("cron_fields", {"count": len(parts)})
        return
    for index, (field, part) in enumerate(zip(_FIELDS, parts)):
        for item in part.split(","):
            if not _item_is_valid(item, part, index) or (dialect == "rule" and index == 0 and _step(item) > field.high):
                limits = {"field": field.name, "value": item, "min": field.low, "max": field.high}
                yield ScheduleFault("cron_value", limits)
    days = parts[_DAY_OF_MONTH], parts[_DAY_OF_WEEK]
    if (days[0] == "?") == (days[1] == "?"):
        yield ScheduleFault("cron_days", {"day_of_month": days[0], "day_of_week": days[1]})


def _item_is_valid(item: str, whole: str, index: int) -> bool:
    """Whether one item of a field's comma-separated list is of the grammar and in range."""
    field = _FIELDS[index]
    item = item.upper()
    if item == "?":
        return whole == "?" and index in (_DAY_OF_MONTH, _DAY_OF_WEEK)
    if index == _DAY_OF_MONTH and _is_day_of_month(item):
        return True
    if index == _DAY_OF_WEEK and _is_day_of_week(item):
        return True
    start, slash, step = item.partition("/")
    if slash and not (step.isascii() and step.isdigit()):
        return False
    if start == "*" or (slash and not start):
        return True
    first, dash, last = start.partition("-")
    low = _number(first, field)
    if low is None or not dash:
        return low is not None
    high = _number(last, field)
    # A range of hours or week days may pass midnight or the weekend; years do not come round again.
    return high is not None and (low <= high or field.name != "year")


def _step(item: str) -> int:
    text = item.partition("/")[2]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _is_day_of_month(item: str) -> bool:
    """``L``, ``LW``, ``L-3``, ``15W``."""
    if item in ("L", "LW"):
        return True
    if item.startswith("L-"):
        return _number(item[2:], _Field("", 0, 30)) is not None
    return item.endswith("W") and _number(item[:-1], _FIELDS[_DAY_OF_MONTH]) is not None


def _is_day_of_week(item: str) -> bool:
    """``L``, ``6L``, ``FRIL``, ``3#2``, ``TUE#2``."""
    field = _FIELDS[_DAY_OF_WEEK]
    if item == "L":
        return True
    day, hash_sign, nth = item.partition("#")
    if hash_sign:
        return _number(day, field) is not None and nth in ("1", "2", "3", "4", "5")
    return item.endswith("L") and _number(item[:-1], field) is not None


def _number(text: str, field: _Field) -> int | None:
    if text in field.names:
        return field.names[text]
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        return None
    value = int(text)
    return value if field.low <= value <= field.high else None


def _moment(text: str) -> datetime | None:
    """The day and time that text names, without a zone (that is a property of its own); None where it names none."""
    from datetime import datetime

    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def next_runs(expression: str, after: datetime, count: int = 3) -> list[datetime]:
    """The next moments (in the zone of ``after``) at which a valid cron or at expression runs; fewer where it ends.

    A rate runs from the moment of its deployment, which nobody knows beforehand: it gives [].
    """
    form, body = _split(expression)
    moment = _moment(body) if form == "at" else None
    if moment is not None:
        moment = moment.replace(tzinfo=after.tzinfo)
        return [moment] if moment > after else []
    if form != "cron" or any(_cron_faults(body, "scheduler")):
        return []
    found: list[datetime] = []
    for run in _runs(_parts(body.upper()), after):
        found.append(run)
        if len(found) >= count:
            break
    return found


def _runs(parts: list[str], after: datetime) -> Iterator[datetime]:
    """Every run later than ``after``, in order, up to the last year that the grammar knows."""
    minutes, hours, months, years = (sorted(_members(parts[index], _FIELDS[index])) for index in (0, 1, 3, 5))
    start = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for year in years:
        for month in months:
            if (year, month) < (after.year, after.month):
                continue
            first = start.replace(year=year, month=month, day=1)
            for number in range(1, _last_day(first) + 1):
                day = first.replace(day=number)
                if day < start or not _runs_on(day, parts[_DAY_OF_MONTH], parts[_DAY_OF_WEEK]):
                    continue
                for hour in hours:
                    for minute in minutes:
                        moment = day.replace(hour=hour, minute=minute)
                        if moment > after:
                            yield moment


def _members(part: str, field: _Field) -> set[int]:
    """The numbers that a field without L, W and # stands for."""
    found: set[int] = set()
    for item in part.split(","):
        start, slash, step_text = item.partition("/")
        step = max(int(step_text), 1) if slash else 1
        first, dash, last = start.partition("-")
        low = field.low if first in ("*", "?", "") else _number(first, field)
        if low is None:
            continue
        high = _number(last, field) if dash else (field.high if slash or first in ("*", "?", "") else low)
        if high is None:
            continue
        if high < low:
            high += field.high - field.low + 1
        size = field.high - field.low + 1
        found.update((value - field.low) % size + field.low for value in range(low, high + 1, step))
    return found


def _runs_on(day: datetime, days_of_month: str, days_of_week: str) -> bool:
    if days_of_month != "?":
        return any(_is_on_day_of_month(day, item) for item in days_of_month.split(","))
    return any(_is_on_day_of_week(day, item) for item in days_of_week.split(","))


def _is_on_day_of_month(day: datetime, item: str) -> bool:
    last = _last_day(day)
    if item == "L":
        return day.day == last
    if item.startswith("L-"):
        return day.day == last - int(item[2:])
    if item.endswith("W"):
        wanted = last if item == "LW" else min(int(item[:-1]), last)
        weekday = day.replace(day=wanted).weekday()
        if weekday == 5:
            wanted += 2 if wanted == 1 else -1
        elif weekday == 6:
            wanted += -2 if wanted == last else 1
        return day.day == wanted
    return day.day in _members(item, _FIELDS[_DAY_OF_MONTH])


def _is_on_day_of_week(day: datetime, item: str) -> bool:
    field = _FIELDS[_DAY_OF_WEEK]
    today = (day.weekday() + 1) % 7 + 1
    if item == "L":
        return today == 7
    name, hash_sign, nth = item.partition("#")
    if hash_sign:
        return today == _number(name, field) and (day.day - 1) // 7 + 1 == int(nth)
    if item.endswith("L"):
        return today == _number(item[:-1], field) and day.day + 7 > _last_day(day)
    return today in _members(item, field)


def _last_day(day: datetime) -> int:
    from calendar import monthrange

    return monthrange(day.year, day.month)[1]
