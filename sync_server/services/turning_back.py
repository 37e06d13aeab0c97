"""Bringing HQ's readings back to now, after its machine's clock had run ahead and was set right.

What was written meanwhile is stamped later than now: HQ would not start, and every edit until then would lose
to it. All readings later than now are put just behind now, in their order; nothing else is changed. What a
laptop shows of when a record was changed follows when it next compares itself with HQ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from crm_core.entities import SCHEMAS
from crm_core.sync.clock import ms_of, reading
from sync_server.services import audit
from sync_server.store.database import Database
from sync_server.store.serving import alone_with
from sync_server.store.tables import (
    Cell,
    Device,
    FeedHead,
    FeedMark,
    LostEditLog,
    OpLog,
    OpSeen,
    RowMeta,
    table_of,
)

SPREAD: Final = reading(1_000)
"""Everything that lay ahead lies within a second afterwards."""
_marks = table_of(FeedMark)
_READINGS: Final = (
    table_of(Cell).c.hlc,
    table_of(RowMeta).c.hlc,
    table_of(OpLog).c.hlc,
    table_of(OpSeen).c.hlc,
    table_of(Device).c.last_hlc,
    table_of(FeedHead).c.hq_hlc,
    table_of(FeedHead).c.max_hlc,
)


def turn_back(database: Database, now_ms: int) -> int:
    """Put every reading later than now just behind now; return by how many milliseconds HQ was ahead.

    Raises `InUse` while a server runs.
    """
    with alone_with(database), database.note() as connection:
        now = reading(now_ms)
        ahead = [found for column in _READINGS for found in _extremes(connection, column, now)]
        if not ahead or max(ahead) <= now + SPREAD:
            return 0
        oldest, newest = min(ahead), max(ahead)
        divisor = (newest - oldest) // SPREAD + 1
        for column in _READINGS:
            moved = now + 1 + (column - oldest) // divisor
            connection.execute(update(column.table).where(column > now).values({column.name: moved}))
        for column in _instants():
            connection.execute(update(column.table).where(column > now_ms).values({column.name: now_ms}))
        connection.execute(delete(_marks).where(_marks.c.at_ms > now_ms))
        ahead_ms = ms_of(newest) - now_ms
        audit.record(connection, "turn clock back", at_ms=now_ms, detail={"ahead_ms": ahead_ms})
    return ahead_ms


def _extremes(connection: Connection, column: Any, now: int) -> Iterator[int]:
    """Yield the first and the last of a table's readings later than now."""
    query = select(func.min(column), func.max(column)).where(column > now)
    yield from (found for found in connection.execute(query).one() if found is not None)


def _instants() -> Iterator[Any]:
    for schema in SCHEMAS.values():
        yield schema.table.c.created_at
        yield schema.table.c.updated_at
    yield table_of(LostEditLog).c.at_ms
