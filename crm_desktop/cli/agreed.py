"""`crm order` and `crm contract`: made of what was agreed before, delivered, taken back, renewed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

import click

from crm_core.entities.order import RETURN_REASONS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import id_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import flat, record_id_of
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import contracts, orders
from crm_desktop.services.delivering import plain_quantity
from crm_desktop.services.orders import Moving
from crm_desktop.services.outcome import Outcome

_MOVED = ("description", "ordered", "delivered", "open", "id")
_BETWEEN = "/"


@click.group(help=tr(N_("Orders: made of quotes and contracts, sent, delivered, taken back.")))
def order() -> None:
    """Orders."""


@click.group(help=tr(N_("Contracts: made of quotes, sent, signed, renewed.")))
def contract() -> None:
    """Contracts."""


def _make(terminal: Terminal, work: Callable[[Replica, str], Outcome[Record]], record_id: str) -> None:
    with terminal.app() as app:
        made = work(app.replica, record_id_of(record_id)).value
        terminal.console.show(flat(app.replica, made))


@order.command("from-quote", help=tr(N_("Make the order of a quote that was sent or accepted.")))
@id_argument
@pass_terminal
def from_quote(terminal: Terminal, record_id: str) -> None:
    """Make an order."""
    _make(terminal, orders.from_quote, record_id)


@order.command("from-contract", help=tr(N_("Make an order of what a signed contract is about.")))
@id_argument
@pass_terminal
def from_contract(terminal: Terminal, record_id: str) -> None:
    """Make an order."""
    _make(terminal, orders.from_contract, record_id)


@order.command("state", help=tr(N_("Show how much of each line of an order was delivered.")))
@id_argument
@pass_terminal
def state(terminal: Terminal, record_id: str) -> None:
    """Show what was moved."""
    with terminal.app() as app:
        _show_state(terminal, app.replica, record_id_of(record_id))


_moving = click.argument("moving", metavar="[LINE=QUANTITY[/SERIAL...]...]", nargs=-1)


@order.command(
    "deliver",
    help=tr(N_("Write down a delivery: of the lines named, or of all that is still to be delivered.")),
)
@id_argument
@_moving
@click.option("--day", default="", metavar="DAY", help=tr(N_("The day it took place; else today.")))
@click.option("--carrier", default="", help=tr(N_("Who carried it.")))
@pass_terminal
def deliver(terminal: Terminal, record_id: str, moving: Sequence[str], day: str, carrier: str) -> None:
    """Deliver goods."""
    with terminal.app() as app:
        found = record_id_of(record_id)
        if moving:
            wanted = [_moved(each) for each in moving]
        else:
            left = orders.state(app.replica, found).open
            if not left:
                raise UserError(N_("Nothing of this order is still to be delivered"))
            wanted = [Moving(order_line_id=line, quantity=quantity) for line, quantity in left.items()]
        given = {name: said for name, said in (("delivered_on", day), ("carrier", carrier)) if said}
        orders.deliver(app.replica, found, wanted, given)
        _show_state(terminal, app.replica, found)


@order.command("take-back", help=tr(N_("Write down that goods of an order came back.")))
@id_argument
@_moving
@click.option(
    "--reason",
    required=True,
    type=click.Choice([each.value for each in RETURN_REASONS]),
    help=tr(N_("Why it came back.")),
)
@pass_terminal
def take_back(terminal: Terminal, record_id: str, moving: Sequence[str], reason: str) -> None:
    """Take goods back."""
    with terminal.app() as app:
        found = record_id_of(record_id)
        if not moving:
            raise UserError(N_("Say which lines come back: LINE=QUANTITY"))
        orders.take_back(app.replica, found, [_moved(each) for each in moving], reason)
        _show_state(terminal, app.replica, found)


@contract.command("from-quote", help=tr(N_("Draft the contract about what a quote offers.")))
@id_argument
@pass_terminal
def contract_from_quote(terminal: Terminal, record_id: str) -> None:
    """Draft a contract."""
    _make(terminal, contracts.from_quote, record_id)


@contract.command("renew", help=tr(N_("Draft the contract that goes on where one ends.")))
@id_argument
@pass_terminal
def renew(terminal: Terminal, record_id: str) -> None:
    """Draft the next contract."""
    _make(terminal, contracts.renew, record_id)


def _moved(text: str) -> Moving:
    """Return what LINE=QUANTITY/SERIAL/SERIAL says. `UserError` names what cannot be read."""
    line, found, rest = text.partition("=")
    if not found:
        raise UserError(N_("“{text}” is not written as field=value"), text=text)
    amount, *serials = rest.split(_BETWEEN)
    try:
        quantity = Decimal(amount)
    except InvalidOperation as error:
        raise UserError(N_("“{text}” is not a number"), text=amount) from error
    return Moving(order_line_id=record_id_of(line), quantity=quantity, serials=tuple(serials))


def _show_state(terminal: Terminal, replica: Replica, order_id: str) -> None:
    found = orders.state(replica, order_id)
    left = found.open
    rows = [
        {
            "description": values.get("description"),
            "ordered": values.get("quantity"),
            "delivered": plain_quantity(found.delivered.get(line_id, Decimal(0))),
            "open": plain_quantity(left.get(line_id, Decimal(0))),
            "id": line_id,
        }
        for line_id, values in found.lines
    ]
    terminal.console.show_rows(rows, _MOVED)
