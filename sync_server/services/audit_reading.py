"""Reading the audit: who did what, newest first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from crm_core.entities import BY_NO
from crm_core.schema.values import instant_text
from sync_server.services import people
from sync_server.services.headquarters import Headquarters
from sync_server.store.tables import Audit, table_of

_audit = table_of(Audit)


def listed(
    hq: Headquarters,
    *,
    action: str | None = None,
    user: str | None = None,
    device: int | None = None,
    limit: int = 200,
) -> list[dict[str, Any]]:
    """Return entries of the audit, newest first. Raises `NotFound` where no such user is."""
    names = people.names_of_users(hq)
    query = select(_audit).order_by(_audit.c.id.desc()).limit(limit)
    if user is not None:
        query = query.where(_audit.c.user_id == people.id_of_user(names, user))
    if action is not None:
        query = query.where(_audit.c.action == action)
    if device is not None:
        query = query.where(_audit.c.device == device)
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(query).mappings().all()
    return [
        {
            "id": row["id"],
            "at": instant_text(row["at_ms"]),
            "action": row["action"],
            "user": names.get(row["user_id"], row["user_id"]),
            "device": row["device"],
            "entity": BY_NO[row["entity"]].name if row["entity"] in BY_NO else None,
            "record": row["row_id"],
            "detail": row["detail"],
        }
        for row in rows
    ]
