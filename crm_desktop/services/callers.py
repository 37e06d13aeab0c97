"""Who is calling: found by his number as it is typed, with what one should know while he speaks; offline."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.activity import CONTACT_KINDS, Activity
from crm_core.entities.order import InstalledProduct
from crm_core.entities.ticket import Ticket
from crm_core.errors import UserError
from crm_core.i18n import N_, Message
from crm_core.rules.access import Action
from crm_core.schema.field import Plain
from crm_core.schema.phones import digits_within, home_code, searched_digits, standard_form, without_extension
from crm_desktop.models import query, repository, search
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import duplicates, records, rights, tickets
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.tickets import OPEN_STATES

ENTITIES: Final = ("contact", "customer", "lead")
MOST: Final = 8
LEAST_DIGITS: Final = 3
"""Fewer digits are part of every number."""
_LOOKED_AT: Final = 60
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody whose number fits: a contact, a customer or a lead."""

    entity: str
    id: str
    name: str
    phone: str
    customer_id: str | None
    customer_name: str
    """Of whom a contact is; '' for others."""
    is_whole: bool
    """The number typed is his, not a part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket:
    """A ticket of the caller's customer that is not solved."""

    id: str
    number: str
    subject: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastContact:
    """What was last done with the caller's customer."""

    kind: str
    subject: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A product that stands at the caller's customer. `warranty_until` is a day as text; '' for none."""

    id: str
    product_id: str | None
    name: str
    serial: str
    warranty_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFacts:
    """What one should know while somebody speaks."""

    open_tickets: tuple[OpenTicket, ...]
    last: tuple[LastContact, ...]
    installed: tuple[Standing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Who may be calling, and what is known elsewhere of the number."""

    callers: tuple[Caller, ...]
    elsewhere: tuple[Message, ...]
    """Why a customer at HQ, which is not on this laptop, has this number; empty where none has or HQ does
    not tell."""


def find(replica: Replica, typed: str) -> Found:
    """Return who may have a number, however it is written: whole ones before parts; by name as well."""
    text = unicodedata.normalize("NFKC", typed).strip()
    standard = standard_form(text)
    digits = _spelled(text)
    kinds = [entity for entity in ENTITIES if rights.may_do(replica, Action.READ, entity)]
    wanted = digits or ((text,) if any(c.isalpha() for c in text) else ())
    if not wanted or not kinds:
        return Found(callers=(), elsewhere=())
    replica.catch_up()
    with replica.read() as session:
        hits = [hit for each in wanted for hit in search.search(session, each, _LOOKED_AT, kinds)]
        shown = []
        for entity in kinds:
            ids = dict.fromkeys(hit.id for hit in hits if hit.entity == entity)
            for record in repository.get_many(session, entity, ids).values():
                phone = str(record.get("phone") or "")
                if digits and not any(part in own for part in digits for own in _spelled(phone)):
                    continue
                if rights.may(session, replica.person, Action.READ, entity, record.values):
                    shown.append(_caller(record, phone, digits))
        callers = _named(session, sorted(shown, key=_order)[:MOST])
    elsewhere: tuple[Message, ...] = ()
    if standard is not None and not any(each.is_whole for each in callers):
        elsewhere = duplicates.held_elsewhere(replica, {"phone": standard})
    return Found(callers=callers, elsewhere=elsewhere)


def facts(replica: Replica, customer_id: str | None) -> CallerFacts:
    """Return what is open, what was last done and what stands at a customer, as far as one may see it."""
    if not customer_id:
        return CallerFacts(open_tickets=(), last=(), installed=())
    with replica.read() as session:
        opened = session.scalars(
            select(Ticket)
            .where(Ticket.customer_id == customer_id, Ticket.life % 2 == 1, Ticket.status.in_(OPEN_STATES))
            .order_by(Ticket.created_at.desc(), Ticket.id)
            .limit(_SHOWN)
        )
        done = session.scalars(
            select(Activity)
            .where(Activity.customer_id == customer_id, Activity.life % 2 == 1, Activity.done.is_(True))
            .where(Activity.kind.in_(CONTACT_KINDS), Activity.happened_at.is_not(None))
            .order_by(Activity.happened_at.desc(), Activity.id)
            .limit(_SHOWN)
        )
        stands = session.scalars(
            select(InstalledProduct)
            .where(InstalledProduct.customer_id == customer_id, InstalledProduct.life % 2 == 1)
            .where(InstalledProduct.status != "retired")
            .order_by(InstalledProduct.name, InstalledProduct.id)
            .limit(2 * _SHOWN)
        )
        return CallerFacts(
            open_tickets=tuple(
                OpenTicket(
                    id=row.id, number=row.number or "", subject=row.subject or "", status=row.status or "new"
                )
                for row in opened
            ),
            last=tuple(
                LastContact(kind=row.kind or "", subject=row.subject or "", at_ms=row.happened_at or 0)
                for row in done
            ),
            installed=tuple(
                Standing(
                    id=row.id,
                    product_id=row.product_id,
                    name=row.name or "",
                    serial=row.serial or "",
                    warranty_until=row.warranty_until or "",
                )
                for row in stands
            ),
        )


def take(
    replica: Replica, caller: Caller | None, typed: str, values: Mapping[str, Plain], said: str
) -> Outcome[Record]:
    """Open a ticket for a call, the caller's where he is known; else with his number alone.

    `values` say what it is about; `from_name` is what somebody nobody knows is called. Raises `Invalid`.
    """
    given: dict[str, Plain] = {"channel": "phone", **values}
    if caller is not None and caller.customer_id:
        given["customer_id"] = caller.customer_id
    if caller is not None and caller.entity == "contact":
        given["contact_id"] = caller.id
    if caller is not None and caller.entity == "lead":
        given.setdefault("from_name", caller.name)
    number = standard_form(typed) or (typed.strip() if digits_within(without_extension(typed)) else "")
    if number:
        given["from_phone"] = number
    return tickets.create(replica, given, said)


def go_on(replica: Replica, ticket_id: str, caller: Caller | None, said: str) -> Outcome[Record]:
    """Add what somebody said on the phone to an open ticket; one that waited for him is open again."""
    if not said.strip():
        raise UserError(N_("Write something first"))
    with replica.write() as session:
        values: dict[str, Plain] = {"ticket_id": ticket_id, "body": said, "from_customer": True}
        values["channel"] = "phone"
        if caller is not None and caller.entity == "contact":
            values["contact_id"] = caller.id
        made = records.create_in(session, replica, "ticket_message", values)
        ticket = repository.get(session, "ticket", ticket_id)
        if ticket is not None and ticket.get("status") == "waiting":
            records.update_in(session, replica, "ticket", ticket_id, {"status": "open"})
    return Outcome(made, frozenset(session.changed))


def add_contact(replica: Replica, name: str, typed: str, customer_id: str) -> Outcome[Caller]:
    """Make a contact of a customer of somebody who calls. Raises `Invalid`, `AccessDenied`."""
    with replica.write() as session:
        values: dict[str, Plain] = {"name": name.strip(), "customer_id": customer_id}
        values["phone"] = standard_form(typed) or typed.strip()
        made = records.create_in(session, replica, "contact", values)
        caller = _named(session, [_caller(made, str(made.get("phone") or ""), ())])[0]
    return Outcome(caller, frozenset(session.changed))


def _spelled(phone: str) -> tuple[str, ...]:
    """Return the digits of a number as it may stand in a record: with its country, and as it is dialled.

    Without an extension and the zeros in front; none for fewer digits than tell one number from others.
    """
    plain = without_extension(phone)
    forms = (plain, *searched_digits(standard_form(plain) or plain))
    digits = dict.fromkeys("".join(c for c in each if c.isdigit()).lstrip("0") for each in forms)
    if plain.startswith(("+", "00")):  # the beginning of a number that may stand here without its country
        digits |= dict.fromkeys(each.removeprefix(home_code()) for each in tuple(digits))
    return tuple(each for each in digits if len(each) >= LEAST_DIGITS) if digits_within(plain) else ()


def _caller(record: Record, phone: str, digits: Collection[str]) -> Caller:
    customer_id = record.id if record.entity == "customer" else record.get("customer_id")
    return Caller(
        entity=record.entity,
        id=record.id,
        name=record.title,
        phone=phone,
        customer_id=str(customer_id) if customer_id and record.entity != "lead" else None,
        customer_name="",
        is_whole=not set(digits).isdisjoint(_spelled(phone)),
    )


def _order(caller: Caller) -> tuple[bool, int, str, str]:
    return not caller.is_whole, ENTITIES.index(caller.entity), caller.name, caller.id


def _named(session: Session, callers: list[Caller]) -> tuple[Caller, ...]:
    ids = {each.customer_id for each in callers if each.entity == "contact" and each.customer_id}
    names = query.labels(session, "customer", ids)
    return tuple(
        replace(each, customer_name=names.get(each.customer_id or "", ""))
        if each.entity == "contact"
        else each
        for each in callers
    )
