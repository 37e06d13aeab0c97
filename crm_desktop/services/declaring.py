"""What must hold for a custom field or target as a whole before it is saved here; HQ asks the same again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.setup import CustomField
from crm_core.errors import Problem
from crm_core.rules import targets
from crm_core.rules.custom_fields import problems_of_declaration
from crm_desktop.models.records import Record


def declaration_problems(
    session: Session, entity: str, values: Mapping[str, Any], before: Record | None = None
) -> list[Problem]:
    """Return what is wrong with a custom field or target as it would be saved; nothing for other kinds."""
    if entity == "target":
        return targets.problems(values)
    if entity != "custom_field":
        return []
    taken: set[str | None] = set()
    if before is None:
        keys = select(CustomField.key).where(CustomField.entity == values.get("entity"))
        taken = set(session.scalars(keys))
    return problems_of_declaration(
        values, before.values if before is not None else None, {key for key in taken if key}
    )
