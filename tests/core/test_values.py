"""Field values as text and back."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.errors import Invalid, UserError
from crm_core.money import Money, allocate, parse_money
from crm_core.schema.field import Kind
from crm_core.schema.validate import is_fit, problem_with, problems_of
from crm_core.schema.values import (
    canonical_decimal,
    instant_text,
    parse_assignments,
    parse_instant,
    parse_text,
    to_json,
    to_text,
    word_text,
    words_of,
)

DEAL = SCHEMAS["deal"]
CUSTOMER = SCHEMAS["customer"]


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_an_instant_is_read_back_as_it_was_written(ms: int) -> None:
    assert parse_instant(instant_text(ms)) == ms


@given(st.dates().map(datetime.date.isoformat))
def test_a_day_is_read_back_as_it_was_written(day: str) -> None:
    values = parse_text(DEAL.fields["close_date"], day)
    assert to_text(DEAL.fields["close_date"], values) == day


@given(st.integers(min_value=-(10**12), max_value=10**12), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_an_amount_is_read_back_to_the_minor_unit(minor: int, currency: str) -> None:
    text = str(Money(minor, currency))
    assert parse_money(text) == Money(minor, currency)
    assert parse_text(DEAL.fields["amount"], text) == {"amount": minor, "currency": currency}


@pytest.mark.parametrize(
    "text", ["12.345 CNY", "1.5 JPY", "NaN CNY", "Infinity CNY", "1 2 CNY", "CNY", "1e9999999"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_text(DEAL.fields["amount"], text)


def test_an_amount_without_a_currency_takes_the_rows() -> None:
    assert parse_text(DEAL.fields["amount"], "12", {"currency": "EUR"}) == {"amount": 1200, "currency": "EUR"}


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_splitting_an_amount_loses_no_minor_unit(total: int, weights: list[int]) -> None:
    shares = allocate(total, weights)
    assert sum(shares) == total
    assert len(shares) == len(weights)
    assert all(share * total >= 0 for share in shares)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_decimal_has_one_spelling(number: object) -> None:
    once = canonical_decimal(str(number))
    assert canonical_decimal(once) == once
    assert "E" not in once


def test_every_wrong_assignment_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        parse_assignments(
            DEAL, {"close_date": "24/12/2026", "nonsense": "1", "probability": "half", "name": "x"}
        )
    assert [problem.field for problem in caught.value.problems] == ["close_date", "nonsense", "probability"]


def test_a_record_is_one_flat_object() -> None:
    values = parse_assignments(
        DEAL,
        {"name": "Valve refit", "amount": "1299.00 CNY", "tags": "vip, asia", "stage_since": "2026-11-24"},
    )
    flat = to_json(DEAL, "a" * 32, values)
    assert flat == {
        "id": "a" * 32,
        "name": "Valve refit",
        "amount": "1299.00 CNY",
        "currency": "CNY",
        "tags": ["asia", "vip"],
        "stage_since": "2026-11-24T00:00:00Z",
    }


def test_a_choice_is_found_by_value_and_by_label() -> None:
    for text in ("A", "a", "A · key account"):
        assert parse_text(CUSTOMER.fields["level"], text) == {"level": "A"}


def test_a_required_field_is_asked_for_in_a_new_row_and_may_not_be_cleared_later() -> None:
    assert [p.field for p in problems_of(CUSTOMER, {})] == ["name"]
    assert problems_of(CUSTOMER, {"phone": "021 5550 0100"}, partial=True) == []
    assert [p.field for p in problems_of(CUSTOMER, {"name": ""}, partial=True)] == ["name"]


def test_a_choice_from_a_newer_version_is_kept() -> None:
    assert problems_of(CUSTOMER, {"level": "S"}, partial=True) == []


HOSTILE = [None, True, 1, 2**70, -1, "", "x" * 200_000, "\x00", [], {}, [[[]]], [1], {"a": 1}, "🦄", "'; --"]


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_no_value_whatever_breaks_the_check(schema: object) -> None:
    for field in schema.fields.values():  # type: ignore[attr-defined]
        for value in HOSTILE:
            found = problems_of(schema, {field.name: value}, partial=True)  # type: ignore[arg-type]
            if field.kind is Kind.INTEGER and value == 2**70 and not field.read_only:
                assert found


_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.text(max_size=40),
    st.sampled_from(
        ["+86 10 5550", "a@b.cn", "2026-02-30", "2026-02-28", "CNY", "12.5", "x\x00", "\ud800", "1" * 1001]
    ),
    st.lists(st.text(max_size=3), max_size=3),
)


@given(
    st.sampled_from([field for schema in SCHEMAS.values() for field in schema.fields.values()]),
    st.lists(_ODD, max_size=6),
)
def test_a_column_is_fit_only_where_each_of_its_values_is(field: Any, values: list[Any]) -> None:
    wrong = [value for value in values if value is not None and problem_with(field, value) is not None]
    if is_fit(field, values):
        assert not wrong


def test_a_column_of_ordinary_values_is_fit_as_a_whole() -> None:
    fields = SCHEMAS["customer"].fields
    assert is_fit(fields["phone"], ["+86 10 5550 0001", None, "13800000000"])
    assert is_fit(fields["annual_revenue"], [1, 2, None])
    assert not is_fit(fields["phone"], ["+86 10 5550 0001", "call me"])


@given(st.sets(st.text(st.sampled_from('ab ,;，、"'), min_size=1, max_size=6).map(str.strip).filter(bool)))
def test_the_words_of_a_set_are_read_back_as_they_were_written(words: set[str]) -> None:
    assert words_of(", ".join(map(word_text, sorted(words)))) == words


def test_words_are_separated_by_commas_of_either_width() -> None:
    assert words_of('vip, 重点；"Pump, 15 kW"、 a"b') == {"vip", "重点", "Pump, 15 kW", 'a"b'}
