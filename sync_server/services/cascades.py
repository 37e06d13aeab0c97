"""What goes along with a record that is deleted, and what comes back with one that is restored.

All that one deletion took carries its name (`cascade`), and comes back as one set, wherever it was moved
meanwhile. What also belongs to something else that is still deleted waits for that and comes back with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import select

from crm_core.entities import BY_NO
from sync_server.services.records import META, Record, Records


class Return(NamedTuple):
    """What restoring a record does to what was deleted with it."""

    back: list[Record]
    """What lives again, the record itself first."""
    held: list[tuple[Record, str | None]]
    """What stays deleted, each with the name of the deletion it comes back with."""


def taken_along(records: Records, record: Record) -> list[Record]:
    """Return the record and everything below it that lives, level by level."""
    return _reached(records, record, lambda child: child.lives)


def brought_back(records: Records, record: Record) -> Return:
    """Return what comes back with a deleted record: all that its deletion took if it began with it.

    What was only taken along and moved out since brings back what is below it.
    """
    taken = _taken_by(records, record.cascade)
    if not taken or record.life_seq > min(each.life_seq for each in taken):
        names = {id(each) for each in taken}
        taken = _reached(records, record, lambda child: id(child) in names)
    return _settled(records, record, [each for each in taken if each is not record])


def _taken_by(records: Records, cascade: str | None) -> list[Record]:
    """Return the records a deletion took that were not restored since, as the batch leaves them."""
    if cascade is None:
        return []
    query = select(META.c.entity, META.c.row_id).where(META.c.cascade == cascade)
    stored: dict[int, list[str]] = {}
    for row in records.connection.execute(query.order_by(META.c.life_seq)):
        if row.entity in BY_NO:
            stored.setdefault(row.entity, []).append(row.row_id)
    records.load(stored)
    return [each for each in records.touched() if not each.lives and each.cascade == cascade]


def _settled(records: Records, record: Record, taken: Iterable[Record]) -> Return:
    """Part what may live again from what belongs to something that stays deleted."""
    back = {id(each): each for each in (record, *taken)}
    held: dict[int, tuple[Record, str | None]] = {}
    found = True
    while found:
        found = False
        for each in list(back.values()):
            if each is record:
                continue
            for parent in records.parents(each):
                if not parent.lives and id(parent) not in back:
                    name = held[id(parent)][1] if id(parent) in held else parent.cascade
                    held[id(each)] = (back.pop(id(each)), name)
                    found = True
                    break
    return Return(list(back.values()), list(held.values()))


def _reached(records: Records, record: Record, belongs: Callable[[Record], bool]) -> list[Record]:
    records.know_children((record,))
    found = {id(record): record}
    level = [record]
    while level:
        below = [child for parent in level for child in records.children(parent)]
        level = []
        for child in below:
            if id(child) not in found and belongs(child):
                found[id(child)] = child
                level.append(child)
    return list(found.values())
