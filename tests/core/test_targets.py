"""Targets: their days, their pace, and what keeps one from being judged."""

from __future__ import annotations

import datetime

import pytest

from crm_core.entities.target import PERIODS
from crm_core.rules.targets import bounds, default_name, pace, percent_reached, problems

DAY = datetime.date


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("year", DAY(2028, 1, 1), DAY(2028, 12, 31)),
        ("q1", DAY(2028, 1, 1), DAY(2028, 3, 31)),
        ("q4", DAY(2028, 10, 1), DAY(2028, 12, 31)),
        ("m02", DAY(2028, 2, 1), DAY(2028, 2, 29)),
        ("m12", DAY(2028, 12, 1), DAY(2028, 12, 31)),
    ],
)
def test_a_period_goes_from_its_first_day_to_its_last(period: str, first: DAY, last: DAY) -> None:
    assert bounds(2028, period) == (first, last)


def test_every_period_that_can_be_chosen_has_its_days_and_others_have_none() -> None:
    for choice in PERIODS:
        found = bounds(2026, choice.value)
        assert found is not None
        assert found[0].day == 1
        assert (found[1] + datetime.timedelta(days=1)).day == 1
    for unknown in ("q5", "m13", "m00", "m", "half", ""):
        assert bounds(2026, unknown) is None
    assert bounds(99999, "year") is None


def test_months_and_quarters_of_a_year_fill_it_without_a_gap() -> None:
    for names in (["q1", "q2", "q3", "q4"], [f"m{month:02d}" for month in range(1, 13)]):
        spans = [bounds(2027, name) for name in names]
        days = sum((last - first).days + 1 for first, last in filter(None, spans))
        assert days == 365


def test_the_pace_counts_today_and_stays_within_the_period() -> None:
    first, last = DAY(2026, 11, 1), DAY(2026, 11, 30)
    assert [(at.day, at.days, at.left) for at in (pace(first, last, DAY(2026, 11, 20)),)] == [(20, 30, 10)]
    assert pace(first, last, DAY(2026, 10, 3)).day == 0
    assert pace(first, last, DAY(2027, 1, 1)).day == 30


def test_a_hundred_per_cent_is_all_of_it() -> None:
    assert [percent_reached(*each) for each in ((999, 1000), (1000, 1000), (0, 7), (-5, 10), (3, 0))] == [
        99,
        100,
        0,
        0,
        100,
    ]


def test_names_say_the_period() -> None:
    assert [default_name(2026, period) for period in ("year", "q4", "m03")] == ["2026", "2026-Q4", "2026-03"]


def test_what_keeps_a_target_from_being_judged_is_said_at_its_field() -> None:
    good = {"year": 2026, "period": "q4", "measure": "won_amount", "amount": 5}
    assert problems(good) == []
    for wrong, field in (
        ({"year": 1826}, "year"),
        ({"amount": None}, "amount"),
        ({"amount": -1}, "amount"),
        ({"measure": "visits"}, "number"),
        ({"user_id": "a" * 32, "team_id": "b" * 32}, "team_id"),
        ({"measure": "visits", "number": 3, "product_id": "c" * 32}, "product_id"),
    ):
        assert [each.field for each in problems({**good, **wrong})] == [field]
    assert problems({**good, "amount": "much"}) == []  # told of as no amount
    assert problems({**good, "amount": 0, "period": "m03"}) == []
