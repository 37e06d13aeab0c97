"""Forms left unfinished, kept on this laptop alone until they are saved or given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from crm_core.schema.field import Plain
from crm_desktop.models.device_tables import Draft
from crm_desktop.models.replica import Replica


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """What was typed into a form. `record_id` None: into the form of a new record."""

    entity: str
    record_id: str | None
    values: Mapping[str, Any]
    at_ms: int


def keep(replica: Replica, entity: str, record_id: str | None, values: Mapping[str, Plain]) -> int:
    """Keep what a form holds, in place of what was kept before; return when, in ms since 1970 UTC."""
    at_ms = replica.clock.now_ms()
    with replica.applying() as session:
        session.merge(Draft(entity=entity, row_id=record_id or "", values=dict(values), at_ms=at_ms))
    return at_ms


def kept(replica: Replica, entity: str, record_id: str | None) -> KeptDraft | None:
    """Return what was kept of a form; None where nothing was."""
    with replica.read() as session:
        row = session.get(Draft, (entity, record_id or ""))
        return None if row is None else _kept_draft(row)


def drop(replica: Replica, entity: str, record_id: str | None) -> None:
    """Forget what was kept of a form; nothing kept is no error."""
    with replica.applying() as session:
        session.execute(delete(Draft).where(Draft.entity == entity, Draft.row_id == (record_id or "")))


def all_kept(replica: Replica) -> tuple[KeptDraft, ...]:
    """Return every draft, newest first: what may be gone on with after a restart."""
    with replica.read() as session:
        return tuple(_kept_draft(row) for row in session.scalars(select(Draft).order_by(Draft.at_ms.desc())))


def _kept_draft(row: Draft) -> KeptDraft:
    return KeptDraft(
        entity=row.entity, record_id=row.row_id or None, values=dict(row.values or {}), at_ms=row.at_ms
    )
