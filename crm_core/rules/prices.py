"""What a product costs a customer: one function, the same answer on the laptop and at HQ, with its reasons.

A price is an offer and no rule: whoever writes a quote may say another one.

Books are asked in this order, and the first that has a price answers: the book chosen in the quote, alone;
else the one the customer names, one made for the customer, one for customers of the level, one that holds
where no other does. Among several of a rank the one in the currency wanted goes first, then the one that
began last. A book that has no price of a product gives what its parent has, changed by its rule. Where no
book answers, the product's list price does. Another currency is only ever turned into the one wanted by a
rate that somebody wrote down for just that pair.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, InvalidOperation, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, Message, Worded, message
from crm_core.money import MAX_MINOR, Money, digits, round_half_up

OFF, SURCHARGE = "off", "surcharge"
_HUNDRED = Decimal(100)
# Wide enough for price x rate x percentage at their limits without one inexact step.
_EXACT = Context(prec=120)


class Source(StrEnum):
    """Why a book, or none, was asked."""

    CHOSEN = "chosen"
    CUSTOMERS_OWN = "customer's"
    FOR_CUSTOMER = "for the customer"
    FOR_LEVEL = "for the level"
    DEFAULT = "default"
    LIST = "list"


_SAID: Final[Mapping[Source, str]] = {
    Source.CHOSEN: N_("Price book “{book}”, as chosen"),
    Source.CUSTOMERS_OWN: N_("Price book “{book}”, which the customer has"),
    Source.FOR_CUSTOMER: N_("Price book “{book}”, made for this customer"),
    Source.FOR_LEVEL: N_("Price book “{book}”, for customers of this level"),
    Source.DEFAULT: N_("Price book “{book}”, which holds where no other does"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A price book in use. Days are inclusive; None: without an end."""

    id: str
    name: str = ""
    name_zh: str = ""
    currency: str = ""
    parent_id: str | None = None
    rule: str | None = None
    percent: Decimal | None = None
    step: Decimal | None = None
    """What derived prices are rounded to, in whole units of the currency; None: its smallest unit."""
    customer_id: str | None = None
    level: str | None = None
    is_default: bool = False
    valid_from: datetime.date | None = None
    valid_until: datetime.date | None = None
    tax_included: bool = False
    told_as_of: datetime.date | None = None

    @property
    def title(self) -> Message:
        """Return what people call it, in both languages."""
        return Message(Worded(self.name, self.name_zh))

    def holds_on(self, day: datetime.date) -> bool:
        """Tell whether the day is within its period."""
        return _within(self.valid_from, day, self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A price of one product in a book, from a quantity on."""

    id: str
    book_id: str | None
    price: Money
    least: Decimal = Decimal(1)
    valid_from: datetime.date | None = None
    valid_until: datetime.date | None = None
    book_name: str = ""
    """What an older program called the book; counts where there is no id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one unit of `currency` costs in `to_currency` from a day on."""

    currency: str
    to_currency: str
    rate: Decimal
    valid_from: datetime.date


def factor(rate: Rate) -> Fraction:
    """Return what minor units of a rate's currency are multiplied by to become those of the other."""
    return Fraction(rate.rate) * Fraction(10) ** (digits(rate.to_currency) - digits(rate.currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a price is asked for. `tax_included` and `tax_rate` are those of the line it is for."""

    quantity: Decimal
    day: datetime.date
    currency: str
    customer_id: str | None = None
    level: str | None = None
    customers_book_id: str | None = None
    book_id: str | None = None
    tax_included: bool = False
    tax_rate: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A unit price, where it stands and how it came to be."""

    unit_price: Money
    source: Source
    book: Book | None = None
    """The book that answered; None: the list price."""
    row: Row | None = None
    """The line of a book it stands in; None where it follows from the list price."""
    tax_included: bool = False
    rate: Rate | None = None
    why: tuple[Message, ...] = ()


def find_price(
    asked: Asked, books: Iterable[Book], rows: Iterable[Row], rates: Iterable[Rate], listed: Money | None
) -> Offer | None:
    """Return the price of a product; None where nobody wrote one down.

    `rows` are those of the product, `books` all in use: a book that is not among them offers nothing.
    """
    books = sorted(books, key=lambda book: book.id)
    search = _Search(asked, books, rows, rates, listed)
    with localcontext(_EXACT):
        for source, book in candidates(asked, books):
            found = search.in_book(book, frozenset())
            if found is not None:
                said = message(_SAID[source], book=book.title)
                return search.finished(replace(found, source=source, book=book, why=(said, *found.why)))
        found = search.list_price()
        if found is None:
            return None
        said = message(N_("List price: no price book has one"))
        return search.finished(replace(found, why=(said, *found.why)))


def candidates(asked: Asked, books: Iterable[Book]) -> Iterator[tuple[Source, Book]]:
    """Yield the books that hold on the day, in the order they are asked, each with why."""
    in_force = [book for book in books if book.holds_on(asked.day)]
    if asked.book_id:
        yield from ((Source.CHOSEN, book) for book in in_force if book.id == asked.book_id)
        return
    ranked = defaultdict[Source, list[Book]](list)
    for book in in_force:
        source = _source_of(book, asked)
        if source is not None:
            ranked[source].append(book)
    for source in Source:
        for book in sorted(ranked[source], key=lambda book: _order_of_book(book, asked.currency)):
            yield source, book


def _source_of(book: Book, asked: Asked) -> Source | None:
    if book.id == asked.customers_book_id:
        return Source.CUSTOMERS_OWN
    if book.customer_id:
        return Source.FOR_CUSTOMER if book.customer_id == asked.customer_id else None
    if book.level:
        return Source.FOR_LEVEL if book.level == asked.level else None
    return Source.DEFAULT if book.is_default else None


def _order_of_book(book: Book, currency: str) -> tuple[bool, int, str, str]:
    began = book.valid_from.toordinal() if book.valid_from else 0
    return book.currency != currency, -began, book.name, book.id


class _Search:
    """One price being looked for."""

    def __init__(
        self,
        asked: Asked,
        books: Sequence[Book],
        rows: Iterable[Row],
        rates: Iterable[Rate],
        listed: Money | None,
    ) -> None:
        self._asked = asked
        self._books = {book.id: book for book in books}
        self._listed = listed
        named: dict[str, str] = {}
        for book in books:
            named.setdefault(book.name.casefold(), book.id)
        self._rows = defaultdict[str, list[Row]](list)
        for row in rows:
            book_id = row.book_id or named.get(row.book_name.strip().casefold())
            if book_id and _within(row.valid_from, asked.day, row.valid_until):
                self._rows[book_id].append(row)
        self._rates = rates_on(rates, asked.day)

    def in_book(self, book: Book, above: frozenset[str]) -> Offer | None:
        """Return what a book has; `above` are the books that asked it, so that a circle ends."""
        if not book.holds_on(self._asked.day) or book.id in above:
            return None
        return self._own(book) or self._derived(book, above | {book.id})

    def list_price(self) -> Offer | None:
        """Return the product's list price, which is without tax."""
        return self._exchanged(self._listed, None, None) if self._listed is not None else None

    def finished(self, offer: Offer) -> Offer | None:
        """Return an offer as the line has prices, with tax or without it; None for one nobody could keep."""
        offer = self._taxed(offer, self._asked.tax_included)
        return offer if abs(offer.unit_price.minor) <= MAX_MINOR else None

    def _own(self, book: Book) -> Offer | None:
        quantity = abs(self._asked.quantity)
        fitting = sorted(
            (row for row in self._rows[book.id] if _begins_at(row) <= quantity),
            key=lambda row: (row.price.currency != self._asked.currency, *_order_of_row(row)),
        )
        for row in fitting:
            found = self._exchanged(row.price, book, row)
            if found is not None:
                if _begins_at(row):
                    said = message(N_("From a quantity of {quantity} on"), quantity=f"{row.least:f}")
                    found = replace(found, why=(said, *found.why))
                return found
        return None

    def _derived(self, book: Book, above: frozenset[str]) -> Offer | None:
        parent = self._books.get(book.parent_id or "")
        if book.parent_id and (parent is None or not parent.holds_on(self._asked.day)):
            return None
        if parent is not None and parent.id in above:
            return None
        base = self.in_book(parent, above) if parent is not None else None
        if book.rule not in (OFF, SURCHARGE) or book.percent is None:
            if base is None or parent is None:
                return None
            said = message(N_("Taken from its parent “{book}”"), book=parent.title)
            return replace(base, why=(said, *base.why))
        taken_from = message(N_("the list price"))
        if base is not None and parent is not None:
            taken_from = message(N_("the price in “{book}”"), book=parent.title)
        else:
            base = self.list_price()
        return self._ruled(book, base, taken_from) if base is not None else None

    def _ruled(self, book: Book, base: Offer, taken_from: Message) -> Offer:
        assert book.percent is not None
        base = self._taxed(base, book.tax_included)
        change = -book.percent if book.rule == OFF else book.percent
        text = N_("{percent} % off {price}") if book.rule == OFF else N_("{percent} % on top of {price}")
        why = [Message(text, {"percent": f"{book.percent:f}", "price": taken_from}), *base.why]
        minor = base.unit_price.minor * (_HUNDRED + change) / _HUNDRED
        step = (book.step or Decimal(0)).scaleb(digits(self._asked.currency))
        if step > 1:
            minor = round_half_up(minor / step) * step
            currency = base.unit_price.currency
            why.append(message(N_("Rounded to {step} {currency}"), step=f"{book.step:f}", currency=currency))
        return replace(base, unit_price=Money(round_half_up(minor), base.unit_price.currency), why=tuple(why))

    def _exchanged(self, price: Money, book: Book | None, row: Row | None) -> Offer | None:
        """Return a price in the currency asked for; None where nobody wrote down what it costs there."""
        included = book.tax_included if book is not None else False
        offer = Offer(unit_price=price, source=Source.LIST, row=row, tax_included=included)
        if price.currency == self._asked.currency:
            return offer
        rate = self._rates.get((price.currency, self._asked.currency))
        if rate is None:
            return None
        said = message(
            N_("{price} at {rate} {currency} for 1 {other} (rate from {day})"),
            price=str(price),
            rate=f"{rate.rate:f}",
            currency=rate.to_currency,
            other=rate.currency,
            day=rate.valid_from.isoformat(),
        )
        return replace(offer, unit_price=exchanged(price, rate), rate=rate, why=(said,))

    def _taxed(self, offer: Offer, included: bool) -> Offer:
        rate = self._asked.tax_rate
        if offer.tax_included == included or not rate:
            return replace(offer, tax_included=included)
        minor = Decimal(offer.unit_price.minor)
        if included:
            minor, text = minor * (_HUNDRED + rate) / _HUNDRED, N_("Tax of {rate} % added")
        else:
            minor, text = minor * _HUNDRED / (_HUNDRED + rate), N_("Tax of {rate} % taken out")
        return replace(
            offer,
            unit_price=Money(round_half_up(minor), offer.unit_price.currency),
            tax_included=included,
            why=(*offer.why, Message(text, {"rate": f"{rate:f}"})),
        )


def rates_on(rates: Iterable[Rate], day: datetime.date) -> dict[tuple[str, str], Rate]:
    """Return the rate of each pair (from, to) that holds on a day: the one that began last."""
    found: dict[tuple[str, str], Rate] = {}
    for rate in sorted(rates, key=lambda rate: (rate.valid_from, rate.rate)):
        if rate.valid_from <= day:
            found[rate.currency, rate.to_currency] = rate
    return found


def exchanged(price: Money, rate: Rate) -> Money:
    """Return an amount in the other currency of a rate, rounded half up to its smallest unit."""
    units = price.decimal() * rate.rate
    return Money(round_half_up(units.scaleb(digits(rate.to_currency))), rate.to_currency)


def is_kept(line_price: int | None, offered: int | None) -> bool:
    """Tell whether a person said a line's price: it is none a book offered, so no book changes it."""
    return line_price is not None and line_price != offered


def book_of(record_id: str, values: Mapping[str, Any]) -> Book | None:
    """Return a stored price book; None for one that is out of use, or written by a newer version."""
    if values.get("active") is False:
        return None
    try:
        return Book(
            id=record_id,
            name=values.get("name") or "",
            name_zh=values.get("name_zh") or "",
            currency=values.get("currency") or "",
            parent_id=values.get("parent_id"),
            rule=values.get("rule"),
            percent=_decimal(values.get("percent")),
            step=_decimal(values.get("rounding")),
            customer_id=values.get("customer_id"),
            level=values.get("level"),
            is_default=bool(values.get("is_default")),
            valid_from=_day(values.get("valid_from")),
            valid_until=_day(values.get("valid_until")),
            tax_included=bool(values.get("tax_included")),
            told_as_of=_day(values.get("told_as_of")),
        )
    except (ValueError, InvalidOperation):
        return None


def row_of(record_id: str, values: Mapping[str, Any]) -> Row | None:
    """Return a stored price; None for one that says no amount, or written by a newer version."""
    if values.get("unit_price") is None or not values.get("currency"):
        return None
    try:
        return Row(
            id=record_id,
            book_id=values.get("book_id"),
            book_name=values.get("book") or "",
            price=Money(values["unit_price"], values["currency"]),
            least=_decimal(values.get("min_quantity")) or Decimal(1),
            valid_from=_day(values.get("valid_from")),
            valid_until=_day(values.get("valid_until")),
        )
    except (ValueError, InvalidOperation):
        return None


def rate_of(values: Mapping[str, Any]) -> Rate | None:
    """Return a stored rate of exchange; None for one that cannot be used."""
    try:
        rate, day = _decimal(values.get("rate")), _day(values.get("valid_from"))
    except (ValueError, InvalidOperation):
        return None
    if rate is None or rate <= 0 or day is None:
        return None
    pair = values.get("currency") or "", values.get("to_currency") or ""
    return Rate(currency=pair[0], to_currency=pair[1], rate=rate, valid_from=day)


def problems_of_book(values: Mapping[str, Any]) -> list[Problem]:
    """Return why a book could not be asked, at the fields to change."""
    found = _problems_of_period(values)
    if bool(values.get("rule")) != bool(values.get("percent")):
        field = "percent" if values.get("rule") else "rule"
        said = message(N_("A rule needs its per cent, and the other way round"))
        found.append(Problem(field=field, message=said))
    elif values.get("rule") == OFF and _number(values.get("percent")) > _HUNDRED:
        found.append(Problem(field="percent", message=message(N_("No more than 100 % can be taken off"))))
    if values.get("customer_id") and values.get("level"):
        said = message(N_("A book is for a customer or for a level, not for both"))
        found.append(Problem(field="level", message=said))
    return found


def problems_of_price(values: Mapping[str, Any]) -> list[Problem]:
    """Return why a price could not be found, at the fields to change."""
    found = _problems_of_period(values)
    if not values.get("book_id") and not values.get("book"):
        found.append(Problem(field="book_id", message=message(N_("This is required"))))
    if _number(values.get("min_quantity")) < 0:
        found.append(Problem(field="min_quantity", message=message(N_("A quantity is not below zero here"))))
    return found


def problems_of_rate(values: Mapping[str, Any]) -> list[Problem]:
    """Return why an exchange rate could not be used, at the fields to change."""
    found = []
    if values.get("rate") and _number(values["rate"]) <= 0:
        found.append(Problem(field="rate", message=message(N_("A rate is above zero"))))
    if values.get("currency") and values.get("currency") == values.get("to_currency"):
        found.append(Problem(field="to_currency", message=message(N_("These are two different currencies"))))
    return found


def _problems_of_period(values: Mapping[str, Any]) -> list[Problem]:
    first, last = values.get("valid_from"), values.get("valid_until")
    if not first or not last or first <= last:
        return []
    return [Problem(field="valid_until", message=message(N_("It ends before it begins")))]


def _order_of_row(row: Row) -> tuple[Decimal, int, int, str]:
    began = row.valid_from.toordinal() if row.valid_from else 0
    return -_begins_at(row), -began, row.price.minor, row.id


def _begins_at(row: Row) -> Decimal:
    """Return from which quantity on a price holds: one from 1 on, as most are, is for half a piece too."""
    return row.least if row.least > 1 else Decimal(0)


def _within(first: datetime.date | None, day: datetime.date, last: datetime.date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _number(text: Any) -> Decimal:
    """Return a number as written; what is none is told of elsewhere."""
    try:
        return Decimal(text or 0)
    except InvalidOperation:
        return Decimal(0)
