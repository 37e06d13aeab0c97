"""Rules of tickets tried on: where the latest tickets would go, and why. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.assignment import TICKET
from crm_core.entities.ticket import Ticket, TicketMessage
from crm_core.i18n import Message
from crm_core.rules.approval import away_of
from crm_core.rules.assignment import Standing, rules_of
from crm_core.rules.ticket_routing import LOADS, OPEN, candidates, case_of, route, segments_asked
from crm_desktop.models import query, repository
from crm_desktop.models.replica import Replica
from crm_desktop.services.segments import in_segments

TRIED = 50
"""Tickets a rule is tried on: the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Where one ticket would go."""

    ticket_id: str
    number: str
    subject: str
    to: str
    """The person's name, else the team's; '' where it would go to nobody."""
    is_queue: bool
    by_this: bool
    """By the rule that is tried on, rather than by one asked before it."""
    why: Message | None
    """None: no rule fits it."""


def try_on(replica: Replica, values: Mapping[str, Any], rule_id: str | None) -> tuple[Tried, ...]:
    """Return where the latest tickets would go if a rule were as in its form, beside the others in use.

    Newest first; each is judged as if it came now, the oldest first, with what people have open today.
    """
    with replica.read() as session:
        rules = _rows(session, "assignment_rule")
        tried = {"id": rule_id or "", "rank": 0, **dict.fromkeys(SCHEMAS["assignment_rule"].fields), **values}
        rules = [each for each in rules if each["id"] != rule_id] + [{**tried, "active": True}]
        away = away_of(_rows(session, "absence"))
        now = replica.clock.now_ms()
        people = candidates(_rows(session, "user"), _rows(session, "role"), away, now)
        known = rules_of(rules, people, TICKET)
        latest = select(Ticket).where(Ticket.life % 2 == 1).order_by(Ticket.created_at.desc(), Ticket.id)
        tickets = session.scalars(latest.limit(TRIED)).all()
        texts = _first_words(session, [each.id for each in tickets])
        load, open_tickets = _standing(session)
        given: Counter[tuple[str, str]] = Counter()
        teams = query.labels(session, "team", {rule.team_id for rule in known if rule.team_id})
        value_of = _Reader(session)
        customers = {each.customer_id for each in tickets if each.customer_id}
        inside = in_segments(session, replica.person, customers, segments_asked(known))
        found = []
        for ticket in reversed(tickets):
            row = {name: getattr(ticket, name) for name in SCHEMAS["ticket"].fields}
            standing = Standing(given=given, load=load, open_tickets=open_tickets)
            within = inside.get(ticket.customer_id or "", ())
            case = case_of(row, texts.get(ticket.id, ""), value_of, within)
            routed = route(case, known, standing, people)
            user_id = routed.user_id if routed else None
            if routed is not None and user_id is not None:
                given[routed.rule_id, user_id] += 1
                open_tickets[user_id] += 1
                load[user_id] += LOADS.get(ticket.priority or "", 1)
            found.append(
                Tried(
                    ticket_id=ticket.id,
                    number=ticket.number or "",
                    subject=ticket.subject or "",
                    to=people[user_id].name if user_id else teams.get((routed and routed.team_id) or "", ""),
                    is_queue=routed is not None and user_id is None,
                    by_this=routed is not None and routed.rule_id == (rule_id or ""),
                    why=routed.why if routed else None,
                )
            )
    return tuple(reversed(found))


class _Reader:
    """Gives the values of records that live, each read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[str, str], Mapping[str, Any] | None] = {}

    def __call__(self, kind: str, record_id: str) -> Mapping[str, Any] | None:
        key = (kind, record_id)
        if key not in self._known:
            found = repository.get(self._session, kind, record_id)
            self._known[key] = found.values if found is not None else None
        return self._known[key]


def _rows(session: Session, kind: str) -> list[dict[str, Any]]:
    table = SCHEMAS[kind].table
    return [dict(row) for row in session.execute(select(table).where(table.c.life % 2 == 1)).mappings()]


def _standing(session: Session) -> tuple[Counter[str], Counter[str]]:
    load, open_tickets = Counter[str](), Counter[str]()
    counted = (
        select(Ticket.assignee_id, Ticket.priority, func.count())
        .where(Ticket.life % 2 == 1, Ticket.status.in_(OPEN), Ticket.assignee_id.is_not(None))
        .group_by(Ticket.assignee_id, Ticket.priority)
    )
    for assignee_id, priority, number in session.execute(counted):
        user_id = str(assignee_id)
        open_tickets[user_id] += number
        load[user_id] += number * LOADS.get(priority or "", 1)
    return load, open_tickets


def _first_words(session: Session, ids: list[str]) -> dict[str, str]:
    said = (
        select(TicketMessage.ticket_id, TicketMessage.body)
        .where(TicketMessage.ticket_id.in_(ids), TicketMessage.life % 2 == 1)
        .where(TicketMessage.from_customer.is_(True))
        .order_by(TicketMessage.written_at.desc())
    )
    return {str(ticket_id): body or "" for ticket_id, body in session.execute(said)}
