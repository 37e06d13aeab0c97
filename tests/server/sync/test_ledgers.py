"""Accounts at HQ: entries are added, never changed; the sum follows, and below zero somebody is told."""

from __future__ import annotations

import pytest

from crm_core.entities import SCHEMAS
from crm_core.errors import Invalid
from crm_core.sync.protocol import Code
from tests.support.hq import Edit, EditKind, Laptop, Office


@pytest.fixture
def two(office: Office) -> tuple[Laptop, Laptop]:
    first, second = (office.laptop(office.user(name, "admin")) for name in ("First", "Second"))
    first.sync()
    second.sync()
    return first, second


def entry(laptop: Laptop, customer: str, points: int) -> str:
    return laptop.create("point_entry", {"customer_id": customer, "points": points, "reason": "Order"})


def tasks(office: Office) -> list[dict[str, object]]:
    return [values for _, values in office.hq.find("activity", "kind", "task")]


def test_what_two_people_add_offline_is_all_counted(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, other = two
    customer = one.create("customer", {"name": "Customer"})
    one.sync()
    other.sync()
    for points in (100, -30):
        entry(one, customer, points)
    entry(other, customer, 5)
    for laptop in (one, other, one):
        laptop.sync()
    assert office.row("customer", customer)["points"] == 75
    assert one.shown("customer", customer)["points"] == 75  # type: ignore[index]
    assert other.shown("customer", customer)["points"] == 75  # type: ignore[index]
    assert tasks(office) == []


def test_falling_below_zero_stands_and_opens_one_task_for_the_owner(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    customer = one.create("customer", {"name": "纸鹤食品（示例）", "owner_id": other.user_id})
    entry(one, customer, 10)
    one.sync()
    for points in (-30, -1):
        entry(one, customer, points)
        one.sync()
    (task,) = tasks(office)
    assert task["subject"] == "Points of 纸鹤食品（示例） are below zero"
    assert (task["owner_id"], task["customer_id"], task["done"]) == (other.user_id, customer, False)
    other.sync()
    assert other.shown("customer", customer)["points"] == -21  # type: ignore[index]
    activity = SCHEMAS["activity"].no
    shown = [row for (entity, _), row in other.replica.items() if entity == activity]
    assert [row["subject"] for row in shown] == [task["subject"]]
    assert one.replica == office.projection(one.user_id)
    assert other.replica == office.projection(other.user_id)


def test_an_entry_is_neither_changed_nor_deleted(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, _ = two
    customer = one.create("customer", {"name": "Customer"})
    made = entry(one, customer, 10)
    one.sync()
    refused = [one.set("point_entry", made, "points", 1000), one.delete("point_entry", made)]
    nothing = one.last_op + 1
    entry(one, customer, 0)
    one.sync()
    assert [one.code(number) for number in refused] == [Code.ILLEGAL_STATE] * 2
    assert one.code(nothing) is Code.INVALID
    assert office.row("customer", customer)["points"] == 10
    with pytest.raises(Invalid, match="stays as it was written"):
        office.hq.update("point_entry", made, {"points": 5})


def test_entries_go_and_come_back_with_the_record_whose_account_they_are(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    customer = one.create("customer", {"name": "Customer"})
    entry(one, customer, 10)
    one.sync()
    other.sync()
    one.delete("customer", customer)
    one.sync()
    late = other.last_op + 1
    entry(other, customer, 7)  # made before its writer heard of the deletion
    other.sync()
    assert other.code(late) is Code.APPLIED
    one.restore("customer", customer)
    for laptop in (one, other):
        laptop.sync()
    assert office.row("customer", customer)["points"] == 17
    assert other.replica == office.projection(other.user_id)


def test_one_entry_of_nothing_among_many_is_refused_alone(sqlite_office: Office) -> None:
    laptop = sqlite_office.laptop(sqlite_office.user("Somebody", "admin"))
    customer = laptop.create("customer", {"name": "Customer"})
    for points in range(30):
        entry(laptop, customer, points)
    laptop.sync()
    codes = [laptop.code(number) for number in range(2, 32)]
    assert codes == [Code.INVALID, *[Code.APPLIED] * 29]
    assert sqlite_office.row("customer", customer)["points"] == sum(range(30))


def test_hqs_own_entries_and_many_at_once_are_counted(sqlite_office: Office) -> None:
    hq = sqlite_office.hq
    customers = [hq.create("customer", {"name": f"Customer {number}"}) for number in range(3)]
    edits = [
        Edit(
            kind=EditKind.CREATE,
            entity="point_entry",
            values={"customer_id": customers[number % 3], "points": number, "reason": "Import"},
        )
        for number in range(1, 31)
    ]
    assert [result.error for result in hq.write(edits)] == [None] * 30
    assert [sqlite_office.row("customer", each)["points"] for each in customers] == [165, 145, 155]
