"""What tests of the replica ask of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.ids import named_id
from crm_core.rules.access import Person, Reach, read_rights
from crm_core.rules.scopes import EVERYONE
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_desktop.models.device_tables import History, OutboxOp, OutboxTxn, RowMeta, SetDot, Shadow
from crm_desktop.models.replica import Replica

KEY = bytes(range(32))


def number(entity: str, field: str) -> str:
    """Return how device tables name a field."""
    return str(SCHEMAS[entity].fields[field].no)


def outbox(replica: Replica) -> list[OutboxOp]:
    """Return the operations that wait, in their order."""
    with replica.read() as session:
        return list(session.scalars(select(OutboxOp).order_by(OutboxOp.no)))


def rows_of(replica: Replica, table: type[Any], *order: Any) -> list[Any]:
    """Return every row of a device table."""
    with replica.read() as session:
        return list(session.scalars(select(table).order_by(*order)))


def history(replica: Replica, row_id: str) -> list[tuple[str, Any, Any]]:
    """Return a record's history, oldest first: field number, before, after."""
    found = rows_of(replica, History, History.id)
    return [(row.field, row.old, row.new) for row in found if row.row_id == row_id]


BOOKKEEPING = ("3", "4")


def shadows(replica: Replica, row_id: str) -> dict[str, Any]:
    """Return the confirmed values under a record's pending edits, without when and by whom it was changed."""
    kept = {row.field: row.value for row in rows_of(replica, Shadow) if row.row_id == row_id}
    return {field: value for field, value in kept.items() if field not in BOOKKEEPING}


def dots(replica: Replica, row_id: str) -> set[tuple[str, str]]:
    """Return the present additions to a record's sets."""
    return {(row.word, row.dot) for row in rows_of(replica, SetDot) if row.row_id == row_id}


def confirm_everything(session: Session) -> None:
    """Do as if HQ had answered all: what rows hold is confirmed, nothing waits."""
    run = session.connection().exec_driver_sql
    for table in (OutboxOp, OutboxTxn, Shadow):
        run(f"DELETE FROM {table.__tablename__}")
    run(f"UPDATE {RowMeta.__tablename__} SET local = 0, base = 7, life = 1")


def person(role: str, user: str = "somebody") -> Person:
    """Return somebody of a standard role who sees every row that role could."""
    return Person(
        user_id=named_id("user", user),
        rights=read_rights(STANDARD_ROLES[role][1]),
        scopes={reach: frozenset((EVERYONE,)) for reach in Reach},
    )


def titles(records: Iterable[Any]) -> list[str]:
    """Return what records or hits are called."""
    return [record.title for record in records]
