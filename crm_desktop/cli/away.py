"""`crm away`: who is away, who stands in, and coming back."""

from __future__ import annotations

import datetime

import click

from crm_core.entities.approval import TICKETS_MEANWHILE
from crm_core.i18n import N_
from crm_core.schema.field import Plain
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import flat
from crm_desktop.services import absences
from crm_desktop.services.hand_over import person_named

_COLUMNS = ("who", "from", "until", "stand_in", "tickets", "note", "id")
_who = click.option("--for", "who", metavar="USER", help=tr(N_("Who is away, where it is not you.")))


@click.group(help=tr(N_("Absences: who is away, and who stands in.")))
def away() -> None:
    """Absences."""


@away.command("list", help=tr(N_("List who is away or will be; --all: past absences too.")))
@click.option("--all", "every", is_flag=True, help=tr(N_("Also those that are over.")))
@pass_terminal
def list_absences(terminal: Terminal, every: bool) -> None:
    """List absences."""
    with terminal.app() as app:
        rows = [
            {**each, "from": instant_text(each["from"]), "until": instant_text(each["until"])}
            for each in absences.coming(app.replica, every=every)
        ]
    terminal.console.show_rows(rows, _COLUMNS)


@away.command("add", help=tr(N_("Say that you are away from a day or moment until another, days included.")))
@click.argument("begins", metavar="FROM")
@click.argument("ends", metavar="UNTIL")
@click.option("--deputy", required=True, metavar="USER", help=tr(N_("Who stands in: name or id.")))
@click.option(
    "--tickets",
    type=click.Choice([choice.value for choice in TICKETS_MEANWHILE]),
    default="offer",
    help=tr(N_("What becomes of open tickets that are due: they stay, are offered, or handed over.")),
)
@click.option("--note", help=tr(N_("A remark everybody reads.")))
@_who
@pass_terminal
def add(
    terminal: Terminal, begins: str, ends: str, deputy: str, tickets: str, note: str | None, who: str | None
) -> None:
    """Begin an absence."""
    with terminal.app() as app:
        replica = app.replica
        now = datetime.datetime.fromtimestamp(replica.clock.now_ms() / 1000).astimezone()
        values: dict[str, Plain] = {
            "stand_in_id": person_named(replica, deputy),
            "begins_at": absences.moment_of(begins, now),
            "ends_at": absences.moment_of(ends, now, ends=True),
            "tickets": tickets,
            "note": note,
        }
        if who:
            values["owner_id"] = person_named(replica, who)
        made = absences.begin(replica, values).value
        terminal.console.show(flat(replica, made))


@away.command("end", help=tr(N_("Come back: end the present absence now.")))
@_who
@pass_terminal
def end(terminal: Terminal, who: str | None) -> None:
    """End an absence."""
    with terminal.app() as app:
        replica = app.replica
        ended = absences.come_back(replica, person_named(replica, who) if who else None).value
        terminal.console.show(flat(replica, ended))
