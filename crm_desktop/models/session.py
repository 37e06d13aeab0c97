"""The session of one write transaction: it records, and remembers what it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from crm_core.entities import SCHEMAS
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from crm_core.schema.entity import Entity
from crm_core.sync.protocol import TxnFlag
from crm_desktop.models import state
from crm_desktop.models.recording import Recorder
from crm_desktop.models.state import Key


class WriteSession(Session):
    """What `Replica.write` gives. `changed` are the (entity, id) pairs announced after the commit."""

    def __init__(self, *args: Any, recorder: Recorder | None, **how: Any) -> None:
        super().__init__(*args, **how)
        self.recorder = recorder
        """None while HQ's pages are applied: they make no operations."""
        self.changed: set[tuple[str, str]] = set()
        self.gathers = False
        """Changes of records are held back to go out together."""

    @contextmanager
    def recording(self, now_ms: Callable[[], int]) -> Iterator[Recorder]:
        """Record what is done in the block as the signed-in person's own, while HQ's pages are applied."""
        recorder = Recorder(state.read(self, Key.USER_ID) or None, now_ms, TxnFlag.NONE)
        self.recorder = recorder
        try:
            yield recorder
            self.flush()
        finally:
            self.recorder = None

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Let the repository's changes of the block go out in one flush at its end: thousands at once.

        Only for rows whose changes nothing in the block asks the database for.
        """
        self.gathers = True
        try:
            yield
        finally:
            self.gathers = False
        self.flush()

    def touch(self, entity: str, ids: Iterable[str]) -> None:
        """Say that rows changed which this session's own objects do not show, as after Core statements."""
        self.changed.update((entity, record_id) for record_id in ids)


@event.listens_for(WriteSession, "before_flush")
def _record(session: WriteSession, _context: UOWTransaction, _objects: Any) -> None:
    if session.recorder is not None:
        session.changed.update(session.recorder.record_flush(session))
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, Entity):
            session.changed.add((row.__tablename__, row.id))


@event.listens_for(WriteSession, "do_orm_execute")
def _refuse_unrecorded(execution: ORMExecuteState) -> None:
    """A statement that writes entities past the flush would leave an edit HQ never hears of."""
    session = execution.session
    if not isinstance(session, WriteSession) or session.recorder is None:
        return
    if execution.is_insert or execution.is_update or execution.is_delete:
        table = getattr(execution.statement, "table", None)
        if getattr(table, "name", None) in SCHEMAS:
            raise BrokenPromise(N_("Records are written through the repository, which records the change"))
