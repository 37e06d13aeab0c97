"""What a lead becomes: customer, contact and deal in one step, and the way back."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import Activity
from crm_core.entities.attachment import CONTENT_FIELDS, Attachment
from crm_core.entities.customer import Contact
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules import conversion
from crm_core.rules.access import Action, ClassRight
from crm_core.rules.uniqueness import normal_form
from crm_core.schema.field import Plain
from crm_core.sync.protocol import TxnFlag
from crm_desktop.models import repository
from crm_desktop.models.custom import fields_of
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records, rights
from crm_desktop.services.outcome import Outcome

MOVED_MOST: Final = 200
"""Activities and files carried along by one conversion; what is beyond stays with the lead."""
_MORNING = datetime.time(9)
_RESULTS: Final = ("customer_id", "contact_id", "deal_id")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a lead is to be converted."""

    customer_id: str | None = None
    """An existing customer to join; None: a new one."""
    with_contact: bool = True
    deal_name: str | None = None
    """None: no deal."""
    deal: Mapping[str, Plain] | None = None
    """Values of the deal beside those of the lead, such as its amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What a conversion made of a lead."""

    lead: Record
    customer_id: str
    customer_name: str
    contact_id: str | None
    deal_id: str | None


def convert(replica: Replica, lead_id: str, wish: Wish) -> Outcome[Converted]:
    """Make a customer, a contact and a deal of a lead, all or nothing, here and at HQ.

    Activities and files go along. `UserError` for one that was converted already. Who converts the same
    lead on another laptop and comes second at HQ gets all of it back.
    """
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        lead = _open_lead(session, replica, lead_id)
        made: list[list[str]] = []
        customer = _customer(session, replica, lead, wish, made)
        contact = _contact(session, replica, lead, customer, made) if wish.with_contact else None
        deal = _deal(session, replica, lead, customer, contact, wish, made) if wish.deal_name else None
        results: dict[str, str | None] = {
            "customer_id": customer.id,
            "contact_id": contact.id if contact else None,
            "deal_id": deal.id if deal else None,
        }
        moved = _move_activities(session, replica, lead, results)
        made += _copy_files(session, replica, lead, customer)
        made += _plan_contact(session, replica, lead, customer, deal)
        kept: dict[str, Any] = {"from": lead.get("status") or "new", "made": made, "moved": moved}
        converted = repository.update(
            session, "lead", lead.id, {**results, "conversion": kept, "status": "converted"}
        )
        value = Converted(
            lead=converted,
            customer_id=customer.id,
            customer_name=customer.title,
            contact_id=results["contact_id"],
            deal_id=results["deal_id"],
        )
    return Outcome(value, frozenset(session.changed))


def take_back(replica: Replica, lead_id: str) -> Outcome[Record]:
    """Undo a conversion: what it made is deleted, what it moved is the lead's again.

    `UserError` after a day, or where something else refers to what it made meanwhile.
    """
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        lead = _readable(session, lead_id)
        rights.may(session, replica.person, Action.EDIT, "lead", lead.values).demand()
        if lead.get("status") != "converted":
            raise UserError(N_("This lead was not converted"))
        if not conversion.may_take_back(lead.get("converted_at"), replica.clock.now_ms()):
            raise UserError(N_("A conversion is undone within a day; this one is older"))
        kept = lead.get("conversion") or {}
        made = [(str(entity), str(record_id)) for entity, record_id in kept.get("made", ())]
        moved = [str(record_id) for record_id in kept.get("moved", ())]
        _demand_unused(session, made, moved)
        _move_back(session, replica, lead, moved)
        for entity, record_id in reversed(made):
            record = repository.get(session, entity, record_id)
            if record is not None and record.alive:
                rights.may(session, replica.person, Action.DELETE, entity, record.values).demand()
                repository.delete(session, entity, record_id)
        state = kept.get("from") or "qualified"
        empty = dict.fromkeys((*_RESULTS, "conversion", "converted_at"))
        back = repository.update(session, "lead", lead.id, {"status": str(state), **empty})
    return Outcome(back, frozenset(session.changed))


