"""The events of the feed as one query over the tables that hold their positions."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    literal,
    null,
    select,
    union_all,
)

from sync_server.services.records import CELL, META, ROW_SCOPE
from sync_server.store.tables import LostEditLog, Quarantine, ScopeExit, table_of

_exits = table_of(ScopeExit)
_lost = table_of(LostEditLog)
_kept = table_of(Quarantine)


class EventKind(IntEnum):
    """What happened, in the order in which events of one position are looked at."""

    CELL = 1
    BORN = 2
    LIFE = 3
    ENTER = 4
    EXIT = 5
    LOST = 6
    JUDGED = 7


def events_after(connection: Connection, after: int, limit: int, device: int) -> Sequence[Row[Any]]:
    """Return the next events: those after a position, what is one device's alone for that device only.

    Their columns: seq, kind, entity, row_id, what, device, incarnation, hlc, user_id.
    """
    return connection.execute(events_query(), {"after": after, "limit": limit, "to": device}).all()


@cache
def events_query() -> Select[Any]:
    """Return the query of `events_after`, made once: to put it together takes longer than an idle answer.

    Each source is cut off by itself, so that every one is read through the index of its position.
    """
    after, limit = bindparam("after", type_=BigInteger), bindparam("limit", type_=Integer)

    def source(kind: EventKind, seq: Any, *columns: Any) -> Select[Any]:
        table = seq.table
        query = select(
            seq.label("seq"), literal(int(kind)).label("kind"), table.c.entity, table.c.row_id, *columns
        )
        if kind in (EventKind.LOST, EventKind.JUDGED):
            query = query.where(table.c.device == bindparam("to", type_=Integer))
        inner = query.where(seq > after).order_by(seq).limit(limit).subquery()
        return select(inner)

    # PostgreSQL asks for the type of what is empty.
    no_word = cast(null(), Text).label("what")
    nothing = (
        cast(null(), Integer).label("device"),
        cast(null(), Integer).label("incarnation"),
        cast(null(), BigInteger).label("hlc"),
        cast(null(), Text).label("user_id"),
    )
    made = (META.c.device, META.c.incarnation, META.c.hlc, cast(null(), Text).label("user_id"))
    changed = (CELL.c.device, CELL.c.incarnation, CELL.c.hlc, CELL.c.user_id)
    union = union_all(
        source(EventKind.CELL, CELL.c.seq, CELL.c.field.label("what"), *changed),
        source(EventKind.BORN, META.c.seq, no_word, *made),
        source(EventKind.LIFE, META.c.life_seq, no_word, *made),
        source(EventKind.ENTER, ROW_SCOPE.c.in_seq, ROW_SCOPE.c.scope.label("what"), *nothing),
        source(EventKind.EXIT, _exits.c.seq, _exits.c.scope.label("what"), *nothing),
        source(EventKind.LOST, _lost.c.seq, _lost.c.field.label("what"), *nothing),
        source(EventKind.JUDGED, _kept.c.judged_seq, no_word, *nothing),
    ).subquery()
    return select(union).order_by(union.c.seq, union.c.kind).limit(limit)
