"""Macros of tickets: several changes and an answer in one step, as an administrator put them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.ids import is_id
from crm_core.schema.field import Kind, Plain

CHANGES: Final = ("status", "priority", "kind", "category_id", "assignee_id", "team_id")
"""Fields of a ticket a macro may set."""


def problems_of_macro(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a macro's record as it would be saved."""
    changes = values.get("changes") or {}
    if not isinstance(changes, dict) or not all(_fits(name, value) for name, value in changes.items()):
        said = message(N_("A macro sets fields of a ticket: state, priority, kind, category, assignee, team"))
        return [Problem(field="changes", message=said)]
    if not changes and not values.get("answer_id") and not values.get("adds_tags"):
        return [Problem(field="changes", message=message(N_("This macro would do nothing")))]
    return []


def changes_of(macro: Mapping[str, Any], ticket: Mapping[str, Any]) -> dict[str, Plain]:
    """Return what a macro sets of a ticket that is otherwise there."""
    wanted = macro.get("changes") or {}
    return {name: value for name, value in wanted.items() if name in CHANGES and value != ticket.get(name)}


def tags_of(macro: Mapping[str, Any], ticket: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tags a macro adds that a ticket has not got."""
    held = set(ticket.get("tags") or ())
    return tuple(tag for tag in macro.get("adds_tags") or () if tag not in held)


def _fits(name: str, value: Plain) -> bool:
    if name not in CHANGES:
        return False
    field = SCHEMAS["ticket"].fields[name]
    if field.kind is Kind.CHOICE:
        return isinstance(value, str) and value in {choice.value for choice in field.choices}
    return value is None or (isinstance(value, str) and is_id(value))
