"""What HQ forgets: what is older than `keep_days` and what every laptop in use has acknowledged.

Positions of the feed know no time, so where the feed stood is noted about once a day (`feed_mark`). From
these notes and from what laptops were seen to hold follows the floor: up to there nobody in use needs to be
told of scopes left and of rights held before. A laptop whose token is older begins anew; its outbox, what
came back and its numbers stay. The floor is written first and only moves up, so a page is built either
without it and with everything, or with it. What is never forgotten: graves, numbers used, the audit, and of
every operation that it was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, delete, exists, func, or_, select, tuple_, update

from crm_core.times import DAY_MS
from sync_server.services.entitlements import forget_lapsed, shrink_ever
from sync_server.services.graves import BURIABLE, bury
from sync_server.services.records import META, Key
from sync_server.store.bulk import insert_if_new
from sync_server.store.database import Database
from sync_server.store.tables import (
    Device,
    EntitlementVersion,
    FeedHead,
    FeedMark,
    Grave,
    LostEditLog,
    OpLog,
    OpSeen,
    Quarantine,
    ScopeExit,
    UserScopeEver,
    table_of,
)

MARK_EVERY_MS: Final = 20 * 60 * 60 * 1000  # a little less than a day, so that no day is missed
ROWS_AT_ONCE: Final = 2000  # of one transaction: a few milliseconds, in which others wait
BURIED_AT_ONCE: Final = 500  # each asks every table that may link to it

_head = table_of(FeedHead)
_mark = table_of(FeedMark)
_devices = table_of(Device)
_exits = table_of(ScopeExit)
_versions = table_of(EntitlementVersion)
_ops = table_of(OpLog)
_seen = table_of(OpSeen)
_lost = table_of(LostEditLog)
_quarantine = table_of(Quarantine)

KEPT: Final[Mapping[str, Table]] = {
    "scope_exits": _exits,
    "entitlements": _versions,
    "scopes_ever": table_of(UserScopeEver),
    "answers": _ops,
    "answers_seen": _seen,
    "lost_edits": _lost,
    "quarantine": _quarantine,
    "graves": table_of(Grave),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How much HQ keeps of what laptops may still need, and what holds it."""

    head: int
    floor: int
    oldest_mark_ms: int | None
    """Since when HQ knows how old its positions are; None before the first note."""
    held_by: int | None
    """Laptop in use that has acknowledged least; None where there is none."""
    held_at: int
    """What that laptop has acknowledged."""
    rows: dict[str, int]


def is_due(database: Database, now_ms: int) -> bool:
    """Tell whether a day has gone by since the feed's position was last noted."""
    with database.read() as snapshot:
        newest = snapshot.connection.execute(select(func.max(_mark.c.at_ms))).scalar()
    return newest is None or newest <= now_ms - MARK_EVERY_MS


def forget(database: Database, keep_days: int, now_ms: int) -> dict[str, int]:
    """Note where the feed stands and forget what is old enough; return how many rows went, by kind.

    In small transactions, and safe beside others that do the same. `keep_days` 0: everything is kept.
    """
    _note_position(database, now_ms)
    if keep_days == 0:
        return {}
    cutoff_ms = now_ms - keep_days * DAY_MS
    floor = _raise_floor(database, cutoff_ms)
    return {
        "scope_exits": _delete_some(database, _exits, _exits.c.seq <= floor),
        "entitlements": _forget_rights(database, floor),
        "answers": _forget_answers(database, floor, cutoff_ms),
        "lost_edits": _delete_some(database, _lost, and_(_lost.c.seq <= floor, _is_heard())),
        "quarantine": _delete_some(database, _quarantine, _quarantine.c.at_ms < cutoff_ms),
        "records": _bury_trash(database, floor),
    }


def standing(database: Database, keep_days: int, now_ms: int) -> Standing:
    """Return how much is kept and why."""
    with database.read() as snapshot:
        run = snapshot.connection.execute
        held = run(
            select(_devices.c.id, _devices.c.acked_seq)
            .where(_in_use(now_ms - keep_days * DAY_MS))
            .order_by(_devices.c.acked_seq, _devices.c.id)
            .limit(1)
        ).first()
        return Standing(
            head=snapshot.head,
            floor=snapshot.floor,
            oldest_mark_ms=run(select(func.min(_mark.c.at_ms))).scalar(),
            held_by=held.id if held else None,
            held_at=held.acked_seq if held else snapshot.head,
            rows={
                name: run(select(func.count()).select_from(table)).scalar_one()
                for name, table in KEPT.items()
            },
        )


def _in_use(cutoff_ms: int) -> Any:
    return and_(_devices.c.revoked.is_(False), _devices.c.last_seen_at >= cutoff_ms)


def _note_position(database: Database, now_ms: int) -> None:
    if is_due(database, now_ms):
        with database.note() as connection:
            seq = connection.execute(select(_head.c.seq).where(_head.c.id == 1)).scalar_one()
            connection.execute(insert_if_new(connection, _mark).values(at_ms=now_ms, seq=seq))


