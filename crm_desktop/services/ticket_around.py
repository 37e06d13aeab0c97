"""What stands around a ticket: its category's path, the product it is about with its warranty, its parts."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities.order import InstalledProduct
from crm_core.entities.service import TicketCategory
from crm_core.entities.ticket import Ticket
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.installed import RETIRED
from crm_core.rules.ticket_routing import OPEN
from crm_core.schema.field import Plain
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome

MOST_PARTS = 50
_DEEPEST = 12
_GOES_TO_PART = ("customer_id", "contact_id", "team_id", "priority", "channel", "product_id", "installed_id")
"""What a part has of the ticket it is a part of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """A product that stands at a customer's, and whether its warranty holds today."""

    id: str
    name: str
    serial: str
    customer_id: str
    customer: str
    product_id: str | None
    warranty_until: str | None
    """The last day; None where nobody gave one."""
    in_warranty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """A ticket that is a part of another, or that has parts."""

    id: str
    number: str
    subject: str
    status: str

    @property
    def is_open(self) -> bool:
        """Whether it is still worked on."""
        return self.status in OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around one ticket."""

    category: str = ""
    """With what it is within, the widest first."""
    stands: Stands | None = None
    parent: PartRow | None = None
    parts: tuple[PartRow, ...] = ()

    @property
    def open_parts(self) -> int:
        """How many parts are still worked on."""
        return sum(each.is_open for each in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """A category one may choose, in the order of a tree."""

    id: str
    name: str
    depth: int
    path: str


def around(session: Session, ticket: Record, today: datetime.date) -> Around:
    """Return what stands around a ticket."""
    parts = session.scalars(
        select(Ticket)
        .where(Ticket.parent_id == ticket.id, Ticket.life % 2 == 1)
        .order_by(Ticket.created_at, Ticket.id)
        .limit(MOST_PARTS)
    ).all()
    parent_id, installed_id = ticket.get("parent_id"), ticket.get("installed_id")
    parent = session.get(Ticket, parent_id) if parent_id else None
    row = session.get(InstalledProduct, installed_id) if installed_id else None
    return Around(
        category=_path(session, ticket.get("category_id")) or str(ticket.get("category") or ""),
        stands=_stands(session, [row], today)[0] if row is not None and row.life % 2 == 1 else None,
        parent=_part(parent) if parent is not None and parent.life % 2 == 1 else None,
        parts=tuple(map(_part, parts)),
    )


def categories(replica: Replica) -> tuple[CategoryRow, ...]:
    """Return the categories one may choose as a tree, by their sequence, then name."""
    with replica.read() as session:
        rows = session.scalars(select(TicketCategory).where(TicketCategory.life % 2 == 1)).all()
    known = {row.id: row for row in rows if not row.retired}
    below: dict[str | None, list[TicketCategory]] = {}
    for row in known.values():
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    found: list[CategoryRow] = []

    def walk(parent_id: str | None, depth: int, path: str) -> None:
        for row in sorted(
            below.get(parent_id, ()), key=lambda each: (each.rank or 0, each.name or "", each.id)
        ):
            here = f"{path} › {row.name}" if path else row.name or ""
            found.append(CategoryRow(id=row.id, name=row.name or "", depth=depth, path=here))
            if depth < _DEEPEST:
                walk(row.id, depth + 1, here)

    walk(None, 0, "")
    return tuple(found)


def standing_at(replica: Replica, customer_id: str) -> tuple[Stands, ...]:
    """Return what stands at a customer's and is in use, by name and serial number."""
    with replica.read() as session:
        rows = session.scalars(
            select(InstalledProduct)
            .where(InstalledProduct.customer_id == customer_id, InstalledProduct.life % 2 == 1)
            .where(func.coalesce(InstalledProduct.status, "") != RETIRED)
            .order_by(InstalledProduct.name, InstalledProduct.serial, InstalledProduct.id)
            .limit(MOST_PARTS)
        ).all()
        return _stands(session, rows, replica.clock.today())


def stands(replica: Replica, installed_id: str) -> Stands | None:
    """Return a product that stands somewhere; None where it is not here."""
    with replica.read() as session:
        row = session.get(InstalledProduct, installed_id)
        if row is None or row.life % 2 == 0:
            return None
        return _stands(session, [row], replica.clock.today())[0]


def values_of(found: Stands) -> dict[str, Plain]:
    """Return what a ticket about a product has of it."""
    return {
        "installed_id": found.id,
        "product_id": found.product_id,
        **({"customer_id": found.customer_id} if found.customer_id else {}),
    }


