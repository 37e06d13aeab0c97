"""What a customer is like, from what was done and bought; too little says nothing."""

from __future__ import annotations

import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.customer_profile import (
    LEAST_CONTACTS,
    TOO_LITTLE,
    Bought,
    CustomerProfile,
    Sale,
    Talk,
    figures,
    habits,
    spending,
    taste,
)

TODAY = datetime.date(2026, 2, 28)
MONDAY = datetime.datetime.fromisoformat("2026-01-05T09:00")


def test_a_habit_is_what_stands_out_of_enough_talks() -> None:
    weeks = [MONDAY + datetime.timedelta(days=7 * week) for week in range(LEAST_CONTACTS)]
    talks = [Talk(kind="call", at=at) for at in weeks]
    talks += [Talk(kind="call", at=MONDAY, reached=False), Talk(kind="visit", at=weeks[-1])]
    found = habits(talks)
    assert [(each.kind, each.count, each.percent) for each in found.channels] == [
        ("call", 4, 80),
        ("visit", 1, 20),
    ]
    assert (found.weekday, found.part_of_day, found.days_between) == (0, "morning", 7)
    assert (found.reached_percent, found.calls) == (80, 5)
    few = habits(talks[: LEAST_CONTACTS - 1])
    assert (few.weekday, few.part_of_day, few.days_between, few.reached_percent) == (None,) * 4
    spread = habits(Talk(kind="mail", at=MONDAY + datetime.timedelta(days=day)) for day in range(5))
    assert spread.weekday is None


def test_spending_is_told_by_year_with_trend_rank_and_time_to_decide() -> None:
    sales = [
        Sale(closed_on=datetime.date(2025, 2, 28), minor=100, begun_on=datetime.date(2025, 2, 18)),
        Sale(closed_on=datetime.date(2025, 3, 1), minor=150, begun_on=datetime.date(2025, 2, 9)),
        Sale(closed_on=datetime.date(2026, 2, 28), minor=150),
    ]
    found = spending(sales, [300, 200, 100, 50, 0], TODAY)
    assert found.by_year == {2025: 250, 2026: 150}
    assert (found.last_12_months, found.trend_percent, found.quartile) == (300, 200, 1)
    assert (found.compared_with, found.days_to_decide) == (4, 15)
    assert spending(sales[:1], [900, 800, 700, 600], TODAY).quartile is None
    nothing = spending([], [], TODAY)
    assert (nothing.trend_percent, nothing.quartile, nothing.days_to_decide) == (None, None, None)


def test_products_are_ranked_by_what_was_paid_for_them() -> None:
    lines = [
        Bought(product="Pump", minor=100, discount_percent=Decimal(5)),
        Bought(product="Valve", minor=150, discount_percent=Decimal("7.5")),
        Bought(product="Pump", minor=100),
    ]
    found = taste(lines)
    assert (found.products, found.discount_percent) == ((("Pump", 200), ("Valve", 150)), Decimal(5))
    assert taste(lines[:1]).discount_percent is None


@given(
    ranks=st.lists(st.integers(1, 1000), min_size=4, max_size=30),
    place=st.integers(0, 29),
)
def test_a_quartile_follows_from_how_many_bought_more(ranks: list[int], place: int) -> None:
    mine = ranks[place % len(ranks)]
    found = spending([Sale(closed_on=TODAY, minor=mine)], ranks, TODAY)
    more = sum(each > mine for each in ranks)
    assert found.quartile is not None
    assert (found.quartile - 1) * len(ranks) <= 4 * more < found.quartile * len(ranks)


def test_too_little_is_said_in_each_line_and_what_may_not_be_read_is_left_out() -> None:
    nothing = CustomerProfile(habits=habits([]), spending=None, taste=taste([]), currency="CNY")
    lines = figures(nothing, {}, str)
    assert [line.said for line in lines] == [TOO_LITTLE] * 6
    assert str(lines[0].basis) == "from 0 talks"
