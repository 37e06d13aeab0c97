"""What was changed of rows that are about to be written: fields, the step behind them, HQ's word so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from crm_core.errors import UserError
from crm_core.schema.entity import Entity
from crm_core.schema.machine import Step
from crm_core.schema.reading import Schema
from crm_desktop.models.device_tables import RowMeta

_META = cast(Table, RowMeta.__table__)
_ROWS_A_QUESTION = 500  # SQLite takes 32,766 bound values a statement


def bases_of(session: Session, rows: Sequence[Entity]) -> dict[tuple[str, str], int]:
    """Return up to where HQ's word of each row is known, asked for many at once."""
    ids: dict[str, list[str]] = {}
    for row in rows:
        ids.setdefault(row.__tablename__, []).append(row.id)
    bases: dict[tuple[str, str], int] = {}
    for entity, several in ids.items():
        bases.update(((entity, row_id), 0) for row_id in several)
        for start in range(0, len(several), _ROWS_A_QUESTION):
            some = several[start : start + _ROWS_A_QUESTION]
            wanted = select(_META.c.row_id, _META.c.base).where(_META.c.entity == entity)
            for row_id, base in session.connection().execute(wanted.where(_META.c.row_id.in_(some))):
                bases[entity, row_id] = base or 0
    return bases


def step_taken(schema: Schema, row: Entity, changed: Mapping[str, tuple[Any, Any]]) -> Step | None:
    """Return the step behind a change, None for no step. `UserError` where none leads to the new state."""
    machine = schema.meta.machine
    if machine is None:
        return None
    if machine.field not in changed:
        return machine.staying(getattr(row, machine.field), changed)
    before, after = changed[machine.field]
    step = machine.between(before, after)
    if step is None and machine.state_of(before) != machine.state_of(after):
        raise UserError(machine.refusal)
    return step


def belongs_to(schema: Schema, step: Step, name: str) -> bool:
    """Tell whether a field travels with a step and not as an edit of its own."""
    machine = schema.meta.machine
    return machine is not None and (name == machine.field or name in step.keeps or name in step.takes)


def changes_of(row: Entity) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the columns of a dirty row whose value differs: name, (old, new)."""
    kept = inspect(row)
    touched = kept.committed_state.keys()
    for attribute in kept.mapper.column_attrs:
        if attribute.key not in touched:
            continue
        history = get_history(row, attribute.key)
        if not history.has_changes():
            continue
        old = history.deleted[0] if history.deleted else None
        new = history.added[0] if history.added else None
        if old != new:
            yield attribute.key, (old, new)
