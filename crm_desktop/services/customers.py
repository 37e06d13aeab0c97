"""The customer as a whole: 360 page, key figures, health with its reasons, list columns beyond the fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from crm_core.entities.activity import CONTACT_KINDS, Activity
from crm_core.entities.customer import Contact, Customer
from crm_core.entities.deal import Deal, Stage
from crm_core.entities.membership import PointEntry
from crm_core.entities.quote import Quote
from crm_core.entities.ticket import Ticket
from crm_core.errors import NotFound
from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.access import Action, decide
from crm_core.rules.feedback import COMPLAINS, Judged, all_reasons, mark_of
from crm_core.schema.values import links_of
from crm_core.times import DAY_MS
from crm_desktop.models import query, repository
from crm_desktop.models.custom import fields_of
from crm_desktop.models.derived import last_contact_ms
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.models.repository import IDS_A_STATEMENT
from crm_desktop.services import attachments
from crm_desktop.services.attachments import FileRow
from crm_desktop.services.balances import Balance, balances_in
from crm_desktop.services.calendar import end_of_today_ms, local
from crm_desktop.services.company import company
from crm_desktop.services.feedback import judged_in
from crm_desktop.services.marks import fields_not_sent
from crm_desktop.services.next_steps import NextStep, next_steps
from crm_desktop.services.other_versions import OtherVersion, of_record_in
from crm_desktop.services.pool import PoolState, state_in
from crm_desktop.services.twins import Twin, twins_in

RECENT_DAYS = 30
QUIET_DAYS = 60
OPEN_TICKET_STATES = ("new", "open", "waiting")
GOOD_HEALTH, WATCH_HEALTH = 70, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One cause of a health score: what it says and whether it raises (+1) or lowers it (-1)."""

    text: Message
    direction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """0 to 100, from contact, deals, tickets and late tasks; every point has its reason."""

    score: int
    reasons: tuple[Reason, ...]

    @property
    def verdict(self) -> str:
        """`good`, `watch` or `poor`."""
        if self.score >= GOOD_HEALTH:
            return "good"
        return "watch" if self.score >= WATCH_HEALTH else "poor"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealRow:
    """An open deal of the customer."""

    id: str
    name: str
    stage: str
    probability: int | None
    amount_minor: int | None
    currency: str | None
    next_step: NextStep | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One screen of a customer. Amounts in minor units of `currency`; None where masked."""

    customer: Record
    titles: dict[str, str]
    """What the linked records are called, by field name."""
    parent: tuple[str, str] | None
    subsidiaries: tuple[tuple[str, str], ...]
    """(id, name) of customers that are part of this one."""
    contacts: tuple[Record, ...]
    deals: int
    """How many there are, closed ones too."""
    open_deals: tuple[DealRow, ...]
    quotes: tuple[Record, ...]
    tickets: tuple[Record, ...]
    files: tuple[FileRow, ...]
    balances: tuple[Balance, ...]
    """What is owed, by currency; nothing for who reads no instalments."""
    points: tuple[Record, ...]
    others: tuple[OtherVersion, ...]
    """Long texts that gave way to the customer's."""
    twins: tuple[Twin, ...]
    """Customers that may be the same one."""
    currency: str
    bought_minor: int | None
    open_minor: int | None
    last_contact_at: int | None
    health: Health
    feedback: str | None
    """Whether it complains often or recommends us, by what is on this laptop, and why."""
    feedback_why: Message | None
    pool: PoolState
    fields_not_sent: frozenset[str]
    not_sent: int
    """How many of the customer's registers wait to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExtras:
    """What the customer list shows beside the fields."""

    open_minor: int | None
    next_step: NextStep | None


def _contacts_since(since: str) -> Select[int]:
    return select(func.count()).where(
        Activity.customer_id == bindparam("customer"),
        Activity.kind.in_(CONTACT_KINDS),
        Activity.happened_at >= bindparam(since),
        Activity.life % 2 == 1,
    )


def _deals_in(stage_kind: str) -> Select[int]:
    return (
        select(func.count())
        .select_from(Deal)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(Deal.customer_id == bindparam("customer"), Deal.life % 2 == 1, Stage.kind == stage_kind)
    )


# Put together once: of a customer's page that is a sixth of what reading it takes.
_COUNTED: Final = select(
    _contacts_since("recent").scalar_subquery(),
    _contacts_since("lately").scalar_subquery(),
    _deals_in("open").scalar_subquery(),
    _deals_in("won").where(Deal.close_date >= bindparam("year_ago")).scalar_subquery(),
    select(func.count())
    .where(
        Activity.customer_id == bindparam("customer"),
        Activity.due_at < bindparam("now"),
        Activity.done.isnot(True),
        Activity.life % 2 == 1,
    )
    .scalar_subquery(),
    select(func.count())
    .where(
        Ticket.customer_id == bindparam("customer"),
        Ticket.status.in_(OPEN_TICKET_STATES),
        Ticket.solve_due_at < bindparam("now"),
        Ticket.life % 2 == 1,
    )
    .scalar_subquery(),
)


def overview(replica: Replica, customer_id: str) -> Overview:
    """Return everything of a customer but the time line. `NotFound` where it is not on this laptop."""
    with replica.read() as session:
        customer = repository.get(session, "customer", customer_id)
        if customer is None:
            raise NotFound(N_("There is no such record on this laptop"))
        person = replica.person

        def reads(entity: str) -> bool:
            return bool(decide(person, Action.READ, entity))

        links = {
            name: (str(field.target), str(customer.values[name]))
            for name, field in fields_of(session, "customer").items()
            if field.target and customer.get(name)
        }
        titles = {
            name: query.labels(session, entity, {record_id}).get(record_id, "")
            for name, (entity, record_id) in links.items()
        }
        titles.update(_names_of_sharing(session, customer))
        now = replica.clock.now_ms()
        judged = judged_in(session, person, customer_id, now)
        shows_money = query.not_masked(person, "deal", "amount") and reads("deal")
        waiting = fields_not_sent(session, "customer", customer_id)
        parent_id, currency = customer.get("parent_id"), company(session).currency
        sums = _sums(session, customer_id, currency) if shows_money else {}
        return Overview(
            customer=customer,
            titles=titles,
            parent=(str(parent_id), titles.get("parent_id", "")) if parent_id else None,
            subsidiaries=tuple(
                (row.id, row.name or "")
                for row in session.execute(
                    select(Customer.id, Customer.name)
                    .where(Customer.parent_id == customer_id, Customer.life % 2 == 1)
                    .order_by(Customer.name)
                )
            ),
            contacts=_rows(session, Contact, customer_id, Contact.name) if reads("contact") else (),
            deals=_deals(session, customer_id) if reads("deal") else 0,
            open_deals=_open_deals(session, replica, customer_id) if reads("deal") else (),
            quotes=_rows(session, Quote, customer_id, Quote.created_at.desc()) if reads("quote") else (),
            tickets=_rows(session, Ticket, customer_id, Ticket.created_at.desc()) if reads("ticket") else (),
            files=attachments.files_in(session, replica, "customer", customer_id),
            balances=balances_in(session, replica, customer_id),
            points=_rows(session, PointEntry, customer_id, PointEntry.happened_on.desc())
            if reads("point_entry")
            else (),
            others=of_record_in(session, person, "customer", customer_id),
            twins=twins_in(session, person, customer),
            currency=currency,
            bought_minor=sums.get("won", 0) if shows_money else None,
            open_minor=sums.get("open", 0) if shows_money else None,
            last_contact_at=last_contact_ms(session, customer_id),
            health=health(session, customer_id, now, judged),
            feedback=mark_of(judged),
            feedback_why=all_reasons(judged),
            pool=state_in(session, replica, customer),
            fields_not_sent=waiting,
            not_sent=len(waiting),
        )


def list_extras(replica: Replica, ids: Sequence[str]) -> dict[str, ListExtras]:
    """Return what the list shows beside the fields, for one page of customers."""
    now = replica.clock.now_ms()
    with replica.read() as session:
        amounts = _open_amounts(session, ids, company(session).currency)
        steps = next_steps(session, Activity.customer_id, ids, now, end_of_today_ms(now))
    shows_money = query.not_masked(replica.person, "deal", "amount")
    return {
        record_id: ListExtras(
            open_minor=amounts.get(record_id) if shows_money else None,
            next_step=steps.get(record_id),
        )
        for record_id in ids
    }


def health(session: Session, customer_id: str, now_ms: int, judged: Sequence[Judged] = ()) -> Health:
    """Return how well it stands with a customer, from what is on this laptop.

    Starts at 60; contact in the last 30 days +15, none in 60 days -20; an open deal +10; won in the last
    365 days +15; each late task -10 (two at most); each ticket past its date -10 (two at most); complains
    often -15; recommends us +10.
    """
    score = 60
    reasons: list[Reason] = []
    asked = {
        "customer": customer_id,
        "recent": now_ms - RECENT_DAYS * DAY_MS,
        "lately": now_ms - QUIET_DAYS * DAY_MS,
        "year_ago": local(now_ms - 365 * DAY_MS).date().isoformat(),
        "now": now_ms,
    }
    recent, lately, open_deals, won, late, overdue = session.execute(_COUNTED, asked).one()
    if recent:
        score += 15
        said = plural(
            recent,
            message(N_("Contacted once in 30 days")),
            message(N_("Contacted {count} times in 30 days"), count=recent),
        )
        reasons.append(Reason(text=said, direction=1))
    elif not lately:
        score -= 20
        reasons.append(Reason(text=message(N_("No contact in 60 days")), direction=-1))
    if open_deals:
        score += 10
        reasons.append(Reason(text=message(N_("Open deals: {count}"), count=open_deals), direction=1))
    if won:
        score += 15
        reasons.append(Reason(text=message(N_("Bought in the last year")), direction=1))
    if late:
        score -= 10 * min(late, 2)
        reasons.append(Reason(text=message(N_("Late tasks: {count}"), count=late), direction=-1))
    if overdue:
        score -= 10 * min(overdue, 2)
        reasons.append(
            Reason(text=message(N_("Tickets past their date: {count}"), count=overdue), direction=-1)
        )
    for each in judged:
        complains = each.terms.kind == COMPLAINS
        score += -15 if complains else 10
        reasons += [Reason(text=text, direction=-1 if complains else 1) for text in each.reasons]
    return Health(score=max(0, min(100, score)), reasons=tuple(reasons))


def _rows(session: Session, model: Any, customer_id: str, *order: Any) -> tuple[Record, ...]:
    statement = (
        select(model).where(model.customer_id == customer_id, model.life % 2 == 1).order_by(*order).limit(200)
    )
    return tuple(record_of(row) for row in session.scalars(statement))


def _deals(session: Session, customer_id: str) -> int:
    alive = select(func.count()).where(Deal.customer_id == customer_id, Deal.life % 2 == 1)
    return session.scalar(alive) or 0


def _open_deals(session: Session, replica: Replica, customer_id: str) -> tuple[DealRow, ...]:
    rows = session.execute(
        select(Deal, Stage.name)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(Deal.customer_id == customer_id, Deal.life % 2 == 1, Stage.kind == "open")
        .order_by(Deal.amount.desc(), Deal.id)
    ).all()
    now = replica.clock.now_ms()
    steps = next_steps(session, Activity.deal_id, [row[0].id for row in rows], now, end_of_today_ms(now))
    return tuple(
        DealRow(
            id=deal.id,
            name=deal.name or "",
            stage=stage or "",
            probability=deal.probability,
            amount_minor=deal.amount,
            currency=deal.currency,
            next_step=steps.get(deal.id),
        )
        for deal, stage in rows
    )


def _sums(session: Session, customer_id: str, currency: str) -> dict[str, int]:
    """Return the sum of a customer's deals in a currency, by the kind of stage they are in."""
    rows = session.execute(
        select(Stage.kind, func.sum(Deal.amount))
        .join(Stage, Stage.id == Deal.stage_id)
        .where(Deal.customer_id == customer_id, Deal.currency == currency, Deal.life % 2 == 1)
        .group_by(Stage.kind)
    )
    return {str(kind): int(total) for kind, total in rows if total is not None}


