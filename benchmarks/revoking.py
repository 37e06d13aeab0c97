"""From a change of rights at HQ until a laptop that is online has let go of the rows, or has them again.

A real HQ and a real laptop that waits for news: what the change takes at HQ, until it is heard, the round.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from statistics import median

from sqlalchemy import update

from benchmarks.figures import Figure
from benchmarks.sync_rounds import customers
from crm_core.ids import named_id, new_id
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records
from sync_server.store.tables import Device, table_of
from tests.support.hq import make
from tests.support.server import RunningServer, running_server

TITLE = "Taking rights away"
ROWS = 2_000
OWN = 20
RUNS = 5
LONGEST_S = 120.0
LOOK_S = 0.02


def measure() -> list[Figure]:
    """Return the seconds from a change of role to what it leaves on the laptop, medians of five runs."""
    os.environ["CRM_PASSPHRASE"] = "benchmark passphrase"
    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as hq:
        territory = _territory(hq)
        person = hq.add_user("lin", "regional_manager", territory="North")["id"]
        other = hq.add_user("maya", "sales", territory="North")["id"]
        with hq.headquarters() as beside:
            owners = [person] * OWN + [other] * (ROWS - OWN)
            rows = zip(customers(ROWS, person), owners, strict=True)
            made = [{**row, "owner_id": owner, "territory_id": territory} for row, owner in rows]
            beside.records.write_all([make("customer", new_id(), **row) for row in made])
        app = assembly.new_profile(Path(name) / "lin")
        try:
            app.enrol(hq.url, "lin", "lin")
            _allow_purges(hq)
            app.sync_now()
            app.start_syncing(lambda _status: None)
            time.sleep(2)  # the wait for news is under way
            lost, gained = [], []
            for _ in range(RUNS):
                lost.append(_until(hq, app, person, "sales", OWN))
                gained.append(_until(hq, app, person, "regional_manager", ROWS))
        finally:
            app.close()
    return [
        Figure(
            f"role changed at HQ until {ROWS - OWN:,} customers are purged",
            median(lost),
            "s",
            note="laptop online",
        ),
        Figure(
            f"role given back until {ROWS - OWN:,} customers are there again",
            median(gained),
            "s",
            note="laptop online",
        ),
    ]


def _territory(hq: RunningServer) -> str:
    with hq.headquarters() as beside:
        return beside.records.create("territory", {"name": "North"})


def _allow_purges(hq: RunningServer) -> None:
    """Let no purge wait for an administrator, which is for people and takes as long as they do."""
    with hq.headquarters() as beside, beside.database.note() as connection:
        connection.execute(update(table_of(Device)).values(purge_allowed=2**40))


def _until(hq: RunningServer, app: App, person: str, role: str, count: int) -> float:
    with hq.headquarters() as beside:
        began = time.perf_counter()
        beside.records.update("user", person, {"role_id": named_id("role", role)})
    while records.count(app.replica, ListQuery(entity="customer")) != count:
        if time.perf_counter() > began + LONGEST_S:
            raise SystemExit(f"the laptop never came to {count} customers as {role}")
        time.sleep(LOOK_S)
    return time.perf_counter() - began
