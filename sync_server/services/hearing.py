"""Whom a stretch of the feed may concern, found once for everybody who waits.

Only who cannot be concerned is left out here. For the others their own visible feed decides, row by row and
field by field; so nobody learns anything from what is worked out roughly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from crm_core.entities import BY_NO
from crm_core.rules.scopes import EVERYONE
from sync_server.services.events import EventKind, events_after
from sync_server.services.records import ROW_SCOPE, chunks
from sync_server.store.database import Snapshot
from sync_server.store.tables import LostEditLog, UserScopeEver, table_of

AT_ONCE: Final = 5_000
MOST: Final = 50_000  # events looked through; after more than that everybody is looked at by himself

_ever = table_of(UserScopeEver)
_lost = table_of(LostEditLog)

Scopes = frozenset[tuple[int, str]]
"""Pairs of entity number and scope."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a stretch of the feed is about."""

    scopes: Scopes
    """Scopes the changed records lie in now or left."""
    devices: frozenset[int]
    """Laptops that are told of an edit they lost."""

    def may_concern(self, device: int, ever: Scopes) -> bool:
        """Tell whether a laptop of somebody with these scopes, now or once, may be told something."""
        return device in self.devices or not self.scopes.isdisjoint(ever)


def touched_after(snapshot: Snapshot, after: int) -> Touched | None:
    """Return what the feed after a position is about; None where that is too much to look through."""
    changed: dict[int, set[str]] = {}
    scopes: set[tuple[int, str]] = set()
    at, seen = after, 0
    while True:
        events = events_after(snapshot.connection, at, AT_ONCE, 0)
        for event in events:
            if event.kind in (EventKind.EXIT, EventKind.ENTER):
                scopes.add((event.entity, event.what))
            if event.entity in BY_NO:
                scopes.add((event.entity, EVERYONE))
                changed.setdefault(event.entity, set()).add(event.row_id)
        seen += len(events)
        if len(events) < AT_ONCE:
            break
        if seen >= MOST:
            return None
        # Several events may share the position at the end of a page: they are read again.
        at = events[-1].seq - 1
    for entity, ids in changed.items():
        for some in chunks(sorted(ids)):
            query = select(ROW_SCOPE.c.scope).distinct()
            query = query.where(ROW_SCOPE.c.entity == entity, ROW_SCOPE.c.row_id.in_(some))
            scopes.update((entity, scope) for scope in snapshot.connection.execute(query).scalars())
    lost = select(_lost.c.device).where(_lost.c.seq > after)
    return Touched(frozenset(scopes), frozenset(snapshot.connection.execute(lost).scalars()))


def ever_of(connection: Connection, user_id: str) -> Scopes:
    """Return every scope a user has or once had."""
    query = select(_ever.c.entity, _ever.c.scope).where(_ever.c.user_id == user_id)
    return frozenset((row.entity, row.scope) for row in connection.execute(query))
