"""Tickets of nobody yet: who may have written one, whose it becomes, and who is junk; each taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm_core.entities.customer import Contact
from crm_core.entities.service import BarredSender
from crm_core.entities.ticket import Ticket
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action
from crm_core.rules.barring import BARRED, barred_form
from crm_core.rules.duplicates import are_named_alike, is_site, keys_of, traits_of
from crm_core.rules.names import person_of
from crm_core.schema.field import Plain
from crm_desktop.models import alike, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import duplicates, records, rights
from crm_desktop.services.outcome import Outcome

WRITTEN: Final = ("mail", "web", "chat", "social")
"""Channels by which somebody writes whom nobody asked who he is."""
ENDED: Final = "closed"
MOST: Final = 5
MOST_OTHERS: Final = 200
_OF_ONE: Final = ("from_address", "chat_name", "from_phone")
"""By which of these two tickets are of one sender, the surest first."""
_Key = tuple[str | None, str | None]
"""Ids of a customer and of a contact, one of them."""
_SAME_DOMAIN: Final = message(N_("Same domain of the mail address"))
SAME_PERSON: Final = message(N_("Called the same"))
_EARLIER: Final = message(N_("An earlier ticket of this sender"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A customer, or one of his people, who may have written a ticket."""

    customer_id: str | None
    contact_id: str | None
    title: str
    customer_name: str
    """Of whom a contact is; '' for a customer himself."""
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Who wrote a ticket of nobody, as far as he says, and what can be done about it."""

    ticket_id: str
    name: str
    address: str
    phone: str
    chat_name: str
    suggestions: tuple[Suggestion, ...]
    others: tuple[str, ...]
    """Ids of other tickets of the same sender that are nobody's, open or not."""
    may_make: bool
    """Whether the person may make a customer and a contact of him."""
    may_bar: bool

    @property
    def shown(self) -> str:
        """The sender in one line."""
        ways = [each for each in (self.address, self.phone, self.chat_name) if each]
        return f"{self.name} <{ways[0]}>" if self.name and ways else self.name or (ways or [""])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What was done with tickets of nobody, so that it can be taken back."""

    before: Mapping[str, Mapping[str, Plain]]
    """What each ticket held, by id."""
    made: tuple[tuple[str, str], ...] = field(default=())
    """Kind and id of the records made on the way, in their order."""


def is_unknown(ticket: Record) -> bool:
    """Tell whether a ticket is of somebody nobody knows."""
    return not ticket.get("customer_id") and not ticket.get("contact_id")


def unknown(replica: Replica, ticket_id: str) -> Unknown:
    """Return who wrote a ticket, and who that may be. `NotFound` where it is not on this laptop."""
    replica.catch_up()
    with replica.read() as session:
        ticket = _ticket(session, ticket_id)
        others = _others(session, ticket)
    said = {name: str(ticket.get(name) or "") for name in ("from_name", *_OF_ONE)}
    return Unknown(
        ticket_id=ticket_id,
        name=said["from_name"],
        address=said["from_address"],
        phone=said["from_phone"],
        chat_name=said["chat_name"],
        suggestions=_suggestions(replica, ticket),
        others=tuple(others),
        may_make=all(
            rights.may_do(replica, right, entity)
            for right, entity in ((Action.CREATE, "customer"), (Action.CREATE, "contact"))
        ),
        may_bar=bool(_barred_as(ticket)) and bool(rights.may_do(replica, Action.CREATE, BARRED)),
    )


def link(
    replica: Replica,
    ticket_id: str,
    customer_id: str | None,
    contact_id: str | None = None,
    others: Collection[str] = (),
) -> Outcome[Sorted]:
    """Say whose a ticket is, and with it others of the same sender. Raises what changing one raises."""
    with replica.write() as session:
        if contact_id is not None and customer_id is None:
            contact = repository.get(session, "contact", contact_id)
            customer_id = contact.get("customer_id") if contact is not None else None
        if not customer_id and not contact_id:
            raise UserError(N_("Choose a customer or a contact"))
        done = _link_in(session, replica, (ticket_id, *others), customer_id, contact_id)
    return Outcome(done, frozenset(session.changed))


def make(
    replica: Replica,
    ticket_id: str,
    name: str,
    *,
    customer_id: str | None = None,
    customer_name: str = "",
    others: Collection[str] = (),
) -> Outcome[Sorted]:
    """Make a contact called `name` of who wrote, of a customer or of a new one, and say that it is his.

    Without `customer_id` a customer is made, called `customer_name` or else as the contact.
    """
    with replica.write() as session:
        ticket = _ticket(session, ticket_id)
        made: list[tuple[str, str]] = []
        if customer_id is None:
            values: dict[str, Plain] = {"name": customer_name.strip() or name.strip()}
            customer_id = records.create_in(session, replica, "customer", values).id
            made.append(("customer", customer_id))
        person: dict[str, Plain] = {"name": name.strip(), "customer_id": customer_id}
        for own, theirs in (("email", "from_address"), ("phone", "from_phone")):
            if ticket.get(theirs):
                person[own] = ticket.get(theirs)
        if ticket.get("chat_name"):
            person["social_accounts"] = ticket.get("chat_name")
        contact_id = records.create_in(session, replica, "contact", person).id
        made.append(("contact", contact_id))
        done = _link_in(session, replica, (ticket_id, *others), customer_id, contact_id)
        done = Sorted(before=done.before, made=tuple(made))
    return Outcome(done, frozenset(session.changed))


def bar(replica: Replica, ticket_id: str, others: Collection[str] = (), reason: str = "") -> Outcome[Sorted]:
    """Close a ticket as junk and bar its sender; `UserError` for one who said nothing to be known by."""
    with replica.write() as session:
        ticket = _ticket(session, ticket_id)
        address = _barred_as(ticket)
        if not address:
            raise UserError(N_("This ticket says nothing its sender could be known by"))
        before: dict[str, Mapping[str, Plain]] = {}
        for each in (ticket_id, *others):
            held = _ticket(session, each)
            if held.get("status") != ENDED:
                before[each] = {"status": held.get("status")}
                records.update_in(session, replica, "ticket", each, {"status": ENDED})
        made: tuple[tuple[str, str], ...] = ()
        if not _is_barred(session, address):
            values: dict[str, Plain] = {"address": address}
            if reason.strip():
                values["reason"] = reason.strip()
            made = ((BARRED, records.create_in(session, replica, BARRED, values).id),)
        done = Sorted(before=before, made=made)
    return Outcome(done, frozenset(session.changed))


def take_back(replica: Replica, done: Sorted) -> Outcome[Sorted]:
    """Undo one of these: the tickets are as before, and what was made for it is deleted."""
    with replica.write() as session:
        for ticket_id, before in done.before.items():
            records.update_in(session, replica, "ticket", ticket_id, dict(before))
        for entity, record_id in reversed(done.made):
            records.delete_in(session, replica, entity, record_id)
    return Outcome(done, frozenset(session.changed))


def _link_in(
    session: WriteSession,
    replica: Replica,
    ticket_ids: Sequence[str],
    customer_id: str | None,
    contact_id: str | None,
) -> Sorted:
    wanted: dict[str, Plain] = {"customer_id": customer_id, "contact_id": contact_id}
    before: dict[str, Mapping[str, Plain]] = {}
    for each in dict.fromkeys(ticket_ids):
        held = _ticket(session, each)
        before[each] = {name: held.get(name) for name in wanted}
        records.update_in(session, replica, "ticket", each, wanted)
    return Sorted(before=before)


def _ticket(session: Session, ticket_id: str) -> Record:
    found = repository.get(session, "ticket", ticket_id)
    if found is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return found


def _others(session: Session, ticket: Record) -> list[str]:
    """Return the ids of other tickets of the same sender that are nobody's, newest first."""
    name = next((name for name in _OF_ONE if ticket.get(name)), None)
    if name is None:
        return []
    statement = (
        select(Ticket.id)
        .where(getattr(Ticket, name) == ticket.get(name), Ticket.life % 2 == 1, Ticket.id != ticket.id)
        .where(Ticket.customer_id.is_(None), Ticket.contact_id.is_(None))
        .order_by(Ticket.created_at.desc(), Ticket.id)
        .limit(MOST_OTHERS)
    )
    return list(session.scalars(statement))


