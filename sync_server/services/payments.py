"""Instalments, receipts and invoices at HQ: what is refused of them, and what follows from them.

The rules are those of laptops (`crm_core.rules.payment_checks`), asked about the records of a batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.ids import new_id
from crm_core.rules import payment_checks as rules
from crm_core.rules import payments
from crm_core.schema.machine import Step
from crm_core.schema.reading import Schema
from crm_core.sync.clock import ms_of, tick
from crm_core.sync.protocol import Code
from sync_server.services import ledgers
from sync_server.services.hq_pen import Pen
from sync_server.services.ledgers import AccountKey
from sync_server.services.records import Mark, Record, Records, chunks
from sync_server.services.registers import blank
from sync_server.services.rights import Refused
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.wanted import Wanted
from sync_server.store.database import HqTransaction

INSTALMENT: Final = SCHEMAS[rules.INSTALMENT]
RECEIPT: Final = SCHEMAS[rules.RECEIPT]
SHARE: Final = SCHEMAS[rules.SHARE]
INVOICE: Final = SCHEMAS[rules.INVOICE]
_KINDS: Final = (INSTALMENT, RECEIPT, SHARE, INVOICE)
_CHANGED: Final = (*_KINDS, SCHEMAS["order"])
_ABOVE: Final = ("contract", "order", "delivery")
"""Kinds of record the days of instalments follow from."""


class HqBooks:
    """The records of HQ as a batch leaves them."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def get(self, entity: str, record_id: str) -> Mapping[str, Any] | None:
        """Return a living record's values; None where there is none."""
        found = self._records.get(SCHEMAS[entity].no, record_id) if record_id else None
        return found.values if found is not None and found.lives else None

    def living(self, entity: str, link: str, record_id: str) -> list[Mapping[str, Any]]:
        """Return the living records of a kind that point at one, by their ids."""
        return [each.values for each in linked(self._records, SCHEMAS[entity], link, record_id) if each.lives]

    def holding(self, entity: str, field: str, text: str) -> list[Mapping[str, Any]]:
        """Return the living records of a kind one of whose text fields holds just that."""
        records, schema = self._records, SCHEMAS[entity]
        records.noticed_kinds.add(schema.no)
        query = select(schema.table.c.id).where(schema.table.c[field] == text)
        ids = records.connection.execute(query).scalars().all()
        records.load({schema.no: ids})
        kept = (records.get(schema.no, each) for each in ids)
        found = {each.id: each for each in (*kept, *records.touched()) if each is not None}
        return [
            each.values
            for each in found.values()
            if each.schema is schema and each.lives and each.values.get(field) == text
        ]

    def summed(self, links: Mapping[str, str]) -> int:
        """Return what the living shares that point at all of these come to, by the ids under their links.

        The database sums its own, but for those the batch has read, which count as it leaves them.
        """
        records, table = self._records, SHARE.table
        records.noticed_kinds.add(SHARE.no)
        first, record_id = next(iter(links.items()))
        known = [
            each
            for each in records.linking(SHARE, first, record_id)
            if all(each.values.get(link) == value for link, value in links.items())
        ]
        query = select(func.coalesce(func.sum(table.c.amount), 0)).where(table.c.life % 2 == 1)
        for link, value in links.items():
            query = query.where(table.c[link] == value)
        total = int(records.connection.execute(query).scalar_one())
        read = [each.id for each in known if not each.is_new]
        for some in chunks(read):
            query_of_read = query.where(table.c.id.in_(some))
            total -= int(records.connection.execute(query_of_read).scalar_one())
        return total + sum(each.values.get("amount") or 0 for each in known if each.lives)


def linked(records: Records, schema: Schema, link: str, record_id: str) -> list[Record]:
    """Return the records of a kind that point at one, as the batch leaves them, by their ids."""
    records.noticed_kinds.add(schema.no)
    table = schema.table
    query = select(table.c.id).where(table.c[link] == record_id)
    records.load({schema.no: records.connection.execute(query).scalars().all()})
    return records.linking(schema, link, record_id)


