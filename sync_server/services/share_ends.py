"""Ending shares whose last day is over: once, whichever process comes first; those concerned are told."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import and_, or_, select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules import sharing
from crm_core.schema.reading import Schema
from crm_core.sync.clock import tick
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.records import Mark, Record, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.services.turns import Work, by_turns
from sync_server.services.wanted import register_of
from sync_server.store.database import Database, HqTransaction

A_TURN: Final = 200  # records ended while the head of the feed is held
SHARED: Final = tuple(schema for schema in SCHEMAS.values() if "shared_until" in schema.fields)


def end_shares(database: Database, now_ms: int) -> int:
    """End what is over and return of how many records."""
    today = day_of(now_ms)
    return sum(
        by_turns(database, _over(schema, today), A_TURN, _ending(schema, today, now_ms)) for schema in SHARED
    )


def _ending(schema: Schema, today: datetime.date, now_ms: int) -> Work:
    return lambda hq, ids: _end(hq, schema, ids, today, now_ms)


def day_of(now_ms: int) -> datetime.date:
    """Return the day it is where HQ stands."""
    return datetime.datetime.fromtimestamp(now_ms / 1000).astimezone().date()


def _over(schema: Schema, today: datetime.date) -> Any:
    columns = schema.table.c
    over = [
        and_(columns[until].is_not(None), columns[until] != "", columns[until] < today.isoformat())
        for until in sharing.ENDS.values()
    ]
    return select(columns.id).where(or_(*over))


def _end(hq: HqTransaction, schema: Schema, ids: Sequence[str], today: datetime.date, now_ms: int) -> int:
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    records.load({schema.no: ids})
    found = [each for row_id in ids if (each := records.get(schema.no, row_id)) is not None]
    records.know_children(found)
    told: list[Errand] = []
    ended = 0
    for record in found:
        names = [
            name for name, until in sharing.ENDS.items() if sharing.has_ended(record.values[until], today)
        ]
        if not names:
            continue
        told.extend(_told(records, record, names))
        scopes.lend(record)
        for name in names:
            _clear(hq, records, record, name, now_ms)
        scopes.changed(record)
        scopes.lend(record)
        ended += 1
    errands.open_tasks(hq, records, scopes, told, now_ms)
    store_all(hq, records, scopes)
    return ended


def _clear(hq: HqTransaction, records: Records, record: Record, name: str, now_ms: int) -> None:
    records.change(record)
    hq.hq_hlc = tick(hq.hq_hlc, now_ms)
    for each in (name, sharing.ENDS[name]):
        register = register_of(record.schema.fields[each])
        record.dots.pop(register, None)
        record.set(each, None)
        record.stamp(register, Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None))


def _told(records: Records, record: Record, names: Sequence[str]) -> Iterator[Errand]:
    title = str(record.values.get(record.schema.meta.title) or "")
    members = {each for name in names for each in record.values[name] or ()}
    for user_id in sorted(members):
        user = records.get(SCHEMAS["user"].no, user_id)
        if user is not None and user.lives:
            ended = message(N_("“{title}” is shared with you no longer: its last day is over"), title=title)
            yield Errand(subject=ended, about=record, owner_id=user_id, is_private=True)