def _suggestions(replica: Replica, ticket: Record) -> tuple[Suggestion, ...]:
    """Return who may have written it, the likeliest first: alike in what is known, then of the domain."""
    found: dict[_Key, list[Message]] = {}
    with replica.read() as session:
        for customer_id, contact_id in _earlier(session, ticket):
            found.setdefault((customer_id, contact_id), []).append(_EARLIER)
    values = {"name": ticket.get("from_name"), "email": ticket.get("from_address")}
    values |= {"phone": ticket.get("from_phone")}
    for entity in ("contact", "customer"):
        if not rights.may_do(replica, Action.READ, entity):
            continue
        for match in duplicates.matches(replica, entity, values, limit=MOST):
            own: _Key = (None, match.record_id) if entity == "contact" else (match.record_id, None)
            found.setdefault(own, []).extend(match.reasons)
    with replica.read() as session:
        for key, reasons in _of_domain(session, replica, ticket):
            found.setdefault(key, []).extend(reasons)
        return _shown(session, replica, found)


def _earlier(session: Session, ticket: Record) -> list[_Key]:
    """Return whose earlier tickets of the same sender are, the newest first."""
    same = [getattr(Ticket, name) == ticket.get(name) for name in _OF_ONE if ticket.get(name)]
    if not same:
        return []
    statement = (
        select(Ticket.customer_id, Ticket.contact_id)
        .where(or_(*same), Ticket.life % 2 == 1, Ticket.id != ticket.id)
        .where(or_(Ticket.customer_id.is_not(None), Ticket.contact_id.is_not(None)))
        .order_by(Ticket.created_at.desc())
        .limit(20)
    )
    pairs = ((row.customer_id, row.contact_id) for row in session.execute(statement))
    return [(None, contact_id) if contact_id else (customer_id, None) for customer_id, contact_id in pairs]