def result_titles(replica: Replica, lead: Record) -> dict[str, tuple[str, str, str]]:
    """Return what a lead became and is still here: (kind, id, title) by the lead's link."""
    links = {name: str(lead.get(name)) for name in _RESULTS if lead.get(name)}
    kinds = {name: str(SCHEMAS["lead"].fields[name].target) for name in links}
    titles = records.titles(replica, [(kinds[name], record_id) for name, record_id in links.items()])
    return {
        name: (kinds[name], record_id, titles[kinds[name], record_id])
        for name, record_id in links.items()
        if (kinds[name], record_id) in titles
    }


def _readable(session: Session, lead_id: str) -> Record:
    lead = repository.get(session, "lead", lead_id)
    if lead is None or not lead.alive:
        raise UserError(N_("There is no such record on this laptop"))
    return lead


def _open_lead(session: Session, replica: Replica, lead_id: str) -> Record:
    lead = _readable(session, lead_id)
    rights.may(session, replica.person, Action.EDIT, "lead", lead.values).demand()
    if lead.get("status") == "converted":
        raise UserError(N_("“{lead}” was converted already"), lead=lead.title)
    if lead.get("status") == "junk":
        raise UserError(N_("“{lead}” was put aside as junk; put it back first"), lead=lead.title)
    return lead


def _customer(
    session: WriteSession, replica: Replica, lead: Record, wish: Wish, made: list[list[str]]
) -> Record:
    if wish.customer_id is not None:
        customer = repository.get(session, "customer", wish.customer_id)
        if customer is None or not customer.alive:
            raise UserError(N_("The customer to join is not on this laptop"))
        rights.may(session, replica.person, Action.EDIT, "customer", customer.values).demand()
        return customer
    known = fields_of(session, "customer")
    values = _writable(replica, "customer", conversion.customer_values(lead.values, known))
    values |= _holder(session, replica, "customer", lead, values)
    customer = records.create_in(session, replica, "customer", values)
    made.append(["customer", customer.id])
    return customer


def _holder(
    session: Session, replica: Replica, entity: str, lead: Record, values: dict[str, Plain]
) -> dict[str, Plain]:
    """Return whose the record is to be: the lead's owner, team and territory as far as one may say so.

    HQ gives a lead to a team or territory the owner is none of; who may not assign leaves that out.
    """
    placed: dict[str, Plain] = {"owner_id": lead.get("owner_id") or replica.person.user_id}
    may_assign = bool(rights.may(session, replica.person, Action.ASSIGN, entity))
    for name in ("team_id", "territory_id"):
        scope = SCHEMAS[entity].fields[name].scope
        if values.get(name) and (may_assign or replica.person.is_own(f"{scope}:{values[name]}")):
            continue
        placed[name] = None
    if not may_assign and placed["owner_id"] != replica.person.user_id:
        placed["owner_id"] = replica.person.user_id
    return placed


def _contact(
    session: WriteSession, replica: Replica, lead: Record, customer: Record, made: list[list[str]]
) -> Record:
    known = _known_contact(session, lead, customer.id)
    if known is not None:
        return known
    values = _writable(replica, "contact", conversion.contact_values(lead.values))
    contact = records.create_in(session, replica, "contact", {**values, "customer_id": customer.id})
    made.append(["contact", contact.id])
    return contact


def _known_contact(session: Session, lead: Record, customer_id: str) -> Record | None:
    """Return the contact of the customer who is this very person, by mail address, phone or name."""
    query = select(Contact.id).where(Contact.customer_id == customer_id, Contact.life % 2 == 1)
    found = repository.get_many(session, "contact", session.scalars(query))
    for name in ("email", "phone", "name"):
        field = SCHEMAS["contact"].fields[name]
        wanted = normal_form(field, lead.get(name))
        for contact in found.values():
            if wanted is not None and normal_form(field, contact.get(name)) == wanted:
                return contact
    return None


def _deal(
    session: WriteSession,
    replica: Replica,
    lead: Record,
    customer: Record,
    contact: Record | None,
    wish: Wish,
    made: list[list[str]],
) -> Record:
    values = _writable(replica, "deal", conversion.deal_values(lead.values))
    values |= {"name": wish.deal_name, "customer_id": customer.id}
    if contact is not None:
        values["contact_id"] = contact.id
    values["owner_id"] = _holder(session, replica, "deal", lead, {})["owner_id"]
    deal = records.create_in(session, replica, "deal", {**values, **(wish.deal or {})})
    made.append(["deal", deal.id])
    return deal


