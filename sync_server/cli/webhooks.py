"""`webhook`: addresses HQ tells of changes."""

from __future__ import annotations

from typing import Final

import click

from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.listing import add_list
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import webhooks

COLUMNS: Final = ("id", "url", "key", "events", "active", "waiting", "dead", "sent_at")
MESSAGE_COLUMNS: Final = ("id", "webhook", "event", "record", "state", "tries", "status", "reason", "due_at")

_number = click.argument("number", metavar="NUMBER", type=int)


@click.group(help=tr(N_("Addresses of other programs that are told of changes.")))
def webhook() -> None:
    """Webhooks."""


@webhook.command(help=tr(N_("Tell an address of events from now on. Its secret is shown this once.")))
@click.argument("url", metavar="URL")
@click.option("--key", "key_name", required=True, help=tr(N_("Key whose rights decide what is told.")))
@click.option(
    "--on",
    "events",
    multiple=True,
    required=True,
    metavar="EVENT",
    help=tr(
        N_("What to tell of, as in order.created: created, updated, deleted, removed or *. May be repeated.")
    ),
)
@pass_terminal
def add(terminal: Terminal, url: str, key_name: str, events: tuple[str, ...]) -> None:
    """Make a webhook."""
    with terminal.headquarters() as hq:
        terminal.console.show(webhooks.add(hq, url, key_name, events))


add_list(
    webhook,
    tr(N_("List the addresses, how many messages wait and how many are dead.")),
    webhooks.listed,
    COLUMNS,
)


@webhook.command(help=tr(N_("Tell an address nothing more.")))
@_number
@pass_terminal
def remove(terminal: Terminal, number: int) -> None:
    """Remove a webhook."""
    with terminal.headquarters() as hq:
        terminal.console.show(webhooks.remove(hq, number))


@webhook.command(
    help=tr(N_("Give an address another secret; for some hours messages carry both signatures."))
)
@_number
@click.option(
    "--overlap",
    "hours",
    type=click.IntRange(0, 24 * 30),
    default=webhooks.OVERLAP_HOURS,
    show_default=True,
    metavar="HOURS",
    help=tr(N_("How long both secrets hold.")),
)
@pass_terminal
def rotate(terminal: Terminal, number: int, hours: int) -> None:
    """Give a webhook another secret."""
    with terminal.headquarters() as hq:
        terminal.console.show(webhooks.rotate(hq, number, hours))


@webhook.command("messages", help=tr(N_("List messages, newest first, with why they failed last.")))
@click.argument("number", metavar="[NUMBER]", type=int, required=False)
@click.option(
    "--state",
    type=click.Choice(("waiting", "sent", "dead", "void")),
    help=tr(N_("Only those that stand so.")),
)
@pass_terminal
def list_messages(terminal: Terminal, number: int | None, state: str | None) -> None:
    """List messages."""
    with terminal.headquarters() as hq:
        terminal.console.show_rows(webhooks.messages(hq, number, state), MESSAGE_COLUMNS)


@webhook.command(help=tr(N_("Send the dead messages of an address anew, or one of them.")))
@_number
@click.option("--message", "message_id", type=int, help=tr(N_("Only the one with this number.")))
@pass_terminal
def resend(terminal: Terminal, number: int, message_id: int | None) -> None:
    """Send dead messages anew."""
    with terminal.headquarters() as hq:
        terminal.console.show({"resent": webhooks.resend(hq, number, message_id)})
