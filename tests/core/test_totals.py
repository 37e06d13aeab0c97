"""What a quote comes to, by example and by property."""

from __future__ import annotations

import dataclasses
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crm_core.errors import UserError
from crm_core.money import MAX_MINOR, Money
from crm_core.rules.totals import QuoteLineValues, Totals, totals


def line(
    quantity: str, price: int, *, discount: str = "0", tax: str = "13", optional: bool = False
) -> QuoteLineValues:
    return QuoteLineValues(
        quantity=Decimal(quantity),
        unit_price=Money(price, "CNY"),
        discount_percent=Decimal(discount),
        tax_rate=Decimal(tax),
        optional=optional,
    )


def cny(lines: list[QuoteLineValues], **given_values: object) -> Totals:
    return totals(lines, currency="CNY", **given_values)  # type: ignore[arg-type]


PUMPS = [
    line("12", 860000, discount="5"),
    line("24", 235000, discount="10"),
    line("4", 3680000, discount="8"),
    line("4", 420000),
    line("16", 118000, discount="5"),
    line("16", 26000),
    line("1", 1800000),
    line("1", 960000, discount="50"),
]

percents = st.decimals(0, 100, places=2)
line_values = st.builds(
    QuoteLineValues,
    quantity=st.decimals(0, 5000, places=3),
    unit_price=st.integers(0, 10**9).map(lambda minor: Money(minor, "CNY")),
    discount_percent=percents,
    tax_rate=st.sampled_from([Decimal(rate) for rate in ("0", "3", "6", "9", "13", "20.5")]),
    optional=st.booleans(),
    group=st.sampled_from(["", "supply", "work"]),
    alternatives=st.sampled_from(["", "", "pump"]),
)
# Of two lines no two are chosen at one time by one id.
quotes = st.lists(line_values, max_size=12).map(
    lambda lines: [replace(line, chosen=(index % 3, str(index))) for index, line in enumerate(lines)]
)


def test_a_quote_of_eight_lines_with_an_allowance_comes_to_what_paper_and_pencil_give() -> None:
    found = cny(PUMPS, allowance_minor=432708)
    assert [each.net_minor for each in found.lines] == [
        9804000, 5076000, 13542400, 1680000, 1793600, 416000, 1800000, 480000,
    ]  # fmt: skip
    assert found.subtotal_minor == 34592000
    assert found.net_minor == 34159292
    assert [(each.rate, each.tax_minor) for each in found.taxes] == [(Decimal(13), 4440708)]
    assert found.total_minor == 38600000
    assert found.discount_percent == Decimal("8.72")


def test_an_empty_quote_comes_to_zero() -> None:
    found = cny([])
    assert (found.subtotal_minor, found.net_minor, found.tax_minor, found.total_minor) == (0, 0, 0, 0)
    assert found.taxes == ()
    assert found.discount_percent == 0


def test_half_a_fen_is_rounded_up_on_the_line_and_not_again() -> None:
    assert [each.net_minor for each in cny([line("0.5", 1)] * 3).lines] == [1, 1, 1]
    assert cny([line("0.5", 1, tax="0")] * 3).total_minor == 3


def test_a_line_that_gives_back_is_rounded_away_from_zero_like_any_other() -> None:
    assert cny([line("-0.5", 1, tax="0")]).subtotal_minor == -1


def test_a_full_discount_leaves_nothing_to_pay() -> None:
    found = cny([line("3", 99999, discount="100")])
    assert found.total_minor == 0
    assert found.discount_percent == 100


def test_optional_lines_have_an_amount_and_no_part_in_the_totals() -> None:
    found = cny([line("1", 1000), line("1", 500, optional=True)], allowance_minor=100)
    assert [each.net_minor for each in found.lines] == [1000, 500]
    assert [each.allowance_minor for each in found.lines] == [100, 0]
    assert (found.subtotal_minor, found.list_minor, found.net_minor) == (1000, 1000, 900)


def test_the_alternative_chosen_last_counts_and_of_two_chosen_at_once_the_one_with_the_greater_id() -> None:
    pumps = [replace(line("1", price), alternatives="pump") for price in (1000, 2000, 4000)]
    first, second, third = (
        replace(each, chosen=chosen)
        for each, chosen in zip(pumps, [(5, "a"), (9, "b"), (9, "c")], strict=True)
    )
    assert cny([first, second]).subtotal_minor == 2000
    assert cny([third, second, first]).subtotal_minor == 4000
    assert [each.counts for each in cny([first, second, line("1", 1)]).lines] == [False, True, True]


def test_a_percentage_and_an_amount_set_on_two_laptops_add_up() -> None:
    found = cny([line("1", 10000)], allowance_percent=Decimal("2.5"), allowance_minor=50)
    assert found.allowance_minor == 300


def test_prices_with_tax_keep_the_total_and_take_the_tax_out() -> None:
    found = cny([line("1", 11300), line("1", 10600, tax="6")], tax_included=True)
    assert found.total_minor == 21900
    assert [(each.base_minor, each.tax_minor) for each in found.taxes] == [(10000, 1300), (10000, 600)]


