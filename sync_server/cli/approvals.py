"""`flow` and `mandate`: who must approve what, and what may be given away without."""

from __future__ import annotations

import datetime

import click

from crm_core.i18n import N_
from crm_core.rules.approval_text import FORM
from sync_server.cli.console import assigned, tr
from sync_server.cli.listing import add_list
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import approval_setup

_FLOW_COLUMNS = ("name", "for", "rank", "steps", "mandate_suffices", "active", "id")
_MANDATE_COLUMNS = (
    "name",
    "user",
    "role",
    "family",
    "most_percent",
    "most_line_percent",
    "most_total",
    "valid_from",
    "valid_until",
    "signed",
    "id",
)


@click.group(help=tr(N_("Approval flows: who must approve records that fulfil conditions.")))
def flow() -> None:
    """Approval flows."""


add_list(
    flow,
    tr(N_("List the flows in the order they are asked; the first that fits counts.")),
    approval_setup.flows,
    _FLOW_COLUMNS,
)


@flow.command(
    "set", help=tr(N_("Change a flow, or make it where it is new; steps replace those there were."))
)
@click.argument("name")
@click.option("--for", "entity", help=tr(N_("Kind of record, such as quote.")))
@click.option(
    "--where", multiple=True, help=tr(N_("Condition, such as “below_list >= 10”; all of them must hold."))
)
@click.option("--step", "steps", multiple=True, metavar="STEP", help=FORM)
@click.option("--rank", type=int, help=tr(N_("Flows of a lower number are asked first.")))
@click.option(
    "--mandate/--no-mandate",
    "mandate_suffices",
    default=None,
    help=tr(N_("Whether a discount mandate takes its place.")),
)
@click.option("--on/--off", "active", default=None, help=tr(N_("Whether it is in use.")))
@pass_terminal
def set_flow(
    terminal: Terminal,
    name: str,
    entity: str | None,
    where: tuple[str, ...],
    steps: tuple[str, ...],
    rank: int | None,
    mandate_suffices: bool | None,
    active: bool | None,
) -> None:
    """Change or make a flow."""
    with terminal.headquarters() as hq:
        shown = approval_setup.set_flow(
            hq,
            name,
            entity=entity,
            where=where,
            steps=steps,
            rank=rank,
            mandate_suffices=mandate_suffices,
            active=active,
        )
        terminal.console.show(shown)


@flow.command("remove", help=tr(N_("Remove a flow; what was asked by it goes on by it.")))
@click.argument("name")
@pass_terminal
def remove_flow(terminal: Terminal, name: str) -> None:
    """Remove a flow."""
    with terminal.headquarters() as hq:
        approval_setup.remove_flow(hq, name)


@click.group(help=tr(N_("Discount mandates: how far below list price somebody may sell by himself.")))
def mandate() -> None:
    """Discount mandates."""


add_list(
    mandate,
    tr(N_("List the mandates, the one that ends first first.")),
    approval_setup.mandates,
    _MANDATE_COLUMNS,
)


@mandate.command(
    "add",
    help=tr(
        N_("Give a mandate, or renew the one of this name: user=Eve most_percent=10 valid_until=2027-06-30.")
    ),
)
@click.argument("name")
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1, required=True)
@pass_terminal
def add_mandate(terminal: Terminal, name: str, assignments: tuple[str, ...]) -> None:
    """Give or renew a mandate."""
    with terminal.headquarters() as hq:
        terminal.console.show(approval_setup.set_mandate(hq, name, assigned(assignments)))


@mandate.command("end", help=tr(N_("End a mandate: quotes sent from now on cannot rely on it.")))
@click.argument("name")
@pass_terminal
def end_mandate(terminal: Terminal, name: str) -> None:
    """End a mandate."""
    with terminal.headquarters() as hq:
        today = datetime.datetime.now().astimezone().date()
        terminal.console.show(approval_setup.end_mandate(hq, name, today))