def _open_amounts(session: Session, ids: Sequence[str], currency: str) -> dict[str, int]:
    """Return the sum of open deals in a currency, per customer."""
    stage_ids = session.scalars(select(Stage.id).where(Stage.kind == "open")).all()
    sums: dict[str, int] = {}
    for start in range(0, len(ids), IDS_A_STATEMENT):
        rows = session.execute(
            select(Deal.customer_id, func.sum(Deal.amount))
            .where(
                Deal.customer_id.in_(ids[start : start + IDS_A_STATEMENT]),
                Deal.stage_id.in_(stage_ids),
                Deal.currency == currency,
                Deal.life % 2 == 1,
            )
            .group_by(Deal.customer_id)
        )
        sums.update((str(customer_id), int(total)) for customer_id, total in rows if total is not None)
    return sums


def _names_of_sharing(session: Session, customer: Record) -> dict[str, str]:
    """Return what those are called that the customer is shared with, by field name."""
    names = {}
    for field in customer.schema.set_fields:
        wanted: dict[str, set[str]] = {}
        for entity, record_id in links_of(field, customer.values):
            wanted.setdefault(entity, set()).add(record_id)
        titles = [
            title for entity, ids in wanted.items() for title in query.labels(session, entity, ids).values()
        ]
        if titles:
            names[field.name] = ", ".join(sorted(titles))
    return names
