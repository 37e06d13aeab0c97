"""Whether a customer complains often or recommends us, by what is on this laptop, with the reasons."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.customer import Customer
from crm_core.entities.survey import FeedbackRule, SurveyAnswer
from crm_core.entities.ticket import Ticket
from crm_core.rules import feedback as rules
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.feedback import Judged
from crm_desktop.models.records import record_of


def judged_in(session: Session, person: Person, customer_id: str, now_ms: int) -> tuple[Judged, ...]:
    """Return which rules hold for a customer; none for who does not read tickets."""
    return judged_of(session, customer_id, now_ms) if decide(person, Action.READ, "ticket") else ()


def judged_of(session: Session, customer_id: str, now_ms: int) -> tuple[Judged, ...]:
    """Return which rules hold for a customer by all that is on this laptop."""
    rows = session.scalars(select(FeedbackRule).where(FeedbackRule.life % 2 == 1))
    terms = rules.terms_of([{**record_of(row).values, "id": row.id} for row in rows])
    tickets = select(*(getattr(Ticket, name) for name in rules.READ_OF_TICKETS)).where(
        Ticket.customer_id == customer_id, Ticket.life % 2 == 1
    )
    answers = select(SurveyAnswer.customer_id, SurveyAnswer.percent, SurveyAnswer.answered_at).where(
        SurveyAnswer.customer_id == customer_id, SurveyAnswer.life % 2 == 1, SurveyAnswer.counted.is_(True)
    )
    referred = select(Customer.referred_by_id, Customer.created_at).where(
        Customer.referred_by_id == customer_id, Customer.life % 2 == 1
    )
    rows_of = [
        [dict(row) for row in session.execute(each).mappings()] for each in (tickets, answers, referred)
    ]
    heard = rules.heard_by(rows_of[0], rows_of[1], rows_of[2], now_ms)
    return rules.judge(heard[customer_id], terms, now_ms) if customer_id in heard else ()
