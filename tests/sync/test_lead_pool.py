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
    assert leads.overview(lin.replica, lead).may_claim
    with pytest.raises(AccessDenied):
        records.update(lin.replica, "lead", lead, {"name": "Mine"})
    taken = pool.claim_leads(lin.replica, [lead, second]).value
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
