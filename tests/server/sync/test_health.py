"""How laptops are, as they tell it and as HQ sees it; and the gauges a monitor reads."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from crm_core import SCHEMA_VERSION
from crm_core.sync.clock import reading
from crm_core.sync.protocol import Told
from crm_core.times import DAY_MS
from sync_server.services import measures
from sync_server.services.gauges import with_standing
from sync_server.services.health import Flag, flags_of
from sync_server.store.tables import Audit, Device, table_of
from tests.support.hq import Laptop, Office


def row(office: Office, laptop: Laptop) -> dict[str, Any]:
    devices = table_of(Device)
    with office.database.read() as snapshot:
        query = select(devices).where(devices.c.id == laptop.device)
        return dict(snapshot.connection.execute(query).mappings().one())


def audited(office: Office) -> list[str]:
    audit = table_of(Audit)
    with office.database.read() as snapshot:
        return list(snapshot.connection.execute(select(audit.c.action).order_by(audit.c.id)).scalars())


def test_a_laptop_tells_how_it_is_and_hq_sees_what_is_wrong(sqlite_office: Office) -> None:
    office = sqlite_office
    lin = office.laptop(office.user("Lin", "sales"), schema=SCHEMA_VERSION)
    lin.sync(told=Told())
    assert flags_of(row(office, lin), office.now_ms, SCHEMA_VERSION) == []
    old_ms = office.now_ms - 8 * DAY_MS
    told = Told(
        waiting=3,
        oldest_ms=old_ms,
        returned=2,
        clock_off_ms=-2 * 3_600_000,
        compared_ms=office.now_ms,
        repaired=5,
        differing=1,
    )
    lin.sync(told=told)
    kept = row(office, lin)
    assert (kept["waiting"], kept["oldest_unsent_ms"], kept["returned"]) == (3, old_ms, 2)
    assert (kept["repaired"], kept["differing"], kept["clock_shift_ms"]) == (5, 1, 2 * 3_600_000)
    assert flags_of(kept, office.now_ms, SCHEMA_VERSION) == [Flag.CLOCK, Flag.UNSENT, Flag.DIFFERS]
    assert flags_of({**kept, "revoked": True}, office.now_ms, SCHEMA_VERSION) == []
    assert Flag.SILENT in flags_of(kept, office.now_ms + 15 * DAY_MS, SCHEMA_VERSION)
    lin.sync(told=told)
    assert audited(office).count("clock far off") == 1


def test_a_clock_that_was_never_measured_shows_in_what_it_sends(sqlite_office: Office) -> None:
    office = sqlite_office
    lin = office.laptop(office.user("Lin", "sales"))
    lin.sync(sent_hlc=reading(office.now_ms - 3 * 3_600_000))
    assert row(office, lin)["clock_shift_ms"] < -2 * 3_600_000


def test_figures_nobody_could_mean_break_nothing(sqlite_office: Office) -> None:
    office = sqlite_office
    lin = office.laptop(office.user("Lin", "sales"))
    huge = 2**63 - 1
    lin.sync(told=Told(huge, huge, -huge, huge, huge, huge, huge))
    lin.sync(told=Told(-huge, -huge, huge, -huge, -huge))
    assert abs(row(office, lin)["clock_shift_ms"]) <= 2**53


def test_rights_that_change_stand_in_the_audit(sqlite_office: Office) -> None:
    office = sqlite_office
    user = office.user("Lin", "sales")
    lin = office.laptop(user)
    lin.sync()
    before = audited(office).count("rights changed")
    lin.sync()
    assert audited(office).count("rights changed") == before
    office.hq.update("user", user, {"team_id": office.hq.create("team", {"name": "South"})})
    office.hq.update("user", user, {"role_id": office.hq.find("role", "name", "sales_manager")[0][0]})
    lin.sync()
    assert audited(office).count("rights changed") == before + 1


def test_gauges_tell_of_laptops_and_name_nobody(sqlite_office: Office) -> None:
    office = sqlite_office
    lin = office.laptop(office.user("林静（示例）", "sales"))
    lin.sync(told=Told(waiting=4, oldest_ms=office.now_ms - 1000))
    customer = office.hq.create("customer", {"name": "Secret customer"})
    lin.set("customer", customer, "phone", "111 111")
    lin.sync()
    text = measures.exposition(with_standing(measures.registry(), office.database)).decode()
    for line in (
        "satchel_unsent_operations 4.0",
        'satchel_refused_edits{state="open"} 1.0',
        'satchel_devices_flagged{flag="clock"} 0.0',
        "satchel_database_connections",
        "satchel_fields_merged_total",
        "satchel_news_waits",
    ):
        assert line in text
    assert "Secret" not in text
    assert "林静" not in text
