"""What needs the person signed in, and what there is to do about it; the most pressing groups first."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import dataclass

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session, aliased

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import Activity
from crm_core.entities.comment import Comment
from crm_core.entities.contract import Contract
from crm_core.entities.order import Order
from crm_core.entities.payment import Instalment
from crm_core.entities.quote import Quote
from crm_core.entities.ticket import Ticket
from crm_core.i18n import Message
from crm_core.rules import contract_state
from crm_core.rules.access import Action, decide
from crm_core.rules.payments import COLLECTED
from crm_core.times import DAY_MS
from crm_desktop.models import query, state
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.derived import derived_fields, readable
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import record_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import (
    ageing,
    neglected,
    payments,
    pooling,
    purchases,
    records,
    returned_edits,
)
from crm_desktop.services.calendar import local
from crm_desktop.services.places import shown_on
from crm_desktop.services.tickets import OPEN_STATES, promise, promise_values

EXPIRING_DAYS = 7
DUE_DAYS = 3
"""How long before its day an instalment is shown where HQ says nothing else."""
ATTENTION_A_GROUP = 5
_POOL_DUE = "pool_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionItem:
    """Something that needs a person. `at_ms` is the time it was or is due."""

    group: str
    """`returned`, `mentions`, `tickets`, `quotes`, `payments`, `contracts`, `purchases`, `deals`, `pool`."""
    entity: str
    record_id: str
    title: str
    subtitle: str
    at_ms: int
    late: bool
    amount_minor: int | None = None
    currency: str | None = None
    tab: str = ""
    """The part of the record that is meant."""
    why: Message | None = None
    """What it follows from, where that is not the same for all of its group."""
    shown_on: tuple[str, str] | None = None
    """Kind and id of the record on whose page it stands; None for a page of its own."""


def attention(replica: Replica) -> tuple[AttentionItem, ...]:
    """Return what needs the person, most pressing groups first; of each group the most pressing few."""
    now = replica.clock.now_ms()
    person = replica.person
    items = [*_came_back(replica), *_mentions(replica)]
    with replica.read() as session:
        if decide(person, Action.READ, "ticket"):
            items += _pressing_tickets(session, now)
        if decide(person, Action.READ, "quote"):
            items += _expiring_quotes(session, now)
        fields = SCHEMAS["instalment"].fields
        if decide(person, Action.READ, "instalment", None, [fields[name] for name in ageing.ASKED]):
            items += _due_payments(session, replica)
        if decide(person, Action.READ, "contract"):
            items += _ending_contracts(session, replica.clock.today())
    items += _due_purchases(replica)
    if decide(person, Action.READ, "deal"):
        items += _neglected_deals(replica, now)
    if decide(person, Action.READ, "customer"):
        items += _leaving_customers(replica)
    return tuple(items)


def count_mentions(replica: Replica) -> int:
    """Return how many comments name the person that he has not answered or ticked off."""
    return len(_mentions(replica))


def _came_back(replica: Replica) -> list[AttentionItem]:
    return [
        AttentionItem(
            group="returned",
            entity=edit.entity,
            record_id=edit.record_id,
            title=edit.title,
            subtitle=edit.label,
            at_ms=edit.at_ms,
            late=True,
        )
        for edit in returned_edits.returned(replica, ATTENTION_A_GROUP)
    ]


def _mentions(replica: Replica) -> list[AttentionItem]:
    """Return comments that name the person while the task about it is open, the newest first."""
    me = replica.person.user_id
    if not decide(replica.person, Action.READ, "comment", fields=(SCHEMAS["comment"].fields["body"],)):
        return []
    is_open = (
        select(Activity.id)
        .where(
            Activity.owner_id == me,
            Activity.kind == "task",
            Activity.done.isnot(True),
            Activity.life % 2 == 1,
            Activity.about_id == Comment.record_id,
        )
        .exists()
    )
    wanted = (
        select(Comment)
        .where(
            func.instr(cast(Comment.mentions, Text), me) > 0,
            Comment.created_by.is_distinct_from(me),
            Comment.life % 2 == 1,
            is_open,
        )
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(ATTENTION_A_GROUP)
    )
    with replica.read() as session:
        rows = session.scalars(wanted).all()
        names = query.labels(session, "user", {row.created_by for row in rows if row.created_by})
    found = []
    for row in rows:
        about = (row.record_entity or "", row.record_id or "")
        line = next(iter((row.body or "").splitlines()), "")
        found.append(
            AttentionItem(
                group="mentions",
                entity=about[0],
                record_id=about[1],
                shown_on=shown_on(replica, *about),
                title=line,
                subtitle=names.get(row.created_by or "", ""),
                at_ms=row.created_at or 0,
                late=False,
                tab="comments",
            )
        )
    return found


def _pressing_tickets(session: Session, now: int) -> list[AttentionItem]:
    rows = session.scalars(
        select(Ticket)
        .where(Ticket.life % 2 == 1, Ticket.status.in_(OPEN_STATES), Ticket.due_at <= now + DAY_MS)
        .order_by(Ticket.due_at, Ticket.id)
        .limit(ATTENTION_A_GROUP)
    ).all()
    return [
        AttentionItem(
            group="tickets",
            entity="ticket",
            record_id=ticket.id,
            title=f"{ticket.number or ''} {ticket.subject or ''}".strip(),
            subtitle=promise(promise_values(ticket))[0].value,
            at_ms=ticket.due_at or 0,
            late=(ticket.due_at or 0) < now,
        )
        for ticket in rows
    ]


def _expiring_quotes(session: Session, now: int) -> list[AttentionItem]:
    today = local(now).date()
    last = today + datetime.timedelta(days=EXPIRING_DAYS)
    rows = session.scalars(
        select(Quote)
        .where(
            Quote.life % 2 == 1,
            Quote.status.in_(("draft", "sent")),
            Quote.valid_until >= today.isoformat(),
            Quote.valid_until <= last.isoformat(),
        )
        .order_by(Quote.valid_until)
        .limit(ATTENTION_A_GROUP)
    ).all()
    names = query.labels(session, "customer", {row.customer_id for row in rows if row.customer_id})
    return [
        AttentionItem(
            group="quotes",
            entity="quote",
            record_id=quote.id,
            title=quote.number or "",
            subtitle=names.get(quote.customer_id or "", ""),
            at_ms=_day_ms(quote.valid_until or today.isoformat()),
            late=False,
            amount_minor=quote.total,
            currency=quote.currency,
        )
        for quote in rows
    ]


def _due_payments(session: Session, replica: Replica) -> list[AttentionItem]:
    """Return what is overdue, or due soon, of the person's own orders and contracts; of all for finance."""
    today = replica.clock.today()
    settings = state.read(session, state.Key.SETTINGS) or {}
    before = int(settings.get("remind_before_due_days", DUE_DAYS))
    last = today + datetime.timedelta(days=before)
    wanted = (
        select(Instalment)
        .outerjoin(Order, Order.id == Instalment.order_id)
        .outerjoin(Contract, Contract.id == Instalment.contract_id)
        .where(
            Instalment.life % 2 == 1,
            Instalment.state.in_([each.value for each in COLLECTED]),
            Instalment.due_on <= last.isoformat(),
        )
        .order_by(Instalment.due_on, Instalment.id)
        .limit(ATTENTION_A_GROUP)
    )
    if not payments.rights_to_decide(replica, "receipt"):
        me = replica.person.user_id
        wanted = wanted.where((Order.owner_id == me) | (Contract.owner_id == me))
    rows = session.scalars(wanted).all()
    names = query.labels(session, "customer", {row.customer_id for row in rows if row.customer_id})
    return [
        AttentionItem(
            group="payments",
            entity="instalment",
            record_id=row.id,
            title=row.name or "",
            subtitle=names.get(row.customer_id or "", ""),
            at_ms=_day_ms(row.due_on or today.isoformat()),
            late=(row.due_on or "") < today.isoformat(),
            amount_minor=(row.amount or 0) - (row.paid or 0),
            currency=row.currency,
        )
        for row in rows
    ]


