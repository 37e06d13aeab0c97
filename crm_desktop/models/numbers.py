"""Final numbers given out with no network, from the ranges HQ leased to this laptop."""

from __future__ import annotations

import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_desktop.models.device_tables import NumberLease

# One lease in use and enough left for a day of work before the next sync.
REFILL_BELOW = 25
LEASE_SIZE = 50
SERIES = tuple(schema.meta.series for schema in SCHEMAS.values() if schema.meta.series)


def take(session: Session, series: str, today: datetime.date) -> str | None:
    """Give out the next number of a series, or None where this laptop has none left.

    Belongs into the transaction that uses the number: a number is given out once or never.
    """
    lease = session.scalars(
        select(NumberLease)
        .where(NumberLease.series == series, NumberLease.next <= NumberLease.hi)
        .order_by(NumberLease.lo)
        .limit(1)
    ).first()
    if lease is None:
        return None
    number = lease.next
    session.execute(
        update(NumberLease)
        .where(NumberLease.series == series, NumberLease.lo == lease.lo)
        .values(next=number + 1)
    )
    return lease.pattern.format(year=today.year, number=number)


def left(session: Session, series: str) -> int:
    """Return how many numbers of a series this laptop may still give out."""
    remaining = session.scalar(
        select(func.sum(NumberLease.hi - NumberLease.next + 1)).where(NumberLease.series == series)
    )
    return remaining or 0


def leases_wanted(session: Session) -> dict[str, int]:
    """Return how many numbers to ask HQ for, by series; nothing where enough are left."""
    return {series: LEASE_SIZE for series in SERIES if left(session, series) < REFILL_BELOW}
