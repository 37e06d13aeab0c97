"""Leads nobody has, on laptops: claimed provisionally, and what HQ makes of it."""

from __future__ import annotations

import pytest

from crm_core.errors import AccessDenied, UserError
from crm_core.sync.protocol import Code
from crm_desktop.services import leads, pool, records, returned_edits
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


def lead_pool(office: Office, laptops: Laptops, *roles: str) -> tuple[list[Laptop], list[str]]:
    made = [laptops.make(f"laptop{no}", office.user(f"P{no}", role)) for no, role in enumerate(roles)]
    found = [office.hq.create("lead", {"name": f"Lead {no}"}) for no in range(3)]
    settle_all(made, 1)
    return made, found


def test_a_claim_of_a_lead_is_provisional_and_the_loser_is_told_who_has_it(
    office: Office, laptops: Laptops
) -> None:
    (lin, wang), (lead, second, third) = lead_pool(office, laptops, "sales", "sales")
    call = office.hq.create("activity", {"kind": "call", "subject": "Asked", "lead_id": lead})
    assert leads.overview(lin.replica, lead).stands.may_claim
    with pytest.raises(AccessDenied):
        records.update(lin.replica, "lead", lead, {"name": "Mine"})
    taken = pool.claim_leads(lin.replica, [lead, second]).value.taken
    assert {record.get("owner_id") for record in taken} == {lin.user_id}
    with pytest.raises(UserError, match="not free"):
        pool.claim_leads(lin.replica, [lead])
    pool.claim_leads(wang.replica, [lead])
    leads.set_state(wang.replica, [lead], "working")
    office.hq.update("lead", lead, {"source": "web"})
    wang.sync()
    settle_all([lin, wang])
    assert records.get(wang.replica, "activity", call).title == "Asked"
    assert (office.row("lead", lead)["owner_id"], office.row("lead", lead)["status"]) == (
        wang.user_id,
        "working",
    )
    assert office.row("lead", second)["owner_id"] == lin.user_id
    assert lin.returned() == [("lead", "16", Code.ILLEGAL_STATE)]
    (told,) = returned_edits.returned(lin.replica)
    assert told.reason.text == "{person} has this lead already"
    # What came back is whose the lead is, not how far it is.
    assert (told.field, told.label, told.base, told.mine) == ("owner_id", "Owner", None, lin.user_id)
    for gone in (lead, third):
        if gone == third:
            pool.claim_leads(wang.replica, [third])
            settle_all([wang, lin])
        with pytest.raises(UserError, match="no such record"):
            records.get(lin.replica, "lead", gone)
    assert [line for laptop in (lin, wang) for line in differences(laptop)] == []


def test_a_lead_given_back_is_free_for_the_next(office: Office, laptops: Laptops) -> None:
    (lin, wang, boss), (lead, other, _) = lead_pool(office, laptops, "sales", "sales", "marketing")
    pool.claim_leads(lin.replica, [lead])
    pool.return_leads(lin.replica, [lead])  # before anything was sent
    pool.claim_leads(lin.replica, [lead])
    settle_all([lin, wang, boss])
    with pytest.raises(AccessDenied, match="give it back"):
        pool.return_leads(lin.replica, [other])
    with pytest.raises(AccessDenied, match="may not claim leads"):
        pool.claim_leads(boss.replica, [other])
    pool.return_leads(lin.replica, [lead])
    leads.assign(boss.replica, {other: wang.user_id})
    settle_all([lin, boss, wang])
    pool.claim_leads(wang.replica, [lead])
    settle_all([wang, lin, boss])
    assert {office.row("lead", each)["owner_id"] for each in (lead, other)} == {wang.user_id}
    assert [laptop.returned() for laptop in (lin, wang, boss)] == [[], [], []]
    assert [line for laptop in (lin, wang, boss) for line in differences(laptop)] == []


def test_limits_are_said_before_anything_is_sent_and_hq_counts_the_same(
    office: Office, laptops: Laptops
) -> None:
    (lin, wang), free = lead_pool(office, laptops, "sales", "sales")
    office.hq.create("pool_rule", {"name": "全部", "kind": "lead", "claims_a_day": 2, "barred_days": 3})
    settle_all([lin, wang], 1)
    claimed = pool.claim_leads(lin.replica, free).value
    assert ([lead.id for lead in claimed.taken], claimed.left) == (free[:2], 1)
    assert str(claimed.refusal) == "You claimed 2 leads in 24 hours; 2 is most (全部)"
    with pytest.raises(UserError, match="claimed 2 leads in 24 hours"):
        pool.claim_leads(lin.replica, free[2:])
    pool.return_leads(lin.replica, free[:1])
    with pytest.raises(UserError, match="again in 3 days"):
        pool.claim_leads(lin.replica, free[:1])
    settle_all([lin, wang])
    assert lin.returned() == []
    with pytest.raises(UserError, match="again in 3 days"):
        pool.claim_leads(lin.replica, free[:1])
    pool.claim_leads(wang.replica, free[:1])
    settle_all([lin, wang])
    row = office.row("lead", free[0])
    assert (row["owner_id"], row["claimed_by"], row["last_owner_id"]) == (
        wang.user_id,
        wang.user_id,
        lin.user_id,
    )
    assert [line for laptop in (lin, wang) for line in differences(laptop)] == []


def test_who_is_over_a_limit_by_two_laptops_gets_the_second_claim_back(
    office: Office, laptops: Laptops
) -> None:
    office.hq.create("pool_rule", {"name": "All", "kind": "lead", "most_held": 1})
    user_id = office.user("P", "sales")
    one, two = laptops.make("one", user_id), laptops.make("two", user_id)
    free = [office.hq.create("lead", {"name": f"Lead {no}"}) for no in range(2)]
    settle_all([one, two], 1)
    for laptop, lead in zip((one, two), free, strict=True):
        pool.claim_leads(laptop.replica, [lead])
    settle_all([one, two])
    assert (one.returned(), two.returned()) == ([], [("lead", "16", Code.ILLEGAL_STATE)])
    (told,) = returned_edits.returned(two.replica)
    assert str(told.reason) == "You have 1 of the 1 open leads one may have (All)"
    assert [line for laptop in (one, two) for line in differences(laptop)] == []
