"""Setting up how deals go: the order of stages, and what each condition says."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from crm_core.entities.deal import Stage
from crm_core.entities.selling_setup import Milestone, StageRule
from crm_core.errors import NotFound
from crm_core.i18n import N_, Message
from crm_core.rules import stage_conditions
from crm_desktop.models import repository
from crm_desktop.models.custom import fields_of
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome


def shift_stage(replica: Replica, stage_id: str, by: int) -> Outcome[Record]:
    """Put a stage so many places later in its pipeline (earlier below 0), as far as there are places."""
    with replica.write() as session:
        record = repository.get(session, "stage", stage_id)
        if record is None:
            raise NotFound(N_("There is no such record on this laptop"))
        rows = session.execute(
            select(Stage.id, Stage.rank)
            .where(Stage.pipeline_id == record.get("pipeline_id"), Stage.life % 2 == 1)
            .order_by(Stage.rank, Stage.id)
        ).all()
        order = [row.id for row in rows]
        held = {row.id: row.rank for row in rows}
        place = order.index(stage_id)
        order.insert(max(0, min(place + by, len(order) - 1)), order.pop(place))
        for rank, each in enumerate(order, start=1):
            if held[each] != rank:
                records.update_in(session, replica, "stage", each, {"rank": rank})
        moved = repository.get(session, "stage", stage_id)
        assert moved is not None
    return Outcome(moved, frozenset(session.changed))


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
