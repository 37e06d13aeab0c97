"""Products to choose from while a line of a quote is typed: their price for it, and how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.pricing import StockLevel
from crm_core.entities.product import Product
from crm_core.i18n import Message
from crm_core.rules import repurchase
from crm_desktop.models import repository, search
from crm_desktop.models.replica import Replica
from crm_desktop.services import pricing, purchases

MAX_PRODUCTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChoice:
    """A product offered while a line is typed. The price is in minor units of `currency`: that of one piece
    by the books of the quote; None where nobody wrote one down."""

    id: str
    code: str
    name: str
    unit: str
    unit_price: int | None
    currency: str | None
    tax_rate: str = "0"
    stock: str | None = None
    """How much there is in all warehouses; None where HQ was told of none."""
    stock_as_of_ms: int | None = None
    """When the oldest of these figures was told."""
    why: Message | None = None
    """Why it is suggested to the customer, where it is."""


def products(
    replica: Replica,
    text: str,
    limit: int = MAX_PRODUCTS,
    quote_id: str | None = None,
    entity: str = "quote",
) -> tuple[ProductChoice, ...]:
    """Return the products whose code, name or pinyin matches what is typed; the first ones for no text.

    Before anything is typed those the customer is likely to buy come first, with the reason.

    With a quote, or another record with lines (`entity`), their prices are those its books have; else list
    prices.
    """
    if text.strip():
        replica.catch_up()
    with replica.read() as session:
        statement = select(Product).where(Product.life % 2 == 1, Product.active.isnot(False))
        known: list[Product] = []
        if text.strip():
            hits = [hit.id for hit in search.search(session, text, limit=limit * 2, entities={"product"})]
            found = {row.id: row for row in session.scalars(statement.where(Product.id.in_(hits)))}
            rows = [found[record_id] for record_id in hits if record_id in found][:limit]
        else:
            known = list(session.scalars(statement.order_by(Product.code, Product.name).limit(limit)))
            rows = known
        quote = repository.get(session, entity, quote_id) if quote_id is not None else None
        reasons = (
            {} if text.strip() or quote is None else _reasons(session, replica, quote.get("customer_id"))
        )
        if reasons:
            first = {row.id: row for row in session.scalars(statement.where(Product.id.in_(reasons)))}
            rows = [first[each] for each in reasons if each in first]
            rows += [row for row in known if row.id not in first]
            rows = rows[:limit]
        priced = pricing.of_quote(session, quote) if quote is not None else None
        if priced is not None:
            priced.know(row.id for row in rows)
        stock = _stock(session, [row.id for row in rows])
        return tuple(
            replace(_choice(row, priced, stock.get(row.id)), why=reasons.get(row.id)) for row in rows
        )


def _reasons(session: Session, replica: Replica, customer_id: str | None) -> dict[str, Message]:
    """Return why products may be offered to a customer, the likeliest first."""
    found = purchases.suggested_in(session, replica, customer_id)
    if found is None:
        return {}
    today = replica.clock.today()
    again = {
        each.product_id: purchases.why_expected(each)
        for each in found.expected
        if repurchase.is_due(each, today, purchases.SOON_DAYS)
    }
    beside = {each.product_id: purchases.why_related(each, found.names) for each in found.related}
    return {**again, **beside}


def _choice(row: Product, priced: pricing.Pricing | None, stock: tuple[str, int] | None) -> ProductChoice:
    price, currency, tax_rate = row.list_price, row.currency, row.tax_rate
    if priced is not None:
        offer = priced.offer(row.id, Decimal(1))
        price = offer.unit_price.minor if offer is not None else None
        currency, tax_rate = priced.terms.currency, priced.tax_rate(row.id)
    return ProductChoice(
        id=row.id,
        code=row.code or "",
        name=row.name or "",
        unit=row.unit or "",
        unit_price=price,
        currency=currency,
        tax_rate=tax_rate or "0",
        stock=stock[0] if stock is not None else None,
        stock_as_of_ms=stock[1] if stock is not None else None,
    )


def _stock(session: Session, product_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Return what all warehouses have of products, and when the oldest of these figures was told."""
    found: dict[str, tuple[Decimal, int]] = {}
    of_products = select(StockLevel).where(StockLevel.product_id.in_(product_ids), StockLevel.life % 2 == 1)
    for row in session.scalars(of_products):
        quantity, as_of = Decimal(row.quantity or "0"), row.as_of or 0
        before = found.get(str(row.product_id), (Decimal(0), as_of))
        found[str(row.product_id)] = (before[0] + quantity, min(before[1], as_of))
    return {product_id: (f"{quantity:f}", as_of) for product_id, (quantity, as_of) in found.items()}
