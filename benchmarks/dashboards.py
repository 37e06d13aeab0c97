"""What a dashboard of eight tiles costs on a laptop with 10,000 deals, 100,000 activities and 10,000 tickets.

The services and the layout, without a window. Floors: the same figures by SQL written for them alone, in
plain SQLite that lies in memory. `SATCHEL_BENCH_TENTHS=1` takes a tenth of the records.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import select

from benchmarks import filled_profile as filling
from benchmarks.figures import Figure
from benchmarks.filled_profile import filled_profile
from benchmarks.timing import median_of, with_floor
from crm_core.charts.chart import Kind
from crm_core.charts.drawing import Mark
from crm_core.charts.layout import layout
from crm_core.charts.looks import plain_look, usual_look
from crm_core.charts.tiles import Counted
from crm_core.charts.words import Words
from crm_core.entities import SCHEMAS
from crm_core.rules.dashboards import Tile
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import dashboards, records
from resources.measuring import BundledMetrics

TITLE = "Dashboards of 10,000 deals, 100,000 activities, 10,000 tickets"
TILES = {
    "ranking": Kind.FIGURE,
    "win_rate": Kind.BAR,
    "won_by_month": Kind.LINE,
    "cycle": Kind.LINE,
    "funnel": Kind.FUNNEL,
    "losses": Kind.PIE,
    "activities": Kind.BAR,
    "ticket_hours": Kind.HEAT_MAP,
}
COPIED = {
    "deal": ("id", "stage_id", "owner_id", "amount", "currency", "close_date", "loss_reason", "life"),
    "stage": ("id", "kind", "life"),
    "activity": ("id", "owner_id", "kind", "happened_at", "life"),
    "ticket": ("id", "created_at", "life"),
}
_OF_STAGE = "FROM deal d JOIN stage s ON s.id = d.stage_id WHERE d.life % 2 = 1 AND s.kind"
SAME = (
    f"SELECT sum(amount), count(*) {_OF_STAGE} = 'won' AND close_date >= '2000-01-01' GROUP BY currency",
    f"SELECT d.owner_id, avg(s.kind = 'won'), count(*) {_OF_STAGE} IN ('won', 'lost') GROUP BY 1",
    f"SELECT substr(close_date, 1, 7), sum(amount), count(*) {_OF_STAGE} = 'won' GROUP BY 1, currency",
    f"SELECT substr(close_date, 1, 7), avg(julianday(close_date)), count(*) {_OF_STAGE} = 'won' GROUP BY 1",
    "SELECT stage_id, count(*), sum(amount) FROM deal WHERE life % 2 = 1 GROUP BY 1, currency",
    f"SELECT loss_reason, count(*), sum(amount) {_OF_STAGE} = 'lost' GROUP BY 1, currency",
    "SELECT owner_id, kind, count(*) FROM activity WHERE life % 2 = 1 AND happened_at > 0 GROUP BY 1, 2",
    "SELECT strftime('%w', created_at / 1000, 'unixepoch'), strftime('%H', created_at / 1000, 'unixepoch'),"
    " count(*) FROM ticket WHERE life % 2 = 1 GROUP BY 1, 2",
)
"""In the order of the tiles."""


def measure() -> list[Figure]:
    """Return what counting and laying out the tiles takes, and what a click on a mark."""
    tenths = int(os.environ.get("SATCHEL_BENCH_TENTHS", "10"))
    filling.CUSTOMERS = 2_000 * tenths
    filling.DEALS, filling.OPEN_DEALS = 1_000 * tenths, 300 * tenths
    filling.ACTIVITIES, filling.TICKETS = 10_000 * tenths, 1_000 * tenths
    with tempfile.TemporaryDirectory() as name, filled_profile(Path(name) / "profile") as filled:
        replica = filled.app.replica
        plain = _plain(replica)
        tiles = [
            Tile(id=key, standard=key, look=plain_look(usual_look(STANDARD_REPORTS[key].report, kind)))
            for key, kind in TILES.items()
        ]
        found = dashboards.count_tiles(replica, tiles)
        faults = [f"{each.tile.id}: {each.fault}" for each in found if each.drawn is None]
        if faults:
            raise AssertionError(faults)
        counting, floor = with_floor(
            lambda: dashboards.count_tiles(replica, tiles), lambda: [_ask(plain, sql) for sql in SAME]
        )
        metrics = BundledMetrics()
        drawing = median_of(lambda: [_laid_out(each, metrics) for each in found])
        figures = [
            Figure("eight tiles counted", counting, "s", floor, "the same figures by SQL of their own"),
            Figure("eight tiles laid out", drawing, "s"),
        ]
        for each in found:
            if each.tile.id in ("funnel", "activities"):
                figures.append(_drilled(replica, each, metrics, plain))
        plain.close()
        return figures


def _drilled(
    replica: Replica, counted: Counted, metrics: BundledMetrics, plain: sqlite3.Connection
) -> Figure:
    """Return what it takes from a click on the first mark to the rows of the list."""
    assert counted.drawn is not None
    drawn = counted.drawn
    entity = drawn.table.report.entity
    mark: Mark = layout(drawn.chart, 560, 260, metrics, Words()).marks[0]

    def opened() -> int:
        conditions = dashboards.conditions_for(replica, entity, drawn.rule_of(mark))
        return len(records.page(replica, ListQuery(entity=entity, conditions=conditions)).rows)

    ids = [row.id for row in records.page(replica, ListQuery(entity=entity)).rows]
    by_key = f"SELECT * FROM {entity} WHERE id IN ({', '.join('?' * len(ids))})"
    floor: Callable[[], object] = partial(lambda: plain.execute(by_key, ids).fetchall())
    value, least = with_floor(opened, floor)
    return Figure(f"click on a mark: {entity}", value, "s", least, "as many rows by key, plain SQLite")


def _laid_out(counted: Counted, metrics: BundledMetrics) -> object:
    assert counted.drawn is not None
    return layout(counted.drawn.chart, 560, 260, metrics, Words())


def _plain(replica: Replica) -> sqlite3.Connection:
    """Return the columns that are counted in plain SQLite."""
    plain = sqlite3.connect(":memory:")
    with replica.read() as session:
        for entity, names in COPIED.items():
            table = SCHEMAS[entity].table
            rows = [tuple(row) for row in session.execute(select(*(table.c[name] for name in names)))]
            plain.execute(f"CREATE TABLE {entity} (id TEXT PRIMARY KEY, {', '.join(names[1:])})")
            plain.executemany(f"INSERT INTO {entity} VALUES ({', '.join('?' * len(names))})", rows)
    return plain


def _ask(plain: sqlite3.Connection, sql: str) -> list[object]:
    return plain.execute(sql).fetchall()
