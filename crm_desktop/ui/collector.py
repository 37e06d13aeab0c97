"""Collects Python's garbage on the main thread alone.

Widgets and their Python sides hold one another. Were they found by a thread that reads the database, their
destructors would run there, and Qt ends the program for that.
"""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, QTimer

from crm_desktop.platform import garbage

LOOK_MS = 1_000
STARTED_AFTER = 5
"""Looks after which a start is over even on a slow machine."""
WHOLE_EVERY = 60
"""Looks between two that go through everything: some ten milliseconds each."""
TRIM_EVERY = 5
"""Looks between two at what C's allocator may give back: whatever is written empties the caches of readers,
and what they held would stay with the program."""


class Collector(QObject):
    """Collects until it is stopped. Made and stopped on the main thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._looks = 0
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        garbage.stop_collecting()

    def stop(self) -> None:
        """Leave collecting to Python again: no other thread is at work any more."""
        self._timer.stop()
        garbage.collect_seldom()

    def _look(self) -> None:
        self._looks += 1
        if self._looks < STARTED_AFTER:
            return
        if self._looks == STARTED_AFTER:
            garbage.leave_out()
        garbage.collect_if_due(whole=self._looks % WHOLE_EVERY == 0)
        if self._looks % TRIM_EVERY == 0:
            # C's memory may be looked through on any thread: no Python runs for it.
            threading.Thread(target=garbage.trim_heap, name="trim", daemon=True).start()
