"""Deciding a batch before its transaction holds the head of the feed, and finding out whether that may stand.

It may if nobody changed meanwhile what it read: a record it asked for, there or not, what hangs on one, which
may have been made meanwhile, and any of a kind it searched (those a limit counts, those a stage holds). Then
it is as if all had been done while the head was held.
What it reads besides records is safe by other means: rights by the head's `policy_seq`, numbers, operations
and leases by the lock of its own device, unique keys by the database. Where it may not stand, all is done
again with the head held from the start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection, select, union
from sqlalchemy.exc import IntegrityError, OperationalError

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from crm_core.schema.field import Field
from crm_core.schema.reading import Schema
from sync_server.services import measures
from sync_server.services.records import CELL, META, ROW_SCOPE, Records, target_name
from sync_server.store.database import Database, HqTransaction, Overtaken
from sync_server.store.tables import ScopeExit, table_of

MOST: Final = 20_000  # changes looked through while everybody waits; beyond, doing it again is no worse
MOST_LINKED: Final = 500  # one statement for each kind of record

DEADLOCK: Final = "40P01"  # PostgreSQL ended one of two that waited for each other
TRIES: Final = 3

_exits = table_of(ScopeExit)
_T = TypeVar("_T")


def write_beside_others(database: Database, work: Callable[[HqTransaction], _T], *, late: bool) -> _T:
    """Do the work in one transaction that adds to the feed, and return what it gives.

    `late`: decide first and hold the head only to write; once more, with the head held first, where somebody
    came between. The work may so be done several times, and only the last time counts.
    """
    for left in reversed(range(TRIES)):
        try:
            with database.write(late=late) as hq:
                return work(hq)
        except (Overtaken, IntegrityError) as error:
            if not late:
                raise BrokenPromise(N_("HQ met a mistake of its own; it was recorded")) from error
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != DEADLOCK or not left:
                raise
        measures.merges_again.inc()
        late = False
    raise BrokenPromise(N_("HQ met a mistake of its own; it was recorded"))


def demand_untouched(connection: Connection, since: int, records: Records) -> None:
    """Raise `Overtaken` where somebody else changed after position `since` what the records show."""
    changed = _changed_after(connection, since)
    if len(changed) > MOST:
        raise Overtaken
    asked = records.asked()
    # Fields that administrators add decide what any batch may say.
    kinds = {SCHEMAS["custom_field"].no, *records.noticed_kinds}
    if any(key in asked or key[0] in kinds for key in changed):
        raise Overtaken
    linked: dict[int, list[str]] = {}
    for entity, row_id in changed:
        if entity in BY_NO and _links_of(BY_NO[entity]):
            linked.setdefault(entity, []).append(row_id)
    for entity, ids in linked.items():
        if len(ids) > MOST_LINKED or _points_into(connection, BY_NO[entity], ids, records):
            raise Overtaken


def _changed_after(connection: Connection, since: int) -> set[tuple[int, str]]:
    sources = (META.c.seq, META.c.life_seq, CELL.c.seq, ROW_SCOPE.c.in_seq, _exits.c.seq)
    several = union(*(select(seq.table.c.entity, seq.table.c.row_id).where(seq > since) for seq in sources))
    query = select(several.subquery()).limit(MOST + 1)
    return {(row.entity, row.row_id) for row in connection.execute(query)}


def _links_of(schema: Schema) -> tuple[Field, ...]:
    """Return the links by which a record hangs on others: it inherits from them or lends them."""
    return tuple({field.name: field for field in (*schema.parent_fields, *schema.lending_fields)}.values())


def _points_into(connection: Connection, schema: Schema, ids: list[str], records: Records) -> bool:
    """Tell whether one of these records hangs on one that was asked for."""
    asked, table = records.asked(), schema.table
    for row in connection.execute(select(table).where(table.c.id.in_(ids))).mappings():
        for link in _links_of(schema):
            target = SCHEMAS.get(target_name(link, dict(row)) or "")
            if target is not None and (target.no, row[link.name]) in asked:
                return True
    return False
