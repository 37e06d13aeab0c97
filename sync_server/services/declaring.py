"""Records that set something up, judged at HQ as the window judges them: by all that is saved together.

Laptops may be older, made by hand, or not have heard of what another administrator changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, select

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message
from crm_core.rules.custom_fields import declared
from crm_core.rules.set_up import SET_UP, Around, problems_made
from crm_core.schema.field import Field
from crm_core.sync.protocol import Code
from sync_server.services.custom import CustomFields
from sync_server.services.quote_prices import living_rows
from sync_server.services.records import Key, Record, Records
from sync_server.services.rights import Refused
from sync_server.services.wanted import Wanted

Before = Mapping[Key, Mapping[str, Any] | None]
"""Records that set something up as they were; None for one that is being made."""

_CUSTOM: Final = SCHEMAS["custom_field"]

_T = TypeVar("_T")


class Declaring:
    """Judges the set-up a batch leaves."""

    def __init__(self, records: Records, custom: CustomFields) -> None:
        self._records = records
        self._custom = custom
        self._around = Around(
            fields_of=self._fields_of,
            value_of=self._value_of,
            rows_of=lambda entity: living_rows(records, SCHEMAS[entity]),
            knows_derived=False,
        )

    def before(self, wanted: Iterable[Wanted | None]) -> Before:
        """Return what sets something up among the records of some operations, as it is now."""
        found: dict[Key, Mapping[str, Any] | None] = {}
        for each in wanted:
            if each is not None and each.schema.name in SET_UP:
                record = self._records.get(each.schema.no, each.row_id)
                found[each.schema.no, each.row_id] = dict(record.values) if record is not None else None
        return found

    def demand(self, before: Before) -> None:
        """Raise `Refused` where one of them is wrong now and was not before."""
        for (entity, record_id), held in before.items():
            record = self._records.get(entity, record_id)
            if record is None:
                continue
            name = BY_NO[entity].name
            for problem in problems_made(name, record_id, held, record.values, self._around):
                raise Refused(Code.INVALID, _said(record, problem))

    def _fields_of(self, entity: str) -> Mapping[str, Field]:
        fields = {**SCHEMAS[entity].fields, **self._custom.in_use(entity)}
        for record in self._records.touched():  # a field may be made and asked for in one batch
            if record.schema is _CUSTOM and record.values.get("entity") == entity:
                made = declared(record.values)
                if made is not None and record.lives and not made.retired:
                    fields[made.name] = made
        return fields

    def _value_of(self, entity: str, record_id: str, name: str) -> Any:
        number = SCHEMAS[entity].no
        self._records.load({number: [record_id]})
        found = self._records.get(number, record_id)
        return found.values.get(name) if found is not None else None


def saved_together(
    items: Sequence[_T], wanted_of: Callable[[_T], Wanted | None]
) -> Iterator[tuple[bool, list[_T]]]:
    """Yield the operations of a transaction in stretches, and for each whether it is one of set-up.

    A form saves fields one by one, one after the other: only all of them say whether it is sound.
    """

    def record(item: _T) -> Key | None:
        wanted = wanted_of(item)
        return (
            (wanted.schema.no, wanted.row_id) if wanted is not None and wanted.schema.name in SET_UP else None
        )

    for key, some in groupby(items, record):
        yield key is not None, list(some)


def around_hq(connection: Connection) -> Around:
    """Return what is asked of the records HQ holds, for edits made here."""
    custom = CustomFields(connection)

    def value(entity: str, record_id: str, name: str) -> Any:
        table = SCHEMAS[entity].table
        return connection.execute(select(table.c[name]).where(table.c.id == record_id)).scalar()

    def rows(entity: str) -> list[dict[str, Any]]:
        table = SCHEMAS[entity].table
        found = connection.execute(select(table).where(table.c.life % 2 == 1).order_by(table.c.id))
        return [dict(row) for row in found.mappings()]

    return Around(
        fields_of=lambda entity: {**SCHEMAS[entity].fields, **custom.in_use(entity)},
        value_of=value,
        rows_of=rows,
        knows_derived=False,
    )


def _said(record: Record, problem: Problem) -> Message:
    field = record.schema.fields.get(problem.field or "")
    if field is None:
        return problem.message
    return message(N_("{field}: {problem}"), field=Message(field.label), problem=problem.message)
