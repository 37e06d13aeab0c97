"""What happened with a customer or lead, newest first: activities, documents and field changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import Activity
from crm_core.entities.contract import Contract
from crm_core.entities.deal import Deal
from crm_core.entities.order import Order
from crm_core.entities.outgoing import OutgoingMail, Signature
from crm_core.entities.payment import Invoice, Receipt
from crm_core.entities.quote import Quote
from crm_core.entities.survey import SurveyAnswer
from crm_core.entities.ticket import Ticket
from crm_core.rules.access import Action, decide, readable_fields
from crm_core.schema.field import FieldClass, Plain
from crm_core.schema.values import currency_of
from crm_desktop.models import query, repository
from crm_desktop.models.custom import custom_fields
from crm_desktop.models.device_tables import History
from crm_desktop.models.history import count_lines, newest_lines
from crm_desktop.models.records import field_named
from crm_desktop.models.replica import Replica
from crm_desktop.services import comments
from crm_desktop.services.comments import CommentRow
from crm_desktop.services.marks import not_sent_of
from crm_desktop.services.ticket_answers import answer_row

PAGE = 50
_MOMENT = func.coalesce(Activity.happened_at, Activity.due_at, Activity.created_at).label("moment")


class ItemKind(StrEnum):
    """What an entry of the time line is; the activity kinds by their own names."""

    CALL = "call"
    MAIL = "mail"
    VISIT = "visit"
    MEETING = "meeting"
    NOTE = "note"
    TASK = "task"
    COMMENT = "comment"
    QUOTE = "quote"
    CONTRACT = "contract"
    ORDER = "order"
    INVOICE = "invoice"
    RECEIPT = "receipt"
    TICKET = "ticket"
    SURVEY = "survey"
    DEAL = "deal"
    FIELD = "field"


ACTIVITY_KINDS = (
    ItemKind.CALL,
    ItemKind.MAIL,
    ItemKind.VISIT,
    ItemKind.MEETING,
    ItemKind.NOTE,
    ItemKind.TASK,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineItem:
    """One entry. For a field change `title` is the field's English label, `old` and `new` its values; an
    amount among them takes the currency its record has now."""

    kind: ItemKind
    entity: str
    record_id: str
    at_ms: int
    title: str
    body: str = ""
    who: str = ""
    user_id: str = ""
    """The user it names, where it is one of ours: who is called so by `who`."""
    field: str | None = None
    old: Plain = None
    new: Plain = None
    amount_minor: int | None = None
    currency: str | None = None
    status: str | None = None
    not_sent: bool = False
    outcome: str | None = None
    place: str = ""
    next_contact_on: str | None = None
    score: tuple[int, int] | None = None
    """How an activity went, where it was, on which day (`YYYY-MM-DD`) it goes on; a score, and the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A stretch of the time line. `counts` are of all there is, by kind; `more` says whether older follow."""

    items: tuple[TimelineItem, ...]
    counts: dict[ItemKind, int]
    more: bool


def timeline(
    replica: Replica,
    customer_id: str,
    kinds: Collection[ItemKind] | None = None,
    before_ms: int | None = None,
    limit: int = PAGE,
    entity: str = "customer",
) -> Timeline:
    """Return what happened with a customer before a moment (None: till now), newest first.

    With `entity` “lead”, with the lead of that id.
    """
    wanted = set(kinds) if kinds else set(ItemKind)
    if entity == "lead":
        return _of_lead(replica, customer_id, wanted, before_ms, limit)
    with replica.read() as session:
        said = comments.comments_in(session, replica, "customer", customer_id)
        counts = _counts(session, replica, customer_id, len(said))
        wanted &= counts.keys()  # what there is none of is not asked for
        sources = [
            *_activities(session, replica, customer_id, wanted, before_ms, limit),
            *_documents(session, replica, customer_id, wanted, before_ms, limit),
            *_out_and_back(session, replica, customer_id, wanted, before_ms, limit),
            *_answers(session, replica, customer_id, wanted, before_ms, limit),
            *_changes(session, replica, customer_id, wanted, before_ms, limit),
        ]
        if ItemKind.COMMENT in wanted:
            sources += [comment_item(row) for row in said if before_ms is None or row.at_ms < before_ms]
        items = sorted(sources, key=lambda item: (-item.at_ms, item.record_id, item.field or ""))
        shown = items[:limit]
        return Timeline(items=tuple(_completed(session, shown)), counts=counts, more=len(items) > limit)


def activity_item(replica: Replica, activity_id: str) -> TimelineItem | None:
    """Return an activity as an entry of a time line; None where the person may see none, or it is gone."""
    if not decide(replica.person, Action.READ, "activity"):
        return None
    with replica.read() as session:
        statement = select(Activity, _MOMENT).where(Activity.id == activity_id, Activity.life % 2 == 1)
        return next(iter(_completed(session, list(_activity_items(session, statement)))), None)


def comment_item(row: CommentRow) -> TimelineItem:
    """Return a comment as an entry of a time line."""
    first, _, rest = row.body.strip().partition("\n")
    return TimelineItem(
        kind=ItemKind.COMMENT,
        entity=comments.COMMENT,
        record_id=row.id,
        at_ms=row.at_ms,
        title=first,
        body=rest,
        who=row.who,
        not_sent=row.not_sent,
    )


def _of_lead(
    replica: Replica, lead_id: str, wanted: set[ItemKind], before_ms: int | None, limit: int
) -> Timeline:
    with replica.read() as session:
        sources = [
            *_activities(session, replica, lead_id, wanted, before_ms, limit, Activity.lead_id),
            *_changes(session, replica, lead_id, wanted, before_ms, limit, "lead"),
        ]
        items = sorted(sources, key=lambda item: (-item.at_ms, item.record_id, item.field or ""))
        shown = tuple(_completed(session, items[:limit]))
    return Timeline(items=shown, counts={}, more=len(items) > limit)


def _completed(session: Session, items: Sequence[TimelineItem]) -> Iterator[TimelineItem]:
    """Yield entries with the names of our users and with what is not sent yet."""
    names = query.labels(session, "user", {item.user_id for item in items if item.user_id})
    waiting = {
        entity: not_sent_of(session, entity, [i.record_id for i in items if i.entity == entity])
        for entity in {item.entity for item in items}
    }
    for item in items:
        is_marked = item.record_id in waiting[item.entity] and item.kind is not ItemKind.FIELD
        yield replace(
            item, who=names.get(item.user_id, item.who), not_sent=True if is_marked else item.not_sent
        )


def _activities(
    session: Session,
    replica: Replica,
    customer_id: str,
    wanted: set[ItemKind],
    before_ms: int | None,
    limit: int,
    link: InstrumentedAttribute[str | None] = Activity.customer_id,
) -> Iterable[TimelineItem]:
    chosen = [str(kind) for kind in ACTIVITY_KINDS if kind in wanted]
    if not chosen or not decide(replica.person, Action.READ, "activity"):
        return
    statement = (
        select(Activity, _MOMENT)
        .where(link == customer_id, Activity.life % 2 == 1, Activity.kind.in_(chosen))
        .order_by(_MOMENT.desc(), Activity.id)
        .limit(limit + 1)
    )
    if before_ms is not None:
        statement = statement.where(before_ms > _MOMENT)
    yield from _activity_items(session, statement)


def _activity_items(session: Session, statement: Select[Activity, int]) -> Iterable[TimelineItem]:
    for activity, at_ms in session.execute(statement):
        yield TimelineItem(
            kind=ItemKind(activity.kind or "note"),
            entity="activity",
            record_id=activity.id,
            at_ms=at_ms or 0,
            title=activity.subject or "",
            body=activity.notes or "",
            user_id=activity.owner_id or "",
            status="done" if activity.done else "open",
            outcome=activity.outcome,
            place=activity.place or "",
            next_contact_on=activity.next_contact_on,
        )


_DOCUMENTS: dict[ItemKind, tuple[Any, str, str]] = {
    ItemKind.QUOTE: (Quote, "number", "owner_id"),
    ItemKind.CONTRACT: (Contract, "number", "owner_id"),
    ItemKind.ORDER: (Order, "number", "owner_id"),
    ItemKind.INVOICE: (Invoice, "subject", "created_by"),
    ItemKind.RECEIPT: (Receipt, "number", "created_by"),
    ItemKind.TICKET: (Ticket, "subject", "assignee_id"),
    ItemKind.DEAL: (Deal, "name", "owner_id"),
}


def _documents(
    session: Session,
    replica: Replica,
    customer_id: str,
    wanted: set[ItemKind],
    before_ms: int | None,
    limit: int,
) -> Iterable[TimelineItem]:
    for kind, (model, title, person) in _DOCUMENTS.items():
        entity = model.__tablename__
        if kind not in wanted or not decide(replica.person, Action.READ, entity):
            continue
        statement = (
            select(model)
            .where(model.customer_id == customer_id, model.life % 2 == 1)
            .order_by(model.created_at.desc(), model.id)
            .limit(limit + 1)
        )
        if before_ms is not None:
            statement = statement.where(model.created_at < before_ms)
        for row in session.scalars(statement):
            amount = getattr(row, "total" if hasattr(row, "total") else "amount", None)
            yield TimelineItem(
                kind=kind,
                entity=entity,
                record_id=row.id,
                at_ms=row.created_at or 0,
                title=getattr(row, title) or "",
                body=(row.number or "") if kind is ItemKind.TICKET else "",
                user_id=getattr(row, person) or "",
                amount_minor=amount,
                currency=getattr(row, "currency", None),
                status=getattr(row, "status", None),
            )


def _out_and_back(
    session: Session,
    replica: Replica,
    customer_id: str,
    wanted: set[ItemKind],
    before_ms: int | None,
    limit: int,
) -> Iterable[TimelineItem]:
    """Yield the mails that went out with quotes, and what the customer decided; each opens its quote."""
    quotes = select(Quote.id).where(Quote.customer_id == customer_id, Quote.life % 2 == 1)
    for kind, model in _OF_QUOTES.items():
        entity = model.__tablename__
        if kind not in wanted or not decide(replica.person, Action.READ, entity):
            continue
        statement = (
            select(model)
            .where(model.record_entity == "quote", model.record_id.in_(quotes), model.life % 2 == 1)
            .order_by(model.created_at.desc(), model.id)
            .limit(limit + 1)
        )
        if before_ms is not None:
            statement = statement.where(model.created_at < before_ms)
        rows = session.scalars(statement).all()
        numbers = query.labels(session, "quote", {str(row.record_id) for row in rows})
        for row in rows:
            number, is_mail = numbers.get(str(row.record_id), ""), kind is ItemKind.MAIL
            yield TimelineItem(
                kind=kind,
                entity="quote",
                record_id=str(row.record_id),
                at_ms=row.created_at or 0,
                title=f"{number} · {row.subject if is_mail else row.name}",
                body=str((row.recipients if is_mail else row.reason) or ""),
                who="" if is_mail else str(row.name or ""),
                user_id=(row.created_by or "") if is_mail else "",
                field="outgoing" if is_mail else "signature",
                status=row.status if is_mail else row.verdict,
            )


_OF_QUOTES: dict[ItemKind, Any] = {ItemKind.MAIL: OutgoingMail, ItemKind.QUOTE: Signature}


def _answers(
    session: Session,
    replica: Replica,
    customer_id: str,
    wanted: set[ItemKind],
    before_ms: int | None,
    limit: int,
) -> Iterable[TimelineItem]:
    """Yield what the customer answered when he was asked how satisfied he is; each opens its ticket."""
    if ItemKind.SURVEY not in wanted or not decide(replica.person, Action.READ, "survey_answer"):
        return
    statement = (
        select(SurveyAnswer)
        .where(*_answered(customer_id))
        .order_by(SurveyAnswer.answered_at.desc(), SurveyAnswer.id)
        .limit(limit + 1)
    )
    if before_ms is not None:
        statement = statement.where(SurveyAnswer.answered_at < before_ms)
    rows = session.scalars(statement).all()
    tickets = query.labels(session, "ticket", {row.ticket_id for row in rows if row.ticket_id})
    people = query.labels(session, "contact", {row.contact_id for row in rows if row.contact_id})
    reads_words = bool(replica.person.rights.class_right("survey_answer", FieldClass.COMMS))
    for row in rows:
        answer = answer_row(row, reads_words=reads_words)
        yield TimelineItem(
            kind=ItemKind.SURVEY,
            entity="ticket",
            record_id=row.ticket_id or "",
            at_ms=answer.at_ms,
            title=tickets.get(row.ticket_id or "", ""),
            body=answer.words,
            who=people.get(row.contact_id or "", ""),
            field="survey",
            score=(answer.score or 0, answer.most),
        )


def _answered(customer_id: str) -> tuple[ColumnElement[bool], ...]:
    of_customer = SurveyAnswer.customer_id == customer_id
    return of_customer, SurveyAnswer.life % 2 == 1, SurveyAnswer.answered_at.is_not(None)


def _changes(
    session: Session,
    replica: Replica,
    customer_id: str,
    wanted: set[ItemKind],
    before_ms: int | None,
    limit: int,
    entity: str = "customer",
) -> Iterable[TimelineItem]:
    if ItemKind.FIELD not in wanted:
        return
    schema = SCHEMAS[entity]
    readable = {field.name for field in readable_fields(replica.person, entity)}
    custom = {
        field.name: field
        for field in custom_fields(session, entity)
        if replica.person.rights.class_right(entity, field.field_class)
    }
    wanted_rows = [History.field != ""]
    if before_ms is not None:
        wanted_rows.append(History.at_ms < before_ms)
    lines = newest_lines(session, entity, customer_id, *wanted_rows, limit=limit + 1)
    record = repository.get(session, entity, customer_id)
    for line in lines:
        field = field_named(schema, line.field) or custom.get(line.field)
        if field is None or not (field.name in readable or field.name in custom):
            continue
        yield TimelineItem(
            kind=ItemKind.FIELD,
            entity=entity,
            record_id=customer_id,
            at_ms=line.at_ms,
            title=field.label,
            user_id=line.user_id or "",
            field=field.name,
            old=line.old,
            new=line.new,
            currency=currency_of(field, record.values) if record is not None else None,
            not_sent=line.sent is False,
        )


def _counts(
    session: Session, replica: Replica, customer_id: str, number_of_comments: int
) -> dict[ItemKind, int]:
    counts: dict[ItemKind, int] = {}
    if decide(replica.person, Action.READ, "activity"):
        for kind, number in session.execute(
            select(Activity.kind, func.count())
            .where(Activity.customer_id == customer_id, Activity.life % 2 == 1)
            .group_by(Activity.kind)
        ):
            if kind in {str(known) for known in ItemKind}:
                counts[ItemKind(kind)] = number
    documents = {
        kind: select(func.count()).where(model.customer_id == customer_id, model.life % 2 == 1)
        for kind, (model, _, _) in _DOCUMENTS.items()
        if decide(replica.person, Action.READ, model.__tablename__)
    }
    if documents:
        found = session.execute(select(*(each.scalar_subquery() for each in documents.values()))).one()
        counts.update(zip(documents, found, strict=True))
    quotes = select(Quote.id).where(Quote.customer_id == customer_id, Quote.life % 2 == 1)
    for kind, model in _OF_QUOTES.items():
        if decide(replica.person, Action.READ, model.__tablename__):
            of_them = (model.record_entity == "quote", model.record_id.in_(quotes), model.life % 2 == 1)
            found_ones = session.scalar(select(func.count()).select_from(model).where(*of_them))
            counts[kind] = counts.get(kind, 0) + int(found_ones or 0)
    if decide(replica.person, Action.READ, "survey_answer"):
        answered = select(func.count()).select_from(SurveyAnswer).where(*_answered(customer_id))
        counts[ItemKind.SURVEY] = session.scalar(answered) or 0
    counts[ItemKind.COMMENT] = number_of_comments
    counts[ItemKind.FIELD] = count_lines(session, "customer", customer_id)
    return {kind: number for kind, number in counts.items() if number}
