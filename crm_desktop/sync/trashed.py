"""Telling whoever deleted a record here that somebody changed it without knowing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crm_core.i18n import N_
from crm_core.sync.merge import lives
from crm_desktop.models.device_tables import History, SyncEvent
from crm_desktop.sync.page_rows import PageRows

_CHANGED: Final = N_(
    "A colleague changed it and did not know that you had deleted it; restored, it shows the change"
)


def note_changed(session: Session, entity: str, page: PageRows, lines: Sequence[tuple[Any, ...]]) -> None:
    """Note in the Sync centre's history which records deleted here a page changes.

    `lines` are those of the records' own history.
    """
    if not lines:
        return
    dead = {row_id for row_id, life in zip(page.ids, page.lives, strict=True) if not lives(life)}
    changed = {row_id: at_ms for _, row_id, field, _, _, at_ms, _ in lines if field and row_id in dead}
    if not changed:
        return
    turns = select(History.row_id, History.origin).where(
        History.entity == entity, History.row_id.in_(changed), History.field == ""
    )
    deleted_by = {row.row_id: row.origin for row in session.execute(turns.order_by(History.id))}
    told = [
        {"at_ms": at_ms, "kind": "trash", "detail": {"entity": entity, "id": row_id, "reason": _CHANGED}}
        for row_id, at_ms in changed.items()
        if deleted_by.get(row_id) == "here"
    ]
    if told:
        session.execute(insert(SyncEvent), told)
