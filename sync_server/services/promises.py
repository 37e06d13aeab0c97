"""Deadlines of tickets at HQ: worked out when something they follow from changes; kept once broken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from crm_core.entities import SCHEMAS
from crm_core.rules import service_levels
from crm_core.rules.service_levels import FAILED, Policy
from crm_core.rules.sla import ENDED, Promise, Promised
from sync_server.services.hq_pen import Pen
from sync_server.services.records import Key, Record, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.services.turns import by_turns
from sync_server.store.database import Database, HqTransaction
from sync_server.store.tables import Setting, table_of

TICKET: Final = SCHEMAS["ticket"]
MESSAGE: Final = SCHEMAS["ticket_message"]
CUSTOMER: Final = SCHEMAS["customer"]
_RULES: Final = (SCHEMAS["sla_policy"], SCHEMAS["work_calendar"])
_setting = table_of(Setting)
_JUDGED_BY: Final = "promises.judged_by"
"""What service levels and calendars said when open tickets were judged last."""
A_TURN: Final = 200  # tickets while the head of the feed is held


def concerned(records: Records, record: Record, changed: Collection[str] | None) -> set[Key]:
    """Return the tickets whose deadlines follow from a change of a record, if any.

    `changed` None: the record came or went.
    """
    if record.schema is CUSTOMER:
        return _open_of(records, record.id) if changed is not None and "level" in changed else set()
    if record.schema is TICKET:
        is_read = changed is None or not service_levels.READ.isdisjoint(changed)
        return {(TICKET.no, record.id)} if is_read else set()
    if record.schema is MESSAGE and record.values.get("ticket_id"):
        return {(TICKET.no, record.values["ticket_id"])}
    return set()


def settle(hq: HqTransaction, records: Records, keys: Iterable[Key], server_ms: int) -> None:
    """Bring the deadlines of tickets up to date."""
    ids = sorted(record_id for number, record_id in keys if number == TICKET.no)
    if not ids:
        return
    records.load({TICKET.no: ids})
    found = [each for each in (records.get(TICKET.no, row_id) for row_id in ids) if each is not None]
    write(Pen(hq, records, server_ms), found)


def follow_rules(database: Database, now_ms: int) -> int:
    """Judge the open tickets anew where service levels or calendars changed; return how many there were.

    What they say is noted at the end: whoever ends HQ in between has all judged again.
    """
    with database.read() as snapshot:
        said = _fingerprint(snapshot.connection)
        noted = select(_setting.c.value).where(_setting.c.key == _JUDGED_BY)
        if snapshot.connection.execute(noted).scalar() == said:
            return 0
    columns = TICKET.table.c
    is_open = columns.status.not_in(ENDED) | columns.status.is_(None)
    query = select(columns.id).where(columns.life % 2 == 1, is_open).order_by(columns.id)

    def judge(hq: HqTransaction, ids: Sequence[str]) -> int:
        records = Records(hq.connection)
        settle(hq, records, [(TICKET.no, each) for each in ids], now_ms)
        store_all(hq, records, ScopeKeeper(records, hq.positions))
        return len(ids)

    done = by_turns(database, query, A_TURN, judge)
    with database.note() as connection:
        connection.execute(delete(_setting).where(_setting.c.key == _JUDGED_BY))
        connection.execute(insert(_setting).values(key=_JUDGED_BY, value=said))
    return done


def _fingerprint(connection: Connection) -> str:
    rows = [
        dict(row)
        for schema in _RULES
        for row in connection.execute(
            select(schema.table).where(schema.table.c.life % 2 == 1).order_by(schema.table.c.id)
        ).mappings()
    ]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _open_of(records: Records, customer_id: str) -> set[Key]:
    columns = TICKET.table.c
    is_open = columns.status.not_in(ENDED) | columns.status.is_(None)
    query = select(columns.id).where(columns.customer_id == customer_id, is_open)
    return {(TICKET.no, each) for each in records.connection.execute(query).scalars()}


Standing = tuple[Record, Policy | None, Mapping[Promised, Promise]]
"""A ticket, its service level, and how its promises stand."""


def write(pen: Pen, tickets: Sequence[Record]) -> list[Standing]:
    """Write how the promises of tickets stand; return it with each ticket that lives."""
    records = pen.records
    known = policies(records)
    levels = _levels(records, tickets)
    said = _said(records, [ticket.id for ticket in tickets])
    result: list[Standing] = []
    for ticket in (each for each in tickets if each.lives):
        policy = service_levels.policy_for(
            known, ticket.values, levels.get(ticket.values["customer_id"] or "")
        )
        stands = service_levels.standing(policy, ticket.values, said[ticket.id])
        kept = service_levels.derived(
            stands, policy, service_levels.answered_at(ticket.values, said[ticket.id])
        )
        for which, promise in stands.items():
            failed_at = promise.failed_at(pen.server_ms)
            # What was broken stays so, whatever is promised later; what was kept is broken by nothing later.
            is_marked = ticket.values.get(FAILED[which]) is not None
            if failed_at is not None and not is_marked and not _was_kept(records, ticket, which, promise):
                kept[FAILED[which]] = failed_at
        pen.write(ticket, **kept)
        result.append((ticket, policy, stands))
    return result


def _was_kept(records: Records, ticket: Record, which: Promised, promise: Promise) -> bool:
    """Tell whether a promise was met before this batch, by what was promised then."""
    if promise.met_at is None or ticket.is_new:
        return False
    if which is Promised.SOLVE:
        return "steps" not in ticket.changed
    if which is Promised.REPLY and ticket.values.get("replied_at") is not None:
        return True
    told = (each for each in records.linking(MESSAGE, "ticket_id", ticket.id) if not each.values["internal"])
    return "steps" not in ticket.changed and not any(each.is_new or each.changed for each in told)


def policies(records: Records) -> tuple[Policy, ...]:
    """Return the service levels in use, as the batch leaves them."""
    rows, calendars = (_living(records, schema.no) for schema in _RULES)
    return service_levels.policies_of(rows, calendars)


def due_by(connection: Connection, at_ms: int) -> list[str]:
    """Return the ids of open tickets one of whose promises is due by a moment."""
    columns = TICKET.table.c
    query = select(columns.id).where(columns.due_at <= at_ms, columns.life % 2 == 1)
    return list(connection.execute(query.order_by(columns.due_at)).scalars())


def _living(records: Records, number: int) -> list[Mapping[str, Any]]:
    schema = next(each for each in _RULES if each.no == number)
    records.noticed_kinds.add(number)
    ids = records.connection.execute(select(schema.table.c.id)).scalars().all()
    records.load({number: ids})
    return [each.values for each in records.touched() if each.schema is schema and each.lives]


def _levels(records: Records, tickets: Iterable[Record]) -> dict[str, str | None]:
    ids = sorted({each.values["customer_id"] for each in tickets if each.values.get("customer_id")})
    records.load({CUSTOMER.no: ids})
    found = (records.get(CUSTOMER.no, row_id) for row_id in ids)
    return {each.id: each.values.get("level") for each in found if each is not None}


def _said(records: Records, ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    records.noticed_kinds.add(MESSAGE.no)
    columns = MESSAGE.table.c
    query = select(columns.id).where(columns.ticket_id.in_(ids))
    records.load({MESSAGE.no: records.connection.execute(query).scalars().all()})
    return {
        ticket_id: [each.values for each in records.linking(MESSAGE, "ticket_id", ticket_id) if each.lives]
        for ticket_id in ids
    }
