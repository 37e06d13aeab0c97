"""Edits of this laptop that HQ took and another edit has since replaced, handed back to their author."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crm_core.entities import BY_NO
from crm_core.sync.codec import unpack_column, unpack_value
from crm_core.sync.protocol import Code, LostEdit, OpKind
from crm_desktop.models.device_tables import Returned


def take_lost_edit(session: Session, lost: LostEdit) -> tuple[str, str] | None:
    """Hand back an edit that stood and was replaced unseen; return its record, None where it is known."""
    schema = BY_NO.get(lost.entity)
    if schema is None:
        return None
    row_id = lost.row.hex()
    if session.scalar(
        select(Returned.id).where(
            Returned.op_no == lost.op_no,
            Returned.incarnation == lost.incarnation,
            Returned.field == str(lost.field),
        )
    ):
        return None
    session.execute(
        insert(Returned).values(
            op_no=lost.op_no,
            incarnation=lost.incarnation,
            kind=OpKind.SET,
            entity=schema.name,
            row_id=row_id,
            field=str(lost.field),
            mine=_unpack_all(lost.mine),
            theirs=_unpack_all(lost.theirs),
            code=Code.SUPERSEDED,
            who=unpack_value(lost.user),
            at_ms=lost.at_ms,
        )
    )
    return schema.name, row_id


def _unpack_all(value: Any) -> Any:
    return unpack_column(value) if isinstance(value, list) else unpack_value(value)
