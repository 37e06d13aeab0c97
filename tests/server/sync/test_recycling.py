"""Rules of the pool at HQ: owners are warned, then their customers go, once; on both engines."""

from __future__ import annotations

import pytest

from crm_core.times import DAY_MS
from sync_server.services.recycling import Recycled, recycle
from tests.server.sync.test_pool import tasks
from tests.support.claims import CUSTOMERS, laptop_of
from tests.support.hq import Laptop, Office


@pytest.fixture
def two(office: Office) -> tuple[Laptop, Laptop]:
    return laptop_of(office, "Lin"), laptop_of(office, "Wang")


def test_a_rule_warns_then_returns_once_and_spares_whom_it_should(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    CUSTOMERS.rule(office, contact_days=30, remind_days=7)
    CUSTOMERS.rule(office, name="Key", level="A", spared=True)
    quiet, spoken, locked, key = (
        one.create("customer", {"name": name, "level": level})
        for name, level in (("安静", "B"), ("Spoken", "B"), ("Locked", "C"), ("Key", "A"))
    )
    contact = one.create("contact", {"name": "Contact", "customer_id": quiet})
    one.sync()
    CUSTOMERS.step(one, locked, "lock", "held")
    one.sync()
    assert recycle(office.database, office.now_ms) == Recycled()
    office.now_ms += 24 * DAY_MS
    one.create(
        "activity",
        {"kind": "visit", "subject": "V", "customer_id": spoken, "happened_at": office.now_ms},
    )
    one.sync()
    assert recycle(office.database, office.now_ms) == Recycled(warned=1)
    assert recycle(office.database, office.now_ms) == Recycled()
    ((owner, subject),) = tasks(office)
    assert owner == one.user_id
    assert subject.startswith("“安静” returns to the public pool on ")
    office.now_ms += 7 * DAY_MS
    assert recycle(office.database, office.now_ms) == Recycled(returned=1)
    assert recycle(office.database, office.now_ms) == Recycled()
    row = office.row("customer", quiet)
    assert (row["owner_id"], row["pool_reason"]) == (None, "30 days without contact (All)")
    assert {office.row("customer", each)["owner_id"] for each in (spoken, locked, key)} == {one.user_id}
    one.sync()
    assert one.shown("contact", contact) is None
    assert one.replica == office.projection(one.user_id)
