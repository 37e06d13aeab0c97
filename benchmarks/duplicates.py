"""Finding duplicates among 100,000 customers: one that is typed, all of the laptop, and what HQ finds.

Floors: the records it names fetched by their keys; one pass of SQL that groups all by what stands
in name and phone. `SATCHEL_BENCH_ROWS=5000` takes fewer.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import text

from benchmarks import filled_profile as filling
from benchmarks.figures import Figure
from benchmarks.filled_profile import customer_name, filled_profile
from benchmarks.sync_rounds import customers
from benchmarks.timing import with_floor
from crm_core.ids import new_id
from crm_desktop.models.replica import Replica
from crm_desktop.services import duplicates
from sync_server.services import alike, alike_tasks
from tests.support.hq import START_MS, Office, make

TITLE = "Duplicates"
TYPED = 40
AT_HQ = 10_000  # made-up names are like many others: pairs grow with the square of the records
ARRIVING = 1_000
"""Customers that arrive at HQ after the others, a fifth of them there already."""
_GROUPED = "SELECT name, phone, count(*) FROM customer WHERE life % 2 = 1 GROUP BY name, phone"


def measure() -> list[Figure]:
    """Return the figures of the laptop, and of HQ on SQLite."""
    rows = int(os.environ.get("SATCHEL_BENCH_ROWS", str(filling.CUSTOMERS)))
    filling.CUSTOMERS = rows
    with tempfile.TemporaryDirectory() as name:
        with filled_profile(Path(name) / "profile") as filled:
            found = _laptop(filled.app.replica, rows)
        return [*found, *_hq(Path(name) / "hq", min(rows, AT_HQ))]


def _laptop(replica: Replica, rows: int) -> list[Figure]:
    chance = random.Random("typed")
    typed = [
        {"name": customer_name(number), "phone": f"0512 6{number:07d}"}
        for number in chance.sample(range(rows), TYPED)
    ]
    times = []
    floors = []
    for values in typed:
        ids = [match.record_id for match in duplicates.matches(replica, "customer", values)]
        ours, floor = with_floor(
            partial(duplicates.matches, replica, "customer", values), partial(_fetch, replica, ids), runs=1
        )
        times.append(ours)
        floors.append(floor)
    grouped = _seconds(lambda: _group(replica))
    began = time.perf_counter()
    groups = duplicates.find_groups(replica, "customer")
    scanned = time.perf_counter() - began
    of = f"of {rows:,} customers"
    return [
        Figure(
            f"what is like a typed name and phone, {of}, median",
            median(times),
            "s",
            median(floors),
            "the records it names, by key",
        ),
        Figure(
            f"every group {of}",
            scanned,
            "s",
            grouped,
            "one pass grouping by name and phone",
            f"{len(groups):,} groups",
        ),
    ]


def _hq(folder: Path, rows: int) -> list[Figure]:
    office = Office(folder)
    try:
        owner = office.user("Owner", "admin")
        there = customers(rows, owner)
        for start in range(0, rows, ARRIVING):
            some = there[start : start + ARRIVING]
            office.hq.write_all([make("customer", new_id(), **row) for row in some])
        began = time.perf_counter()
        _follow(office)
        filled = time.perf_counter() - began
        arriving = customers(ARRIVING, owner, seed=2)
        for number in range(0, ARRIVING, 5):
            arriving[number] |= {"name": there[number % rows]["name"], "phone": there[number % rows]["phone"]}
        merged = _seconds(
            lambda: office.hq.write_all([make("customer", new_id(), **row) for row in arriving])
        )
        followed = _seconds(lambda: _follow(office))
        told = _seconds(lambda: alike_tasks.tell(office.database, START_MS, tells_known=False))
        with office.database.read() as snapshot:
            grouped = _seconds(lambda: snapshot.connection.execute(text(_GROUPED)).all())
    finally:
        office.close()
    floor = "one pass grouping by name and phone"
    return [
        Figure(f"HQ: keys and pairs of {rows:,} customers, once", filled, "s", grouped, floor),
        Figure(
            f"HQ: {ARRIVING:,} arrive among them", merged, "s", note="the merge itself, without the search"
        ),
        Figure(f"HQ: what of {ARRIVING:,} is there already", followed, "s", merged, "merging them"),
        Figure("HQ: telling whom it concerns", told, "s", note=f"at most {alike_tasks.MOST_OPEN} tasks each"),
    ]


def _follow(office: Office) -> None:
    while alike.is_behind(office.database):
        alike.follow(office.database)


def _fetch(replica: Replica, ids: list[str]) -> int:
    marks = ", ".join("?" * len(ids))
    with replica.read() as session:
        run = session.connection().exec_driver_sql
        return len(run(f"SELECT * FROM customer WHERE id IN ({marks})", tuple(ids)).all())


def _group(replica: Replica) -> int:
    with replica.read() as session:
        return len(session.connection().exec_driver_sql(_GROUPED).all())


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
