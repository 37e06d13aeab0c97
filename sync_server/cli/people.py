"""`user`, `team`, `territory` and `role`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from sync_server.cli.console import read_password, tr
from sync_server.cli.listing import add_list
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.cli.setup import warn_of_weak
from sync_server.services import people

USER_COLUMNS: Final = ("name", "role", "team", "territory", "active", "id")
PLACE_COLUMNS: Final = ("name", "parent", "manager", "id")

_password_option = click.option(
    "--password-stdin", is_flag=True, help=tr(N_("Read the password from standard input."))
)


@click.group(help=tr(N_("Users: who may sign in.")))
def user() -> None:
    """Users."""


@user.command("add", help=tr(N_("Add a user, who can then sign in.")))
@click.argument("name")
@click.option("--role", required=True, help=tr(N_("Name of the role.")))
@click.option("--team", help=tr(N_("Name of the team.")))
@click.option("--territory", help=tr(N_("Name of the territory.")))
@click.option("--title", help=tr(N_("Job title.")))
@click.option("--email", help=tr(N_("E-mail address.")))
@click.option("--phone", help=tr(N_("Phone number.")))
@_password_option
@pass_terminal
def add_user(terminal: Terminal, /, name: str, password_stdin: bool, **given: str | None) -> None:
    """Add a user."""
    with terminal.headquarters() as hq:
        people.demand_new_name(hq, name)
        values = people.user_values(hq, given)
        password = read_password(from_stdin=password_stdin, name=name)
        added = people.add_user(hq, name, values, password)
    warn_of_weak(terminal, password)
    terminal.console.show(added)


add_list(user, tr(N_("List the users.")), people.users, USER_COLUMNS)


@user.command("set", help=tr(N_("Change a user; an empty value clears it.")))
@click.argument("name")
@click.option("--name", "new_name", help=tr(N_("New name, to sign in with too.")))
@click.option("--role", help=tr(N_("Name of the role.")))
@click.option("--team", help=tr(N_("Name of the team.")))
@click.option("--territory", help=tr(N_("Name of the territory.")))
@click.option("--title", help=tr(N_("Job title.")))
@click.option("--email", help=tr(N_("E-mail address.")))
@click.option("--phone", help=tr(N_("Phone number.")))
@click.option("--enable", is_flag=True, help=tr(N_("Let a disabled user sign in again.")))
@_password_option
@pass_terminal
def set_user(
    terminal: Terminal,
    /,
    name: str,
    new_name: str | None,
    enable: bool,
    password_stdin: bool,
    **given: str | None,
) -> None:
    """Change a user."""
    password = read_password(from_stdin=True, name=name) if password_stdin else None
    with terminal.headquarters() as hq:
        values = people.user_values(hq, given)
        changed = people.change_user(hq, name, values, new_name=new_name, password=password, enable=enable)
    if password is not None:
        warn_of_weak(terminal, password)
    terminal.console.show(changed)


@user.command("disable", help=tr(N_("Shut a user out, on all his laptops too; his records stay.")))
@click.argument("name")
@pass_terminal
def disable_user(terminal: Terminal, name: str) -> None:
    """Shut a user out."""
    with terminal.headquarters() as hq:
        terminal.console.show(people.disable_user(hq, name))


@click.group(help=tr(N_("Teams: users under one manager, in a tree.")))
def team() -> None:
    """Teams."""


@team.command("add", help=tr(N_("Add a team.")))
@click.argument("name")
@click.option("--parent", help=tr(N_("Team it is part of.")))
@click.option("--manager", help=tr(N_("User who leads it.")))
@pass_terminal
def add_team(terminal: Terminal, name: str, parent: str | None, manager: str | None) -> None:
    """Add a team."""
    with terminal.headquarters() as hq:
        terminal.console.show(people.add_team(hq, name, parent=parent, manager=manager))


@team.command("set", help=tr(N_("Change a team; an empty value clears it.")))
@click.argument("name")
@click.option("--parent", help=tr(N_("Team it is part of.")))
@click.option("--manager", help=tr(N_("User who leads it.")))
@pass_terminal
def set_team(terminal: Terminal, name: str, parent: str | None, manager: str | None) -> None:
    """Change a team."""
    with terminal.headquarters() as hq:
        terminal.console.show(people.change_team(hq, name, parent=parent, manager=manager))


add_list(team, tr(N_("List the teams.")), people.teams, PLACE_COLUMNS)


@click.group(help=tr(N_("Territories: parts of the market, in a tree.")))
def territory() -> None:
    """Territories."""


@territory.command("add", help=tr(N_("Add a territory.")))
@click.argument("name")
@click.option("--parent", help=tr(N_("Territory it is part of.")))
@pass_terminal
def add_territory(terminal: Terminal, name: str, parent: str | None) -> None:
    """Add a territory."""
    with terminal.headquarters() as hq:
        terminal.console.show(people.add_territory(hq, name, parent=parent))


add_list(
    territory, tr(N_("List the territories.")), people.territories, PLACE_COLUMNS[:2] + PLACE_COLUMNS[3:]
)


@click.group(help=tr(N_("Roles: what their holders may do.")))
def role() -> None:
    """Roles."""


add_list(role, tr(N_("List the roles.")), people.roles, ("name", "holders", "description", "id"))


@role.command("show", help=tr(N_("Show what a role may do, entity by entity.")))
@click.argument("name")
@pass_terminal
def show_role(terminal: Terminal, name: str) -> None:
    """Show a role."""
    with terminal.headquarters() as hq:
        shown = people.role(hq, name)
    if terminal.console.as_json:
        terminal.console.show(shown)
        return
    terminal.console.show({name: value for name, value in shown.items() if name not in ("rights", "allows")})
    click.echo()
    table = _rights_table(shown["allows"])
    terminal.console.show_rows(table, tuple(table[0]))


@role.command(
    "set",
    help=tr(N_("Change a role's rights, as in --reach deal.edit=team --class deal.money=read.")),
)
@click.argument("name")
@click.option("--like", help=tr(N_("Start from the rights of another role; makes the role where it is new.")))
@click.option(
    "--reach", multiple=True, metavar="ENTITY.ACTION=REACH", help=tr(N_("none, own, team, territory or all."))
)
@click.option(
    "--class", "classes", multiple=True, metavar="ENTITY.CLASS=RIGHT", help=tr(N_("mask, read or write."))
)
@click.option(
    "--pool",
    metavar="RIGHTS",
    help=tr(N_("see, claim, return, lock, leads, separated by commas; empty for none.")),
)
@click.option("--description", help=tr(N_("What the role is for.")))
@click.option(
    "--rights",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=tr(N_("JSON file with all the rights.")),
)
@pass_terminal
def set_role(
    terminal: Terminal,
    name: str,
    like: str | None,
    reach: tuple[str, ...],
    classes: tuple[str, ...],
    pool: str | None,
    description: str | None,
    rights: Path | None,
) -> None:
    """Change a role."""
    with terminal.headquarters() as hq:
        changed = people.change_role(
            hq,
            name,
            like=like,
            reach=[_assignment(each) for each in reach],
            classes=[_assignment(each) for each in classes],
            description=description,
            rights=_read_json(rights) if rights else None,
            pool=None if pool is None else [word.strip() for word in pool.split(",") if word.strip()],
        )
    terminal.console.show(changed)


def _assignment(text: str) -> people.RightSet:
    """Return `ENTITY.WHAT=HOW` in its three parts."""
    named, found, how = text.partition("=")
    entity, dot, what = named.rpartition(".")
    if not (found and dot and entity and what and how):
        raise UserError(N_("“{text}” is not written as deal.edit=team"), text=text)
    return people.RightSet(entity=entity, what=what, how=how)


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(N_("{file} is not JSON: {reason}"), file=file, reason=error) from error


def _rights_table(allows: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    return [{"entity": entity, **rights} for entity, rights in allows.items()]
