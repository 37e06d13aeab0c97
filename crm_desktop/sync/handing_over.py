"""What was made before the laptop was connected becomes its new person's.

Until then records belong to a person HQ never heard of, and HQ would refuse every one of them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, Text, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Kind
from crm_desktop.models.device_tables import History, OutboxOp, RowMeta, Shadow


def hand_over(session: Session, before: str, user_id: str) -> None:
    """Put one user in the place of another in every record and in every operation that waits.

    In the transaction of the enrolment, which records nothing. The user handed over from goes.
    """
    connection = session.connection()
    for schema in SCHEMAS.values():
        table = schema.table
        for field in schema.fields.values():
            if field.kind is Kind.REF and field.target == "user":
                column = table.c[field.name]
                connection.execute(update(table).where(column == before).values({field.name: user_id}))
    for model, names in ((OutboxOp, ("value",)), (Shadow, ("value",)), (History, ("old", "new"))):
        _rewrite(session, model.__table__, names, before, user_id)  # type: ignore[arg-type]
    users = SCHEMAS["user"].table
    connection.execute(delete(users).where(users.c.id == before))
    connection.execute(delete(RowMeta).where(RowMeta.entity == "user", RowMeta.row_id == before))


def _rewrite(session: Session, table: Table, names: tuple[str, ...], before: str, after: str) -> None:
    keys = list(table.primary_key.columns)
    mentions = or_(*(cast(table.c[name], Text).contains(before) for name in names))
    for row in session.connection().execute(select(table).where(mentions)).mappings().all():
        values = {name: _replaced(row[name], before, after) for name in names}
        this_row = [key == row[key.name] for key in keys]
        session.connection().execute(update(table).where(*this_row).values(values))


def _replaced(value: Any, before: str, after: str) -> Any:
    if value == before:
        return after
    if isinstance(value, list):
        return [_replaced(item, before, after) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, before, after) for key, item in value.items()}
    return value
