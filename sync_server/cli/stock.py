"""`stock`: how much there is of each product, for whoever sells."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from crm_core.errors import UserError, reason_of
from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import stock as figures
from sync_server.services.auth import now_ms
from sync_server.services.stock import MAIN, Figure

_COLUMNS: Final = ("product", "warehouse", "quantity", "as_of", "id")


@click.group(help=tr(N_("Stock: how much there is of each product, as laptops show it.")))
def stock() -> None:
    """Stock."""


@stock.command("list", help=tr(N_("List the figures of all products, or of one.")))
@click.argument("product", required=False)
@pass_terminal
def list_stock(terminal: Terminal, product: str | None) -> None:
    """List figures."""
    with terminal.headquarters() as hq:
        terminal.console.show_rows(figures.stock(hq, product), _COLUMNS)


@stock.command("set", help=tr(N_("Say how much there is of a product, by its code, name or id.")))
@click.argument("product")
@click.argument("quantity")
@click.option("--warehouse", default=MAIN, show_default=True, help=tr(N_("Where it lies.")))
@click.option("--as-of", default="", metavar="TIME", help=tr(N_("When it was counted; else now.")))
@pass_terminal
def set_stock(terminal: Terminal, product: str, quantity: str, warehouse: str, as_of: str) -> None:
    """Say one figure."""
    said = Figure(product=product, quantity=quantity, warehouse=warehouse, as_of=as_of)
    with terminal.headquarters() as hq:
        figures.tell(hq, [said], now_ms())
        terminal.console.show_rows(figures.stock(hq, product), _COLUMNS)


@stock.command("import", help=tr(N_("Take figures from a CSV file: product, quantity, warehouse, as_of.")))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@pass_terminal
def import_stock(terminal: Terminal, file: Path) -> None:
    """Take the figures of a file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise UserError(N_("{file} cannot be opened: {reason}"), file=file, reason=reason) from error
    with terminal.headquarters() as hq:
        terminal.console.show({"told": figures.tell(hq, figures.figures_in(text), now_ms())})
