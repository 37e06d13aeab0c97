"""Who writes to service: the customer and contact behind an address, a number or a name in a chat.

By mail address first: contacts, then customers. Then by what earlier tickets of the same sender were given
to, so that nobody says twice whose somebody is. Many are looked up at once: an address nobody has is looked
for in all customers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, func, or_, select

from crm_core.entities import SCHEMAS
from crm_core.rules.barring import BARRED, barred_as
from crm_core.rules.duplicates import keys_of, traits_of
from crm_core.rules.uniqueness import key_of
from crm_core.schema.phones import compared_form, without_extension
from sync_server.services.records import chunks
from sync_server.store.alike import AlikeKey
from sync_server.store.tables import UniqueKey, table_of

Links = dict[str, str]
"""`customer_id` and `contact_id`, as far as they are known."""

_CONTACT: Final = SCHEMAS["contact"]
_CUSTOMER: Final = SCHEMAS["customer"].table
_TICKET: Final = SCHEMAS["ticket"].table
_BARRED: Final = SCHEMAS[BARRED].table
_KEYS: Final = table_of(UniqueKey)
_BY: Final = ("from_address", "chat_name", "from_phone")
_EARLIER: Final = 5
_LOOKED_AT: Final = 50
_DIGITS_LEAST: Final = 5
"""A shorter number is an extension, which everybody has."""
_ALIKE: Final = table_of(AlikeKey)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who wrote, as he says himself; '' for what he does not say."""

    name: str = ""
    address: str = ""
    phone: str = ""
    chat_name: str = ""


