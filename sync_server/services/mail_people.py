"""Whom HQ knows by a mail address: customers' people, leads, and those who work here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from crm_core.entities import SCHEMAS
from crm_core.entities.lead import OPEN
from crm_core.rules import pipeline
from sync_server.services.headquarters import Headquarters
from sync_server.services.records import chunks

_LOOKED_AT: Final = 50
"""Records with one address looked at for the sender's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Somebody outside: the fields an activity links to, and whose he is."""

    links: dict[str, str]
    owner_id: str | None

    @property
    def about(self) -> str:
        """The customer or lead he is or belongs to."""
        return self.links.get("customer_id") or self.links.get("lead_id") or self.links["contact_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody who works here, or did."""

    id: str
    active: bool


def known_by(hq: Headquarters, address: str, colleague_id: str | None = None) -> Known | None:
    """Return who has a mail address: a contact, a customer, or a lead still worked on.

    Of several of one kind a colleague's own comes first, then the newest.
    """
    with hq.database.read() as snapshot:
        connection = snapshot.connection
        for entity in ("contact", "customer", "lead"):
            found = [_known(connection, entity, row) for row in _rows(connection, entity, address)]
            if found:
                return next((each for each in found if each.owner_id == colleague_id), found[0])
    return None


def colleague_by(hq: Headquarters, address: str) -> Colleague | None:
    """Return the user with a mail address, one who may sign in before one who may not; None: nobody."""
    with hq.database.read() as snapshot:
        return colleague_on(snapshot.connection, address)


def colleague_on(connection: Connection, address: str) -> Colleague | None:
    """Return the same of one moment of the database."""
    return colleagues_among(connection, (address,)).get(address)


def colleagues_among(connection: Connection, addresses: Collection[str]) -> dict[str, Colleague]:
    """Return the users that have some mail addresses, by address."""
    user = SCHEMAS["user"].table
    email = func.lower(user.c.email)
    query = select(user.c.id, user.c.active, email.label("email")).where(user.c.life % 2 == 1)
    found: dict[str, Colleague] = {}
    for some in chunks(sorted(addresses)):
        for row in connection.execute(query.where(email.in_(some)).order_by(user.c.id)):
            each = Colleague(id=row.id, active=row.active is not False)
            if row.email not in found or (each.active and not found[row.email].active):
                found[row.email] = each
    return found


def _rows(connection: Connection, entity: str, address: str) -> Sequence[Any]:
    table = SCHEMAS[entity].table
    query = select(table).where(func.lower(table.c.email) == address, table.c.life % 2 == 1)
    if entity == "lead":
        query = query.where(func.coalesce(table.c.status, "new").in_(OPEN))
    return connection.execute(query.order_by(table.c.created_at.desc()).limit(_LOOKED_AT)).all()


def _known(connection: Connection, entity: str, row: Any) -> Known:
    if entity == "lead":
        return Known(links={"lead_id": row.id}, owner_id=row.owner_id)
    if entity == "customer":
        return Known(links={"customer_id": row.id} | _only_deal(connection, row.id), owner_id=row.owner_id)
    links = {"contact_id": row.id}
    if row.customer_id:
        links |= {"customer_id": row.customer_id} | _only_deal(connection, row.customer_id)
    customer = SCHEMAS["customer"].table
    owner_of = select(customer.c.owner_id).where(customer.c.id == row.customer_id)
    return Known(links=links, owner_id=connection.execute(owner_of).scalar())


def _only_deal(connection: Connection, customer_id: str) -> dict[str, str]:
    """Return the link to a customer's open deal; of several nobody can tell which one a mail is about."""
    deal, stage = SCHEMAS["deal"].table, SCHEMAS["stage"].table
    query = (
        select(deal.c.id)
        .join(stage, stage.c.id == deal.c.stage_id)
        .where(deal.c.customer_id == customer_id, deal.c.life % 2 == 1, stage.c.kind == pipeline.OPEN)
        .limit(2)
    )
    found = connection.execute(query).scalars().all()
    return {"deal_id": found[0]} if len(found) == 1 else {}
