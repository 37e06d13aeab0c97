"""`key`: keys under which other programs ask HQ."""

from __future__ import annotations

import datetime
from typing import Final

import click

from crm_core.i18n import N_
from crm_core.times import DAY_MS
from sync_server.cli.console import tr
from sync_server.cli.listing import add_list
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import keys

COLUMNS: Final = ("id", "name", "role", "scopes", "state", "begins", "expires_at", "used_at")

_name = click.argument("name", metavar="NAME")
_expires = click.option(
    "--expires",
    type=click.DateTime(("%Y-%m-%d",)),
    metavar="DATE",
    help=tr(N_("Its last day (UTC), such as 2027-06-30; else none.")),
)


@click.group(help=tr(N_("Keys under which other programs ask HQ: add, list, renew, revoke.")))
def key() -> None:
    """Keys."""


@key.command(help=tr(N_("Make a key for a program. It is shown this once and kept as a hash only.")))
@_name
@click.option("--role", required=True, help=tr(N_("Role whose rights it has at most.")))
@click.option("--team", help=tr(N_("Name of the team.")))
@click.option("--territory", help=tr(N_("Name of the territory.")))
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="ENTITY:WORD",
    help=tr(
        N_("What it may do, as in order:read: read, create, edit, write, delete or assign. May be repeated.")
    ),
)
@_expires
@pass_terminal
def add(
    terminal: Terminal,
    name: str,
    role: str,
    team: str | None,
    territory: str | None,
    scopes: tuple[str, ...],
    expires: datetime.datetime | None,
) -> None:
    """Make a key."""
    where = {"role": role, "team": team, "territory": territory}
    with terminal.headquarters() as hq:
        terminal.console.show(keys.add(hq, name, scopes, where, _end_of(expires)))


add_list(key, tr(N_("List the keys there are, without their secrets.")), keys.listed, COLUMNS)


@key.command(help=tr(N_("Give a key another secret; the one before opens nothing from now on.")))
@_name
@_expires
@pass_terminal
def renew(terminal: Terminal, name: str, expires: datetime.datetime | None) -> None:
    """Renew a key."""
    with terminal.headquarters() as hq:
        terminal.console.show(keys.renew(hq, name, _end_of(expires)))


@key.command(help=tr(N_("Take a key back; what was done under it stays.")))
@_name
@pass_terminal
def revoke(terminal: Terminal, name: str) -> None:
    """Revoke a key."""
    with terminal.headquarters() as hq:
        terminal.console.show(keys.revoke(hq, name))


def _end_of(day: datetime.datetime | None) -> int | None:
    """Return when a day is over (UTC, milliseconds)."""
    return None if day is None else int(day.replace(tzinfo=datetime.UTC).timestamp()) * 1000 + DAY_MS