def _ending_contracts(session: Session, today: datetime.date) -> list[AttentionItem]:
    """Return contracts to be renewed or given notice of by now, which no other one follows."""
    follower = aliased(Contract)
    followed = select(follower.id).where(follower.follows_id == Contract.id, follower.life % 2 == 1).exists()
    rows = session.scalars(
        select(Contract)
        .where(
            Contract.life % 2 == 1,
            Contract.status.in_((contract_state.SIGNED, contract_state.IN_FORCE)),
            Contract.ends_on >= today.isoformat(),
            ~followed,
        )
        .order_by(Contract.ends_on, Contract.id)
    )
    due = (row for row in rows if contract_state.to_be_renewed(record_of(row).values, today))
    found = list(itertools.islice(due, ATTENTION_A_GROUP))
    names = query.labels(session, "customer", {row.customer_id for row in found if row.customer_id})
    return [
        AttentionItem(
            group="contracts",
            entity="contract",
            record_id=row.id,
            title=" ".join(filter(None, (row.number, row.subject))),
            subtitle=names.get(row.customer_id or "", ""),
            at_ms=_day_ms(row.ends_on or today.isoformat()),
            late=False,
            amount_minor=row.total,
            currency=row.currency,
        )
        for row in found
    ]


def _due_purchases(replica: Replica) -> list[AttentionItem]:
    """Return what customers usually would have ordered again by now."""
    today = replica.clock.today()
    found = purchases.due(replica, today, limit=ATTENTION_A_GROUP, owner_id=replica.person.user_id)
    return [
        AttentionItem(
            group="purchases",
            entity="customer",
            record_id=each.customer_id,
            title=each.product,
            subtitle=each.customer,
            at_ms=_day_ms(each.expected.expected_on.isoformat()),
            late=each.expected.expected_on < today,
            why=purchases.why_expected(each.expected),
            tab="orders",
        )
        for each in found
    ]


