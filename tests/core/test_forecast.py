"""A forecast: how far each deal is counted on, and what became of it in a week."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.forecast import (
    Category,
    Change,
    DealThen,
    category_of,
    change_of,
    forecast_report,
    problems_of_call,
)
from crm_core.rules.report_form import plain_report, stored_report

FIRST, LAST = "2027-01-01", "2027-03-31"


@pytest.mark.parametrize(
    ("by_hand", "probability", "category"),
    [
        (None, 75, Category.COMMIT),
        (None, 74, Category.BEST),
        (None, 50, Category.BEST),
        (None, 49, Category.PIPELINE),
        (None, 0, Category.OMITTED),
        (None, None, Category.PIPELINE),
        ("commit", 5, Category.COMMIT),
        ("omitted", 95, Category.OMITTED),
        ("upside", 95, Category.COMMIT),
    ],
)
def test_a_hand_says_more_than_the_probability(
    by_hand: str | None, probability: int | None, category: Category
) -> None:
    assert category_of(by_hand, probability) is category


def _deal(amount: int = 100, day: str | None = "2027-02-01", kind: str = "open") -> DealThen:
    return DealThen(amount=amount, close_date=day, kind=kind)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, _deal(), (Change.NEW, 100)),
        (_deal(day="2027-05-01"), _deal(120), (Change.MOVED_IN, 120)),
        (_deal(day=None), _deal(), (Change.MOVED_IN, 100)),
        (_deal(), _deal(day="2027-04-01"), (Change.MOVED_OUT, -100)),
        (_deal(), None, (Change.MOVED_OUT, -100)),
        (_deal(), _deal(150), (Change.GREW, 50)),
        (_deal(), _deal(30), (Change.SHRANK, -70)),
        (_deal(), _deal(130, kind="won"), (Change.WON, 130)),
        (_deal(), _deal(kind="lost"), (Change.LOST, 100)),
        (None, _deal(kind="won"), (Change.WON, 100)),
        (_deal(), _deal(day="2027-03-31"), None),
        (_deal(kind="won"), _deal(kind="won", amount=5), None),
        (_deal(day="2027-09-09"), _deal(day="2027-08-08"), None),
        (None, None, None),
    ],
)
def test_what_became_of_a_deal_in_a_week(
    before: DealThen | None, after: DealThen | None, told: tuple[Change, int] | None
) -> None:
    assert change_of(before, after, FIRST, LAST) == told


_THEN = st.none() | st.builds(
    DealThen,
    amount=st.integers(0, 100),
    close_date=st.sampled_from([None, "2026-12-31", FIRST, LAST, "2027-04-01"]),
    kind=st.just("open"),
)


@given(_THEN, _THEN)
def test_changes_of_open_deals_explain_the_difference_of_the_sums(
    before: DealThen | None, after: DealThen | None
) -> None:
    def counted(deal: DealThen | None) -> int:
        inside = deal is not None and deal.close_date is not None and FIRST <= deal.close_date <= LAST
        return deal.amount if deal is not None and inside else 0

    told = change_of(before, after, FIRST, LAST)
    assert (told[1] if told else 0) == counted(after) - counted(before)


def test_the_forecast_is_a_report_like_any_other() -> None:
    made = forecast_report(
        first=datetime.date(2027, 1, 1), last=datetime.date(2027, 3, 31), people=["f" * 32]
    )
    assert stored_report(plain_report(made)) == made
    assert [each.key for each in forecast_report().questions] == ["period"]


def test_a_judgement_needs_a_year_and_one_subject() -> None:
    good = {"year": 2027, "period": "q1", "amount": 5, "reason": "Two letters of intent"}
    assert problems_of_call(good) == []
    for wrong, field in (
        ({"year": 12}, "year"),
        ({"amount": -1}, "amount"),
        ({"user_id": "a" * 32, "team_id": "b" * 32}, "team_id"),
    ):
        assert [each.field for each in problems_of_call({**good, **wrong})] == [field]
