"""What customers say: words, and what is heard more often than before, over what is on this laptop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from crm_core.entities.survey import SurveyAnswer
from crm_core.entities.ticket import Ticket, TicketMessage
from crm_core.reporting.heard import Item, Of, WhatIsHeard
from crm_core.reporting.heard import heard as counted
from crm_core.rules.words_heard import words_in
from crm_desktop.models import query
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.models.stopping import Stop
from crm_desktop.services.company import company

MOST_BEHIND = 200
"""Records shown behind a word; more of them nobody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A record behind a word: which ticket shows it, when it was said, by whom and what."""

    ticket_id: str
    at_ms: int
    customer: str
    said: str
    """The answer, what the customer wrote, or the ticket's subject: the first in which it stands."""


def heard(replica: Replica, days: int, stop: Stop | None = None) -> WhatIsHeard:
    """Return what customers said in the last days and in as many before them.

    `AccessDenied` for who reads no tickets. Another thread may `stop` it.
    """
    with replica.read() as session, (stop or Stop()).over(session):
        source = LaptopSource(session, replica.person, company(session).currency)
        return counted(source, days, replica.clock.now_ms())


def behind(replica: Replica, item: Item) -> tuple[Behind, ...]:
    """Return the records behind something that was heard, the newest first."""
    wanted = item.records[:MOST_BEHIND]
    with replica.read() as session:
        answers = {
            row.id: row
            for row in session.scalars(
                select(SurveyAnswer).where(SurveyAnswer.id.in_(_of(wanted, "survey_answer")))
            )
        }
        ids = [*_of(wanted, "ticket"), *(row.ticket_id for row in answers.values() if row.ticket_id)]
        tickets = {row.id: row for row in session.scalars(select(Ticket).where(Ticket.id.in_(ids)))}
        customers = query.labels(
            session, "customer", {row.customer_id for row in tickets.values() if row.customer_id}
        )
        talks: dict[str, list[str]] = {}
        if item.of in (Of.WORD, Of.PAIR):
            from_customers = select(TicketMessage.ticket_id, TicketMessage.body).where(
                TicketMessage.ticket_id.in_(_of(wanted, "ticket")),
                TicketMessage.life % 2 == 1,
                TicketMessage.from_customer.is_(True),
                TicketMessage.internal.is_not(True),
            )
            for ticket_id, body in session.execute(from_customers.order_by(TicketMessage.written_at)):
                talks.setdefault(str(ticket_id), []).append(body or "")
        found = []
        for entity, record_id in wanted:
            answer = answers.get(record_id)
            ticket = tickets.get((answer.ticket_id or "") if answer is not None else record_id)
            if ticket is None or (entity != "ticket" and answer is None):
                continue
            at_ms = (answer.answered_at if answer is not None else ticket.created_at) or 0
            found.append(
                Behind(
                    ticket_id=ticket.id,
                    at_ms=at_ms,
                    customer=customers.get(ticket.customer_id or "", ""),
                    said=answer.words or "" if answer is not None else _said(item, ticket, talks),
                )
            )
    return tuple(found)


def _said(item: Item, ticket: Ticket, talks: Mapping[str, Sequence[str]]) -> str:
    subject = ticket.subject or ""
    for text in (subject, *talks.get(ticket.id, ())):
        if any(word.key == item.key for word in words_in(text)):
            return " ".join(text.split())
    return subject


def _of(records: Sequence[tuple[str, str]], kind: str) -> list[str]:
    return [record_id for entity, record_id in records if entity == kind]
