"""Judgements and scenarios travel: a judgement to who said it and above, a scenario to whom it is shown."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm_core.errors import NotFound
from crm_core.rules.stretches import Stretch
from crm_core.rules.what_if import Changes
from crm_core.sync.protocol import Code
from crm_desktop.services import forecast_scopes, forecasts, records, scenarios
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences, settle_all


def test_a_judgement_goes_to_who_said_it_and_his_manager_and_stays(office: Office, laptops: Laptops) -> None:
    team = office.hq.create("team", {"name": "East"})
    boss = laptops.make("boss", office.user("Boss", "sales_manager", team_id=team))
    lin = laptops.make("lin", office.user("Lin", "sales", team_id=team))
    amy = laptops.make("amy", office.user("Amy", "sales", team_id=team))
    settle_all([boss, lin, amy], 1)
    quarter = Stretch(2027, "q1")
    own = forecast_scopes.scope(lin.replica, "me")
    said = forecasts.judge(lin.replica, quarter, own, 500_00, "Two letters of intent").value.id
    about = forecasts.judge(
        boss.replica, quarter, forecast_scopes.scope(boss.replica, "East"), 900_00, "I know my people"
    ).value.id
    settle_all([boss, lin, amy])
    assert records.get(boss.replica, "forecast_call", said).get("amount") == 500_00
    for laptop, hidden in ((amy, said), (lin, about), (amy, about)):
        with pytest.raises(NotFound):
            records.get(laptop.replica, "forecast_call", hidden)
    assert [line for laptop in (boss, lin, amy) for line in differences(laptop)] == []


def test_hq_takes_no_judgement_that_was_changed(office: Office) -> None:
    lin = office.user("Lin", "sales")
    said = office.hq.create(
        "forecast_call",
        {
            "year": 2027,
            "period": "q1",
            "amount": 5_00,
            "currency": "CNY",
            "reason": "So it is",
            "owner_id": lin,
        },
    )
    forger = office.laptop(lin)
    forger.sync()
    number = forger.set("forecast_call", said, "amount", [1, "CNY"])
    forger.sync()
    assert forger.code(number) is not Code.APPLIED
    assert office.hq.get("forecast_call", said)["amount"] == 5_00


def test_a_scenario_is_its_makers_until_it_is_shown(office: Office, laptops: Laptops) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    amy = laptops.make("amy", office.user("Amy", "sales"))
    settle_all([lin, amy], 1)
    kept = scenarios.save(lin.replica, "Spring", Changes(price=Decimal(5))).value.id
    settle_all([lin, amy])
    assert scenarios.scenarios_of(amy.replica) == ()
    role = str(records.get(lin.replica, "user", lin.user_id).get("role_id"))
    scenarios.show_to(lin.replica, kept, role, shown=True)
    settle_all([lin, amy])
    (found,) = scenarios.scenarios_of(amy.replica)
    assert (found.name, found.own, found.changes.price) == ("Spring", False, Decimal(5))
    assert [line for laptop in (lin, amy) for line in differences(laptop)] == []
