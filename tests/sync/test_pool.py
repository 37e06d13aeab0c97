"""The shared pool on laptops: days left, provisional claims, and what HQ makes of them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from crm_core.errors import AccessDenied, Invalid, UserError
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import pool, pooling, records
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


def in_pool(office: Office, **values: Any) -> str:
    customer = office.hq.create("customer", {"name": "公海客户", **values})
    office.hq.update("customer", customer, {"owner_id": None})
    return customer


def shown(replica: Replica, customer: str) -> pool.PoolState:
    with replica.read() as session:
        return pool.state_in(session, replica, records.get(replica, "customer", customer))


def due_listed(replica: Replica) -> dict[str, Any]:
    found = records.page(replica, ListQuery(entity="customer", fields=("pool_due",)))
    return {row.id: row["pool_due"] for row in found.rows}


def test_a_claim_is_provisional_and_the_loser_is_told(office: Office, pair: tuple[Laptop, Laptop]) -> None:
    lin, wang = pair
    customer = in_pool(office)
    contact = office.hq.create("contact", {"name": "Contact", "customer_id": customer})
    settle_all([lin, wang])
    assert shown(lin.replica, customer).may_claim
    for laptop in pair:
        pool.claim(laptop.replica, [customer])
        state = shown(laptop.replica, customer)
        assert (state.in_pool, state.waits) == (False, True)
    wang.sync()
    settle_all([lin, wang])
    assert not shown(wang.replica, customer).waits
    assert records.get(wang.replica, "contact", contact).title == "Contact"
    assert lin.returned() == [("customer", "50", Code.ILLEGAL_STATE)]
    with pytest.raises(UserError, match="no such record"):
        records.get(lin.replica, "customer", customer)
    assert [line for laptop in pair for line in differences(laptop)] == []


def test_returning_needs_a_reason_and_the_next_one_reads_it(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, wang = pair
    customer = records.create(lin.replica, "customer", {"name": "Mine"}).value.id
    with pytest.raises(Invalid, match="why"):
        pool.release(lin.replica, [customer], " ")
    pool.release(lin.replica, [customer], "搬走了")
    settle_all([lin, wang])
    state = shown(wang.replica, customer)
    assert (state.in_pool, state.reason, state.may_claim, state.may_return) == (True, "搬走了", True, False)
    with pytest.raises(AccessDenied):
        records.update(wang.replica, "customer", customer, {"name": "Other"})
    pool.claim(wang.replica, [customer])
    settle_all([lin, wang])
    assert office.row("customer", customer)["owner_id"] == wang.user_id
    assert [line for laptop in pair for line in differences(laptop)] == []


def test_limits_are_said_before_anything_is_sent(office: Office, pair: tuple[Laptop, Laptop]) -> None:
    lin, _ = pair
    office.hq.create("pool_rule", {"name": "全部", "most_held": 1, "most_locked": 0, "barred_days": 3})
    first, second = in_pool(office), in_pool(office)
    lin.sync()
    pool.claim(lin.replica, [first])
    with pytest.raises(UserError, match=r"You hold 1 of the 1 customers one may hold \(全部\)"):
        pool.claim(lin.replica, [second])
    with pytest.raises(UserError, match="locked 0 of the 0"):
        pool.lock(lin.replica, [first])
    pool.release(lin.replica, [first], "No")
    with pytest.raises(UserError, match="again in 3 days"):
        pool.claim(lin.replica, [first])
    lin.sync()
    assert lin.returned() == []


def test_a_step_undone_before_it_was_sent_never_was_and_one_that_was_sent_is_taken_back_by_rule(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, wang = pair
    office.hq.create("pool_rule", {"name": "全部", "claims_a_day": 1, "barred_days": 3})
    first, second = in_pool(office), in_pool(office)
    settle_all([lin, wang])

    def undo(claimed: pool.Stepped) -> None:
        pool.take_back(lin.replica, claimed, lambda ids: pool.release(lin.replica, ids, "Undone"))

    records.create(lin.replica, "customer", {"name": "Typed before"})
    claimed = pool.claim(lin.replica, [first]).value
    records.create(lin.replica, "customer", {"name": "Typed after"})
    undo(claimed)
    settle_all([lin, wang])
    assert office.row("customer", first)["claimed_at"] is None, "HQ never heard of it"
    assert shown(wang.replica, first).in_pool
    undo(pool.claim(lin.replica, [second]).value)
    claimed = pool.claim(lin.replica, [first]).value
    settle_all([lin, wang])
    undo(claimed)
    settle_all([lin, wang])
    assert office.row("customer", first)["pool_reason"] == "Undone"
    with pytest.raises(UserError, match="again in 3 days"):
        pool.claim(lin.replica, [first])  # what was below it was seen meanwhile: it counts
    with pytest.raises(UserError, match="You took 1 customers in 24 hours"):
        pool.claim(lin.replica, [second])
    own = records.create(lin.replica, "customer", {"name": "Own"}).value.id
    settle_all([lin, wang])
    returned = pool.release(lin.replica, [own], "搬走了").value
    pool.take_back(lin.replica, returned, lambda ids: pool.claim(lin.replica, ids))
    assert records.get(lin.replica, "customer", own).get("owner_id") == lin.user_id
    settle_all([lin, wang])
    assert lin.returned() == []
    assert [line for laptop in pair for line in differences(laptop)] == []


def test_a_locked_customer_stays_until_it_is_unlocked(office: Office, pair: tuple[Laptop, Laptop]) -> None:
    lin, _ = pair
    office.hq.create("pool_rule", {"name": "All", "contact_days": 10, "remind_days": 3})
    lin.sync()
    customer = records.create(lin.replica, "customer", {"name": "Mine"}).value.id
    assert shown(lin.replica, customer).days_left == 10
    pool.lock(lin.replica, [customer])
    assert shown(lin.replica, customer).days_left is None
    with pytest.raises(UserError, match="unlock or claim it first"):
        pool.release(lin.replica, [customer], "No")
    pool.unlock(lin.replica, [customer])
    office.now_ms += 8 * DAY_MS
    state = shown(lin.replica, customer)
    assert (state.days_left, state.warns) == (2, True)
    records.create(lin.replica, "activity", {"kind": "call", "subject": "Call", "customer_id": customer})
    assert shown(lin.replica, customer).days_left == 10


def test_the_list_knows_the_same_day_as_the_rule(office: Office, laptops: Laptops) -> None:
    lin = laptops.make("lin", office.user("Lin", "admin"))
    lin.sync()
    replica = lin.replica
    day = itertools.count(1)
    made = [
        records.create(replica, "customer", {"name": "C", "level": level, "status": status}).value.id
        for level in ("A", "B", None)
        for status in ("active", "lost")
    ]
    for customer, stage in zip(made, ["open", "won", "lost", "open", "won", None], strict=True):
        office.now_ms += next(day) * DAY_MS
        if stage:
            values = {"name": "D", "customer_id": customer, "pipeline_id": office.pipeline, "amount": 100}
            reason = {"loss_reason": "price"} if stage == "lost" else {}
            records.create(replica, "deal", {**values, "stage_id": office.stages[stage], **reason})
        records.create(replica, "activity", {"kind": "visit", "subject": "V", "customer_id": customer})
    rules: tuple[dict[str, Any], ...] = (
        {"name": "All", "contact_days": 30, "deal_days": 40},
        {"name": "A", "level": "A", "deal_days": 5},
        {"name": "B lost", "level": "B", "status": "lost", "spared": True},
        {"name": "Lost", "status": "lost", "contact_days": None, "deal_days": 90},
        {"name": "Leads", "kind": "lead", "most_held": 3},
    )
    for values in rules:
        records.create(replica, "pool_rule", values)
    pool.lock(replica, [made[4]])
    records.update(replica, "customer", made[1], {"owner_id": None})

    def counted() -> dict[str, Any]:
        with replica.read() as session:
            dues = {each: pooling.due_in(session, records.get(replica, "customer", each)) for each in made}
        return {each: due.at_ms if due else None for each, due in dues.items()}

    assert due_listed(replica) == counted()
    assert len({at for at in counted().values() if at}) >= 2
    deals = records.page(replica, ListQuery(entity="deal")).rows
    office.now_ms += DAY_MS
    records.update(replica, "deal", deals[0].id, {"stage_id": office.stages["won"]})
    records.delete(replica, "deal", deals[1].id)
    assert due_listed(replica) == counted()
    found = records.page(
        replica,
        ListQuery(
            entity="customer",
            conditions=(Condition(field="pool_due", op=Op.FILLED),),
            sort=(("pool_due", False),),
        ),
    )
    assert [row["pool_due"] for row in found.rows] == sorted(at for at in counted().values() if at)


def test_a_manager_hands_a_pool_customer_to_somebody(office: Office, laptops: Laptops) -> None:
    team = office.hq.create("team", {"name": "Team"})
    member = office.user("Member", "sales", team_id=team)
    boss = laptops.make("boss", office.user("Boss", "sales_manager", team_id=team))
    customer = office.hq.create("customer", {"name": "C", "team_id": team, "owner_id": member})
    boss.sync()
    records.update(boss.replica, "customer", customer, {"owner_id": None})
    records.update(boss.replica, "customer", customer, {"owner_id": member})
    settle_all([boss])
    row = office.row("customer", customer)
    assert (row["owner_id"], row["holding"], boss.returned()) == (member, "held", [])
