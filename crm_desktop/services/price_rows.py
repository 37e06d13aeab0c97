"""The prices of one book, or of one product, as a table shows them; those of a book copied into another."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from crm_core.entities.pricing import PriceBook, StockLevel
from crm_core.entities.product import Price, Product
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.access import Action, decide
from crm_core.schema.field import Plain
from crm_desktop.models import query, repository
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, rights
from crm_desktop.services.outcome import Outcome

MOST = 500
"""Rows read at a time; whoever looks for another one types a part of its product."""
_COPIED = ("product_id", "unit_price", "currency", "min_quantity", "valid_from", "valid_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """A price with what its product and its book are called."""

    record: Record
    code: str
    product: str
    book: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRows:
    """The first rows and how many there are, and what the book or product is called.

    `currency` is the one a new price is in.
    """

    rows: tuple[PriceRow, ...]
    count: int
    may_edit: bool
    currency: str | None
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What a warehouse has of a product, and when that was told (milliseconds since 1970 UTC)."""

    warehouse: str
    quantity: str
    as_of_ms: int


def rows(
    replica: Replica, *, book_id: str | None = None, product_id: str | None = None, text: str = ""
) -> PriceRows:
    """Return the living prices of a book, or of a product, by product, book and quantity.

    `text` is a part of the product's code or name. Raises `AccessDenied` for whoever may not read prices.
    """
    rights.may_do(replica, Action.READ, "price").demand()
    wanted = (
        select(Price, Product.code, Product.name, func.coalesce(PriceBook.name, Price.book))
        .outerjoin(Product, Product.id == Price.product_id)
        .outerjoin(PriceBook, PriceBook.id == Price.book_id)
        .where(Price.life % 2 == 1)
    )
    if book_id is not None:
        wanted = wanted.where(Price.book_id == book_id)
    if product_id is not None:
        wanted = wanted.where(Price.product_id == product_id)
    if text.strip():
        part = text.strip()
        wanted = wanted.where(
            or_(Product.code.icontains(part, autoescape=True), Product.name.icontains(part, autoescape=True))
        )
    with replica.read() as session:
        count = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        ordered = wanted.order_by(Product.code, Product.name, PriceBook.name, Price.id).limit(MOST)
        found = [
            PriceRow(record=record_of(price), code=code or "", product=name or "", book=book or "")
            for price, code, name, book in session.execute(ordered)
        ]
        entity, record_id = ("price_book", book_id) if book_id is not None else ("product", product_id)
        named = repository.get(session, entity, record_id or "")
    return PriceRows(
        rows=tuple(found),
        count=count,
        may_edit=bool(decide(replica.person, Action.EDIT, "price")),
        currency=named.get("currency") if named is not None and book_id is not None else None,
        of=named.title if named is not None else "",
    )


def copy(replica: Replica, from_id: str, to_id: str) -> Outcome[int]:
    """Add the prices of a book to another one; those of a product, quantity and day it has stay its own."""
    with replica.write() as session:
        target = repository.get(session, "price_book", to_id)
        if target is None:
            raise NotFound(N_("There is no such record on this laptop"))
        there = {_place(price) for price in _living(session, to_id)}
        copied = 0
        for price in _living(session, from_id):
            if _place(price) in there:
                continue
            values: dict[str, Plain] = {name: getattr(price, name) for name in _COPIED}
            given = {name: value for name, value in values.items() if value is not None}
            records.create_in(session, replica, "price", {**given, "book_id": to_id})
            copied += 1
    return Outcome(copied, frozenset(session.changed))


def stock(replica: Replica, product_id: str) -> tuple[Stock, ...]:
    """Return what each warehouse has of a product, as HQ was told last."""
    with replica.read() as session:
        of_product = select(StockLevel).where(StockLevel.product_id == product_id, StockLevel.life % 2 == 1)
        return tuple(
            Stock(warehouse=row.warehouse or "", quantity=row.quantity or "0", as_of_ms=row.as_of or 0)
            for row in session.scalars(of_product.order_by(StockLevel.warehouse, StockLevel.id))
        )


def families(replica: Replica) -> tuple[tuple[str, int], ...]:
    """Return the families of the products with how many there are of each; "" those without one."""
    with replica.read() as session:
        groups = query.group(session, replica.person, ListQuery(entity="product"), "family")
    return tuple((str(group.key or ""), group.count) for group in groups)


def _living(session: Session, book_id: str) -> list[Price]:
    of_book = select(Price).where(Price.book_id == book_id, Price.life % 2 == 1).order_by(Price.id)
    return list(session.scalars(of_book))


def _place(price: Price) -> tuple[str | None, str, str | None]:
    return price.product_id, price.min_quantity or "1", price.valid_from
