"""Cells of files as values: dates, amounts, choices and yes or no as people write them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.exchange.convert import Reading, cell_reader, clean
from crm_core.exchange.dates import DayOrder, day_order, parse_day, parse_moment
from crm_core.exchange.writing import guarded
from crm_core.schema.field import Kind
from tests.core.exchange_support import chinese


def _read(entity: str, field: str, cells: Sequence[str], currency: str = "CNY", **how: Any) -> list[Any]:
    """Return what each cell of a column gives; None where it is refused."""
    declared = SCHEMAS[entity].fields[field]
    read, _ = cell_reader(declared, cells, Reading(currency=currency, languages=(chinese,)), **how)
    found = []
    for cell in cells:
        try:
            found.append(read(cell, {})[field])
        except UserError:
            found.append(None)
    return found


def test_one_day_above_twelve_settles_the_whole_column() -> None:
    assert _read("deal", "close_date", ["3/4/2017", "10/25/2016"]) == ["2017-03-04", "2016-10-25"]
    assert _read("deal", "close_date", ["3/4/2017", "25/10/2016"]) == ["2017-04-03", "2016-10-25"]


def test_days_that_could_be_either_are_read_month_first_and_that_is_said() -> None:
    field = SCHEMAS["deal"].fields["close_date"]
    read, notes = cell_reader(field, ["3/4/2017", "1/2/2017"], Reading())
    assert read("3/4/2017", {}) == {"close_date": "2017-03-04"}
    assert "month first" in str(notes[0])
    assert cell_reader(field, ["2017-03-04"], Reading())[1] == ()


def test_a_cell_against_the_column_is_refused_not_turned_round() -> None:
    cells = ["10/25/2016", "10/26/2016", "25/10/2016"]
    assert _read("deal", "close_date", cells) == ["2016-10-25", "2016-10-26", None]


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-24",
        "2026/12/24",
        "2026.12.24",
        "2026年12月24日",
        "２０２６年１２月２４日",
        "20261224",
        "24.12.2026",
        "24.12.26",
        "24 Dec 2026",
        "24-Dec-26",
        "Dec 24, 2026",
        "December 24 2026",
        "2026-12-24 00:00:00",
        "2026-12-24T09:30:00Z",
        "12/24/2026 9:30 AM",
    ],
)
def test_a_day_is_understood_however_it_is_written(text: str) -> None:
    assert _read("deal", "close_date", [text]) == ["2026-12-24"]


@pytest.mark.parametrize("text", ["2026-13-01", "31/31/2026", "tomorrow", "12", "24.12", "2026-02-30", "1e9"])
def test_what_is_no_day_is_refused(text: str) -> None:
    assert _read("deal", "close_date", [text]) == [None]


@given(st.dates(datetime.date(1970, 1, 1)), st.sampled_from(list(DayOrder)))
def test_every_day_survives_either_order(day: datetime.date, order: DayOrder) -> None:
    month_first = order is DayOrder.MONTH_FIRST
    text = f"{day.month}/{day.day}/{day.year:04}" if month_first else f"{day.day}/{day.month}/{day.year:04}"
    assert parse_day(text, order) == day
    assert parse_day(day.isoformat(), order) == day


@given(st.lists(st.dates(), min_size=1))
def test_the_order_found_reads_every_cell_that_was_written_in_it(days: list[datetime.date]) -> None:
    cells = [f"{day.day}/{day.month}/{day.year:04}" for day in days]
    order, assumed = day_order(cells)
    if order is DayOrder.DAY_FIRST:
        assert [parse_day(cell, order) for cell in cells] == days
    else:
        assert assumed
        assert all(day.day <= 12 for day in days)


def test_moments_keep_their_zone_and_half_of_the_day() -> None:
    order = DayOrder.MONTH_FIRST
    assert parse_moment("2026-12-24T09:30:00+08:00", order) == parse_moment("2026-12-24 01:30", order)
    assert parse_moment("12/24/2026 1:30 PM", order) == parse_moment("2026-12-24T13:30:00Z", order)
    assert parse_moment("2026年12月24日 下午1:30", order) == parse_moment("2026-12-24T13:30:00Z", order)
    assert parse_moment("2026-12-24", order) % 86_400_000 == 0


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1054", 105400),
        ("1,299.50", 129950),
        ("1 299", 129900),
        ("¥1,299", 129900),
        ("￥１２９９", 129900),
        ("1299元", 129900),
        ("1299.00 CNY", 129900),
        ("CNY 1299", 129900),
        ("12.5万", 12_500_000),
        ("1亿", 10_000_000_000),
        ("(1,299)", -129900),
        ("-1299", -129900),
        ("0", 0),
        (".5", 50),
        ("12,34,567", 123456700),
    ],
)
def test_amounts_without_currency_are_the_companys(text: str, minor: int) -> None:
    assert _read("deal", "amount", [text]) == [minor]


@pytest.mark.parametrize(
    "text", ["1,5 and more", "1,23", "12,3456,7", "abc", "1.005", "$", "--5", "1e5", "5 XY"]
)
def test_what_is_no_amount_is_refused_not_guessed(text: str) -> None:
    cells = ["1,000.00", text]  # a column with decimal points
    assert _read("deal", "amount", cells)[1] is None


def test_a_column_of_decimal_commas_is_recognised_by_one_cell() -> None:
    assert _read("deal", "amount", ["1.234", "1.234,50"]) == [123400, 123450]
    assert _read("deal", "amount", ["1,234", "12,5"]) == [None, 1250]
    assert _read("deal", "amount", ["1,234", "5,678"]) == [123400, 567800]


def test_the_currency_named_in_the_cell_wins_over_the_default() -> None:
    field = SCHEMAS["deal"].fields["amount"]
    read, _ = cell_reader(field, (), Reading(currency="EUR"))
    assert read("$5", {}) == {"amount": 500, "currency": "USD"}
    assert read("5", {}) == {"amount": 500, "currency": "EUR"}
    assert read("5", {"currency": "JPY"}) == {"amount": 5, "currency": "JPY"}
    assert read("5 GBP", {"currency": "JPY"}) == {"amount": 500, "currency": "GBP"}


def test_a_column_in_millions_is_multiplied_only_when_told() -> None:
    assert _read("customer", "annual_revenue", ["1100.04"]) == [110004]
    millions = _read("customer", "annual_revenue", ["1100.04"], factor=Decimal(1_000_000))
    assert millions == [110_004_000_000]


def test_whole_numbers_take_separators_and_percent_signs_and_no_fractions() -> None:
    assert _read("customer", "employees", ["2,822", "12.0", "60%", "1.5", "x"]) == [2822, 12, 60, None, None]
    assert _read("quote_line", "discount_percent", ["12.50%", "5"]) == ["12.5", "5"]


def test_choices_are_understood_by_value_and_by_label_in_both_languages() -> None:
    label = chinese("Referral")
    assert _read("customer", "source", ["referral", "REFERRAL ", "Referral", label]) == ["referral"] * 4
    assert _read("customer", "source", ["no such source"]) == [None]


def test_yes_and_no_are_understood_in_both_languages() -> None:
    assert _read("activity", "done", ["是", "Yes", "x", "1", "TRUE"]) == [True] * 5
    assert _read("activity", "done", ["否", "no", "0", "FALSE"]) == [False] * 4
    assert _read("activity", "done", ["perhaps"]) == [None]


def test_leading_zeros_and_line_ends_are_kept_where_they_matter() -> None:
    assert _read("product", "code", ["00123"]) == ["00123"]
    assert _read("customer", "name", ["two\r\nlines"]) == ["two lines"]
    assert _read("customer", "notes", ["two\r\nlines"]) == ["two\nlines"]


@given(st.text(max_size=20).map(str.strip))
def test_the_guard_against_formulas_comes_off_again_and_is_never_missing(text: str) -> None:
    written = guarded(text)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert clean(written) == text


def test_numbers_and_telephone_numbers_need_no_guard() -> None:
    assert guarded("+86 (10) 8888-0001", Kind.PHONE) == "+86 (10) 8888-0001"
    assert guarded("+cmd|' /C calc'!A0", Kind.PHONE).startswith("'")
    assert guarded("-12.50", Kind.MONEY) == "-12.50"
