"""Sharing ends after its last day: at HQ once, on the laptop at once for what is done there."""

from __future__ import annotations

import datetime

import pytest

from crm_core.errors import AccessDenied, Invalid
from crm_core.rules import sharing
from crm_core.rules.sharing import has_ended
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from crm_desktop.services import records
from sync_server.services.share_ends import day_of, end_shares
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


@pytest.fixture
def pair(office: Office, laptops: Laptops) -> tuple[Laptop, Laptop]:
    made = (
        laptops.make("lin", office.user("Lin", "sales")),
        laptops.make("wang", office.user("Wang", "sales")),
    )
    settle_all(list(made), 1)
    return made


def day(office: Office, days: int) -> str:
    return day_of(office.now_ms + days * DAY_MS).isoformat()


def shared(lin: Laptop, wang: Laptop, until: str) -> str:
    values = {"name": "合办客户", "shared_with": [wang.user_id], "shared_until": until}
    customer = records.create(lin.replica, "customer", values).value.id
    records.create(lin.replica, "contact", {"name": "Contact", "customer_id": customer})
    settle_all([lin, wang])
    return customer


def test_the_last_day_counts_whole() -> None:
    today = datetime.date(2026, 12, 31)
    assert [has_ended(until, today) for until in ("2026-12-30", "2026-12-31", None, "")] == [
        True,
        False,
        False,
        False,
    ]


def test_a_share_that_is_over_already_is_said_at_its_field(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, wang = pair
    customer = records.create(lin.replica, "customer", {"name": "合办客户"}).value.id
    for name, until in sharing.ENDS.items():
        changes = {name: [wang.user_id], until: day(office, -1)}
        with pytest.raises(Invalid) as refused:
            records.update(lin.replica, "customer", customer, changes)
        assert [(each.field, each.message) for each in refused.value.problems] == [(until, sharing.OVER)]
        with pytest.raises(Invalid):
            records.create(lin.replica, "customer", {"name": "C", **changes})
        records.update(lin.replica, "customer", customer, {**changes, until: day(office, 0)})
    office.now_ms += 2 * DAY_MS  # over meanwhile; what else is changed then is no matter of it
    records.update(lin.replica, "customer", customer, {"name": "合办客户二"})


def test_after_its_last_day_a_shared_record_leaves_and_who_had_it_is_told(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, wang = pair
    customer = shared(lin, wang, day(office, 2))
    assert end_shares(office.database, office.now_ms + 2 * DAY_MS) == 0
    assert records.get(wang.replica, "customer", customer).title == "合办客户"
    office.now_ms += 3 * DAY_MS
    assert end_shares(office.database, office.now_ms) == 1
    assert end_shares(office.database, office.now_ms) == 0
    settle_all([lin, wang])
    row = office.row("customer", customer)
    assert (row["shared_with"], row["shared_until"], row["owner_id"]) == (None, None, lin.user_id)
    assert wang.projection() == office.projection(wang.user_id)
    ((_, task),) = office.hq.find("activity", "kind", "task")
    assert (task["owner_id"], task["subject"]) == (
        wang.user_id,
        "“合办客户” is shared with you no longer: its last day is over",
    )
    records.update(lin.replica, "customer", customer, {"shared_with": [wang.user_id]})
    settle_all([lin, wang])
    assert records.get(wang.replica, "customer", customer).title == "合办客户"
    assert [line for laptop in pair for line in differences(laptop)] == []


def test_a_laptop_without_network_changes_nothing_after_the_last_day(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, wang = pair
    customer = shared(lin, wang, day(office, 2))
    office.hq.update("customer", customer, {"shared_until": "2020-01-01"})
    wang.sync()
    with pytest.raises(AccessDenied):
        records.update(wang.replica, "customer", customer, {"city": "Wuxi"})
    assert end_shares(office.database, office.now_ms) == 1


def test_who_has_a_record_by_a_share_cannot_prolong_it(office: Office, pair: tuple[Laptop, Laptop]) -> None:
    lin, wang = pair
    customer = shared(lin, wang, day(office, 2))
    with pytest.raises(AccessDenied):
        records.update(wang.replica, "customer", customer, {"shared_until": day(office, 9)})
    forger = office.laptop(wang.user_id)
    forger.sync()
    number = forger.set("customer", customer, "shared_until", day(office, 9))
    forger.sync()
    assert forger.code(number) is Code.FORBIDDEN_ASSIGN
    assert office.row("customer", customer)["shared_until"] == day(office, 2)
