"""Setting up how deals go: the order of stages, and what each condition says."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from crm_core.entities.selling_setup import Milestone, StageRule
from crm_core.i18n import Message
from crm_core.rules import stage_conditions
from crm_desktop.models.custom import fields_of
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import ranking
from crm_desktop.services.outcome import Outcome


def shift_stage(replica: Replica, stage_id: str, by: int) -> Outcome[Record]:
    """Put a stage so many places later in its pipeline (earlier below 0), as far as there are places."""
    return ranking.shift(replica, "stage", stage_id, by, among="pipeline_id")


def sentences(replica: Replica, ids: Sequence[str]) -> dict[str, Message]:
    """Return what each condition asks for, in words, by its id."""
    with replica.read() as session:
        fields = fields_of(session, "deal")
        rows = session.execute(
            select(StageRule, Milestone.name)
            .join(Milestone, Milestone.id == StageRule.milestone_id, isouter=True)
            .where(StageRule.id.in_(ids))
        ).all()
        found = {}
        for rule, milestone in rows:
            values = {column.name: getattr(rule, column.name) for column in StageRule.__table__.columns}
            condition = stage_conditions.condition_of(rule.id, values, milestone or "")
            found[rule.id] = condition.own_words or stage_conditions.sentence(condition, fields)
        return found
