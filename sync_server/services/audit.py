"""Who did what at HQ, each entry chained to the one before, so that none is changed or removed unseen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, insert, select

from sync_server.store.tables import Audit, table_of

FIRST_LINK: Final = bytes(32)
_LOCK: Final = 0x5A7C4E1  # any number, the same in every process of HQ

_audit = table_of(Audit)


def record(
    connection: Connection,
    action: str,
    *,
    at_ms: int,
    user_id: str | None = None,
    device: int | None = None,
    entity: int | None = None,
    row_id: str | None = None,
    detail: Any = None,
) -> None:
    """Add an entry in the transaction of what it is about. `detail` is plain and names nobody."""
    if connection.dialect.name == "postgresql":
        # Two writers at once would both chain to the same entry. SQLite has one writer anyway.
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    before = connection.execute(select(_audit.c.chain).order_by(_audit.c.id.desc()).limit(1)).scalar()
    entry = {
        "at_ms": at_ms,
        "user_id": user_id,
        "device": device,
        "action": action,
        "entity": entity,
        "row_id": row_id,
        "detail": detail,
    }
    connection.execute(insert(_audit).values(**entry, chain=_link(before or FIRST_LINK, entry)))


def broken_at(connection: Connection) -> int | None:
    """Return the number of the first entry that does not follow from the one before; None if all do."""
    before = FIRST_LINK
    for row in _entries(connection):
        entry = {name: row[name] for name in row if name not in ("id", "chain")}
        if _link(before, entry) != row["chain"]:
            return int(row["id"])
        before = row["chain"]
    return None


def _entries(connection: Connection) -> Iterator[dict[str, Any]]:
    for row in connection.execute(select(_audit).order_by(_audit.c.id)).mappings():
        yield dict(row)


def _link(before: bytes, entry: dict[str, Any]) -> bytes:
    return hashlib.sha256(before + msgspec.json.encode(sorted(entry.items()))).digest()
