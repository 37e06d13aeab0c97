"""`crm payments`: plans, matching and refunds, and how long what is owed is overdue."""

from __future__ import annotations

import datetime
from typing import Any

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money, parse_money
from crm_core.rules.payments import BUCKETS, Share
from crm_core.rules.plan_parts import MOST_MONTHS
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import id_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import record_id_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import ageing as sums
from crm_desktop.services import payments as service
from crm_desktop.services import records
from crm_desktop.services.ageing import By

_AGEING = ("name", *(bucket.key for bucket in BUCKETS), "total", "count")
_PLAN = ("number", "name", "amount", "due_on", "paid", "state", "id")
_of = click.argument("entity", type=click.Choice(["order", "contract"]))


@click.group(help=tr(N_("Payments: plans of orders and contracts, what receipts were for, what is overdue.")))
def payments() -> None:
    """Payments."""


@payments.command("ageing", help=tr(N_("List what is owed by how many days it is overdue.")))
@click.option(
    "--by", type=click.Choice([each.value for each in By]), default=By.CUSTOMER.value, help=tr(N_("Sums of."))
)
@pass_terminal
def ageing(terminal: Terminal, by: str) -> None:
    """List sums."""
    with terminal.app() as app:
        found = sums.ageing(app.replica, By(by))
        rows = [
            {
                "name": row.name or None,
                "key": row.key or None,
                "currency": row.currency,
                **{key: str(Money(minor, row.currency)) for key, minor in row.buckets.items()},
                "total": str(Money(row.total_minor, row.currency)),
                "count": row.count,
            }
            for row in found
        ]
        terminal.console.show_rows(rows, _AGEING)


@payments.command(
    "plan",
    help=tr(
        N_(
            "Show the plan of an order or contract, or make one of PARTS: 30/60/10, or "
            "“30 signing/70 delivery+30”."
        )
    ),
)
@_of
@id_argument
@click.argument("parts", required=False)
@click.option("--first", default="", metavar="DAY", help=tr(N_("When the first part is due; else today.")))
@click.option(
    "--months", type=click.IntRange(1, MOST_MONTHS), help=tr(N_("Months from part to part; else 1."))
)
@click.option(
    "--template", default="", metavar="NAME", help=tr(N_("Make the plan that is kept by this name."))
)
@pass_terminal
def plan(
    terminal: Terminal,
    entity: str,
    record_id: str,
    parts: str | None,
    first: str,
    months: int | None,
    template: str,
) -> None:
    """Show or make a plan."""
    with terminal.app() as app:
        found = record_id_of(record_id)
        if template:
            kept = service.template_called(app.replica, template)
            parts, months = parts or str(kept["parts"]), months or kept.get("months")
        if parts:
            day = _day(first) or app.replica.clock.today()
            service.plan_by_parts(app.replica, entity, found, parts, day, months or 1)
        _show_plan(terminal, app.replica, entity, found)


@payments.command("agree", help=tr(N_("Agree the plan of an order or contract; it must come to the total.")))
@_of
@id_argument
@pass_terminal
def agree(terminal: Terminal, entity: str, record_id: str) -> None:
    """Agree a plan."""
    with terminal.app() as app:
        found = record_id_of(record_id)
        service.agree(app.replica, entity, found)
        _show_plan(terminal, app.replica, entity, found)


@payments.command(
    "match", help=tr(N_("Say what a receipt was for: as proposed, or INSTALMENT=AMOUNT one after the other."))
)
@id_argument
@click.argument("shares", metavar="[INSTALMENT=AMOUNT...]", nargs=-1)
@pass_terminal
def match(terminal: Terminal, record_id: str, shares: tuple[str, ...]) -> None:
    """Match a receipt."""
    with terminal.app() as app:
        replica = app.replica
        receipt = records.get(replica, "receipt", record_id_of(record_id))
        if shares:
            wanted = [_share(each, str(receipt.get("currency"))) for each in shares]
            service.match(replica, receipt.id, wanted)
        else:
            service.match_as_proposed(replica, receipt.id)
        view = service.match_view(replica, receipt.id)
        currency = str(receipt.get("currency"))
        terminal.console.show(
            {
                "receipt": receipt.title,
                "left": str(Money(view.left_minor, currency)),
                "matched": {
                    row.instalment.title: str(Money(row.matched_minor, currency))
                    for row in view.rows
                    if row.matched_minor
                },
            }
        )


@payments.command("refund", help=tr(N_("Give AMOUNT of a receipt back; what it was matched to opens again.")))
@id_argument
@click.argument("amount")
@click.option("--reason", default="", help=tr(N_("Why.")))
@pass_terminal
def refund(terminal: Terminal, record_id: str, amount: str, reason: str) -> None:
    """Give money back."""
    with terminal.app() as app:
        receipt = records.get(app.replica, "receipt", record_id_of(record_id))
        minor = parse_money(amount, str(receipt.get("currency"))).minor
        made = service.refund(app.replica, receipt.id, minor, reason).value
        terminal.console.show({"id": made.id, "number": made.get("number"), "status": made["status"]})


def _share(text: str, currency: str) -> Share:
    key, found, amount = text.partition("=")
    if not found:
        raise UserError(N_("“{text}” is not written as field=value"), text=text)
    return Share(record_id_of(key), parse_money(amount, currency).minor)


def _show_plan(terminal: Terminal, replica: Replica, entity: str, record_id: str) -> None:
    view = service.plan(replica, entity, record_id)
    currency = view.total.currency
    rows: list[dict[str, Any]] = [
        {
            "number": row.instalment.get("number"),
            "name": row.instalment.title,
            "amount": str(Money(row.instalment.get("amount") or 0, currency)),
            "due_on": row.instalment.get("due_on"),
            "paid": str(Money(row.instalment.get("paid") or 0, currency)),
            "state": row.state.value,
            "id": row.instalment.id,
        }
        for row in view.rows
    ]
    terminal.console.show_rows(rows, _PLAN)


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UserError(N_("“{text}” is not a date such as 2026-12-24"), text=text) from error
