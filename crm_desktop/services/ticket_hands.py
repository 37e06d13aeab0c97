"""In whose hands a ticket is: people with what they have to do, teams' queues, and taking the next one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from crm_core.entities.people import Role, Team, User
from crm_core.entities.ticket import Ticket
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.access import Person, Reach
from crm_core.rules.ticket_routing import LOADS, OPEN, works_on
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.absences import AwayNow, away_in
from crm_desktop.services.outcome import Outcome

_TEAM_SCOPE = "team:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Somebody who may get a ticket, and how many open ones he has."""

    user_id: str
    name: str
    open_tickets: int
    away: AwayNow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamQueue:
    """A team's queue: tickets of the team that nobody has."""

    team_id: str
    name: str
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Who has a ticket and whose queue it is in."""

    assignee_id: str | None
    team_id: str | None


def hands(replica: Replica) -> tuple[Hand, ...]:
    """Return who may get tickets, who is here first, then by name; roles that answer none are left out."""
    with replica.read() as session:
        roles = session.execute(select(Role.id, Role.rights).where(Role.life % 2 == 1)).all()
        idle = {row.id for row in roles if not works_on("ticket", {"rights": row.rights})}
        users = session.execute(
            select(User.id, User.name, User.role_id).where(User.life % 2 == 1, User.active.isnot(False))
        ).all()
        counted = session.execute(
            select(Ticket.assignee_id, func.count())
            .where(Ticket.life % 2 == 1, Ticket.status.in_(OPEN), Ticket.assignee_id.is_not(None))
            .group_by(Ticket.assignee_id)
        )
        number = {str(user_id): count for user_id, count in counted}
        away = away_in(session, replica.clock.now_ms())
    found = [
        Hand(user_id=row.id, name=row.name or "", open_tickets=number.get(row.id, 0), away=away.get(row.id))
        for row in users
        if row.role_id not in idle
    ]
    return tuple(sorted(found, key=lambda each: (each.away is not None, each.name.casefold(), each.user_id)))


def team_queues(replica: Replica, *, every: bool = False) -> tuple[TeamQueue, ...]:
    """Return the queues of the teams one is in, manages, or that are below these; `every`: of all teams.

    Who administers and is in no team looks after all of them.
    """
    with replica.read() as session:
        return _team_queues(session, replica.person, every=every)


def _team_queues(session: Session, person: Person, *, every: bool) -> tuple[TeamQueue, ...]:
    rows = session.execute(select(Team.id, Team.name).where(Team.life % 2 == 1)).all()
    mine = {
        scope.removeprefix(_TEAM_SCOPE)
        for scope in person.scopes.get(Reach.TEAM, ())
        if scope.startswith(_TEAM_SCOPE)
    }
    every = every or (not mine and person.rights.administers)
    counted = session.execute(
        select(Ticket.team_id, func.count())
        .where(Ticket.life % 2 == 1, Ticket.status.in_(OPEN), Ticket.assignee_id.is_(None))
        .group_by(Ticket.team_id)
    )
    waiting = Counter({str(team_id): number for team_id, number in counted})
    found = [
        TeamQueue(team_id=row.id, name=row.name or "", waiting=waiting[row.id])
        for row in rows
        if every or row.id in mine
    ]
    return tuple(sorted(found, key=lambda each: (each.name.casefold(), each.team_id)))


def hand(replica: Replica, ticket_id: str, held: Held) -> Outcome[Record]:
    """Give a ticket to somebody, or put it into a team's queue."""
    changes: dict[str, Plain] = {"assignee_id": held.assignee_id, "team_id": held.team_id}
    return records.update(replica, "ticket", ticket_id, changes)


def take_next(replica: Replica, team_id: str | None = None) -> Outcome[Record]:
    """Take the most pressing ticket of a team's queue, or of one's own teams, or that waits for anybody.

    Raises `NotFound` where none waits. Where somebody else takes it at the same time HQ says who has it.
    """
    with replica.read() as session:
        teams = {team_id} if team_id else {each.team_id for each in _queues_with_some(session, replica)}
        waiting = (
            select(Ticket.id)
            .where(Ticket.life % 2 == 1, Ticket.status.in_(OPEN), Ticket.assignee_id.is_(None))
            .order_by(
                Ticket.due_at.is_(None), Ticket.due_at, _pressing().desc(), Ticket.created_at, Ticket.id
            )
            .limit(1)
        )
        narrowed = waiting.where(Ticket.team_id.in_(teams)) if teams else waiting
        ticket_id = session.scalar(narrowed)
    if ticket_id is None:
        raise NotFound(N_("No ticket waits to be taken"))
    return records.update(replica, "ticket", ticket_id, {"assignee_id": replica.person.user_id})


def give_back(replica: Replica, ticket_id: str) -> Outcome[Record]:
    """Put a ticket back to where nobody has it: the undo of taking it."""
    return records.update(replica, "ticket", ticket_id, {"assignee_id": None})


def _queues_with_some(session: Session, replica: Replica) -> list[TeamQueue]:
    return [each for each in _team_queues(session, replica.person, every=False) if each.waiting]


def _pressing() -> ColumnElement[int]:
    return case(*((Ticket.priority == name, weight) for name, weight in LOADS.items()), else_=0)
