"""`ticket`: tickets of unknown senders, whose they are, who is junk; calls that are taken."""

from __future__ import annotations

from typing import Any

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.schema.phones import shown_form
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import flat, record_id_of
from crm_desktop.services import callers, records, tickets, triage
from crm_desktop.services.callers import Caller
from crm_desktop.services.tickets import Queue

UNKNOWN_COLUMNS = ("id", "number", "subject", "sender", "channel", "others")
MATCH_COLUMNS = ("customer_id", "contact_id", "title", "customer", "reasons")
CALLER_COLUMNS = ("kind", "id", "name", "customer", "customer_id", "phone", "whole", "open_tickets")
_MOST = 500
_ticket_id = click.argument("ticket_id", metavar="ID")
_others = click.option("--others", is_flag=True, help=tr(N_("Also the other tickets of this sender.")))


@click.group(help=tr(N_("Tickets: unknown senders, junk, and calls taken.")))
def ticket() -> None:
    """What tickets alone can do; the rest is `list`, `show`, `add`, `set`."""


@ticket.command("unknown", help=tr(N_("List the tickets of senders nobody knows, the most pressing first.")))
@pass_terminal
def list_unknown(terminal: Terminal) -> None:
    """List them."""
    with terminal.app() as app:
        rows = []
        for row in tickets.queue(app.replica, Queue.UNKNOWN, limit=_MOST):
            asked = triage.unknown(app.replica, row.id)
            held = records.get(app.replica, "ticket", row.id)
            rows.append(
                {
                    "id": row.id,
                    "number": row.number,
                    "subject": row.subject,
                    "sender": asked.shown,
                    "channel": held.get("channel"),
                    "others": len(asked.others),
                }
            )
    terminal.console.show_rows(rows, UNKNOWN_COLUMNS)


@ticket.command(help=tr(N_("List who may have written a ticket, with the reasons.")))
@_ticket_id
@pass_terminal
def matches(terminal: Terminal, ticket_id: str) -> None:
    """List the likely senders."""
    with terminal.app() as app:
        found = triage.unknown(app.replica, record_id_of(ticket_id)).suggestions
    rows = [
        {
            "customer_id": each.customer_id,
            "contact_id": each.contact_id,
            "title": each.title,
            "customer": each.customer_name,
            "reasons": tr("; ").join(reason.show(tr) for reason in each.reasons),
        }
        for each in found
    ]
    terminal.console.show_rows(rows, MATCH_COLUMNS)


@ticket.command(help=tr(N_("Say whose a ticket of an unknown sender is.")))
@_ticket_id
@click.option("--customer", metavar="ID", help=tr(N_("The customer it belongs to.")))
@click.option("--contact", metavar="ID", help=tr(N_("The contact who wrote it.")))
@click.option("--make", "name", metavar="NAME", help=tr(N_("Make a contact of this name of who wrote it.")))
@click.option(
    "--company", metavar="NAME", default="", help=tr(N_("With --make: also a customer of this name."))
)
@_others
@pass_terminal
def link(
    terminal: Terminal,
    ticket_id: str,
    customer: str | None,
    contact: str | None,
    name: str | None,
    company: str,
    others: bool,
) -> None:
    """Link a ticket."""
    if name and contact:
        raise UserError(N_("Either --contact or --make"))
    with terminal.app() as app:
        replica, wanted = app.replica, record_id_of(ticket_id)
        also = triage.unknown(replica, wanted).others if others else ()
        customer_id = record_id_of(customer) if customer else None
        if name:
            triage.make(replica, wanted, name, customer_id=customer_id, customer_name=company, others=also)
        else:
            triage.link(replica, wanted, customer_id, record_id_of(contact) if contact else None, also)
        terminal.console.show(flat(replica, records.get(replica, "ticket", wanted)))


@ticket.command(help=tr(N_("Close a ticket as junk and bar its sender.")))
@_ticket_id
@click.option("--reason", default="", help=tr(N_("Why, for whoever reads the list of barred senders.")))
@_others
@pass_terminal
def junk(terminal: Terminal, ticket_id: str, reason: str, others: bool) -> None:
    """Bar a sender."""
    with terminal.app() as app:
        replica, wanted = app.replica, record_id_of(ticket_id)
        also = triage.unknown(replica, wanted).others if others else ()
        triage.bar(replica, wanted, also, reason)
        terminal.console.show(flat(replica, records.get(replica, "ticket", wanted)))


@ticket.command(help=tr(N_("Find who is calling by his number, however it is written, or by name.")))
@click.argument("number")
@pass_terminal
def caller(terminal: Terminal, number: str) -> None:
    """Find a caller."""
    with terminal.app() as app:
        found = callers.find(app.replica, number)
        rows = [_row(each, callers.facts(app.replica, each.customer_id)) for each in found.callers]
    terminal.console.show_rows(rows, CALLER_COLUMNS)
    if found.elsewhere:
        told = N_("Already ours, held by somebody else: {reason}")
        terminal.console.tell(told, reason=found.elsewhere[0].show(tr))


@ticket.command(help=tr(N_("Take a call: open a ticket for who has this number, or go on with one.")))
@click.argument("number")
@click.option("--subject", default="", help=tr(N_("What it is about.")))
@click.option("--said", default="", help=tr(N_("What was said.")))
@click.option("--name", default="", help=tr(N_("Who is calling, where nobody here has the number.")))
@click.option("--contact", metavar="ID", help=tr(N_("The contact who calls, where several have the number.")))
@click.option("--ticket", "ticket_id", metavar="ID", help=tr(N_("Go on with this ticket instead.")))
@pass_terminal
def call(
    terminal: Terminal,
    number: str,
    subject: str,
    said: str,
    name: str,
    contact: str | None,
    ticket_id: str | None,
) -> None:
    """Take a call."""
    with terminal.app() as app:
        replica = app.replica
        whole = [each for each in callers.find(replica, number).callers if each.is_whole]
        if contact is not None:
            whole = [each for each in whole if each.id == record_id_of(contact)]
            if not whole:
                raise UserError(N_("This contact has another number"))
        who = whole[0] if whole else None
        if ticket_id is not None:
            shown_id = record_id_of(ticket_id)
            callers.go_on(replica, shown_id, who, said)
        else:
            values: dict[str, Any] = {"subject": subject}
            if name and who is None:
                values["from_name"] = name
            shown_id = callers.take(replica, who, number, values, said).value.id
        terminal.console.show(flat(replica, records.get(replica, "ticket", shown_id)))


def _row(each: Caller, known: callers.CallerFacts) -> dict[str, Any]:
    return {
        "kind": each.entity,
        "id": each.id,
        "name": each.name,
        "customer": each.customer_name,
        "customer_id": each.customer_id,
        "phone": shown_form(each.phone),
        "whole": each.is_whole,
        "open_tickets": ", ".join(ticket.number for ticket in known.open_tickets),
    }
