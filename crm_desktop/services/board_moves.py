"""A card moved on the board: where it came to stand, and how it is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules import pipeline
from crm_core.rules.access import Action
from crm_core.rules.pipeline import StageRow
from crm_core.schema.field import Plain
from crm_desktop.models import repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import deals, records, rights
from crm_desktop.services.calendar import local
from crm_desktop.services.deals import BoardFilter
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.stage_moves import SKIP_FIELDS, stage_of

_FOLLOWS = (
    "pipeline_id",
    "stage_id",
    "probability",
    "loss_reason",
    "stage_since",
    "close_date",
    "currency",
    *SKIP_FIELDS,
)
"""What a move changes beside the fields the stage asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A move that was made. `place` counts from 1; 0 where the deal left the board or its filter."""

    deal_id: str
    name: str
    stage: StageRow
    place: int
    count: int
    before: Mapping[str, Plain]
    after: Mapping[str, Plain]


def move(
    replica: Replica,
    deal_id: str,
    stage_id: str,
    shown: BoardFilter | None = None,
    also: Mapping[str, Plain] | None = None,
) -> Outcome[Moved]:
    """Move a deal to any stage of the board, won and lost included; `also` brings what the stage asks for.

    A deal won without a closing date closes today. Raises `Invalid` naming the missing fields, with
    nothing changed.
    """
    changes: dict[str, Plain] = {"stage_id": stage_id, **(also or {})}
    with replica.write() as session:
        present = repository.get(session, "deal", deal_id)
        if present is None:
            raise NotFound(N_("There is no such record on this laptop"))
        stage = stage_of(session, stage_id)
        if stage.kind == pipeline.WON and present.get("close_date") is None:
            changes.setdefault("close_date", local(replica.clock.now_ms()).date().isoformat())
        moved = records.update_in(session, replica, "deal", deal_id, changes)
        place, count = deals.place_in_column(
            session, replica.person, deal_id, stage_id, shown or BoardFilter()
        )
        names = {*_FOLLOWS, *changes}
        value = Moved(
            deal_id=deal_id,
            name=moved.title,
            stage=stage,
            place=place if stage.kind == pipeline.OPEN else 0,
            count=count,
            before={name: present.get(name) for name in names},
            after={name: moved.get(name) for name in names},
        )
    return Outcome(value, frozenset(session.changed))


def take_back(replica: Replica, moved: Moved) -> Outcome[Record]:
    """Put a deal back as it was before a move, its time in the stage included.

    Raises `StaleRecord` where somebody has changed those fields since.
    """
    with replica.write() as session:
        present = repository.get(session, "deal", moved.deal_id)
        if present is None:
            raise NotFound(N_("There is no such record on this laptop"))
        rights.may(session, replica.person, Action.EDIT, "deal", present.values).demand()
        record = repository.update(session, "deal", moved.deal_id, moved.before, moved.after)
    return Outcome(record, frozenset(session.changed))
