"""What must hold for records that set something up before they are saved here. HQ asks the same once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.setup import CustomField
from crm_core.errors import Problem
from crm_core.rules import request_forms
from crm_core.rules.custom_fields import problems_of_declaration
from crm_core.rules.set_up import Around, problems_of_set_up
from crm_desktop.models.custom import asked_fields
from crm_desktop.models.records import Record


def declaration_problems(
    session: Session, entity: str, values: Mapping[str, Any], before: Record | None = None
) -> list[Problem]:
    """Return what is wrong with a record as it would be saved; nothing for one that sets nothing up."""
    if entity == "custom_field":
        return _of_custom_field(session, values, before)
    if entity == request_forms.REQUEST:
        return request_forms.problems_of_request(values, before.values if before is not None else None)
    around = Around(
        fields_of=lambda name: asked_fields(session, name),
        value_of=lambda kind, record_id, name: _value(session, kind, record_id, name),
        rows_of=lambda name: _rows(session, name),
    )
    return problems_of_set_up(entity, before.id if before is not None else None, values, around)


def _value(session: Session, entity: str, record_id: str, name: str) -> Any:
    table = SCHEMAS[entity].table
    return session.execute(select(table.c[name]).where(table.c.id == record_id)).scalar()


def _rows(session: Session, entity: str) -> list[dict[str, Any]]:
    table = SCHEMAS[entity].table
    query = select(table).where(table.c.life % 2 == 1).order_by(table.c.id)
    return [dict(row) for row in session.execute(query).mappings()]


def _of_custom_field(session: Session, values: Mapping[str, Any], before: Record | None) -> list[Problem]:
    taken: set[str | None] = set()
    if before is None:
        keys = select(CustomField.key).where(CustomField.entity == values.get("entity"))
        taken = set(session.scalars(keys))
    return problems_of_declaration(
        values, before.values if before is not None else None, {key for key in taken if key}
    )
