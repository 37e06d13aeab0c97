"""Accounts made of entries: what they come to, worked out at HQ whenever one is added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message
from crm_core.rules import ledger as rules
from crm_core.rules.access import why_it_stands
from crm_core.schema.ledger import Account, Ledger
from crm_core.schema.reading import Schema
from crm_core.sync.clock import tick
from crm_core.sync.protocol import Code
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.records import Mark, Record, Records, chunks
from sync_server.services.rights import NO_SUCH_RECORD, AuthorRights, Refused
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.wanted import register_of
from sync_server.store.database import HqTransaction

AccountKey = tuple[str, str, str]
"""Kind of the entries, their link, and the id of the record whose account it is."""


def demand_changeable(rights: AuthorRights, record: Record) -> None:
    """Raise `Refused` for a change of what stands; of one out of sight as of one that is not there."""
    if record.schema.meta.stands:
        if not rights.sees(record):
            raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_RECORD)
        raise Refused(Code.ILLEGAL_STATE, why_it_stands(record.schema.meta))


def settle_accounts(
    hq: HqTransaction,
    records: Records,
    scopes: ScopeKeeper,
    accounts: Collection[AccountKey],
    server_ms: int,
) -> None:
    """Bring the sums of accounts up to date; open a task for the owner of one that fell below zero."""
    for name in sorted({name for name, _, _ in accounts}):
        entries = SCHEMAS[name]
        ledger = entries.meta.ledger
        for account in ledger.accounts if ledger is not None else ():
            ids = sorted(each for entity, link, each in accounts if (entity, link) == (name, account.link))
            if ledger is not None and ids:
                _settle(hq, records, scopes, (entries, ledger, account), ids, server_ms)


def accounts_of(record: Record) -> Iterable[AccountKey]:
    """Return the accounts a record is an entry of."""
    ledger = record.schema.meta.ledger
    for account in ledger.accounts if ledger is not None else ():
        if record.values.get(account.link):
            yield record.schema.name, account.link, record.values[account.link]


def _settle(
    hq: HqTransaction,
    records: Records,
    scopes: ScopeKeeper,
    kind: tuple[Schema, Ledger, Account],
    ids: list[str],
    server_ms: int,
) -> None:
    entries, ledger, account = kind
    holder = SCHEMAS[entries.fields[account.link].target or ""]
    summed = holder.fields[account.total]
    register, most = register_of(summed), rules.most_of(summed)
    records.load({holder.no: ids})
    amounts = _amounts(records, entries, ledger, account, ids)
    for record_id in ids:
        record = records.get(holder.no, record_id)
        # One that is deleted keeps its sum until it is restored, and its entries with it.
        if record is None or not record.lives:
            continue
        entered = amounts.get(record_id, ())
        before, after = record.values.get(account.total), rules.total(entered, most)
        # An account with entries has a sum, be it nothing: they may come one by one or all together.
        if after == before or not (entered or before):
            continue
        records.change(record).set(account.total, after)
        hq.hq_hlc = tick(hq.hq_hlc, server_ms)
        record.stamp(register, Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None))
        if account.below_zero and rules.falls_below_zero(before, after):
            title = str(record.values.get(holder.meta.title) or "")
            errand = Errand(subject=Message(account.below_zero, {"title": title}), about=record)
            errands.open_tasks(hq, records, scopes, [errand], server_ms)


def _amounts(
    records: Records, entries: Schema, ledger: Ledger, account: Account, ids: Iterable[str]
) -> Mapping[str, list[int | None]]:
    """Return the amounts of the living entries of each account, as the batch leaves them."""
    in_batch = {record.id: record for record in records.touched() if record.schema is entries}
    wanted = list(ids)
    found: dict[str, list[int | None]] = {record_id: [] for record_id in wanted}
    table = entries.table
    columns = (table.c.id, table.c[account.link].label("account"), table.c[ledger.amount].label("amount"))
    for some in chunks(wanted):
        query = select(*columns).where(table.c[account.link].in_(some), table.c.life % 2 == 1)
        for row in records.connection.execute(query):
            if row.id not in in_batch:
                found[row.account].append(row.amount)
    for record in in_batch.values():
        holder_id = record.values.get(account.link)
        if record.lives and holder_id in found:
            found[holder_id].append(record.values.get(ledger.amount))
    return found
