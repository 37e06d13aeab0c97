"""What a customer owes and has paid, by currency: summed in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from crm_core.entities.payment import Instalment, Receipt
from crm_core.rules.access import Action
from crm_desktop.models.replica import Replica
from crm_desktop.services import rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a customer owes in one currency, in minor units."""

    currency: str
    open_minor: int = 0
    overdue_minor: int = 0
    unmatched_minor: int = 0
    """Money of his nobody has said what it was for."""
    paid_minor: int = 0
    due_on: str | None = None
    """The first day on which something of it is or was due, as `YYYY-MM-DD`."""


def balances(replica: Replica, customer_id: str) -> tuple[Balance, ...]:
    """Return what a customer owes, by currency. `AccessDenied` for who reads no instalments."""
    rights.may_do(replica, Action.READ, "instalment").demand()
    with replica.read() as session:
        return balances_in(session, replica, customer_id)


def balances_in(session: Session, replica: Replica, customer_id: str) -> tuple[Balance, ...]:
    """Return the same within a session; nothing for who reads no instalments."""
    if not rights.may(session, replica.person, Action.READ, "instalment"):
        return ()
    today = replica.clock.today().isoformat()
    paid = func.coalesce(Instalment.paid, 0)
    left = func.max(func.coalesce(Instalment.amount, 0) - paid, 0)
    found: dict[str, dict[str, Any]] = {}
    rows = session.execute(
        select(
            Instalment.currency,
            func.sum(left).label("open_minor"),
            func.sum(case((Instalment.due_on < today, left), else_=0)).label("overdue_minor"),
            func.sum(paid).label("paid_minor"),
            func.min(case((left > 0, Instalment.due_on))).label("due_on"),
        )
        .where(Instalment.customer_id == customer_id, Instalment.status == "agreed", Instalment.life % 2 == 1)
        .group_by(Instalment.currency)
    )
    for row in rows.mappings():
        found[row["currency"] or ""] = {name: row[name] for name in row if name != "currency"}
    if rights.may(session, replica.person, Action.READ, "receipt"):
        unmatched = func.sum(func.coalesce(Receipt.amount, 0) - func.coalesce(Receipt.matched, 0))
        posted = (Receipt.customer_id == customer_id, Receipt.status == "posted", Receipt.life % 2 == 1)
        for currency, minor in session.execute(
            select(Receipt.currency, unmatched).where(*posted).group_by(Receipt.currency)
        ):
            found.setdefault(currency or "", {})["unmatched_minor"] = minor
    return tuple(Balance(currency=currency, **found[currency]) for currency in sorted(found))
