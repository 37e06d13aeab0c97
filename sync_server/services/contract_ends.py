"""Contracts by the calendar: they begin, end or renew themselves, and their owners are reminded in time."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules import contract_state
from crm_core.sync.clock import ms_of
from crm_core.times import DAY_MS
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.records import Record, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.share_ends import day_of
from sync_server.services.storing import store_all
from sync_server.services.turns import by_turns
from sync_server.store.database import Database, HqTransaction

A_TURN: Final = 200  # contracts while the head of the feed is held
CONTRACT: Final = SCHEMAS["contract"]
ACTIVITY: Final = SCHEMAS["activity"]


def follow_calendar(database: Database, now_ms: int) -> int:
    """Take the steps the calendar takes and remind of contracts about to end; return how many it concerned.

    Reminded once for each last day: one that was moved on is spoken of again.
    """
    columns = CONTRACT.table.c
    running = select(columns.id).where(
        columns.status.in_((contract_state.SIGNED, contract_state.IN_FORCE)), columns.life % 2 == 1
    )
    return by_turns(database, running, A_TURN, lambda hq, ids: _follow(hq, ids, now_ms))


def _follow(hq: HqTransaction, ids: Sequence[str], now_ms: int) -> int:
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    records.load({CONTRACT.no: ids})
    today = day_of(now_ms)
    told: list[Errand] = []
    concerned = 0
    for contract in (each for row_id in ids if (each := records.get(CONTRACT.no, row_id)) is not None):
        if not contract.lives:
            continue
        changes = _changes(contract.values, today)
        if changes:
            Pen(hq, records, now_ms).write(contract, **changes)
            contract.set("updated_at", ms_of(hq.hq_hlc))
        errand = _errand(records, contract, changes, today)
        if errand is not None:
            told.append(errand)
        concerned += bool(changes or errand)
    errands.open_tasks(hq, records, scopes, told, now_ms)
    store_all(hq, records, scopes)
    return concerned


def _changes(values: dict[str, Any], today: datetime.date) -> dict[str, Any]:
    """Return what the calendar changes of a contract, a day on which it begins and ends among them."""
    now = dict(values)
    if contract_state.begins(now, today):
        now["status"] = contract_state.IN_FORCE
    until = contract_state.renewed_until(now, today)
    if until is not None:
        now["ends_on"] = until
    elif contract_state.is_over(now, today):
        now["status"] = contract_state.ENDED
    return {name: now[name] for name in ("status", "ends_on") if now.get(name) != values.get(name)}


def _errand(
    records: Records, contract: Record, changes: dict[str, Any], today: datetime.date
) -> Errand | None:
    number = str(contract.values.get("number") or "")
    said: Message | None = None
    if "ends_on" in changes:
        said = message(
            N_("Contract {number} has renewed itself until {day}"), number=number, day=changes["ends_on"]
        )
    elif changes.get("status") == contract_state.ENDED:
        said = message(N_("Contract {number} has ended"), number=number)
    elif contract_state.to_be_renewed(contract.values, today) and not _was_told(records, contract):
        day = contract.values["ends_on"]
        said = message(
            N_("Contract {number} ends on {day}: renew it, or give notice"), number=number, day=day
        )
    return Errand(subject=said, about=contract) if said is not None else None


def _was_told(records: Records, contract: Record) -> bool:
    """Tell whether a task of HQ's was opened since the day to remind on, whatever became of it."""
    day = contract_state.remind_on(contract.values)
    assert day is not None
    since = datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp()
    columns = ACTIVITY.table.c
    found = select(columns.id).where(
        columns.about_entity == CONTRACT.name,
        columns.about_id == contract.id,
        columns.created_by.is_(None),
        columns.created_at >= int(since) * 1000 - DAY_MS,
    )
    return records.connection.execute(found.limit(1)).first() is not None
