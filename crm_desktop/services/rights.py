"""What the person here may do: the one function of `rules.access`, asked about rows of this replica."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.rules import sharing
from crm_core.rules.access import Action, Decision, Person, decide, readable_fields
from crm_core.rules.scopes import passed_on, scopes_of
from crm_core.schema.field import Field, FieldClass
from crm_desktop.models import repository
from crm_desktop.models.replica import Replica

# Deeper than any chain of parents that is declared; a loop in damaged links ends here.
_DEEPEST = 6


def record_scopes(session: Session, entity: str, values: Mapping[str, Any], depth: int = 0) -> frozenset[str]:
    """Return the scopes a row with these values lies in, as far as its parents are on this laptop."""
    schema = SCHEMAS[entity]
    inherited: list[Iterable[str]] = []
    for link in schema.parent_fields:
        target = values.get(link.target_field or "") if link.target == "*" else link.target
        parent_id = values.get(link.name)
        if target in SCHEMAS and parent_id and depth < _DEEPEST:
            parent = repository.get(session, str(target), str(parent_id))
            if parent is not None:
                scopes = record_scopes(session, str(target), parent.values, depth + 1)
                inherited.append(passed_on(SCHEMAS[str(target)], scopes))
    return scopes_of(schema, sharing.in_force(values, datetime.date.today()), parents=inherited)  # noqa: DTZ011


def may(
    session: Session,
    person: Person,
    action: Action,
    entity: str,
    values: Mapping[str, Any] | None = None,
    fields: Iterable[Field] = (),
) -> Decision:
    """Answer whether `person` may do `action`; `values` is the row, None asks in general."""
    scopes = None if values is None else record_scopes(session, entity, values)
    return decide(person, action, entity, scopes, fields)


def may_do(replica: Replica, action: Action, entity: str, record_id: str | None = None) -> Decision:
    """Answer whether the person signed in may do `action` on a record, or on any of its kind."""
    if record_id is None:
        return decide(replica.person, action, entity)
    with replica.read() as session:
        record = repository.get(session, entity, record_id)
        return may(session, replica.person, action, entity, record.values if record else {})


def shown_fields(replica: Replica, entity: str) -> tuple[Field, ...]:
    """Return the fields a form or list of `entity` shows this person, in declared order."""
    return tuple(f for f in readable_fields(replica.person, entity) if f.field_class is not FieldClass.SYSTEM)


def demand_assignable(
    session: Session, person: Person, entity: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """Raise `AccessDenied` where a change hands the row to somebody the person may not assign to.

    And where one says who else has a row that is merely shared with the person.
    """
    schema = SCHEMAS[entity]
    held = before or {}
    changed = [field for field in schema.scope_fields if after.get(field.name) != held.get(field.name)]
    moved = [field for field in changed if not field.members]
    ends = any(after.get(name) != held.get(name) for name in sharing.ENDS.values())
    if before is not None and (ends or (changed and not only_leaves(person, changed, held, after))):
        may(session, person, Action.SHARE, entity, before).demand()
    # A new record that names nobody gets its maker; taking a name away from one gives it away.
    foreign = any(
        not person.is_own(f"{field.scope}:{after[field.name]}")
        if after.get(field.name)
        else before is not None
        for field in moved
    )
    if not foreign:
        return
    decide(person, Action.ASSIGN, entity).demand()
    if before is not None:
        may(session, person, Action.ASSIGN, entity, before).demand()
    if person.acts_in_own().isdisjoint(record_scopes(session, entity, after)):
        may(session, person, Action.ASSIGN, entity, after).demand()


def only_leaves(
    person: Person, changed: Collection[Field], before: Mapping[str, Any], after: Mapping[str, Any]
) -> bool:
    """Tell whether the person takes himself, and nobody else, out of those a row is shared with."""
    return bool(changed) and all(
        field.members
        and set(before.get(field.name) or ()) ^ set(after.get(field.name) or ()) == {person.user_id}
        and person.user_id in (before.get(field.name) or ())
        for field in changed
    )
