"""How deals ended in which a competitor was met; counted over what the person may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from crm_core.entities.deal import Deal, Stage
from crm_core.entities.selling_setup import Competitor
from crm_core.rules import pipeline
from crm_core.rules.access import Action, decide
from crm_desktop.models.replica import Replica


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """How deals went in which a competitor was met. `win_percent` None before any ended."""

    id: str
    name: str
    open: int
    won: int
    lost: int

    @property
    def win_percent(self) -> int | None:
        """Of those that ended, how many in a hundred were won, rounded half up."""
        ended = self.won + self.lost
        return percent_of(self.won, ended) if ended else None


def rivals(replica: Replica) -> tuple[Rival, ...]:
    """Return every competitor in use or met, the one met most often first."""
    decide(replica.person, Action.READ, "deal").demand()
    kinds = (pipeline.OPEN, pipeline.WON, pipeline.LOST)
    counted = [func.count(func.iif(Stage.kind == kind, 1, None)) for kind in kinds]
    with replica.read() as session:
        rows = session.execute(
            select(Competitor.id, Competitor.name, *counted)
            .join(Deal, (Deal.competitor_id == Competitor.id) & (Deal.life % 2 == 1), isouter=True)
            .join(Stage, Stage.id == Deal.stage_id, isouter=True)
            .where(Competitor.life % 2 == 1)
            .group_by(Competitor.id, Competitor.name)
        )
        found = [
            Rival(id=row[0], name=row[1] or "", open=int(row[2]), won=int(row[3]), lost=int(row[4]))
            for row in rows
        ]
    return tuple(sorted(found, key=lambda rival: (-(rival.open + rival.won + rival.lost), rival.name)))


def percent_of(part: int, whole: int) -> int:
    """Return how many in a hundred a part is, rounded half up."""
    return (200 * part + whole) // (2 * whole)
