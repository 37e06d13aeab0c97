"""Days and states of instalments follow from what they are of and what is paid: computed here, never sent.

HQ computes its own, by the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.order import Order
from crm_core.entities.payment import Instalment
from crm_core.rules import payment_checks, payments
from crm_desktop.models.session import WriteSession


class LaptopBooks:
    """The records of this laptop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, entity: str, record_id: str) -> Mapping[str, Any] | None:
        """Return a living record's values; None where there is none."""
        table = SCHEMAS[entity].table
        query = select(table).where(table.c.id == record_id, table.c.life % 2 == 1)
        row = self._session.execute(query).mappings().first() if record_id else None
        return dict(row) if row is not None else None

    def living(self, entity: str, link: str, record_id: str) -> list[Mapping[str, Any]]:
        """Return the living records of a kind that point at one, by their ids."""
        table = SCHEMAS[entity].table
        query = select(table).where(table.c[link] == record_id, table.c.life % 2 == 1).order_by(table.c.id)
        return [dict(row) for row in self._session.execute(query).mappings()]

    def holding(self, entity: str, field: str, text: str) -> list[Mapping[str, Any]]:
        """Return the living records of a kind one of whose text fields holds just that."""
        return self.living(entity, field, text)

    def summed(self, links: Mapping[str, str]) -> int:
        """Return what the living shares that point at all of these come to, by the ids under their links."""
        table = SCHEMAS["receipt_share"].table
        query = select(func.coalesce(func.sum(table.c.amount), 0)).where(table.c.life % 2 == 1)
        for link, record_id in links.items():
            query = query.where(table.c[link] == record_id)
        return int(self._session.execute(query).scalar_one())


def refresh(session: WriteSession, record_ids: Iterable[str]) -> None:
    """Compute days and states of instalments anew from what is on this laptop."""
    session.flush()
    books, table = LaptopBooks(session), SCHEMAS["instalment"].table
    for record_id in sorted(record_ids):
        instalment = books.get("instalment", record_id)
        if instalment is None:
            continue
        derived = payments.derived(instalment, *payment_checks.days_of(books, instalment))
        changed = {name: value for name, value in derived.items() if value != instalment[name]}
        if changed:
            # A computed field makes no operation, so it is written past the recorder, as is.
            session.connection().execute(update(table).where(table.c.id == record_id).values(changed))
            session.expire_all()
            session.touch("instalment", [record_id])


def of_holder(session: Session, entity: str, record_id: str) -> list[str]:
    """Return the instalments whose days may follow from an order or contract."""
    if entity not in ("order", "contract"):
        return []
    if entity == "order":
        return list(session.scalars(select(Instalment.id).where(Instalment.order_id == record_id)))
    orders = select(Order.id).where(Order.contract_id == record_id)
    wanted = (Instalment.contract_id == record_id) | Instalment.order_id.in_(orders)
    return list(session.scalars(select(Instalment.id).where(wanted)))
