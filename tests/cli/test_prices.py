"""Prices from the command line: books made by the general commands, a price told with its reasons."""

from __future__ import annotations

from tests.cli.support import Crm


def test_a_price_is_told_with_its_book_and_why(crm: Crm) -> None:
    pump = crm.json("add", "product", "name=Pump", "code=P-1", "list_price=120 CNY")
    base = crm.json("add", "price_book", "name=2026", "currency=CNY", "is_default=true")
    gold = ("rule=off", "percent=10", "rounding=1", f"parent_id={base['id']}")
    crm.json("add", "price_book", "name=Gold", "currency=CNY", "level=A", *gold)
    file = crm.profile.parent / "prices.csv"
    file.write_text("Book,Product,Price,From\n2026,P-1,99.50,1\n2026,P-1,90,10\n", encoding="utf-8")
    brought = ("--lookup", "Book=price_book.name", "--lookup", "Product=product.code")
    columns = ("--map", "Price=unit_price", "--map", "From=min_quantity", "--currency", "CNY")
    assert crm.json("import", str(file), "price", *brought, *columns)["created"] == 2
    crm.json("add", "customer", "name=Acme", "level=A")
    told = crm.json("price", "P-1", "--customer", "Acme", "--quantity", "10", "--on", "2026-11-29")
    assert (told["unit_price"], told["book"], told["product_id"]) == ("81.00 CNY", "Gold", pump["id"])
    assert told["why"] == [
        "Price book “Gold”, for customers of this level",
        "10 % off the price in “2026”",
        "From a quantity of 10 on",
        "Rounded to 1 CNY",
    ]
    assert crm.json("price", "Pump")["unit_price"] == "99.50 CNY"
    for wrong, said in (
        (("P-9",), "none called"),
        (("P-1", "--currency", "USD"), "Nobody wrote down"),
        (("P-1", "--quantity", "many"), "not a number"),
        (("P-1", "--on", "soon"), "not a date"),
    ):
        ran = crm.run("price", *wrong)
        assert (ran.status, said in ran.err) == (1, True), ran.err
    circle = crm.run("set", "price_book", base["id"], f"parent_id={base['id']}")
    assert circle.status == 1
    assert crm.run("add", "stock_level", f"product_id={pump['id']}", "warehouse=x", "quantity=1").status == 1
