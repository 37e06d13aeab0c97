"""The shared pool of customers at HQ: locked ones, rules return customers once, late news are fair."""

from __future__ import annotations

import pytest

from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from sync_server.services.recycling import Recycled, recycle
from tests.support.claims import CUSTOMERS, laptop_of
from tests.support.hq import Laptop, Office


@pytest.fixture
def two(office: Office) -> tuple[Laptop, Laptop]:
    return laptop_of(office, "Lin"), laptop_of(office, "Wang")


def tasks(office: Office) -> list[tuple[str, str]]:
    return [(row["owner_id"], row["subject"]) for _, row in office.hq.find("activity", "kind", "task")]


def test_who_has_locked_as_many_as_one_may_is_told_the_figures(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    CUSTOMERS.rule(office, most_locked=1)
    customers = [one.create("customer", {"name": f"Mine {no}"}) for no in range(2)]
    one.sync()
    numbers = [CUSTOMERS.step(one, customer, "lock", "held") for customer in customers]
    one.sync()
    assert [one.code(number) for number in numbers] == [Code.APPLIED, Code.ILLEGAL_STATE]
    assert one.answers[numbers[1]].extra[1] == {"count": "1", "most": "1", "rule": "All"}


@pytest.fixture
def recycled(office: Office, two: tuple[Laptop, Laptop]) -> str:
    """A customer of the first, returned by rule while he was away."""
    one, other = two
    CUSTOMERS.rule(office, contact_days=30, remind_days=7)
    customer = one.create("customer", {"name": "远方客户"})
    one.sync()
    office.now_ms += 23 * DAY_MS
    recycle(office.database, office.now_ms)
    office.now_ms += 8 * DAY_MS
    assert recycle(office.database, office.now_ms).returned == 1
    other.sync()
    return customer


def visit(laptop: Laptop, customer: str, at_ms: int) -> int:
    laptop.create(
        "activity", {"kind": "visit", "subject": "V", "customer_id": customer, "happened_at": at_ms}
    )
    return laptop.last_op


def test_a_visit_made_offline_in_time_brings_its_customer_back(
    office: Office, two: tuple[Laptop, Laptop], recycled: str
) -> None:
    one, _ = two
    visited = visit(one, recycled, office.now_ms - 3 * DAY_MS)
    edited = one.set("customer", recycled, "needs", "Crates")
    one.sync()
    row = office.row("customer", recycled)
    assert (row["owner_id"], row["holding"], row["needs"]) == (one.user_id, "held", "Crates")
    assert (one.code(visited), one.code(edited)) == (Code.APPLIED, Code.APPLIED)
    one.sync()
    assert one.replica == office.projection(one.user_id)
    assert recycle(office.database, office.now_ms) == Recycled()


def test_a_visit_after_the_return_does_not_bring_it_back(
    office: Office, two: tuple[Laptop, Laptop], recycled: str
) -> None:
    one, _ = two
    office.now_ms += 2 * DAY_MS
    visited = visit(one, recycled, office.now_ms)
    one.sync()
    assert office.row("customer", recycled)["owner_id"] is None
    assert one.code(visited) is Code.APPLIED


def test_a_customer_claimed_meanwhile_stays_and_both_are_told(
    office: Office, two: tuple[Laptop, Laptop], recycled: str
) -> None:
    one, other = two
    CUSTOMERS.claim(other, recycled)
    other.sync()
    before = len(tasks(office))
    visited = visit(one, recycled, office.now_ms - 3 * DAY_MS)
    one.sync()
    assert one.code(visited) is Code.APPLIED
    assert office.row("customer", recycled)["owner_id"] == other.user_id
    told = tasks(office)[before:] if before else tasks(office)
    new = {
        owner: subject for owner, subject in tasks(office) if "pool" in subject and "returns" not in subject
    }
    assert set(new) == {one.user_id, other.user_id}, told
    assert "Wang claimed it" in new[one.user_id]
    assert "Lin spoke with" in new[other.user_id]
    for laptop in two:
        laptop.sync()
        assert laptop.replica == office.projection(laptop.user_id)
