"""Prices of products as this laptop's books have them: of a quote's lines, and for anybody who asks."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.pricing import PriceBook
from crm_core.entities.product import Price, Product
from crm_core.errors import NotFound
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.rules import price_list, prices, tax_classes
from crm_core.rules.access import Action
from crm_core.rules.price_list import PriceList, Terms
from crm_core.rules.prices import Book, Offer, Rate, Row
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import rights
from crm_desktop.services.company import company

_ONE = Decimal(1)


class Pricing:
    """Finds prices under given terms; what it needs of this laptop is read once."""

    def __init__(self, session: Session, terms: Terms) -> None:
        self._session = session
        self._list = PriceList(
            terms=terms,
            books=price_list.books_of(_all(session, "price_book")),
            rates=price_list.rates_of(_all(session, "exchange_rate")),
        )
        self._products: dict[str, Mapping[str, Any]] = {}
        self._rows: dict[str, list[Row]] = {}
        self._tax_classes: dict[str, Any] | None = None

    def know(self, product_ids: Iterable[str]) -> None:
        """Read the prices of several products at once."""
        wanted = sorted(set(product_ids) - self._products.keys())
        if not wanted:
            return
        table = SCHEMAS["product"].table
        for row in self._session.execute(select(table).where(table.c.id.in_(wanted))).mappings():
            self._products[row["id"]] = dict(row)
        found = defaultdict[str, list[Row]](list)
        table = SCHEMAS["price"].table
        living = select(table).where(table.c.product_id.in_(wanted), table.c.life % 2 == 1)
        for values in self._session.execute(living).mappings():
            found[values["product_id"]] += price_list.rows_of((dict(values),))
        for product_id in wanted:
            self._rows[product_id] = found[product_id]

    def offer(self, product_id: str, quantity: Decimal, tax_rate: str | None = None) -> Offer | None:
        """Return what a product costs; None where nobody wrote a price down. The tax rate is the line's."""
        self.know((product_id,))
        product = self._products.get(product_id)
        if product is None:
            return None
        return self._list.offer(
            product, self._rows[product_id], quantity, self._taxed_at(product_id, tax_rate)
        )

    def due(self, product_id: str, quantity: Decimal, tax_rate: str | None = None) -> int | None:
        """Return the unit price below which a line is discounted, in minor units; None: there is none."""
        self.know((product_id,))
        product = self._products.get(product_id)
        if product is None:
            return None
        rate = self._taxed_at(product_id, tax_rate)
        found = self._list.due(product, self._rows[product_id], quantity, rate)
        return found.unit_price.minor if found is not None else None

    def _taxed_at(self, product_id: str, tax_rate: str | None) -> str:
        return tax_rate if tax_rate is not None else self.tax_rate(product_id) or "0"

    @property
    def books(self) -> Sequence[Book]:
        """Return the books in use, also those that do not hold on the day."""
        return self._list.books

    @property
    def terms(self) -> Terms:
        """Return what holds for every price."""
        return self._list.terms

    def tax_rate(self, product_id: str) -> str | None:
        """Return the percentage a new line of a product has: of its class on the day, else its own."""
        self.know((product_id,))
        product = self._products.get(product_id)
        if product is None:
            return None
        if self._tax_classes is None:
            self._tax_classes = {values["id"]: values["rates"] for values in _all(self._session, "tax_class")}
        of_class = tax_classes.rate_on(self._tax_classes.get(product["tax_class_id"]), self.terms.day)
        own: str | None = product["tax_rate"]
        return of_class if of_class is not None else own

    def rate_to(self, currency: str) -> Rate | None:
        """Return what one unit of the currency of these terms costs in another; None where nobody said."""
        return prices.rates_on(self._list.rates, self.terms.day).get((self.terms.currency, currency))

    def cost(self, product_id: str) -> Money | None:
        """Return what a product costs us, in the currency of these terms; None where that is not known."""
        self.know((product_id,))
        product = self._products.get(product_id)
        if product is None or product["cost"] is None:
            return None
        cost = Money(product["cost"], product["cost_currency"] or DEFAULT_CURRENCY)
        if cost.currency == self.terms.currency:
            return cost
        rate = prices.rates_on(self._list.rates, self.terms.day).get((cost.currency, self.terms.currency))
        return prices.exchanged(cost, rate) if rate is not None else None

    @property
    def book(self) -> Book | None:
        """Return the book that is asked first; None where the list prices hold."""
        return next((book for _source, book in prices.candidates(self.terms.asked(_ONE), self.books)), None)


def of_quote(session: Session, quote: Mapping[str, Any] | Record) -> Pricing:
    """Return the pricing of a quote's lines, by its day, currency, customer and book; an order's as well."""
    book_id = quote.get("price_book_id") or book_called(session, quote.get("price_book"))
    customer_id = quote.get("customer_id")
    customer = repository.get(session, "customer", customer_id) if customer_id else None
    return Pricing(
        session,
        price_list.terms_of(
            quote.values if isinstance(quote, Record) else quote,
            customer.values if customer is not None else {},
            book_id,
        ),
    )