def demand_new(records: Records, record: Record) -> None:
    """Raise `Refused` for a new record that does not fit the others."""
    if record.schema in _KINDS:
        with _refusing():
            rules.demand_new(HqBooks(records), record.schema.name, record.values)


def demand_changed(records: Records, record: Record, wanted: Wanted) -> None:
    """Raise `Refused` for a change of fields that does not fit the other records."""
    if record.schema in _CHANGED:
        with _refusing():
            after = {**record.values, **wanted.values}
            rules.demand_changed(HqBooks(records), record.schema.name, after, frozenset(wanted.values))


def demand_step(records: Records, record: Record, step: Step, given: Mapping[str, Any]) -> None:
    """Raise `Refused` for a step that other records stand in the way of; `given` is what comes with it."""
    if record.schema in _KINDS:
        with _refusing():
            held = {**record.values, **{name: given[name] for name in step.takes if name in given}}
            rules.demand_step(HqBooks(records), record.schema.name, held, step.name)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise Refused(Code.ILLEGAL_STATE, error.message) from error


def follow(
    hq: HqTransaction,
    records: Records,
    scopes: ScopeKeeper,
    accounts: Collection[AccountKey],
    server_ms: int,
) -> None:
    """Bring up to date what follows from a batch: shares of refunds, sums of accounts, days and states."""
    refunds = [each for each in list(records.touched()) if _is_refund_posted_now(each)]
    taken = {key for each in refunds for key in _take_off(hq, records, scopes, each, server_ms)}
    ledgers.settle_accounts(hq, records, scopes, {*accounts, *taken}, server_ms)
    books, pen = HqBooks(records), Pen(hq, records, server_ms)
    for instalment in _concerned(records):
        pen.write(instalment, **payments.derived(instalment.values, *rules.days_of(books, instalment.values)))


def _is_changed(record: Record) -> bool:
    return record.is_new or bool(record.changed) or record.meta_changed


def _is_refund_posted_now(record: Record) -> bool:
    return (
        record.schema is RECEIPT
        and record.lives
        and (record.is_new or "status" in record.changed)
        and (record.values["kind"], record.values["status"]) == ("refund", "posted")
    )


def _take_off(
    hq: HqTransaction, records: Records, scopes: ScopeKeeper, refund: Record, server_ms: int
) -> Iterator[AccountKey]:
    """Write what a refund takes off, unless who posted it did; yield the accounts concerned."""
    if linked(records, SHARE, "receipt_id", refund.id):
        return
    for share in rules.refund_shares(HqBooks(records), refund.values):
        hq.hq_hlc = tick(hq.hq_hlc, server_ms)
        ms = ms_of(hq.hq_hlc)
        values: dict[str, Any] = {
            **blank(SHARE.no),
            "id": new_id(),
            "receipt_id": refund.id,
            "instalment_id": share.instalment_id,
            "amount": share.minor,
            "currency": refund.values["currency"],
            "created_at": ms,
            "updated_at": ms,
        }
        made = Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None)
        record = Record(schema=SHARE, id=values["id"], values=values, made=made, is_new=True)
        records.add(record)
        scopes.of_new(record)
        yield from ledgers.accounts_of(record)


def _concerned(records: Records) -> list[Record]:
    """Return the instalments whose day or state may have changed with a batch."""
    found: dict[str, Record] = {}
    above: dict[str, set[str]] = {name: set() for name in _ABOVE}
    for record in list(records.touched()):
        if not _is_changed(record):
            continue
        if record.schema is INSTALMENT:
            found[record.id] = record
        elif record.schema.name in above:
            above[record.schema.name].add(record.id)
    orders = set(above["order"])
    for contract_id in above["contract"]:
        orders |= {each.id for each in linked(records, SCHEMAS["order"], "contract_id", contract_id)}
    for delivery_id in above["delivery"]:
        delivery = records.get(SCHEMAS["delivery"].no, delivery_id)
        if delivery is not None and delivery.values.get("order_id"):
            orders.add(delivery.values["order_id"])
    for link, ids in (("order_id", orders), ("contract_id", above["contract"])):
        for record_id in sorted(ids):
            found |= {each.id: each for each in linked(records, INSTALMENT, link, record_id)}
    return [found[record_id] for record_id in sorted(found)]
