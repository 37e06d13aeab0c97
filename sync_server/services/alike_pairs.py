"""Writing down which records were found to be alike, and which task is about which pair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, select

from sync_server.services.records import Record, chunks
from sync_server.store.alike import AlikePair, AlikeTask
from sync_server.store.bulk import insert_rows
from sync_server.store.tables import table_of

Pair = tuple[int, str, str]
"""Entity number, the record that came later, and the one that was there."""

_pairs = table_of(AlikePair)
_tasks = table_of(AlikeTask)
_TASK_COLUMNS: Final = ("task_id", "one_id", "other_id", "user_id")


def note_pairs(connection: Connection, pairs: Iterable[Pair], *, told: bool) -> None:
    """Write down those pairs that are not known yet, either way round."""
    wanted = {frozenset(pair[1:]): pair for pair in pairs}
    for some in chunks([pair[1] for pair in wanted.values()]):
        for column, beside in ((_pairs.c.one_id, _pairs.c.other_id), (_pairs.c.other_id, _pairs.c.one_id)):
            for row in connection.execute(select(column, beside).where(column.in_(some))):
                wanted.pop(frozenset(row), None)
    rows = [(*pair, told, False) for pair in wanted.values()]
    insert_rows(connection, _pairs, ("entity", "one_id", "other_id", "told", "settled"), rows)


def note_tasks(connection: Connection, told: Sequence[tuple[Pair, str, str]]) -> None:
    """Write down pairs with the task somebody has about them: (pair, task, whose)."""
    rows = [(task_id, *pair[1:], user_id) for pair, task_id, user_id in dict.fromkeys(told)]
    insert_rows(connection, _tasks, _TASK_COLUMNS, rows)


def pair_of(record: Record, other_id: str) -> Pair:
    """Return the pair a record makes with one that was there."""
    return record.schema.no, record.id, other_id
