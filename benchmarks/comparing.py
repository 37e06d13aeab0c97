"""Comparing what a laptop and HQ hold: 50,000 customers, nothing different, then one row.

Floor: the hash of as many rows that lie in memory already. `SATCHEL_BENCH_COMPARED=5000` takes fewer.
"""

from __future__ import annotations

import os
import tempfile
import time
from hashlib import blake2b
from pathlib import Path
from statistics import median

import msgspec
from sqlalchemy import update

from benchmarks.figures import Figure
from benchmarks.sync_rounds import customers
from benchmarks.timing import with_floor
from crm_core.entities import SCHEMAS
from crm_core.ids import new_id
from crm_core.sync.digest import Digest
from crm_desktop.services import syncing
from crm_desktop.sync.confirmed import confirmed_hashes
from crm_desktop.sync.report import RoundReport
from tests.support.hq import Office, make
from tests.support.replicas import Laptop, Laptops, make_template

TITLE = "Comparing and repairing"
ROWS = 50_000
BATCH = 5_000
RUNS = 5
CUSTOMER = SCHEMAS["customer"]


def measure() -> list[Figure]:
    """Return what a comparison takes on the laptop, and with HQ in this process."""
    count = int(os.environ.get("SATCHEL_BENCH_COMPARED", str(ROWS)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        office = Office(folder / "hq")
        office.now_ms = time.time_ns() // 1_000_000
        user_id = office.user("ada", "admin")
        rows = customers(count, user_id)
        for start in range(0, count, BATCH):
            some = rows[start : start + BATCH]
            office.hq.write_all([make("customer", new_id(), **row) for row in some])
        laptops = Laptops(folder, office, make_template(folder / "template"))
        laptop = laptops.make("one", user_id, page_bytes=1 << 20)
        laptop.sync()
        encoded = [msgspec.msgpack.encode(row) for row in rows]
        digest, floor = with_floor(lambda: _digest(laptop), lambda: _hashes(encoded), RUNS)
        even = [_compared(laptop, repaired=0) for _ in range(RUNS)]
        mended = []
        for _ in range(RUNS):
            _damage(laptop)
            mended.append(_compared(laptop, repaired=1))
        laptops.close()
        office.close()
    return [
        Figure(f"digest of {count:,} customers on the laptop", digest, "s", floor, "their BLAKE2b alone"),
        _seconds(f"comparison of {count:,} customers, nothing differs", even),
        _bytes("… bytes both ways", even),
        _seconds(f"comparison of {count:,} customers, one row differs and is fetched", mended),
        _bytes("… bytes both ways", mended),
    ]


def _digest(laptop: Laptop) -> bytes:
    with laptop.replica.read() as session:
        return Digest(confirmed_hashes(session, CUSTOMER)).summary()


def _hashes(encoded: list[bytes]) -> None:
    for row in encoded:
        blake2b(row, digest_size=16).digest()


def _compared(laptop: Laptop, *, repaired: int) -> RoundReport:
    syncing.ask_to_compare(laptop.replica)
    report = laptop.sync()
    if not report.compared or report.repaired != repaired:
        raise SystemExit(f"the comparison mended {report.repaired} rows, not {repaired}")
    return report


def _damage(laptop: Laptop) -> None:
    """Change a row as no part of the program would."""
    table = CUSTOMER.table
    with laptop.replica.applying() as session:
        one = session.connection().exec_driver_sql("SELECT id FROM customer LIMIT 1").scalar_one()
        session.connection().execute(update(table).where(table.c.id == one).values(industry=new_id()))


def _seconds(name: str, reports: list[RoundReport]) -> Figure:
    trips = median(report.round_trips for report in reports)
    return Figure(name, median(report.seconds for report in reports), "s", note=f"{trips:g} round trips")


def _bytes(name: str, reports: list[RoundReport]) -> Figure:
    return Figure(name, median(report.bytes_up + report.bytes_down for report in reports), "bytes")
