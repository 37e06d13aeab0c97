"""How deals ended: against whom, and why; counted over what the person may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from crm_core.entities.deal import Deal, Stage
from crm_core.entities.selling_setup import Competitor
from crm_core.rules import pipeline
from crm_core.rules.access import Action, decide
from crm_desktop.models.query import not_masked
from crm_desktop.models.replica import Replica
from crm_desktop.services.company import company


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
        return _percent(self.won, ended) if ended else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Deals lost for one reason. The amount counts the company's currency; None where it may not be read."""

    reason: str
    count: int
    amount_minor: int | None
    percent: int


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


def losses(replica: Replica, competitor_id: str | None = None) -> tuple[Loss, ...]:
    """Return why deals were lost, the commonest reason first; against one competitor or altogether."""
    decide(replica.person, Action.READ, "deal").demand()
    shows_money = not_masked(replica.person, "deal", "amount")
    with replica.read() as session:
        currency = company(session).currency
        statement = (
            select(
                func.coalesce(Deal.loss_reason, ""),
                func.count(),
                func.sum(func.iif(Deal.currency == currency, Deal.amount, 0)),
            )
            .join(Stage, Stage.id == Deal.stage_id)
            .where(Stage.kind == pipeline.LOST, Deal.life % 2 == 1)
            .group_by(func.coalesce(Deal.loss_reason, ""))
            .order_by(func.count().desc(), func.coalesce(Deal.loss_reason, ""))
        )
        if competitor_id is not None:
            statement = statement.where(Deal.competitor_id == competitor_id)
        rows = session.execute(statement).all()
    whole = sum(int(row[1]) for row in rows)
    return tuple(
        Loss(
            reason=str(reason),
            count=int(count),
            amount_minor=int(amount or 0) if shows_money else None,
            percent=_percent(int(count), whole),
        )
        for reason, count, amount in rows
    )


def _percent(part: int, whole: int) -> int:
    """Return how many in a hundred a part is, rounded half up."""
    return (200 * part + whole) // (2 * whole)
