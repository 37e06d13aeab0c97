"""Taking rows out of the replica with every trace of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from crm_core.schema.reading import Schema
from crm_desktop.models import search

_ROW_TABLES = ("row_meta", "shadow", "set_dot", "history", "draft", "other_version", "offer")


def remove_rows(session: Session, schema: Schema, ids: Sequence[str]) -> None:
    """Remove rows, what is known of them and what is indexed. Unanswered and returned edits stay."""
    run = session.connection().exec_driver_sql
    run(f'DELETE FROM "{schema.name}" WHERE id = ?', [(row_id,) for row_id in ids])
    search.forget(session, schema.name, ids)
    for table in _ROW_TABLES:
        run(
            f"DELETE FROM {table} WHERE entity = ? AND row_id = ?",
            [(schema.name, row_id) for row_id in ids],
        )
