"""Which rows a step of a plan goes through, and how far a fill has come."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Select, distinct, exists, func, not_, select

from crm_core.rules.scopes import EVERYONE
from crm_core.sync.plan import Phase, Step, Steps, Token, current_step
from crm_core.sync.protocol import MsgKind, Progress
from sync_server.services.recent import Recent
from sync_server.services.records import META, ROW_SCOPE

_REMEMBERED: Final = 4096  # counts, of some dozens of fills
LATER = 3  # `Progress.part` of an entity whose turn comes later


def ids_of(connection: Connection, step: Step, seq: int, after: str, most: int) -> list[str]:
    """Return the ids after `after` of the rows a step goes through, in their order, at most so many."""
    query = _rows_of(step, seq, META.c.row_id, ROW_SCOPE.c.row_id)
    column = query.selected_columns[0]
    return list(connection.execute(query.where(column > after).order_by(column).limit(most)).scalars())


class Counts(Recent[tuple[Step, int, str | None], int]):
    """How many rows the steps of fills have, counted once for a fill and remembered.

    Another process counts for itself. What was counted may be a little old: it is only shown.
    """

    def __init__(self) -> None:
        super().__init__(_REMEMBERED)

    def total(self, connection: Connection, step: Step, seq: int) -> int:
        """Return how many rows a step goes through."""
        known = self.get((step, seq, None))
        return self.keep((step, seq, None), _count(connection, step, seq) if known is None else known)

    def done(self, connection: Connection, step: Step, seq: int, after: str, before: str) -> int:
        """Return how many of them come no later than `after`; `before` is where the page before ended."""
        known = self.get((step, seq, before)) if before else None
        since = "" if known is None else before
        return self.keep((step, seq, after), (known or 0) + _count(connection, step, seq, since, after))


def progress(connection: Connection, token: Token, steps: Steps, before: Token, counts: Counts) -> Progress:
    """Return how far the fill of the entity is that the token stands in, all its parts together.

    `before` is where the laptop stood before this page.
    """
    step = current_step(token, steps)
    of_entity = _fills(steps, step.entity)
    totals = [counts.total(connection, each, token.seq) for each in of_entity]
    place = of_entity.index(step)
    after, came_from = (token.plan.after if token.plan else ""), before.plan
    is_same = came_from is not None and (came_from.phase, came_from.entity) == (step.phase, step.entity)
    held = came_from.after if came_from is not None and is_same else ""
    done = counts.done(connection, step, token.seq, after, held) if after else 0
    part = 2 if step.phase is Phase.FILL_REST else int(any(each.phase is Phase.FILL_REST for each in steps))
    return Progress(MsgKind.PROGRESS, 1, step.entity, sum(totals[:place]) + done, sum(totals), part)


def announced(connection: Connection, token: Token, steps: Steps, counts: Counts) -> list[Progress]:
    """Return how many rows each entity has whose turn comes after the one the token stands in."""
    step = current_step(token, steps)
    later = {each.entity: None for each in steps[steps.index(step) :] if each.entity != step.entity}
    totals = {
        entity: sum(counts.total(connection, each, token.seq) for each in _fills(steps, entity))
        for entity in later
    }
    return [
        Progress(MsgKind.PROGRESS, 1, entity, 0, total, LATER) for entity, total in totals.items() if total
    ]


def _fills(steps: Steps, entity: int) -> list[Step]:
    return [each for each in steps if each.phase.fills and each.entity == entity]


def _count(connection: Connection, step: Step, seq: int, after: str = "", up_to: str | None = None) -> int:
    if EVERYONE in step.scopes:
        column, counted = META.c.row_id, func.count()
    else:
        column, counted = ROW_SCOPE.c.row_id, func.count(distinct(ROW_SCOPE.c.row_id))
    query = _rows_of(step, seq, counted, counted)
    if up_to is not None:
        query = query.where(column > after, column <= up_to)
    return int(connection.execute(query).scalar_one())


def _rows_of(step: Step, seq: int, of_all: Any, of_scopes: Any) -> Select[Any]:
    if EVERYONE in step.scopes:
        table = META
        query = select(of_all).where(META.c.entity == step.entity)
    else:
        table = ROW_SCOPE
        inside = ROW_SCOPE.c.scope.in_(sorted(step.scopes))
        query = select(of_scopes).distinct().where(ROW_SCOPE.c.entity == step.entity, inside)
    if not step.sent:
        return query
    before = ROW_SCOPE.alias("before")
    return query.where(
        not_(
            exists().where(
                before.c.entity == table.c.entity,
                before.c.row_id == table.c.row_id,
                before.c.scope.in_(sorted(step.sent)),
                before.c.in_seq <= seq,
            )
        )
    )
