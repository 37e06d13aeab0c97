"""Quotes whose last day is over: each is marked as expired once, and its owner is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules.quote_state import EXPIRED, SENT, has_expired
from crm_core.sync.clock import ms_of, tick
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.records import Mark, Record, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.share_ends import day_of
from sync_server.services.storing import store_all
from sync_server.services.turns import by_turns
from sync_server.services.wanted import register_of
from sync_server.store.database import Database, HqTransaction

A_TURN: Final = 200  # quotes marked while the head of the feed is held
QUOTE: Final = SCHEMAS["quote"]


def expire_quotes(database: Database, now_ms: int) -> int:
    """Mark what is over and return how many quotes that were."""
    columns = QUOTE.table.c
    over = select(columns.id).where(
        columns.status == SENT,
        columns.valid_until.is_not(None),
        columns.valid_until < day_of(now_ms).isoformat(),
        columns.life % 2 == 1,
    )
    return by_turns(database, over, A_TURN, lambda hq, ids: _expire(hq, ids, now_ms))


def _expire(hq: HqTransaction, ids: Sequence[str], now_ms: int) -> int:
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    records.load({QUOTE.no: ids})
    today = day_of(now_ms)
    found = [each for row_id in ids if (each := records.get(QUOTE.no, row_id)) is not None]
    due = [each for each in found if each.lives and has_expired(each.values, today)]
    for quote in due:
        records.change(quote)
        hq.hq_hlc = tick(hq.hq_hlc, now_ms)
        mark = Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None)
        for name, value in _steps(ms_of(hq.hq_hlc)).items():
            quote.set(name, value)
            quote.stamp(register_of(QUOTE.fields[name]), mark)
    errands.open_tasks(hq, records, scopes, map(_told, due), now_ms)
    store_all(hq, records, scopes)
    return len(due)


def _steps(at_ms: int) -> dict[str, object]:
    machine = QUOTE.meta.machine
    step = machine.between(SENT, EXPIRED) if machine is not None else None
    assert machine is not None
    assert step is not None
    return dict(machine.effects(step, at_ms))


def _told(quote: Record) -> Errand:
    number = str(quote.values.get("number") or "")
    subject = message(N_("Quote {number} has expired: ask, or send a new version"), number=number)
    return Errand(subject=subject, about=quote)
