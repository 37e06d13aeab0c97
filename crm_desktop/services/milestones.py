"""Milestones of deals: the checklist of one, ticking off, planning, and how far many deals are."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.deal import Deal, Stage
from crm_core.entities.selling_setup import DealMilestone, Milestone
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules import milestones as rules
from crm_core.rules import pipeline
from crm_core.rules.access import Action, decide
from crm_core.rules.milestones import Kept, Line, Template
from crm_core.rules.pipeline import StageRow
from crm_core.schema.field import Plain
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.repository import IDS_A_STATEMENT
from crm_desktop.services import records
from crm_desktop.services.calendar import local
from crm_desktop.services.outcome import Outcome

PLANNED = ("due_on", "owner_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMilestone:
    """A milestone of a deal as it is shown. `key` names it to `tick` and `plan`."""

    key: str
    name: str
    name_zh: str
    due_on: str | None
    owner_id: str | None
    owner_name: str
    done: bool
    done_at: int | None
    done_by_name: str
    late: bool


def checklist(replica: Replica, deal_id: str) -> tuple[ListedMilestone, ...]:
    """Return the milestones of a deal in their order; none where the person may not read them."""
    deal = records.get(replica, "deal", deal_id)
    with replica.read() as session:
        if not decide(replica.person, Action.READ, "deal_milestone"):
            return ()
        lines = Setup(session).lines(deal.values, _kept(session, [deal_id]).get(deal_id, []))
        people = {each for line in lines if line.kept for each in (line.kept.owner_id, line.kept.done_by)}
        owner_id = deal.get("owner_id")
        names = query.labels(session, "user", {each for each in (*people, owner_id) if each})
        today = replica.clock.today().isoformat()
        return tuple(_shown(line, deal, names, today) for line in lines)


def progress_of(session: Session, deals: Sequence[Deal], setup: Setup) -> dict[str, tuple[int, int]]:
    """Return for each deal that has milestones how many are done, and of how many."""
    if not setup.templates and not setup.has_kept:
        return {}
    kept = _kept(session, [deal.id for deal in deals])
    found = {}
    for deal in deals:
        values = {"stage_id": deal.stage_id, "product_id": deal.product_id}
        done, of = rules.progress(setup.lines(values, kept.get(deal.id, [])))
        if of:
            found[deal.id] = (done, of)
    return found


def tick(replica: Replica, deal_id: str, key: str, *, done: bool) -> Outcome[Record]:
    """Tick a milestone off, or take that back."""
    return _write(replica, deal_id, key, {"done": done})


def plan(replica: Replica, deal_id: str, key: str, changes: Mapping[str, Plain]) -> Outcome[Record]:
    """Say when a milestone is due (`due_on`) and whose it is (`owner_id`); None clears, absent stays."""
    return _write(replica, deal_id, key, {name: changes[name] for name in PLANNED if name in changes})


def _write(replica: Replica, deal_id: str, key: str, changes: Mapping[str, Plain]) -> Outcome[Record]:
    """Change what is known of a milestone; the record of one nobody spoke of before is made with it."""
    with replica.write() as session:
        deal = repository.get(session, "deal", deal_id)
        if deal is None:
            raise NotFound(N_("There is no such record on this laptop"))
        lines = Setup(session).lines(deal.values, _kept(session, [deal_id]).get(deal_id, []))
        line = next((line for line in lines if key in _keys(line)), None)
        if line is None:
            raise NotFound(N_("The deal has no such milestone"))
        if line.kept is not None:
            record = records.update_in(session, replica, "deal_milestone", line.kept.id, changes)
        else:
            assert line.template is not None
            made: dict[str, Plain] = {
                "name": line.template.name,
                "deal_id": deal_id,
                "milestone_id": line.template.id,
                "due_on": _due(line.template, deal),
                **changes,
            }
            record = records.create_in(session, replica, "deal_milestone", made)
    return Outcome(record, frozenset(session.changed))


class Setup:
    """Templates in use and stages, read once."""

    def __init__(self, session: Session) -> None:
        self.templates = [
            rules.template_of(row.id, {name: getattr(row, name) for name in SCHEMAS["milestone"].fields})
            for row in session.scalars(
                select(Milestone).where(Milestone.life % 2 == 1, Milestone.active.isnot(False))
            )
        ]
        self._stages: dict[str, StageRow] = {
            row.id: pipeline.stage_row(row.id, {name: getattr(row, name) for name in pipeline.STAGE_FIELDS})
            for row in session.scalars(select(Stage).where(Stage.life % 2 == 1))
        }

        self.has_kept = session.scalar(select(DealMilestone.id).limit(1)) is not None
        """Whether anything is known of any milestone of a deal."""

    def lines(self, deal: Mapping[str, Plain], kept: Sequence[Kept]) -> tuple[Line, ...]:
        """Return the milestones of a deal with these values."""
        product = deal.get("product_id")
        return rules.lines_of(
            self.templates,
            kept,
            self._stages.get(str(deal.get("stage_id") or "")),
            self._stages,
            str(product) if product else None,
        )


def _kept(session: Session, deal_ids: Sequence[str]) -> dict[str, list[Kept]]:
    found: dict[str, list[Kept]] = {}
    for start in range(0, len(deal_ids), IDS_A_STATEMENT):
        rows = session.scalars(
            select(DealMilestone).where(
                DealMilestone.deal_id.in_(deal_ids[start : start + IDS_A_STATEMENT]),
                DealMilestone.life % 2 == 1,
            )
        )
        for row in rows:
            found.setdefault(row.deal_id or "", []).append(
                Kept(
                    id=row.id,
                    name=row.name or "",
                    milestone_id=row.milestone_id,
                    owner_id=row.owner_id,
                    due_on=row.due_on,
                    done=bool(row.done),
                    done_at=row.done_at,
                    done_by=row.done_by,
                )
            )
    return found


def _keys(line: Line) -> tuple[str, ...]:
    template = (line.template.id, line.template.name, line.template.name_zh) if line.template else ()
    return (*template, line.kept.id) if line.kept else template


def _due(template: Template, deal: Record) -> str | None:
    since = deal.get("stage_since") or deal.get("created_at")
    if template.due_days is None or since is None:
        return None
    return (local(since).date() + datetime.timedelta(days=template.due_days)).isoformat()


def _shown(line: Line, deal: Record, names: Mapping[str, str], today: str) -> ListedMilestone:
    template, kept = line.template, line.kept
    due_on = kept.due_on if kept else _due(template, deal) if template else None
    owner_id = kept.owner_id if kept else deal.get("owner_id")
    name = template.name if template else kept.name if kept else ""
    return ListedMilestone(
        key=_keys(line)[0],
        name=name,
        name_zh=template.name_zh if template else name,
        due_on=due_on,
        owner_id=owner_id,
        owner_name=names.get(owner_id or "", ""),
        done=line.done,
        done_at=kept.done_at if kept else None,
        done_by_name=names.get(kept.done_by or "", "") if kept else "",
        late=not line.done and due_on is not None and due_on < today,
    )
