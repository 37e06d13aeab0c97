"""A profile of orders, leads and campaigns beside what `filled_profile` makes, kept between measures.

It lies in the folder for temporary files, or the one `SATCHEL_BENCH_KEPT` names: filling it takes longer than
measuring. Another day's, or one made by other lines than these, is thrown away.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks import filled_profile as filling
from benchmarks.filled_profile import Rows, base, customer_of, fill, owner_id, record_id
from crm_core.times import DAY_MS
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.models import migrations
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import sample

CUSTOMERS, ORDERS, INSTALMENTS, LEADS, CAMPAIGNS, PRODUCTS = 10_000, 20_000, 10_000, 5_000, 24, 40
_KEPT_VARIABLE: Final = "SATCHEL_BENCH_KEPT"


def kept_profile() -> App:
    """Return the filled profile of today, made where there is none."""
    os.environ[PASSPHRASE_VARIABLE] = "benchmark passphrase"
    filling.CUSTOMERS, filling.DEALS, filling.OPEN_DEALS = CUSTOMERS, 20_000, 5_000
    filling.ACTIVITIES, filling.TICKETS = 100_000, 10_000
    sources = (Path(__file__), Path(filling.__file__), Path(str(migrations.__file__)))
    made_of = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:12]
    today = time.strftime("%Y-%m-%d")
    kept = Path(os.environ.get(_KEPT_VARIABLE) or tempfile.gettempdir())
    folder = kept / f"satchel-reports-{today}-{made_of}"
    for old in kept.glob("satchel-reports-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    if (folder / "filled").exists():
        return assembly.open_profile(folder / "profile")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    app = assembly.new_profile(folder / "profile")
    sample.prepare_local(app.replica, "en")
    now = app.replica.clock.now_ms()
    for entity, rows in (*filling.everything(now), *_business(now)):
        fill(app, entity, rows)
    app.replica.make_put_off_indexes()
    (folder / "filled").touch()
    return app


def _business(now: int) -> Iterator[tuple[str, Rows]]:
    yield "product", _products(now)
    yield "campaign", _campaigns(now)
    yield "lead", _leads(now)
    yield "order", _orders(now)
    yield "order_line", _lines(now)
    yield "instalment", _instalments(now)


def _day(now: int, days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime((now + days * DAY_MS) / 1000))


def _products(now: int) -> Rows:
    for number in range(PRODUCTS):
        name = {"name": f"Product {number} (demo)", "list_price": 50_000 + number, "currency": "CNY"}
        yield {**base("product", number, now, 900), **name, "cost": 30_000 + number, "cost_currency": "CNY"}


def _campaigns(now: int) -> Rows:
    for number in range(CAMPAIGNS):
        yield {
            **base("campaign", number, now, 720 - 30 * number),
            "name": f"Campaign {number} (demo)",
            "source": ("exhibition", "web", "partner")[number % 3],
            "starts_on": _day(now, 30 * number - 720),
            "currency": "CNY",
            "cost": 1_000_000 + 10_000 * number,
            "mails_sent": 500 + number,
            "mails_opened": 10 * number,
            "owner_id": owner_id(number),
        }


def _leads(now: int) -> Rows:
    chance = random.Random("leads")
    for number in range(LEADS):
        yield {
            **base("lead", number, now, chance.randrange(1, 700)),
            "name": f"Lead {number} (demo)",
            "source": chance.choice(("exhibition", "web", "referral", "phone")),
            "status": chance.choice(("new", "working", "junk", "converted")),
            "campaign_id": record_id("campaign", chance.randrange(CAMPAIGNS)) if number % 2 else None,
            "owner_id": owner_id(number),
        }


def _orders(now: int) -> Rows:
    chance = random.Random("orders")
    for number in range(ORDERS):
        days = chance.randrange(1, 900)
        yield {
            **base("order", number, now, days),
            "number": f"O-{number:05d}",
            "customer_id": customer_of("order", number),
            "owner_id": owner_id(number),
            "status": chance.choice(("confirmed", "closed", "closed", "draft")),
            "ordered_on": _day(now, -days),
            "total": chance.randrange(10**5, 10**7),
            "currency": "CNY",
        }


def _lines(now: int) -> Rows:
    chance = random.Random("lines")
    for number in range(2 * ORDERS):
        yield {
            **base("order_line", number, now, 10),
            "order_id": record_id("order", number // 2),
            "product_id": record_id("product", chance.randrange(PRODUCTS)),
            "description": "Line",
            "quantity": str(chance.randrange(1, 9)),
            "unit_price": chance.randrange(10**4, 10**6),
            "currency": "CNY",
            "discount_percent": chance.choice(("0", "5", "8")),
        }


def _instalments(now: int) -> Rows:
    chance = random.Random("instalments")
    for number in range(INSTALMENTS):
        amount: Any = chance.randrange(10**5, 10**7)
        yield {
            **base("instalment", number, now, 60),
            "customer_id": customer_of("order", number),
            "order_id": record_id("order", number),
            "status": "agreed",
            "amount": amount,
            "paid": 0,
            "state": "open",
            "currency": "CNY",
            "due_on": _day(now, chance.randrange(-150, 60)),
        }
