"""Fields an administrator added, as the same `Field` every reader knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.entities.setup import CustomField
from crm_core.schema.field import Choice, Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_desktop.models.derived import derived_fields


def custom_fields(session: Session, entity: str) -> tuple[Field, ...]:
    """Return the custom fields of an entity that are in use, in their order; each is named `x:key`."""
    rows = session.scalars(
        select(CustomField)
        .where(CustomField.entity == entity, CustomField.life % 2 == 1, CustomField.retired.is_not(True))
        .order_by(CustomField.rank, CustomField.id)
    )
    return tuple(_field_of(row) for row in rows if row.key)


def fields_of(session: Session, entity: str) -> dict[str, Field]:
    """Return every field of an entity by name: declared ones, derived ones, then custom ones."""
    fields = dict(schema_of(entity).fields)
    fields.update((field.name, field) for field in derived_fields(entity))
    fields.update((field.name, field) for field in custom_fields(session, entity))
    return fields


def _field_of(row: CustomField) -> Field:
    try:
        kind = Kind(row.kind or "")
    except ValueError:
        kind = Kind.TEXT  # a kind of a newer version: its values are shown as they are
    return Field(
        no=0,
        name=f"{CUSTOM_PREFIX}{row.key}",
        label=row.label or str(row.key),
        kind=kind,
        choices=tuple(_choice_of(choice) for choice in row.choices or ()),
        target=row.target,
        required=bool(row.required),
    )


def _choice_of(stored: Any) -> Choice:
    if isinstance(stored, Mapping):
        value = str(stored.get("value") or "")
        return Choice(value=value, label=str(stored.get("label") or value))
    return Choice(value=str(stored), label=str(stored))
