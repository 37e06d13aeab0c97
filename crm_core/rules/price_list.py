"""What the lines of one quote cost by the books, and what counts as their list price, here and at HQ."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from crm_core.money import Money
from crm_core.rules.prices import Asked, Book, Offer, Rate, Row, book_of, find_price, rate_of, row_of
from crm_core.schema.values import DEFAULT_CURRENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for every price of a quote, or of a question asked without one."""

    day: datetime.date
    currency: str
    customer_id: str | None = None
    level: str | None = None
    customers_book_id: str | None = None
    book_id: str | None = None
    tax_included: bool = False

    def asked(self, quantity: Decimal, tax_rate: Decimal = Decimal(0)) -> Asked:
        """Return the question for one product."""
        return Asked(
            quantity=quantity,
            day=self.day,
            currency=self.currency,
            customer_id=self.customer_id,
            level=self.level,
            customers_book_id=self.customers_book_id,
            book_id=self.book_id,
            tax_included=self.tax_included,
            tax_rate=tax_rate,
        )


def terms_of(quote: Mapping[str, Any], customer: Mapping[str, Any], book_id: str | None) -> Terms:
    """Return the terms of a quote. `book_id` is the book chosen in it, `customer` what is known of him.

    Lines of orders and contracts that are typed by hand begin with the price of theirs.
    """
    issued = quote.get("issued_on") or quote.get("ordered_on") or quote.get("starts_on")
    return Terms(
        day=datetime.date.fromisoformat(issued) if issued else datetime.date.max,
        currency=quote.get("currency") or DEFAULT_CURRENCY,
        customer_id=quote.get("customer_id") or None,
        level=customer.get("level"),
        customers_book_id=customer.get("price_book_id"),
        book_id=book_id or None,
        tax_included=bool(quote.get("tax_included")),
    )


def books_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Book, ...]:
    """Return the stored books that are in use, also those that do not hold on some day."""
    return tuple(book for row in rows if (book := book_of(row["id"], row)) is not None)


def rates_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Rate, ...]:
    """Return the stored rates of exchange that can be used."""
    return tuple(rate for row in rows if (rate := rate_of(row)) is not None)


def rows_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Return the stored prices that can be used."""
    return tuple(found for row in rows if (found := row_of(row["id"], row)) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Finds prices under given terms, among books and rates that were read."""

    terms: Terms
    books: Sequence[Book]
    rates: Sequence[Rate]

    def offer(
        self, product: Mapping[str, Any], rows: Iterable[Row], quantity: Decimal, tax_rate: str
    ) -> Offer | None:
        """Return what a product costs; None where nobody wrote a price down. The tax rate is the line's."""
        return self._found(self.terms, product, rows, quantity, tax_rate)

    def due(
        self, product: Mapping[str, Any], rows: Sequence[Row], quantity: Decimal, tax_rate: str
    ) -> Offer | None:
        """Return the price below which somebody gives a discount; None where nobody wrote one down.

        That of the book chosen in the quote, unless it was made for another customer or level, or the one
        that holds where nobody chooses: the lower of the two.
        """
        unchosen = replace(self.terms, book_id=None)
        found = [self._found(unchosen, product, rows, quantity, tax_rate)]
        if self.terms.book_id and self._may_be_chosen(self.terms.book_id):
            found.append(self._found(self.terms, product, rows, quantity, tax_rate))
        return min(
            (each for each in found if each is not None),
            key=lambda each: each.unit_price.minor,
            default=None,
        )

    def _may_be_chosen(self, book_id: str) -> bool:
        book = next((each for each in self.books if each.id == book_id), None)
        if book is None:
            return False
        is_other = book.customer_id and book.customer_id != self.terms.customer_id
        return not is_other and not (book.level and book.level != self.terms.level)

    def _found(
        self, terms: Terms, product: Mapping[str, Any], rows: Iterable[Row], quantity: Decimal, tax_rate: str
    ) -> Offer | None:
        listed = product["list_price"]
        price = Money(listed, product["currency"] or DEFAULT_CURRENCY) if listed is not None else None
        return find_price(terms.asked(quantity, Decimal(tax_rate)), self.books, rows, self.rates, price)
