"""`price`."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.prices import Offer
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.services import pricing


@click.command(help=tr(N_("Tell what a product costs: PRODUCT is its code, name or id.")))
@click.argument("product")
@click.option("--customer", default="", metavar="NAME", help=tr(N_("For whom, by name or id.")))
@click.option("--quantity", default="1", help=tr(N_("How many.")))
@click.option(
    "--on", "day", default="", metavar="DAY", help=tr(N_("On which day, as 2026-12-24; else today."))
)
@click.option("--currency", default="", help=tr(N_("In which currency; else the company's.")))
@click.option("--book", default="", metavar="NAME", help=tr(N_("By this price book alone, by name or id.")))
@pass_terminal
def price(
    terminal: Terminal, product: str, customer: str, quantity: str, day: str, currency: str, book: str
) -> None:
    """Tell a price."""
    how = {"customer": customer, "currency": currency, "book": book}
    with terminal.app() as app:
        answer = pricing.ask(app.replica, product, quantity=_number(quantity), day=_day(day), **how)
    if answer.offer is None:
        raise UserError(
            N_("Nobody wrote down what “{product}” costs in {currency}"),
            product=answer.product,
            currency=answer.currency,
        )
    shown = {
        "product": answer.product,
        "product_id": answer.product_id,
        "quantity": quantity,
        **_row(answer.offer),
    }
    if not terminal.console.as_json:
        shown["why"] = "; ".join(shown["why"])
    terminal.console.show(shown)


def _row(offer: Offer) -> dict[str, Any]:
    return {
        "unit_price": str(offer.unit_price),
        "book": offer.book.title.show(tr) if offer.book is not None else None,
        "book_id": offer.book.id if offer.book is not None else None,
        "price_id": offer.row.id if offer.row is not None else None,
        "exchange_rate": f"{offer.rate.rate:f}" if offer.rate is not None else None,
        "why": [reason.show(tr) for reason in offer.why],
    }


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise UserError(N_("“{text}” is not a number"), text=text)
    return number


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UserError(N_("“{text}” is not a date such as 2026-12-24"), text=text) from error