def _raise_floor(database: Database, cutoff_ms: int) -> int:
    """Move the floor as far as it may go; return where it stands."""
    with database.note() as connection:
        run = connection.execute
        old_enough = run(
            select(_mark.c.at_ms, _mark.c.seq)
            .where(_mark.c.at_ms <= cutoff_ms)
            .order_by(_mark.c.at_ms.desc())
            .limit(1)
        ).first()
        if old_enough is not None:
            acked = run(select(func.min(_devices.c.acked_seq)).where(_in_use(cutoff_ms))).scalar()
            floor = old_enough.seq if acked is None else min(old_enough.seq, acked)
            run(update(_head).where(_head.c.id == 1, _head.c.floor < floor).values(floor=floor))
            run(delete(_mark).where(_mark.c.at_ms < old_enough.at_ms))
        return int(run(select(_head.c.floor).where(_head.c.id == 1)).scalar_one())


def _delete_some(database: Database, table: Table, wanted: Any) -> int:
    """Delete the rows wanted, some at a time, by their key; return how many."""
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(wanted).limit(ROWS_AT_ONCE)
    total = 0
    while True:
        with database.note() as connection:
            gone = connection.execute(delete(table).where(key.in_(some))).rowcount
        total += gone
        if gone < ROWS_AT_ONCE:
            return total


def _is_heard() -> Any:
    """Tell of a lost edit whether its laptop has heard of it, or never will."""
    return exists().where(
        _devices.c.id == _lost.c.device,
        or_(_devices.c.acked_seq >= _lost.c.seq, _devices.c.revoked.is_(True)),
    )


def _forget_rights(database: Database, floor: int) -> int:
    """Forget rights that were replaced at the floor already: no token from above it can name them."""
    with database.read() as snapshot:
        last = (
            select(_versions.c.user_id, func.max(_versions.c.version))
            .where(_versions.c.version <= floor)
            .group_by(_versions.c.user_id)
            .having(func.count() > 1)
        )
        superseded = snapshot.connection.execute(last).all()
    total = 0
    for user_id, version in superseded:
        # Holding the head: new rights are compared with the scopes ever had.
        with database.write() as hq:
            old = delete(_versions).where(_versions.c.user_id == user_id, _versions.c.version < version)
            total += hq.connection.execute(old).rowcount
            shrink_ever(hq.connection, user_id, hq.positions.last)
    with database.write() as hq:
        forget_lapsed(hq.connection, floor)
    return total


def _forget_answers(database: Database, floor: int, cutoff_ms: int) -> int:
    """Keep of old answers that they were given; of each name a laptop had the last one stays whole.

    From that one HQ knows, after going back to a backup, how far it remembers the laptop's operations.
    """
    with database.read() as snapshot:
        devices = snapshot.connection.execute(select(_devices.c.id, _devices.c.incarnation)).all()
    names = [(0, 1), *((row.id, number) for row in devices for number in range(1, row.incarnation + 1))]
    total = 0
    for device, incarnation in names:
        gone = ROWS_AT_ONCE
        while gone == ROWS_AT_ONCE:
            with database.note() as connection:
                gone = _forget_some_answers(connection, device, incarnation, floor, cutoff_ms)
            total += gone
    return total


def _forget_some_answers(
    connection: Connection, device: int, incarnation: int, floor: int, cutoff_ms: int
) -> int:
    run = connection.execute
    of_name = (_ops.c.device == device, _ops.c.incarnation == incarnation)
    last = run(select(func.max(_ops.c.op_no)).where(*of_name)).scalar()
    if last is None:
        return 0
    oldest = select(_ops).where(*of_name, _ops.c.op_no < last).order_by(_ops.c.op_no).limit(ROWS_AT_ONCE)
    rows = run(oldest).all()
    # Numbers and times go up together: where one is too young the rest is.
    old = list(takewhile(lambda row: row.at_ms < cutoff_ms and row.seq <= floor, rows))
    if not old:
        return 0
    if device:  # HQ itself never sends an operation twice
        run(
            insert_if_new(connection, _seen),
            [
                {
                    "device": device,
                    "payload_sha": row.payload_sha,
                    "incarnation": incarnation,
                    "code": row.code,
                    "hlc": row.hlc,
                }
                for row in old
            ],
        )
    return run(delete(_ops).where(*of_name, _ops.c.op_no <= old[-1].op_no)).rowcount


def _bury_trash(database: Database, floor: int) -> int:
    """Bury what was deleted before the floor."""
    total, after = 0, 0
    while True:
        with database.write() as hq:
            query = (
                select(META.c.entity, META.c.row_id, META.c.life_seq)
                .where(
                    META.c.life_seq > after,
                    META.c.life_seq <= floor,
                    META.c.life % 2 == 0,
                    META.c.entity.in_([schema.no for schema in BURIABLE]),
                )
                .order_by(META.c.life_seq)
                .limit(BURIED_AT_ONCE)
            )
            rows = hq.connection.execute(query).all()
            keys: list[Key] = [(row.entity, row.row_id) for row in rows]
            total += bury(hq, keys) if keys else 0
        if len(rows) < BURIED_AT_ONCE:
            return total
        after = rows[-1].life_seq
