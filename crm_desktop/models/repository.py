"""Records in and out of a session, one at a time or many: values in, frozen `Record` out.

Rights, validation and defaults are the services' affair; recording is the session's. Writers need the
session of `Replica.write`, readers take any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import BrokenPromise, NotFound, StaleRecord, UserError
from crm_core.i18n import N_
from crm_core.ids import new_id
from crm_core.schema.entity import Entity
from crm_core.schema.field import Kind, Plain
from crm_core.sync.merge import lives, next_life
from crm_desktop.models.indexing import many_rows
from crm_desktop.models.records import Record, record_of, split_custom
from crm_desktop.models.session import WriteSession

# SQLite takes 32,766 bound values a statement; ids are looked up in portions well below.
IDS_A_STATEMENT = 500


def get(session: Session, entity: str, record_id: str) -> Record | None:
    """Return the record, deleted ones too (`alive` tells); None where this laptop has none of that id."""
    row = session.get(schema_of(entity).model, record_id)
    return None if row is None else record_of(row)


def get_many(session: Session, entity: str, ids: Iterable[str]) -> dict[str, Record]:
    """Return the records this laptop has of those ids, by id."""
    return {row.id: record_of(row) for row in hold(session, entity, ids)}


def hold(session: Session, entity: str, ids: Iterable[str]) -> list[Entity]:
    """Return rows to be held by whoever gets or changes these records next: they are not read again."""
    model = schema_of(entity).model
    wanted = list(dict.fromkeys(ids))
    found: list[Entity] = []
    for start in range(0, len(wanted), IDS_A_STATEMENT):
        found += session.scalars(select(model).where(model.id.in_(wanted[start : start + IDS_A_STATEMENT])))
    return found


def create(
    session: WriteSession, entity: str, values: Mapping[str, Plain], record_id: str | None = None
) -> Record:
    """Make a record and return it. `values` by field name, custom fields as `x:key`; empty ones may miss.

    `UserError` where there is one of that id.
    """
    schema = schema_of(entity)
    _demand_unused(session, entity, [record_id] if record_id else [])
    declared, custom = split_custom(schema, values)
    row = schema.model(id=record_id or new_id(), life=1)
    for name, value in declared.items():
        setattr(row, name, value)
    row.custom = _without_empty(custom)
    session.add(row)
    session.flush()
    return record_of(row)


def create_many(session: WriteSession, entity: str, rows: Sequence[Mapping[str, Plain]]) -> list[str]:
    """Make many records, with all that `create` guarantees, and return their ids in the same order.

    Some thirty times as fast: an import of thousands. A row may bring its own `id`.
    """
    schema = schema_of(entity)
    if session.recorder is None:
        raise BrokenPromise(N_("Records are made in a session that records"))
    session.flush()
    _demand_unused(session, entity, [str(row["id"]) for row in rows if row.get("id")])
    # One statement for all: each row names the same columns, those any of them fills.
    filled = {name for row in rows for name in row if name in schema.fields}
    empty = dict.fromkeys(filled | {field.name for field in schema.set_fields})
    complete = []
    for given in rows:
        values = dict(given)
        record_id = values.pop("id", None) or new_id()
        declared, custom = split_custom(schema, values)
        row: dict[str, Any] = {**empty, **declared, "id": record_id, "custom": _without_empty(custom)}
        for field in schema.set_fields:
            row[field.name] = sorted(set(row[field.name] or ())) or None
        complete.append(row)
    if complete:
        session.recorder.record_rows(session, schema, complete)
        with many_rows(session, schema, len(complete)):
            session.connection().execute(insert(schema.table), complete)
    ids = [row["id"] for row in complete]
    session.touch(entity, ids)
    return ids


def update(
    session: WriteSession,
    entity: str,
    record_id: str,
    changes: Mapping[str, Plain],
    expected: Mapping[str, Plain] | None = None,
) -> Record:
    """Change fields of a living record and return it; what equals the present value changes nothing.

    `expected`: the values the writer saw. Raises `StaleRecord` where one of them, or the record's being
    alive, is no longer so, and `NotFound`.
    """
    row = _living(session, entity, record_id)
    schema = SCHEMAS[entity]
    present = record_of(row)
    for name, value in (expected or {}).items():
        if (present.get(name) or None) != (value or None):
            raise StaleRecord(
                N_("“{title}” was changed meanwhile. Look at it again before you save"), title=present.title
            )
    declared, custom = split_custom(schema, changes)
    for name, value in declared.items():
        if schema.fields[name].kind is Kind.TAGS:
            value = sorted(set(value or ())) or None
        if getattr(row, name) != value:
            setattr(row, name, value)
    if custom:
        row.custom = _without_empty({**(row.custom or {}), **custom})
    if not session.gathers:
        session.flush()
    return record_of(row)


def delete(session: WriteSession, entity: str, record_id: str) -> Record:
    """Delete a living record, which keeps its values, and return it. Its children are HQ's affair."""
    return _turn(session, _living(session, entity, record_id), restore=False)


def restore(session: WriteSession, entity: str, record_id: str) -> Record:
    """Bring a deleted record back and return it."""
    row = session.get(schema_of(entity).model, record_id)
    if row is None:
        raise NotFound(N_("There is no such record on this laptop"))
    if lives(row.life):
        raise StaleRecord(N_("This record is not deleted"))
    return _turn(session, row, restore=True)


def add_tags(
    session: WriteSession, entity: str, record_id: str, words: Iterable[str], field: str = "tags"
) -> Record:
    """Put words into a set of a living record; those it holds already stay."""
    row = _living(session, entity, record_id)
    return update(session, entity, record_id, {field: sorted({*(getattr(row, field) or ()), *words})})


def remove_tags(
    session: WriteSession, entity: str, record_id: str, words: Iterable[str], field: str = "tags"
) -> Record:
    """Take words out of a set of a living record; those it does not hold are no error."""
    row = _living(session, entity, record_id)
    return update(session, entity, record_id, {field: sorted({*(getattr(row, field) or ())} - {*words})})


def _demand_unused(session: WriteSession, entity: str, ids: Sequence[str]) -> None:
    if ids and (len(set(ids)) < len(ids) or get_many(session, entity, ids)):
        raise UserError(N_("There is a record of this id already"))


def _living(session: WriteSession, entity: str, record_id: str) -> Entity:
    row = session.get(schema_of(entity).model, record_id)
    if row is None:
        raise NotFound(N_("There is no such record on this laptop"))
    if not lives(row.life):
        raise StaleRecord(N_("This record was deleted"))
    return row


def _turn(session: WriteSession, row: Entity, *, restore: bool) -> Record:
    life = next_life(row.life, row.life, restore=restore)
    if life is None:
        raise BrokenPromise(N_("A life counter goes up by one"))
    row.life = life
    session.flush()
    return record_of(row)


def _without_empty(custom: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return custom values without those that say nothing, sets in order: one state has one form."""
    kept = {key: sorted(set(value)) if isinstance(value, list) else value for key, value in custom.items()}
    return {key: value for key, value in kept.items() if value is not None and value != []} or None
