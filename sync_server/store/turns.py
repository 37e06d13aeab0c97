"""Whose turn it is: how many leads or tickets each rule of assignment has given to each person."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Integer, Text, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase, table_of


class AssignmentTurn(HqBase):
    """What one rule gave to one person so far, counted where every process of HQ sees them."""

    __tablename__ = "assignment_turn"

    rule_id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    given: Mapped[int] = mapped_column(Integer, default=0)


_turn = table_of(AssignmentTurn)


def given_by(connection: Connection, rule_ids: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return how much rules gave to people so far, by rule and person."""
    query = select(_turn).where(_turn.c.rule_id.in_(list(rule_ids)))
    return {(row.rule_id, row.user_id): row.given for row in connection.execute(query)}


def count_turn(connection: Connection, rule_id: str, user_id: str) -> None:
    """Count that a rule gave something to a person."""
    mine = (_turn.c.rule_id == rule_id, _turn.c.user_id == user_id)
    counted = connection.execute(update(_turn).where(*mine).values(given=_turn.c.given + 1))
    if not counted.rowcount:
        # Whoever joins a rule late begins where the one with fewest stands, not at nothing.
        least = select(func.min(_turn.c.given)).where(_turn.c.rule_id == rule_id)
        begin = connection.execute(least).scalar() or 1
        row = {"rule_id": rule_id, "user_id": user_id, "given": max(begin, 1)}
        connection.execute(insert(_turn).values(row))


def take_turn_back(connection: Connection, rule_id: str, user_id: str) -> None:
    """Count that what a rule gave to a person was not given after all."""
    mine = (_turn.c.rule_id == rule_id, _turn.c.user_id == user_id)
    connection.execute(update(_turn).where(*mine).values(given=_turn.c.given - 1))
