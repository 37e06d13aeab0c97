"""Records with the same tax number, code or address as another, as far as they are on this laptop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import literal, literal_column, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS, schema_of
from crm_core.rules.access import Action, Person, readable_fields
from crm_core.rules.duplicates import DISTINCT
from crm_core.rules.uniqueness import normal_form
from crm_core.schema.field import Field
from crm_desktop.models import repository
from crm_desktop.models.derived import alike_sql
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, rights

MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A record that has in one field what another has."""

    entity: str
    record_id: str
    title: str
    field: str
    label: str
    """English label of the field."""
    value: str
    """As this one has it."""


def twins(replica: Replica, entity: str, record_id: str) -> tuple[Twin, ...]:
    """Return the living records with the same as this one. `NotFound`, `AccessDenied`."""
    record = records.get(replica, entity, record_id)
    with replica.read() as session:
        return twins_in(session, replica.person, record)


def all_twins(replica: Replica, entity: str) -> tuple[tuple[Record, Twin], ...]:
    """Return every pair of living records of a kind that are alike in a field, each pair once."""
    schema_of(entity)
    rights.may_do(replica, Action.READ, entity).demand()
    with replica.read() as session:
        return tuple(_pairs(session, replica.person, entity))


def twins_in(session: Session, person: Person, record: Record) -> tuple[Twin, ...]:
    """Return the living records with the same as this one, in the reader's session.

    A record that is about another, such as a task HQ opened, has those of that other.
    """
    about = _about(session, record)
    if about is not None:
        record = about
    found: list[Twin] = []
    for field in _unique_fields(person, record.entity):
        normal = normal_form(field, record.get(field.name))
        if normal is not None and record.alive:
            found.extend(twin for twin in _having(session, field, record, normal))
    return tuple(found)


def _about(session: Session, record: Record) -> Record | None:
    entity, record_id = record.get("about_entity"), record.get("about_id")
    if entity not in SCHEMAS or not record_id:
        return None
    return repository.get(session, str(entity), str(record_id))


def _unique_fields(person: Person, entity: str) -> tuple[Field, ...]:
    return tuple(field for field in readable_fields(person, entity) if field.unique)


def _having(session: Session, field: Field, record: Record, normal: str) -> Iterator[Twin]:
    entity, table = record.entity, record.schema.table
    title = table.c[record.schema.meta.title]
    apart = table.c[DISTINCT] if DISTINCT in table.c else literal(None)
    query = (
        select(table.c.id, title.label("title"), table.c[field.name].label("value"), apart.label("apart"))
        .where(literal_column(alike_sql(field)) == normal, table.c.life % 2 == 1, table.c.id != record.id)
        .order_by(table.c.id)
        .limit(MOST)
    )
    for row in session.execute(query):
        if row.id in record.get(DISTINCT, ()) or record.id in (row.apart or ()):
            continue  # somebody looked at both
        yield Twin(
            entity=entity,
            record_id=row.id,
            title=row.title or "",
            field=field.name,
            label=field.label,
            value=row.value or "",
        )


def _pairs(session: Session, person: Person, entity: str) -> Iterator[tuple[Record, Twin]]:
    table = SCHEMAS[entity].table
    for field in _unique_fields(person, entity):
        query = select(table.c.id, table.c[field.name].label("value")).where(
            table.c[field.name].is_not(None), table.c.life % 2 == 1
        )
        groups: dict[str, list[str]] = {}
        for row in session.execute(query.order_by(table.c.id)):
            normal = normal_form(field, row.value)
            if normal is not None:
                groups.setdefault(normal, []).append(row.id)
        for ids in groups.values():
            known = repository.get_many(session, entity, ids if len(ids) > 1 else ())
            for record_id in ids[1:]:
                other, first = known[record_id], known[ids[0]]
                if other.id in first.get(DISTINCT, ()) or first.id in other.get(DISTINCT, ()):
                    continue
                value = str(other.get(field.name))
                twin = Twin(
                    entity=entity,
                    record_id=other.id,
                    title=other.title,
                    field=field.name,
                    label=field.label,
                    value=value,
                )
                yield first, twin
