"""What customers are worth, by pure rules: every pair of scores has one class, chances are in order."""

from __future__ import annotations

import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules import campaigns, customer_value
from crm_core.rules.conversion import deal_values
from crm_core.rules.customer_value import RFM_CLASSES, Counting, bounds_of, counting_of, problems_of_rule

SCORES = range(1, 6)


def test_every_three_scores_lie_in_one_class() -> None:
    for recency in SCORES:
        for rest in SCORES:
            found = [
                each.key
                for each in RFM_CLASSES
                if each.recency[0] <= recency <= each.recency[1] and each.rest[0] <= rest <= each.rest[1]
            ]
            assert len(found) == 1, (recency, rest)
    assert customer_value.rfm_class(5, 5, 4) == "champion"
    assert customer_value.rfm_class(5, 1, 1) == "fresh"
    assert customer_value.rfm_class(1, 5, 5) == "at_risk"
    assert customer_value.rfm_class(1, 1, 2) == "lost"


@given(values=st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_who_has_more_never_has_a_lower_score_and_alike_ones_have_the_same(values: list[int]) -> None:
    def score(value: int) -> int:
        below = sum(other < value for other in values)
        return customer_value.score_of_place(below, values.count(value), len(values))

    found = [score(value) for value in sorted(values)]
    assert found == sorted(found)
    assert all(each in SCORES for each in found)
    if len(set(values)) == 1:
        assert set(found) == {3}


def test_five_different_customers_have_the_five_scores() -> None:
    assert [customer_value.score_of_place(below, 1, 5) for below in range(5)] == list(SCORES)


def test_bounds_count_as_reached_on_the_very_value() -> None:
    bounds = (2, 3, 6, 12)
    assert [customer_value.score_by_bounds(each, bounds) for each in (1, 2, 5, 6, 12)] == [1, 2, 3, 4, 5]
    days = (30, 90, 180, 365)
    scores = [customer_value.score_by_bounds(each, days, less_is_better=True) for each in (30, 31, 365, 366)]
    assert scores == [5, 4, 2, 1]


@given(usual=st.integers(1, 400), times=st.integers(2, 20), years=st.integers(1, 20))
def test_the_longer_a_customer_is_silent_the_less_is_expected_and_nothing_once_it_is_lost(
    usual: int, times: int, years: int
) -> None:
    counting = Counting(silent_times=times, years=years)
    expected = [
        customer_value.expected(100_000, silent, usual, counting) for silent in range(times * usual + 2)
    ]
    assert expected[0] == expected[usual] == 100_000 * years
    assert all(later <= earlier for earlier, later in pairwise(expected))
    assert expected[-1] == 0
    assert customer_value.pace(times * usual, usual, times) == "late" or times * usual <= usual
    assert customer_value.pace(times * usual + 1, usual, times) == "silent"


def test_how_what_was_bought_lately_stands_to_the_time_before() -> None:
    def moved(now: int, before: int, *, is_new: bool = False) -> str:
        return customer_value.movement(now, before, is_new=is_new)

    assert [moved(5, 0, is_new=True), moved(5, 0), moved(5, 4), moved(5, 5), moved(4, 5)] == [
        *("new", "returned", "grown", "same", "shrunk")
    ]
    assert [moved(0, 5), moved(0, 0)] == ["gone", "earlier"]


@pytest.mark.parametrize(
    ("day", "months", "back"),
    [
        ("2026-03-31", 1, "2026-02-28"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2026-01-15", 12, "2025-01-15"),
        ("2026-12-31", 13, "2025-11-30"),
    ],
)
def test_months_back_end_on_a_day_there_is(day: str, months: int, back: str) -> None:
    assert customer_value.months_back(datetime.date.fromisoformat(day), months).isoformat() == back


@pytest.mark.parametrize(
    "text", ["30, 90", "30,90,180,x", "90 30 180 365", "1,1,2,3", "-1,2,3,4", "nan,1,2,3"]
)
def test_what_are_not_four_rising_numbers_is_refused_at_its_field(text: str) -> None:
    assert bounds_of(text) is None
    assert [each.field for each in problems_of_rule({"recency_days": text})] == ["recency_days"]


def test_days_and_purchases_are_whole_and_amounts_may_have_a_fraction() -> None:
    assert [each.field for each in problems_of_rule({"frequency": "1.5 2 3 4"})] == ["frequency"]
    assert problems_of_rule({"monetary": "0.5；10、100 1000"}) == []
    assert counting_of({"monetary": "0.5 10 100 1000"}, "CNY").monetary == (50, 1000, 10_000, 100_000)
    assert counting_of({"monetary": "5 10 100 1000"}, "JPY").monetary == (5, 10, 100, 1000)


@given(
    months=st.one_of(st.none(), st.integers(-5, 90)),
    text=st.one_of(st.none(), st.text(max_size=12)),
)
def test_a_rule_however_badly_written_counts_by_usual_values(months: Any, text: str | None) -> None:
    counting = counting_of({"months": months, "recency_days": text, "purchases": text}, "CNY")
    assert 1 <= counting.months <= customer_value.MOST_MONTHS
    assert len(counting.recency) in (0, 4)
    wrong = {each.field for each in problems_of_rule({"months": months})}
    assert bool(wrong) == (months is not None and not 1 <= months <= customer_value.MOST_MONTHS)


def test_a_campaign_ends_after_it_starts_and_costs_no_less_than_nothing() -> None:
    said = campaigns.problems({"starts_on": "2026-03-02", "ends_on": "2026-03-01", "cost": -1, "budget": 0})
    assert [each.field for each in said] == ["ends_on", "cost"]
    assert campaigns.problems({"starts_on": "2026-03-02", "ends_on": "2026-03-02"}) == []


def test_the_deal_a_lead_becomes_names_the_leads_campaign() -> None:
    assert deal_values({"campaign_id": "c" * 32})["campaign_id"] == "c" * 32
