"""What the views of the forecast page take on a laptop with 20,000 deals: the services, without a window.

Floors: the same sums by SQL written for them alone, in plain SQLite that lies in memory.
`SATCHEL_BENCH_TENTHS=1` takes a tenth of the records.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from sqlalchemy import select

from benchmarks import filled_profile as filling
from benchmarks.figures import Figure
from benchmarks.filled_profile import filled_profile
from benchmarks.timing import with_floor
from crm_core.entities import SCHEMAS
from crm_core.entities.deal import Deal, Stage
from crm_core.rules.stretches import Length, stretch_at
from crm_core.rules.what_if import Changes
from crm_core.times import DAY_MS
from crm_desktop.models.device_tables import History
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import field_key
from crm_desktop.models.replica import Replica
from crm_desktop.services import (
    forecast_changes,
    forecast_scopes,
    forecasts,
    outlooks,
    records,
    scenarios,
    target_plans,
)
from crm_desktop.services.target_plans import Subject

TITLE = "Forecasts of 20,000 deals"
CHANGED = 200
COPIED = {
    "deal": ("id", "stage_id", "owner_id", "amount", "currency", "close_date", "probability", "life"),
    "stage": ("id", "kind", "life"),
}
_HISTORY = ("entity", "row_id", "field", "old", "at_ms")
_OF_STAGE = "FROM deal d JOIN stage s ON s.id = d.stage_id WHERE d.life % 2 = 1"
_SUMS = (
    f"SELECT d.owner_id, s.kind, sum(amount), sum(amount * probability), count(*) {_OF_STAGE} AND close_date"
)
_OPEN = f"SELECT d.owner_id, sum(amount), sum(amount * probability), count(*) {_OF_STAGE} AND s.kind = 'open'"
_CHANGED = (
    "SELECT row_id, field, old, min(at_ms) FROM history WHERE entity = 'deal' AND at_ms > {} GROUP BY 1, 2"
)
_MONTHS = f"SELECT substr(close_date, 1, 7), sum(amount) {_OF_STAGE} AND s.kind = 'won' GROUP BY 1"


def measure() -> list[Figure]:
    """Return what each view takes."""
    tenths = int(os.environ.get("SATCHEL_BENCH_TENTHS", "10"))
    filling.CUSTOMERS, filling.CONTACTS, filling.ACTIVITIES = 500 * tenths, 10, 10
    filling.DEALS, filling.OPEN_DEALS, filling.QUOTES, filling.TICKETS = 2_000 * tenths, 500 * tenths, 10, 10
    with tempfile.TemporaryDirectory() as name, filled_profile(Path(name) / "profile") as filled:
        replica = filled.app.replica
        _work(replica)
        _pass_stages(replica)
        plain = _plain(replica)
        today = replica.clock.today()
        quarter, year = (stretch_at(today, length) for length in (Length.QUARTER, Length.YEAR))
        scope = forecast_scopes.scopes_of(replica)[0]
        first, last = (day.isoformat() for day in year.days)
        sums = f"{_SUMS} BETWEEN '{first}' AND '{last}' GROUP BY 1, 2"
        by_sql = "the same sums by SQL of their own"
        counted, floor = with_floor(
            lambda: forecasts.forecast(replica, year, scope), lambda: plain.execute(sums).fetchall()
        )
        carried, months = with_floor(
            lambda: outlooks.outlook(replica, year, scope), lambda: plain.execute(_MONTHS).fetchall()
        )
        attained, _ = with_floor(
            lambda: target_plans.attained(replica, today.year, "year"), lambda: plain.execute(sums).fetchall()
        )
        over = scenarios.setting(replica, quarter, scope)
        dearer = Changes(price=Decimal(5), win_rate=Decimal(-3), cycle=Decimal(-20))
        since = _CHANGED.format(replica.clock.now_ms() - 7 * DAY_MS)
        changed, changes = with_floor(
            lambda: forecast_changes.changed(replica, year, scope), lambda: plain.execute(since).fetchall()
        )
        begins, ends = (day.isoformat() for day in quarter.days)
        still_open = f"{_OPEN} AND close_date BETWEEN '{begins}' AND '{ends}' GROUP BY 1"
        set_out, opened = with_floor(
            lambda: scenarios.setting(replica, quarter, scope), lambda: plain.execute(still_open).fetchall()
        )
        tried, opened_then = with_floor(
            lambda: scenarios.worked_out(over, "dearer", dearer), lambda: plain.execute(still_open).fetchall()
        )
        figures = [
            Figure("forecast of a year by person", counted, "s", floor, by_sql),
            Figure(
                f"what changed of {CHANGED} deals in a week",
                changed,
                "s",
                changes,
                "the lines of history by SQL",
            ),
            Figure(
                "a year carried on, six methods back-tested", carried, "s", months, "won by month, by SQL"
            ),
            Figure("attainment of the year's targets", attained, "s", floor, by_sql),
            Figure("what-if: the figures of today", set_out, "s", opened, "open deals by person, by SQL"),
            Figure("what-if: one scenario", tried, "s", opened_then, "open deals by person, by SQL"),
        ]
        plain.close()
        return figures


def _work(replica: Replica) -> None:
    """Change some deals, as a week does, and set targets of everybody by month."""
    listed = ListQuery(entity="deal", sort=(("close_date", True),), limit=CHANGED)
    for row in records.page(replica, listed).rows:
        records.update(replica, "deal", row.id, {"amount": int(row.get("amount") or 0) + 1_00})
    year = replica.clock.today().year
    people = records.page(replica, ListQuery(entity="user", limit=50)).rows
    for whose in ({}, *({"user_id": person.id} for person in people)):
        subject = Subject(year=year, currency="CNY", **whose)
        target_plans.save(replica, subject, 1_200_000_00, target_plans.spread_evenly(1_200_000_00))


def _pass_stages(replica: Replica) -> None:
    """Let every deal have gone through three stages, as far as history tells."""
    key = field_key(SCHEMAS["deal"].fields["stage_id"])
    with replica.write() as session:
        stages = list(session.scalars(select(Stage.id).order_by(Stage.rank)))[:4]
        for deal_id in list(session.scalars(select(Deal.id))):
            for old, new in pairwise(stages):
                line = {"entity": "deal", "row_id": deal_id, "field": key, "old": old, "new": new}
                session.add(History(**line, at_ms=1, origin="hq"))


def _plain(replica: Replica) -> sqlite3.Connection:
    """Return the columns that are counted in plain SQLite."""
    plain = sqlite3.connect(":memory:")
    with replica.read() as session:
        for entity, names in COPIED.items():
            table = SCHEMAS[entity].table
            plain.execute(f"CREATE TABLE {entity} ({', '.join(names)})")
            rows = session.execute(select(*(table.c[name] for name in names))).all()
            places = ", ".join("?" * len(names))
            plain.executemany(f"INSERT INTO {entity} VALUES ({places})", [tuple(row) for row in rows])
        lines = session.execute(select(*(getattr(History, name) for name in _HISTORY))).all()
        plain.execute(f"CREATE TABLE history ({', '.join(_HISTORY)})")
        plain.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?)", [tuple(line) for line in lines])
    plain.execute("CREATE INDEX deal_day ON deal (close_date)")
    plain.execute("CREATE INDEX history_at ON history (at_ms)")
    return plain
