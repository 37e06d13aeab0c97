"""Repeating activities: the days of a rule, against dateutil's own reading, and by the clock on the wall."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules.recurrence import (
    Every,
    Repeat,
    next_occurrence,
    occurrences,
    parse_repeat,
    wall_clock,
    zone_of,
)
from crm_core.rules.recurrence_words import repeat_words

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
FIRST = datetime.date(2026, 11, 30)
DAY = datetime.timedelta(days=1)

ends = st.one_of(
    st.just({}),
    st.integers(1, 60).map(lambda count: {"count": count}),
    st.integers(0, 900).map(lambda days: {"until": FIRST + days * DAY}),
)
weekdays = st.sets(st.integers(0, 6), max_size=7).map(lambda days: tuple(sorted(days)))
kinds = st.one_of(
    st.just({"every": Every.DAY}),
    weekdays.map(lambda days: {"every": Every.WEEK, "weekdays": days}),
    st.sampled_from((*range(1, 32), -1)).map(lambda day: {"every": Every.MONTH, "month_day": day}),
    st.tuples(st.integers(0, 6), st.sampled_from((1, 2, 3, 4, -1))).map(
        lambda pair: {"every": Every.MONTH, "weekdays": (pair[0],), "nth": pair[1]}
    ),
    st.just({"every": Every.YEAR}),
)
rules = st.builds(
    lambda kind, end, interval: Repeat(interval=interval, **kind, **end), kinds, ends, st.integers(1, 5)
)


@given(rule=rules, first=st.integers(0, 400), begins=st.integers(-50, 900), length=st.integers(0, 60))
@settings(max_examples=60)
def test_the_days_of_a_period_are_those_dateutil_finds(
    rule: Repeat, first: int, begins: int, length: int
) -> None:
    start = FIRST + first * DAY
    lower, upper = FIRST + begins * DAY, FIRST + (begins + length) * DAY
    whole = rrulestr(rule.text(), dtstart=datetime.datetime.combine(start, datetime.time()))
    naive = [
        moment.date()
        for moment in whole.between(
            datetime.datetime.combine(lower, datetime.time()),
            datetime.datetime.combine(upper, datetime.time()),
            inc=True,
        )
    ]
    assert rule.days_between(start, lower, upper) == naive


@given(rule=rules)
@settings(max_examples=40)
def test_a_rule_read_back_is_the_rule_that_was_written(rule: Repeat) -> None:
    assert parse_repeat(rule.text()) == rule
    assert parse_repeat("RRULE:" + rule.text().lower()) == rule


@given(rule=rules, cut=st.integers(1, 200))
@settings(max_examples=40)
def test_a_rule_cut_in_two_names_the_same_days(rule: Repeat, cut: int) -> None:
    days = rule.days_between(FIRST, FIRST, FIRST + 900 * DAY)
    later = [day for day in days if day >= FIRST + cut * DAY]
    if not later:
        return
    split = later[0]
    before, after = rule.before(FIRST, split), rule.after(FIRST, split)
    head = before.days_between(FIRST, FIRST, FIRST + 900 * DAY) if before else []
    # Bare months and years repeat the day of the first one, which a day left out by short months need not be.
    if rule.every is Every.YEAR:
        return
    assert head + after.days_between(split, split, FIRST + 900 * DAY) == days


@pytest.mark.parametrize(
    "text",
    [
        "",
        "weekly",
        "FREQ=HOURLY",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=1000000",
        "FREQ=WEEKLY;COUNT=5;UNTIL=20270101",
        "FREQ=MONTHLY;BYDAY=1MO,2TU",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=WEEKLY;FREQ=DAILY",
    ],
)
def test_what_is_no_rule_is_said_to_be_none(text: str) -> None:
    with pytest.raises(UserError, match="no rule for repeating"):
        parse_repeat(text)


def test_nine_oclock_stays_nine_when_clocks_change() -> None:
    first = datetime.datetime(2026, 10, 23, 9, 0, tzinfo=BERLIN)
    found = occurrences(
        parse_repeat("FREQ=DAILY"),
        round(first.timestamp() * 1000),
        BERLIN,
        ("2026-10-24",),
        0,
        round((first + 5 * DAY).timestamp() * 1000),
    )
    assert [wall_clock(at, BERLIN).strftime("%d %H:%M %z") for _day, at in found] == [
        "23 09:00 +0200",
        "25 09:00 +0100",
        "26 09:00 +0100",
        "27 09:00 +0100",
    ]


def test_a_time_the_day_skips_is_taken_after_the_jump() -> None:
    first = datetime.datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN)
    found = occurrences(
        parse_repeat("FREQ=DAILY;COUNT=2"), round(first.timestamp() * 1000), BERLIN, (), 0, 2**42
    )
    assert [wall_clock(at, BERLIN).strftime("%H:%M") for _day, at in found] == ["02:30", "03:30"]


def test_a_day_of_another_zone_is_found_from_here() -> None:
    first = datetime.datetime(2026, 11, 30, 0, 30, tzinfo=SHANGHAI)  # still the 29th in Berlin
    first_ms = round(first.timestamp() * 1000)
    begins = round(datetime.datetime(2026, 12, 6, tzinfo=BERLIN).timestamp() * 1000)
    found = occurrences(
        parse_repeat("FREQ=WEEKLY"),
        first_ms,
        SHANGHAI,
        (),
        begins,
        begins + 86_400_000,
    )
    assert [day.isoformat() for day, _at in found] == ["2026-12-07"]


def test_the_next_time_is_found_past_days_left_out() -> None:
    first = round(datetime.datetime(2026, 11, 30, 9, 0, tzinfo=BERLIN).timestamp() * 1000)
    rule = parse_repeat("FREQ=WEEKLY;COUNT=3")
    found = next_occurrence(rule, first, BERLIN, ("2026-12-07",), first + 1)
    assert found is not None
    assert found[0].isoformat() == "2026-12-14"
    assert next_occurrence(rule, first, BERLIN, (), found[1] + 1) is None


def test_a_zone_nobody_knows_is_the_usual_one() -> None:
    assert zone_of("Mars/Olympus", BERLIN) is BERLIN
    assert zone_of("../etc/passwd", BERLIN) is BERLIN
    assert zone_of("Asia/Shanghai", BERLIN).key == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=DAILY", "Every day"),
        ("FREQ=DAILY;INTERVAL=3", "Every 3 days"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "Every working day"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "Every 2 weeks on Monday"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=1", "Every week on Monday, Wednesday and Friday, once"),
        ("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270301", "Every month on the last Friday, until 2027-03-01"),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "Every month on the second Tuesday"),
        ("FREQ=MONTHLY;INTERVAL=3", "Every 3 months on day 30"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=4", "Every month on the last day, 4 times"),
        ("FREQ=YEARLY", "Every year"),
    ],
)
def test_a_rule_is_said_in_words(text: str, said: str) -> None:
    assert str(repeat_words(parse_repeat(text), FIRST)) == said
