"""Returning customers to the shared pool by rule: warned first, then returned, once.

The database names those whose clock may have run out; the rule itself (`crm_core.rules.pool`) decides on
each, with the head of the feed held, so that of several processes none acts on what another did.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, func, insert, or_, select

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import CONTACT_KINDS
from crm_core.i18n import N_, message
from crm_core.rules import pool
from crm_core.sync.clock import tick
from crm_core.times import DAY_MS
from resources import translation
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.pooling import CUSTOMER, hand, rules_in_force, standings
from sync_server.services.records import Mark, Record, Records, chunks
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.store.database import Database, HqTransaction
from sync_server.store.tables import PoolWarning, table_of

A_TURN: Final = 200
"""Customers handled while the head of the feed is held: laptops that sync wait so long."""
MOST_A_RUN: Final = 20_000
_customers = CUSTOMER.table
_activities = SCHEMAS["activity"].table
_warnings = table_of(PoolWarning)


@dataclass(slots=True)
class Recycled:
    """What one run did."""

    warned: int = 0
    returned: int = 0
    put_in: int = 0
    """Customers nobody owned that were not said to be in the pool yet."""


def recycle(database: Database, now_ms: int, most: int = MOST_A_RUN) -> Recycled:
    """Warn the owners of customers that are about to return, and return those whose time is over."""
    done = Recycled()
    with database.read() as snapshot:
        rules = rules_in_force(snapshot.connection)
        unmarked = list(snapshot.connection.execute(_unmarked(most)).scalars())
        near = list(_near(snapshot.connection, rules, now_ms, most))
    for ids in chunks(unmarked, A_TURN):
        with database.write() as hq:
            done.put_in += _put_in(hq, ids, now_ms)
    for ids in chunks(near, A_TURN):
        with database.write() as hq:
            _settle(hq, ids, now_ms, done)
    return done


def _unmarked(most: int) -> Any:
    """Return the query for ownerless customers of before there was a pool."""
    said = _customers.c.holding
    return (
        select(_customers.c.id)
        .where(_customers.c.owner_id.is_(None), _customers.c.life % 2 == 1)
        .where(or_(said.is_(None), said != pool.POOL))
        .limit(most)
    )


def _near(connection: Connection, rules: Sequence[pool.Rule], now_ms: int, most: int) -> Iterator[str]:
    """Yield the customers a rule may be about to return; what is particular to one is asked later.

    Each clock has its own query, so that one of them alone decides what is read.
    """
    seen: set[str] = set()
    for rule in rules:
        if rule.spared:
            continue
        for days, quiet in ((rule.contact_days, True), (rule.deal_days, False)):
            if days is None:
                continue
            until = now_ms + (rule.remind_days - days) * DAY_MS
            for row_id in connection.execute(
                _candidates(rule, until, now_ms, quiet=quiet, most=most)
            ).scalars():
                if row_id not in seen:
                    seen.add(row_id)
                    yield row_id


def _candidates(rule: pool.Rule, until_ms: int, now_ms: int, *, quiet: bool, most: int) -> Any:
    held = _customers.c.holding
    query = (
        select(_customers.c.id)
        .outerjoin(_warnings, _warnings.c.customer_id == _customers.c.id)
        .where(_customers.c.owner_id.is_not(None), _customers.c.life % 2 == 1)
        .where(or_(held.is_(None), held == pool.HELD))
        .where(func.coalesce(_customers.c.held_since, _customers.c.created_at) <= until_ms)
        # Not those that were warned and whose time to act is not over.
        .where(or_(_warnings.c.customer_id.is_(None), _warnings.c.look_ms <= now_ms))
    )
    if rule.level is not None:
        query = query.where(_customers.c.level == rule.level)
    if rule.status is not None:
        query = query.where(_customers.c.status == rule.status)
    if quiet:
        spoken = exists().where(
            _activities.c.customer_id == _customers.c.id,
            _activities.c.happened_at > until_ms,
            _activities.c.kind.in_(CONTACT_KINDS),
            _activities.c.life % 2 == 1,
        )
        query = query.where(~spoken)
    else:
        deals, stages = SCHEMAS["deal"].table, SCHEMAS["stage"].table
        open_stages = select(stages.c.id).where(stages.c.kind == "open")
        dealing = exists().where(
            deals.c.customer_id == _customers.c.id,
            deals.c.life % 2 == 1,
            or_(
                deals.c.stage_id.in_(open_stages),
                func.coalesce(deals.c.stage_since, deals.c.created_at) > until_ms,
            ),
        )
        query = query.where(~dealing)
    return query.limit(most)


def _settle(hq: HqTransaction, ids: Sequence[str], now_ms: int, done: Recycled) -> None:
    """Warn of some customers, return others, as things stand now that nobody comes between."""
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    rules = rules_in_force(hq.connection)
    records.load({CUSTOMER.no: ids})
    present = [each for row_id in ids if (each := records.get(CUSTOMER.no, row_id)) and each.lives]
    held = standings(hq.connection, [each.values for each in present])
    dues = {each.id: pool.due(rules, held[each.id]) for each in present}
    warned = _warned(hq.connection, ids)
    going: list[tuple[Record, pool.Due]] = []
    told: list[tuple[Record, pool.Due]] = []
    for each in present:
        due = dues[each.id]
        if due is None or now_ms < due.warn_ms:
            continue
        told_ms = warned.get(each.id, -1)
        if told_ms < due.warn_ms:
            told.append((each, due))
        elif now_ms >= max(due.at_ms, told_ms + due.rule.remind_days * DAY_MS):
            going.append((each, due))
    records.know_children(record for record, _ in going)
    for record, due in going:
        _return(hq, records, scopes, record, due, now_ms)
    errands.open_tasks(hq, records, scopes, [_warning(each, due, now_ms) for each, due in told], now_ms)
    store_all(hq, records, scopes)
    _note_warnings(hq.connection, [each.id for each, _ in going], told, now_ms)
    done.warned += len(told)
    done.returned += len(going)


def _put_in(hq: HqTransaction, ids: Sequence[str], now_ms: int) -> int:
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    records.load({CUSTOMER.no: ids})
    found = [each for row_id in ids if (each := records.get(CUSTOMER.no, row_id)) and each.lives]
    found = [each for each in found if each.values["owner_id"] is None]
    records.know_children(found)
    for record in found:
        _hand(hq, records, record, {"holding": pool.POOL}, now_ms)
        scopes.changed(record)
    store_all(hq, records, scopes)
    return len(found)


def _return(
    hq: HqTransaction, records: Records, scopes: ScopeKeeper, record: Record, due: pool.Due, now_ms: int
) -> None:
    said = due.reason().show(translation(hq.language))
    changes = {
        "last_owner_id": record.values["owner_id"],
        "returned_at": now_ms,
        "pool_reason": said,
        "holding": pool.POOL,
        "owner_id": None,
    }
    _hand(hq, records, record, changes, now_ms)
    scopes.changed(record)


def _hand(hq: HqTransaction, records: Records, record: Record, changes: dict[str, Any], now_ms: int) -> None:
    hq.hq_hlc = tick(hq.hq_hlc, now_ms)
    mark = Mark(hq.hq_hlc, 0, 1, 0, 0, None)
    records.change(record)
    hand(record, changes, lambda: mark._replace(seq=hq.positions.next()))
    record.set("updated_at", now_ms)
    record.set("updated_by", None)


def _warning(record: Record, due: pool.Due, now_ms: int) -> Errand:
    on_ms = max(due.at_ms, now_ms + due.rule.remind_days * DAY_MS)
    day = datetime.datetime.fromtimestamp(on_ms / 1000, datetime.UTC).date().isoformat()
    subject = message(
        N_("“{title}” returns to the public pool on {day}: {reason}"),
        title=str(record.values["name"] or ""),
        day=day,
        reason=due.reason(),
    )
    return Errand(subject=subject, about=record)


def _warned(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    query = select(_warnings.c.customer_id, _warnings.c.warned_ms).where(_warnings.c.customer_id.in_(ids))
    return {row.customer_id: row.warned_ms for row in connection.execute(query)}


def _note_warnings(
    connection: Connection, gone: Iterable[str], told: Sequence[tuple[Record, pool.Due]], now_ms: int
) -> None:
    ids = [*gone, *(record.id for record, _ in told)]
    if ids:
        connection.execute(delete(_warnings).where(_warnings.c.customer_id.in_(ids)))
    rows = [
        {
            "customer_id": record.id,
            "warned_ms": now_ms,
            "look_ms": max(due.at_ms, now_ms + due.rule.remind_days * DAY_MS),
        }
        for record, due in told
    ]
    if rows:
        connection.execute(insert(_warnings), rows)