def choose_product(replica: Replica, ticket_id: str, installed_id: str | None) -> Outcome[Record]:
    """Say which product a ticket is about; a ticket of nobody becomes one of the customer it stands at."""
    with replica.write() as session:
        changes: dict[str, Plain] = {"installed_id": installed_id}
        ticket = repository.get(session, "ticket", ticket_id)
        row = session.get(InstalledProduct, installed_id) if installed_id else None
        if row is not None and ticket is not None:
            changes["product_id"] = row.product_id
            if not ticket.get("customer_id"):
                changes["customer_id"] = row.customer_id
        changed = records.update_in(session, replica, "ticket", ticket_id, changes)
    return Outcome(changed, frozenset(session.changed))


def make_part(replica: Replica, ticket_id: str, subject: str) -> Outcome[Record]:
    """Open a ticket that is a part of another: of the same customer, about the same product."""
    if not subject.strip():
        raise UserError(N_("Say in a few words what it is about"))
    with replica.write() as session:
        ticket = _ticket(session, ticket_id)
        values: dict[str, Plain] = {name: ticket.get(name) for name in _GOES_TO_PART}
        values |= {"subject": subject.strip(), "parent_id": ticket_id, "assignee_id": replica.person.user_id}
        made = records.create_in(session, replica, "ticket", values)
    return Outcome(made, frozenset(session.changed))


def make_part_of(replica: Replica, ticket_id: str, parent_id: str | None) -> Outcome[Record]:
    """Make a ticket a part of another, or of none. Raises `UserError` where that goes round in a circle."""
    with replica.write() as session:
        above, seen = parent_id, set[str]()
        while above and above not in seen:
            if above == ticket_id:
                raise UserError(N_("A ticket cannot be a part of itself, at once or by way of others"))
            seen.add(above)
            above = _ticket(session, above).get("parent_id")
        changed = records.update_in(session, replica, "ticket", ticket_id, {"parent_id": parent_id})
    return Outcome(changed, frozenset(session.changed))


def end_parts(session: WriteSession, replica: Replica, ticket_id: str, status: str) -> tuple[str, ...]:
    """Solve or close the open parts of a ticket with it, inside an open transaction; return which."""
    ids = session.scalars(
        select(Ticket.id)
        .where(Ticket.parent_id == ticket_id, Ticket.life % 2 == 1, Ticket.status.in_(OPEN))
        .order_by(Ticket.created_at, Ticket.id)
    ).all()
    for part_id in ids:
        records.update_in(session, replica, "ticket", part_id, {"status": status})
    return tuple(ids)


def end_with_parts(replica: Replica, ticket_id: str, status: str) -> Outcome[tuple[str, ...]]:
    """Solve or close a ticket and its open parts, in one step; return the parts."""
    with replica.write() as session:
        records.update_in(session, replica, "ticket", ticket_id, {"status": status})
        ended = end_parts(session, replica, ticket_id, status)
    return Outcome(ended, frozenset(session.changed))


def begin_again(
    replica: Replica, ticket_id: str, status: str, parts: Sequence[tuple[str, str]]
) -> Outcome[Record]:
    """Undo that a ticket and parts were ended: each has the state it had."""
    with replica.write() as session:
        changed = records.update_in(session, replica, "ticket", ticket_id, {"status": status})
        for part_id, before in parts:
            records.update_in(session, replica, "ticket", part_id, {"status": before})
    return Outcome(changed, frozenset(session.changed))


def _ticket(session: Session, ticket_id: str) -> Record:
    ticket = repository.get(session, "ticket", ticket_id)
    if ticket is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return ticket


def _part(row: Ticket) -> PartRow:
    return PartRow(id=row.id, number=row.number or "", subject=row.subject or "", status=row.status or "new")


def _path(session: Session, category_id: Plain) -> str:
    names: list[str] = []
    at, seen = category_id, set[str]()
    while isinstance(at, str) and at not in seen:
        seen.add(at)
        row = session.get(TicketCategory, at)
        if row is None:
            break
        names.append(row.name or "")
        at = row.parent_id
    return " › ".join(reversed(names))


def _stands(session: Session, rows: Sequence[InstalledProduct], today: datetime.date) -> tuple[Stands, ...]:
    names = query.labels(session, "customer", {row.customer_id for row in rows if row.customer_id})
    return tuple(
        Stands(
            id=row.id,
            name=row.name or "",
            serial=row.serial or "",
            customer_id=row.customer_id or "",
            customer=names.get(row.customer_id or "", ""),
            product_id=row.product_id,
            warranty_until=row.warranty_until,
            in_warranty=bool(row.warranty_until and row.warranty_until >= today.isoformat()),
        )
        for row in rows
    )