def test_a_currency_without_minor_unit_rounds_to_its_whole_unit() -> None:
    yen = QuoteLineValues(quantity=Decimal("1.5"), unit_price=Money(333, "JPY"), tax_rate=Decimal(10))
    found = totals([yen], currency="JPY")
    assert (found.subtotal_minor, found.tax_minor, str(found.total)) == (500, 50, "550 JPY")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"quantity": Decimal("NaN")}, "not a quantity"),
        ({"quantity": Decimal("1E+999999")}, "not a quantity"),
        ({"quantity": Decimal("1E-40")}, "not a quantity"),
        ({"discount_percent": Decimal("100.01")}, "A discount is between"),
        ({"discount_percent": Decimal("-1")}, "A discount is between"),
        ({"discount_percent": Decimal("sNaN")}, "A discount is between"),
        ({"tax_rate": Decimal("Infinity")}, "A tax rate is between"),
        ({"unit_price": Money(1, "USD")}, "priced in USD"),
        ({"unit_price": Money(MAX_MINOR, "CNY"), "quantity": Decimal(2)}, "larger than the program keeps"),
    ],
)
def test_a_value_no_quote_may_hold_is_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        cny([replace(line("1", 100), **changed)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("allowance", "said"),
    [
        ({"allowance_minor": -1}, "not negative"),
        ({"allowance_minor": 101}, "larger than the subtotal"),
        ({"allowance_percent": Decimal(100), "allowance_minor": 1}, "larger than the subtotal"),
        ({"allowance_percent": Decimal(-1)}, "between 0 and 100"),
    ],
)
def test_an_allowance_below_nothing_or_above_everything_is_refused(
    allowance: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        cny([line("1", 100)], **allowance)


def test_lines_that_together_exceed_what_is_kept_are_refused_rather_than_rounded() -> None:
    with pytest.raises(UserError, match="larger than the program keeps"):
        cny([line("1", MAX_MINOR, tax="0"), line("1", 1, tax="0")])


@given(quotes, percents)
def test_no_fen_is_lost_between_the_lines_and_the_total(
    lines: list[QuoteLineValues], percent: Decimal
) -> None:
    found = cny(lines, allowance_percent=percent)
    counted = [each for each in found.lines if each.counts]
    assert sum(each.net_minor for each in counted) == found.subtotal_minor
    assert sum(each.allowance_minor for each in found.lines) == found.allowance_minor
    assert all(0 <= each.allowance_minor <= each.net_minor for each in counted)
    assert found.net_minor == found.subtotal_minor - found.allowance_minor
    assert sum(each.base_minor for each in found.taxes) == found.net_minor
    assert found.net_minor + sum(each.tax_minor for each in found.taxes) == found.total_minor


@given(quotes, percents)
def test_each_tax_is_its_base_times_its_rate_to_the_nearest_fen(
    lines: list[QuoteLineValues], percent: Decimal
) -> None:
    for tax in cny(lines, allowance_percent=percent).taxes:
        exact = tax.base_minor * Fraction(tax.rate) / 100
        assert abs(tax.tax_minor - exact) <= Fraction(1, 2)


@given(quotes, percents, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_no_total(
    lines: list[QuoteLineValues], percent: Decimal, shuffler: object
) -> None:
    moved = list(lines)
    shuffler.shuffle(moved)  # type: ignore[attr-defined]
    first, second = cny(lines, allowance_percent=percent), cny(moved, allowance_percent=percent)
    assert dataclasses.replace(first, lines=(), groups=()) == dataclasses.replace(second, lines=(), groups=())
    assert set(first.groups) == set(second.groups)


@given(quotes, percents)
def test_the_groups_add_up_to_the_subtotal_and_to_the_list_price(
    lines: list[QuoteLineValues], percent: Decimal
) -> None:
    found = cny(lines, allowance_percent=percent)
    assert sum(each.subtotal_minor for each in found.groups) == found.subtotal_minor
    assert sum(each.list_minor for each in found.groups) == found.list_minor
    assert [each.key for each in found.groups] == list(dict.fromkeys(line.group for line in lines))


@given(quotes)
def test_of_alternatives_that_are_not_optional_exactly_one_counts(lines: list[QuoteLineValues]) -> None:
    lines = [replace(line, optional=False) for line in lines]
    counts = [each.counts for line, each in zip(lines, cny(lines).lines, strict=True) if line.alternatives]
    assert sum(counts) == (1 if counts else 0)


@given(quotes, percents)
def test_prices_with_tax_add_up_as_exactly(lines: list[QuoteLineValues], percent: Decimal) -> None:
    found = cny(lines, allowance_percent=percent, tax_included=True)
    assert found.total_minor == found.subtotal_minor - found.allowance_minor
    assert found.net_minor + found.tax_minor == found.total_minor
    assert sum(each.tax_minor for each in found.taxes) == found.tax_minor


@given(line_values)
def test_a_line_is_never_more_than_half_a_fen_from_the_exact_amount(values: QuoteLineValues) -> None:
    exact = (
        values.unit_price.minor * Fraction(values.quantity) * (100 - Fraction(values.discount_percent)) / 100
    )
    assert abs(cny([values]).lines[0].net_minor - exact) <= Fraction(1, 2)


@given(line_values, st.sampled_from([1, -1]))
def test_whole_numbers_come_to_what_decimals_come_to(values: QuoteLineValues, sign: int) -> None:
    pieces = Decimal(int(values.quantity) * sign)
    percent = Decimal(int(values.discount_percent))
    found = cny([replace(values, quantity=pieces, discount_percent=percent)]).lines[0]
    exact = values.unit_price.minor * pieces * (100 - percent) / 100
    assert found.net_minor == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    assert found.list_minor == values.unit_price.minor * pieces