class Senders:
    """What one transaction knows of who writes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, Links] = {}
        self._barred: dict[str, bool] = {}

    def learn(self, addresses: Iterable[str]) -> None:
        """Look mail addresses up, all at once."""
        wanted = sorted({each.lower() for each in addresses if each} - self._known.keys())
        for some in chunks(wanted):
            found: dict[str, Links] = {}
            for row in self._connection.execute(_contacts(some)):
                found.setdefault(str(row.email).lower(), _links_of("contact", row))
            strangers = [each for each in some if each not in found]
            if strangers:
                email = func.lower(_CUSTOMER.c.email)
                query = select(_CUSTOMER.c.id, email.label("email")).where(email.in_(strangers))
                for row in self._connection.execute(query.where(_lives(_CUSTOMER)).order_by(*_newest())):
                    found.setdefault(row.email, {"customer_id": row.id})
            self._known.update((each, found.get(each, {})) for each in some)
            self._learn_barred(some)

    def links(self, sender: Sender) -> Links:
        """Return whose a sender is; nothing for a stranger."""
        address = sender.address.lower()
        if address:
            self.learn((address,))
            if self._known[address]:
                return self._known[address]
        earlier = self._earlier(sender)
        if earlier:
            return earlier
        return self._by_phone(sender.phone) if sender.phone else {}

    def is_barred(self, sender: Sender) -> bool:
        """Tell whether nothing is taken in from this sender."""
        if not (sender.phone or sender.chat_name) and sender.address.lower() in self._barred:
            return self._barred[sender.address.lower()]
        return bool(self._barring(barred_as(sender.address, sender.phone, sender.chat_name)))

    def _learn_barred(self, addresses: Sequence[str]) -> None:
        forms = {each: barred_as(each) for each in addresses}
        barring = self._barring({form for own in forms.values() for form in own})
        self._barred.update((each, not barring.isdisjoint(own)) for each, own in forms.items())

    def _barring(self, forms: Collection[str]) -> set[str]:
        """Return those of some forms that are barred."""
        column = func.lower(_BARRED.c.address)
        barring: set[str] = set()
        for some in chunks(sorted(forms)):
            query = select(column).where(column.in_(some), _lives(_BARRED))
            barring.update(self._connection.execute(query).scalars())
        return barring

    def _earlier(self, sender: Sender) -> Links:
        """Return whose the newest ticket of the same sender is that is somebody's."""
        said = {"from_address": sender.address.lower(), "chat_name": sender.chat_name}
        for name in _BY[:2]:
            if not said[name]:
                continue
            query = (
                select(_TICKET.c.customer_id, _TICKET.c.contact_id)
                .where(_TICKET.c[name] == said[name], _lives(_TICKET))
                .where(or_(_TICKET.c.customer_id.is_not(None), _TICKET.c.contact_id.is_not(None)))
                .order_by(_TICKET.c.created_at.desc(), _TICKET.c.id)
                .limit(_EARLIER)
            )
            for row in self._connection.execute(query).mappings():
                links = self._of_now(row)
                if links:
                    return links
        return {}

    def _of_now(self, row: Mapping[Any, Any]) -> Links:
        """Return what a ticket links to as it is now: people change from one customer to another."""
        contact, customer = _CONTACT.table, _CUSTOMER
        if row["contact_id"]:
            query = select(contact.c.customer_id).where(contact.c.id == row["contact_id"], _lives(contact))
            found = self._connection.execute(query).first()
            if found is not None:
                links = {"contact_id": row["contact_id"]}
                return links | ({"customer_id": found.customer_id} if found.customer_id else {})
        if row["customer_id"]:
            query = select(customer.c.id).where(customer.c.id == row["customer_id"], _lives(customer))
            if self._connection.execute(query).first() is not None:
                return {"customer_id": row["customer_id"]}
        return {}

    def _by_phone(self, phone: str) -> Links:
        """Return who has a number, people before companies: as it stands, or as HQ looks records up by it.

        Behind a switchboard are several: without his extension it tells one's company, not who he is.
        """
        whole, wanted = compared_form(phone), _compared(phone)
        if len(wanted) < _DIGITS_LEAST:
            return {}
        for entity in ("contact", "customer"):
            table = SCHEMAS[entity].table
            keys = select(_ALIKE.c.row_id).where(
                _ALIKE.c.key.in_(keys_of(traits_of(entity, {"phone": phone})))
            )
            query = select(table).where(
                _lives(table), or_(table.c.phone.in_({phone.strip(), whole, wanted}), table.c.id.in_(keys))
            )
            order = (table.c.phone != whole, *_newest(table))
            rows = self._connection.execute(query.order_by(*order).limit(_LOOKED_AT)).all()
            found = [row for row in rows if row.phone and _compared(row.phone) == wanted]
            exact = [row for row in found if compared_form(row.phone) == whole]
            if exact or len(found) == 1:
                return _links_of(entity, (exact or found)[0])
            customers = {_links_of(entity, row).get("customer_id") for row in found}
            if len(customers) == 1 and None not in customers:
                return {"customer_id": str(customers.pop())}
        return {}


def _compared(phone: str) -> str:
    """Return what numbers have in common that differ in nothing but their extensions."""
    return compared_form(without_extension(phone))


def _links_of(entity: str, row: Any) -> Links:
    if entity == "customer":
        return {"customer_id": row.id}
    return {"contact_id": row.id} | ({"customer_id": row.customer_id} if row.customer_id else {})


def _contacts(addresses: Sequence[str]) -> Any:
    """Return the query for contacts with one of several addresses, by the keys HQ keeps of them."""
    field = _CONTACT.fields["email"]
    hashes = [key for each in addresses if (key := key_of(field, each)) is not None]
    contact = _CONTACT.table
    keys = and_(
        _KEYS.c.entity == _CONTACT.no,
        _KEYS.c.field == field.no,
        _KEYS.c.hash.in_(hashes),
        _KEYS.c.row_id == contact.c.id,
    )
    columns = (contact.c.id, contact.c.customer_id, contact.c.email)
    return select(*columns).join(_KEYS, keys).where(_lives(contact)).order_by(*_newest(contact))


def _lives(table: Any) -> Any:
    return table.c.life % 2 == 1


def _newest(table: Any = _CUSTOMER) -> tuple[Any, ...]:
    return table.c.created_at.desc(), table.c.id
