"""What follows from the records below a quote, contract or order: computed here, never sent.

HQ computes its own, by the same functions.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.order import Delivery, DeliveryLine
from crm_core.rules import deliveries, quote_sums
from crm_core.rules.deliveries import Moved
from crm_core.rules.sheets import SHEETS
from crm_desktop.models import repository
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.session import WriteSession

ORDER = "order"


def lines_of(session: Session, entity: str, record_id: str) -> list[Record]:
    """Return the living lines of a quote, contract or order by their positions."""
    sheet = SHEETS[entity]
    return parts_of(session, entity, record_id, sheet.line)


def parts_of(session: Session, entity: str, record_id: str, part: str) -> list[Record]:
    """Return the living records of a kind that belong to one with lines, by their positions."""
    model: Any = SCHEMAS[part].model
    rows = session.scalars(
        select(model)
        .where(getattr(model, SHEETS[entity].link) == record_id, model.life % 2 == 1)
        .order_by(model.position, model.id)
    )
    return [record_of(row) for row in rows]


def moves_of(session: Session, order_id: str) -> dict[str, Moved]:
    """Return the living deliveries and returns of an order with their lines, by id, the oldest first."""
    made = session.scalars(
        select(Delivery)
        .where(Delivery.order_id == order_id, Delivery.life % 2 == 1)
        .order_by(Delivery.created_at, Delivery.id)
    ).all()
    lines: dict[str, list[Any]] = {row.id: [] for row in made}
    rows = session.scalars(
        select(DeliveryLine)
        .where(DeliveryLine.delivery_id.in_(lines), DeliveryLine.life % 2 == 1)
        .order_by(DeliveryLine.id)
    )
    for row in rows:
        lines[str(row.delivery_id)].append({**record_of(row).values, "id": row.id})
    return {
        row.id: Moved(delivery={**record_of(row).values, "id": row.id}, lines=tuple(lines[row.id]))
        for row in made
    }


def refresh(session: WriteSession, entity: str, record_id: str) -> None:
    """Compute anew, from what is on this laptop, what follows from the records below one with lines."""
    session.flush()
    record = repository.get(session, entity, record_id)
    if record is None:
        return
    lines = [(line.id, line.values) for line in lines_of(session, entity, record_id)]
    follows: dict[str, Any] = {"total": quote_sums.total_of(record.values, lines)}
    if entity == ORDER:
        delivered = deliveries.delivered_of(moves_of(session, record_id).values())
        follows["delivered"] = deliveries.state_of(lines, delivered)
    changed = {name: value for name, value in follows.items() if value != record.get(name)}
    if changed:
        # A computed field makes no operation, so it is written past the recorder, as is.
        table = SCHEMAS[entity].table
        session.connection().execute(update(table).where(table.c.id == record_id).values(changed))
        session.expire_all()
        session.touch(entity, [record_id])


def order_of_delivery(session: Session, delivery_id: str) -> str | None:
    """Return the order a delivery is of, a deleted delivery's too."""
    return session.scalar(select(Delivery.order_id).where(Delivery.id == delivery_id))
