"""`payments`: what is owed by how long it is overdue, and reminding of it at once."""

from __future__ import annotations

import datetime

import click

from crm_core.i18n import N_
from crm_core.rules.payments import BUCKETS
from sync_server.cli.console import assigned, tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import ageing as sums
from sync_server.services import payment_reminders, people, plan_templates
from sync_server.services.auth import now_ms
from sync_server.services.reading import Reader

_TEMPLATE = ("name", "name_zh", "parts", "months", "rank", "active", "id")
_COLUMNS = ("name", *(bucket.key for bucket in BUCKETS), "total", "count")


@click.group(help=tr(N_("Payments: what customers owe, and reminding of it.")))
def payments() -> None:
    """Payments."""


@payments.command("ageing", help=tr(N_("List what is owed by how many days it is overdue.")))
@click.option(
    "--by", type=click.Choice(["customer", "owner", "all"]), default="customer", help=tr(N_("Sums of."))
)
@click.option("--as", "user", default="", metavar="USER", help=tr(N_("Only what this user may see.")))
@pass_terminal
def ageing(terminal: Terminal, by: str, user: str) -> None:
    """List sums."""
    today = datetime.datetime.fromtimestamp(now_ms() / 1000, datetime.UTC).date()
    with terminal.headquarters() as hq:
        user_id = people.find(hq, "user", user)[0] if user else None
        with hq.database.read() as snapshot:
            person = hq.records.author(snapshot.connection, user_id).person
            rows = sums.ageing(Reader(snapshot.connection, person), by, today)
        terminal.console.show_rows(rows, _COLUMNS)


@payments.group("template", help=tr(N_("Plan templates: payment plans kept by name.")))
def template() -> None:
    """Plan templates."""


@template.command("list", help=tr(N_("List the plan templates in the order they are offered.")))
@pass_terminal
def list_templates(terminal: Terminal) -> None:
    """List templates."""
    with terminal.headquarters() as hq:
        terminal.console.show_rows(plan_templates.templates(hq), _TEMPLATE)


@template.command(
    "set",
    help=tr(
        N_(
            "Change a plan template, or make it where it is new: parts=30/60/10 months=1, or "
            "“parts=30 signing/70 delivery+30”."
        )
    ),
)
@click.argument("name")
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1, required=True)
@pass_terminal
def set_template(terminal: Terminal, name: str, assignments: tuple[str, ...]) -> None:
    """Change or make a template."""
    with terminal.headquarters() as hq:
        terminal.console.show(plan_templates.set_template(hq, name, assigned(assignments)))


@template.command("remove", help=tr(N_("Remove a plan template; plans made of it stay.")))
@click.argument("name")
@pass_terminal
def remove_template(terminal: Terminal, name: str) -> None:
    """Remove a template."""
    with terminal.headquarters() as hq:
        plan_templates.remove_template(hq, name)


@payments.command("remind", help=tr(N_("Remind owners of what is due now; a server does so every hour.")))
@pass_terminal
def remind(terminal: Terminal) -> None:
    """Remind."""
    with terminal.headquarters() as hq:
        days = hq.settings.remind_before_due_days, hq.settings.remind_after_due_days
        told = payment_reminders.remind(hq.database, now_ms(), *days)
        terminal.console.show({"reminded": told})
