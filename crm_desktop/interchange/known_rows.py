"""Rows of a file that are probably here already: left out, or joined with the record, where asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sqlalchemy.orm import Session

from crm_core.exchange.plan import ImportPlan, PlannedRow, Step
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Person
from crm_core.rules.duplicates import COMPARED, LIKELY_FROM, Traits, compare, keys_of, traits_of
from crm_core.rules.merging import is_empty
from crm_desktop.models import repository
from crm_desktop.services.duplicates import matches_in

_ROWS_A_REPORT = 100


class Doubles(StrEnum):
    """What becomes of a new row whose record is probably here."""

    CREATE = "create"
    SKIP = "skip"
    MERGE = "merge"
    """What is empty in the record that is here is filled; what it holds stays."""


@dataclass(slots=True)
class _File:
    """What the rows before one make, by the keys they are looked up by."""

    by_key: dict[str, list[tuple[Traits, PlannedRow]]] = field(default_factory=dict)

    def like(self, traits: Traits) -> PlannedRow | None:
        """Return the earlier row that is most probably the same."""
        found = {
            id(row): (compare(traits, other).score, row)
            for key in keys_of(traits)
            for other, row in self.by_key.get(key, ())
        }
        score, row = max(found.values(), key=lambda each: each[0], default=(0, None))
        return row if score >= LIKELY_FROM else None

    def add(self, traits: Traits, row: PlannedRow) -> None:
        """Remember a row."""
        for key in keys_of(traits):
            self.by_key.setdefault(key, []).append((traits, row))


def judge_doubles(
    session: Session,
    person: Person,
    plan: ImportPlan,
    doubles: Doubles,
    advance: Callable[[int, int], None],
) -> ImportPlan:
    """Return the plan with new rows that are probably here treated as asked; the index is taken as it is.

    With `SKIP` a row that is probably the same as an earlier one of the file is left out too. `advance` may
    raise to stop.
    """
    if doubles is Doubles.CREATE or plan.entity not in COMPARED:
        return plan
    file, moved, judged = _File(), {}, []
    for done, row in enumerate(plan.rows):
        if done % _ROWS_A_REPORT == 0:
            advance(done, len(plan.rows))
        after = _judged(session, person, plan.entity, row, doubles, file) if row.step is Step.CREATE else row
        if after.record_id != row.record_id:
            moved[row.record_id] = after.record_id
        judged.append(after)
    rows = (_linked(row, moved) if moved and row.values else row for row in judged)
    return replace(plan, rows=tuple(rows))


def _judged(
    session: Session, person: Person, entity: str, row: PlannedRow, doubles: Doubles, file: _File
) -> PlannedRow:
    found = matches_in(session, person, entity, row.values, least=LIKELY_FROM)
    if found:
        best = found[0]
        reasons = (_probably(best.title, best.reasons),)
        if doubles is Doubles.SKIP:
            return replace(row, step=Step.SKIP, record_id=best.record_id, values={}, reasons=reasons)
        present = repository.get(session, entity, best.record_id)
        held = {} if present is None else present.values
        missing = {
            name: value
            for name, value in row.values.items()
            if not is_empty((value,)) and is_empty((held.get(name),))
        }
        step = Step.UPDATE if missing else Step.SKIP
        return replace(row, step=step, record_id=best.record_id, values=missing, reasons=reasons)
    traits = traits_of(entity, row.values)
    earlier = file.like(traits) if doubles is Doubles.SKIP else None
    if earlier is not None:
        said = message(N_("It is probably the same as line {line}"), line=earlier.source.line)
        return replace(row, step=Step.SKIP, record_id=earlier.record_id, values={}, reasons=(said,))
    file.add(traits, row)
    return row


def _probably(title: str, reasons: tuple[Message, ...]) -> Message:
    return message(N_("It is probably here already: “{title}” ({reason})"), title=title, reason=reasons[0])


def _linked(row: PlannedRow, moved: dict[str, str]) -> PlannedRow:
    """Let a row refer to the record that is here instead of the one the file would have made."""
    values = {
        name: moved.get(value, value) if isinstance(value, str) else value
        for name, value in row.values.items()
    }
    return replace(row, values=values)
