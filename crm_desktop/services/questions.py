"""Asking colleagues about a ticket: a question goes to one of them, his answer comes back into the ticket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.people import Role, User
from crm_core.entities.ticket import TicketQuestion
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.ticket_routing import works_on
from crm_desktop.models import query
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.marks import not_sent_of
from crm_desktop.services.outcome import Outcome

OPEN, ANSWERED, WITHDRAWN = "open", "answered", "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow:
    """A question about a ticket, and what was answered."""

    id: str
    ticket_id: str
    asker_id: str | None
    asker: str
    asked_id: str
    asked: str
    question: str
    answer: str
    status: str
    asked_at: int
    answered_at: int | None
    not_sent: bool


def ask(replica: Replica, ticket_id: str, user_id: str, question: str) -> Outcome[Record]:
    """Ask a colleague about a ticket. Raises `UserError` where he could not answer, and for no question."""
    if not question.strip():
        raise UserError(N_("Write something first"))
    if user_id == replica.person.user_id:
        raise UserError(N_("Ask somebody else"))
    with replica.read() as session:
        user = session.get(User, user_id)
        if user is None or user.life % 2 == 0 or user.active is False:
            raise NotFound(N_("There is no such person on this laptop"))
        role = session.get(Role, user.role_id) if user.role_id else None
        if role is not None and not works_on("ticket_question", {"rights": role.rights}):
            raise UserError(N_("{name}'s role answers no questions about tickets"), name=user.name or "")
    values = {"ticket_id": ticket_id, "asked_id": user_id, "question": question.strip()}
    return records.create(replica, "ticket_question", values)


def answer(replica: Replica, question_id: str, text: str) -> Outcome[Record]:
    """Answer what one was asked."""
    if not text.strip():
        raise UserError(N_("Write the answer first"))
    return records.update(
        replica, "ticket_question", question_id, {"status": ANSWERED, "answer": text.strip()}
    )


def withdraw(replica: Replica, question_id: str) -> Outcome[Record]:
    """Take a question back that was not answered yet."""
    return records.update(replica, "ticket_question", question_id, {"status": WITHDRAWN})


def retract(replica: Replica, question_id: str) -> Outcome[Record]:
    """Undo that somebody was asked, a moment after it."""
    return records.delete(replica, "ticket_question", question_id)


def questions_in(session: Session, ticket_id: str) -> tuple[QuestionRow, ...]:
    """Return what was asked about a ticket, the oldest first."""
    rows = session.scalars(
        select(TicketQuestion)
        .where(TicketQuestion.ticket_id == ticket_id, TicketQuestion.life % 2 == 1)
        .order_by(TicketQuestion.created_at, TicketQuestion.id)
    ).all()
    names = query.labels(
        session, "user", {each for row in rows for each in (row.created_by, row.asked_id) if each}
    )
    waiting = not_sent_of(session, "ticket_question", [row.id for row in rows])
    return tuple(
        QuestionRow(
            id=row.id,
            ticket_id=ticket_id,
            asker_id=row.created_by,
            asker=names.get(row.created_by or "", ""),
            asked_id=row.asked_id or "",
            asked=names.get(row.asked_id or "", ""),
            question=row.question or "",
            answer=row.answer or "",
            status=row.status or OPEN,
            asked_at=row.created_at or 0,
            answered_at=row.answered_at,
            not_sent=row.id in waiting,
        )
        for row in rows
    )


def waits_for(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Return for tickets the name of a colleague whose answer is waited for, by ticket."""
    rows = session.execute(
        select(TicketQuestion.ticket_id, User.name)
        .join(User, User.id == TicketQuestion.asked_id)
        .where(TicketQuestion.ticket_id.in_(list(ids)), TicketQuestion.life % 2 == 1)
        .where(TicketQuestion.status == OPEN)
        .order_by(TicketQuestion.created_at.desc())
    )
    return {str(ticket_id): name or "" for ticket_id, name in rows}
