"""What quotes and lines as records come to, also where two people set what does not go together."""

from __future__ import annotations

from typing import Any

from crm_core.rules.quote_sums import shown_totals, total_of, totals_of
from crm_core.rules.totals import ROUNDING

QUOTE = {"currency": "CNY", "discount_percent": "10", "tax_included": False}


def line(price: int, currency: str = "CNY", **more: Any) -> dict[str, Any]:
    return {"quantity": "2", "unit_price": price, "currency": currency, "tax_rate": "13", **more}


def test_fields_of_records_are_read_for_the_rule() -> None:
    quote = {**QUOTE, "discount_amount": 20}
    found = totals_of(
        quote, [("a", line(500)), ("b", line(900, optional=True)), ("c", line(100, group_id="g"))]
    )
    assert found.subtotal_minor == 1200
    assert found.allowance_minor == 140
    assert [(each.key, each.subtotal_minor) for each in found.groups] == [("", 1000), ("g", 200)]
    assert ROUNDING


def test_the_alternative_chosen_last_counts() -> None:
    lines = [("a", line(500, alternatives="a", chosen_at=9)), ("b", line(700, alternatives="a", chosen_at=5))]
    assert totals_of({"currency": "CNY"}, lines).subtotal_minor == 1000


def test_a_line_in_another_currency_is_shown_as_nothing_and_the_quote_has_no_total() -> None:
    lines = [("a", line(500)), ("b", line(900, "USD"))]
    assert total_of(QUOTE, lines) is None
    found, reason = shown_totals(QUOTE, lines)
    assert reason is not None
    assert "USD" in str(reason.places["line_currency"])
    assert [each.net_minor for each in found.lines] == [1000, 0]
    assert found.allowance_minor == 0


def test_an_allowance_larger_than_what_is_left_is_said_and_not_taken_off() -> None:
    quote = {"currency": "CNY", "discount_amount": 5000}
    assert total_of(quote, [("a", line(500))]) is None
    found, reason = shown_totals(quote, [("a", line(500))])
    assert reason is not None
    assert found.total_minor == 1130


def test_a_line_without_a_price_has_no_currency_to_differ_in() -> None:
    assert total_of({"currency": "USD"}, [("a", line(0, "CNY"))]) == 0
