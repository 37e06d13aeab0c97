"""Which rows a step of a plan goes through, and how far a fill has come."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, distinct, exists, func, not_, select

from crm_core.rules.scopes import EVERYONE
from crm_core.sync.plan import Phase, Step, Steps, Token, current_step
from crm_core.sync.protocol import MsgKind, Progress
from sync_server.services.records import META, ROW_SCOPE

LATER = 3  # `Progress.part` of an entity whose turn comes later


def ids_of(connection: Connection, step: Step, seq: int, after: str, most: int) -> list[str]:
    """Return the ids after `after` of the rows a step goes through, in their order, at most so many."""
    query = _rows_of(step, seq, META.c.row_id, ROW_SCOPE.c.row_id)
    column = query.selected_columns[0]
    return list(connection.execute(query.where(column > after).order_by(column).limit(most)).scalars())


def progress(connection: Connection, token: Token, steps: Steps) -> Progress:
    """Return how far the fill of the entity is that the token stands in, all its parts together."""
    step = current_step(token, steps)
    of_entity = _fills(steps, step.entity)
    counts = [_count(connection, each, token.seq) for each in of_entity]
    place = of_entity.index(step)
    after = token.plan.after if token.plan else ""
    done = sum(counts[:place]) + (_count(connection, step, token.seq, after) if after else 0)
    part = 2 if step.phase is Phase.FILL_REST else int(any(each.phase is Phase.FILL_REST for each in steps))
    return Progress(MsgKind.PROGRESS, 1, step.entity, done, sum(counts), part)


def announced(connection: Connection, token: Token, steps: Steps) -> list[Progress]:
    """Return how many rows each entity has whose turn comes after the one the token stands in."""
    step = current_step(token, steps)
    later = {each.entity: None for each in steps[steps.index(step) :] if each.entity != step.entity}
    totals = {
        entity: sum(_count(connection, each, token.seq) for each in _fills(steps, entity)) for entity in later
    }
    return [
        Progress(MsgKind.PROGRESS, 1, entity, 0, total, LATER) for entity, total in totals.items() if total
    ]


def _fills(steps: Steps, entity: int) -> list[Step]:
    return [each for each in steps if each.phase.fills and each.entity == entity]


def _count(connection: Connection, step: Step, seq: int, up_to: str | None = None) -> int:
    if EVERYONE in step.scopes:
        column, counted = META.c.row_id, func.count()
    else:
        column, counted = ROW_SCOPE.c.row_id, func.count(distinct(ROW_SCOPE.c.row_id))
    query = _rows_of(step, seq, counted, counted)
    return int(connection.execute(query if up_to is None else query.where(column <= up_to)).scalar_one())


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
