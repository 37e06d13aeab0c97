"""A list's filter, order and columns under a name, as a record that travels to the person's other laptops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.conditions import plain_condition, stored_condition
from crm_core.schema.field import Plain
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDefinition:
    """What a saved view shows; no columns: those the list shows anyway."""

    conditions: tuple[Condition, ...] = ()
    text: str = ""
    sort: tuple[tuple[str, bool], ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A saved view."""

    id: str
    name: str
    definition: ViewDefinition
    own: bool
    """The person's own; another's is one that is shown to him."""
    shown_to: tuple[str, ...] = ()
    """Ids of the users, teams and roles it is shown to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A role a view may be shown to."""

    role_id: str
    name: str


def views_of(replica: Replica, entity: str) -> tuple[View, ...]:
    """Return the person's saved views of an entity's list and those shown to him, in their order.

    What cannot be read is left out, and so are the views of others that a far reach brings here.
    """
    wanted = ListQuery(
        entity="saved_view",
        conditions=(Condition(field="entity", op=Op.EQUAL, value=entity),),
        sort=(("rank", False), ("name", False)),
    )
    found = []
    person = replica.person
    for row in records.page(replica, wanted).rows:
        definition = parse_definition(row.get("definition"))
        own = row.get("owner_id") in (None, person.user_id)
        shown_to = tuple(row.get("shown_to") or ())
        if definition is None or not (own or person.circles.intersection(shown_to)):
            continue
        found.append(View(id=row.id, name=row.title, definition=definition, own=own, shown_to=shown_to))
    return tuple(sorted(found, key=lambda view: not view.own))


def audiences(replica: Replica) -> tuple[Audience, ...]:
    """Return the roles a view may be shown to, in order."""
    wanted = ListQuery(entity="role", sort=(("name", False),), fields=("name",))
    return tuple(Audience(role_id=row.id, name=row.title) for row in records.page(replica, wanted).rows)


def show_to(replica: Replica, view_id: str, role_id: str, *, shown: bool) -> Outcome[Record]:
    """Show a view to everybody who holds a role, or to them no more."""
    joins, leaves = ((role_id,), ()) if shown else ((), (role_id,))
    return records.change_tags(replica, "saved_view", view_id, "shown_to", add=joins, remove=leaves)


def save_view(replica: Replica, entity: str, name: str, definition: ViewDefinition) -> Outcome[Record]:
    """Keep a view under a name."""
    if not name.strip():
        raise UserError(N_("A view needs a name"))
    return records.create(
        replica,
        "saved_view",
        {"name": name, "entity": entity, "definition": plain_definition(definition)},
    )


def change_view(replica: Replica, view_id: str, definition: ViewDefinition) -> Outcome[Record]:
    """Let a view show something else under its name."""
    return records.update(replica, "saved_view", view_id, {"definition": plain_definition(definition)})


def plain_definition(definition: ViewDefinition) -> dict[str, Plain]:
    """Return a definition as plain values, as the record keeps it."""
    return {
        "conditions": [plain_condition(condition) for condition in definition.conditions],
        "text": definition.text,
        "sort": [[name, descending] for name, descending in definition.sort],
        "columns": list(definition.columns),
    }


def parse_definition(stored: Any) -> ViewDefinition | None:
    """Return the definition a record keeps; None where a newer version wrote what this cannot read."""
    if not isinstance(stored, Mapping):
        return None
    try:
        return ViewDefinition(
            conditions=tuple(stored_condition(part) for part in stored.get("conditions") or ()),
            text=str(stored.get("text") or ""),
            sort=tuple((str(name), bool(descending)) for name, descending in stored.get("sort") or ()),
            columns=tuple(str(name) for name in stored.get("columns") or ()),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
