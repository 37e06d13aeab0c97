"""Where a scan may begin: along an index that leaves most rows out at once.

`filters.where` judges row by row, in terms that say yes or no of empty values too; by them no index is
entered. Here a condition is said once more as an index can be entered, where that leaves few rows to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.orm import Session

from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_desktop.models import custom_index
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.custom import is_custom
from crm_desktop.models.filters import bare
from crm_desktop.models.sorting import sort_key, walked_names

FEW = 10_000
"""Rows worth looking up one by one along an index; more are read quicker in the order of the table."""
_SHORT = 60
"""Keys below this are of whole texts: a longer text is cut (`sorting.MAX_KEY`), and may have lost marks."""
_JAMO = re.compile("[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")
"""Parts of Korean syllables: one at the end of a text may become another syllable within a longer text."""
_COMPARED = frozenset((Kind.DATE, Kind.INSTANT, Kind.INTEGER))


def entries(
    session: Session, schema: Schema, parts: Iterable[tuple[Field, Condition]]
) -> list[ColumnElement[bool]]:
    """Return what every row that fulfils the conditions fulfils too, and few others."""
    found = []
    for field, condition in parts:
        if condition.op is Op.CONTAINS:
            entry = _by_key(session, schema, field, str(condition.value or ""))
        else:
            entry = _by_range(session, schema, field, condition)
        if entry is not None:
            found.append(entry)
    return found


def _by_range(
    session: Session, schema: Schema, field: Field, condition: Condition
) -> ColumnElement[bool] | None:
    if field.kind not in _COMPARED or field.name not in walked_names(schema.name):
        return None
    entry = bare(schema, field, condition)
    if entry is None:
        return None
    some = select(schema.table.c.id).where(entry).limit(FEW).subquery()
    number = session.connection().scalar(select(func.count()).select_from(some)) or 0
    return entry if number < FEW else None


def _by_key(session: Session, schema: Schema, field: Field, text: str) -> ColumnElement[bool] | None:
    """Return that the text's sort key is part of the value's: an index holds those without the records."""
    part = sort_key(text)
    if not part or _JAMO.search(text) or field.kind is not Kind.TEXT or not is_custom(field.name):
        return None
    if not custom_index.is_made(session, schema.name, field):
        return None
    key = custom_index.ordered(schema.name, field)
    row: ColumnElement[int] = literal_column(f'"{schema.name}".rowid')
    holds = or_(func.instr(key, part) > 0, func.length(key) >= _SHORT)
    return row.in_(select(row).select_from(schema.table).where(holds).correlate(None))
