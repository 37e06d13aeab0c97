"""Writing down pages of changed fields: a real encrypted replica, its pages made here instead of by an HQ.

Everything that was there is in the search index, as on a laptop at work. Floors: the same values by plain
SQLite's UPDATE, all fields of a row in one statement, without and with a table of who set which field when.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure
from benchmarks.sync_rounds import customers
from crm_core.entities import SCHEMAS
from crm_core.ids import new_id
from crm_core.schema.field import Kind
from crm_core.sync import codec
from crm_core.sync.protocol import MsgKind, Purge, Put, SyncRequest, SyncResponse
from crm_desktop.sync.engine import Engine
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, make_template

TITLE = "Writing down changes from HQ"
ROWS = 20_000
FIELDS = (
    "phone",
    "email",
    "address",
    "city",
    "industry",
    "source",
    "level",
    "notes",
    "founded_year",
    "estimated_value",
)
CHANGES = ROWS * len(FIELDS)
PAGE_ROWS = 4_000  # about what a page of a megabyte brings
RUNS = 5

_SCHEMA = SCHEMAS["customer"]


@dataclass
class _Recorded:
    """An HQ that has nothing to say but these messages, a page each."""

    office: Office
    pages: list[bytes]
    said: int = 0

    def enrol(self, request: Any) -> Any:
        """Not here."""
        raise NotImplementedError(request)

    def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the next page."""
        self.said += 1
        return SyncResponse(
            v=request.v,
            epoch=request.epoch,
            server_ms=self.office.now_ms,
            nonce=request.nonce,
            answers=[],
            msgs=codec.decode(self.pages[self.said - 1], list),
            token=request.token + b"1",
            more=self.said < len(self.pages),
            acked_to=0,
            min_schema=1,
        )


def measure() -> list[Figure]:
    """Return how many field changes a second a replica takes, beside plain SQLite."""
    with tempfile.TemporaryDirectory() as name, _laptop(Path(name)) as laptop:
        ids = sorted(new_id() for _ in range(ROWS))
        whole = _pages(laptop, ids, customers(ROWS, laptop.user_id), full=True)
        first = _applied(laptop, whole)
        spent, indexing, floors, clocked = [], [], [], []
        for run in range(RUNS):
            rows = customers(ROWS, laptop.user_id, seed=run + 2)
            random.Random(run).shuffle(rows)
            _index(laptop)
            spent.append(_applied(laptop, _pages(laptop, ids, rows, full=False)))
            indexing.append(_index(laptop))
            floors.append(_plain(Path(name), ids, rows))
            clocked.append(_plain(Path(name), ids, rows, clock=run + 1))
        purged = _purged(laptop, ids)
    floor, clock = "plain UPDATE by row", "the same with a clock table"
    rate, least, with_clock = (CHANGES / median(seconds) for seconds in (spent, floors, clocked))
    return [
        Figure(f"{ROWS:,} new rows of {len(FIELDS) + 2} fields", first, "s", None, "", "once"),
        Figure(f"{CHANGES:,} field changes", median(spent), "s", median(floors), floor, f"{ROWS:,} rows"),
        Figure("field changes a second", rate, "", least, floor, f"{rate / least:.2f} of the floor"),
        Figure(
            "field changes a second", rate, "", with_clock, clock, f"{rate / with_clock:.2f} of the floor"
        ),
        Figure("putting them into the search index", median(indexing), "s", None, "", "while idle"),
        Figure(f"{ROWS:,} rows taken away, no trace left", purged, "s", None, "", "once"),
    ]


@contextmanager
def _laptop(folder: Path) -> Iterator[Laptop]:
    office = Office(folder / "hq")
    office.now_ms = time.time_ns() // 1_000_000
    laptops = Laptops(folder, office, make_template(folder / "template"))
    laptop = laptops.make("one", office.user("ada", "admin"))
    laptop.sync()
    yield laptop
    laptops.close()
    office.close()


def _pages(laptop: Laptop, ids: list[str], rows: list[dict[str, Any]], *, full: bool) -> list[bytes]:
    """Return the messages with these rows as HQ sends them: by column, with who changed them and when."""
    names = [*(rows[0] if full else FIELDS), "updated_at", "updated_by"]
    signed = {"updated_at": laptop.office.now_ms, "updated_by": laptop.user_id}
    pages = []
    for start in range(0, ROWS, PAGE_ROWS):
        some = [row | signed for row in rows[start : start + PAGE_ROWS]]
        columns = [_column(name, some) for name in names]
        fields: list[int | str] = [_SCHEMA.fields[name].no for name in names]
        named = codec.pack_ids(ids[start : start + PAGE_ROWS])
        put = Put(MsgKind.PUT, 0, _SCHEMA.no, full, 7, named, [1] * len(some), fields, columns)
        pages.append(codec.encode([put]))
    return pages


def _column(name: str, rows: list[dict[str, Any]]) -> list[Any]:
    values = [row[name] for row in rows]
    return [bytes.fromhex(value) for value in values] if _SCHEMA.fields[name].kind is Kind.REF else values


def _applied(laptop: Laptop, pages: list[bytes]) -> float:
    engine = Engine(laptop.replica, _Recorded(laptop.office, pages))
    began = time.perf_counter()
    report = engine.run_round()
    spent = time.perf_counter() - began
    if report.received != ROWS:
        raise SystemExit(f"{report.received} rows were taken, not {ROWS}")
    return spent


def _index(laptop: Laptop) -> float:
    """Bring the search index up to date and return the seconds it took."""
    began = time.perf_counter()
    while laptop.replica.catch_up(ROWS):
        pass
    return time.perf_counter() - began


def _purged(laptop: Laptop, ids: list[str]) -> float:
    """Take every row away and return the seconds until the file holds nothing of them."""
    purge = Purge(MsgKind.PURGE, 0, _SCHEMA.no, codec.pack_ids(ids))
    began = time.perf_counter()
    report = Engine(laptop.replica, _Recorded(laptop.office, [codec.encode([purge])])).run_round()
    spent = time.perf_counter() - began
    if report.purged != ROWS:
        raise SystemExit(f"{report.purged} rows were taken away, not {ROWS}")
    return spent


def _plain(folder: Path, ids: list[str], rows: list[dict[str, Any]], clock: int = 0) -> float:
    """Return the seconds of plain SQLite; with a `clock`, it is noted for every field that was set."""
    connection = sqlite3.connect(folder / "plain.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"CREATE TABLE IF NOT EXISTS customer (id TEXT PRIMARY KEY, {', '.join(FIELDS)})")
    values = [(*(row[name] for name in FIELDS), row_id) for row_id, row in zip(ids, rows, strict=True)]
    if connection.execute("SELECT count(*) FROM customer").fetchone()[0] == 0:
        marks = ", ".join("?" * (len(FIELDS) + 1))
        connection.executemany(f"INSERT INTO customer ({', '.join(FIELDS)}, id) VALUES ({marks})", values)
        connection.execute(
            "CREATE TABLE clock (row_id TEXT, field INTEGER, at INTEGER, PRIMARY KEY (row_id, field))"
            " WITHOUT ROWID"
        )
        connection.commit()
    began = time.perf_counter()
    setting = ", ".join(f"{name} = ?" for name in FIELDS)
    connection.executemany(f"UPDATE customer SET {setting} WHERE id = ?", values)
    if clock:
        stamps = ((row_id, number, clock) for row_id in ids for number in range(len(FIELDS)))
        connection.executemany("INSERT OR REPLACE INTO clock VALUES (?, ?, ?)", stamps)
    connection.commit()
    spent = time.perf_counter() - began
    connection.close()
    return spent
