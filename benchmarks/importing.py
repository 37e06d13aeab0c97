"""Bringing a file of 100,000 customers, and a real company's sales files, onto a laptop.

Floor: the very rows that came of it, put by one `executemany` into a table without indexes in an encrypted
file of its own, opened as the program opens its own. `SATCHEL_BENCH_ROWS=5000` takes fewer.
"""

from __future__ import annotations

import csv
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.sync_rounds import customers
from crm_core.entities import SCHEMAS
from crm_core.exchange.plan import Mode
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.interchange.importing import FileOptions, plan_file, run_plan
from crm_desktop.interchange.undoing import imports, undo_import
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import records, sample
from tests.support.server import ROOT

TITLE = "Importing files"
ROWS = 100_000
UPDATED = 20_000
COLUMNS = (
    *("name", "phone", "email", "address", "city", "industry", "source", "level", "notes", "founded_year"),
)
FLOOR = "same rows by executemany, encrypted"
_SALES = (
    ("products.csv", "product", FileOptions(currency="USD", key="name")),
    (
        "accounts.csv",
        "customer",
        FileOptions(
            maps=("account=name", "sector=industry", "year_established=founded_year"),
            lookups=("subsidiary_of=customer.name",),
            currency="USD",
            key="name",
        ),
    ),
    (
        "sales_pipeline.csv",
        "deal",
        FileOptions(
            maps=("opportunity_id=code", "engage_date=engaged_on", "close_value=amount", "sales_agent="),
            lookups=("account=customer.name", "product=product.name"),
            create_missing=("deal_stage=stage.name",),
            defaults={"pipeline_id": "Hardware"},
            currency="USD",
            key="code",
        ),
    ),
)


def measure() -> list[Figure]:
    """Return the seconds of planning and writing, once each, beside their floor."""
    rows = int(os.environ.get("SATCHEL_BENCH_ROWS", str(ROWS)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = _customers(folder, rows)
        sales = Path(os.environ.get("SATCHEL_SALES_DATA") or ROOT.parent / "shared" / "data" / "sales")
        if all((sales / file).is_file() for file, _, _ in _SALES):
            found += _real_files(folder, sales)
    return found


def _customers(folder: Path, count: int) -> list[Figure]:
    file = folder / "customers.csv"
    _write_rows(file, customers(count, ""))
    with _profile(folder / "many") as app:
        planned, written = _bring(app.replica, file, "customer", FileOptions())
        indexed = _seconds(lambda: _catch_up(app.replica))
        floor = _floor(folder / "floor", app.replica, "customer")
        assert records.count(app.replica, ListQuery(entity="customer")) == count
    of = f"{count:,} customers of {len(COLUMNS)} columns"
    return [
        *_updates(folder, min(count, UPDATED)),
        Figure(f"import {of}: check", planned, "s", floor, FLOOR),
        Figure(f"import {of}: write, each an edit that goes to HQ", written, "s", floor, FLOOR),
        Figure(f"put {count:,} imported customers into the search index", indexed, "s", note="while idle"),
    ]


def _updates(folder: Path, count: int) -> list[Figure]:
    file = folder / "again.csv"
    rows = list(customers(count, ""))
    with _profile(folder / "again") as app:
        _write_rows(file, rows)
        _bring(app.replica, file, "customer", FileOptions())
        _write_rows(file, [{**row, "notes": "again", "founded_year": 1999} for row in rows])
        planned, written = _bring(app.replica, file, "customer", FileOptions(key="name", mode=Mode.UPDATE))
        undone = _seconds(lambda: undo_import(app.replica, imports(app.replica)[0].id))
    of = f"two fields of {count:,} customers"
    return [
        Figure(f"import into {of}: check", planned, "s"),
        Figure(f"import into {of}: write", written, "s"),
        Figure(f"take back an import into {of}", undone, "s"),
    ]


def _write_rows(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def _real_files(folder: Path, sales: Path) -> list[Figure]:
    planned = written = floor = 0.0
    with _profile(folder / "sales") as app:
        for name, entity, options in _SALES:
            times = _bring(app.replica, sales / name, entity, options)
            planned, written = planned + times[0], written + times[1]
            floor += _floor(folder / f"floor-{entity}", app.replica, entity)
        deals = records.count(app.replica, ListQuery(entity="deal"))
        undone = _seconds(lambda: undo_import(app.replica, imports(app.replica)[0].id))
    of = f"a company's real sales files, {deals:,} deals"
    return [
        Figure(f"import {of}: check", planned, "s", floor, FLOOR),
        Figure(f"import {of}: write", written, "s", floor, FLOOR),
        Figure(f"take back the import of {deals:,} deals", undone, "s"),
    ]


def _bring(replica: Replica, file: Path, entity: str, options: FileOptions) -> tuple[float, float]:
    began = time.perf_counter()
    plan = plan_file(replica, file, entity, options)
    planned = time.perf_counter() - began
    report = None

    def write() -> None:
        nonlocal report
        report = run_plan(replica, plan, file.name)

    written = _seconds(write)
    assert report is not None
    assert not report.rejected, report.problems()
    return planned, written


def _catch_up(replica: Replica) -> None:
    while replica.catch_up(limit=10_000):
        pass


def _floor(folder: Path, source: Replica, entity: str) -> float:
    """Return the seconds one statement takes for the rows a replica holds of an entity."""
    names = [column.name for column in SCHEMAS[entity].table.columns]
    listed = ", ".join(f'"{name}"' for name in names)
    with source.read() as session:
        read = session.connection().exec_driver_sql(f'SELECT {listed} FROM "{entity}"')
        rows = [tuple(row) for row in read]
    keyed = listed.replace('"id"', '"id" TEXT PRIMARY KEY')
    marks = ", ".join("?" * len(names))
    with _profile(folder) as app:
        with app.replica.applying() as session:
            session.connection().exec_driver_sql(f"CREATE TABLE plain ({keyed})")

        def insert() -> None:
            with app.replica.applying() as session:
                session.connection().exec_driver_sql(f"INSERT INTO plain VALUES ({marks})", rows)

        return _seconds(insert)


@contextmanager
def _profile(folder: Path) -> Iterator[App]:
    os.environ[PASSPHRASE_VARIABLE] = "benchmark passphrase"
    app = assembly.new_profile(folder)
    try:
        sample.prepare_local(app.replica, "en")
        yield app
    finally:
        app.close()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
