"""Ways to do the same work that were weighed against each other; decision 13 says what was chosen.

Each way stands beside the chosen one, measured in turns with it: a ratio above one is what the other costs.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import zstandard
from sqlalchemy import bindparam, create_engine, update
from sqlalchemy.orm import Session

from benchmarks.figures import Figure
from benchmarks.sync_rounds import customers
from crm_core.entities import SCHEMAS
from crm_core.ids import new_id
from crm_core.schema.entity import Base

TITLE = "Ways weighed against each other"
ROWS = 20_000
FIELDS = ("phone", "email", "address", "city", "industry", "source", "level", "notes", "founded_year")
STAMPED = 5_000
RUNS = 5
ZSTD_LEVEL = 3

_OWNER = new_id()
_TABLE = SCHEMAS["customer"].table


def measure() -> list[Figure]:
    """Return what each way took, the chosen one as its floor."""
    rows = [row | {"id": new_id()} for row in customers(ROWS, _OWNER)]
    with tempfile.TemporaryDirectory() as name:
        return [*_bytes(rows), *_coding(rows), *_writing(Path(name), rows), *_stamps(Path(name), rows)]


def _bytes(rows: list[dict[str, Any]]) -> list[Figure]:
    """Compare the bytes of a first fill."""
    columns = msgspec.msgpack.encode(_columns(rows))
    chosen = len(zstandard.compress(columns, ZSTD_LEVEL))
    ways = {
        "maps by row, JSON, zstd 3": zstandard.compress(msgspec.json.encode(rows), ZSTD_LEVEL),
        "arrays by row, MessagePack, zstd 3": zstandard.compress(_by_row(rows), ZSTD_LEVEL),
        "columns, MessagePack, zlib 6": zlib.compress(columns, 6),
        "columns, MessagePack, zstd 9": zstandard.compress(columns, 9),
    }
    floor = "columns, MessagePack, zstd 3"
    return [
        Figure(f"bytes of {ROWS:,} customers: {way}", len(packed), "bytes", chosen, floor)
        for way, packed in ways.items()
    ]


def _coding(rows: list[dict[str, Any]]) -> list[Figure]:
    """Compare the time to write and read a first fill."""
    columns = _columns(rows)
    as_msgpack, as_json = msgspec.msgpack.encode(columns), msgspec.json.encode(columns)
    as_text = json.dumps(columns)
    plain = zstandard.compress(as_msgpack, ZSTD_LEVEL)
    took = _in_turns(
        {
            "MessagePack by msgspec": lambda: msgspec.msgpack.decode(msgspec.msgpack.encode(columns)),
            "JSON by msgspec": lambda: msgspec.json.decode(msgspec.json.encode(columns)),
            "JSON by the standard library": lambda: json.loads(json.dumps(columns)),
        }
    )
    floor = took.pop("MessagePack by msgspec")
    found = [
        Figure(f"write and read {ROWS:,} customers: {way}", spent, "s", floor, "MessagePack by msgspec")
        for way, spent in took.items()
    ]
    took = _in_turns(
        {
            "zstd 3": lambda: zstandard.decompress(zstandard.compress(as_msgpack, ZSTD_LEVEL)),
            "zstd 9": lambda: zstandard.decompress(zstandard.compress(as_msgpack, 9)),
            "zlib 6": lambda: zlib.decompress(zlib.compress(as_msgpack, 6)),
        }
    )
    floor = took.pop("zstd 3")
    note = f"{len(as_msgpack):,}, {len(as_json):,} and {len(as_text):,} bytes plain; {len(plain):,} packed"
    return [
        *found,
        *(
            Figure(f"pack and unpack them: {way}", spent, "s", floor, "zstd 3", note)
            for way, spent in took.items()
        ),
    ]


def _writing(folder: Path, rows: list[dict[str, Any]]) -> list[Figure]:
    """Compare ways to change nine fields of every row."""
    engine = create_engine(f"sqlite:///{folder / 'writing.db'}")
    Base.metadata.create_all(engine, [_TABLE])
    model = SCHEMAS["customer"].model
    with engine.begin() as connection:
        connection.execute(_TABLE.insert(), [row | {"life": 1} for row in rows])
    names = (*FIELDS, "id")
    grouped = f"UPDATE customer SET {', '.join(f'{name} = ?' for name in FIELDS)} WHERE id = ?"
    mapped = update(_TABLE).where(_TABLE.c.id == bindparam("b_id")).values({n: bindparam(n) for n in FIELDS})

    def by_driver() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(grouped, [tuple(row[name] for name in names) for row in rows])

    def by_core() -> None:
        with engine.begin() as connection:
            values = [{**{name: row[name] for name in FIELDS}, "b_id": row["id"]} for row in rows]
            connection.execute(mapped, values)

    def by_field() -> None:
        with engine.begin() as connection:
            for name in FIELDS:
                statement = f"UPDATE customer SET {name} = ? WHERE id = ?"
                connection.exec_driver_sql(statement, [(row[name], row["id"]) for row in rows])

    def by_orm() -> None:
        with Session(engine) as session, session.begin():
            session.bulk_update_mappings(  # the fastest the ORM has for it
                model.__mapper__, [{name: row[name] for name in names} for row in rows]
            )

    took = _in_turns(
        {
            "grouped by row, values as tuples": by_driver,
            "grouped by row, SQLAlchemy Core": by_core,
            "field by field": by_field,
            "SQLAlchemy's ORM in bulk": by_orm,
        }
    )
    engine.dispose()
    floor = took.pop("grouped by row, values as tuples")
    changes = ROWS * len(FIELDS)
    return [
        Figure(f"write {changes:,} changed fields: {way}", spent, "s", floor, "tuples grouped by row")
        for way, spent in took.items()
    ]


def _stamps(folder: Path, rows: list[dict[str, Any]]) -> list[Figure]:
    """Compare where stamps of changed fields are kept: a row for each, or one JSON for all of a record."""
    with sqlite3.connect(folder / "stamps.db", isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE cell (row_id TEXT, field TEXT, hlc INTEGER, device INTEGER, seq INTEGER,"
            " user_id TEXT, PRIMARY KEY (row_id, field)) WITHOUT ROWID"
        )
        connection.execute("CREATE INDEX cell_seq ON cell (seq)")
        connection.execute("CREATE TABLE stamped (row_id TEXT PRIMARY KEY, stamps TEXT, seq INTEGER)")
        connection.execute("CREATE INDEX stamped_seq ON stamped (seq)")
        ids = [row["id"] for row in rows[:STAMPED]]
        clock = [0]

        def as_cells(count: int) -> None:
            clock[0] += 1
            told = [
                (row_id, field, clock[0], 1, clock[0], _OWNER) for row_id in ids for field in FIELDS[:count]
            ]
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO cell VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (row_id, field) DO UPDATE SET"
                " hlc = excluded.hlc, device = excluded.device, seq = excluded.seq,"
                " user_id = excluded.user_id",
                told,
            )
            connection.execute("COMMIT")

        def as_json(count: int) -> None:
            clock[0] += 1
            connection.execute("BEGIN")
            changed = []
            for row_id in ids:
                kept = connection.execute("SELECT stamps FROM stamped WHERE row_id = ?", (row_id,)).fetchone()
                stamps = msgspec.json.decode(kept[0]) if kept else {}
                stamps |= dict.fromkeys(FIELDS[:count], (clock[0], 1, clock[0], _OWNER))
                changed.append((row_id, msgspec.json.encode(stamps).decode(), clock[0]))
            connection.executemany(
                "INSERT INTO stamped VALUES (?, ?, ?) ON CONFLICT (row_id) DO UPDATE SET"
                " stamps = excluded.stamps, seq = excluded.seq",
                changed,
            )
            connection.execute("COMMIT")

        found = []
        for count in (1, len(FIELDS)):
            took = _in_turns(
                {"a": lambda count=count: as_cells(count), "b": lambda count=count: as_json(count)}  # type: ignore[misc]
            )
            name = f"stamp {count} of {len(FIELDS)} fields of {STAMPED:,} records: one JSON a record"
            found.append(Figure(name, took["b"], "s", took["a"], "a row for each stamp"))
        return found


def _columns(rows: list[dict[str, Any]]) -> list[list[Any]]:
    return [[row[name] for row in rows] for name in rows[0]]


def _by_row(rows: list[dict[str, Any]]) -> bytes:
    return msgspec.msgpack.encode([list(row.values()) for row in rows])


def _in_turns(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median seconds of each way; the first turn is not counted."""
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(RUNS + 1):
        for way, work in ways.items():
            start = time.perf_counter()
            work()
            spent[way].append(time.perf_counter() - start)
    return {way: median(each[1:]) for way, each in spent.items()}
