"""Orders and contracts that follow from a quote come to what the quote comes to."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules import agreed, quote_sums

DAY = datetime.date(2026, 3, 31)
lines = st.lists(
    st.fixed_dictionaries(
        {
            "description": st.just("Pump"),
            "quantity": st.sampled_from(("1", "2.5", "10")),
            "unit_price": st.integers(0, 100_000),
            "currency": st.just("CNY"),
            "discount_percent": st.sampled_from(("0", "7.5", "33")),
            "tax_rate": st.sampled_from(("0", "6", "13")),
            "optional": st.booleans(),
            "group_id": st.sampled_from((None, "g")),
            "alternatives": st.sampled_from((None, None, "x")),
            "chosen_at": st.integers(0, 3),
        }
    ),
    min_size=1,
    max_size=8,
)


@given(rows=lines, percent=st.sampled_from((None, "5", "12.5")), included=st.booleans())
def test_an_order_comes_to_what_its_quote_comes_to(rows: list[Any], percent: Any, included: bool) -> None:
    quote = {"status": "sent", "currency": "CNY", "discount_percent": percent, "tax_included": included}
    listed = [(str(place), row) for place, row in enumerate(rows)]
    groups = [("g", {"title": "Supply"})]
    drawn = agreed.order_from_quote("q", quote, listed, groups, DAY)
    again = [(str(place), line) for place, line in enumerate(drawn.lines)]
    assert quote_sums.total_of(drawn.head, again) == quote_sums.total_of(quote, listed)
    places = [line["position"] for line in drawn.lines]
    assert places == sorted(set(places))
    assert all(("heading" in line) is bool(line.get("heading")) for line in drawn.lines)
    contract = agreed.contract_from_quote("q", quote, listed, groups)
    signed = {**contract.head, "status": "signed"}
    kept = [(str(place), line) for place, line in enumerate(contract.lines)]
    ordered = agreed.order_from_contract("c", signed, kept, DAY)
    assert ordered.lines == drawn.lines
    assert (ordered.head["contract_id"], ordered.head["quote_id"]) == ("c", "q")


def test_what_the_customer_does_not_have_makes_no_order() -> None:
    for state in (None, "draft", "waiting", "declined"):
        with pytest.raises(UserError):
            agreed.order_from_quote("q", {"status": state}, [], [], DAY)
    with pytest.raises(UserError):
        agreed.order_from_contract("c", {"status": "sent"}, [], DAY)


@pytest.mark.parametrize(
    ("contract", "first", "last"),
    [
        ({"starts_on": "2026-01-01", "ends_on": "2026-12-31"}, "2027-01-01", "2027-12-31"),
        ({"starts_on": "2024-03-01", "ends_on": "2025-02-28"}, "2025-03-01", "2026-02-28"),
        (
            {"starts_on": "2026-01-31", "ends_on": "2026-02-27", "renewal_months": 1},
            "2026-02-28",
            "2026-03-27",
        ),
        ({"starts_on": "2026-01-10", "ends_on": "2026-01-19"}, "2026-01-20", "2026-01-29"),
        ({"ends_on": "2026-12-31"}, "2027-01-01", "2027-12-31"),
    ],
)
def test_a_contract_goes_on_for_as_long_as_it_was(contract: dict[str, Any], first: str, last: str) -> None:
    drawn = agreed.next_contract(
        "c", contract, [], [("k", {"title": "Law", "body": "None", "position": "V"})]
    )
    assert (drawn.head["starts_on"], drawn.head["ends_on"], drawn.head["follows_id"]) == (first, last, "c")
    assert drawn.clauses == ({"title": "Law", "body": "None", "position": "V"},)


def test_a_contract_without_an_end_is_followed_by_none() -> None:
    with pytest.raises(UserError):
        agreed.next_contract("c", {}, [], [])
