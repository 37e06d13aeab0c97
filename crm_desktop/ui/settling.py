"""When to read again after a change: at once for a single one, once for the many of a sync."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QObject, QTimer, Signal

SOON_MS = 15
"""After a single change, so that what was written together is read together."""
QUIET_MS = 400
"""A change so long after the one before it is a single one."""
GAP_MS = 80
"""After the last of many."""
MOST_MS = 2_000
"""Changes that never pause are read so often all the same."""


class Settling(QObject):
    """Tells when what changed is to be read.

    The first change after a quiet while is told of at once. As long as others follow, they are told of
    together: `gap_ms` after the last, and every two seconds where there is no last.
    """

    due = Signal()

    def __init__(self, parent: QObject, gap_ms: int = GAP_MS) -> None:
        super().__init__(parent)
        self._gap_ms = gap_ms
        self._changed_at = self._waits_since = -math.inf
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.due)

    @property
    def waits(self) -> bool:
        """Whether something is still to be told of."""
        return self._timer.isActive()

    def mark(self) -> None:
        """Take up that something changed."""
        now = time.monotonic() * 1000
        is_single = now - self._changed_at >= QUIET_MS
        self._changed_at = now
        if not self.waits:
            self._waits_since = now
        elif self._timer.interval() == SOON_MS:
            return
        left = MOST_MS - (now - self._waits_since)
        self._timer.start(SOON_MS if is_single else max(0, min(self._gap_ms, round(left))))

    def rest(self) -> None:
        """Tell nothing of what changed so far."""
        self._timer.stop()
