"""Reminders: once of each, again after a snooze, anew where it was moved, and none of what is long over."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.rules.reminding import (
    LATEST_MS,
    NEVER,
    Due,
    Told,
    after_telling,
    lead_minutes,
    remind_ms,
    snoozed,
    to_tell,
    told_of,
)
from crm_core.times import MINUTE_MS

NOW = 1_800_000_000_000


def due(key: str, begins: int, lead: int = 15) -> Due:
    at = NOW + begins * MINUTE_MS
    return Due(key=key, begins_ms=at, remind_ms=at - lead * MINUTE_MS)


def keys(found: list[Due]) -> list[str]:
    return [each.key for each in found]


def test_one_is_reminded_once_and_again_of_what_was_moved() -> None:
    told = Told(since_ms=NOW - 60 * MINUTE_MS)
    planned = [due("soon", 10), due("later", 60), due("just over", -5), due("before all this", -90)]
    found = to_tell(planned, told, NOW)
    assert keys(found) == ["just over", "soon"]
    told = after_telling(told, found, NOW)
    assert to_tell(planned, told, NOW) == []
    assert keys(to_tell([due("soon", 14)], told, NOW)) == ["soon"]
    assert keys(to_tell(planned, told, NOW + 46 * MINUTE_MS)) == ["later"]


def test_a_snooze_is_heard_when_it_is_over_and_survives_a_restart() -> None:
    told = after_telling(Told(since_ms=0), [due("soon", 10)], NOW)
    told = snoozed(told, ["soon"], NOW + 10 * MINUTE_MS)
    told = told_of(told.as_setting(), NOW)
    assert to_tell([due("soon", 10)], told, NOW + 9 * MINUTE_MS) == []
    found = to_tell([due("soon", 10)], told, NOW + 10 * MINUTE_MS)
    assert keys(found) == ["soon"]
    told = after_telling(told, found, NOW + 10 * MINUTE_MS)
    assert to_tell([due("soon", 10)], told, NOW + 30 * MINUTE_MS) == []


def test_a_new_laptop_says_nothing_of_the_past_and_unreadable_settings_are_as_new() -> None:
    told = told_of({}, NOW)
    assert to_tell([due("over", -1), due("today", 14)], told, NOW) == [due("today", 14)]
    assert told_of({"since": "x", "told": [], "snoozed": {"a": "b"}}, NOW) == Told(since_ms=NOW)


def test_how_long_before_is_what_the_activity_says_or_the_person() -> None:
    assert lead_minutes(None, 15) == 15
    assert lead_minutes("60", 15) == 60
    assert lead_minutes("none", 15) == NEVER
    assert lead_minutes("of a newer program", 15) == 15
    day = datetime.datetime(2026, 11, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    nine = round(day.replace(hour=9).timestamp() * 1000)
    assert remind_ms(day, 15, all_day=True) == nine
    assert remind_ms(day, 1440, all_day=True) == nine - LATEST_MS
    assert remind_ms(day, NEVER, all_day=True) is None


@given(
    begins=st.lists(st.integers(-3000, 3000), max_size=8),
    ticks=st.lists(st.integers(1, 700), max_size=10),
)
@settings(max_examples=60)
def test_however_often_it_is_asked_nothing_is_told_twice(begins: list[int], ticks: list[int]) -> None:
    planned = [due(str(at), begin) for at, begin in enumerate(begins)]
    told, now = Told(since_ms=NOW), NOW
    said: list[str] = []
    for tick in ticks:
        now += tick * MINUTE_MS
        found = to_tell(planned, told, now)
        said += keys(found)
        told = told_of(after_telling(told, found, now).as_setting(), now)
    assert len(said) == len(set(said))
