"""Schedule expressions: valid ones pass, each kind of fault is told, nothing raises, and the next runs are right."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.model.schedule import check_schedule, next_runs

DAYS = "SUN MON TUE WED THU FRI SAT".split()
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()


def kinds(expression: str, dialect: str = "rule") -> list[str]:
    return [fault.kind for fault in check_schedule(expression, dialect)]


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(1 hour)",
        "rate(24 hours)",
        "rate(1 day)",
        "rate(7 days)",
        "cron(0 10 * * ? *)",
        "cron(15 12 * * ? *)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0 8 1 * ? *)",
        "cron(0/15 * * * ? *)",
        "cron(0/10 * ? * MON-FRI *)",
        "cron(0/5 8-17 ? * MON-FRI *)",
        "cron(0/30 20-2 ? * MON-FRI *)",
        "cron(*/5 * * * ? *)",
        "cron(0 9 ? * 2#1 *)",
        "cron(0 9 ? * FRI#2 *)",
        "cron(0 9 L * ? *)",
        "cron(0 9 L-3 * ? *)",
        "cron(0 9 LW * ? *)",
        "cron(0 9 15W * ? *)",
        "cron(15 10 ? * 6L 2026-2030)",
        "cron(0 9 ? * SAT-SUN *)",
        "cron(0 0 1 JAN,apr,7 ? 2030)",
        " cron( 0 9 * * ? * ) ",
    ],
)
@pytest.mark.parametrize("dialect", ["rule", "scheduler"])
def test_valid(expression: str, dialect: str) -> None:
    assert check_schedule(expression, dialect) == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", ["form"]),
        ("5 minutes", ["form"]),
        ("* * * * *", ["form"]),
        ("rate 5 minutes", ["form"]),
        ("rate(5 minutes", ["form"]),
        ("every(5 minutes)", ["form"]),
        ("rate()", ["rate"]),
        ("rate(5)", ["rate"]),
        ("rate(5 minutes ago)", ["rate"]),
        ("rate(0 minutes)", ["rate_value"]),
        ("rate(-1 minutes)", ["rate_value"]),
        ("rate(1.5 hours)", ["rate_value"]),
        ("rate(five minutes)", ["rate_value"]),
        ("rate(30 seconds)", ["rate_unit"]),
        ("rate(1 week)", ["rate_unit"]),
        ("cron(0 9 * * *)", ["cron_fields"]),
        ("cron(0 0 9 * * ? *)", ["cron_fields"]),
        ("cron()", ["cron_fields"]),
        ("cron(60 9 * * ? *)", ["cron_value"]),
        ("cron(0 24 * * ? *)", ["cron_value"]),
        ("cron(0 9 0 * ? *)", ["cron_value"]),
        ("cron(0 9 32 * ? *)", ["cron_value"]),
        ("cron(0 9 * 13 ? *)", ["cron_value"]),
        ("cron(0 9 ? * 0 *)", ["cron_value"]),
        ("cron(0 9 ? * 8 *)", ["cron_value"]),
        ("cron(0 9 ? * MON#6 *)", ["cron_value"]),
        ("cron(0 9 ? * MONDAY *)", ["cron_value"]),
        ("cron(0 9 * * ? 1969)", ["cron_value"]),
        ("cron(0 9 * * ? 2030-2026)", ["cron_value"]),
        ("cron(? 9 * * ? *)", ["cron_value"]),
        ("cron(0,,5 9 * * ? *)", ["cron_value"]),
        ("cron(0/x 9 * * ? *)", ["cron_value"]),
        ("cron(0 9 W * ? *)", ["cron_value"]),
        ("cron(0 9 * * * *)", ["cron_days"]),
        ("cron(0 9 ? * ? *)", ["cron_days"]),
        ("cron(0 9 1 * MON *)", ["cron_days"]),
        ("cron(61 25 * * * *)", ["cron_value", "cron_value", "cron_days"]),
        ("rate(" + "1" * 300 + " days)", ["length"]),
    ],
)
@pytest.mark.parametrize("dialect", ["rule", "scheduler"])
def test_refused(expression: str, expected: list[str], dialect: str) -> None:
    assert kinds(expression, dialect) == expected


@pytest.mark.parametrize("expression", ["rate(1 minutes)", "rate(5 minute)", "rate(1 days)", "rate(01 hours)"])
def test_plural_matters_to_rules_only(expression: str) -> None:
    assert kinds(expression, "rule") == ["rate_plural"]
    assert kinds(expression, "scheduler") == []


def test_a_step_of_an_hour_in_minutes() -> None:
    assert kinds("cron(0/59 * * * ? *)", "rule") == []
    assert kinds("cron(*/60 * * * ? *)", "rule") == ["cron_value"]
    assert kinds("cron(*/60 * * * ? *)", "scheduler") == []


def test_fields() -> None:
    (fault,) = check_schedule("cron(0 9 ? * 0 *)")
    assert fault.fields == {"field": "day-of-week", "value": "0", "min": 1, "max": 7}
    (fault,) = check_schedule("rate(1 minutes)")
    assert fault.fields == {"value": "1", "unit": "minutes", "expected": "minute"}


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2027-01-01T09:00:00", True),
        ("2028-02-29T09:00:00", True),
        ("2027-02-29T09:00:00", False),
        ("2027-01-01 09:00:00", False),
        ("2027-01-01T24:00:00", False),
        ("2027-01-01T09:00:00Z", False),
        ("2027-01-01T09:00:00+02:00", False),
        ("tomorrow", False),
        ("", False),
    ],
)
def test_at_is_for_scheduler(text: str, valid: bool) -> None:
    assert kinds(f"at({text})", "scheduler") == ([] if valid else ["at"])
    assert kinds(f"at({text})", "rule") == ["form"]


def ranged(low: int, high: int, names: list[str] | None = None) -> st.SearchStrategy[str]:
    """One field of the grammar: a star, values, ranges and steps, in a list."""
    value = st.integers(low, high).map(str)
    if names:
        value = value | st.sampled_from(names)
    pair = st.lists(st.integers(low, high), min_size=2, max_size=2).map(sorted)
    start = value | pair.map(lambda ends: f"{ends[0]}-{ends[1]}") | st.just("*")
    step = st.builds("{}/{}".format, start, st.integers(1, max(high // 2, 1)))
    return st.just("*") | st.lists(start | step, min_size=1, max_size=3).map(",".join)


@st.composite
def crons(draw: st.DrawFn) -> str:
    of_month = ranged(1, 31) | st.sampled_from(["L", "LW", "15W", "L-2"])
    of_week = ranged(1, 7, DAYS) | st.sampled_from(["L", "6L", "FRIL", "3#2", "TUE#5"])
    days = draw(st.tuples(of_month, st.just("?")) | st.tuples(st.just("?"), of_week))
    fields = [
        draw(ranged(0, 59)),
        draw(ranged(0, 23)),
        days[0],
        draw(ranged(1, 12, MONTHS)),
        days[1],
        draw(ranged(1970, 2199)),
    ]
    return " ".join(fields)


@given(crons())
def test_generated_crons_are_valid(body: str) -> None:
    expression = f"cron({body})"
    if len(expression) <= 256:
        assert check_schedule(expression, "rule") == []
        assert check_schedule(expression, "scheduler") == []


@given(crons(), st.integers(0, 5), st.sampled_from(["-1", "x", "99999", "1-", "-", "1/x", "1//2", "#", "1#9"]))
def test_a_bad_item_anywhere_is_told(body: str, index: int, item: str) -> None:
    fields = body.split()
    fields[index] += "," + item
    assert "cron_value" in kinds(f"cron({' '.join(fields)})") or len(" ".join(fields)) > 250


@given(crons(), st.integers(0, 5))
def test_a_missing_field_is_told(body: str, index: int) -> None:
    fields = body.split()
    del fields[index]
    assert kinds(f"cron({' '.join(fields)})") in (["cron_fields"], ["length"])


@given(st.integers(1, 10**6), st.sampled_from(["minute", "hour", "day"]))
def test_generated_rates(value: int, unit: str) -> None:
    right, wrong = (unit, unit + "s") if value == 1 else (unit + "s", unit)
    assert check_schedule(f"rate({value} {right})") == []
    assert kinds(f"rate({value} {wrong})") == ["rate_plural"]


GARBAGE = st.text(max_size=300) | st.text(alphabet="cronrateat() */,-#?LW0123456789MONxT:", max_size=80)


@given(GARBAGE, st.sampled_from(["rule", "scheduler"]))
def test_nothing_raises(text: str, dialect: str) -> None:
    for expression in (text, f"cron({text})", f"rate({text})", f"at({text})"):
        faults = check_schedule(expression, dialect)
        runs = next_runs(expression, datetime(2026, 11, 23), 1)
        assert isinstance(faults, list)
        assert not runs or not faults or dialect == "rule"


NOW = datetime(2026, 11, 23, 17, 0)
"""A Monday."""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 10 * * ? *)", ["2026-11-24 10:00", "2026-11-25 10:00", "2026-11-26 10:00"]),
        ("cron(0/20 17 ? * MON *)", ["2026-11-23 17:20", "2026-11-23 17:40", "2026-11-30 17:00"]),
        ("cron(0 9 L * ? *)", ["2026-11-30 09:00", "2026-12-31 09:00", "2027-01-31 09:00"]),
        ("cron(0 9 L-1 * ? *)", ["2026-11-29 09:00", "2026-12-30 09:00", "2027-01-30 09:00"]),
        ("cron(0 9 LW * ? *)", ["2026-11-30 09:00", "2026-12-31 09:00", "2027-01-29 09:00"]),
        ("cron(0 9 1W * ? *)", ["2026-12-01 09:00", "2027-01-01 09:00", "2027-02-01 09:00"]),
        ("cron(0 9 2W * ? 2027)", ["2027-01-01 09:00", "2027-02-02 09:00", "2027-03-02 09:00"]),
        ("cron(0 9 ? * 6L *)", ["2026-11-27 09:00", "2026-12-25 09:00", "2027-01-29 09:00"]),
        ("cron(0 9 ? * L *)", ["2026-11-28 09:00", "2026-12-05 09:00", "2026-12-12 09:00"]),
        ("cron(0 9 ? * 3#2 *)", ["2026-12-08 09:00", "2027-01-12 09:00", "2027-02-09 09:00"]),
        ("cron(0 9 ? * SAT-SUN *)", ["2026-11-28 09:00", "2026-11-29 09:00", "2026-12-05 09:00"]),
        ("cron(0 22-1/2 ? * MON *)", ["2026-11-23 22:00", "2026-11-30 00:00", "2026-11-30 22:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
        ("cron(0 0 1 1 ? 2199)", ["2199-01-01 00:00"]),
        ("cron(0 0 30 2 ? *)", []),
        ("cron(0 0 1 1 ? 2020)", []),
        ("at(2027-01-01T09:00:00)", ["2027-01-01 09:00"]),
        ("at(2020-01-01T09:00:00)", []),
        ("rate(5 minutes)", []),
        ("cron(0 9 * * *)", []),
    ],
)
def test_next_runs(expression: str, expected: list[str]) -> None:
    assert [f"{run:%Y-%m-%d %H:%M}" for run in next_runs(expression, NOW)] == expected


@given(crons())
def test_runs_are_later_and_in_order(body: str) -> None:
    runs = next_runs(f"cron({body})", NOW.replace(tzinfo=timezone.utc))
    assert runs == sorted(set(runs))
    assert all(run > NOW.replace(tzinfo=timezone.utc) for run in runs)
    assert all(run.utcoffset() == timedelta(0) and run.second == 0 for run in runs)
