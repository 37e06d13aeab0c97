"""Users, teams, territories and roles as an administrator speaks of them: by name."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import BrokenPromise, NotFound, UserError
from crm_core.i18n import N_
from crm_core.ids import named_id
from crm_core.rules.access import GRANTED, ClassRight, PoolRight, Reach, read_rights
from crm_core.schema.field import FieldClass
from crm_core.schema.values import to_json
from sync_server.services.auth import login_of
from sync_server.services.headquarters import Headquarters

ANY: Final = ("*", "*reference")
"""Entities of a rights table that stand for all, or all set-up, not named."""

_CLASSES: Final = tuple(each for each in FieldClass if each is not FieldClass.SYSTEM)

Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RightSet:
    """One right as it is to be: `deal.edit=team`, or `deal.money=read`."""

    entity: str
    what: str
    how: str


# Users


def users(hq: Headquarters) -> list[Values]:
    """Return every user by name, with the names of role, team and territory."""
    return sorted((_user(hq, *found) for found in hq.records.all("user")), key=lambda user: user["name"])


def names_of_users(hq: Headquarters) -> dict[str, str]:
    """Return every user's name by id, deleted ones too."""
    return {record_id: values["name"] or "" for record_id, values in hq.records.all("user", deleted=None)}


def id_of_user(names: Mapping[str, str], name: str) -> str:
    """Return whose id it is of `names_of_users`. Raises `NotFound` where nobody has the name."""
    found = next((user_id for user_id, held in names.items() if held == name), None)
    if found is None:
        raise NotFound(_NO_SUCH["user"], name=name)
    return found


def demand_new_name(hq: Headquarters, name: str) -> None:
    """Raise `UserError` where a user has the name already."""
    hq.auth.demand_free(name)
    if any(login_of(each) == login_of(name) for each in names_of_users(hq).values()):
        raise UserError(N_("There is already a user called {name}"), name=name)


def user_values(hq: Headquarters, given: Mapping[str, str | None]) -> Values:
    """Return a user's fields for what was said of him: role, team and territory by name; "" clears."""
    values: Values = {}
    for name, text in given.items():
        if text is None:
            continue
        if name in ("role", "team", "territory"):
            values[f"{name}_id"] = find(hq, name, text)[0] if text else None
        else:
            values[name] = text or None
    return values


def add_user(hq: Headquarters, name: str, values: Values, password: str) -> Values:
    """Add a user who can sign in, and return him."""
    hq.auth.demand_acceptable(password)
    user_id = hq.records.create("user", {"active": True, **values, "name": name.strip()})
    hq.auth.set_password(user_id, name, password)
    return one_user(hq, user_id)


def change_user(
    hq: Headquarters, name: str, values: Values, *, new_name: str | None, password: str | None, enable: bool
) -> Values:
    """Change a user, and return him as he is then."""
    user_id, held = find(hq, "user", name)
    changes = dict(values)
    if changes.get("role_id", held["role_id"]) != held["role_id"]:
        _demand_another_administrator(hq, user_id)
    if password is not None:
        hq.auth.demand_acceptable(password)
    if new_name is not None and login_of(new_name) != login_of(held["name"] or ""):
        demand_new_name(hq, new_name)
    if new_name is not None:
        changes["name"] = new_name.strip()
        hq.auth.rename(user_id, new_name)
    if enable:
        changes["active"] = True
    if changes:
        hq.records.update("user", user_id, changes)
    if password is not None:
        hq.auth.set_password(user_id, changes.get("name") or held["name"] or "", password)
    if enable:
        hq.auth.set_disabled(user_id, disabled=False)
    return one_user(hq, user_id)


def disable_user(hq: Headquarters, name: str) -> Values:
    """Shut a user out, and return him."""
    user_id, _ = find(hq, "user", name)
    _demand_another_administrator(hq, user_id)
    hq.auth.set_disabled(user_id, disabled=True)
    hq.records.update("user", user_id, {"active": False})
    return one_user(hq, user_id)


def _demand_another_administrator(hq: Headquarters, user_id: str) -> None:
    """Raise `UserError` if without this user nobody could change users any more."""
    administrators = {
        each_id
        for each_id, values in hq.records.all("user")
        if values["role_id"] == named_id("role", "admin") and values["active"]
    }
    if administrators == {user_id}:
        raise UserError(N_("This is the last administrator; make another one first"))


