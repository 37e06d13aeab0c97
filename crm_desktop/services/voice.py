"""What customers say: words, and what is heard more often than before, over what is on this laptop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from crm_core.entities.survey import SurveyAnswer
from crm_core.entities.ticket import Ticket
from crm_core.reporting.heard import Item, WhatIsHeard
from crm_core.reporting.heard import heard as counted
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
    subject: str
    words: str
    """Of an answer to a survey; '' for a ticket."""


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
                    subject=ticket.subject or "",
                    words=(answer.words or "") if answer is not None else "",
                )
            )
    return tuple(found)


def _of(records: Sequence[tuple[str, str]], kind: str) -> list[str]:
    return [record_id for entity, record_id in records if entity == kind]
