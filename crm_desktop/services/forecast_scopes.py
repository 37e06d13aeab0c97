"""Whose deals a forecast is of: one's own, those of a team, everybody's that are in sight."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.people import Team, User
from crm_core.errors import AccessDenied, NotFound
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action, Reach, decide
from crm_core.rules.scopes import below
from crm_core.rules.target_plan import Whose
from crm_desktop.models.replica import Replica

ME, EVERYBODY, TEAM = "me", "all", "team:"
"""Keys of scopes; a team's is `team:` and its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose deals are counted. `people` None: everybody's that are in sight."""

    key: str
    name: Message
    people: frozenset[str] | None
    whose: Whose
    """Whose target it is held against."""


def scopes_of(replica: Replica) -> tuple[Scope, ...]:
    """Return the scopes a person may choose by his reach, the widest first."""
    person = replica.person
    decide(person, Action.READ, "deal").demand()
    reach = person.rights.reach_of("deal", Action.READ)
    with replica.read() as session:
        teams = _teams(session, person.user_id, reach)
    own = Scope(
        key=ME,
        name=message(N_("My deals")),
        people=frozenset((person.user_id,)),
        whose=(person.user_id, None),
    )
    if reach is Reach.OWN:
        return (own,)
    # Without a target to be held against where it is not the whole company's deals.
    whole = Scope(
        key=EVERYBODY,
        name=message(N_("Whole company")) if reach is Reach.ALL else message(N_("Everybody in sight")),
        people=None,
        whose=(None, None),
    )
    return (whole, *teams, own)


def scope(replica: Replica, named: str) -> Scope:
    """Return a scope by its key, or that of a team by its name; '' is the widest. `NotFound` for another."""
    every = scopes_of(replica)
    wanted = named.strip()
    found = [each for each in every if wanted in ("", each.key)] or [
        each for each in every if str(each.name).casefold() == wanted.casefold()
    ]
    if not found and wanted in (EVERYBODY, ME):
        raise AccessDenied(N_("You see your own deals alone"))
    if not found:
        raise NotFound(N_("There is no team called “{name}” whose deals you see"), name=named)
    return found[0]


def _teams(session: Session, user_id: str, reach: Reach) -> list[Scope]:
    rows = session.execute(
        select(Team.id, Team.parent_id, Team.manager_id, Team.name).where(Team.life % 2 == 1)
    ).all()
    parents = {row.id: row.parent_id for row in rows}
    shown = set(parents)
    if reach is not Reach.ALL:
        own = session.scalar(select(User.team_id).where(User.id == user_id))
        managed = {row.id for row in rows if row.manager_id == user_id} | ({own} if own else set())
        shown = {team for root in managed for team in below(root, parents)}
    members: dict[str | None, set[str]] = {}
    for person, team in session.execute(select(User.id, User.team_id).where(User.life % 2 == 1)):
        members.setdefault(team, set()).add(person)
    return [
        Scope(
            key=f"{TEAM}{row.id}",
            name=Message(row.name or ""),
            people=frozenset(person for team in below(row.id, parents) for person in members.get(team, ())),
            whose=(None, row.id),
        )
        for row in sorted(rows, key=lambda row: ((row.name or "").casefold(), row.id))
        if row.id in shown
    ]
