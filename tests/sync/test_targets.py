"""Targets: a manager sets them, whoever they are for reads them, nobody else hears of them."""

from __future__ import annotations

import pytest

from crm_core.errors import AccessDenied, Invalid, NotFound
from crm_core.sync.protocol import Code
from crm_desktop.services import records, targets
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences, settle_all


def test_a_target_is_set_by_the_manager_and_read_by_whom_it_is_for(office: Office, laptops: Laptops) -> None:
    team = office.hq.create("team", {"name": "East"})
    boss = laptops.make("boss", office.user("Boss", "sales_manager", team_id=team))
    lin = laptops.make("lin", office.user("林 Lin", "sales", team_id=team))
    far = laptops.make("far", office.user("Far", "sales"))
    settle_all([boss, lin, far], 1)
    year = lin.replica.clock.today().year
    whose = {"year": year, "amount": 1_000_00, "currency": "CNY"}
    mine = records.create(boss.replica, "target", {**whose, "user_id": lin.user_id}).value.id
    theirs = records.create(boss.replica, "target", {**whose, "team_id": team}).value.id
    settle_all([boss, lin, far])
    assert [each.whose for each in targets.own_figures(lin.replica).progress] == ["林 Lin"]
    assert [each.target_id for each in targets.own_figures(boss.replica).progress] == [theirs]
    for laptop in (lin, far):
        with pytest.raises(AccessDenied):
            records.create(laptop.replica, "target", {**whose, "user_id": laptop.user_id})
    with pytest.raises(AccessDenied):
        records.update(lin.replica, "target", mine, {"amount": 1_00})
    for hidden in (mine, theirs):
        with pytest.raises(NotFound):
            records.get(far.replica, "target", hidden)
    assert [line for laptop in (boss, lin, far) for line in differences(laptop)] == []


def test_hq_takes_no_seller_who_lowers_his_own_target(office: Office) -> None:
    lin = office.user("Lin", "sales")
    target = office.hq.create("target", {"year": 2027, "amount": 5_00, "currency": "CNY", "user_id": lin})
    forger = office.laptop(lin)
    forger.sync()
    numbers = [forger.set("target", target, "amount", [1, "CNY"]), forger.delete("target", target)]
    forger.sync()
    assert [forger.code(number) for number in numbers] == [Code.FORBIDDEN_ROW] * 2
    assert office.hq.get("target", target)["amount"] == 5_00
    with pytest.raises(Invalid) as refused:
        office.hq.update("target", target, {"measure": "visits"})
    assert [each.field for each in refused.value.problems] == ["number"]
