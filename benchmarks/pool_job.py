"""What rules of the shared pool cost HQ on PostgreSQL: nothing to do, warnings, and returns.

`SATCHEL_POOL_CUSTOMERS=1000000` measures the size of a large company; the ordinary run takes fewer.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.figures import Figure
from crm_core.entities import SCHEMAS
from crm_core.times import DAY_MS
from sync_server.services.recycling import recycle
from tests.support.hq import START_MS, Office
from tests.support.postgres import database_in, running_postgres

TITLE = "Returning customers to the pool"
FEW = 20_000
QUIET = 1_000
"""Customers nobody spoke with; the others were called within the days the rule gives."""
DAYS, REMIND = 60, 7


def measure() -> list[Figure]:
    """Return the seconds of a run that finds nothing, of one that warns, and of one that returns."""
    customers = int(os.environ.get("SATCHEL_POOL_CUSTOMERS", FEW))
    with (
        tempfile.TemporaryDirectory() as name,
        running_postgres() as server,
        database_in(server) as url,
    ):
        office = Office(Path(name), url)
        try:
            owner = office.user("Owner", "sales")
            office.hq.create("pool_rule", {"name": "All", "contact_days": DAYS, "remind_days": REMIND})
            with office.database.note() as connection:
                _fill(connection, owner, customers)
            with office.database.note() as connection:
                floor = _seconds(lambda: connection.execute(text("SELECT count(*) FROM activity")).all())
            now = START_MS + DAYS * DAY_MS
            idle = _seconds(lambda: recycle(office.database, now - 2 * REMIND * DAY_MS))
            warned = _seconds(lambda: recycle(office.database, now))
            again = _seconds(lambda: recycle(office.database, now + DAY_MS))
            returned = _seconds(lambda: recycle(office.database, now + REMIND * DAY_MS))
        finally:
            office.close()
    of = f"of {customers:,} customers"
    what = "counting the activities"
    return [
        Figure(f"a run with nothing to do, {of}", idle, "s", floor, what),
        Figure(f"{QUIET:,} owners warned, {of}", warned, "s", floor, what),
        Figure(f"the next run, all warned already, {of}", again, "s", floor, what),
        Figure(f"{QUIET:,} returned, {of}", returned, "s", floor, what),
    ]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _fill(connection: Connection, owner: str, customers: int) -> None:
    """Make customers with one call each, all but the quiet ones late enough."""
    numbers = {"customer": SCHEMAS["customer"].no, "activity": SCHEMAS["activity"].no}
    last = customers
    series = f"FROM generate_series(1, {last}) n"
    old, late = START_MS - 400 * DAY_MS, START_MS + 30 * DAY_MS
    statements = (
        "INSERT INTO customer (id, life, name, level, owner_id, created_at)"
        f" SELECT md5('c' || n), 1, 'Customer ' || n, 'B', '{owner}', {old} {series}",
        "INSERT INTO activity (id, life, kind, subject, customer_id, owner_id, happened_at)"
        f" SELECT md5('a' || n), 1, 'call', 'Call', md5('c' || n), '{owner}',"
        f" CASE WHEN n <= {QUIET} THEN {START_MS} ELSE {late} END {series}",
        *(
            "INSERT INTO row_meta (entity, row_id, hlc, device, incarnation, op_no, seq, user_id, life,"
            f" life_seq, life_device) SELECT {numbers[name]}, md5('{name[0]}' || n), 1, 0, 1, 0, 1,"
            f" '{owner}', 1, 0, 0 {series}"
            for name in numbers
        ),
        *(
            "INSERT INTO row_scope (entity, row_id, scope, in_seq)"
            f" SELECT {numbers[name]}, md5('{name[0]}' || n), 'own:{owner}', 1 {series}"
            for name in numbers
        ),
    )
    for statement in (*statements, "ANALYZE"):
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(statement))
