"""Numbers for records that were made here while this laptop had none left."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.schema.reading import Schema
from crm_desktop.models import numbers, repository
from crm_desktop.models.device_tables import History
from crm_desktop.models.session import WriteSession


def number_the_rest(session: WriteSession, today: datetime.date) -> None:
    """Give numbers to the living records made on this laptop that have none, oldest first.

    Inside a transaction that records. What no number is left for waits for the next lease.
    """
    for schema in SCHEMAS.values():
        series = schema.meta.series
        for record_id in _numberless(session, schema) if series else ():
            number = numbers.take(session, str(series), today)
            if number is None:
                break
            repository.update(session, schema.name, record_id, {"number": number})


def _numberless(session: Session, schema: Schema) -> list[str]:
    table: Any = schema.table
    made_here = select(History.row_id).where(
        History.entity == schema.name, History.field == "", History.old.is_(None), History.origin == "here"
    )
    query = (
        select(table.c.id)
        .where(table.c.number.is_(None), table.c.life % 2 == 1, table.c.id.in_(made_here))
        .order_by(table.c.created_at, table.c.id)
    )
    return list(session.scalars(query))
