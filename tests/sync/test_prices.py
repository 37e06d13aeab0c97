"""Prices beside a sync: what HQ alone says stays so, and no laptop of who sells holds a cost."""

from __future__ import annotations

import pytest

from crm_core.errors import AccessDenied
from crm_core.sync.protocol import Code
from crm_desktop.services import picking, pricing, quotes, records
from tests.support.hq import Office
from tests.support.pages import number_in
from tests.support.replicas import KEY, Laptop, Laptops, differences, settle_all

COST = 77_123_456_789_012  # six bytes in a row of SQLite, which nothing else holds


def bytes_of_cost(laptop: Laptop) -> list[str]:
    """Return the files of a profile in which the cost stands."""
    return number_in(laptop.replica.profile.root, KEY, COST)


def test_prices_reach_who_sells_and_a_raw_scan_of_his_laptop_finds_no_cost(
    office: Office, laptops: Laptops
) -> None:
    cost = {"cost": COST, "cost_currency": "CNY"}
    pump = office.hq.create("product", {"name": "Pump", "list_price": 100, "currency": "CNY", **cost})
    book = office.hq.create("price_book", {"name": "2026", "currency": "CNY", "is_default": True})
    office.hq.create("price", {"product_id": pump, "book_id": book, "unit_price": 90, "currency": "CNY"})
    told = {"product_id": pump, "warehouse": "main", "quantity": "4", "as_of": 1_790_000_000_000}
    office.hq.create("stock_level", told)
    sells = laptops.make("lin", office.user("Lin", "sales"))
    counts = laptops.make("fin", office.user("Fin", "finance"))
    settle_all([sells, counts])
    customer = records.create(sells.replica, "customer", {"name": "Acme (demo)"}).value.id
    quote = records.create(sells.replica, "quote", {"customer_id": customer}).value
    line = quotes.add_line(sells.replica, quote.id, {"product_id": pump}).value
    assert line["unit_price"] == 90
    (choice,) = picking.products(sells.replica, "pump", quote_id=quote.id)
    assert (choice.unit_price, choice.stock) == (90, "4")
    office.hq.update("product", pump, {"name": "Pump 2", "cost": COST + 1})
    office.hq.update("product", pump, {"cost": COST})
    settle_all([sells, counts])
    assert bytes_of_cost(counts), "the scan finds a cost where there is one"
    assert bytes_of_cost(sells) == []
    assert [line for laptop in (sells, counts) for line in differences(laptop)] == []


def test_nobody_but_hq_says_what_is_in_stock_nor_makes_books_that_go_in_circles(
    office: Office, laptops: Laptops
) -> None:
    pump = office.hq.create("product", {"name": "Pump"})
    first = office.hq.create("price_book", {"name": "First", "currency": "CNY"})
    second = office.hq.create("price_book", {"name": "Second", "currency": "CNY", "parent_id": first})
    told = {"product_id": pump, "warehouse": "main", "quantity": "4", "as_of": 1}
    level = office.hq.create("stock_level", told)
    chief = office.laptop(office.user("Chief", "admin"))
    chief.sync()
    numbers = [
        chief.set("stock_level", level, "quantity", "99"),
        chief.set("price_book", first, "parent_id", second),
    ]
    chief.create("stock_level", {**told, "warehouse": "south"})
    numbers.append(chief.last_op)
    chief.sync()
    assert [chief.code(number) for number in numbers] == [Code.INVALID] * 3
    assert office.hq.get("stock_level", level)["quantity"] == "4"
    seller = office.laptop(office.user("Lin", "sales"))
    seller.sync()
    number = seller.set("price_book", first, "is_default", True)
    seller.sync()
    assert seller.code(number) is Code.FORBIDDEN_ROW
    lin = laptops.make("lin", office.user("Maya", "sales"))
    lin.sync()
    with pytest.raises(AccessDenied):
        records.update(lin.replica, "price_book", first, {"is_default": True})
    service = laptops.make("service", office.user("Sam", "service"))
    office.hq.update("product", pump, {"list_price": 500, "currency": "CNY"})
    service.sync()
    assert pricing.ask(service.replica, "Pump").offer is None, "who reads no money is told none"
