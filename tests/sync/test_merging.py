"""Merging records on one laptop, as the others and HQ see it, and taking the merge apart on another."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.errors import NotFound
from crm_desktop.models.replica import Replica
from crm_desktop.services import merging, records
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


def make(replica: Replica, entity: str, **values: Any) -> str:
    """Make a record and return its id."""
    return records.create(replica, entity, values).value.id


def even(*laptops: Laptop) -> None:
    """Let everything arrive everywhere, and be sure that it did."""
    settle_all(list(laptops))
    assert [line for laptop in laptops for line in differences(laptop)] == []


def test_a_merge_moves_what_hangs_and_another_laptop_takes_it_apart(office: Office, laptops: Laptops) -> None:
    boss = laptops.make("boss", office.user("Boss", "admin"))
    other = laptops.make("other", office.user("Other", "admin"))
    even(boss, other)
    kept = make(boss.replica, "customer", name="Paper Crane", phone="111", tags=["a"], notes="one")
    gone = make(
        boss.replica, "customer", name="PAPER CRANE Ltd", email="x@crane.example", tags=["b"], notes="two"
    )
    third = make(boss.replica, "customer", name="Crane", parent_id=gone)
    person = make(boss.replica, "contact", customer_id=gone, name="Lin")
    deal = make(boss.replica, "deal", customer_id=gone, name="Pumps")
    points = make(boss.replica, "point_entry", customer_id=gone, points=7, reason="welcome")
    even(boss, other)
    told = merging.merge(boss.replica, "customer", kept, [gone]).value
    even(boss, other)
    assert boss.returned() == other.returned() == []
    for laptop in (boss, other):
        here = records.get(laptop.replica, "customer", kept)
        assert (here["name"], here["phone"], here["email"]) == ("Paper Crane", "111", "x@crane.example")
        assert (here["tags"], here["notes"], here["points"]) == (["a", "b"], "one\n\ntwo", 7)
        away = records.get(laptop.replica, "customer", gone)
        assert (away.alive, away[merging.INTO]) == (False, kept)
        for entity, record_id in (("contact", person), ("deal", deal), ("point_entry", points)):
            child = records.get(laptop.replica, entity, record_id)
            assert (child.alive, child["customer_id"]) == (True, kept)
        assert records.get(laptop.replica, "customer", third)["parent_id"] == kept
    records.update(boss.replica, "customer", kept, {"phone": "222"})
    late = make(boss.replica, "contact", customer_id=kept, name="Wang")
    even(boss, other)
    merging.take_apart(other.replica, told.id)
    even(boss, other)
    assert boss.returned() == other.returned() == []
    for laptop in (boss, other):
        here = records.get(laptop.replica, "customer", kept)
        assert (here["phone"], here["email"], here["tags"], here["notes"]) == ("222", None, ["a"], "one")
        assert not here.get("points")
        away = records.get(laptop.replica, "customer", gone)
        assert (away.alive, away[merging.INTO], away["points"]) == (True, None, 7)
        for entity, record_id in (("contact", person), ("deal", deal), ("point_entry", points)):
            assert records.get(laptop.replica, entity, record_id)["customer_id"] == gone
        assert records.get(laptop.replica, "customer", third)["parent_id"] == gone
        assert records.get(laptop.replica, "contact", late)["customer_id"] == kept
    assert merging.recent_merges(boss.replica, "customer", kept) == ()


def test_what_was_done_offline_to_a_merged_record_arrives_at_the_kept_one_or_stays_with_it(
    office: Office, laptops: Laptops
) -> None:
    boss = laptops.make("boss", office.user("Boss", "admin"))
    away = laptops.make("away", office.user("Away", "admin"))
    even(boss, away)
    kept = make(boss.replica, "customer", name="Paper Crane", phone="111")
    gone = make(boss.replica, "customer", name="Paper Crane Ltd", phone="999", city="Ulm", address="Weg 1")
    even(boss, away)
    records.update(away.replica, "customer", gone, {"website": "https://crane.example", "phone": "1010"})
    records.change_tags(away.replica, "customer", gone, add=["vip"])
    visit = make(away.replica, "activity", customer_id=gone, kind="visit", subject="Saw them")
    told = merging.merge(boss.replica, "customer", kept, [gone]).value
    boss.sync()
    even(boss, away)
    assert away.returned() == boss.returned() == []
    for laptop in (boss, away):
        here = records.get(laptop.replica, "customer", kept)
        # The web site was nothing there and follows; its own phone number was chosen and stays.
        assert (here["website"], here["tags"], here["phone"]) == ("https://crane.example", ["vip"], "111")
        assert (here["city"], here["address"]) == ("Ulm", "Weg 1")
        seen = records.get(laptop.replica, "activity", visit)
        assert (seen.alive, seen["customer_id"]) == (True, kept)
    merging.take_apart(boss.replica, told.id)
    even(boss, away)
    for laptop in (boss, away):
        back = records.get(laptop.replica, "customer", gone)
        assert (back["phone"], back["website"], back["tags"]) == ("1010", "https://crane.example", ["vip"])
        assert records.get(laptop.replica, "activity", visit)["customer_id"] == gone


def test_what_the_merger_cannot_see_is_moved_too_and_comes_back(office: Office, laptops: Laptops) -> None:
    lin_id = office.user("Lin", "sales")
    lin = laptops.make("lin", lin_id)
    boss = laptops.make("boss", office.user("Boss", "admin"))
    even(lin, boss)
    kept = make(lin.replica, "customer", name="Paper Crane")
    gone = make(lin.replica, "customer", name="Paper Crane Ltd")
    even(lin, boss)
    ticket = make(boss.replica, "ticket", customer_id=gone, subject="Leak")
    quote = make(boss.replica, "quote", customer_id=gone, currency="CNY")
    make(boss.replica, "quote_line", quote_id=quote, description="Pump", quantity="1", unit_price=100)
    boss.sync()  # Lin has not heard of the ticket yet.
    told = merging.merge(lin.replica, "customer", kept, [gone]).value
    even(lin, boss)
    assert lin.returned() == []
    for entity, record_id in (("ticket", ticket), ("quote", quote)):
        moved = records.get(boss.replica, entity, record_id)
        assert (moved.alive, moved["customer_id"]) == (True, kept)
    merging.take_apart(lin.replica, told.id)
    even(lin, boss)
    for entity, record_id in (("ticket", ticket), ("quote", quote)):
        assert records.get(boss.replica, entity, record_id)["customer_id"] == gone


def test_who_was_given_the_kept_record_alone_is_told_who_can_take_it_apart(
    office: Office, laptops: Laptops
) -> None:
    lin_id, other_id = office.user("Lin", "sales"), office.user("Other", "sales")
    lin, other = laptops.make("lin", lin_id), laptops.make("other", other_id)
    boss = laptops.make("boss", office.user("Boss", "admin"))
    even(lin, boss)
    kept = make(lin.replica, "customer", name="Paper Crane")
    gone = make(lin.replica, "customer", name="Paper Crane Ltd")
    told = merging.merge(lin.replica, "customer", kept, [gone]).value
    even(lin, boss)
    records.update(boss.replica, "customer", kept, {"owner_id": other_id})
    even(boss, other)
    assert [each.id for each in merging.recent_merges(other.replica)] == [told.id]
    with pytest.raises(NotFound, match="Whoever sees all of them"):
        merging.take_apart(other.replica, told.id)
    merging.take_apart(boss.replica, told.id)
    even(boss, lin)
    assert records.get(lin.replica, "customer", gone).alive


def test_what_a_merge_only_claims_is_not_undone(office: Office, laptops: Laptops) -> None:
    boss = laptops.make("boss", office.user("Boss", "admin"))
    kept, other, deleted = (
        office.hq.create("customer", {"name": name}) for name in ("Kept", "Other", "Gone")
    )
    task = {"kind": "task", "subject": "Call", "customer_id": kept, "owner_id": boss.user_id}
    activity = office.hq.create("activity", task)
    office.hq.delete("customer", deleted)
    told = office.hq.create(
        "merge",
        {
            "name": "Forged",
            "kept_entity": "customer",
            "kept_id": kept,
            "merged": [other, deleted],
            "moves": [["activity", activity, "customer_id", other], ["activity", activity], 7],
            "before_core": {"name": 5, "tags": None, "city": ["Ulm"]},
        },
    )
    boss.sync()
    merging.take_apart(boss.replica, told)
    even(boss)
    assert records.get(boss.replica, "activity", activity)["customer_id"] == kept
    assert not records.get(boss.replica, "customer", deleted).alive
    assert records.get(boss.replica, "customer", kept)["name"] == "Kept"
