"""Final numbers given out with no network, from the ranges HQ leased to this laptop."""

from __future__ import annotations

import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_desktop.models import state
from crm_desktop.models.device_tables import History, NumberLease

# One lease in use and one spare: whoever uses one up in the field goes on with the other.
LEASES_HELD = 2
LEASE_SIZE = 50
"""Of a laptop that has given out none yet, where HQ says nothing else."""
LEAST, MOST = 10, 500
USE_MS = 30 * 24 * 60 * 60 * 1000
"""A lease is to last about as long as this laptop's own use of the last 30 days."""
SERIES = tuple(
    schema.meta.series for schema in SCHEMAS.values() if schema.meta.series and not schema.meta.gapless
)
"""Series laptops hold numbers of; those without gaps HQ numbers at posting."""


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


def draft(device: int, record_id: str) -> str:
    """Return what stands for a number until there is one: told apart from every number, on paper too."""
    return f"DRAFT-{device}-{record_id[-4:].upper()}"


def left(session: Session, series: str) -> int:
    """Return how many numbers of a series this laptop may still give out."""
    remaining = session.scalar(
        select(func.sum(NumberLease.hi - NumberLease.next + 1)).where(NumberLease.series == series)
    )
    return remaining or 0


def leases_wanted(session: Session, now_ms: int) -> dict[str, int]:
    """Return how many numbers to ask HQ for, by series; nothing where one is in use and one spare."""
    held = {
        row[0]: row[1]
        for row in session.execute(
            select(NumberLease.series, func.count())
            .where(NumberLease.next <= NumberLease.hi)
            .group_by(NumberLease.series)
        )
    }
    return {series: _size(session, series, now_ms) for series in SERIES if held.get(series, 0) < LEASES_HELD}


def _size(session: Session, series: str, now_ms: int) -> int:
    """Return how large a lease suits this laptop: what it gave out in the last 30 days."""
    entities = [schema.name for schema in SCHEMAS.values() if schema.meta.series == series]
    made_here = select(func.count()).where(
        History.entity.in_(entities),
        History.field == "",
        History.old.is_(None),
        History.origin == "here",
        History.at_ms > now_ms - USE_MS,
    )
    used = session.scalar(made_here) or 0
    told = state.read(session, state.Key.SETTINGS).get("lease_size")
    usual = told if isinstance(told, int) else LEASE_SIZE
    return max(LEAST, min(used or usual, MOST))
