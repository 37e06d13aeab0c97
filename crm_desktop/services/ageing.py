"""What is owed, by how long it is overdue: by customer, by owner, in all. One statement, by an index."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select

from crm_core.entities import SCHEMAS
from crm_core.entities.contract import Contract
from crm_core.entities.order import Order
from crm_core.entities.payment import Instalment
from crm_core.rules.access import Action, decide
from crm_core.rules.payments import BUCKETS, COLLECTED, Bucket, days_in
from crm_desktop.models import query
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.replica import Replica

ASKED = ("customer_id", "amount", "currency", "paid", "state", "due_on")
"""Fields of instalments the sums follow from."""


class By(StrEnum):
    """What the sums are of."""

    CUSTOMER = "customer"
    OWNER = "owner"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingRow:
    """What somebody owes in one currency, in minor units."""

    key: str
    """Id of the customer or owner; '' for all, and for nobody."""
    name: str
    currency: str
    buckets: Mapping[str, int]
    """By the keys of `BUCKETS`."""
    count: int

    @property
    def total_minor(self) -> int:
        """All that is owed."""
        return sum(self.buckets.values())

    @property
    def overdue_minor(self) -> int:
        """What should have come by now."""
        return self.total_minor - self.buckets["not_due"]


def ageing(replica: Replica, by: By, customer_id: str | None = None) -> tuple[AgeingRow, ...]:
    """Return what is owed, who owes most for long first. `AccessDenied` for who may not read it."""
    fields = SCHEMAS["instalment"].fields
    decide(replica.person, Action.READ, "instalment", None, [fields[name] for name in ASKED]).demand()
    today = replica.clock.today()
    kind = {By.CUSTOMER: "customer", By.OWNER: "user"}.get(by)
    with replica.read() as session:
        found = session.execute(statement(by, today, customer_id)).mappings().all()
        ids = {row["key"] for row in found if row["key"]}
        names = query.labels(session, kind, ids) if kind is not None else {}
    rows = [
        AgeingRow(
            key=row["key"] or "",
            name=names.get(row["key"] or "", ""),
            currency=row["currency"] or "",
            buckets={bucket.key: int(row[bucket.key] or 0) for bucket in BUCKETS},
            count=row["count"],
        )
        for row in found
    ]
    return tuple(sorted(rows, key=lambda row: (-row.overdue_minor, -row.total_minor, row.name, row.currency)))


def statement(by: By, today: datetime.date, customer_id: str | None = None) -> Select[Any]:
    """Return the query: a row for each key and currency, with a sum for each bucket."""
    still = Instalment.amount - func.coalesce(Instalment.paid, 0)
    key: ColumnElement[Any] = literal("")
    source: Any = Instalment
    if by is By.CUSTOMER:
        key = Instalment.__table__.c.customer_id
    elif by is By.OWNER:
        key = func.coalesce(Order.owner_id, Contract.owner_id)
        source = Instalment.__table__.outerjoin(Order, Order.id == Instalment.order_id).outerjoin(
            Contract, Contract.id == Instalment.contract_id
        )
    sums = [func.sum(case((_in(bucket, today), still), else_=0)).label(bucket.key) for bucket in BUCKETS]
    wanted = [Instalment.life % 2 == 1, Instalment.state.in_([each.value for each in COLLECTED])]
    if customer_id is not None:
        wanted.append(Instalment.customer_id == customer_id)
    return (
        select(key.label("key"), Instalment.currency.label("currency"), func.count().label("count"), *sums)
        .select_from(source)
        .where(*wanted)
        .group_by(key, Instalment.currency)
    )


def _in(bucket: Bucket, today: datetime.date) -> ColumnElement[bool]:
    first, last = days_in(bucket, today)
    within = [
        *([Instalment.due_on >= first] if first else []),
        *([Instalment.due_on <= last] if last else []),
    ]
    return or_(and_(*within), Instalment.due_on.is_(None)) if bucket.least is None else and_(*within)


def list_of(
    bucket: Bucket | None, today: datetime.date, customer_id: str | None = None
) -> tuple[Condition, ...]:
    """Return the conditions of the list of the very instalments a sum is of; None: all that is overdue.

    What has no day yet is among the sums of what is not due, and in the list of all that is to collect.
    """
    wanted = [Condition(field="state", op=Op.IN, value=tuple(each.value for each in COLLECTED))]
    if bucket is None:
        yesterday = today - datetime.timedelta(days=1)
        wanted.append(Condition(field="due_on", op=Op.AT_MOST, value=yesterday.isoformat()))
    else:
        first, last = days_in(bucket, today)
        if first:
            wanted.append(Condition(field="due_on", op=Op.AT_LEAST, value=first))
        if last:
            wanted.append(Condition(field="due_on", op=Op.AT_MOST, value=last))
    if customer_id is not None:
        wanted.append(Condition(field="customer_id", op=Op.EQUAL, value=customer_id))
    return tuple(wanted)
