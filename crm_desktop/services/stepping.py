"""Steps of state machines as far as a laptop can judge them; HQ has the last word when they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import CHILDREN
from crm_core.errors import UserError
from crm_core.rules.access import Person, demand_class
from crm_core.rules.standing import why_fixed, why_not_deleted
from crm_core.schema.field import Plain
from crm_core.schema.reading import Schema
from crm_desktop.models.records import Record


def demand_born(schema: Schema, values: Mapping[str, Any]) -> None:
    """Raise `UserError` for a new record in a state it cannot begin in."""
    machine = schema.meta.machine
    if (
        machine is not None
        and machine.born
        and machine.state_of(values.get(machine.field)) not in machine.born
    ):
        raise UserError(machine.refusal)


def demand_step(session: Session, person: Person, before: Record, changes: Mapping[str, Plain]) -> None:
    """Raise `UserError` for what stands in this state, and where a change of state is no step, is not this
    person's to take, or what the step needs is not there.
    """
    machine = before.schema.meta.machine
    moved = {name for name, value in changes.items() if value != before.get(name)}
    if (fixed := why_fixed(before.schema, before.values, moved)) is not None:
        raise UserError(fixed.text, **fixed.places)
    if machine is None or machine.field not in changes:
        return
    here, there = machine.state_of(before.get(machine.field)), machine.state_of(changes[machine.field])
    if here == there:
        return
    step = machine.between(here, there)
    if step is None or step.by_hq:
        raise UserError(machine.refusal)
    demand_class(person, before.entity, step)
    if machine.lacks(step, changes):
        raise UserError(step.lacking)
    if step.needs_child is not None and not _has_child(session, before, step.needs_child):
        raise UserError(step.lacking)


def demand_deletable(record: Record) -> None:
    """Raise `UserError` for a record that stands in its state."""
    if (fixed := why_not_deleted(record.schema, record.values)) is not None:
        raise UserError(fixed.text, **fixed.places)


def _has_child(session: Session, record: Record, entity: str) -> bool:
    for child, link in CHILDREN[record.entity]:
        table = child.table
        query = select(table.c.id).where(table.c[link.name] == record.id, table.c.life % 2 == 1).limit(1)
        if link.target == "*" and link.target_field:
            query = query.where(table.c[link.target_field] == record.entity)
        if child.name == entity and session.scalar(query) is not None:
            return True
    return False
