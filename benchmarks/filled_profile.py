"""A profile with a company's records, as after a first download: nothing waits to be sent.

The same records every time. Never enrolled, so whoever measures in it may do everything.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.ids import named_id
from crm_core.schema.reading import Schema
from crm_core.sync.codec import pack_column, pack_ids
from crm_core.sync.protocol import MsgKind, Put
from crm_core.times import DAY_MS
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import sample
from crm_desktop.sync.receive import receive

CUSTOMERS = 100_000
CONTACTS = 20_000
ACTIVITIES = 300_000
DEALS = 20_000
OPEN_DEALS = 5_000
QUOTES = 2_000
TICKETS = 2_000
OWNERS = 10
CUSTOM = {"line": "text", "grade": "choice", "score": "decimal", "budget": "money"}
"""Custom fields of customers: key and kind."""
BUSY = 1_000
"""Customers that half of all other records belong to, so that some have a full page."""
ROWS_A_PAGE = 2_000

_PLACES = ("苏州", "上海", "无锡", "宁波", "杭州", "常州", "青岛", "成都")
_CHARACTERS = "澄波鹤松竹兰云峰明远安和瑞丰德信恒达华林江海山川星辰光启新元"
_TRADES = ("仪表", "食品", "机械", "电子", "水务", "包装", "冷链", "阀门")
_FORMS = ("有限公司", "股份有限公司", "厂", "工程公司")
_WORDS = ("North", "Silver", "Harbour", "Cedar", "Falcon", "Bridge", "Meadow", "Granite", "Willow", "Summit")
_BUSINESSES = ("Foods", "Instruments", "Pumps", "Marine", "Packaging", "Water", "Labs", "Robotics")
_CITIES = ("Suzhou", "Hangzhou", "Plymouth", "Bremen", "上海", "无锡", "宁波", "Leeds")
_NOTE_WORDS = (
    *("valve", "pump", "meter", "trial", "report", "warranty", "visit", "line", "order"),
    *("报告", "试用", "冷却", "泵", "阀门", "交货", "价格"),
)
_OPEN_STAGES = ("Qualified", "Needs", "Proposal", "Negotiation", "Verbal yes")
_CHANCES = (10, 25, 50, 75, 90)

Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """An open profile and what filling it took."""

    app: App
    seconds_rows: float
    seconds_index: float
    rows: int


@contextmanager
def filled_profile(folder: Path) -> Iterator[Filled]:
    """Make the profile in `folder`, fill it, bring every record into the search index, and give it."""
    os.environ[PASSPHRASE_VARIABLE] = "benchmark passphrase"
    app = assembly.new_profile(folder)
    try:
        sample.prepare_local(app.replica, "en")
        now = app.replica.clock.now_ms()
        began = time.perf_counter()
        rows = sum(fill(app, entity, made) for entity, made in everything(now))
        app.replica.make_put_off_indexes()  # as a round does when it ends
        filled = time.perf_counter()
        while app.replica.catch_up(limit=10_000):
            pass
        indexed = time.perf_counter()
        yield Filled(app=app, seconds_rows=filled - began, seconds_index=indexed - filled, rows=rows)
    finally:
        app.close()


def record_id(entity: str, number: int) -> str:
    """Return the id of a record by its number: scattered as ids made on many laptops are."""
    return f"{random.Random(f'{entity}:{number}').getrandbits(128):032x}"


def fill(app: App, entity: str, rows: Rows) -> int:
    """Bring records as HQ sends them, a page at a time; return how many."""
    schema = SCHEMAS[entity]
    count = 0
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == ROWS_A_PAGE:
            count += _bring(app, schema, some)
            some = []
    return count + (_bring(app, schema, some) if some else 0)


def _bring(app: App, schema: Schema, rows: Sequence[Mapping[str, Any]]) -> int:
    names = [name for name in rows[0] if name != "id"]
    fields = [schema.fields.get(name) for name in names]
    put = Put(
        kind=MsgKind.PUT,
        optional=0,
        entity=schema.no,
        full=True,
        base=1,
        ids=pack_ids(row["id"] for row in rows),
        lives=[1] * len(rows),
        fields=[field.no if field else name for name, field in zip(names, fields, strict=True)],
        columns=[
            pack_column(field, [row[name] for row in rows]) for name, field in zip(names, fields, strict=True)
        ],
    )
    with app.replica.applying() as session:
        session.changed |= receive(session, [put], "0.1.").changed
    return len(rows)


def everything(now: int) -> Iterator[tuple[str, Rows]]:
    """Yield the records of each kind, links before what they lead to."""
    yield "user", _owners(now)
    yield "custom_field", _custom_fields(now)
    yield "customer", _customers(now)
    yield "contact", _contacts(now)
    yield "deal", _deals(now)
    yield "activity", _activities(now)
    yield "quote", _quotes(now)
    yield "ticket", _tickets(now)


def base(entity: str, number: int, now: int, age_days: int) -> dict[str, Any]:
    """Return what every record has."""
    at, who = now - age_days * DAY_MS, owner_id(number)
    return {
        "id": record_id(entity, number),
        "created_at": at,
        "created_by": who,
        "updated_at": at,
        "updated_by": who,
    }


def owner_id(number: int) -> str:
    """Return the id of the person a numbered record belongs to; every tenth is of whoever is signed in."""
    return record_id("user", number % OWNERS) if number % OWNERS else LOCAL_USER


def customer_of(entity: str, number: int) -> str:
    """Return the id of the customer a numbered record belongs to."""
    chance = random.Random(f"of:{entity}:{number}")
    return record_id("customer", chance.randrange(BUSY if number % 2 else CUSTOMERS))


def _owners(now: int) -> Rows:
    for number in range(1, OWNERS):
        yield {**base("user", number, now, 900), "name": f"Account owner {number} (demo)", "active": True}


def customer_name(number: int) -> str:
    """Return a customer's name: three of four in Chinese."""
    chance = random.Random(f"name:{number}")
    if number % 4:
        word = "".join(chance.sample(_CHARACTERS, 2))
        name = f"{chance.choice(_PLACES)}{word}{chance.choice(_TRADES)}{chance.choice(_FORMS)}"
        return f"{name}（示例）"
    return f"{chance.choice(_WORDS)} {chance.choice(_BUSINESSES)} {number} (demo)"


