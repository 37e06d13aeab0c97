"""The profile of a customer from what is on this laptop: talks, deals won, lines of accepted quotes."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities.activity import CONTACT_KINDS, Activity
from crm_core.entities.customer import Customer
from crm_core.entities.deal import Deal, Stage
from crm_core.entities.product import Product
from crm_core.entities.quote import Quote, QuoteLine
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.money import Money
from crm_core.rules.access import Action, decide
from crm_core.rules.customer_profile import (
    Bought,
    CustomerProfile,
    Sale,
    Talk,
    habits,
    spending,
    taste,
)
from crm_desktop.models import query, repository
from crm_desktop.models.replica import Replica
from crm_desktop.services.calendar import local
from crm_desktop.services.company import company

MOST_TALKS = 500
"""The latest talks: a habit of five years ago is none."""


def profile(replica: Replica, customer_id: str) -> CustomerProfile:
    """Return a customer's profile. `NotFound` where it is not on this laptop."""
    person = replica.person
    decide(person, Action.READ, "customer").demand()

    def shows(entity: str, *fields: str) -> bool:
        known = all(query.not_masked(person, entity, field) for field in fields)
        return known and bool(decide(person, Action.READ, entity))

    with replica.read() as session:
        if repository.get(session, "customer", customer_id) is None:
            raise NotFound(N_("There is no such record on this laptop"))
        currency = company(session).currency
        today = replica.clock.today()
        sells = shows("deal", "amount", "close_date")
        quotes = shows("quote", "status") and shows("quote_line", "unit_price", "discount_percent")
        return CustomerProfile(
            habits=habits(_talks(session, customer_id)) if shows("activity", "outcome") else None,
            spending=spending(
                _sales(session, customer_id, currency), _last_year(session, currency, today), today
            )
            if sells
            else None,
            taste=taste(_bought(session, customer_id, currency)) if quotes else None,
            currency=currency,
        )


def _talks(session: Session, customer_id: str) -> list[Talk]:
    rows = session.execute(
        select(Activity.kind, Activity.happened_at, Activity.outcome)
        .where(
            Activity.customer_id == customer_id,
            Activity.kind.in_(CONTACT_KINDS),
            Activity.happened_at.is_not(None),
            Activity.life % 2 == 1,
        )
        .order_by(Activity.happened_at.desc())
        .limit(MOST_TALKS)
    )
    return [
        Talk(kind=str(row.kind), at=local(row.happened_at), reached=row.outcome != "not_reached")
        for row in rows
    ]


def _won(currency: str) -> tuple[Any, ...]:
    won = select(Stage.id).where(Stage.kind == "won")
    return (
        Deal.life % 2 == 1,
        Deal.stage_id.in_(won),
        Deal.currency == currency,
        Deal.amount.is_not(None),
        Deal.close_date.is_not(None),
    )


def _sales(session: Session, customer_id: str, currency: str) -> list[Sale]:
    rows = session.execute(
        select(Deal.close_date, Deal.amount, Deal.engaged_on, Deal.created_at).where(
            Deal.customer_id == customer_id, *_won(currency)
        )
    )
    return [
        Sale(
            closed_on=datetime.date.fromisoformat(str(row.close_date)),
            minor=int(row.amount or 0),
            begun_on=_begun(row.engaged_on, row.created_at),
        )
        for row in rows
    ]


def _begun(engaged_on: str | None, created_at: int | None) -> datetime.date | None:
    if engaged_on:
        return datetime.date.fromisoformat(engaged_on)
    return local(created_at).date() if created_at is not None else None


def _last_year(session: Session, currency: str, today: datetime.date) -> list[int]:
    """Return what each living customer here bought in the last twelve months."""
    since = (today - datetime.timedelta(days=365)).isoformat()
    rows = session.execute(
        select(func.sum(Deal.amount))
        .join(Customer, Customer.id == Deal.customer_id)
        .where(
            *_won(currency),
            Deal.close_date > since,
            Deal.close_date <= today.isoformat(),
            Customer.life % 2 == 1,
        )
        .group_by(Deal.customer_id)
    )
    return [int(total or 0) for (total,) in rows]


def _bought(session: Session, customer_id: str, currency: str) -> list[Bought]:
    rows = session.execute(
        select(
            Product.name,
            QuoteLine.description,
            QuoteLine.quantity,
            QuoteLine.unit_price,
            QuoteLine.discount_percent,
        )
        .join(Quote, Quote.id == QuoteLine.quote_id)
        .outerjoin(Product, Product.id == QuoteLine.product_id)
        .where(
            Quote.customer_id == customer_id,
            Quote.status == "accepted",
            Quote.currency == currency,
            Quote.life % 2 == 1,
            QuoteLine.life % 2 == 1,
            QuoteLine.optional.isnot(True),
        )
    )
    return [_line(row, currency) for row in rows]


def _line(row: Any, currency: str) -> Bought:
    discount = Decimal(row.discount_percent or 0)
    share = Decimal(row.quantity or 0) * (100 - discount) / 100
    return Bought(
        product=row.name or row.description or "",
        minor=Money(int(row.unit_price or 0), currency).times(share).minor,
        discount_percent=discount,
    )
