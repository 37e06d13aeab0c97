"""Logging what was done and planning what is to be done; the day ahead."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities.activity import CONTACT_KINDS, Activity
from crm_core.entities.deal import Deal, Stage
from crm_core.rules import pipeline
from crm_core.rules.access import Action
from crm_core.schema.field import Plain
from crm_core.times import MINUTE_MS
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import planning, records, rights
from crm_desktop.services.calendar import day_bounds
from crm_desktop.services.calendar_period import key_parts, period
from crm_desktop.services.outcome import Outcome

OVERDUE_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaItem:
    """An activity of the day. `at_ms` is when it is due, or when it happened.

    `id` of one time of a repeating activity is its key in the calendar (`ID@day`).
    """

    id: str
    kind: str
    subject: str
    customer_id: str | None
    customer_name: str
    deal_id: str | None
    place: str
    at_ms: int
    duration_minutes: int | None
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The person's day: what is planned or was done today, and what is late (`late_total` in all)."""

    today: tuple[AgendaItem, ...]
    late: tuple[AgendaItem, ...]
    late_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSubject:
    """With whom and on what something is logged; `title` names the deal or lead where it is on one."""

    customer_id: str | None = None
    customer_name: str = ""
    deal_id: str | None = None
    lead_id: str | None = None
    title: str = ""


def subject_of(replica: Replica, entity: str, record_id: str) -> LogSubject:
    """Return what something logged while a record is shown is about; nothing where that is not in sight."""
    with replica.read() as session:
        record = repository.get(session, entity, record_id)
        if record is None or not rights.may(session, replica.person, Action.READ, entity, record.values):
            return LogSubject()
        linked = record_id if entity == "customer" else record.values.get("customer_id")
        customer_id = str(linked) if linked else None
        deal_id = record_id if entity == "deal" else record.values.get("deal_id")
        if entity == "customer":
            deal_id = _only_deal(session, record_id)
        if entity == "lead":
            return LogSubject(lead_id=record_id, title=record.title)
        names = query.labels(session, "customer", {customer_id}) if customer_id else {}
        deals = query.labels(session, "deal", {str(deal_id)}) if deal_id else {}
        if customer_id not in names:
            return LogSubject()
        return LogSubject(
            customer_id=customer_id,
            customer_name=names[customer_id],
            deal_id=str(deal_id) if deal_id in deals else None,
            title=deals.get(str(deal_id), ""),
        )


def log(
    replica: Replica,
    kind: str,
    subject: str,
    *,
    customer_id: str | None = None,
    deal_id: str | None = None,
    lead_id: str | None = None,
    notes: str | None = None,
    outcome: str | None = None,
    place: str | None = None,
    next_step: str | None = None,
    next_due_at: int | None = None,
    next_contact_on: str | None = None,
) -> Outcome[Record]:
    """Log what was done; with a next step, a task for it is planned in the same transaction.

    A contact with a customer who has one open deal is about that deal, where nothing else is said: else the
    deal would be called neglected.
    """
    values: dict[str, Plain] = {
        "kind": kind,
        "subject": subject,
        "customer_id": customer_id,
        "lead_id": lead_id,
        "notes": notes,
        "outcome": outcome,
        "place": place,
        "next_contact_on": next_contact_on,
    }
    with replica.write() as session:
        if deal_id is None and customer_id is not None and kind in CONTACT_KINDS:
            deal_id = _only_deal(session, customer_id)
        values["deal_id"] = deal_id
        logged = records.create_in(
            session, replica, "activity", {name: value for name, value in values.items() if value}
        )
        if next_step and next_step.strip():
            task: dict[str, Plain] = {
                "kind": "task",
                "subject": next_step,
                "customer_id": logged.get("customer_id"),
                "deal_id": deal_id,
                "lead_id": lead_id,
                "due_at": next_due_at,
            }
            records.create_in(
                session, replica, "activity", {name: value for name, value in task.items() if value}
            )
    return Outcome(logged, frozenset(session.changed))


def _only_deal(session: Session, customer_id: str) -> str | None:
    """Return a customer's open deal; of several nobody can tell which one is meant."""
    query = (
        select(Deal.id)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(Deal.customer_id == customer_id, Deal.life % 2 == 1, Stage.kind == pipeline.OPEN)
        .limit(2)
    )
    found = session.scalars(query).all()
    return found[0] if len(found) == 1 else None


def set_done(replica: Replica, activity_id: str, done: bool) -> Outcome[Record]:
    """Tick a task off, or one time of a repeating one; or open it again."""
    record_id, day = key_parts(activity_id)
    if day is not None:
        outcome = planning.tick(replica, activity_id, done)
        made = outcome.value.made[0] if outcome.value.made else record_id
        return Outcome(records.get(replica, "activity", made), outcome.changed)
    changes: dict[str, Plain] = {"done": done}
    if done:
        changes["happened_at"] = replica.clock.now_ms()
    return records.update(replica, "activity", activity_id, changes)


def agenda(replica: Replica) -> Agenda:
    """Return the day of the person signed in."""
    now = replica.clock.now_ms()
    begins, ends = day_bounds(now)
    mine = (
        select(Activity)
        .where(Activity.owner_id == replica.person.user_id, Activity.life % 2 == 1)
        .where(Activity.kind != "note", func.coalesce(Activity.repeats, "") == "")
    )
    late_ones = mine.where(Activity.due_at < now, Activity.done.isnot(True))
    with replica.read() as session:
        moment = func.coalesce(Activity.due_at, Activity.happened_at)
        today = session.scalars(
            mine.where(moment >= begins, moment <= ends).order_by(moment, Activity.id).limit(100)
        ).all()
        late = session.scalars(
            late_ones.order_by(Activity.due_at.desc(), Activity.id).limit(OVERDUE_SHOWN)
        ).all()
        late_total = session.scalar(select(func.count()).select_from(late_ones.subquery())) or 0
        ids = {row.customer_id for row in (*today, *late) if row.customer_id}
        names = query.labels(session, "customer", ids)
        items = {
            row.id: AgendaItem(
                id=row.id,
                kind=row.kind or "task",
                subject=row.subject or "",
                customer_id=row.customer_id,
                customer_name=names.get(row.customer_id or "", ""),
                deal_id=row.deal_id,
                place=row.place or "",
                at_ms=row.due_at or row.happened_at or 0,
                duration_minutes=row.duration_minutes,
                done=bool(row.done),
            )
            for row in (*today, *late)
        }
    days = [items[row.id] for row in today] + _times(replica, begins, ends)
    return Agenda(
        today=tuple(sorted(days, key=lambda item: (item.at_ms, item.id))),
        late=tuple(items[row.id] for row in late),
        late_total=late_total,
    )


def _times(replica: Replica, begins: int, ends: int) -> list[AgendaItem]:
    """Return the times of repeating activities in a day. A missed one is not late: the next one comes.

    One that began the evening before and ran past midnight is last night's, as it is where nothing repeats.
    """
    return [
        AgendaItem(
            id=item.key,
            kind=item.kind,
            subject=item.subject,
            customer_id=item.customer_id,
            customer_name=item.customer_name,
            deal_id=None,
            place=item.place,
            at_ms=max(item.begins_ms, begins),
            duration_minutes=(item.ends_ms - item.begins_ms) // MINUTE_MS,
            done=item.done,
        )
        for item in period(replica, begins, ends + 1, (replica.person.user_id,))
        if item.repeats and (item.all_day or item.begins_ms >= begins)
    ]