def _custom_fields(now: int) -> Rows:
    """Fields an administrator added to customers; every other customer has them filled."""
    for number, (key, kind) in enumerate(CUSTOM.items()):
        yield {
            **base("custom_field", number, now, 900),
            "entity": "customer",
            "key": key,
            "label": key.title(),
            "kind": kind,
            "choices": [{"value": value, "label": value.title()} for value in "abc"]
            if kind == "choice"
            else None,
            "rank": number,
        }


def _custom_values(number: int) -> dict[str, Any]:
    chance = random.Random(f"custom:{number}")
    if number % 2:
        return dict.fromkeys(f"x:{key}" for key in CUSTOM)
    return {
        "x:line": f"{chance.choice(_TRADES)}{chance.choice(_PLACES)}",
        "x:grade": chance.choice("abc"),
        "x:score": f"{chance.randrange(1000) / 10:g}",
        "x:budget": chance.randrange(10**8),
    }


def _customers(now: int) -> Rows:
    chance = random.Random("customers")
    for number in range(CUSTOMERS):
        yield {
            **base("customer", number, now, chance.randrange(1, 800)),
            "name": customer_name(number),
            "level": chance.choice("ABC"),
            "owner_id": owner_id(number),
            "phone": f"+86 {chance.choice((21, 512, 571))} {chance.randrange(10**7, 10**8)}",
            "email": f"desk{number}@customer.example",
            "industry": chance.choice(_TRADES),
            "source": chance.choice(("referral", "web", "exhibition", "phone")),
            "status": chance.choice(("potential", "active", "active", "dormant")),
            "city": chance.choice(_CITIES),
            "tags": [["VIP", f"0.1.{number}"]] if number % 10 == 3 else None,
            **_custom_values(number),
            "address": f"{chance.randrange(1, 400)} Demo Road",
            "notes": _note(chance),
        }


def _note(chance: random.Random) -> str:
    return " ".join(chance.choice(_NOTE_WORDS) for _ in range(12))


