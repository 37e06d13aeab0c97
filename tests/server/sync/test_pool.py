"""The shared pool at HQ: the first claim wins, rules return customers once, late news are fair."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import Code, OpKind
from crm_core.times import DAY_MS
from sync_server.services.recycling import Recycled, recycle
from tests.support.hq import Laptop, Office

CUSTOMER = SCHEMAS["customer"]


@pytest.fixture
def two(office: Office) -> tuple[Laptop, Laptop]:
    return laptop_of(office, "Lin"), laptop_of(office, "Wang")


def laptop_of(office: Office, name: str) -> Laptop:
    laptop = office.laptop(office.user(name, "sales"))
    laptop.sync()
    return laptop


def rule(office: Office, **values: Any) -> str:
    return office.hq.create("pool_rule", {"name": "All", **values})


def step(laptop: Laptop, customer: str, name: str, was: str, **given: Any) -> int:
    fields = [CUSTOMER.fields[each].no for each in given]
    values = [bytes.fromhex(v) if k.endswith("_id") else v for k, v in given.items()]
    return laptop.do(
        OpKind.COMMAND, "customer", customer, CUSTOMER.fields["holding"].no, [name, was, [fields, values]]
    )


def claim(laptop: Laptop, customer: str) -> int:
    return step(laptop, customer, "take", "pool", owner_id=laptop.user_id)


def in_pool(office: Office, **values: Any) -> str:
    customer = office.hq.create("customer", {"name": "无主客户", **values})
    office.hq.update("customer", customer, {"owner_id": None})
    return customer


def tasks(office: Office) -> list[tuple[str, str]]:
    return [(row["owner_id"], row["subject"]) for _, row in office.hq.find("activity", "kind", "task")]


def test_who_may_see_the_pool_sees_its_customers_and_nothing_below(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    customer = in_pool(office)
    contact = office.hq.create("contact", {"name": "Contact", "customer_id": customer})
    one.sync()
    assert one.shown("customer", customer) is not None
    assert one.shown("contact", contact) is None
    assert office.row("customer", customer)["holding"] == "pool"
    number = one.set("customer", customer, "name", "Mine now")
    one.sync()
    assert one.code(number) is Code.FORBIDDEN_ROW
    assert one.replica == office.projection(one.user_id)


def test_the_first_claim_to_arrive_wins_and_the_other_is_told_who(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    customer = in_pool(office)
    contact = office.hq.create("contact", {"name": "Contact", "customer_id": customer})
    one.sync()
    other.sync()
    late, first = claim(one, customer), claim(other, customer)
    other.sync()
    one.sync()
    assert other.code(first) is Code.APPLIED
    assert one.code(late) is Code.ILLEGAL_STATE
    assert one.answers[late].extra[:2] == ["{person} claimed this customer first", {"person": "Wang"}]
    assert one.shown("customer", customer) is None
    other.sync()
    assert other.shown("contact", contact) is not None
    for laptop in two:
        laptop.sync()
        assert laptop.replica == office.projection(laptop.user_id)
    assert office.row("customer", customer)["owner_id"] == other.user_id


def test_a_claim_of_a_customer_never_in_sight_is_answered_like_one_of_none(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    customer = other.create("customer", {"name": "Hers"})
    other.sync()
    guessed, nothing = claim(one, customer), claim(one, "f" * 32)
    one.sync()
    assert one.code(guessed) is one.code(nothing) is Code.FORBIDDEN_ROW
    assert one.answers[guessed].extra[0] == one.answers[nothing].extra[0]


def test_limits_hold_within_one_batch_and_name_their_figures(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    rule(office, most_held=2)
    customers = [in_pool(office) for _ in range(3)]
    one.sync()
    numbers = [claim(one, customer) for customer in customers]
    one.sync()
    assert [one.code(number) for number in numbers] == [Code.APPLIED, Code.APPLIED, Code.ILLEGAL_STATE]
    assert one.answers[numbers[2]].extra[1] == {"count": "2", "most": "2", "rule": "All"}
    locks = [step(one, customer, "lock", "held") for customer in customers[:2]]
    one.sync()
    assert [one.code(number) for number in locks] == [Code.APPLIED] * 2


def test_who_returned_a_customer_waits_before_claiming_it_again(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    rule(office, barred_days=14)
    customer = one.create("customer", {"name": "Mine"})
    one.sync()
    foreign = step(other, customer, "return", "held", last_owner_id=one.user_id)
    given = step(one, customer, "return", "held", pool_reason="No need", last_owner_id=one.user_id)
    one.sync()
    other.sync()
    assert (one.code(given), other.code(foreign)) == (Code.APPLIED, Code.FORBIDDEN_ROW)
    row = office.row("customer", customer)
    assert (row["owner_id"], row["pool_reason"], row["last_owner_id"]) == (None, "No need", one.user_id)
    again = claim(one, customer)
    one.sync()
    assert "again in {days} days" in one.answers[again].extra[0]
    office.now_ms += 15 * DAY_MS
    again = claim(one, customer)
    one.sync()
    assert one.code(again) is Code.APPLIED


@pytest.fixture
def recycled(office: Office, two: tuple[Laptop, Laptop]) -> str:
    """A customer of the first, returned by rule while he was away."""
    one, other = two
    rule(office, contact_days=30, remind_days=7)
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
    claim(other, recycled)
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
