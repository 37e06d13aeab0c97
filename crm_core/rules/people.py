"""Turn the rows of users, teams, territories and roles into a `Person`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from crm_core.rules.access import Person, Reach, read_rights
from crm_core.rules.scopes import EVERYONE, above, below, own_scope

Row = Mapping[str, Any]


def person_for(
    user_id: str,
    users: Iterable[Row],
    teams: Iterable[Row],
    territories: Iterable[Row],
    roles: Iterable[Row],
) -> Person:
    """Return the person behind `user_id`; rows need `id` and the fields their entity declares.

    What is shared with a team reaches everybody in it and in the teams below, and who manages one of these;
    what is shown to a role, whoever holds it.
    A manager's team is every team he manages, his own if he holds a reach that far, and all below.
    Raises `BrokenPromise` where the user or the role is missing: no policy, no sync.
    """
    people = {row["id"]: row for row in users}
    team_rows = list(teams)
    user = people.get(user_id)
    role = next((row for row in roles if user and row["id"] == user["role_id"]), None)
    if user is None or role is None:
        raise BrokenPromise(N_("This user has no role, so nothing can be decided"))
    team_parents = {row["id"]: row["parent_id"] for row in team_rows}
    managed = [row["id"] for row in team_rows if row["manager_id"] == user_id]
    in_teams: set[str] = set()
    for root in [user["team_id"], *managed]:
        in_teams |= below(root, team_parents)
    circles = {user_id, str(role["id"])}
    for start in [user["team_id"], *managed]:
        circles |= above(start, team_parents)
    territory_parents = {row["id"]: row["parent_id"] for row in territories}
    in_territories = below(user["territory_id"], territory_parents)
    own = {own_scope(user_id)}
    team = own | {f"team:{team_id}" for team_id in in_teams}
    team |= {own_scope(row["id"]) for row in people.values() if row["team_id"] in in_teams}
    territory = team | {f"terr:{territory_id}" for territory_id in in_territories}
    territory |= {own_scope(row["id"]) for row in people.values() if row["territory_id"] in in_territories}
    return Person(
        user_id=user_id,
        rights=read_rights(role["rights"]),
        scopes={
            Reach.OWN: frozenset(own),
            Reach.TEAM: frozenset(team),
            Reach.TERRITORY: frozenset(territory),
            Reach.ALL: frozenset((EVERYONE,)),
        },
        circles=frozenset(circles),
    )
