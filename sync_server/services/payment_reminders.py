"""Reminding whoever owns an order or contract of what is due of it: once before its day, once after it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.rules.payments import COLLECTED
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.records import Records, chunks
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.store.database import Database, HqTransaction
from sync_server.store.payments import PaymentNotice
from sync_server.store.tables import table_of

AT_ONCE: Final = 500
"""So many reminders one transaction writes; the rest follows with the next."""
_instalments, _orders, _contracts, _customers = (
    SCHEMAS[name].table for name in ("instalment", "order", "contract", "customer")
)
_notices = table_of(PaymentNotice)


@dataclass(frozen=True, slots=True)
class _Due:
    instalment_id: str
    days: int
    """How many days after its day it is told; below zero before."""
    due_on: str
    owner_id: str | None
    subject: Message


def remind(database: Database, now_ms: int, before_days: int, after_days: int) -> int:
    """Open tasks about instalments that are due soon, or have been for a while; return how many.

    `before_days` and `after_days` say when, 0 never. A day that is moved is told of anew.
    """
    today = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).date()
    told = 0
    while True:
        with database.read() as snapshot:
            if not _due(snapshot.connection, today, before_days, after_days):
                return told
        with database.write() as hq:
            told += _tell(hq, today, now_ms, before_days, after_days)


def _tell(hq: HqTransaction, today: datetime.date, now_ms: int, before_days: int, after_days: int) -> int:
    """Do it as things stand now that nobody comes between."""
    due = _due(hq.connection, today, before_days, after_days)
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    schema = SCHEMAS["instalment"]
    records.load({schema.no: [each.instalment_id for each in due]})
    tasks = [
        Errand(subject=each.subject, about=found, owner_id=each.owner_id)
        for each in due
        if (found := records.get(schema.no, each.instalment_id)) is not None
    ]
    errands.open_tasks(hq, records, scopes, tasks, now_ms)
    store_all(hq, records, scopes)
    for some in chunks(due):
        keys = [
            and_(_notices.c.instalment_id == each.instalment_id, _notices.c.days == each.days)
            for each in some
        ]
        hq.connection.execute(delete(_notices).where(or_(*keys)))
    rows = [{"instalment_id": each.instalment_id, "days": each.days, "due_on": each.due_on} for each in due]
    hq.connection.execute(insert(_notices), rows)
    return len(due)


def _due(connection: Connection, today: datetime.date, before_days: int, after_days: int) -> Sequence[_Due]:
    found: list[_Due] = []
    if before_days:
        last = today + datetime.timedelta(days=before_days)
        found += _between(connection, -before_days, today.isoformat(), last.isoformat(), BEFORE)
    if after_days and len(found) < AT_ONCE:
        last = today - datetime.timedelta(days=after_days)
        found += _between(connection, after_days, "", last.isoformat(), AFTER)
    return found[:AT_ONCE]


BEFORE: Final = N_("{amount} of {customer} is due on {day}: {instalment}")
AFTER: Final = N_("{amount} of {customer} was due on {day} and has not come: {instalment}")


def _between(connection: Connection, days: int, first: str, last: str, text: str) -> list[_Due]:
    told = and_(
        _notices.c.instalment_id == _instalments.c.id,
        _notices.c.days == days,
        _notices.c.due_on == _instalments.c.due_on,
    )
    owner = func.coalesce(_orders.c.owner_id, _contracts.c.owner_id, _customers.c.owner_id)
    query = (
        select(
            _instalments.c.id,
            _instalments.c.name,
            _instalments.c.due_on,
            _instalments.c.amount,
            _instalments.c.paid,
            _instalments.c.currency,
            _customers.c.name.label("customer"),
            owner.label("owner_id"),
        )
        .join(_customers, _customers.c.id == _instalments.c.customer_id, isouter=True)
        .join(_orders, _orders.c.id == _instalments.c.order_id, isouter=True)
        .join(_contracts, _contracts.c.id == _instalments.c.contract_id, isouter=True)
        .join(_notices, told, isouter=True)
        .where(
            _instalments.c.life % 2 == 1,
            _instalments.c.state.in_([each.value for each in COLLECTED]),
            _instalments.c.due_on >= first,
            _instalments.c.due_on <= last,
            _notices.c.days.is_(None),
        )
        .order_by(_instalments.c.due_on, _instalments.c.id)
        .limit(AT_ONCE)
    )
    return [
        _Due(
            instalment_id=row.id,
            days=days,
            due_on=row.due_on,
            owner_id=row.owner_id,
            subject=message(
                text,
                amount=Money((row.amount or 0) - (row.paid or 0), row.currency or ""),
                customer=row.customer or "",
                day=row.due_on,
                instalment=row.name or "",
            ),
        )
        for row in connection.execute(query)
    ]
