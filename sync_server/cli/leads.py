"""`form`, `mail`, `lead-rule` and `ticket-rule`: how leads and tickets come in, and to whom they go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from crm_core.entities._choices import SOURCES
from crm_core.entities.assignment import WAYS
from crm_core.entities.capture import MADE
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.assignment import OF_TICKETS
from crm_core.rules.capture import FILES_MOST
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.cli.rules import NamedThings, add_commands
from sync_server.jobs import surveys, ticket_mails
from sync_server.jobs.leads import CHORE
from sync_server.jobs.mails import CHORE as SENDING
from sync_server.services import (
    assigning,
    lead_setup,
    mail_capture,
    outgoing_mails,
    routing,
    survey_mails,
    ticket_mail,
)
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.store.serving import turn_at

TURN_S: Final = 60.0  # mails of an hour are taken in faster

FORM_COLUMNS: Final = ("name", "path", "active", "makes", "asked", "source", "campaign", "owner", "team")
RULE_COLUMNS: Final = (
    "order",
    "name",
    "active",
    "how",
    "people",
    "team",
    "regions",
    "source",
    "answer_hours",
)
TICKET_COLUMNS: Final = ("order", "name", "active", "how", "people", "team", "where", "skilled", "most")
_SOURCES: Final = click.Choice([choice.value for choice in SOURCES] + [""])

_FORM_OPTIONS: Final = (
    click.option(
        "--makes",
        type=click.Choice([choice.value for choice in MADE]),
        help=tr(N_("What the form makes of what is sent.")),
    ),
    click.option(
        "--files",
        "files_most",
        type=click.IntRange(0, FILES_MOST),
        help=tr(N_("How many files may come with a ticket.")),
    ),
    click.option("--category", help=tr(N_("Name of the category of its tickets."))),
    click.option("--ask", "asked", metavar="FIELDS", help=tr(N_("Fields to ask for, separated by commas."))),
    click.option("--require", "needed", metavar="FIELDS", help=tr(N_("Fields that must be filled."))),
    click.option(
        "--language",
        type=click.Choice(["en", "zh_CN", ""]),
        help=tr(N_("Language of the page; else the visitor's.")),
    ),
    click.option("--source", type=_SOURCES, help=tr(N_("Source of its leads."))),
    click.option("--campaign", help=tr(N_("Campaign of its leads."))),
    click.option(
        "--owner", metavar="USER", help=tr(N_("User its leads or tickets go to; else by the rules."))
    ),
    click.option("--team", help=tr(N_("Name of the team."))),
    click.option("--territory", help=tr(N_("Name of the territory."))),
    click.option("--heading", help=tr(N_("Heading of the page."))),
    click.option("--heading-zh", help=tr(N_("Heading in Chinese."))),
    click.option("--consent", help=tr(N_("Text the visitor consents to by a box."))),
    click.option("--consent-zh", help=tr(N_("That text in Chinese."))),
    click.option("--consent-version", help=tr(N_("Version of that text; else one made of it."))),
    click.option("--thanks", help=tr(N_("What is shown afterwards."))),
    click.option("--thanks-zh", help=tr(N_("That in Chinese."))),
    click.option("--redirect", metavar="URL", help=tr(N_("Page of the web shown afterwards instead."))),
)
_WHO: Final = (
    click.option(
        "--order",
        "rank",
        type=click.IntRange(min=0),
        help=tr(N_("Place among the rules; the first that fits decides.")),
    ),
    click.option(
        "--to",
        "people",
        multiple=True,
        metavar="USER[:WEIGHT]",
        help=tr(N_("Who gets leads or tickets, with a weight from 1 to 20; may be repeated.")),
    ),
)
_RULE_OPTIONS: Final = (
    *_WHO,
    click.option(
        "--how",
        "way",
        type=click.Choice([choice.value for choice in WAYS if choice.value not in OF_TICKETS]),
        help=tr(N_("How one of several people is chosen.")),
    ),
    click.option("--team", help=tr(N_("Everybody in this team gets leads, where nobody is named."))),
    click.option("--territory", help=tr(N_("Leads of this territory only."))),
    click.option(
        "--region",
        "regions",
        multiple=True,
        help=tr(N_("Leads of this country, province or city only; may be repeated.")),
    ),
    click.option("--product", help=tr(N_("Leads for this product only: its code or name."))),
    click.option("--source", type=_SOURCES, help=tr(N_("Leads of this source only."))),
    click.option("--employees-from", type=click.IntRange(min=0), help=tr(N_("Companies from this size on."))),
    click.option("--employees-to", type=click.IntRange(min=0), help=tr(N_("Companies up to this size."))),
    click.option(
        "--answer-hours",
        type=click.IntRange(min=0),
        help=tr(N_("Working hours after which a lead nobody answered goes to somebody else; 0: never.")),
    ),
)
_TICKET_OPTIONS: Final = (
    *_WHO,
    click.option(
        "--how",
        "way",
        type=click.Choice([choice.value for choice in WAYS]),
        help=tr(N_("How one of several people is chosen, or that they go to a queue.")),
    ),
    click.option("--team", help=tr(N_("The team whose queue they go to, or all of whom get some."))),
    click.option(
        "--where",
        "conditions",
        multiple=True,
        metavar="CONDITION",
        help=tr(N_("Tickets that fulfil this only, such as “customer_id.level = A”; may be repeated.")),
    ),
    click.option(
        "--skilled/--whoever", "skilled", default=None, help=tr(N_("Only who has the skills asked for."))
    ),
    click.option(
        "--in-territory/--anywhere",
        "in_territory",
        default=None,
        help=tr(N_("Only who works in the customer's territory.")),
    ),
    click.option(
        "--most", "most_open", type=click.IntRange(min=0), help=tr(N_("Open tickets each, at most; 0: any."))
    ),
)


@click.group(help=tr(N_("Forms: pages on which people outside leave their address or ask for help.")))
def form() -> None:
    """Forms."""


@form.command("show", help=tr(N_("Show a form, and the key with which your own site may send to it.")))
@click.argument("name")
@pass_terminal
def show_form(terminal: Terminal, name: str) -> None:
    """Show a form."""
    with terminal.headquarters() as hq:
        terminal.console.show(lead_setup.one_form(hq, name))


add_commands(
    form,
    NamedThings(
        columns=FORM_COLUMNS,
        options=_FORM_OPTIONS,
        every=lead_setup.forms,
        add=lead_setup.add_form,
        change=lead_setup.change_form,
        adds=N_("Add a form; it answers at once at the path shown."),
        lists=N_("List the forms."),
        sets=N_("Change a form; an empty value clears it."),
        enables=N_("Let a retired form answer again."),
        retires=N_("Take a form out of use; its leads stay."),
    ),
)


@click.group("lead-rule", help=tr(N_("Rules by which leads nobody owns go to people.")))
def lead_rule() -> None:
    """Rules."""


add_commands(
    lead_rule,
    NamedThings(
        columns=RULE_COLUMNS,
        options=_RULE_OPTIONS,
        every=lead_setup.lead_rules,
        add=lead_setup.add_rule,
        change=lead_setup.change_rule,
        adds=N_("Add a rule."),
        lists=N_("List the rules in the order they are asked."),
        sets=N_("Change a rule; an empty value clears it."),
        enables=N_("Let a retired rule decide again."),
        retires=N_("Take a rule out of use."),
    ),
)


@lead_rule.command("run", help=tr(N_("Give the waiting leads out now; a server does so every few minutes.")))
@pass_terminal
def run_rules(terminal: Terminal) -> None:
    """Run the rules."""
    with terminal.headquarters() as hq, _turn(hq):
        now = now_ms()
        given = {
            "assigned": assigning.assign_waiting(hq, now),
            "given_on": assigning.reassign_silent(hq, now),
        }
    terminal.console.show(given)


@click.group("ticket-rule", help=tr(N_("Rules by which tickets go to people and queues.")))
def ticket_rule() -> None:
    """Rules of tickets."""


add_commands(
    ticket_rule,
    NamedThings(
        columns=TICKET_COLUMNS,
        options=_TICKET_OPTIONS,
        every=lead_setup.ticket_rules,
        add=lead_setup.add_ticket_rule,
        change=lead_setup.change_rule,
        adds=N_("Add a rule."),
        lists=N_("List the rules in the order they are asked."),
        sets=N_("Change a rule; an empty value clears it."),
        enables=N_("Let a retired rule decide again."),
        retires=N_("Take a rule out of use."),
    ),
)


@ticket_rule.command(
    "run", help=tr(N_("Give out the tickets no rule has seen yet; new ones are given out as they arrive."))
)
@pass_terminal
def run_ticket_rules(terminal: Terminal) -> None:
    """Run the rules of tickets."""
    with terminal.headquarters() as hq:
        terminal.console.show({"assigned": routing.give_waiting(hq.database, now_ms())})


@click.group(help=tr(N_("Mails that become leads, and mails that go out.")))
def mail() -> None:
    """Mails."""


@mail.command("fetch", help=tr(N_("Take in the new mails now; a server does so every few minutes.")))
@pass_terminal
def fetch_mails(terminal: Terminal) -> None:
    """Take in mails."""
    with terminal.headquarters() as hq, _turn(hq):
        terminal.console.show(mail_capture.fetch(hq, now_ms()))


@mail.command(
    "tickets",
    help=tr(N_("Take in what customers wrote to the service address; a server does so every minute.")),
)
@pass_terminal
def fetch_ticket_mails(terminal: Terminal) -> None:
    """Take in mails to the service address."""
    with terminal.headquarters() as hq, _turn(hq, ticket_mails.CHORE):
        terminal.console.show(ticket_mail.fetch(hq, now_ms()))


@mail.command("send", help=tr(N_("Send the mails that wait now; a server does so every half minute.")))
@pass_terminal
def send_mails(terminal: Terminal) -> None:
    """Send mails."""
    with terminal.headquarters() as hq, _turn(hq, SENDING):
        if not hq.settings.smtp_server:
            raise UserError(N_("No mail server is set; see smtp_server in crm-server.toml"))
        terminal.console.show(outgoing_mails.send_due(hq, now_ms()))


@mail.command(
    "surveys",
    help=tr(
        N_("Ask customers whose tickets have ended how satisfied they are; a server does so every minute.")
    ),
)
@pass_terminal
def ask_customers(terminal: Terminal) -> None:
    """Ask customers."""
    with terminal.headquarters() as hq, _turn(hq, surveys.CHORE):
        if not survey_mails.can_send(hq):
            raise UserError(N_("Set smtp_server and public_url in crm-server.toml first"))
        terminal.console.show(surveys.ask_now(hq))


@contextmanager
def _turn(hq: Headquarters, chore: str = CHORE) -> Iterator[None]:
    """Have no server do the same at the same time; wait for one that does."""
    with turn_at(hq.database, chore, wait_s=TURN_S) as is_mine:
        if not is_mine:
            raise UserError(N_("A server is doing this right now; try again in a minute"))
        yield
