"""What a product costs: books in order, breaks, periods, parents, currencies; and what must never be."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.money import Money
from crm_core.rules.price_list import PriceList, Terms
from crm_core.rules.prices import (
    Asked,
    Book,
    Offer,
    Rate,
    Row,
    Source,
    book_of,
    find_price,
    problems_of_book,
    problems_of_price,
    problems_of_rate,
    rate_of,
    row_of,
)
from crm_core.rules.set_up import Around, problems_of_set_up
from crm_core.rules.tax_classes import problems_of_class, rate_on

DAY = datetime.date(2026, 11, 29)


def asked(quantity: str = "1", **how: Any) -> Asked:
    return Asked(**{"quantity": Decimal(quantity), "day": DAY, "currency": "CNY", **how})


def row(book: str, minor: int, least: str = "1", **how: Any) -> Row:
    currency = how.pop("currency", "CNY")
    return Row(
        id=f"{book}-{minor}-{least}", book_id=book, price=Money(minor, currency), least=Decimal(least), **how
    )


def price(question: Asked, books: list[Book], rows: list[Row], **how: Any) -> int | None:
    found = find_price(question, books, rows, how.get("rates", ()), how.get("listed"))
    return None if found is None else found.unit_price.minor


STANDARD = Book(id="standard", name="2026", currency="CNY", is_default=True)


def test_books_are_asked_from_the_most_particular_to_the_list_price() -> None:
    books = [
        STANDARD,
        Book(id="level", level="A"),
        Book(id="for", customer_id="acme"),
        Book(id="own"),
        Book(id="chosen"),
    ]
    rows = [row("standard", 5), row("level", 4), row("for", 3), row("own", 2), row("chosen", 1)]
    how = {"customer_id": "acme", "level": "A", "customers_book_id": "own"}
    assert price(asked(**how, book_id="chosen"), books, rows) == 1
    assert price(asked(**how), books, rows) == 2
    assert price(asked(**{**how, "customers_book_id": None}), books, rows) == 3
    assert price(asked(level="A"), books, rows) == 4
    assert price(asked(), books, rows) == 5
    assert price(asked(), [], rows, listed=Money(6, "CNY")) == 6
    assert price(asked(), [], rows) is None


def test_the_first_book_that_has_a_price_answers_and_a_chosen_one_is_asked_alone() -> None:
    books = [STANDARD, Book(id="for", customer_id="acme")]
    assert price(asked(customer_id="acme"), books, [row("standard", 5)]) == 5
    alone = asked(customer_id="acme", book_id="for")
    assert price(alone, books, [row("standard", 5)], listed=Money(7, "CNY")) == 7


def test_the_largest_break_not_above_the_quantity_gives_the_price() -> None:
    rows = [row("standard", 100), row("standard", 90, "10"), row("standard", 80, "100")]
    asked_for = ("0.5", "1", "9.99", "10", "99", "100", "5000", "-10")
    found = [price(asked(quantity), [STANDARD], rows) for quantity in asked_for]
    assert found == [100, 100, 100, 90, 90, 80, 80, 90]


def test_prices_and_books_outside_their_days_are_not_offered() -> None:
    last = DAY - datetime.timedelta(days=1)
    ended = Book(id="ended", is_default=True, valid_until=last)
    assert price(asked(), [ended], [row("ended", 5)]) is None
    assert price(asked(day=last), [ended], [row("ended", 5)]) == 5
    rows = [row("standard", 5, valid_until=last), row("standard", 9, valid_from=DAY)]
    assert price(asked(), [STANDARD], rows) == 9
    assert price(asked(day=last), [STANDARD], rows) == 5
    child = Book(id="child", parent_id="ended", rule="off", percent=Decimal(10))
    assert price(asked(book_id="child"), [ended, child], [row("ended", 5)]) is None


def test_what_a_book_lacks_follows_from_its_parent_by_its_rule_and_is_rounded() -> None:
    child = Book(
        id="child", name="Gold", parent_id="standard", rule="off", percent=Decimal("12.5"), step=Decimal(1)
    )
    found = find_price(asked(book_id="child"), [STANDARD, child], [row("standard", 123_45)], (), None)
    assert found is not None
    assert (found.unit_price, found.source) == (Money(108_00, "CNY"), Source.CHOSEN)
    assert [str(each) for each in found.why] == [
        "Price book “Gold”, as chosen",
        "12.5 % off the price in “2026”",
        "Rounded to 1 CNY",
    ]
    dearer = Book(id="child", parent_id="standard", rule="surcharge", percent=Decimal(10))
    assert price(asked(book_id="child"), [STANDARD, dearer], [row("standard", 5)]) == 6
    own = [row("standard", 100), row("child", 70)]
    assert price(asked(book_id="child"), [STANDARD, child], own) == 70
    of_list = Book(id="child", rule="off", percent=Decimal(50))
    assert price(asked(book_id="child"), [of_list], [], listed=Money(100, "CNY")) == 50


def test_another_currency_is_turned_by_a_rate_that_was_written_down_and_by_nothing_else() -> None:
    dollars = [row("standard", 100_00, currency="USD")]
    assert price(asked(), [STANDARD], dollars) is None
    rates = [
        Rate(currency="USD", to_currency="CNY", rate=Decimal(7), valid_from=DAY - datetime.timedelta(days=9)),
        Rate(currency="USD", to_currency="CNY", rate=Decimal("7.1234"), valid_from=DAY),
        Rate(currency="USD", to_currency="CNY", rate=Decimal(9), valid_from=DAY + datetime.timedelta(days=1)),
    ]
    found = find_price(asked(), [STANDARD], dollars, rates, None)
    assert found is not None
    assert found.rate == rates[1]
    assert found.unit_price == Money(712_34, "CNY")
    assert "7.1234" in str(found.why[1])
    assert price(asked(currency="USD"), [STANDARD], [row("standard", 700)], rates=rates) is None, "no inverse"
    assert price(asked(), [STANDARD], [*dollars, row("standard", 5)], rates=rates) == 5, "its own goes first"
    yen = [row("standard", 1_000, currency="JPY")]
    to_yuan = [Rate(currency="JPY", to_currency="CNY", rate=Decimal("0.05"), valid_from=DAY)]
    assert price(asked(), [STANDARD], yen, rates=to_yuan) == 50_00


def test_tax_is_added_or_taken_out_where_book_and_quote_differ() -> None:
    gross = Book(id="gross", tax_included=True)
    how = {"book_id": "gross", "tax_rate": Decimal(13)}
    assert price(asked(**how), [gross], [row("gross", 113_00)]) == 100_00
    assert price(asked(**how, tax_included=True), [gross], [row("gross", 113_00)]) == 113_00
    net = asked(book_id="standard", tax_rate=Decimal(13), tax_included=True)
    assert price(net, [STANDARD], [row("standard", 100_00)]) == 113_00


def test_prices_of_older_programs_count_by_the_name_of_their_book() -> None:
    old = row_of("a" * 32, {"book": " 2026 ", "unit_price": 500, "currency": "CNY", "min_quantity": "1"})
    assert old is not None
    assert price(asked(), [STANDARD], [old]) == 500


@pytest.mark.parametrize("parents", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "a"}])
def test_a_circle_of_parents_ends_and_is_refused(parents: dict[str, str]) -> None:
    books = [
        Book(id=each, parent_id=parent, rule="off", percent=Decimal(50)) for each, parent in parents.items()
    ]
    assert price(asked(book_id="a"), books, []) is None
    assert price(asked(book_id="a"), books, [row("a", 100)]) == 100
    around = Around(fields_of=lambda _: {}, value_of=lambda _kind, each, _name: parents.get(each))
    for each, parent in parents.items():
        wrong = problems_of_set_up("price_book", each, {"parent_id": parent}, around)
        assert [problem.field for problem in wrong] == ["parent_id"]
    assert problems_of_set_up("price_book", "d", {"parent_id": "a"}, around) == [], "it is in no circle"


def test_books_prices_and_rates_that_could_not_be_asked_are_named_at_the_field() -> None:
    def fields(problems: list[Any]) -> list[str | None]:
        return [problem.field for problem in problems]

    assert fields(problems_of_book({"valid_from": "2026-02-01", "valid_until": "2026-01-31"})) == [
        "valid_until"
    ]
    assert fields(problems_of_book({"rule": "off"})) == ["percent"]
    assert fields(problems_of_book({"percent": "5"})) == ["rule"]
    assert fields(problems_of_book({"rule": "off", "percent": "101"})) == ["percent"]
    assert fields(problems_of_book({"customer_id": "x", "level": "A"})) == ["level"]
    assert fields(problems_of_price({"min_quantity": "-1"})) == ["book_id", "min_quantity"]
    assert fields(problems_of_price({"book": "2026", "min_quantity": "1"})) == []
    assert fields(problems_of_rate({"currency": "USD", "to_currency": "USD", "rate": "0"})) == [
        "rate",
        "to_currency",
    ]


def test_a_tax_class_has_the_rate_of_the_day() -> None:
    rates = [
        {"from": "2019-04-01", "rate": "13"},
        {"from": None, "rate": "17"},
        {"from": "2018-05-01", "rate": "16"},
    ]
    days = ("2018-04-30", "2018-05-01", "2019-03-31", "2019-04-01", "2026-11-29")
    assert [rate_on(rates, datetime.date.fromisoformat(day)) for day in days] == [
        "17",
        "16",
        "16",
        "13",
        "13",
    ]
    assert rate_on([{"from": "2027-01-01", "rate": "9"}], DAY) is None
    assert rate_on("a newer version's", DAY) is None
    assert problems_of_class({"rates": rates}) == []
    for wrong in ([{"rate": 13}], [{"rate": "x"}], [{"rate": "101"}], [rates[0], rates[0]], ["13"]):
        assert [problem.field for problem in problems_of_class({"rates": wrong})] == ["rates"]


# What must hold whatever somebody writes into books

_DAYS = st.one_of(st.none(), st.dates(DAY - datetime.timedelta(days=3), DAY + datetime.timedelta(days=3)))
_IDS = ("a", "b", "c", "d")


@st.composite
def books(draw: st.DrawFn) -> list[Book]:
    return [
        Book(
            id=each,
            name=draw(st.sampled_from(("x", "y"))),
            currency=draw(st.sampled_from(("CNY", "USD"))),
            parent_id=draw(st.sampled_from((None, *_IDS))),
            rule=draw(st.sampled_from((None, "off", "surcharge"))),
            percent=draw(st.sampled_from((None, Decimal("7.5"), Decimal(30)))),
            step=draw(st.sampled_from((None, Decimal(1), Decimal(10)))),
            customer_id=draw(st.sampled_from((None, "acme"))),
            level=draw(st.sampled_from((None, "A"))),
            is_default=draw(st.booleans()),
            valid_from=draw(_DAYS),
            valid_until=draw(_DAYS),
            tax_included=draw(st.booleans()),
        )
        for each in _IDS
    ]


_ROWS = st.lists(
    st.builds(
        Row,
        id=st.uuids().map(str),
        book_id=st.sampled_from(_IDS),
        price=st.builds(Money, st.integers(0, 10**6), st.sampled_from(("CNY", "USD"))),
        least=st.sampled_from((Decimal(1), Decimal(10), Decimal("12.5"), Decimal(100))),
        valid_from=_DAYS,
        valid_until=_DAYS,
    ),
    max_size=12,
)
_RATES = st.lists(
    st.builds(
        Rate,
        currency=st.just("USD"),
        to_currency=st.just("CNY"),
        rate=st.decimals(Decimal("0.01"), 10, places=2),
        valid_from=st.dates(DAY - datetime.timedelta(days=2), DAY + datetime.timedelta(days=2)),
    ),
    max_size=3,
)
_ASKED = st.builds(
    Asked,
    quantity=st.decimals(0, 200, places=1),
    day=st.just(DAY),
    currency=st.just("CNY"),
    customer_id=st.sampled_from((None, "acme")),
    level=st.sampled_from((None, "A")),
    customers_book_id=st.sampled_from((None, *_IDS)),
    book_id=st.sampled_from((None, *_IDS)),
    tax_included=st.booleans(),
    tax_rate=st.sampled_from((Decimal(0), Decimal(13))),
)
_LISTED = st.one_of(st.none(), st.builds(Money, st.integers(0, 10**6), st.sampled_from(("CNY", "USD"))))


@given(_ASKED, books(), _ROWS, _RATES, _LISTED, st.randoms(use_true_random=False))
def test_whatever_the_books_hold_the_answer_is_in_its_days_and_the_same_in_any_order(
    question: Asked,
    written: list[Book],
    rows: list[Row],
    rates: list[Rate],
    listed: Money | None,
    chance: random.Random,
) -> None:
    found = find_price(question, written, rows, rates, listed)
    for things in (mixed := [list(written), list(rows), list(rates)]):
        chance.shuffle(things)
    assert find_price(question, mixed[0], mixed[1], mixed[2], listed) == found
    if found is None:
        assert listed is None or listed.currency != "CNY"
        return
    assert found.unit_price.currency == "CNY"
    assert found.tax_included == question.tax_included
    assert found.book is None or found.book.holds_on(DAY)
    if found.row is not None:
        assert (found.row.valid_from or DAY) <= DAY <= (found.row.valid_until or DAY)
        assert next(book for book in written if book.id == found.row.book_id).holds_on(DAY)
        assert found.row.least <= max(question.quantity, 1)
    if found.rate is not None:
        assert found.rate.valid_from <= DAY


@given(_ASKED, books(), _ROWS, _RATES, st.decimals(0, 200, places=1))
def test_a_larger_quantity_never_falls_into_a_smaller_break(
    question: Asked, written: list[Book], rows: list[Row], rates: list[Rate], more: Decimal
) -> None:
    def least(quantity: Decimal) -> tuple[Offer | None, Decimal]:
        how = {name: getattr(question, name) for name in Asked.__slots__} | {"quantity": quantity}
        found = find_price(Asked(**how), written, rows, rates, None)
        return found, found.row.least if found is not None and found.row is not None else Decimal(0)

    small, large = sorted((question.quantity, more))
    (few, few_least), (many, many_least) = least(small), least(large)
    if few is not None:
        assert many is not None, "what fewer cost, more cost too"
    if few and many and few.row and many.row:
        same_currency = few.row.price.currency == many.row.price.currency
        if few.row.book_id == many.row.book_id and same_currency:
            assert many_least >= few_least


def test_what_is_stored_is_read_and_what_cannot_be_read_is_left_out() -> None:
    stored = {"name": "2026", "rule": "off", "percent": "5", "valid_from": "2026-01-01", "rounding": "10"}
    book = book_of("b", stored)
    assert book is not None
    assert (book.percent, book.step) == (Decimal(5), Decimal(10))
    assert book_of("b", {**stored, "active": False}) is None
    assert book_of("b", {**stored, "rounding": "a newer one"}) is None
    assert row_of("r", {"unit_price": None, "currency": "CNY"}) is None
    assert rate_of({"currency": "USD", "to_currency": "CNY", "rate": "0", "valid_from": "2026-01-01"}) is None


def due(terms: Terms, books: list[Book], rows: list[Row], quantity: str = "1") -> int | None:
    product = {"list_price": 100_00, "currency": "CNY"}
    found = PriceList(terms=terms, books=books, rates=()).due(product, rows, Decimal(quantity), "0")
    return None if found is None else found.unit_price.minor


def test_the_price_a_customer_has_is_no_discount_and_a_foreign_book_gives_none() -> None:
    books = [
        Book(id="level", level="A", currency="CNY"),
        Book(id="lin", customer_id="lin", currency="CNY"),
        Book(id="autumn", currency="CNY"),
    ]
    rows = [row("level", 80_00), row("level", 70_00, "10"), row("lin", 50_00), row("autumn", 90_00)]

    def terms(**how: Any) -> Terms:
        return Terms(**{"day": DAY, "currency": "CNY", "customer_id": "acme", **how})

    assert due(terms(), books, rows) == 100_00
    assert due(terms(level="A"), books, rows) == 80_00
    assert due(terms(level="A"), books, rows, "10") == 70_00
    assert due(terms(book_id="lin"), books, rows) == 100_00, "made for somebody else"
    assert due(terms(book_id="level"), books, rows) == 100_00, "for another level"
    assert due(terms(customer_id="lin"), books, rows) == 50_00
    assert due(terms(book_id="autumn"), books, rows) == 90_00, "whoever sells may choose it"
    assert due(terms(book_id="autumn", level="A"), books, rows) == 80_00, "the lower of both"
    assert due(terms(book_id="gone"), books, rows) == 100_00
