"""Lists and sums of 10,000 due instalments on a laptop.

Floors: as many rows fetched by the index of their day; one pass over the index the sums are of.
`SATCHEL_BENCH_ROWS=1000` takes fewer.
"""

from __future__ import annotations

import datetime
import os
import random
import tempfile
from functools import partial
from pathlib import Path

from sqlalchemy import text

from benchmarks.figures import Figure
from benchmarks.timing import with_floor
from crm_core.ids import named_id
from crm_core.rules.payments import COLLECTED
from crm_core.schema.field import Plain
from crm_desktop.models import repository
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import ageing, records
from crm_desktop.services.ageing import By
from tests.support.desktop import empty_app

TITLE = "Payments"
CUSTOMERS = 500
PAGE = 200
_STATES = ("open", "open", "open", "part", "paid")


def measure() -> list[Figure]:
    """Return the figures of a laptop."""
    rows = int(os.environ.get("SATCHEL_BENCH_ROWS", "10000"))
    with tempfile.TemporaryDirectory() as name:
        app = empty_app(Path(name))
        try:
            _fill(app.replica, rows * len(_STATES) // (len(_STATES) - 1))
            app.replica.catch_up()
            return [_page(app.replica, rows), *_sums(app.replica, rows)]
        finally:
            app.close()


def _fill(replica: Replica, rows: int) -> None:
    chance = random.Random("payments")
    today = replica.clock.today()
    with replica.write() as session:
        ids = [named_id("bench", f"customer:{number}") for number in range(CUSTOMERS)]
        customers: list[dict[str, Plain]] = [
            {"id": record_id, "name": f"Customer {number}"} for number, record_id in enumerate(ids)
        ]
        repository.create_many(session, "customer", customers)
        orders: list[dict[str, Plain]] = [
            {"id": named_id("bench", f"order:{number}"), "customer_id": record_id, "currency": "CNY"}
            for number, record_id in enumerate(ids)
        ]
        repository.create_many(session, "order", orders)
        instalments: list[dict[str, Plain]] = []
        for number in range(rows):
            state = _STATES[number % len(_STATES)]
            amount = chance.randrange(1_00, 100_000_00)
            day = today - datetime.timedelta(days=chance.randrange(-60, 200))
            instalments.append(
                {
                    "name": f"O-{number // 3:05d} / {number % 3 + 1}",
                    "order_id": named_id("bench", f"order:{number % CUSTOMERS}"),
                    "customer_id": ids[number % CUSTOMERS],
                    "number": number % 3 + 1,
                    "amount": amount,
                    "currency": "CNY",
                    "due_from": "day",
                    "due_day": day.isoformat(),
                    "due_on": day.isoformat(),
                    "status": "agreed",
                    "state": state,
                    "paid": {"paid": amount, "part": amount // 2}.get(state),
                }
            )
        repository.create_many(session, "instalment", instalments)


def _page(replica: Replica, rows: int) -> Figure:
    owed = Condition(field="state", op=Op.IN, value=tuple(each.value for each in COLLECTED))
    wanted = ListQuery(entity="instalment", conditions=(owed,), sort=(("due_on", False),), limit=PAGE)
    ours, floor = with_floor(
        partial(_listed, replica, wanted),
        partial(_rows, replica, f"SELECT * FROM instalment ORDER BY due_on LIMIT {PAGE}"),
        runs=9,
    )
    return Figure(
        f"the first {PAGE} of {rows:,} instalments to collect, by day, median",
        ours,
        "s",
        floor,
        "as many rows by the index of their day",
        "target 0.05 s",
    )


def _listed(replica: Replica, wanted: ListQuery) -> None:
    assert len(records.page(replica, wanted).rows) == PAGE


def _sums(replica: Replica, rows: int) -> list[Figure]:
    walk = "SELECT sum(amount), sum(paid) FROM instalment WHERE state IN ('open', 'part') AND life % 2 = 1"
    figures = []
    for by in (By.CUSTOMER, By.OWNER):
        ours, floor = with_floor(partial(_aged, replica, by), partial(_rows, replica, walk), runs=9)
        figures.append(
            Figure(
                f"{rows:,} instalments aged by {by.value}, median", ours, "s", floor, "one sum over the index"
            )
        )
    return figures


def _aged(replica: Replica, by: By) -> None:
    assert ageing.ageing(replica, by)


def _rows(replica: Replica, statement: str) -> None:
    with replica.read() as session:
        assert session.execute(text(statement)).all()
