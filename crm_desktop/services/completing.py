"""What the program itself fills in when a record is made or changed, and what must then hold.

Every way of writing goes through here: form, board, import, command line.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.deal import Pipeline, Stage
from crm_core.entities.setup import CustomField
from crm_core.entities.ticket import TicketMessage
from crm_core.errors import Invalid, Problem, UserError
from crm_core.i18n import N_
from crm_core.rules import barring, messages, pipeline, targets, whose
from crm_core.rules.access import Person
from crm_core.rules.quote_state import SENT, WAITING, is_draft
from crm_core.rules.sheets import SHEETS
from crm_core.schema.field import Kind, Plain, ScopeSource
from crm_core.schema.values import canonical_decimal
from crm_desktop.models import numbers, repository
from crm_desktop.models.clock import Clock
from crm_desktop.models.custom import custom_fields
from crm_desktop.models.records import Record
from crm_desktop.services import (
    approving,
    commenting,
    completing_activities,
    completing_articles,
    completing_payments,
    completing_requests,
    completing_sheets,
    lead_intake,
    pooling,
    pricing,
    stage_moves,
    stepping,
)
from crm_desktop.services.company import QUOTE_VALID_DAYS, company

Values = dict[str, Plain]
RANK_STEP = 10  # between custom fields: another can be put there


def complete_new(
    session: Session, person: Person, clock: Clock, entity: str, given: Mapping[str, Plain]
) -> Values:
    """Return the values of a new record: what was given, defaults, owner, number, stage, position."""
    schema = SCHEMAS[entity]
    values: Values = dict(given)
    for field in (*schema.fields.values(), *custom_fields(session, entity)):
        if values.get(field.name) is None and field.default is not None:
            values[field.name] = field.default
    owner = schema.fields.get("owner_id")
    if owner is not None and owner.scope is ScopeSource.OWN and not values.get("owner_id"):
        values["owner_id"] = person.user_id
    stepping.demand_born(schema, values)
    finish = _FINISH_NEW.get(entity)
    if finish is not None:
        finish(session, person, clock, values)
    return values


def complete_change(
    session: Session, person: Person, clock: Clock, before: Record, changes: Mapping[str, Plain]
) -> Values:
    """Return the changes with what follows from them. Raises `Invalid` where a rule forbids them."""
    completed: Values = dict(changes)
    stepping.demand_step(session, person, before, completed)
    approving.complete(session, person, clock, before, completed)
    finish = _FINISH_CHANGE.get(before.entity)
    if finish is not None:
        finish(session, person, clock, before, completed)
    return completed


def today(clock: Clock) -> datetime.date:
    """Return the calendar day here and now, by HQ's clock and this machine's time zone."""
    return clock.today()


def _new_deal(session: Session, person: Person, clock: Clock, values: Values) -> None:
    if not values.get("stage_id"):
        first = session.execute(
            select(Stage.id)
            .join(Pipeline, Pipeline.id == Stage.pipeline_id)
            .where(Stage.kind == pipeline.OPEN, Stage.life % 2 == 1, Pipeline.life % 2 == 1)
            .where(Stage.retired.isnot(True))
            .where(
                Stage.pipeline_id == values["pipeline_id"]
                if values.get("pipeline_id")
                else Pipeline.active.isnot(False)
            )
            .order_by(Pipeline.rank, Pipeline.id, Stage.rank)
            .limit(1)
        ).scalar()
        if first is None:
            return
        values["stage_id"] = first
    stage = stage_moves.stage_of(session, str(values["stage_id"]))
    reason = values.get("loss_reason")
    values.update(pipeline.move(stage, clock.now_ms(), str(reason) if reason else None))
    if not values.get("currency"):
        values["currency"] = company(session).currency
    values.update(stage_moves.demand_entry(session, person, None, stage, values))


def _changed_deal(session: Session, person: Person, clock: Clock, before: Record, changes: Values) -> None:
    if "stage_id" in changes and changes["stage_id"] != before.get("stage_id"):
        stage = stage_moves.stage_of(session, str(changes["stage_id"]))
        reason = changes.get("loss_reason")
        changes.update(pipeline.move(stage, clock.now_ms(), str(reason) if reason else None))
        changes.update(stage_moves.demand_entry(session, person, before, stage, changes))
    elif changes.get("skip_reason"):
        raise UserError(N_("A reason for skipping goes with a move to another stage"))


def _changed_lead(_session: Session, person: Person, _clock: Clock, before: Record, changes: Values) -> None:
    if before.get("status") == "converted" and changes.get("status", "converted") != "converted":
        raise UserError(N_("What a lead became stands; undo the conversion instead"))
    pooling.complete_lead(person, before, changes)


def _new_quote(session: Session, _person: Person, clock: Clock, values: Values) -> None:
    facts = company(session)
    day = today(clock)
    if not values.get("customer_id") and values.get("deal_id"):
        deal = repository.get(session, "deal", str(values["deal_id"]))
        values["customer_id"] = deal.get("customer_id") if deal else None
    if not values.get("currency"):
        values["currency"] = facts.currency
    if not values.get("issued_on"):
        values["issued_on"] = day.isoformat()
    if not values.get("valid_until"):
        values["valid_until"] = (day + datetime.timedelta(days=QUOTE_VALID_DAYS)).isoformat()
    if not values.get("terms"):
        values["terms"] = facts.terms or None
    if not values.get("terms_en"):
        values["terms_en"] = facts.terms_en or None
    _changed_quote_book(session, values)
    values["number"] = numbers.take(session, "quote", day)
    values["total"] = 0


def _changed_quote(session: Session, _person: Person, _clock: Clock, before: Record, changes: Values) -> None:
    status = changes.get("status", before.get("status"))
    if is_draft(before.values) and status in (WAITING, SENT):
        if not before.get("number"):
            changes["number"] = numbers.take(
                session, "quote", datetime.date.fromisoformat(before["issued_on"])
            )
        _fix_rate(session, before, changes)
    elif not is_draft(before.values) and set(changes) - {"status", "notes", "mandates"}:
        raise UserError(SHEETS["quote"].stands)
    _changed_quote_book(session, changes)


def _fix_rate(session: Session, before: Record, changes: Values) -> None:
    """Fix what the currency of a quote that is sent costs in the company's own, unless somebody said it."""
    quote = {**before.values, **changes}
    own = company(session).currency
    if quote.get("currency") == own or quote.get("exchange_rate"):
        return
    rate = pricing.of_quote(session, quote).rate_to(own)
    if rate is not None:
        changes.update(exchange_rate=canonical_decimal(f"{rate.rate:f}"), base_currency=own)


