"""Computed fields follow from other records: totals, what was delivered, sums of accounts.

HQ counts its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.rules import ledger as rules
from crm_core.rules.sheets import SHEETS
from crm_core.schema.ledger import Ledger
from crm_core.schema.reading import Schema
from crm_desktop.models import sheet_totals
from crm_desktop.models.device_tables import OutboxOp
from crm_desktop.models.records import Record
from crm_desktop.models.session import WriteSession

Holder = tuple[str, str]
"""Entity and id of the record whose computed field follows."""

DELIVERY, DELIVERY_LINE = "delivery", "delivery_line"
_LINKS: Mapping[str, str] = {
    **{sheet.line: sheet.link for sheet in SHEETS.values()},
    DELIVERY: "order_id",
    DELIVERY_LINE: "delivery_id",
    **{name: schema.meta.ledger.account for name, schema in SCHEMAS.items() if schema.meta.ledger},
}
"""For each kind of record others are counted from: the link to the one that holds the result."""


def holder_of(entity: str, values: Mapping[str, Any]) -> Holder | None:
    """Return whose computed field follows from a record with these values; None where none does."""
    if entity in SHEETS:
        return (entity, str(values["id"])) if values.get("id") else None
    link = _LINKS.get(entity)
    if link is None or not values.get(link):
        return None
    return str(SCHEMAS[entity].fields[link].target), str(values[link])


def follow(session: WriteSession, written: Record) -> None:
    """Count anew after a record was written."""
    holder = holder_of(written.entity, {**written.values, "id": written.id})
    if holder is not None:
        refresh(session, [holder])


def refresh(session: WriteSession, holders: Iterable[Holder]) -> None:
    """Count the computed fields of records anew from what is on this laptop."""
    for entity, record_id in sorted(set(holders)):
        if entity == DELIVERY:
            # Two steps up; a delivery that is not here yet brings its order along when it comes.
            if (order_id := sheet_totals.order_of_delivery(session, record_id)) is not None:
                sheet_totals.refresh(session, sheet_totals.ORDER, order_id)
            continue
        if entity in SHEETS:
            sheet_totals.refresh(session, entity, record_id)
            continue
        for entries in SCHEMAS.values():
            ledger = entries.meta.ledger
            if ledger is not None and entries.fields[ledger.account].target == entity:
                _refresh_account(session, entries, ledger, record_id)


def refresh_waiting(session: WriteSession, among: Collection[Holder]) -> None:
    """Count records anew, of those named, that HQ has not heard everything of: its own result lacks that."""
    holders: set[Holder] = set()
    parts = (*_LINKS, *SHEETS)
    waiting = set(session.scalars(select(OutboxOp.entity).where(OutboxOp.entity.in_(parts)).distinct()))
    for entity in waiting & SHEETS.keys():
        own = session.scalars(select(OutboxOp.row_id).where(OutboxOp.entity == entity).distinct())
        holders |= {(entity, row_id) for row_id in own}
    for entity in waiting & _LINKS.keys():
        table, link = SCHEMAS[entity].table, _LINKS[entity]
        rows = select(OutboxOp.row_id).where(OutboxOp.entity == entity)
        ids = session.scalars(select(table.c[link]).where(table.c.id.in_(rows)).distinct())
        holders |= {(str(SCHEMAS[entity].fields[link].target), str(row_id)) for row_id in ids if row_id}
    refresh(session, holders & set(among))


def _refresh_account(session: WriteSession, entries: Schema, ledger: Ledger, record_id: str) -> None:
    session.flush()
    holder = SCHEMAS[entries.fields[ledger.account].target or ""].table
    before = _scalar(session, select(holder.c[ledger.total]).where(holder.c.id == record_id))
    table = entries.table
    amounts = session.scalars(
        select(table.c[ledger.amount]).where(table.c[ledger.account] == record_id, table.c.life % 2 == 1)
    )
    total = rules.total(amounts)
    if total != (before or 0):
        # A computed field makes no operation, so it is written past the recorder, as is.
        session.connection().execute(
            update(holder).where(holder.c.id == record_id).values({ledger.total: total})
        )
        session.expire_all()
        session.touch(holder.name, [record_id])


def _scalar(session: Session, query: Any) -> Any:
    return session.connection().execute(query).scalar()
