"""What standard reports cost on a laptop: 100,000 activities, 20,000 deals and orders, 10,000 tickets.

Processor time of counting through the service, encrypted, and of finding the records behind a figure. Floors:
hand-written SQL of the same answer over the same rows in plain SQLite in memory, unencrypted, without an
index. The profile is kept between measures (`filled_business`).
"""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from typing import Final

from sqlalchemy import select

from benchmarks.figures import Figure
from benchmarks.filled_business import kept_profile
from benchmarks.plain_reports import COPIED, PLAINLY
from benchmarks.timing import with_floor
from crm_core.charts.value_board import VALUE_BOARD
from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.rules.reports import ReportTable
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.services import dashboards, reports

TITLE = "Standard reports of 100,000 activities, 20,000 deals, 20,000 orders, 10,000 tickets"
SAME_ANSWER: Final = "the same answer by plain SQL"
RUNS: Final = 3
DRILLED: Final = (
    "ranking",
    "funnel",
    "activities",
    "rfm",
    "value_classes",
    "growth_and_loss",
    "sales_by_product",
)


def measure() -> list[Figure]:
    """Return the figures: medians of three, in processor time."""
    app = kept_profile()
    try:
        plain = _plain(app.replica)
        found = [_report(app.replica, plain, key) for key in STANDARD_REPORTS]
        found += [_behind(app.replica, plain, key) for key in DRILLED]
        return [*found, _tiles(app.replica)]
    finally:
        app.close()


def _report(replica: Replica, plain: sqlite3.Connection, key: str) -> Figure:
    standard = STANDARD_REPORTS[key]
    try:
        table = reports.count(replica, standard.report)
    except CrmError as error:
        return Figure(standard.title, 0, "s", note=f"not counted here: {error.message}")
    count, note = (
        partial(reports.count, replica, standard.report),
        f"{len(table.rows)} rows of {table.counted:,}",
    )
    sql = PLAINLY.get(key)
    if sql is None:
        ours, _ = with_floor(count, lambda: None, RUNS, time.process_time)
        return Figure(standard.title, ours, "s", note=note)
    ours, floor = with_floor(count, partial(_ask, plain, sql), RUNS, time.process_time)
    return Figure(standard.title, ours, "s", floor, SAME_ANSWER, note)


def _behind(replica: Replica, plain: sqlite3.Connection, key: str) -> Figure:
    """Return what it costs from a click on the first figure of a report to the conditions of its list."""
    table = reports.count(replica, STANDARD_REPORTS[key].report)
    entity = table.report.entity
    rule = table.rule_at(0, 0)
    shown_with = "order" if entity == "order_line" else ""

    def find() -> int:
        dashboards.conditions_for(replica, entity, rule, shown_with)
        with replica.read() as session:
            source = LaptopSource(session, replica.person)
            row = SCHEMAS[entity].table
            wanted = select(row.c.id).where(source.visible(entity), source.where(entity, rule)).limit(200)
            return len(session.execute(wanted).all())

    ours, floor = with_floor(find, partial(_ask, plain, _rows_behind(table)), RUNS, time.process_time)
    title = STANDARD_REPORTS[key].title
    return Figure(f"click on {title}", ours, "s", floor, "as many rows by a scan", f"{find()} rows shown")


def _rows_behind(table: ReportTable) -> str:
    return f"SELECT id FROM \"{table.report.entity}\" WHERE life % 2 = 1 AND id > '8' LIMIT 200"


def _tiles(replica: Replica) -> Figure:
    tiles = [each.tile for each in VALUE_BOARD]
    ours, _ = with_floor(partial(dashboards.count_tiles, replica, tiles), lambda: None, 1, time.process_time)
    return Figure("the page of customer value, all tiles", ours, "s", note=f"{len(tiles)} tiles")


def _ask(plain: sqlite3.Connection, sql: str) -> int:
    return len(plain.execute(sql).fetchall())


def _plain(replica: Replica) -> sqlite3.Connection:
    """Return the columns that are counted in plain SQLite, in memory."""
    plain = sqlite3.connect(":memory:")
    with replica.read() as session:
        for entity, names in COPIED.items():
            table, every = SCHEMAS[entity].table, ("id", "life", *names)
            rows = [tuple(row) for row in session.execute(select(*(table.c[name] for name in every)))]
            plain.execute(f'CREATE TABLE "{entity}" (id TEXT PRIMARY KEY, {", ".join(every[1:])})')
            plain.executemany(f'INSERT INTO "{entity}" VALUES ({", ".join("?" * len(every))})', rows)
    return plain
