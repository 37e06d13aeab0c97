"""Customers a lead may already be, themselves or by one of their contacts, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.i18n import Message
from crm_core.rules import conversion
from crm_core.rules.access import Action
from crm_desktop.models import repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import duplicates, rights
from crm_desktop.services.duplicates import Match

MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadMatch:
    """A customer a lead may be."""

    customer_id: str
    title: str
    score: int
    """0 to 100."""
    reasons: tuple[Message, ...]
    may_join: bool
    """Whether the person may work on that customer."""


def matches(replica: Replica, lead: Record) -> tuple[LeadMatch, ...]:
    """Return the customers a lead may already be, the likeliest first."""
    person = replica.person
    found: dict[str, Match] = {}
    if rights.may_do(replica, Action.READ, "customer"):
        for match in duplicates.matches(replica, "customer", conversion.customer_values(lead.values)):
            found[match.record_id] = match
    people: tuple[Match, ...] = ()
    if rights.may_do(replica, Action.READ, "contact"):
        people = duplicates.matches(replica, "contact", conversion.contact_values(lead.values))
    with replica.read() as session:
        contacts = repository.get_many(session, "contact", [match.record_id for match in people])
        for match in people:
            customer_id = str(contacts[match.record_id].get("customer_id"))
            if customer_id not in found or found[customer_id].score < match.score:
                found[customer_id] = match
        customers = repository.get_many(session, "customer", found)
        made = [
            LeadMatch(
                customer_id=customer.id,
                title=customer.title,
                score=found[customer.id].score,
                reasons=found[customer.id].reasons,
                may_join=bool(rights.may(session, person, Action.EDIT, "customer", customer.values)),
            )
            for customer in customers.values()
            if customer.alive
        ]
    return tuple(sorted(made, key=lambda match: (-match.score, match.title))[:MOST])
