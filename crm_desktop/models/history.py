"""The history of records: lines of it, as they are kept and as they are read.

A row of the table is one line, of one field. What HQ sends of several fields of a record that one person
changed at once shares a row, which takes a third of the time and of the space: its `field` is their keys
between commas (`,13,28,`), its `old` and `new` are lists in their order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from crm_core.schema.field import Plain
from crm_desktop.models.device_tables import History

_BETWEEN = ","


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """A change of one field; `field` is its key, '' for the record itself."""

    id: int
    """Of the row it stands in: later lines have a higher one or the same."""
    field: str
    old: Plain
    new: Plain
    at_ms: int
    user_id: str | None
    origin: str
    op_no: int | None
    sent: bool | None
    typed_by: str | None


def shared_key(keys: Sequence[str]) -> str:
    """Return what stands as `field` of a row that several fields share."""
    return _BETWEEN + _BETWEEN.join(keys) + _BETWEEN


def tells_of(keys: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a row holds a line of one of these fields."""
    listed = list(keys)
    shared = (func.instr(History.field, shared_key([key])) > 0 for key in listed if key)
    return or_(History.field.in_(listed), *shared)


def newest_lines(
    session: Session, entity: str, row_id: str, *where: ColumnElement[bool], limit: int | None = None
) -> list[HistoryLine]:
    """Return the lines of a record, newest first, at most `limit`; `where` says of which rows."""
    rows = session.scalars(
        select(History)
        .where(History.entity == entity, History.row_id == row_id, *where)
        .order_by(History.id.desc())
        .limit(limit)
    )
    return [line for row in rows for line in lines_of(row)][:limit]


def values_left(entity: str, key: str) -> Subquery:
    """Return (`row_id`, `value`) of every value a field of records gave up, as far as history tells.

    In SQL: a laptop may hold a hundred thousand such lines.
    """
    asked = f"{_BETWEEN}{key}{_BETWEEN}"
    head = func.substr(History.field, 1, func.instr(History.field, asked))
    place = func.length(head) - func.length(func.replace(head, _BETWEEN, "")) - 1
    path = case((History.field == key, "$"), else_=literal("$[") + cast(place, Text) + literal("]"))
    value = func.json_extract(type_coerce(History.old, Text), path).label("value")
    return select(History.row_id, value).where(History.entity == entity, tells_of([key])).subquery()


def count_lines(session: Session, entity: str, row_id: str) -> int:
    """Return how many changes of fields a record's history holds."""
    is_shared = func.substr(History.field, 1, 1) == _BETWEEN
    commas = func.length(History.field) - func.length(func.replace(History.field, _BETWEEN, ""))
    counted = select(func.sum(case((is_shared, commas - 1), else_=1))).where(
        History.entity == entity, History.row_id == row_id, History.field != ""
    )
    return session.scalar(counted) or 0


def drop_field(session: Session, entity: str, key: str) -> None:
    """Remove every line of a field."""
    run = session.connection().exec_driver_sql
    run("DELETE FROM history WHERE entity = ? AND field = ?", (entity, key))
    shared = run(
        "SELECT id, field, old, new FROM history WHERE entity = ? AND instr(field, ?)",
        (entity, shared_key([key])),
    ).all()
    left = []
    for row_id, field, *values in shared:
        keys = _keys(field)
        place = keys.index(key)
        rest = [json.dumps(kept[:place] + kept[place + 1 :]) for kept in map(json.loads, values)]
        left.append((shared_key(keys[:place] + keys[place + 1 :]), *rest, row_id))
    if left:
        run("UPDATE history SET field = ?, old = ?, new = ? WHERE id = ?", left)
        run("DELETE FROM history WHERE entity = ? AND field = ?", (entity, shared_key([""])))


def _keys(field: str) -> list[str]:
    return field.strip(_BETWEEN).split(_BETWEEN)


def lines_of(row: History) -> Iterator[HistoryLine]:
    """Yield the lines of a row, the last first."""
    changes = [(row.field, row.old, row.new)]
    if row.field.startswith(_BETWEEN):
        changes = list(zip(_keys(row.field), row.old, row.new, strict=True))
    for field, old, new in reversed(changes):
        yield HistoryLine(
            id=row.id,
            field=field,
            old=old,
            new=new,
            at_ms=row.at_ms,
            user_id=row.user_id,
            origin=row.origin,
            op_no=row.op_no,
            sent=row.sent,
            typed_by=row.typed_by,
        )
