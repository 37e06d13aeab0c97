"""The definition everything is held against; it reads the state, never the decisions."""

from __future__ import annotations

from collections.abc import Iterable

from tests.sync.model.records import Records
from tests.sync.model.values import (
    CLASS_OF,
    DROP,
    PURGE,
    PUT_ROW,
    SINCE,
    Cell,
    Msg,
    User,
    Violation,
)


def check_leaks(hq: Records, messages: list[Msg], person: User, named: set[str]) -> None:
    """Raise when a message holds what its reader may not read now; ids he `named` himself he knows."""
    scopes, classes = person.now.scopes, person.now.classes
    for message in messages:
        kind = message[0]
        if kind == DROP:
            continue
        if kind == PURGE and message[1] in named:
            continue
        row = hq.rows.get(message[1]) or hq.graves[message[1]]
        entity = row.entity
        if kind == PURGE:
            if not any((entity, scope) in person.ever for scope in row.been):
                raise Violation(f"I2 the id of {row.rid} goes to someone who never could read it")
            continue
        if kind == PUT_ROW:
            fields: Iterable[int] = message[4]
        elif message[3] is not None:
            fields = (message[2],)
        else:
            continue
        if not any((entity, scope) in scopes for scope in row.scopes):
            raise Violation(f"I2 row {row.rid} goes to someone who may not read it")
        for field in fields:
            if (entity, CLASS_OF[field]) not in classes:
                raise Violation(f"I2 field {field} of {row.rid} goes to someone who may not read it")


def projection(hq: Records, user: int, schema: int) -> dict[str, tuple[int, int, dict[int, Cell]]]:
    """Return what a laptop of this user must hold, by definition."""
    now = hq.users[user].now
    expected = {}
    for rid, row in hq.rows.items():
        if any((row.entity, scope) in now.scopes for scope in row.scopes):
            shown = hq.trash_whole or row.life % 2 == 1
            cells = {
                field: cell
                for field, cell in row.cells.items()
                if shown and SINCE[field] <= schema and (row.entity, CLASS_OF[field]) in now.classes
            }
            expected[rid] = (row.entity, row.life, cells)
    return expected
