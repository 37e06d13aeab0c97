"""`lead`: what a lead may already be, its conversion, and the way back."""

from __future__ import annotations

from typing import Any

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.cli.console import LANGUAGE, tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import declared_fields, flat, parse, record_id_of
from crm_desktop.services import converting, lead_matches, records, scoring
from crm_desktop.services.converting import Wish
from resources import CHINESE

MATCH_COLUMNS = ("customer_id", "title", "score", "reasons", "may_join")
_lead_id = click.argument("lead_id", metavar="ID")


@click.group(help=tr(N_("Leads: find who they are already, convert them, undo that.")))
def lead() -> None:
    """What leads alone can do; the rest is `list`, `show`, `add`, `set`."""


@lead.command(help=tr(N_("List the customers a lead may already be, with the reasons.")))
@_lead_id
@pass_terminal
def matches(terminal: Terminal, lead_id: str) -> None:
    """List the likely customers."""
    with terminal.app() as app:
        found = lead_matches.matches(app.replica, records.get(app.replica, "lead", record_id_of(lead_id)))
    rows = [
        {
            "customer_id": match.customer_id,
            "title": match.title,
            "score": match.score,
            "reasons": tr("; ").join(reason.show(tr) for reason in match.reasons),
            "may_join": match.may_join,
        }
        for match in found
    ]
    terminal.console.show_rows(rows, MATCH_COLUMNS)


@lead.command(help=tr(N_("Make a customer, a contact and, with --deal, a deal of a lead, all or nothing.")))
@_lead_id
@click.option("--customer", metavar="ID", help=tr(N_("Join this customer; else a new one is made.")))
@click.option("--no-contact", is_flag=True, help=tr(N_("Make no contact.")))
@click.option("--deal", "deal_name", metavar="NAME", help=tr(N_("Open a deal of this name.")))
@click.option(
    "--with",
    "assignments",
    multiple=True,
    metavar="FIELD=VALUE",
    help=tr(N_("A value of the deal, such as “amount=1200.00 CNY”; may be repeated.")),
)
@pass_terminal
def convert(
    terminal: Terminal,
    lead_id: str,
    customer: str | None,
    no_contact: bool,
    deal_name: str | None,
    assignments: tuple[str, ...],
) -> None:
    """Convert a lead."""
    if assignments and not deal_name:
        raise UserError(N_("Values of a deal need --deal with its name"))
    with terminal.app() as app:
        replica = app.replica
        deal = parse(declared_fields(replica, "deal"), "deal", assignments, {}) if assignments else None
        wish = Wish(
            customer_id=record_id_of(customer) if customer else None,
            with_contact=not no_contact,
            deal_name=deal_name,
            deal=deal,
        )
        made = converting.convert(replica, record_id_of(lead_id), wish).value
        shown: dict[str, Any] = {
            "lead_id": made.lead.id,
            "customer_id": made.customer_id,
            "customer": made.customer_name,
            "contact_id": made.contact_id,
            "deal_id": made.deal_id,
        }
    terminal.console.show(shown)


@lead.command("undo", help=tr(N_("Undo a conversion, within a day and while nothing was built on it.")))
@_lead_id
@pass_terminal
def undo(terminal: Terminal, lead_id: str) -> None:
    """Take a conversion back."""
    with terminal.app() as app:
        back = converting.take_back(app.replica, record_id_of(lead_id)).value
        terminal.console.show(flat(app.replica, back))


@lead.command(help=tr(N_("Show what a lead scores, and why.")))
@_lead_id
@pass_terminal
def score(terminal: Terminal, lead_id: str) -> None:
    """Show a score with its reasons."""
    with terminal.app() as app:
        found_lead = records.get(app.replica, "lead", record_id_of(lead_id))
        found = scoring.score_of(app.replica, found_lead, chinese=LANGUAGE == CHINESE)
    reasons: Any = [reason.told().show(tr) for reason in found.reasons]
    if not terminal.console.as_json:
        reasons = tr("; ").join(reasons)
    terminal.console.show(
        {"score": found.total, "suggestion": found.suggestion.value or None, "reasons": reasons}
    )