def _neglected_deals(replica: Replica, now: int) -> list[AttentionItem]:
    found = neglected.neglected(replica, replica.person.user_id, ATTENTION_A_GROUP)
    return [
        AttentionItem(
            group="deals",
            entity="deal",
            record_id=deal.id,
            title=deal.name,
            subtitle=deal.customer_name,
            at_ms=now - (deal.why.quiet_days or deal.why.stuck_days or 0) * DAY_MS,
            late=deal.why.quiet_days is not None,
        )
        for deal in found
    ]


def _leaving_customers(replica: Replica) -> list[AttentionItem]:
    """Return the person's customers that return to the pool next."""
    with replica.read() as session:
        if not pooling.rules_in_force(session):
            return []
    if not all(readable(replica.person, field) for field in derived_fields("customer")):
        return []
    conditions = (
        Condition(field=_POOL_DUE, op=Op.FILLED),
        Condition(field="owner_id", op=Op.EQUAL, value=replica.person.user_id),
    )
    now = replica.clock.now_ms()
    wanted = ListQuery(
        entity="customer", conditions=conditions, sort=((_POOL_DUE, False),), limit=ATTENTION_A_GROUP
    )
    return [
        AttentionItem(
            group="pool",
            entity="customer",
            record_id=row.id,
            title=row.title,
            subtitle="",
            at_ms=int(row[_POOL_DUE]),
            late=int(row[_POOL_DUE]) <= now,
        )
        for row in records.page(replica, wanted).rows
        if int(row[_POOL_DUE]) <= now + EXPIRING_DAYS * DAY_MS
    ]


def _day_ms(day: str) -> int:
    moment = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(23, 59)).astimezone()
    return round(moment.timestamp() * 1000)
