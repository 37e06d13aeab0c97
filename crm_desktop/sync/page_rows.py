"""The rows of a page as they arrive, and what is here of them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from sqlalchemy import func, null, select
from sqlalchemy.orm import Session

from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.sync.codec import unpack_column, unpack_ids, unpack_value
from crm_core.sync.merge import members
from crm_core.sync.protocol import Put


class PageRows:
    """The rows of one `Put`, readable by register."""

    def __init__(self, schema: Schema, put: Put) -> None:
        self.ids = unpack_ids(put.ids)
        self.lives = put.lives
        self.fields: list[Field] = []
        self.columns: dict[str, list[Any]] = {}
        self.custom: dict[str, list[Any]] = {}
        self._writers = put.writers if any(put.writers) else []
        for number, raw in zip(put.fields, put.columns, strict=True):
            column = unpack_column(raw)
            if isinstance(number, str):
                self.custom[number] = column
            elif (known := schema.by_no.get(number)) is not None:
                self.fields.append(known)
                self.columns[known.name] = column

    def writers(self, index: int) -> dict[str, tuple[str | None, int]]:
        """Return who changed which register of a row, and when, where it was not the row's last writer."""
        if not self._writers:
            return {}
        told = self._writers[index] if index < len(self._writers) else None
        if not isinstance(told, list):
            return {}
        triples = zip(told[0::3], told[1::3], told[2::3], strict=False)
        return {
            str(register): (unpack_value(user_id), ms if isinstance(ms, int) else 0)
            for register, user_id, ms in triples
        }

    def values(self, index: int) -> dict[str, Any]:
        """Return one row's values by field name; sets still as [word, dot] pairs."""
        return {name: column[index] for name, column in self.columns.items()}


class HeldRow(NamedTuple):
    """What a row here holds of what a page brings."""

    life: int
    custom: dict[str, Any] | None
    """Read where the page brings any."""
    values: tuple[Any, ...]
    """In the order of the page's fields."""


def held_rows(session: Session, schema: Schema, page: PageRows) -> dict[str, HeldRow]:
    """Return what is here of the rows of a page, by id."""
    table = schema.table
    custom = table.c.custom if page.custom else null()
    columns = [table.c.id, table.c.life, custom, *(table.c[name] for name in page.columns)]
    # One bound value, whatever the page holds: a statement of thousands takes longer to make than to run.
    named = func.json_each(json.dumps(page.ids)).table_valued("value")
    rows = session.execute(select(*columns).where(table.c.id.in_(select(named.c.value)))).all()
    return {row[0]: HeldRow(row[1], row[2], row[3:]) for row in rows}


def shown_custom(value: Any) -> Any:
    """Return a custom field's value as the record shows it: of a set, which alone is a list, its words."""
    if isinstance(value, list):
        return members((str(word), str(name)) for word, name in value) or None
    return value


def shown_value(known: Field, value: Any) -> Any:
    """Return a value as the record shows it: of a set its words."""
    if known.kind is Kind.TAGS:
        return members((str(word), str(name)) for word, name in value or []) or None
    return value
