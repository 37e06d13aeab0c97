"""`calendar-feed`: secret addresses under which people read their calendars on a telephone."""

from __future__ import annotations

from typing import Final

import click

from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import calendar_feeds

COLUMNS: Final = ("id", "user", "label", "made_at", "used_at")

_user = click.argument("user", metavar="USER")


@click.group("calendar-feed", help=tr(N_("Secret addresses of calendars for telephones: add, list, revoke.")))
def calendar_feed() -> None:
    """Addresses of calendars."""


@calendar_feed.command(
    help=tr(N_("Make an address for a user. It is shown this once and needs no password."))
)
@_user
@click.option("--label", default="", help=tr(N_("What it is for.")))
@pass_terminal
def add(terminal: Terminal, user: str, label: str) -> None:
    """Make an address."""
    with terminal.headquarters() as hq:
        terminal.console.show(calendar_feeds.add(hq, user, label))


@calendar_feed.command("list", help=tr(N_("List the addresses there are, without their secrets.")))
@click.argument("user", metavar="[USER]", required=False)
@pass_terminal
def list_feeds(terminal: Terminal, user: str | None) -> None:
    """List addresses."""
    with terminal.headquarters() as hq:
        rows = calendar_feeds.listed(hq, user)
    terminal.console.show_rows(rows, COLUMNS)


@calendar_feed.command(help=tr(N_("Take a user's addresses back, or one of them.")))
@_user
@click.option("--id", "feed_id", type=int, help=tr(N_("Only the one with this number.")))
@pass_terminal
def revoke(terminal: Terminal, user: str, feed_id: int | None) -> None:
    """Take addresses back."""
    with terminal.headquarters() as hq:
        number = calendar_feeds.revoke(hq, user, feed_id)
    terminal.console.show({"revoked": number})
