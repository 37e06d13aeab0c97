"""What customers bought, what they are likely to buy next, and why: from the orders on this laptop."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.customer import Customer
from crm_core.entities.order import Order, OrderLine
from crm_core.entities.product import Product
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules import quote_sums, repurchase
from crm_core.rules.access import Action, decide
from crm_core.rules.repurchase import Expected, Related
from crm_desktop.models import query
from crm_desktop.models.replica import Replica

COUNTED = ("confirmed", "closed")
"""States of orders that are purchases."""
SOON_DAYS = 14
MOST_RELATED = 5
MOST_LINES = 20_000
"""Lines, the newest, that say what is ordered together: older orders say little of today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What a customer bought of one product in one currency. Amounts in minor units; None where masked."""

    product_id: str
    product: str
    times: int
    """Orders it stands in."""
    quantity: Decimal
    unit: str
    last_on: datetime.date | None
    last_price: int | None
    """Unit price on the last order."""
    sum_minor: int | None
    """After every discount, without tax where prices are without; None where an order does not add up."""
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A customer who usually would buy a product again by now."""

    customer_id: str
    customer: str
    product: str
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What may be sold to a customer next, with product names by id."""

    expected: tuple[Expected, ...]
    related: tuple[Related, ...]
    names: Mapping[str, str]


def history(replica: Replica, customer_id: str) -> tuple[Purchase, ...]:
    """Return what a customer bought by product, the latest first. `AccessDenied` for who reads no orders."""
    person = replica.person
    for entity in ("order", "order_line"):
        decide(person, Action.READ, entity).demand()
    shows_money = query.not_masked(person, "order_line", "unit_price")
    orders: dict[str, Mapping[str, Any]] = {}
    lines: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    with replica.read() as session:
        for row in session.execute(_bought().where(Order.customer_id == customer_id)):
            order, line = row
            orders[order.id] = _values(order)
            lines[order.id].append((line.id, _values(line)))
        names = _names(session, {str(line["product_id"]) for rows in lines.values() for _, line in rows})
    found: dict[tuple[str, str], list[tuple[str, Mapping[str, Any], int | None]]] = defaultdict(list)
    for order_id, rows in lines.items():
        try:
            totals = quote_sums.totals_of(orders[order_id], rows).lines
            nets: list[int | None] = [each.net_minor - each.allowance_minor for each in totals]
        except UserError:
            nets = [None] * len(rows)
        for (_, line), net in zip(rows, nets, strict=True):
            if line["product_id"]:
                currency = str(orders[order_id]["currency"] or "")
                found[str(line["product_id"]), currency].append((order_id, line, net))
    made = [
        _purchase(product_id, names.get(product_id, ""), currency, bought, orders, shows_money=shows_money)
        for (product_id, currency), bought in found.items()
    ]
    return tuple(
        sorted(made, key=lambda each: (each.last_on or datetime.date.min, each.product), reverse=True)
    )


def _purchase(
    product_id: str,
    name: str,
    currency: str,
    bought: list[tuple[str, Mapping[str, Any], int | None]],
    orders: Mapping[str, Mapping[str, Any]],
    *,
    shows_money: bool,
) -> Purchase:
    last_id, last, _ = max(bought, key=lambda each: (str(orders[each[0]]["ordered_on"] or ""), each[0]))
    day = orders[last_id]["ordered_on"]
    nets = [net for _, _, net in bought]
    known = [net for net in nets if net is not None]
    return Purchase(
        product_id=product_id,
        product=name or str(last["description"] or ""),
        times=len({order_id for order_id, _, _ in bought}),
        quantity=sum((Decimal(line["quantity"] or 0) for _, line, _ in bought), Decimal(0)),
        unit=str(last["unit"] or ""),
        last_on=datetime.date.fromisoformat(day) if day else None,
        last_price=last["unit_price"] if shows_money else None,
        sum_minor=sum(known) if shows_money and len(known) == len(nets) else None,
        currency=currency,
    )


def suggestions(replica: Replica, customer_id: str) -> Suggestions:
    """Return what may be sold to a customer next; nothing for who reads no orders."""
    if not _reads(replica):
        return Suggestions(expected=(), related=(), names={})
    with replica.read() as session:
        return _suggested(session, customer_id)


def suggested_in(session: Session, replica: Replica, customer_id: str | None) -> Suggestions | None:
    """Return the same within a session; None where there is nobody to suggest anything for."""
    if not customer_id or not _reads(replica):
        return None
    return _suggested(session, customer_id)


def due(
    replica: Replica,
    today: datetime.date,
    within_days: int = 0,
    limit: int | None = None,
    owner_id: str | None = None,
) -> tuple[Due, ...]:
    """Return who is expected to buy what again within so many days, the longest due first.

    `owner_id`: only his customers.
    """
    if not _reads(replica):
        return ()
    with replica.read() as session:
        wanted = _may_be_due(today, within_days)
        if owner_id is not None:
            mine = select(Customer.id).where(Customer.owner_id == owner_id, Customer.life % 2 == 1)
            wanted = wanted.where(Order.customer_id.in_(mine))
        found = []
        for customer_id, product_id, days in session.execute(wanted):
            each = repurchase.expected(product_id, map(datetime.date.fromisoformat, days.split(",")))
            if each is not None and repurchase.is_due(each, today, within_days):
                found.append((customer_id, each))
        found.sort(key=lambda each: (each[1].expected_on, each[0], each[1].product_id))
        found = found[:limit]
        customers = query.labels(session, "customer", {customer_id for customer_id, _ in found})
        names = _names(session, {each.product_id for _, each in found})
    return tuple(
        Due(
            customer_id=customer_id,
            customer=customers.get(customer_id, ""),
            product=names.get(each.product_id, ""),
            expected=each,
        )
        for customer_id, each in found
    )


def why_expected(found: Expected) -> Message:
    """Return what an expected purchase follows from."""
    return message(
        N_("Bought {times} times, every {days} days, last on {day}"),
        times=found.times,
        days=found.every_days,
        day=found.last_on.isoformat(),
    )


def why_related(found: Related, names: Mapping[str, str]) -> Message:
    """Return what a related product follows from."""
    return message(
        N_("In {together} of {of} orders with {product}"),
        together=found.together,
        of=found.of,
        product=names.get(found.with_id, ""),
    )


def _reads(replica: Replica) -> bool:
    return all(decide(replica.person, Action.READ, entity) for entity in ("order", "order_line"))


def _suggested(session: Session, customer_id: str) -> Suggestions:
    baskets: dict[str, set[str]] = defaultdict(set)
    own: dict[str, list[datetime.date]] = defaultdict(list)
    for _, product_id, _, day in session.execute(_days().where(Order.customer_id == customer_id)):
        own[product_id].append(datetime.date.fromisoformat(day))
    newest = _days().order_by(Order.ordered_on.desc(), Order.id, OrderLine.id).limit(MOST_LINES)
    for _, product_id, order_id, _ in session.execute(newest):
        baskets[order_id].add(product_id)
    found = repurchase.all_expected(own)
    beside = repurchase.related(baskets.values(), own.keys())[:MOST_RELATED]
    ids = {each.product_id for each in found} | {
        id_ for each in beside for id_ in (each.product_id, each.with_id)
    }
    return Suggestions(expected=tuple(found), related=tuple(beside), names=_names(session, ids))


def _bought() -> Any:
    return (
        select(Order, OrderLine)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.life % 2 == 1, OrderLine.life % 2 == 1, Order.status.in_(COUNTED))
        .order_by(Order.ordered_on, Order.id, OrderLine.position, OrderLine.id)
    )


def _days() -> Any:
    """Return customer, product, order and day of every line that is a purchase."""
    return _of_purchases(select(Order.customer_id, OrderLine.product_id, Order.id, Order.ordered_on))


def _may_be_due(today: datetime.date, within_days: int) -> Any:
    """Return customer, product and the days it was bought on, parted by commas, where it may be due.

    One row for each product of a customer, and none for those bought too seldom or given up on: the interval
    that is believed, with those that are longer, has room between the first purchase and the last, and they
    are half of all.
    """
    day, now = Order.ordered_on, today.isoformat()
    bought = func.count(day.distinct())
    longest = (func.julianday(func.max(day)) - func.julianday(func.min(day))) / (bought - bought // 2)
    silent = func.julianday(now) - func.julianday(func.max(day))
    soon = (today + datetime.timedelta(days=within_days)).isoformat()
    return (
        _of_purchases(select(Order.customer_id, OrderLine.product_id, func.group_concat(day.distinct())))
        .group_by(Order.customer_id, OrderLine.product_id)
        .having(
            bought >= repurchase.LEAST_PURCHASES,
            func.max(day) <= soon,
            silent <= (repurchase.GIVEN_UP + 1) * func.max(longest, 1),
        )
    )


def _of_purchases(wanted: Any) -> Any:
    """Narrow orders with their lines to purchases of products."""
    return wanted.join(OrderLine, OrderLine.order_id == Order.id).where(
        Order.life % 2 == 1,
        OrderLine.life % 2 == 1,
        Order.status.in_(COUNTED),
        Order.ordered_on.is_not(None),
        Order.customer_id.is_not(None),
        OrderLine.product_id.is_not(None),
    )


def _names(session: Session, ids: set[str]) -> dict[str, str]:
    rows = session.execute(select(Product.id, Product.name).where(Product.id.in_(sorted(ids))))
    return {row.id: row.name or "" for row in rows}


def _values(row: Any) -> Mapping[str, Any]:
    return {name: getattr(row, name) for name in SCHEMAS[row.__tablename__].fields}
