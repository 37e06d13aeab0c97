"""Rounds with a real HQ process on this machine: seconds, bytes at the socket, round trips.

Floors: the same rows put into plain SQLite by `executemany`; the same rows as columns, MessagePack and zstd.
HQ and laptop share the machine's cores, so seconds are of both.
"""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import zstandard

from benchmarks.figures import Figure
from crm_core.ids import new_id
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.models import repository
from crm_desktop.sync.report import RoundReport
from tests.support.server import RunningServer, running_server

TITLE = "Synchronisation"
ROWS = 20_000
EDITS = 1_000
RUNS = 5
FIELDS = (
    "name",
    "phone",
    "email",
    "address",
    "city",
    "industry",
    "source",
    "level",
    "owner_id",
    "notes",
    "founded_year",
    "estimated_value",
)
_CITIES = ("Suzhou", "Hangzhou", "Plymouth", "Bremen", "上海", "无锡", "宁波", "Leeds")
_INDUSTRIES = ("food", "water", "marine", "电子", "机械", "lab", "farm", "cold chain")
_WORDS = [
    "valve",
    "pump",
    "meter",
    "trial",
    "report",
    "报告",
    "试用",
    "冷却",
    "泵",
    "阀门",
    "交货",
    "价格",
    "warranty",
    "visit",
    "line",
    "order",
]


def customers(count: int, owner_id: str, seed: int = 1, first: int = 0) -> list[dict[str, Any]]:
    """Return invented customers of twelve fields, notes of about 80 bytes in both languages.

    `first`: the number the first of them has in its name, phone and address of mail.
    """
    chance = random.Random(seed)
    return [
        {
            "name": f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {number}（示例）",
            "phone": f"+86 21 5550 {number:05d}",
            "email": f"desk{number}@customer.example",
            "address": f"{chance.randrange(1, 400)} Demo Road",
            "city": chance.choice(_CITIES),
            "industry": chance.choice(_INDUSTRIES),
            "source": chance.choice(("referral", "web", "exhibition", "phone")),
            "level": chance.choice("ABC"),
            "owner_id": owner_id,
            "notes": " ".join(chance.choice(_WORDS) for _ in range(12)),
            "founded_year": chance.randrange(1950, 2026),
            "estimated_value": chance.randrange(1, 10**8),
        }
        for number in range(first, first + count)
    ]


def measure() -> list[Figure]:
    """Return the figures of one HQ on SQLite, medians of five runs of each round."""
    os.environ["CRM_PASSPHRASE"] = "benchmark passphrase"
    runs = [_one_run() for _ in range(RUNS)]
    floors = [_insert_floor() for _ in range(RUNS)]
    packed = _packed_floor()
    found = []
    for name in runs[0]:
        reports = [run[name] for run in runs]
        seconds = median(report.seconds for report in reports)
        up = median(report.bytes_up for report in reports)
        down = median(report.bytes_down for report in reports)
        trips = median(report.round_trips for report in reports)
        whole = str(ROWS) in name.replace(",", "")
        found.append(
            Figure(
                name,
                seconds,
                "s",
                median(floors) if whole else None,
                "plain SQLite executemany" if whole else "",
                f"{trips:g} round trips",
            )
        )
        found.append(
            Figure(
                f"{name}, bytes both ways",
                up + down,
                "bytes",
                packed if whole else None,
                "columns, MessagePack, zstd" if whole else "",
                f"{up:,.0f} up, {down:,.0f} down",
            )
        )
    return found


def _one_run() -> dict[str, RoundReport]:
    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as hq:
        folder = Path(name)
        hq.add_user("ada", "admin")
        with _laptop(hq, folder / "one", "ada") as one, _laptop(hq, folder / "two", "ada") as two:
            one.sync_now()
            two.sync_now()
            with one.replica.write() as session:
                ids = repository.create_many(session, "customer", customers(ROWS, one.replica.person.user_id))
            rounds = {f"first upload of {ROWS:,} customers": one.sync_now()}
            rounds[f"download of {ROWS:,} customers"] = two.sync_now()
            with _laptop(hq, folder / "three", "ada") as three:
                rounds[f"first sync of {ROWS:,} customers to an empty laptop"] = three.sync_now()
            with one.replica.write() as session:
                for number, record_id in enumerate(ids[:EDITS]):
                    repository.update(session, "customer", record_id, {"phone": f"+86 10 5550 {number:05d}"})
            rounds[f"{EDITS:,} edits pushed"] = one.sync_now()
            rounds[f"{EDITS:,} edits pulled"] = two.sync_now()
            with one.replica.write() as session:
                repository.update(session, "customer", ids[0], {"city": "Suzhou 2"})
            rounds["one edit pushed"] = one.sync_now()
            rounds["one edit pulled"] = two.sync_now()
            rounds["nothing to do"] = two.sync_now()
    return rounds


@contextmanager
def _laptop(hq: RunningServer, folder: Path, user: str) -> Iterator[App]:
    app = assembly.new_profile(folder)
    try:
        app.enrol(hq.url, user, user, folder.name)
        yield app
    finally:
        app.close()


def _rows() -> list[Sequence[Any]]:
    owner = new_id()
    return [(new_id(), *(row[name] for name in FIELDS)) for row in customers(ROWS, owner)]


def _insert_floor() -> float:
    """Return the seconds plain SQLite needs for the same rows in one transaction."""
    rows = _rows()
    with tempfile.TemporaryDirectory() as name:
        connection = sqlite3.connect(Path(name) / "plain.db")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"CREATE TABLE customer (id TEXT PRIMARY KEY, {', '.join(FIELDS)})")
        began = time.perf_counter()
        marks = ", ".join("?" * (len(FIELDS) + 1))
        connection.executemany(f"INSERT INTO customer VALUES ({marks})", rows)
        connection.commit()
        spent = time.perf_counter() - began
        connection.close()
    return spent


def _packed_floor() -> int:
    """Return the bytes of the same rows as columns in MessagePack and zstd."""
    columns = [list(column) for column in zip(*_rows(), strict=True)]
    columns[0] = [bytes.fromhex(record_id) for record_id in columns[0]]
    return len(zstandard.ZstdCompressor(level=3).compress(msgspec.msgpack.encode(columns)))
