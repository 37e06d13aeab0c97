"""Managers are told of deals their people do not look after: each deal once, until somebody does."""

from __future__ import annotations

from crm_core.rules.neglect import DEAL_DAYS
from crm_core.times import DAY_MS
from sync_server.services.neglect import tell_managers
from tests.support.hq import Office


def tasks(office: Office) -> list[tuple[str, str]]:
    return [(row["owner_id"], row["subject"]) for _, row in office.hq.find("activity", "kind", "task")]


def test_a_manager_is_told_once_of_each_neglected_deal_and_sees_the_task(office: Office) -> None:
    chief, boss = office.user("Chief", "sales_manager"), office.user("Boss", "sales_manager")
    top = office.hq.create("team", {"name": "All", "manager_id": chief})
    south = office.hq.create("team", {"name": "South", "manager_id": boss, "parent_id": top})
    lin = office.user("Lin", "sales", team_id=south)
    office.hq.update("user", boss, {"team_id": south})
    alone = office.user("Alone", "sales")
    place: dict[str, object] = {"pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
    made = {
        name: office.hq.create(
            "deal", {**place, "name": name, "owner_id": owner, "stage_since": office.now_ms}
        )
        for name, owner in (("Pump", lin), ("Valve", lin), ("Own", boss), ("Nobody leads me", alone))
    }
    assert tell_managers(office.database, office.now_ms) == 0
    office.now_ms += DEAL_DAYS * DAY_MS
    call = {"kind": "call", "subject": "Call", "happened_at": office.now_ms, "done": True}
    office.hq.create("activity", {**call, "deal_id": made["Valve"]})
    assert tell_managers(office.database, office.now_ms) == 2
    assert sorted(tasks(office)) == sorted(
        [(boss, "Lin does not look after a deal: Pump"), (chief, "Boss does not look after a deal: Own")]
    )
    laptop = office.laptop(boss)
    laptop.sync()
    assert [row["subject"] for row in laptop.replica.values() if row.get("about_id") == lin] == [
        "Lin does not look after a deal: Pump"
    ]
    office.now_ms += DAY_MS
    assert tell_managers(office.database, office.now_ms) == 0  # told already
    office.hq.update("stage", office.stages["open"], {"age_limit_days": 7})
    assert tell_managers(office.database, office.now_ms) == 1  # the one that was called about stays too long
    office.hq.create("activity", {**call, "happened_at": office.now_ms, "deal_id": made["Pump"]})
    office.hq.update("stage", office.stages["open"], {"age_limit_days": None})
    assert tell_managers(office.database, office.now_ms) == 0
    office.now_ms += DEAL_DAYS * DAY_MS
    assert tell_managers(office.database, office.now_ms) == 2  # both of Lin's are quiet again
    assert (boss, "Lin does not look after 2 deals: Valve, Pump") in tasks(office)