def one_user(hq: Headquarters, user_id: str) -> Values:
    """Return a user with the names of role, team and territory."""
    return _user(hq, user_id, hq.records.get("user", user_id))


def _user(hq: Headquarters, user_id: str, values: Values) -> Values:
    shown = to_json(SCHEMAS["user"], user_id, values)
    for link in ("role", "team", "territory"):
        target_id = values[f"{link}_id"]
        shown[link] = hq.records.name_of(link, target_id) if target_id else None
    return shown


# Teams and territories


def teams(hq: Headquarters) -> list[Values]:
    """Return every team by name, with the names of the team above and of the manager."""
    return sorted((_team(hq, *found) for found in hq.records.all("team")), key=lambda team: team["name"])


def add_team(hq: Headquarters, name: str, *, parent: str | None, manager: str | None) -> Values:
    """Add a team, and return it."""
    _demand_new(hq, "team", name)
    values = _team_values(hq, parent=parent, manager=manager)
    team_id = hq.records.create("team", {**values, "name": name.strip()})
    return _team(hq, team_id, hq.records.get("team", team_id))


def change_team(hq: Headquarters, name: str, *, parent: str | None, manager: str | None) -> Values:
    """Change a team, and return it. Raises `UserError` where it would be part of itself."""
    team_id, _ = find(hq, "team", name)
    values = _team_values(hq, parent=parent, manager=manager)
    above, seen = values.get("parent_id"), {team_id}
    while above is not None:
        if above in seen:
            raise UserError(N_("A team cannot be part of itself"))
        seen.add(above)
        above = hq.records.get("team", above)["parent_id"]
    if values:
        hq.records.update("team", team_id, values)
    return _team(hq, team_id, hq.records.get("team", team_id))


def territories(hq: Headquarters) -> list[Values]:
    """Return every territory by name, with the name of the one above."""
    found = (_territory(hq, *each) for each in hq.records.all("territory"))
    return sorted(found, key=lambda territory: territory["name"])


def add_territory(hq: Headquarters, name: str, *, parent: str | None) -> Values:
    """Add a territory, and return it."""
    _demand_new(hq, "territory", name)
    parent_id = find(hq, "territory", parent)[0] if parent else None
    territory_id = hq.records.create("territory", {"name": name.strip(), "parent_id": parent_id})
    return _territory(hq, territory_id, hq.records.get("territory", territory_id))


def _team_values(hq: Headquarters, *, parent: str | None, manager: str | None) -> Values:
    values: Values = {}
    if parent is not None:
        values["parent_id"] = find(hq, "team", parent)[0] if parent else None
    if manager is not None:
        values["manager_id"] = find(hq, "user", manager)[0] if manager else None
    return values


def _team(hq: Headquarters, team_id: str, values: Values) -> Values:
    shown = to_json(SCHEMAS["team"], team_id, values)
    shown["parent"] = hq.records.name_of("team", values["parent_id"])
    shown["manager"] = hq.records.name_of("user", values["manager_id"])
    return shown


def _territory(hq: Headquarters, territory_id: str, values: Values) -> Values:
    shown = to_json(SCHEMAS["territory"], territory_id, values)
    shown["parent"] = hq.records.name_of("territory", values["parent_id"])
    return shown


# Roles


def roles(hq: Headquarters) -> list[Values]:
    """Return every role by name, with how many hold it."""
    held = [values["role_id"] for _, values in hq.records.all("user")]
    found = (
        {**to_json(SCHEMAS["role"], role_id, values), "holders": held.count(role_id)}
        for role_id, values in hq.records.all("role")
    )
    return sorted(found, key=lambda role: str(role["name"]))


def role(hq: Headquarters, name: str) -> Values:
    """Return a role with its rights as stored, and under `allows` what follows from them for each entity."""
    role_id, values = find(hq, "role", name)
    return _role(role_id, values)


