"""Small marks beside records: not sent yet, or in need of a decision; of tickets, that two answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.ticket import TicketMessage
from crm_desktop.models.device_tables import OutboxOp, Returned
from crm_desktop.models.replica import Replica
from crm_desktop.models.repository import IDS_A_STATEMENT


@dataclass(frozen=True, slots=True)
class Marks:
    """Which of some records wait to be sent, and which have an edit that came back."""

    not_sent: frozenset[str]
    conflict: frozenset[str]
    answered_twice: frozenset[str] = frozenset()
    """Tickets with an answer that is held, since a colleague answered first."""


def marks_of(session: Session, entity: str, ids: Sequence[str]) -> Marks:
    """Return the marks of records of one entity."""
    returned: set[str] = set()
    for start in range(0, len(ids), IDS_A_STATEMENT):
        returned.update(
            session.scalars(
                select(Returned.row_id)
                .where(
                    Returned.entity == entity,
                    Returned.row_id.in_(ids[start : start + IDS_A_STATEMENT]),
                    Returned.state == "open",
                )
                .distinct()
            )
        )
    twice = answered_twice(session, ids) if entity == "ticket" else frozenset[str]()
    return Marks(not_sent_of(session, entity, ids), frozenset(returned), twice)


def not_sent_of(session: Session, entity: str, ids: Sequence[str]) -> frozenset[str]:
    """Return which of the records of one entity wait to be sent."""
    waiting: set[str] = set()
    for start in range(0, len(ids), IDS_A_STATEMENT):
        some = ids[start : start + IDS_A_STATEMENT]
        waiting.update(
            session.scalars(
                select(OutboxOp.row_id).where(OutboxOp.entity == entity, OutboxOp.row_id.in_(some)).distinct()
            )
        )
    return frozenset(waiting)


def answered_twice(session: Session, ticket_ids: Sequence[str]) -> frozenset[str]:
    """Return which of some tickets have an answer that is held, since a colleague answered first."""
    found: set[str] = set()
    for start in range(0, len(ticket_ids), IDS_A_STATEMENT):
        held = select(TicketMessage.ticket_id).where(
            TicketMessage.ticket_id.in_(ticket_ids[start : start + IDS_A_STATEMENT]),
            TicketMessage.status == "held",
            TicketMessage.life % 2 == 1,
        )
        found.update(each for each in session.scalars(held.distinct()) if each)
    return frozenset(found)


def marks_on(replica: Replica, entity: str, record_id: str) -> Marks:
    """Return the marks of one record."""
    with replica.read() as session:
        return marks_of(session, entity, [record_id])


def fields_not_sent(session: Session, entity: str, record_id: str) -> frozenset[str]:
    """Return the registers of a record that wait, each by its leader's number as text; '' for the record."""
    return frozenset(
        session.scalars(select(OutboxOp.field).where(OutboxOp.entity == entity, OutboxOp.row_id == record_id))
    )
