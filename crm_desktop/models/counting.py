"""Computed fields follow from other records: totals, what was delivered, sums of accounts, deadlines.

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
from crm_core.schema.ledger import Account, Ledger
from crm_core.schema.reading import Schema
from crm_desktop.models import instalments, promises, sheet_totals
from crm_desktop.models.device_tables import OutboxOp
from crm_desktop.models.records import Record
from crm_desktop.models.session import WriteSession

Holder = tuple[str, str]
"""Entity and id of the record whose computed field follows."""

DELIVERY, DELIVERY_LINE = "delivery", "delivery_line"
INSTALMENT = "instalment"
_LINKS: Mapping[str, tuple[str, ...]] = {
    **{sheet.line: (sheet.link,) for sheet in SHEETS.values()},
    DELIVERY: ("order_id",),
    DELIVERY_LINE: ("delivery_id",),
    promises.MESSAGE: ("ticket_id",),
    **{
        name: tuple(account.link for account in schema.meta.ledger.accounts)
        for name, schema in SCHEMAS.items()
        if schema.meta.ledger
    },
}
"""For each kind of record others are counted from: the links to those that hold the result."""
_OWN = frozenset((*SHEETS, INSTALMENT, promises.TICKET))
"""Kinds of record of which something follows from their own fields too."""


def holders_of(entity: str, values: Mapping[str, Any]) -> list[Holder]:
    """Return whose computed fields follow from a record with these values."""
    if entity in _OWN:
        return [(entity, str(values["id"]))] if values.get("id") else []
    return [
        (str(SCHEMAS[entity].fields[link].target), str(values[link]))
        for link in _LINKS.get(entity, ())
        if values.get(link)
    ]


def follow(session: WriteSession, written: Record) -> None:
    """Count anew after a record was written."""
    refresh(session, holders_of(written.entity, {**written.values, "id": written.id}))


def refresh(session: WriteSession, holders: Iterable[Holder]) -> None:
    """Count the computed fields of records anew from what is on this laptop."""
    for entity, record_id in sorted(set(holders)):
        if entity == DELIVERY:
            # Two steps up; a delivery that is not here yet brings its order along when it comes.
            if (order_id := sheet_totals.order_of_delivery(session, record_id)) is not None:
                _refresh_sheet(session, sheet_totals.ORDER, order_id)
            continue
        if entity in SHEETS:
            _refresh_sheet(session, entity, record_id)
            continue
        for entries in SCHEMAS.values():
            ledger = entries.meta.ledger
            for account in ledger.accounts if ledger is not None else ():
                if ledger is not None and entries.fields[account.link].target == entity:
                    _refresh_account(session, entries, ledger, account, record_id)
        if entity == INSTALMENT:
            instalments.refresh(session, [record_id])
        if entity == promises.TICKET:
            promises.refresh(session, [record_id])


def refresh_waiting(session: WriteSession, among: Collection[Holder]) -> None:
    """Count records anew, of those named, that HQ has not heard everything of: its own result lacks that."""
    holders: set[Holder] = set()
    parts = (*_LINKS, *_OWN)
    waiting = set(session.scalars(select(OutboxOp.entity).where(OutboxOp.entity.in_(parts)).distinct()))
    for entity in waiting & _OWN:
        own = session.scalars(select(OutboxOp.row_id).where(OutboxOp.entity == entity).distinct())
        holders |= {(entity, row_id) for row_id in own}
    for entity in waiting & _LINKS.keys():
        table = SCHEMAS[entity].table
        rows = select(OutboxOp.row_id).where(OutboxOp.entity == entity)
        for link in _LINKS[entity]:
            ids = session.scalars(select(table.c[link]).where(table.c.id.in_(rows)).distinct())
            holders |= {(str(SCHEMAS[entity].fields[link].target), str(row_id)) for row_id in ids if row_id}
    refresh(session, holders & set(among))


def refresh_answered(session: WriteSession, answered: Collection[Holder]) -> None:
    """Judge the deadlines of tickets anew that HQ answered operations on, once its answer is whole.

    What HQ has as before it does not say again, but this laptop judged without its answer meanwhile.
    """
    table = SCHEMAS[promises.MESSAGE].table
    said = {row_id for entity, row_id in answered if entity == promises.MESSAGE}
    ids = {row_id for entity, row_id in answered if entity == promises.TICKET}
    if said:
        ids.update(filter(None, session.scalars(select(table.c.ticket_id).where(table.c.id.in_(said)))))
    promises.refresh(session, ids)


def _refresh_sheet(session: WriteSession, entity: str, record_id: str) -> None:
    sheet_totals.refresh(session, entity, record_id)
    instalments.refresh(session, instalments.of_holder(session, entity, record_id))


def _refresh_account(
    session: WriteSession, entries: Schema, ledger: Ledger, account: Account, record_id: str
) -> None:
    session.flush()
    schema = SCHEMAS[entries.fields[account.link].target or ""]
    holder = schema.table
    before = _scalar(session, select(holder.c[account.total]).where(holder.c.id == record_id))
    table = entries.table
    rows = session.execute(
        select(table.c[ledger.amount], table.c.life % 2).where(table.c[account.link] == record_id)
    ).all()
    # As at HQ: an account that never had an entry has no sum, one that lost them all has nothing.
    amounts = [amount for amount, is_living in rows if is_living]
    total = rules.total(amounts, rules.most_of(schema.fields[account.total])) if rows else None
    if total != before and (rows or before):
        # A computed field makes no operation, so it is written past the recorder, as is.
        session.connection().execute(
            update(holder).where(holder.c.id == record_id).values({account.total: total})
        )
        session.expire_all()
        session.touch(holder.name, [record_id])


def _scalar(session: Session, query: Any) -> Any:
    return session.connection().execute(query).scalar()
