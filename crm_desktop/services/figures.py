"""Figures of the home page, each counted from the records this laptop may see, with what they count.

A part of a chart carries the list it stands for, so that a click shows the very records.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS, schema_of
from crm_core.entities.activity import Activity
from crm_core.entities.customer import Customer
from crm_core.entities.deal import Deal, Stage
from crm_core.entities.people import User
from crm_core.entities.quote import Quote
from crm_core.entities.ticket import Ticket
from crm_core.rules import pipeline
from crm_core.rules.access import Action, Person, decide
from crm_core.schema.field import Field, Plain
from crm_core.schema.values import links_of
from crm_desktop.models import query, repository, state
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.custom import all_custom_fields
from crm_desktop.models.history import newest_lines
from crm_desktop.models.records import Record, field_named
from crm_desktop.models.replica import LOCAL_USER, Replica
from crm_desktop.models.state import Key
from crm_desktop.services.calendar import months_back
from crm_desktop.services.company import company
from crm_desktop.services.marks import not_sent_of

MONTHS = 12
OWNERS_SHOWN = 8
_LINES = 20
"""Lines of a history among which the newest change of several fields is looked for."""
_ONE_EDIT_MS = 50
"""Fields saved together are written one after the other, and the clock may go on between two of them."""
LATELY = 500
"""Records changed last, by anybody, among which one's own are looked for before all of them are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One bar or slice: its sum in minor units, how many records, and the list behind it."""

    key: str
    label: str
    count: int
    amount_minor: int
    weighted_minor: int = 0
    entity: str = "deal"
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Parts in the order of drawing. Amounts are in `currency`; `others` records in another are left out."""

    parts: tuple[Part, ...]
    currency: str
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentItem:
    """A record that was changed lately."""

    entity: str
    record_id: str
    title: str
    at_ms: int
    not_sent: bool
    change: Change | None = None
    """What was changed last, as far as this laptop knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The newest change of a record. `field` None is the record itself, which was made or restored."""

    field: Field | None = None
    values: Mapping[str, Plain] = dataclasses.field(default_factory=dict)
    """The record's, among them that of the field as it was set."""
    titles: Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    """What the records are called that the value links to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAge:
    """How many customers this laptop holds, and when HQ was last heard (None: never)."""

    customers: int
    as_of_ms: int | None


def funnel(replica: Replica, pipeline_id: str | None = None, owner_id: str | None = None) -> Chart:
    """Return open deals by stage of a pipeline (None: every pipeline), in stage order."""
    with replica.read() as session:
        currency = company(session).currency
        stages = select(Stage).where(Stage.life % 2 == 1, Stage.kind == pipeline.OPEN)
        if pipeline_id:
            stages = stages.where(Stage.pipeline_id == pipeline_id)
        statement = (
            select(Deal.stage_id, func.count(), func.sum(func.iif(Deal.currency == currency, Deal.amount, 0)))
            .where(Deal.life % 2 == 1)
            .group_by(Deal.stage_id)
        )
        if owner_id:
            statement = statement.where(Deal.owner_id == owner_id)
        sums = {row[0]: (row[1], row[2] or 0) for row in session.execute(statement)}
        owner_only = (Condition(field="owner_id", op=Op.EQUAL, value=owner_id),) if owner_id else ()
        parts = []
        for stage in session.scalars(stages.order_by(Stage.pipeline_id, Stage.rank, Stage.id)):
            number, amount = sums.get(stage.id, (0, 0))
            parts.append(
                Part(
                    key=stage.id,
                    label=stage.name or "",
                    count=number,
                    amount_minor=amount,
                    weighted_minor=pipeline.weighted_minor(amount, stage.probability),
                    conditions=(Condition(field="stage_id", op=Op.EQUAL, value=stage.id), *owner_only),
                )
            )
        return Chart(parts=tuple(parts), currency=currency, others=_other_currency(session, currency))


def won_by_month(replica: Replica, today: datetime.date, months: int = MONTHS) -> Chart:
    """Return won deals of the last months by the month they closed in, oldest first."""
    keys = months_back(today, months)
    with replica.read() as session:
        currency = company(session).currency
        won = stage_ids(session, pipeline.WON)
        month = func.substr(Deal.close_date, 1, 7)
        rows = session.execute(
            select(month, func.count(), func.sum(Deal.amount))
            .where(
                Deal.stage_id.in_(won),
                Deal.life % 2 == 1,
                Deal.currency == currency,
                Deal.close_date >= keys[0] + "-01",
            )
            .group_by(month)
        )
        sums = {row[0]: (row[1], row[2] or 0) for row in rows}
    return Chart(
        currency=currency,
        parts=tuple(
            Part(
                key=key,
                label=key,
                count=sums.get(key, (0, 0))[0],
                amount_minor=sums.get(key, (0, 0))[1],
                conditions=(
                    Condition(field="stage_id", op=Op.IN, value=tuple(won)),
                    Condition(field="close_date", op=Op.AT_LEAST, value=f"{key}-01"),
                    Condition(field="close_date", op=Op.AT_MOST, value=f"{key}-31"),
                ),
            )
            for key in keys
        ),
    )


def won_by_owner(replica: Replica, since: datetime.date, limit: int = OWNERS_SHOWN) -> Chart:
    """Return won deals closed since a day by owner, largest first."""
    with replica.read() as session:
        currency = company(session).currency
        won = stage_ids(session, pipeline.WON)
        total = func.sum(Deal.amount)
        rows = session.execute(
            select(Deal.owner_id, User.name, func.count(), total)
            .join(User, User.id == Deal.owner_id, isouter=True)
            .where(
                Deal.stage_id.in_(won),
                Deal.life % 2 == 1,
                Deal.currency == currency,
                Deal.close_date >= since.isoformat(),
            )
            .group_by(Deal.owner_id)
            .order_by(total.desc())
            .limit(limit)
        ).all()
    return Chart(
        currency=currency,
        parts=tuple(
            Part(
                key=owner_id or "",
                label=name or "",
                count=number,
                amount_minor=amount or 0,
                conditions=(
                    Condition(field="stage_id", op=Op.IN, value=tuple(won)),
                    Condition(field="owner_id", op=Op.EQUAL, value=owner_id),
                    Condition(field="close_date", op=Op.AT_LEAST, value=since.isoformat()),
                ),
            )
            for owner_id, name, number, amount in rows
        ),
    )


def recent(replica: Replica, limit: int = 8) -> tuple[RecentItem, ...]:
    """Return the records changed last by the person signed in, newest first."""
    of_customer = select(Customer.name).where(Customer.id == Quote.customer_id).scalar_subquery()
    models = {
        model.__tablename__: (model, titles, between)
        for model, titles, between in (
            (Customer, (Customer.name,), ""),
            (Deal, (Deal.name,), ""),
            (Quote, (Quote.number, of_customer), " · "),
            (Ticket, (Ticket.number, Ticket.subject), " "),
            (Activity, (Activity.subject,), ""),
        )
    }
    found: list[RecentItem] = []
    person = replica.person
    with replica.read() as session:
        for entity, (model, titles, between) in models.items():
            if not decide(person, Action.READ, entity):
                continue
            mine = model.updated_by == person.user_id
            if person.user_id == LOCAL_USER:  # without an HQ nobody is signed in, and edits bear no name
                mine = mine | model.updated_by.is_(None)
            wanted = (
                select(model.id, model.updated_at, *titles)
                .where(model.life % 2 == 1)
                .order_by(model.updated_at.desc())
                .limit(limit)
            )
            newest = select(model.id).order_by(model.updated_at.desc()).limit(LATELY).subquery()
            own = func.coalesce(model.updated_by, LOCAL_USER) == person.user_id  # enters no index
            rows = session.execute(wanted.where(own, model.id.in_(select(newest.c.id)))).all()
            if len(rows) < limit:
                rows = session.execute(wanted.where(mine)).all()
            waiting = not_sent_of(session, entity, [row[0] for row in rows])
            found += [
                RecentItem(
                    entity=entity,
                    record_id=row[0],
                    title=between.join(part for part in row[2:] if part),
                    at_ms=row[1] or 0,
                    not_sent=row[0] in waiting,
                )
                for row in rows
            ]
        newest_items = sorted(found, key=lambda item: (-item.at_ms, item.record_id))[:limit]
        changes = _changes_of(session, person, newest_items)
    return tuple(replace(item, change=changes.get(item.record_id)) for item in newest_items)


def _changes_of(session: Session, person: Person, items: Iterable[RecentItem]) -> dict[str, Change]:
    """Return what was changed of records at their newest moment, by id."""
    by_entity: dict[str, list[str]] = {}
    for item in items:
        by_entity.setdefault(item.entity, []).append(item.record_id)
    found = {}
    for entity, ids in by_entity.items():
        fields = {**schema_of(entity).fields, **all_custom_fields(session, entity)}
        right = person.rights.class_right
        told = {name: each for name, each in fields.items() if right(entity, each.field_class)}
        for record_id, record in repository.get_many(session, entity, ids).items():
            change = _change_of(session, record, told)
            if change is not None:
                found[record_id] = change
    return found


def _change_of(session: Session, record: Record, fields: Mapping[str, Field]) -> Change | None:
    """Return the newest change of one record: of several fields the first of its form."""
    lines = newest_lines(session, record.entity, record.id, limit=_LINES)
    if not lines:  # what was made before this laptop came has no history here
        return Change() if record.get("created_at") == record.get("updated_at") else None
    newest = [line for line in lines if lines[0].at_ms - line.at_ms < _ONE_EDIT_MS]
    if any(not line.field for line in newest):
        return Change()
    told = []
    for line in newest:
        declared = field_named(record.schema, line.field)
        field = fields.get(declared.name if declared is not None else line.field)
        if field is not None:
            # What a step or a program writes beside it says less than what the person set.
            told.append(((field.read_only or field.computed, field.no), field, line.new))
    if not told:
        return None
    _, field, value = min(told, key=lambda each: each[0])
    values = {**record.values, field.name: value}
    titles = {
        (entity, linked): title
        for entity, linked in links_of(field, values)
        if entity in SCHEMAS
        for title in query.labels(session, entity, {linked}).values()
    }
    return Change(field=field, values=values, titles=titles)


def stage_ids(session: Session, kind: str) -> list[str]:
    """Return the stages of a kind, of every pipeline."""
    return list(session.scalars(select(Stage.id).where(Stage.kind == kind).order_by(Stage.id)))


def data_age(replica: Replica) -> DataAge:
    """Return how much there is on this laptop and how old it is."""
    with replica.read() as session:
        return DataAge(
            customers=session.scalar(select(func.count()).where(Customer.life % 2 == 1)) or 0,
            as_of_ms=state.read(session, Key.LAST_OK_MS) or None,
        )


def _other_currency(session: Session, currency: str) -> int:
    open_stages = stage_ids(session, pipeline.OPEN)
    return (
        session.scalar(
            select(func.count()).where(
                Deal.stage_id.in_(open_stages),
                Deal.life % 2 == 1,
                Deal.amount.is_not(None),
                Deal.currency != currency,
            )
        )
        or 0
    )
