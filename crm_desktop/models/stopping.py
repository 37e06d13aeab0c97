"""Stopping a long question to the database from another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crm_core.errors import UserError
from crm_core.i18n import N_

STOPPED = N_("Stopped")


class Stop:
    """Held by whoever asks; `ask` may be called from any thread, at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self.asked = False

    def ask(self) -> None:
        """Break off what is being read, and what would be."""
        with self._lock:
            self.asked = True
            if self._connection is not None:
                self._connection.interrupt()

    @contextmanager
    def over(self, session: Session) -> Iterator[None]:
        """Let a session be stopped for as long as the block runs; stopped, a `UserError` says so."""
        with self._lock:
            if self.asked:
                raise UserError(STOPPED)
            self._connection = session.connection().connection.driver_connection
        try:
            yield
        except DBAPIError as error:
            if self.asked:
                raise UserError(STOPPED) from error
            raise
        finally:
            with self._lock:
                self._connection = None
