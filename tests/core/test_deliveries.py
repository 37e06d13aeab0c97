"""What was delivered of an order, and what stands at the customer, against a naive count of pieces."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules import deliveries, installed
from crm_core.rules.deliveries import Moved

ORDER = {"status": "confirmed"}
LINES = [("a", {"quantity": "5", "description": "Pump", "product_id": "p"}), ("b", {"quantity": "2"})]
DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")


def move(number: int, kind: str, day: str, *lines: tuple[str, str, str], status: str = "delivered") -> Moved:
    values = {"id": f"{number:03}", "kind": kind, "status": status, "delivered_on": day, "reason": "faulty"}
    rows = tuple(
        {"id": f"{number:03}-{place}", "order_line_id": key, "quantity": quantity, "serials": serials}
        for place, (key, quantity, serials) in enumerate(lines)
    )
    return Moved(delivery=values, lines=rows)


pieces = st.lists(
    st.tuples(
        st.sampled_from(("delivery", "return")),
        st.sampled_from(DAYS),
        st.sampled_from(("a", "b")),
        st.integers(1, 4),
        st.sampled_from(("planned", "delivered", "delivered", "cancelled")),
    ),
    max_size=12,
)


@given(wanted=pieces)
def test_any_deliveries_and_returns_come_to_what_counting_pieces_comes_to(wanted: list[Any]) -> None:
    moves: list[Moved] = []
    naive = {"a": 0, "b": 0}
    ordered = {"a": 5, "b": 2}
    for number, (kind, day, key, quantity, status) in enumerate(wanted):
        made = move(number, kind, day, (key, str(quantity), ""), status=status)
        would_be = naive[key] + (quantity if kind == "delivery" else -quantity)
        if 0 <= would_be <= ordered[key]:
            deliveries.demand_possible(made, ORDER, LINES, moves)
            moves.append(made)
            if status == "delivered":
                naive[key] = would_be
        else:
            with pytest.raises(UserError):
                deliveries.demand_possible(made, ORDER, LINES, moves)
    found = deliveries.delivered_of(moves)
    assert {key: int(found.get(key, 0)) for key in naive} == naive
    assert found == deliveries.delivered_of(reversed(moves))
    expected = "none" if not any(naive.values()) else "whole" if naive == ordered else "part"
    assert deliveries.state_of(LINES, found) == expected
    assert deliveries.open_of(LINES, found) == {k: ordered[k] - n for k, n in naive.items() if n < ordered[k]}
    standing = installed.standing_of(moves)
    for key, count in naive.items():
        assert sum(each.quantity for each in standing if each.order_line_id == key) == count
    assert all(each.quantity >= 0 and (each.quantity > 0) is (each.retired_on is None) for each in standing)


@given(text=st.lists(st.text("AB1-", min_size=1), max_size=5))
def test_serial_numbers_are_read_however_they_are_separated(text: list[str]) -> None:
    assert deliveries.serials_of("，".join(text)) == deliveries.serials_of(" ;\n".join(text)) == tuple(text)


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (move(9, "delivery", DAYS[0], ("a", "6", "")), "too many"),
        (move(9, "return", DAYS[0], ("a", "3", "")), "cannot come back"),
        (move(9, "delivery", DAYS[0], ("a", "1", "S1")), "twice"),
        (move(9, "delivery", DAYS[0], ("a", "1", "S7\nS8")), "more serial"),
        (move(9, "delivery", DAYS[0], ("a", "2", "S7\nS7")), "twice"),
        (move(9, "return", DAYS[0], ("a", "1", "S9")), "has nothing of this order"),
        (move(9, "delivery", DAYS[0], ("c", "1", "")), "another order"),
        (move(9, "delivery", DAYS[0], ("a", "0", "")), "above zero"),
    ],
)
def test_what_cannot_have_taken_place_is_refused_with_its_reason(made: Moved, word: str) -> None:
    before = [move(1, "delivery", DAYS[0], ("a", "2", "S1, S2"))]
    with pytest.raises(UserError) as told:
        deliveries.demand_possible(made, ORDER, LINES, before)
    assert word in told.value.message.text


def test_an_order_that_is_not_confirmed_is_not_delivered_and_a_closed_one_takes_back() -> None:
    out = move(1, "delivery", DAYS[0], ("a", "2", ""))
    back = move(2, "return", DAYS[1], ("a", "1", ""))
    for state in ("draft", "cancelled", "closed"):
        with pytest.raises(UserError):
            deliveries.demand_possible(out, {"status": state}, LINES, [])
    deliveries.demand_possible(back, {"status": "closed"}, LINES, [out])
    with pytest.raises(UserError):
        deliveries.demand_possible(move(2, "return", DAYS[1], ("a", "3", "")), ORDER, LINES, [out])
    with pytest.raises(UserError):
        deliveries.demand_cancellable([out])
    deliveries.demand_cancellable([out, move(2, "return", DAYS[1], ("a", "2", ""))])


def test_pieces_with_serial_numbers_stand_one_by_one_and_a_repaired_one_comes_again() -> None:
    moves = [
        move(1, "delivery", DAYS[0], ("a", "3", "S1\nS2")),
        move(2, "return", DAYS[1], ("a", "1", "S1")),
        move(3, "delivery", DAYS[2], ("a", "1", "S1")),
    ]
    deliveries.demand_possible(moves[2], ORDER, LINES, moves[:2])
    found = [
        (each.serial, int(each.quantity), each.installed_on, each.retired_on)
        for each in installed.standing_of(moves)
    ]
    assert found == [
        ("S1", 0, DAYS[0], DAYS[1]),
        ("S2", 1, DAYS[0], None),
        ("", 1, DAYS[0], None),
        ("S1", 1, DAYS[2], None),
    ]
    assert len({each.id for each in installed.standing_of(moves)}) == 4


def test_the_record_of_what_stands_says_until_when_its_warranty_runs() -> None:
    (item,) = installed.standing_of([move(1, "delivery", "2026-01-31", ("a", "2", ""))])
    made = installed.new_record(item, "o", {"customer_id": "c"}, dict(LINES)["a"], {"warranty_months": 13})
    assert (made["name"], made["quantity"], made["customer_id"]) == ("Pump", "2", "c")
    assert made["warranty_until"] == "2027-02-27"
    assert installed.warranty_until("2026-01-31", None) is None
    gone = installed.standing_of(
        [move(1, "delivery", DAYS[0], ("a", "2", "")), move(2, "return", DAYS[1], ("a", "1", ""))]
    )[0]
    assert installed.changes_of(gone, {"quantity": "2", "status": "in_use"}) == {"quantity": "1"}
    assert installed.changes_of(gone, {"quantity": "2", "status": "retired"}) == {}
    assert gone.quantity == Decimal(1)
