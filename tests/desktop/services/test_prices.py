"""Prices of books on a laptop: taken with a product, offered on a change, never over what was typed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from crm_core.errors import AccessDenied, Invalid, NotFound
from crm_core.schema.field import Plain
from crm_desktop.assembly import App
from crm_desktop.models.records import Record
from crm_desktop.services import picking, pricing, quotes, records
from tests.support.desktop import empty_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile with a product, two books and two customers, for all tests of this file."""
    opened = empty_app(tmp_path_factory.mktemp("prices"))
    vat = {"name": "VAT", "rates": [{"from": "2019-04-01", "rate": "13"}, {"from": None, "rate": "16"}]}
    tax = make(opened, "tax_class", **vat)
    pump = {"name": "Pump", "code": "P-1", "unit": "pc", "list_price": 120_00, "currency": "CNY"}
    product = make(opened, "product", **pump, tax_class_id=tax, tax_rate="6")
    standard = make(opened, "price_book", name="2026", currency="CNY", is_default=True)
    gold = {"name": "Gold", "currency": "CNY", "parent_id": standard, "rule": "off", "percent": "10"}
    book = make(opened, "price_book", **gold)
    for least, price in (("1", 100_00), ("10", 90_00)):
        values = {"product_id": product, "book_id": standard, "unit_price": price, "currency": "CNY"}
        make(opened, "price", **values, min_quantity=least)
    make(opened, "customer", name="Plain Ltd (demo)")
    make(opened, "customer", name="Gold Ltd (demo)", price_book_id=book)
    yield opened
    opened.close()


def make(app: App, entity: str, **values: Plain) -> str:
    return records.create(app.replica, entity, values).value.id


def called(app: App, entity: str, name: str) -> str:
    with app.replica.read() as session:
        return pricing._called(session, entity, name, "name")


def new_quote(app: App, customer: str = "Plain Ltd (demo)", quantity: str = "1", **values: Plain) -> Record:
    quote = records.create(
        app.replica, "quote", {"customer_id": called(app, "customer", customer), **values}
    ).value
    line = {"product_id": called(app, "product", "Pump"), "quantity": quantity}
    quotes.add_line(app.replica, quote.id, line)
    return quote


def only_line(app: App, quote: Record) -> Record:
    (line,) = quotes.view(app.replica, quote.id).lines
    return line


def offered(app: App, quote: Record) -> list[int]:
    return [offer.unit_price for offer in quotes.view(app.replica, quote.id).offers.values()]


def test_a_product_brings_the_price_of_the_book_and_the_tax_rate_of_the_day(app: App) -> None:
    line = only_line(app, new_quote(app, quantity="12"))
    assert (line["unit_price"], line["offered_price"], line["tax_rate"]) == (90_00, 90_00, "13")
    old = new_quote(app, issued_on="2018-12-31", valid_until="2019-01-31")
    assert only_line(app, old)["tax_rate"] == "16"
    gold = only_line(app, new_quote(app, "Gold Ltd (demo)"))
    assert gold["unit_price"] == 90_00, "10 % off the standard"


def test_a_changed_quantity_offers_the_new_price_and_changes_nothing_by_itself(app: App) -> None:
    quote = new_quote(app)
    line = only_line(app, quote)
    records.update(app.replica, "quote_line", line.id, {"quantity": "10"})
    assert offered(app, quote) == [90_00]
    assert only_line(app, quote)["unit_price"] == 100_00
    assert quotes.settle_prices(app.replica, quote.id, [line.id], takes=True).value == 1
    assert (only_line(app, quote)["unit_price"], offered(app, quote)) == (90_00, [])
    records.update(app.replica, "quote_line", line.id, {"quantity": "9"})
    assert quotes.settle_prices(app.replica, quote.id, [line.id], takes=False).value == 1
    assert (only_line(app, quote)["unit_price"], offered(app, quote)) == (90_00, [])
    records.update(app.replica, "quote_line", line.id, {"quantity": "8"})
    assert offered(app, quote) == [], "who kept a price is not asked again"


