"""Who reports to whom at a customer, and the companies it is part of or has as parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.customer import Contact, Customer
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.access import Action, decide
from crm_core.rules.tree import Branch, forest
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica

MOST = 500
"""Boxes of a chart; what is beyond is counted and left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person or company of a chart. `soft` and `note` are words as they are stored."""

    id: str
    title: str
    soft: str = ""
    """A contact's job title; of a company the name of its owner."""
    note: str = ""
    """A contact's role in the decision; a company's level. The value, not its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Trees of members, and how many had no room."""

    members: dict[str, Member]
    trees: tuple[Branch, ...]
    left_out: int = 0


def people(replica: Replica, customer_id: str) -> Organisation:
    """Return the contacts of a customer by whom they report to. `NotFound` where it is not here."""
    with replica.read() as session:
        _demand_here(session, customer_id)
        person = replica.person
        if not decide(person, Action.READ, "contact"):
            return Organisation(members={}, trees=())
        shows_role = query.not_masked(person, "contact", "decision_role")
        rows = session.execute(
            select(Contact.id, Contact.name, Contact.title, Contact.decision_role, Contact.reports_to_id)
            .where(Contact.customer_id == customer_id, Contact.life % 2 == 1)
            .order_by(Contact.name, Contact.id)
        ).all()
    kept = rows[:MOST]
    return Organisation(
        members={
            row.id: Member(
                id=row.id,
                title=row.name or "",
                soft=row.title or "",
                note=(row.decision_role or "") if shows_role else "",
            )
            for row in kept
        },
        trees=forest({row.id: row.reports_to_id for row in kept}),
        left_out=len(rows) - len(kept),
    )


def companies(replica: Replica, customer_id: str) -> Organisation:
    """Return the whole group a customer belongs to, as far as this laptop has it.

    `NotFound` where the customer is not here.
    """
    with replica.read() as session:
        _demand_here(session, customer_id)
        root = _top(session, customer_id)
        found: dict[str, Record] = {}
        level, left_out = [root], 0
        while level:
            rows = [row for row in _living(session, level) if row.id not in found]
            left_out += max(0, len(found) + len(rows) - MOST)
            rows = rows[: MOST - len(found)]
            found.update((row.id, row) for row in rows)
            level = _children(session, [row.id for row in rows])
        owners = query.labels(
            session, "user", {str(row["owner_id"]) for row in found.values() if row.get("owner_id")}
        )
    parents = {record_id: row.get("parent_id") for record_id, row in found.items()}
    return Organisation(
        members={
            record_id: Member(
                id=record_id,
                title=row.title,
                soft=owners.get(row.get("owner_id") or "", ""),
                note=row.get("level") or "",
            )
            for record_id, row in found.items()
        },
        trees=forest(parents),
        left_out=left_out,
    )


def _demand_here(session: Session, customer_id: str) -> None:
    if repository.get(session, "customer", customer_id) is None:
        raise NotFound(N_("There is no such record on this laptop"))


def _top(session: Session, customer_id: str) -> str:
    """Return the highest company above a customer that is here; of a circle, where it began."""
    seen = [customer_id]
    while True:
        above = session.execute(
            select(Customer.parent_id).where(Customer.id == seen[-1], Customer.life % 2 == 1)
        ).scalar_one_or_none()
        if above is None or above in seen or not _living(session, [above]):
            return seen[-1]
        seen.append(above)


def _living(session: Session, ids: Iterable[str]) -> list[Record]:
    found = repository.get_many(session, "customer", ids).values()
    return sorted((each for each in found if each.alive), key=lambda each: (each.title, each.id))


def _children(session: Session, ids: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(ids), repository.IDS_A_STATEMENT):
        some = ids[start : start + repository.IDS_A_STATEMENT]
        found += session.scalars(
            select(Customer.id)
            .where(Customer.parent_id.in_(some), Customer.life % 2 == 1)
            .order_by(Customer.name, Customer.id)
        ).all()
    return found
