"""What is owed by how long it is overdue, as one person may see it at HQ: one statement over visible rows."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from crm_core.entities import SCHEMAS
from crm_core.money import Money
from crm_core.rules.access import Action, decide
from crm_core.rules.payments import BUCKETS, COLLECTED, days_in
from sync_server.services.reading import Reader

_ASKED = ("customer_id", "amount", "currency", "paid", "state", "due_on")


def ageing(reader: Reader, by: str, today: datetime.date) -> list[dict[str, Any]]:
    """Return a row for each customer, owner or currency (`by`: customer, owner, all) with a sum each bucket.

    `AccessDenied` where the person may not read what the sums are of.
    """
    fields = SCHEMAS["instalment"].fields
    decide(reader.person, Action.READ, "instalment", None, [fields[name] for name in _ASKED]).demand()
    seen = reader.visible("instalment").subquery()
    source: Any = seen
    key: ColumnElement[Any] = literal("")
    title: ColumnElement[Any] = literal("")
    people = SCHEMAS["customer" if by == "customer" else "user"].table
    if by == "customer":
        key = seen.c.customer_id
    elif by == "owner":
        order, contract = SCHEMAS["order"].table, SCHEMAS["contract"].table
        source = source.outerjoin(order, order.c.id == seen.c.order_id).outerjoin(
            contract, contract.c.id == seen.c.contract_id
        )
        key = func.coalesce(order.c.owner_id, contract.c.owner_id)
    if by != "all":
        source = source.outerjoin(people, people.c.id == key)
        title = people.c.name
    still = seen.c.amount - func.coalesce(seen.c.paid, 0)
    sums = []
    for bucket in BUCKETS:
        first, last = days_in(bucket, today)
        within = and_(
            *([seen.c.due_on >= first] if first else []), *([seen.c.due_on <= last] if last else [])
        )
        if bucket.least is None:
            within = or_(within, seen.c.due_on.is_(None))
        sums.append(func.sum(case((within, still), else_=0)).label(bucket.key))
    query = (
        select(key.label("key"), title.label("name"), seen.c.currency, func.count().label("count"), *sums)
        .select_from(source)
        .where(seen.c.state.in_([each.value for each in COLLECTED]))
        .group_by(key, title, seen.c.currency)
    )
    rows = [dict(row) for row in reader.connection.execute(query).mappings()]
    rows.sort(key=lambda row: (-sum(int(row[each.key] or 0) for each in BUCKETS[1:]), row["name"] or ""))
    return [_shown(row) for row in rows]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    currency = row["currency"] or ""
    amounts = {bucket.key: int(row[bucket.key] or 0) for bucket in BUCKETS}
    return {
        "name": row["name"] or None,
        "key": row["key"] or None,
        "currency": currency,
        **{key: str(Money(minor, currency)) for key, minor in amounts.items()},
        "total": str(Money(sum(amounts.values()), currency)),
        "count": row["count"],
    }
