"""Values HQ holds that are not in their standard form: counted, and put right where that is certain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Field
from crm_core.schema.reading import Schema
from crm_core.schema.standards import doubts_of, has_standard, standardised
from sync_server.services import audit
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.store.tables import FOUNDER, Setting, table_of

ROWS_A_TRANSACTION: Final = 500  # laptops wait with their uploads for about half a second
_setting = table_of(Setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """One value that is not in its standard form."""

    entity: str
    record_id: str
    field: str
    value: str
    standard: str | None
    """What it certainly means; None where a person has to say."""


def fields_of(schema: Schema) -> dict[str, Field]:
    """Return the fields of a kind of record that have a standard form and are people's to fill."""
    return {
        name: field
        for name, field in schema.fields.items()
        if has_standard(field) and not field.read_only and not field.computed
    }


def entities() -> tuple[str, ...]:
    """Return the kinds of records that have such fields."""
    return tuple(name for name, schema in SCHEMAS.items() if fields_of(schema))


def found(hq: Headquarters, entity: str) -> Iterator[Mending]:
    """Yield what is not standard in the living records of a kind, in the order of their ids."""
    after = ""
    while True:
        with hq.database.read() as snapshot:
            rows = _rows(snapshot.connection, SCHEMAS[entity], after)
        for row in rows:
            yield from _of_row(entity, row)
        if len(rows) < ROWS_A_TRANSACTION:
            return
        after = rows[-1]["id"]


def mend(hq: Headquarters, entity: str) -> Counter[str]:
    """Put right what is certain, as edits of HQ's that go to every laptop; return how many of each field.

    A value somebody changes in the same moment stays his.
    """
    done: Counter[str] = Counter()
    waiting: dict[str, list[Mending]] = {}
    for each in found(hq, entity):
        if each.standard is not None:
            waiting.setdefault(each.record_id, []).append(each)
            if len(waiting) == ROWS_A_TRANSACTION:
                done += _write(hq, entity, waiting)
                waiting = {}
    done += _write(hq, entity, waiting)
    if done:
        with hq.database.note() as connection:
            founder = connection.execute(
                select(_setting.c.value).where(_setting.c.key == FOUNDER)
            ).scalar_one()
            audit.record(
                connection,
                "mend",
                at_ms=now_ms(),
                user_id=founder,
                entity=SCHEMAS[entity].no,
                detail=dict(done),
            )
    return done


def _write(hq: Headquarters, entity: str, waiting: Mapping[str, list[Mending]]) -> Counter[str]:
    edits = [
        Edit(
            kind=EditKind.UPDATE,
            entity=entity,
            record_id=record_id,
            values={each.field: each.standard for each in several},
            expected={each.field: each.value for each in several},
        )
        for record_id, several in waiting.items()
    ]
    results = hq.records.write(edits) if edits else []
    taken = [edit for edit, result in zip(edits, results, strict=True) if result.error is None]
    return Counter(name for edit in taken for name in edit.values)


def _rows(connection: Connection, schema: Schema, after: str) -> list[dict[str, Any]]:
    table = schema.table
    wanted = select(table).where(table.c.id > after, table.c.life % 2 == 1)
    found = connection.execute(wanted.order_by(table.c.id).limit(ROWS_A_TRANSACTION))
    return [dict(row) for row in found.mappings()]


def _of_row(entity: str, row: Mapping[str, Any]) -> Iterator[Mending]:
    fields = fields_of(SCHEMAS[entity])
    held = {name: row[name] for name in fields if row[name]}
    standard = standardised(fields, held, row)
    doubts = doubts_of(fields, held, row)
    for name in held:
        certain = standard[name] if standard[name] != held[name] else None
        if certain is not None or name in doubts:
            yield Mending(
                entity=entity, record_id=row["id"], field=name, value=str(held[name]), standard=certain
            )
