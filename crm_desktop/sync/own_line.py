"""A line to HQ beside the one of rounds: made when it is first needed, kept, and cut from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm_desktop.sync.transport import HttpHeadquarters


class OwnLine:
    """Holds the line. `connect` makes one, once the laptop is known at HQ."""

    def __init__(self, connect: Callable[[], HttpHeadquarters]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._line: HttpHeadquarters | None = None

    def open(self) -> HttpHeadquarters:
        """Return the line. `UserError` where this laptop is connected to no HQ."""
        with self._lock:
            line = self._line
        if line is None:
            line = self._connect()  # beside the lock: the key store may take its time
            with self._lock:
                self._line = line
        return line

    def break_off(self) -> None:
        """End what is under way; the next request has a new line."""
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.break_off()
            line.close()