def for_customer(
    session: Session,
    customer_id: str | None,
    *,
    day: datetime.date,
    currency: str,
    book_id: str | None = None,
    tax_included: bool = False,
) -> Pricing:
    """Return the pricing that holds for a customer; for nobody in particular where there is none."""
    customer = repository.get(session, "customer", customer_id) if customer_id else None
    terms = Terms(
        day=day,
        currency=currency,
        customer_id=customer_id or None,
        level=customer.get("level") if customer is not None else None,
        customers_book_id=customer.get("price_book_id") if customer is not None else None,
        book_id=book_id or None,
        tax_included=tax_included,
    )
    return Pricing(session, terms)


def book_called(session: Session, name: str | None) -> str | None:
    """Return the book an older program named; None where no book in use is called so."""
    if not name:
        return None
    called = select(PriceBook.id).where(PriceBook.name == name, PriceBook.life % 2 == 1)
    return session.scalar(called.order_by(PriceBook.id).limit(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOffer:
    """Another price the book in force has for a line; minor units of the quote's currency."""

    unit_price: int
    why: tuple[Message, ...]


def other_prices(pricing: Pricing, lines: Iterable[Record]) -> dict[str, PriceOffer]:
    """Return by line what the books offer now where it is another price than the line has.

    A price a person said is left alone, as is that of a line without a product.
    """
    followed = [
        line
        for line in lines
        if line.get("product_id") and not prices.is_kept(line.get("unit_price"), line.get("offered_price"))
    ]
    pricing.know(str(line["product_id"]) for line in followed)
    found = {}
    for line in followed:
        quantity = Decimal(line.get("quantity") or "0")
        offer = pricing.offer(str(line["product_id"]), quantity, line.get("tax_rate") or "0")
        if offer is not None and offer.unit_price.minor != line.get("unit_price"):
            found[line.id] = PriceOffer(unit_price=offer.unit_price.minor, why=offer.why)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody who asked for a price is told; `offer` None: nobody wrote one down."""

    product_id: str
    product: str
    currency: str
    offer: Offer | None


def ask(
    replica: Replica,
    product: str,
    *,
    quantity: Decimal = _ONE,
    day: datetime.date | None = None,
    customer: str = "",
    book: str = "",
    currency: str = "",
) -> Answer:
    """Return what a product costs somebody. Product, customer and book go by id, code or name.

    Raises `NotFound` for what is not on this laptop, `AccessDenied` for whoever may not read prices.
    """
    rights.may_do(replica, Action.READ, "price").demand()
    with replica.read() as session:
        found = _called(session, "product", product, "code", "name")
        customer_id = _called(session, "customer", customer, "name") if customer else None
        book_id = _called(session, "price_book", book, "name", "name_zh") if book else None
        wanted = currency.upper() or company(session).currency
        pricing = for_customer(
            session,
            customer_id,
            day=day or replica.clock.today(),
            currency=wanted,
            book_id=book_id,
        )
        offer = pricing.offer(found, quantity)
        return Answer(
            product_id=found,
            product=query.labels(session, "product", {found}).get(found, ""),
            currency=wanted,
            offer=offer,
        )


def _called(session: Session, entity: str, said: str, *fields: str) -> str:
    """Return the id of the living record with this id, or with this text in the first field that has it."""
    table = SCHEMAS[entity].table
    for column in ("id", *fields):
        wanted = select(table.c.id).where(table.c[column] == said.strip(), table.c.life % 2 == 1)
        found = session.scalar(wanted.order_by(table.c.id).limit(1))
        if found:
            return str(found)
    kind = Message(SCHEMAS[entity].meta.label)
    raise NotFound(N_("{kind}: there is none called “{name}” on this laptop"), kind=kind, name=said)


def as_of_ms(session: Session, book: Book | None) -> int | None:
    """Return when the prices of a book were told; where it does not say so, when prices last changed here."""
    if book is not None and book.told_as_of is not None:
        midnight = datetime.datetime.combine(book.told_as_of, datetime.time()).astimezone()
        return int(midnight.timestamp()) * 1000
    newest = max(
        session.scalar(select(func.max(Product.updated_at))) or 0,
        session.scalar(select(func.max(Price.updated_at))) or 0,
    )
    return newest or None


def book_warning(priced: Pricing, today: datetime.date) -> Message | None:
    """Return why the book that was chosen gives no prices, or should not today; None where it does."""
    chosen_id = priced.terms.book_id or priced.terms.customers_book_id
    chosen = next((book for book in priced.books if book.id == chosen_id), priced.book)
    if chosen is None:
        return message(N_("The price book that was chosen is out of use")) if chosen_id else None
    first = max(priced.terms.day, today)
    if chosen.valid_until is not None and chosen.valid_until < first:
        day = chosen.valid_until.isoformat()
        return message(N_("Price book “{book}” ended on {day}"), book=chosen.title, day=day)
    if chosen.valid_from is not None and chosen.valid_from > priced.terms.day:
        day = chosen.valid_from.isoformat()
        return message(N_("Price book “{book}” begins on {day}"), book=chosen.title, day=day)
    return None


def _all(session: Session, entity: str) -> list[Mapping[str, Any]]:
    table = SCHEMAS[entity].table
    rows = session.execute(select(table).where(table.c.life % 2 == 1)).mappings()
    return [dict(row) for row in rows]