def _of_domain(session: Session, replica: Replica, ticket: Record) -> Iterator[tuple[_Key, list[Message]]]:
    """Yield customers whose web site or mail is of the domain of an address, unless it is a provider's.

    A person of such a customer who is called like who wrote comes in his place.
    """
    address, name = str(ticket.get("from_address") or ""), str(ticket.get("from_name") or "")
    if not address or not rights.may_do(replica, Action.READ, "customer"):
        return
    keys = [key for key in keys_of(traits_of("customer", {"email": address})) if is_site(key)]
    ids = alike.with_keys(session, "customer", keys)
    if len(ids) > MOST:
        return
    said = person_of(name) if name and rights.may_do(replica, Action.READ, "contact") else None
    for customer_id in ids:
        people = select(Contact.id, Contact.name).where(
            Contact.customer_id == customer_id, Contact.life % 2 == 1
        )
        rows = session.execute(people.limit(MOST_OTHERS)).all() if said is not None else ()
        own = [row.id for row in rows if said and row.name and are_named_alike(person_of(row.name), said)]
        for contact_id in own:
            yield (None, contact_id), [SAME_PERSON, _SAME_DOMAIN]
        if not own:
            yield (customer_id, None), [_SAME_DOMAIN]


def _shown(
    session: Session, replica: Replica, found: Mapping[_Key, Sequence[Message]]
) -> tuple[Suggestion, ...]:
    contacts = repository.get_many(session, "contact", [each for _, each in found if each])
    customers = repository.get_many(
        session,
        "customer",
        {
            *(each for each, _ in found if each),
            *(str(each.get("customer_id")) for each in contacts.values() if each.get("customer_id")),
        },
    )
    shown: list[Suggestion] = []
    for (customer_id, contact_id), reasons in found.items():
        record = contacts.get(contact_id) if contact_id else customers.get(customer_id or "")
        if record is None or not record.alive:
            continue
        if not rights.may(session, replica.person, Action.READ, record.entity, record.values):
            continue
        of = customers.get(str(record.get("customer_id") or "")) if contact_id else None
        shown.append(
            Suggestion(
                customer_id=of.id if of is not None else customer_id,
                contact_id=contact_id,
                title=record.title,
                customer_name=of.title if of is not None else "",
                reasons=tuple({each.text: each for each in reasons}.values()),
            )
        )
    return tuple(shown[:MOST])


def _barred_as(ticket: Record) -> str:
    return next(
        (form for name in _OF_ONE if (form := barred_form(str(ticket.get(name) or ""))) is not None), ""
    )


def _is_barred(session: Session, address: str) -> bool:
    held = select(BarredSender.id).where(BarredSender.address == address, BarredSender.life % 2 == 1)
    return session.scalar(held.limit(1)) is not None
