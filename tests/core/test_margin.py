"""What a quote earns, by example and by property."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crm_core.money import Money
from crm_core.rules.margin import margin
from crm_core.rules.totals import QuoteLineValues, totals


def line(quantity: str, price: int, **more: object) -> QuoteLineValues:
    facts = {"quantity": Decimal(quantity), "unit_price": Money(price, "CNY"), **more}
    return QuoteLineValues(**facts)  # type: ignore[arg-type]


def cny(minor: int) -> Money:
    return Money(minor, "CNY")


def test_what_is_left_after_every_discount_and_of_how_much() -> None:
    lines = [line("2", 1000, discount_percent=Decimal(10)), line("1", 200)]
    found = margin(lines, totals(lines, currency="CNY", allowance_minor=200), [cny(500), cny(150)])
    assert found is not None
    assert (found.revenue_minor, found.earned_minor) == (1800, 650)
    assert (found.percent, found.known, found.counted) == (Decimal("36.1"), 2, 2)


def test_tax_is_no_revenue() -> None:
    lines = [line("1", 1130, tax_rate=Decimal(13))]
    with_tax = margin(lines, totals(lines, currency="CNY", tax_included=True), [cny(600)])
    assert with_tax is not None
    assert (with_tax.revenue_minor, with_tax.earned_minor) == (1000, 400)


def test_lines_without_a_cost_are_left_out_and_counted() -> None:
    lines = [line("1", 1000), line("1", 500), line("1", 900, optional=True), line("1", 100)]
    found = margin(lines, totals(lines, currency="CNY"), [cny(400), None, cny(1), Money(1, "USD")])
    assert found is not None
    assert (found.revenue_minor, found.earned_minor, found.known, found.counted) == (1000, 600, 1, 3)
    assert margin(lines, totals(lines, currency="CNY"), [None] * 4) is None


amounts = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 50)), min_size=1)


@given(amounts, st.integers(0, 100))
def test_every_known_cost_and_every_amount_is_in_it_once(
    rows: list[tuple[int, int, int]], percent: int
) -> None:
    lines = [line(str(quantity), price) for price, _, quantity in rows]
    found = margin(
        lines,
        totals(lines, currency="CNY", allowance_percent=Decimal(percent)),
        [cny(cost) for _, cost, _ in rows],
    )
    assert found is not None
    whole = totals(lines, currency="CNY", allowance_percent=Decimal(percent))
    assert found.revenue_minor == whole.net_minor
    assert found.earned_minor == whole.net_minor - sum(cost * quantity for _, cost, quantity in rows)
    assert replace(found, known=0) != found