def _contacts(now: int) -> Rows:
    chance = random.Random("contacts")
    for number in range(CONTACTS):
        yield {
            **base("contact", number, now, chance.randrange(1, 800)),
            "customer_id": customer_of("contact", number),
            "name": f"{chance.choice('王李张刘陈')}{''.join(chance.sample(_CHARACTERS, 2))}（示例）",
            "title": chance.choice(("Purchasing", "Production", "Quality")),
            "phone": f"+86 139 {chance.randrange(10**7, 10**8)}",
            "email": f"person{number}@customer.example",
        }


def _deals(now: int) -> Rows:
    chance = random.Random("deals")
    pipeline = named_id("pipeline", "Sales")
    for number in range(DEALS):
        opened = number < OPEN_DEALS
        step = number % len(_OPEN_STAGES)
        ended = "Won" if number % 3 else "Lost"
        days = chance.randrange(-60, 90) if opened else -chance.randrange(1, 700)
        yield {
            **base("deal", number, now, chance.randrange(1, 200) if opened else -days + 60),
            "name": f"{chance.choice(_NOTE_WORDS)} {chance.choice(_BUSINESSES)} {number}",
            "customer_id": customer_of("deal", number),
            "owner_id": owner_id(number),
            "pipeline_id": pipeline,
            "stage_id": named_id("stage", _OPEN_STAGES[step] if opened else ended),
            "probability": _CHANCES[step] if opened else 100 * (ended == "Won"),
            "stage_since": now - chance.randrange(1, 60) * DAY_MS,
            "amount": chance.randrange(10**5, 10**8),
            "currency": "CNY",
            "close_date": time.strftime("%Y-%m-%d", time.gmtime((now + days * DAY_MS) / 1000)),
        }


def _activities(now: int) -> Rows:
    chance = random.Random("activities")
    for number in range(ACTIVITIES):
        days = chance.randrange(0, 700)
        task = number % 6 == 0
        deal = chance.randrange(OPEN_DEALS) if task else None
        yield {
            **base("activity", number, now, days),
            "kind": "task" if task else chance.choice(("call", "mail", "visit", "meeting", "note")),
            "subject": f"{chance.choice(_NOTE_WORDS)} {chance.choice(_NOTE_WORDS)} {number}",
            "notes": _note(chance),
            "customer_id": customer_of("activity", number) if deal is None else customer_of("deal", deal),
            "deal_id": None if deal is None else record_id("deal", deal),
            "owner_id": owner_id(number),
            "happened_at": None if task else now - days * DAY_MS,
            "due_at": now + chance.randrange(-20, 60) * DAY_MS if task else None,
            "done": not task or number % 12 == 0,
        }


def _quotes(now: int) -> Rows:
    chance = random.Random("quotes")
    for number in range(QUOTES):
        yield {
            **base("quote", number, now, chance.randrange(1, 300)),
            "number": f"Q-2026-{number:04d}",
            "customer_id": customer_of("quote", number),
            "owner_id": owner_id(number),
            "status": chance.choice(("draft", "sent", "accepted", "declined")),
            "currency": "CNY",
            "valid_until": time.strftime(
                "%Y-%m-%d", time.gmtime((now + chance.randrange(-60, 60) * DAY_MS) / 1000)
            ),
            "total": chance.randrange(10**5, 10**8),
        }


def _tickets(now: int) -> Rows:
    chance = random.Random("tickets")
    for number in range(TICKETS):
        yield {
            **base("ticket", number, now, chance.randrange(1, 300)),
            "number": f"T-{number:04d}",
            "subject": f"{chance.choice(_NOTE_WORDS)} {chance.choice(_NOTE_WORDS)} {number}",
            "customer_id": customer_of("ticket", number),
            "assignee_id": owner_id(number),
            "status": chance.choice(("new", "open", "waiting", "solved", "closed")),
            "priority": chance.choice(("low", "normal", "high")),
            "reply_due_at": now + chance.randrange(-20, 20) * DAY_MS,
            "solve_due_at": now + chance.randrange(-20, 20) * DAY_MS,
        }
