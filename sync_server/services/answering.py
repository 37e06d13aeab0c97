"""Who answers a ticket just now, told to colleagues who have it open: in memory, and soon forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.rules.access import Action, decide
from sync_server.services.auth import DeviceSession
from sync_server.services.entitlements import person_of
from sync_server.services.reading import Reader
from sync_server.services.records import ROW_SCOPE
from sync_server.store.database import Database

LIFE_S: Final = 60.0  # a laptop that goes on says so again before that; one that is closed says nothing
MOST_TOLD: Final = 5  # of those who write, the latest
_TICKET: Final = SCHEMAS["ticket"]


class Answering:
    """Marks of one server process. Threads may share it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._marks: dict[str, dict[str, float]] = {}
        """Of each ticket who writes, and until when that is believed."""

    def tell(self, session: DeviceSession, ticket_id: str, *, writes: bool) -> tuple[str, ...]:
        """Note whether the one asking writes an answer; return the ids of others who do, the latest first.

        A mark is made by who may change the ticket, and told to who may see it and the colleague. Of a ticket
        that is not there, as of one out of sight, nothing is noted and nobody named.
        """
        with self._database.read() as snapshot:
            person = person_of(snapshot.connection, session.user_id)
            reader = Reader(snapshot.connection, person)
            if not decide(person, Action.READ, "ticket") or not reader.several("ticket", (ticket_id,)):
                return ()
            if writes:
                query = select(ROW_SCOPE.c.scope)
                query = query.where(ROW_SCOPE.c.entity == _TICKET.no, ROW_SCOPE.c.row_id == ticket_id)
                scopes = frozenset(snapshot.connection.execute(query).scalars())
                writes = bool(decide(person, Action.EDIT, "ticket", scopes))
            others = self._note(ticket_id, person.user_id, writes=writes)
            known = reader.several("user", others) if others and decide(person, Action.READ, "user") else {}
        return tuple(each for each in others if each in known)[:MOST_TOLD]

    def _note(self, ticket_id: str, user_id: str, *, writes: bool) -> list[str]:
        """Keep or take back a mark; return who else has one, the latest first."""
        now = self._clock()
        with self._lock:
            self._marks = {
                each: held
                for each, marks in self._marks.items()
                if (held := {user: until for user, until in marks.items() if until > now})
            }
            marks = self._marks.get(ticket_id, {})
            marks.pop(user_id, None)
            if writes:
                self._marks.setdefault(ticket_id, marks)[user_id] = now + LIFE_S
            return sorted((each for each in marks if each != user_id), key=marks.__getitem__, reverse=True)
