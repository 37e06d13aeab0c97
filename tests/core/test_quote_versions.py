"""What a version of a quote says, and how two differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules import quote_versions
from crm_core.rules.quote_versions import Change, Snapshot, demand_whole, differences
from crm_core.schema.field import Field, FieldClass, Kind

QUOTE = {
    "number": "Q-1",
    "customer_id": "c",
    "currency": "CNY",
    "status": "draft",
    "version": 2,
    "notes": "He will take less",
    "terms": "30 days",
    "x:site": "Hall 3",
    "x:secret": "…",
}
CUSTOM = {
    "x:site": Field(no=0, label="Site", kind=Kind.TEXT, name="x:site"),
    "x:secret": Field(no=0, label="Secret", kind=Kind.TEXT, name="x:secret", field_class=FieldClass.PRIVATE),
}


def line(description: str, price: int = 100, quantity: str = "1", **more: Any) -> dict[str, Any]:
    values = {"description": description, "quantity": quantity, "unit_price": price, "currency": "CNY"}
    return {**values, "position": "a0", **more}


def taken(lines: list[tuple[str, dict[str, Any]]], **changed: Any) -> Snapshot:
    quote = {**QUOTE, **changed}
    return quote_versions.take(quote, [], lines, names={"customer_id": "Blue"}, custom={"quote": CUSTOM})


def pair(snapshot: Snapshot) -> tuple[dict[str, Any], dict[str, Any]]:
    return snapshot.content, snapshot.amounts


def test_what_the_customer_is_not_told_is_not_in_it_and_money_is_apart() -> None:
    said = taken([("l1", line("Pump"))])
    assert said.content["quote"] == {
        "number": "Q-1",
        "customer_id": "c",
        "terms": "30 days",
        "x:site": "Hall 3",
    }
    assert said.content["names"] == {"customer_id": "Blue"}
    assert said.content["lines"] == [{"id": "l1", "description": "Pump", "quantity": "1"}]
    assert said.amounts == {
        "quote": {"currency": "CNY"},
        "lines": {"l1": {"unit_price": 100, "currency": "CNY"}},
    }
    assert said.total == 100
    assert ["x:site", "Site"] in said.content["form"]["quote"]


def test_lines_added_gone_changed_and_moved_are_told_apart() -> None:
    old = taken([("a", line("A")), ("b", line("B")), ("c", line("C")), ("d", line("D"))])
    new = taken([("d", line("D")), ("a", line("A")), ("b", line("B", quantity="3")), ("e", line("E"))])
    found = {each.row_id: each.change for each in differences(pair(old), pair(new))}
    assert found == {"d": Change.MOVED, "b": Change.CHANGED, "e": Change.ADDED, "c": Change.GONE}
    (changed,) = [each for each in differences(pair(old), pair(new)) if each.row_id == "b"]
    assert [(each.field, each.old, each.new) for each in changed.fields] == [("quantity", "1", "3")]


def test_the_quotes_own_terms_are_compared_and_amounts_only_by_who_may_read_them() -> None:
    old, new = taken([("a", line("A"))]), taken([("a", line("A", 90))], terms="14 days")
    found = differences(pair(old), pair(new))
    assert [(each.entity, each.fields[0].field) for each in found] == [
        ("quote", "terms"),
        ("quote_line", "unit_price"),
    ]
    assert [each.entity for each in differences((old.content, None), (new.content, None))] == ["quote"]


rows = st.lists(st.sampled_from("abcdefgh"), unique=True).map(
    lambda ids: [(row_id, line(row_id.upper())) for row_id in ids]
)


@given(rows, rows)
def test_moved_lines_are_as_few_as_can_be_and_every_difference_is_named(
    old: list[tuple[str, dict[str, Any]]], new: list[tuple[str, dict[str, Any]]]
) -> None:
    found = differences(pair(taken(old)), pair(taken(new)))
    before, after = [row_id for row_id, _ in old], [row_id for row_id, _ in new]
    assert {e.row_id for e in found if e.change is Change.ADDED} == set(after) - set(before)
    assert {e.row_id for e in found if e.change is Change.GONE} == set(before) - set(after)
    moved = {e.row_id for e in found if e.change is Change.MOVED}
    still = [row_id for row_id in before if row_id in after and row_id not in moved]
    assert still == [row_id for row_id in after if row_id in before and row_id not in moved]
    assert not (before == after and found)


@pytest.mark.parametrize(
    ("content", "amounts", "total"),
    [
        (None, {}, 0),
        ({"quote": {}, "groups": [], "lines": [{"id": 3}], "form": {}}, {"quote": {}, "lines": {}}, 0),
        ({"quote": {}, "groups": [], "lines": [], "form": {"quote": [["a"]]}}, {"quote": {}, "lines": {}}, 0),
        (
            {"quote": {}, "groups": [], "lines": [{"id": "a", "quantity": "x"}], "form": {}},
            {"quote": {}, "lines": {}},
            0,
        ),
    ],
)
def test_what_is_no_version_is_refused(content: Any, amounts: Any, total: Any) -> None:
    with pytest.raises(UserError, match="no version"):
        demand_whole(content, amounts, total)


def test_a_version_whose_lines_do_not_come_to_its_total_is_refused() -> None:
    said = taken([("a", line("A"))])
    demand_whole(said.content, said.amounts, said.total)
    with pytest.raises(UserError, match="do not come to"):
        demand_whole(said.content, said.amounts, 99)
