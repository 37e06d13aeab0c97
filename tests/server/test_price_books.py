"""Prices of older programs find their book at HQ, and stock is what HQ was told last."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.errors import Invalid, NotFound, UserError
from sync_server.services import price_books, stock
from sync_server.services.headquarters import Headquarters
from sync_server.services.stock import Figure
from tests.support.server import crm_server

NOW_MS = 1_790_000_000_000


def product(hq: Headquarters, code: str) -> str:
    return hq.records.create("product", {"name": f"Product {code}", "code": code})


def test_prices_that_name_a_book_by_text_get_one_and_nothing_is_lost(headquarters: Headquarters) -> None:
    hq = headquarters
    pump = product(hq, "P-1")

    def price(**values: object) -> str:
        return hq.records.create(
            "price", {"product_id": pump, "unit_price": 100, "currency": "CNY", **values}
        )

    export = [price(book="Export", currency="USD"), price(book="Export", currency="USD", min_quantity="10")]
    export.append(price(book="Export"))
    home = price(book="2026")
    known = hq.records.create("price_book", {"name": "2026", "currency": "CNY"})
    by_id = price(book_id=known)
    assert price_books.gather(hq) == {"books": 1, "prices": 5}
    assert sum(price_books.gather(hq).values()) == 0, "once is enough"
    (made,) = [values for _, values in hq.records.all("price_book") if values["name"] == "Export"]
    assert (made["currency"], made["is_default"], made["customer_id"]) == ("USD", False, None)
    books = {hq.records.get("price", each)["book_id"] for each in export}
    assert len(books) == 1
    assert hq.records.get("price", home)["book_id"] == known
    assert hq.records.get("price", by_id)["book"] == "2026"
    with pytest.raises(Invalid):
        price()


def test_stock_is_told_by_warehouse_and_the_last_word_stands(headquarters: Headquarters) -> None:
    hq = headquarters
    product(hq, "P-1")
    assert (
        stock.tell(hq, [Figure(product="P-1", quantity="4"), Figure(product="P-1", quantity="5")], NOW_MS)
        == 1
    )
    text = "product,quantity,warehouse,as_of\nP-1,7.50,,2026-11-29T08:00:00Z\nProduct P-1,2,south,\n"
    assert stock.tell(hq, stock.figures_in(text), NOW_MS) == 2
    shown = [(row["warehouse"], row["quantity"], row["as_of"]) for row in stock.stock(hq, "P-1")]
    assert shown[0] == ("main", "7.5", "2026-11-29T08:00:00Z")
    assert shown[1][:2] == ("south", "2")
    for wrong, error in (
        (Figure(product="P-9", quantity="1"), NotFound),
        (Figure(product="P-1", quantity="x"), UserError),
    ):
        with pytest.raises(error):
            stock.tell(hq, [Figure(product="P-1", quantity="99"), wrong], NOW_MS)
    assert stock.stock(hq)[0]["quantity"] == "7.5", "nothing is taken where something cannot be"
    with pytest.raises(UserError, match="product"):
        stock.figures_in("name\nx\n")


def test_the_commands_tell_and_list_stock(headquarters: Headquarters, tmp_path: Path) -> None:
    product(headquarters, "P-1")
    data = headquarters.settings.data
    told = crm_server(data, "--json", "stock", "set", "P-1", "12", "--as-of", "2026-11-29T08:00:00Z")
    assert told.status == 0, told.err
    file = tmp_path / "stock.csv"
    file.write_text("product,quantity\nP-1,13\n", encoding="utf-8")
    assert crm_server(data, "--json", "stock", "import", str(file)).json() == {"told": 1}
    (row,) = crm_server(data, "--json", "stock", "list").rows()
    assert (row["product"], row["warehouse"], row["quantity"]) == ("Product P-1", "main", "13")
