"""Which rows a step of a plan goes through, and how far a fill has come."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    TextClause,
    bindparam,
    distinct,
    exists,
    func,
    not_,
    select,
    text,
)

from crm_core.entities import BY_NO
from crm_core.rules.scopes import EVERYONE
from crm_core.sync.plan import Phase, Step, Steps, Token, current_step
from crm_core.sync.protocol import MsgKind, Progress
from sync_server.services.recent import Recent
from sync_server.services.records import META, ROW_SCOPE

_REMEMBERED: Final = 4096  # counts, of some dozens of fills
LATER = 3  # `Progress.part` of an entity whose turn comes later


def ids_of(connection: Connection, step: Step, seq: int, after: str, most: int) -> list[str]:
    """Return the ids after `after` of the rows a step goes through, in their order, at most so many."""
    query = _ids(EVERYONE in step.scopes, bool(step.sent))
    return list(connection.execute(query, {**_of(step, seq), "after": after, "most": most}).scalars())


def kinds_there(connection: Connection) -> set[int]:
    """Return the kinds of which there is, or ever was, a record: a step of another goes through nothing."""
    return set(connection.execute(_kinds()).scalars())


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
    query = _counted(EVERYONE in step.scopes, bool(step.sent), up_to is not None)
    return int(connection.execute(query, {**_of(step, seq), "after": after, "up_to": up_to}).scalar_one())


# The statements, each put together once: a first sync asks for every kind of record.


def _of(step: Step, seq: int) -> dict[str, Any]:
    return {"entity": step.entity, "scopes": sorted(step.scopes), "sent": sorted(step.sent), "seq": seq}


@cache
def _kinds() -> TextClause:
    """Return one probe for each kind; as text, for what is put together would be taken apart each time."""
    probes = (f"SELECT {no} WHERE EXISTS (SELECT 1 FROM {META.name} WHERE entity = {no})" for no in BY_NO)
    return text(" UNION ALL ".join(probes))


@cache
def _ids(of_everyone: bool, is_sent: bool) -> Select[Any]:
    column = (META if of_everyone else ROW_SCOPE).c.row_id
    query = _rows(of_everyone, is_sent, column).where(column > bindparam("after"))
    return query.order_by(column).limit(bindparam("most", type_=Integer))


@cache
def _counted(of_everyone: bool, is_sent: bool, is_part: bool) -> Select[Any]:
    column = (META if of_everyone else ROW_SCOPE).c.row_id
    counted = func.count() if of_everyone else func.count(distinct(column))
    query = _rows(of_everyone, is_sent, counted)
    return query.where(column > bindparam("after"), column <= bindparam("up_to")) if is_part else query


def _rows(of_everyone: bool, is_sent: bool, what: Any) -> Select[Any]:
    table = META if of_everyone else ROW_SCOPE
    query = select(what).where(table.c.entity == bindparam("entity"))
    if not of_everyone:
        query = query.distinct().where(ROW_SCOPE.c.scope.in_(bindparam("scopes", expanding=True)))
    if not is_sent:
        return query
    before = ROW_SCOPE.alias("before")
    return query.where(
        not_(
            exists().where(
                before.c.entity == table.c.entity,
                before.c.row_id == table.c.row_id,
                before.c.scope.in_(bindparam("sent", expanding=True)),
                before.c.in_seq <= bindparam("seq"),
            )
        )
    )
