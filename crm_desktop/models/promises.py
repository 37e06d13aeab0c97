"""Deadlines of tickets follow from service levels, steps and messages: computed here, never sent.

HQ computes its own, by the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.service import SlaPolicy, WorkCalendar
from crm_core.entities.ticket import TicketMessage
from crm_core.rules import service_levels
from crm_core.rules.service_levels import Policy
from crm_desktop.models.session import WriteSession

TICKET, MESSAGE = "ticket", "ticket_message"


def policies(session: Session) -> tuple[Policy, ...]:
    """Return the service levels in use."""
    return service_levels.policies_of(_living(session, SlaPolicy), _living(session, WorkCalendar))


def messages_of(session: Session, ticket_ids: Iterable[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the living messages of tickets, by ticket."""
    ids = list(ticket_ids)
    found: dict[str, list[Mapping[str, Any]]] = {ticket_id: [] for ticket_id in ids}
    columns = TicketMessage.__table__.c
    names = ("ticket_id", "internal", "from_customer", "channel", "written_at", "sent_at", "created_at")
    query = select(*(columns[name] for name in names)).where(
        columns.ticket_id.in_(ids), columns.life % 2 == 1
    )
    for row in session.execute(query).mappings():
        found[row["ticket_id"]].append(dict(row))
    return found


def refresh(session: WriteSession, record_ids: Iterable[str]) -> None:
    """Compute the deadlines of tickets anew from what is on this laptop."""
    ids, table = sorted(record_ids), SCHEMAS[TICKET].table
    if not ids:
        return
    session.flush()
    known, said = policies(session), messages_of(session, ids)
    for ticket_id in ids:
        query = select(table).where(table.c.id == ticket_id, table.c.life % 2 == 1)
        row = session.execute(query).mappings().first()
        if row is None:
            continue
        ticket = dict(row)
        policy = _policy_of(session, known, ticket)
        stands = service_levels.standing(policy, ticket, said[ticket_id])
        kept = service_levels.derived(stands, policy, service_levels.answered_at(ticket, said[ticket_id]))
        changed = {name: value for name, value in kept.items() if value != ticket[name]}
        if changed:
            # A computed field makes no operation, so it is written past the recorder, as is.
            session.connection().execute(update(table).where(table.c.id == ticket_id).values(changed))
            session.expire_all()
            session.touch(TICKET, [ticket_id])


def _policy_of(session: Session, known: Sequence[Policy], ticket: Mapping[str, Any]) -> Policy | None:
    """Return the service level of a ticket; the one HQ chose where its customer is not on this laptop."""
    customer = SCHEMAS["customer"].table.c
    level = session.execute(select(customer.level).where(customer.id == ticket["customer_id"])).first()
    chosen = next((each for each in known if each.id == ticket["policy_id"]), None)
    if ticket["customer_id"] and level is None and chosen is not None:
        return chosen
    return service_levels.policy_for(known, ticket, level.level if level is not None else None)


def _living(session: Session, model: Any) -> list[Mapping[str, Any]]:
    table = model.__table__
    return [dict(row) for row in session.execute(select(table).where(table.c.life % 2 == 1)).mappings()]