def change_role(
    hq: Headquarters,
    name: str,
    *,
    like: str | None,
    reach: Sequence[RightSet],
    classes: Sequence[RightSet],
    description: str | None,
    rights: Any,
    pool: Sequence[str] | None = None,
) -> Values:
    """Change a role or, with `like` or `rights`, make one; return it.

    Raises `UserError` for an entity, action, class, reach or right there is none of.
    """
    held = next((each for each in hq.records.find("role", "name", name)), None)
    if held is None and like is None and rights is None:
        raise NotFound(N_("There is no role called {name}; make it with --like ROLE"), name=name)
    if rights is None:
        rights = (find(hq, "role", like)[1] if like else held[1] if held else {}).get("rights") or {}
    _demand_rights(rights)
    table = _changed(rights, reach, classes)
    if pool is not None:
        for word in pool:
            _demand_one_of(word, [each.value for each in PoolRight])
        table["pool"] = sorted(set(pool))
    values: Values = {"rights": table}
    if description is not None:
        values["description"] = description
    if held is None:
        role_id = hq.records.create("role", {"name": name.strip(), **values})
    else:
        role_id = held[0]
        hq.records.update("role", role_id, values)
    return _role(role_id, hq.records.get("role", role_id))


def _changed(base: Mapping[str, Any], reach: Sequence[RightSet], classes: Sequence[RightSet]) -> Values:
    table: Values = copy.deepcopy(dict(base))
    for right in reach:
        _demand_entity(right.entity)
        _demand_one_of(right.what, [each.value for each in GRANTED])
        _demand_one_of(right.how, [each.name.lower() for each in Reach])
        table.setdefault("reach", {}).setdefault(right.entity, {})[right.what] = right.how
    for right in classes:
        _demand_entity(right.entity)
        _demand_one_of(right.what, [each.value for each in _CLASSES])
        _demand_one_of(right.how, [each.name.lower() for each in ClassRight])
        table.setdefault("classes", {}).setdefault(right.entity, {})[right.what] = right.how
    _demand_rights(table)
    return table


def _demand_rights(table: Any) -> None:
    """Refuse what no laptop could read; it would stop the sync of everybody who holds the role."""
    try:
        read_rights(table)
    except BrokenPromise as error:
        raise UserError(N_("A role's rights cannot be read")) from error


def _demand_entity(name: str) -> None:
    if name not in SCHEMAS and name not in ANY:
        raise UserError(N_("There is no kind of record called “{name}”"), name=name)


def _demand_one_of(word: str, allowed: Sequence[str]) -> None:
    if word not in allowed:
        raise UserError(N_("“{text}” is none of {allowed}"), text=word, allowed=", ".join(allowed))


def _role(role_id: str, values: Values) -> Values:
    rights = read_rights(values["rights"])
    allows = {
        entity: {action.value: rights.reach_of(entity, action).name.lower() for action in GRANTED}
        | {each.value: rights.class_right(entity, each).name.lower() for each in _CLASSES}
        for entity in SCHEMAS
    }
    shown = to_json(SCHEMAS["role"], role_id, values)
    return {**shown, "pool": sorted(each.value for each in rights.pool), "allows": allows}


# By name


def find(hq: Headquarters, entity: str, name: str) -> tuple[str, Values]:
    """Return the id and values of the record called `name`, or with that id.

    Raises `NotFound` where there is none, `UserError` where there are two.
    """
    wanted = name.strip()
    if hq.records.has(entity, wanted):
        return wanted, hq.records.get(entity, wanted)
    found = [each for each in hq.records.all(entity) if login_of(each[1]["name"] or "") == login_of(wanted)]
    if not found:
        raise NotFound(_NO_SUCH[entity], name=name)
    if len(found) > 1:
        raise UserError(N_("There are several called {name}; give the id"), name=name)
    return found[0]


def _demand_new(hq: Headquarters, entity: str, name: str) -> None:
    if any(login_of(values["name"] or "") == login_of(name) for _, values in hq.records.all(entity)):
        raise UserError(N_("There is already one called {name}"), name=name)


_NO_SUCH: Final = {
    "user": N_("There is no user called {name}; see “crm-server user list”"),
    "team": N_("There is no team called {name}; add it with “crm-server team add”"),
    "territory": N_("There is no territory called {name}; add it with “crm-server territory add”"),
    "role": N_("There is no role called {name}; see “crm-server role list”"),
    "approval_flow": N_("There is no flow called {name}; see “crm-server flow list”"),
    "mandate": N_("There is no mandate called {name}; see “crm-server mandate list”"),
    "pool_rule": N_("There is no rule called {name}; see “crm-server pool list”"),
    "pipeline": N_("There is no pipeline called {name}; see “crm-server pipeline list”"),
    "milestone": N_("There is no milestone called {name}; see “crm-server milestone list”"),
    "product": N_("There is no product called {name}"),
}