def test_a_price_somebody_typed_is_never_offered_another(app: App) -> None:
    quote = new_quote(app)
    line = only_line(app, quote)
    records.update(app.replica, "quote_line", line.id, {"unit_price": 95_00})
    records.update(app.replica, "quote_line", line.id, {"quantity": "50"})
    assert offered(app, quote) == []
    assert quotes.settle_prices(app.replica, quote.id, [line.id], takes=True).value == 0
    assert only_line(app, quote)["unit_price"] == 95_00
    typed = {"product_id": line["product_id"], "quantity": "50", "unit_price": 1_00}
    by_hand = quotes.add_line(app.replica, quote.id, typed).value
    assert (by_hand["unit_price"], by_hand["offered_price"]) == (1_00, 90_00)


def test_another_customer_book_or_day_offers_other_prices(app: App) -> None:
    quote = new_quote(app)
    records.update(
        app.replica, "quote", quote.id, {"customer_id": called(app, "customer", "Gold Ltd (demo)")}
    )
    assert offered(app, quote) == [90_00]
    standard = called(app, "price_book", "2026")
    records.update(app.replica, "quote", quote.id, {"price_book_id": standard})
    assert offered(app, quote) == []
    view = quotes.view(app.replica, quote.id)
    assert (view.quote["price_book"], view.book and view.book.id) == ("2026", standard)
    records.update(app.replica, "price_book", standard, {"valid_until": "2026-06-30"})
    records.update(app.replica, "quote", quote.id, {"issued_on": "2026-07-01"})
    view = quotes.view(app.replica, quote.id)
    assert offered(app, quote) == [120_00], "the list price"
    assert str(view.book_warning) == "Price book “2026” ended on 2026-06-30"
    records.update(app.replica, "price_book", standard, {"valid_until": None})


def test_an_older_program_that_names_a_book_by_text_means_the_one_called_so(app: App) -> None:
    quote = new_quote(app, "Gold Ltd (demo)", price_book="2026")
    assert only_line(app, quote)["unit_price"] == 100_00
    product = make(app, "product", name="Old (demo)")
    values = {"product_id": product, "book": "2026", "unit_price": 7_00}
    price = records.create(app.replica, "price", values).value
    assert (price["book_id"], price["currency"]) == (called(app, "price_book", "2026"), "CNY")
    with pytest.raises(Invalid):
        records.create(app.replica, "price", {"product_id": product, "unit_price": 7_00, "currency": "CNY"})


def test_a_product_costs_nothing_in_a_currency_nobody_wrote_a_rate_for(app: App) -> None:
    quote = new_quote(app, currency="USD")
    assert only_line(app, quote)["unit_price"] == 0
    make(app, "exchange_rate", currency="CNY", to_currency="USD", rate="0.14", valid_from="2026-01-01")
    answer = pricing.ask(app.replica, "P-1", currency="usd", quantity=Decimal(10))
    assert answer.offer is not None
    assert (str(answer.offer.unit_price), answer.offer.rate and answer.offer.rate.rate) == (
        "12.60 USD",
        Decimal("0.14"),
    )


def test_whoever_asks_is_told_the_book_the_line_and_why(app: App) -> None:
    day = datetime.date(2026, 11, 29)
    answer = pricing.ask(app.replica, "Pump", customer="Gold Ltd (demo)", quantity=Decimal(10), day=day)
    assert answer.offer is not None
    assert [str(reason) for reason in answer.offer.why] == [
        "Price book “Gold”, which the customer has",
        "10 % off the price in “2026”",
        "From a quantity of 10 on",
    ]
    with pytest.raises(NotFound):
        pricing.ask(app.replica, "no such thing")


def test_a_circle_of_books_is_refused_where_it_is_made(app: App) -> None:
    standard, gold = called(app, "price_book", "2026"), called(app, "price_book", "Gold")
    with pytest.raises(Invalid) as refused:
        records.update(app.replica, "price_book", standard, {"parent_id": gold})
    assert {problem.field for problem in refused.value.problems} == {"parent_id"}


def test_the_picker_shows_the_price_of_the_quotes_book_and_the_stock(app: App) -> None:
    quote = new_quote(app, "Gold Ltd (demo)")
    (choice,) = picking.products(app.replica, "p-1", quote_id=quote.id)
    assert (choice.unit_price, choice.currency, choice.tax_rate, choice.stock) == (90_00, "CNY", "13", None)
    told: dict[str, Any] = {"product_id": choice.id, "warehouse": "main", "quantity": "4", "as_of": 1}
    with pytest.raises(AccessDenied, match="Only HQ sets"):
        records.create(app.replica, "stock_level", told)
