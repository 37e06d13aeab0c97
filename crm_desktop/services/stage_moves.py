"""What a stage asks of a deal, judged by what this laptop holds; HQ judges again when the move arrives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import Activity
from crm_core.entities.quote import Quote
from crm_core.entities.selling_setup import DealMilestone, Milestone, StageRule
from crm_core.errors import Problem, StageBlocked, UserError
from crm_core.i18n import N_, message
from crm_core.rules import pipeline, stage_conditions
from crm_core.rules.access import Person, readable_fields
from crm_core.rules.pipeline import StageRow
from crm_core.rules.quote_state import was_sent
from crm_core.rules.stage_conditions import Condition, DealFacts, Lack
from crm_core.schema.field import Plain
from crm_desktop.models import repository
from crm_desktop.models.custom import fields_of
from crm_desktop.models.read_once import once
from crm_desktop.models.records import Record

SKIP_FIELDS = ("skip_reason", "skip_at", "skipped")
MAY_NOT_SKIP = N_("You may not skip what this stage asks for; ask your manager")
RETIRED_STAGE = N_("This stage was retired; choose another one")


def stage_of(session: Session, stage_id: str) -> StageRow:
    """Return a stage; `UserError` where there is none."""
    record = repository.get(session, "stage", stage_id)
    if record is None:
        raise UserError(N_("This stage does not exist any more"))
    return pipeline.stage_row(record.id, record.values)


def conditions_of(session: Session, stage: StageRow) -> tuple[Condition, ...]:
    """Return what a stage asks for, on entering and on going on."""
    return once(session, ("conditions", stage.id), lambda: _read_conditions(session, stage))


def demand_entry(
    session: Session, person: Person, before: Record | None, stage: StageRow, changes: Mapping[str, Plain]
) -> dict[str, Plain]:
    """Return what the record keeps of skipped conditions; nothing where all are met.

    `changes` are those of the move, `stage_since` among them. Raises `StageBlocked` naming what is lacking.
    """
    if stage.retired:
        raise UserError(RETIRED_STAGE)
    found = lacking(session, person, before, stage, changes)
    reason = str(changes.get("skip_reason") or "").strip()
    can_skip = stage_conditions.may_skip(person, stage)
    if found and not (reason and can_skip):
        problems = [lack.problem for lack in found]
        if reason:
            problems.append(Problem(field="skip_reason", message=message(MAY_NOT_SKIP)))
        raise StageBlocked(
            problems,
            may_skip=can_skip,
            values=before.values if before else changes,
            fields=fields_of(session, "deal"),
        )
    if found:
        kept: list[Plain] = [lack.kept for lack in found]
        return {"skip_reason": reason, "skip_at": changes["stage_since"], "skipped": kept}
    unchanged = before.get("skip_reason") if before else None
    return {"skip_reason": unchanged} if "skip_reason" in changes else {}


def lacking(
    session: Session, person: Person, before: Record | None, stage: StageRow, changes: Mapping[str, Plain]
) -> list[Lack]:
    """Return what a deal lacks to enter a stage, as far as the person may know."""
    left = _left(session, before)
    of_left = conditions_of(session, left) if left is not None else ()
    wanted = stage_conditions.asked(left, stage, of_left, conditions_of(session, stage))
    if not wanted:
        return []
    values = {**(before.values if before else {}), **changes}
    return stage_conditions.lacking(wanted, _facts(session, person, before, values, wanted))


def _read_conditions(session: Session, stage: StageRow) -> tuple[Condition, ...]:
    rules = session.execute(
        select(StageRule, func.coalesce(Milestone.name, ""))
        .join(Milestone, Milestone.id == StageRule.milestone_id, isouter=True)
        .where(StageRule.stage_id == stage.id, StageRule.life % 2 == 1)
        .order_by(StageRule.created_at, StageRule.id)
    ).all()
    names = SCHEMAS["stage_rule"].fields
    stored = [(row.id, {name: getattr(row, name) for name in names}, title) for row, title in rules]
    return stage_conditions.conditions_of(stage, stored)


def _left(session: Session, before: Record | None) -> StageRow | None:
    if before is None:
        return None
    record = repository.get(session, "stage", str(before.get("stage_id") or ""))
    if record is None:  # deleted, or not on this laptop: going on from it asks for nothing
        return StageRow(id="", pipeline_id="", name="", rank=0, probability=0, kind=pipeline.OPEN)
    return pipeline.stage_row(record.id, record.values)


def _facts(
    session: Session,
    person: Person,
    before: Record | None,
    values: Mapping[str, Any],
    wanted: Iterable[Condition],
) -> DealFacts:
    kinds = {each.kind for each in wanted}
    deal_id = before.id if before else ""
    readable = {field.name for field in readable_fields(person, "deal")}
    return DealFacts(
        values=values,
        fields=fields_of(session, "deal"),
        at_ms=int(values.get("stage_since") or 0),
        last_done=_last_done(session, deal_id) if stage_conditions.ACTIVITY in kinds else {},
        quote_sent=stage_conditions.QUOTE in kinds and _has_sent_quote(session, deal_id),
        milestones_done=(
            _milestones_done(session, deal_id) if stage_conditions.MILESTONE in kinds else frozenset()
        ),
        hidden=frozenset(SCHEMAS["deal"].fields) - readable,
    )


def _last_done(session: Session, deal_id: str) -> dict[str, int]:
    at = func.coalesce(Activity.happened_at, Activity.due_at, Activity.created_at)
    rows = session.execute(
        select(Activity.kind, func.max(at))
        .where(Activity.deal_id == deal_id, Activity.done.is_(True), Activity.life % 2 == 1)
        .group_by(Activity.kind)
    )
    return {kind: int(last) for kind, last in rows if kind and last is not None}


def _has_sent_quote(session: Session, deal_id: str) -> bool:
    of_deal = select(Quote.status, Quote.version).where(Quote.deal_id == deal_id, Quote.life % 2 == 1)
    return any(was_sent(dict(quote)) for quote in session.connection().execute(of_deal).mappings())


def _milestones_done(session: Session, deal_id: str) -> frozenset[str]:
    done = select(DealMilestone.milestone_id).where(
        DealMilestone.deal_id == deal_id, DealMilestone.done.is_(True), DealMilestone.life % 2 == 1
    )
    return frozenset(found for found in session.scalars(done) if found)
