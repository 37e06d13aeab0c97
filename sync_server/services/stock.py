"""How much there is of each product, as HQ is told: by command, by a file, by REST."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities.pricing import StockLevel
from crm_core.entities.product import Product
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.schema.values import canonical_decimal, instant_text, parse_instant
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.store.tables import table_of

ROWS_A_TRANSACTION: Final = 500  # laptops wait with their uploads for about half a second
_product = table_of(Product)
_stock = table_of(StockLevel)
MAIN: Final = "main"
"""The warehouse of a figure that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How much of a product a warehouse has, as somebody says it; the product by code, name or id."""

    product: str
    quantity: str
    warehouse: str = MAIN
    as_of: str = ""
    """ISO 8601; empty: now."""


def stock(hq: Headquarters, product: str | None = None) -> list[dict[str, Any]]:
    """Return the figures of all products, or of one, by product and warehouse."""
    wanted = _id_of(_known(hq), product) if product is not None else None
    rows = [
        {
            "product": hq.records.name_of("product", values["product_id"]) or "",
            "warehouse": values["warehouse"],
            "quantity": values["quantity"],
            "as_of": instant_text(values["as_of"]),
            "id": record_id,
        }
        for record_id, values in hq.records.all("stock_level")
        if wanted is None or values["product_id"] == wanted
    ]
    return sorted(rows, key=lambda row: (row["product"], row["warehouse"]))


def tell(hq: Headquarters, figures: Iterable[Figure], now_ms: int) -> int:
    """Take what somebody says of the stock in place of what was said before; return of how many figures.

    Nothing is taken where one of them cannot be; the `UserError` names it.
    """
    known = _known(hq)
    with hq.database.read() as snapshot:
        held = {
            (row.product_id, row.warehouse): row.id
            for row in snapshot.connection.execute(select(_stock).where(_stock.c.life % 2 == 1))
        }
    edits: dict[tuple[str, str], Edit] = {}
    for figure in figures:
        values = _read(known, figure, now_ms)
        place = values["product_id"], values["warehouse"]
        if place in held:
            told = {name: values[name] for name in ("quantity", "as_of")}
            update = Edit(kind=EditKind.UPDATE, entity="stock_level", record_id=held[place], values=told)
            edits[place] = update
        else:
            edits[place] = Edit(kind=EditKind.CREATE, entity="stock_level", values=values)
    wanted = list(edits.values())
    for first in range(0, len(wanted), ROWS_A_TRANSACTION):
        hq.records.write_all(wanted[first : first + ROWS_A_TRANSACTION])
    return len(wanted)


def figures_in(text: str) -> list[Figure]:
    """Return the figures of a CSV file: product and quantity, and where it says so warehouse and as_of."""
    rows = csv.DictReader(io.StringIO(text))
    if not {"product", "quantity"} <= set(rows.fieldnames or ()):
        raise UserError(N_("The file needs the columns “product” and “quantity”"))
    return [
        Figure(
            product=row["product"] or "",
            quantity=row["quantity"] or "",
            warehouse=row.get("warehouse") or MAIN,
            as_of=row.get("as_of") or "",
        )
        for row in rows
    ]


def _read(known: Mapping[str, str], figure: Figure, now_ms: int) -> dict[str, Any]:
    try:
        quantity = canonical_decimal(figure.quantity)
    except ValueError as error:
        raise UserError(N_("“{text}” is not a number"), text=figure.quantity) from error
    try:
        as_of = parse_instant(figure.as_of) if figure.as_of else now_ms
    except ValueError as error:
        text = figure.as_of
        raise UserError(N_("“{text}” is not a time such as 2026-12-24T09:30:00Z"), text=text) from error
    return {
        "product_id": _id_of(known, figure.product),
        "warehouse": figure.warehouse.strip() or MAIN,
        "quantity": quantity,
        "as_of": as_of,
    }


def _known(hq: Headquarters) -> dict[str, str]:
    """Return the ids of the products by what they are called: id, code, else name."""
    with hq.database.read() as snapshot:
        living = select(_product.c.id, _product.c.code, _product.c.name).where(_product.c.life % 2 == 1)
        rows = snapshot.connection.execute(living.order_by(_product.c.id)).all()
    by_name = {row.name: row.id for row in rows if row.name}
    return by_name | {row.code: row.id for row in rows if row.code} | {row.id: row.id for row in rows}


def _id_of(known: Mapping[str, str], said: str) -> str:
    if said.strip() not in known:
        raise NotFound(N_("There is no product called {name}"), name=said)
    return known[said.strip()]
