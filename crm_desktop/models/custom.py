"""Fields an administrator added, as the same `Field` every reader knows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.entities.setup import CustomField
from crm_core.rules.custom_fields import declared
from crm_core.rules.customer_value import worth_fields
from crm_core.schema.field import Field
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_desktop.models.derived import derived_fields
from crm_desktop.models.read_once import once

_table = CustomField.__table__


def is_custom(name: str) -> bool:
    """Tell whether a field's name is that of a custom one."""
    return name.startswith(CUSTOM_PREFIX)


def all_custom_fields(session: Session, entity: str) -> dict[str, Field]:
    """Return the custom fields of an entity by name, `x:key`, in their order; retired ones too."""
    return dict(once(session, ("custom fields", entity), lambda: _read(session, entity)))


def custom_fields(session: Session, entity: str) -> tuple[Field, ...]:
    """Return the custom fields of an entity that are in use, in their order; each is named `x:key`."""
    return tuple(field for field in all_custom_fields(session, entity).values() if not field.retired)


def fields_of(session: Session, entity: str) -> dict[str, Field]:
    """Return every field of an entity by name: declared ones, derived ones, then custom ones."""
    fields = dict(schema_of(entity).fields)
    fields.update((field.name, field) for field in derived_fields(entity))
    fields.update((field.name, field) for field in custom_fields(session, entity))
    return fields


def asked_fields(session: Session, entity: str) -> dict[str, Field]:
    """Return every field a rule or report may ask of: those, and what follows from purchases."""
    return {**fields_of(session, entity), **worth_fields(entity)}


def _read(session: Session, entity: str) -> dict[str, Field]:
    rows = session.connection().execute(
        select(_table)
        .where(_table.c.entity == entity, _table.c.life % 2 == 1)
        .order_by(_table.c.rank, _table.c.id)
    )
    found: dict[str, Field] = {}
    for row in rows.mappings():
        field = declared(row)
        if field is not None:
            found.setdefault(field.name, field)
    return found
