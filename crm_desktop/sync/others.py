"""Long texts that gave way to one written here are kept beside it."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crm_core.entities import BY_NO
from crm_core.sync.codec import unpack_value
from crm_core.sync.protocol import OtherVersion
from crm_desktop.models import device_tables


def keep_other(session: Session, told: OtherVersion, changed: set[tuple[str, str]]) -> None:
    """Keep another version; one that is told again, after the laptop began anew, is kept once."""
    schema = BY_NO.get(told.entity)
    if schema is None:
        return
    row_id, kept = told.row.hex(), device_tables.OtherVersion
    known = select(kept.id).where(
        kept.entity == schema.name,
        kept.row_id == row_id,
        kept.field == str(told.field),
        kept.at_ms == told.at_ms,
        kept.text == told.text,
    )
    if session.scalar(known) is not None:
        return
    session.execute(
        insert(kept).values(
            entity=schema.name,
            row_id=row_id,
            field=str(told.field),
            text=told.text,
            user_id=unpack_value(told.user),
            at_ms=told.at_ms,
            is_open=True,
        )
    )
    changed.add((schema.name, row_id))
