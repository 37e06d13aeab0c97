"""The price of one line among 20,000 prices, and products found by code, name and initials among 20,000.

Floors: the product's prices fetched by the index of their product; the products found fetched by their keys.
`SATCHEL_BENCH_ROWS=2000` takes fewer.
"""

from __future__ import annotations

import datetime
import os
import random
import tempfile
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import text

from benchmarks.figures import Figure
from benchmarks.timing import with_floor
from crm_core.ids import named_id
from crm_core.schema.field import Plain
from crm_desktop.models import repository
from crm_desktop.models.replica import Replica
from crm_desktop.services import picking, pricing
from tests.support.desktop import empty_app

TITLE = "Prices and the product picker"
BREAKS = (("1", 100), ("10", 95), ("50", 90), ("100", 85), ("500", 80))
ASKED = 60
_WORDS = ("阀门", "水泵", "变频器", "流量计", "传感器", "电缆", "Valve", "Pump", "Inverter", "Flow meter")


def measure() -> list[Figure]:
    """Return the figures of a laptop."""
    rows = int(os.environ.get("SATCHEL_BENCH_ROWS", "20000"))
    with tempfile.TemporaryDirectory() as name:
        app = empty_app(Path(name))
        try:
            _fill(app.replica, rows)
            while app.replica.catch_up():
                continue
            return [_price(app.replica, rows), *_found(app.replica, rows)]
        finally:
            app.close()


def _fill(replica: Replica, rows: int) -> None:
    chance = random.Random("prices")
    with replica.write() as session:
        book: dict[str, Plain] = {"name": "2026", "currency": "CNY", "is_default": True}
        repository.create(session, "price_book", book, named_id("bench", "book"))
        ids = [named_id("bench", f"product:{number}") for number in range(rows)]
        products: list[dict[str, Plain]] = [
            {
                "id": record_id,
                "name": f"{chance.choice(_WORDS)} {number}",
                "code": f"P-{number:05d}",
                "list_price": 100_00 + number,
                "currency": "CNY",
                "active": True,
            }
            for number, record_id in enumerate(ids)
        ]
        prices: list[dict[str, Plain]] = [
            {
                "product_id": record_id,
                "book_id": named_id("bench", "book"),
                "book": "2026",
                "unit_price": share * 100,
                "currency": "CNY",
                "min_quantity": least,
            }
            for record_id in ids[: rows // len(BREAKS)]
            for least, share in BREAKS
        ]
        repository.create_many(session, "product", products)
        repository.create_many(session, "price", prices)


def _price(replica: Replica, rows: int) -> Figure:
    chance = random.Random("asked")
    priced = rows // len(BREAKS)
    times, floors = [], []
    for number in chance.sample(range(priced), min(ASKED, priced)):
        product_id = named_id("bench", f"product:{number}")
        ours, floor = with_floor(
            partial(_offer, replica, product_id), partial(_rows_of, replica, product_id), runs=1
        )
        times.append(ours)
        floors.append(floor)
    return Figure(
        f"the price of a line, {rows:,} prices in the book, median",
        median(times),
        "s",
        median(floors),
        "the product's prices by their index",
    )


def _offer(replica: Replica, product_id: str) -> None:
    with replica.read() as session:
        day = datetime.date(2026, 11, 29)
        priced = pricing.for_customer(session, None, day=day, currency="CNY")
        offer = priced.offer(product_id, Decimal(60))
    assert offer is not None
    assert offer.row is not None


def _rows_of(replica: Replica, product_id: str) -> None:
    with replica.read() as session:
        found = session.execute(text("SELECT * FROM price WHERE product_id = :id"), {"id": product_id})
        assert len(found.all()) == len(BREAKS)


def _found(replica: Replica, rows: int) -> list[Figure]:
    figures = []
    for what, typed in (
        ("code", [f"P-{number:05d}" for number in range(0, rows, max(1, rows // 20))]),
        ("part of a name", ["阀", "泵", "Pump 1", "Inverter 19", "流量计"]),
        ("pinyin initials", ["fm", "sb", "bpq", "llj", "cgq"]),
    ):
        times, floors = [], []
        for each in typed:
            ids = [choice.id for choice in picking.products(replica, each, 8)]
            assert ids, each
            ours, floor = with_floor(
                partial(picking.products, replica, each, 8), partial(_products, replica, ids), runs=3
            )
            times.append(ours)
            floors.append(floor)
        figures.append(
            Figure(
                f"products found by {what} among {rows:,}, slowest",
                max(times),
                "s",
                median(floors),
                "the products found, by key",
                "target 0.05 s",
            )
        )
    return figures


def _products(replica: Replica, ids: list[str]) -> None:
    named = ", ".join(f"'{each}'" for each in ids)
    with replica.read() as session:
        session.execute(text(f"SELECT * FROM product WHERE id IN ({named})")).all()
