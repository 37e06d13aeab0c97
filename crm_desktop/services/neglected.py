"""Deals nobody looks after: which, why, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from crm_core.entities.activity import CONTACT_KINDS, Activity
from crm_core.entities.customer import Customer
from crm_core.entities.deal import Deal, Pipeline, Stage
from crm_core.entities.people import User
from crm_core.rules import pipeline
from crm_core.rules.access import Action, decide
from crm_core.rules.neglect import DEAL_DAYS, Neglect, neglect
from crm_core.times import DAY_MS
from crm_desktop.models.replica import Replica


@dataclass(frozen=True, slots=True, kw_only=True)
class NeglectedDeal:
    """An open deal that needs somebody."""

    id: str
    name: str
    customer_name: str
    owner_name: str
    stage_name: str
    why: Neglect


def is_neglected(now_ms: int) -> ColumnElement[bool]:
    """Return the condition on a deal that `crm_core.rules.neglect` judges one by one, in SQL."""
    days = (
        select(func.coalesce(Pipeline.neglect_days, DEAL_DAYS))
        .where(Pipeline.id == Deal.pipeline_id)
        .correlate(Deal)
        .scalar_subquery()
    )
    limit = select(Stage.age_limit_days).where(Stage.id == Deal.stage_id).correlate(Deal).scalar_subquery()
    quiet = func.max(func.coalesce(_contact(), 0), func.coalesce(Deal.created_at, 0))
    quiet_too_long = quiet <= now_ms - func.coalesce(days, DEAL_DAYS) * DAY_MS
    stuck = (limit > 0) & (Deal.stage_since <= now_ms - (limit + 1) * DAY_MS)
    return Deal.stage_id.in_(_open_stages()) & (quiet_too_long | stuck)


def count_own(replica: Replica) -> int:
    """Return how many of the person's own deals are neglected."""
    if not decide(replica.person, Action.READ, "deal"):
        return 0
    statement = select(func.count()).where(
        Deal.owner_id == replica.person.user_id,
        Deal.life % 2 == 1,
        is_neglected(replica.clock.now_ms()),
    )
    with replica.read() as session:
        return int(session.scalar(statement) or 0)


def neglected(
    replica: Replica, owner_id: str | None = None, limit: int | None = None
) -> tuple[NeglectedDeal, ...]:
    """Return neglected deals, the longest without contact first; of one owner, or of everybody in sight."""
    decide(replica.person, Action.READ, "deal").demand()
    now = replica.clock.now_ms()
    contact = _contact().label("contact_ms")
    statement: Any = (
        select(
            Deal, contact, Customer.name, User.name, Stage.name, Stage.age_limit_days, Pipeline.neglect_days
        )
        .join(Stage, Stage.id == Deal.stage_id)
        .join(Pipeline, Pipeline.id == Deal.pipeline_id, isouter=True)
        .join(Customer, Customer.id == Deal.customer_id, isouter=True)
        .join(User, User.id == Deal.owner_id, isouter=True)
        .where(Deal.life % 2 == 1, is_neglected(now))
        .order_by(func.coalesce(contact, Deal.created_at), Deal.id)
        .limit(limit)
    )
    if owner_id is not None:
        statement = statement.where(Deal.owner_id == owner_id)
    with replica.read() as session:
        return tuple(
            NeglectedDeal(
                id=deal.id,
                name=deal.name or "",
                customer_name=customer or "",
                owner_name=owner or "",
                stage_name=stage or "",
                why=neglect(
                    now,
                    contact_ms=contact_ms,
                    made_ms=deal.created_at,
                    stage_since_ms=deal.stage_since,
                    neglect_days=days,
                    age_limit_days=age_limit,
                ),
            )
            for deal, contact_ms, customer, owner, stage, age_limit, days in session.execute(statement)
        )


def _contact() -> Any:
    return (
        select(func.max(Activity.happened_at))
        .where(
            Activity.deal_id == Deal.id,
            Activity.kind.in_(CONTACT_KINDS),
            Activity.happened_at.is_not(None),
            Activity.life % 2 == 1,
        )
        .correlate(Deal)
        .scalar_subquery()
    )


def _open_stages() -> Any:
    return select(Stage.id).where(Stage.kind == pipeline.OPEN, Stage.life % 2 == 1).correlate(None)
