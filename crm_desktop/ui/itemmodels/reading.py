"""Reading a page of rows with all its cells need; what is returned here runs off the main thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crm_core.schema.field import Field, Kind
from crm_desktop.models.query import Cursor, ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import lists
from crm_desktop.services.marks import Marks
from crm_desktop.ui.itemmodels.rows import Column, Row
from crm_desktop.ui.widgets.glyphs import Glyph

ReadExtras = Callable[[Replica, Sequence[str]], Mapping[str, Any]]
"""Reads what a list shows beside the fields, for the records of one page, by id."""
RowsRead = tuple[list[Row], Cursor | None]
"""The rows of a page, and where the next one begins."""


def reader_of(
    replica: Replica, query: ListQuery, columns: Sequence[Column], extras: ReadExtras | None
) -> Callable[[], RowsRead]:
    """Return the work that reads a page: fields, marks, titles of the links shown, `extras`."""
    links = [column.key for column in columns if column.field is not None and _leads(column.field)]

    def read() -> RowsRead:
        found = lists.page(replica, query, links)
        beside = extras(replica, [row.id for row in found.rows]) if extras else {}
        rows = [
            Row(
                record=row,
                titles=found.titles,
                glyph=_glyph(row.id, found.marks),
                extra=beside.get(row.id),
            )
            for row in found.rows
        ]
        return rows, found.next

    return read


def _leads(field: Field) -> bool:
    return field.kind is Kind.REF or bool(field.members)


def _glyph(record_id: str, marks: Marks) -> Glyph | None:
    if record_id in marks.conflict:
        return Glyph.CONFLICT
    if record_id in marks.answered_twice:
        return Glyph.ANSWERED_TWICE
    return Glyph.NOT_SENT if record_id in marks.not_sent else None