def _new_price(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    """Say a price's book both ways: by its id, and by its name as older programs read it."""
    book = repository.get(session, "price_book", str(values.get("book_id") or ""))
    if book is None and values.get("book") and not values.get("book_id"):
        book = repository.get(session, "price_book", pricing.book_called(session, str(values["book"])) or "")
    if book is None:
        return
    values["book_id"], values["book"] = book.id, book.get("name")
    if values.get("unit_price") is not None and not values.get("currency"):
        values["currency"] = book.get("currency")


def _changed_price(session: Session, _person: Person, _clock: Clock, before: Record, changes: Values) -> None:
    book = repository.get(session, "price_book", str(changes.get("book_id") or ""))
    if book is not None:
        changes["book"] = book.get("name")


def _changed_quote_book(session: Session, values: Values) -> None:
    """Say a quote's book by its name too, as older programs read it."""
    if "price_book_id" in values:
        book = repository.get(session, "price_book", str(values["price_book_id"] or ""))
        values["price_book"] = book.get("name") if book is not None else None


def _new_ticket(session: Session, _person: Person, clock: Clock, values: Values) -> None:
    values["number"] = numbers.take(session, "ticket", today(clock))
    _demand_own_contact(session, values)
    _named_category(session, values)


def _changed_ticket(
    session: Session, _person: Person, _clock: Clock, before: Record, changes: Values
) -> None:
    completing_requests.demand_workable(session, before, changes)
    after = {**before.values, **changes}
    if changes.get("contact_id"):
        _demand_own_contact(session, after)
    elif changes.get("customer_id") and _is_of_another(session, after):
        changes["contact_id"] = None  # of the customer before
    _named_category(session, changes)


def _demand_own_contact(session: Session, values: Values) -> None:
    """Raise `Invalid` where a ticket is of one customer and its contact of another."""
    if _is_of_another(session, values):
        raise Invalid([Problem(field="contact_id", message=whose.OTHER_CUSTOMERS)])


def _is_of_another(session: Session, values: Values) -> bool:
    contact = repository.get(session, "contact", str(values.get("contact_id") or ""))
    own = values.get("customer_id")
    return contact is not None and whose.are_apart(str(own) if own else None, contact.get("customer_id"))


def _named_category(session: Session, values: Values) -> None:
    """Say a ticket's category by its name too, as older programs read it."""
    if "category_id" in values:
        category = repository.get(session, "ticket_category", str(values["category_id"] or ""))
        values["category"] = category.get("name") if category is not None else None


def _new_ticket_message(session: Session, person: Person, clock: Clock, values: Values) -> None:
    if not values.get("from_customer") and not values.get("author_id"):
        values["author_id"] = person.user_id
    if not values.get("written_at"):
        values["written_at"] = clock.now_ms()
    columns = TicketMessage.__table__.c
    others = (
        select(columns.id)
        .where(columns.ticket_id == values.get("ticket_id"), columns.author_id != values.get("author_id"))
        .where(columns.internal.isnot(True), columns.from_customer.isnot(True), columns.life % 2 == 1)
    )
    values["answers_seen"] = list(session.scalars(others.order_by(columns.id))) or None
    _demand_own_files(session, values)


def _demand_own_files(session: Session, values: Values) -> None:
    """Raise `UserError` where other files are to go along with a message than those of its ticket."""
    named = values.get("files")
    if named:
        ids = [each for each in named if isinstance(each, str)] if isinstance(named, list) else []
        there = repository.get_many(session, "attachment", ids)
        living = {key: each.values for key, each in there.items() if each.alive}
        if (why := messages.why_files_stay(values, living)) is not None:
            raise UserError(why)


def _changed_ticket_message(
    session: Session, person: Person, _clock: Clock, before: Record, changes: Values
) -> None:
    changed = [name for name, value in changes.items() if value != before.get(name)]
    if (fixed := messages.why_it_stands(before.values, changed, person.user_id)) is not None:
        raise UserError(fixed)
    if "files" in changes:
        _demand_own_files(session, {**before.values, **changes})


def _new_point_entry(_session: Session, _person: Person, clock: Clock, values: Values) -> None:
    if not values.get("happened_on"):
        values["happened_on"] = today(clock).isoformat()


def _new_custom_field(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    """Put a field after those there are of its kind of record."""
    if not values.get("rank"):
        of_kind = (CustomField.entity == values.get("entity"), CustomField.life % 2 == 1)
        last = session.scalar(select(func.max(CustomField.rank)).where(*of_kind)) or 0
        values["rank"] = last + RANK_STEP
    if values.get("kind") == Kind.MONEY and not values.get("currency"):
        values["currency"] = company(session).currency


def _new_activity(session: Session, person: Person, clock: Clock, values: Values) -> None:
    if not values.get("customer_id") and values.get("deal_id"):
        deal = repository.get(session, "deal", str(values["deal_id"]))
        values["customer_id"] = deal.get("customer_id") if deal else None
    planned = values.get("kind") == "task" or values.get("due_at")
    if not values.get("happened_at") and not planned:
        values["happened_at"] = clock.now_ms()
    if not planned:
        values["done"] = True
    completing_activities.finish_new(person, values)


def _changed_activity(
    _session: Session, person: Person, _clock: Clock, before: Record, changes: Values
) -> None:
    completing_activities.finish_change(person, before, changes)


def _new_stage(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    """Put a stage behind the last open one of its pipeline where nobody said where."""
    if not values.get("rank"):
        of_pipeline = (Stage.pipeline_id == values.get("pipeline_id"), Stage.life % 2 == 1)
        last = session.scalar(select(func.max(Stage.rank)).where(Stage.kind == pipeline.OPEN, *of_pipeline))
        values["rank"] = (last or 0) + 1


def _new_capture_form(_session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    lead_intake.finish_form(values)


def _new_assignment_rule(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    lead_intake.finish_rule(session, values)


def _new_deal_milestone(_session: Session, person: Person, clock: Clock, values: Values) -> None:
    if values.get("done"):
        values.update(done_at=clock.now_ms(), done_by=person.user_id)


def _changed_deal_milestone(
    _session: Session, person: Person, clock: Clock, before: Record, changes: Values
) -> None:
    if "done" in changes and bool(changes["done"]) != bool(before.get("done")):
        done = bool(changes["done"])
        changes["done_at"] = clock.now_ms() if done else None
        changes["done_by"] = person.user_id if done else None


def _new_target(session: Session, _person: Person, _clock: Clock, values: Values) -> None:
    if values.get("amount") is not None and not values.get("currency"):
        values["currency"] = company(session).currency
    year = values.get("year")
    if not values.get("name") and isinstance(year, int):
        values["name"] = targets.default_name(year, str(values.get("period")))


def _changed_target(
    session: Session, _person: Person, _clock: Clock, before: Record, changes: Values
) -> None:
    if changes.get("amount") is not None and not changes.get("currency", before.get("currency")):
        changes["currency"] = company(session).currency


_FINISH_NEW: dict[str, Callable[[Session, Person, Clock, Values], None]] = {
    **completing_sheets.NEW,
    "comment": lambda session, person, _clock, values: commenting.complete(session, person, values, None),
    "deal": _new_deal,
    "quote": _new_quote,
    "article": completing_articles.new,
    "service_request": completing_requests.new,
    "ticket": _new_ticket,
    "ticket_message": _new_ticket_message,
    "activity": _new_activity,
    "custom_field": _new_custom_field,
    "capture_form": _new_capture_form,
    "barred_sender": lambda _session, _person, _clock, values: barring.finish(values),
    "assignment_rule": _new_assignment_rule,
    "deal_milestone": _new_deal_milestone,
    "stage": _new_stage,
    "point_entry": _new_point_entry,
    "target": _new_target,
    "price": _new_price,
    "instalment": completing_payments.new_instalment,
    "receipt": completing_payments.new_receipt,
    "receipt_share": completing_payments.new_share,
    "invoice": completing_payments.new_invoice,
}
_FINISH_CHANGE: dict[str, Callable[[Session, Person, Clock, Record, Values], None]] = {
    **completing_sheets.CHANGED,
    "comment": lambda session, person, _clock, before, changes: commenting.complete(
        session, person, changes, before
    ),
    "customer": lambda _session, _person, _clock, before, changes: pooling.complete(before, changes),
    "article": completing_articles.changed,
    "deal": _changed_deal,
    "lead": _changed_lead,
    "deal_milestone": _changed_deal_milestone,
    "quote": _changed_quote,
    "service_request": completing_requests.changed,
    "ticket": _changed_ticket,
    "ticket_message": _changed_ticket_message,
    "barred_sender": lambda _session, _person, _clock, _before, changes: barring.finish(changes),
    "activity": _changed_activity,
    "target": _changed_target,
    "price": _changed_price,
    "instalment": completing_payments.changed,
    "receipt": completing_payments.changed,
    "invoice": completing_payments.changed_invoice,
}