def _move_activities(
    session: WriteSession, replica: Replica, lead: Record, results: Mapping[str, str | None]
) -> list[str]:
    query = select(Activity.id).where(Activity.lead_id == lead.id, Activity.life % 2 == 1)
    ids = list(session.scalars(query.order_by(Activity.created_at.desc(), Activity.id).limit(MOVED_MOST)))
    for record in repository.get_many(session, "activity", ids).values():
        rights.may(session, replica.person, Action.EDIT, "activity", record.values).demand()
        changes = {name: value for name, value in results.items() if value and not record.get(name)}
        repository.update(session, "activity", record.id, {**changes, "lead_id": None})
    return ids


def _move_back(session: WriteSession, replica: Replica, lead: Record, moved: Iterable[str]) -> None:
    for record in repository.get_many(session, "activity", moved).values():
        if not record.alive:
            continue
        rights.may(session, replica.person, Action.EDIT, "activity", record.values).demand()
        changes: dict[str, Plain] = {"lead_id": lead.id}
        changes |= {
            name: None for name in _RESULTS if record.get(name) and record.get(name) == lead.get(name)
        }
        repository.update(session, "activity", record.id, changes)


def _copy_files(session: WriteSession, replica: Replica, lead: Record, customer: Record) -> list[list[str]]:
    """Put the lead's files on the customer too: a file is known by its content, which is not sent again."""
    query = select(Attachment.id).where(
        Attachment.record_entity == "lead", Attachment.record_id == lead.id, Attachment.life % 2 == 1
    )
    if not rights.may(session, replica.person, Action.CREATE, "attachment"):
        return []
    made = []
    for record in repository.get_many(
        session, "attachment", session.scalars(query.limit(MOVED_MOST))
    ).values():
        values: dict[str, Plain] = {
            name: record.get(name) for name in ("name", "caption", *CONTENT_FIELDS) if record.get(name)
        }
        values |= {"record_entity": "customer", "record_id": customer.id}
        made.append(["attachment", records.create_in(session, replica, "attachment", values).id])
    return made


def _plan_contact(
    session: WriteSession, replica: Replica, lead: Record, customer: Record, deal: Record | None
) -> list[list[str]]:
    """Keep when the lead was to be contacted next, as a task on the customer."""
    day = lead.get("next_contact_on")
    if not day or not rights.may(session, replica.person, Action.CREATE, "activity"):
        return []
    morning = datetime.datetime.combine(datetime.date.fromisoformat(str(day)), _MORNING).astimezone()
    values: dict[str, Plain] = {
        "kind": "task",
        "subject": lead.title,
        "customer_id": customer.id,
        "due_at": round(morning.timestamp() * 1000),
        "owner_id": _holder(session, replica, "customer", lead, {})["owner_id"],
    }
    if deal is not None:
        values["deal_id"] = deal.id
    return [["activity", records.create_in(session, replica, "activity", values).id]]


def _writable(replica: Replica, entity: str, values: Mapping[str, Plain]) -> dict[str, Plain]:
    """Leave out what the person's role may not write; it stays on the lead."""
    declared, own = SCHEMAS[entity].fields, replica.person.rights
    return {
        name: value
        for name, value in values.items()
        if name not in declared or own.class_right(entity, declared[name].field_class) >= ClassRight.WRITE
    }


def _demand_unused(session: Session, made: Iterable[Key], moved: Iterable[str]) -> None:
    """Raise `UserError` where a record beside those of the conversion refers to what it made."""
    made = list(made)
    own = {*made, *(("activity", record_id) for record_id in moved)}
    for entity, record_id in made:
        for schema in SCHEMAS.values():
            for field in schema.fields.values():
                # What the program links itself, such as HQ's task to look at it, is no work built on it.
                if field.target not in (entity, "*") or field.read_only:
                    continue
                table = schema.table
                query = select(table.c.id).where(table.c[field.name] == record_id, table.c.life % 2 == 1)
                if field.target == "*" and field.target_field:
                    query = query.where(table.c[field.target_field] == entity)
                if any((schema.name, found) not in own for found in session.scalars(query)):
                    title = repository.get_many(session, entity, (record_id,))[record_id].title
                    raise UserError(
                        N_("Something was added to “{title}” since; the conversion stands"), title=title
                    )
