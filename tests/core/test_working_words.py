"""Working time as it is typed and shown again."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules.working_words import (
    days_text,
    length_text,
    made_up_text,
    parse_days,
    parse_length,
    parse_made_up,
    parse_spans,
    spans_text,
)

NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
days = st.dates(datetime.date(2020, 1, 1), datetime.date(2030, 12, 31)).map(str)


@given(st.lists(st.integers(0, 1440), unique=True, max_size=8))
def test_spans_are_read_as_they_are_written(marks: list[int]) -> None:
    ordered = sorted(marks)
    spans = [list(pair) for pair in zip(ordered[::2], ordered[1::2], strict=False)]
    assert parse_spans(spans_text(spans)) == spans


@given(st.sets(days, max_size=12))
def test_days_are_read_as_they_are_written(some: set[str]) -> None:
    assert parse_days(days_text(sorted(some))) == sorted(some)


@given(st.dictionaries(days, st.integers(0, 6), max_size=6), st.integers(0, 10_000))
def test_made_up_days_and_lengths_are_read_as_they_are_written(made: dict[str, int], minutes: int) -> None:
    pairs = sorted(made.items())
    assert parse_made_up(made_up_text(pairs, NAMES), NAMES) == [list(pair) for pair in pairs]
    assert parse_length(length_text(minutes)) == minutes


def test_other_ways_of_writing_are_understood() -> None:
    assert parse_spans("9:00-12:00，13：00～18：00") == [[540, 720], [780, 1080]]
    assert parse_spans("00:00-24:00") == [[0, 1440]]
    assert parse_days("2026-10-01 至 2026-10-03\n2026-12-25") == [
        "2026-10-01",
        "2026-10-02",
        "2026-10-03",
        "2026-12-25",
    ]
    assert parse_length("2") == 120
    assert parse_length(" ") is None


@pytest.mark.parametrize(
    "text", ["9-12", "12:00-9:00", "09:00-12:00, 11:00-13:00", "25:00-26:00", "9:75-10:00"]
)
def test_spans_nobody_works_are_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_spans(text)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "soon", "2026-10-07 - 2026-10-01", "2026-10-01 or 2026-10-02"]
)
def test_days_there_are_not_are_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_days(text)


@pytest.mark.parametrize("text", ["2026-10-10", "2026-10-10 = Someday"])
def test_made_up_days_without_a_weekday_are_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_made_up(text, NAMES)


def test_a_length_is_hours_and_minutes() -> None:
    for text in ("1:75", "soon", "-1"):
        with pytest.raises(UserError):
            parse_length(text)
