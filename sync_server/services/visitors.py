"""How often somebody may send or ask: a visitor of a page, a site by its form, a program by its key."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Final

PER_HOUR: Final = 20
"""More than an office behind one address sends by hand; each process of HQ counts its own."""
AT_ONCE: Final = 6
SITE_PER_HOUR: Final = 600
"""What a company's own site may hand on by one form: a good day of a fair, not a site taken over."""
SITE_AT_ONCE: Final = 60
_REMEMBERED: Final = 10_000


class VisitorGuard:
    """A bucket for each sender, an address or a form, refilled steadily. Threads may share it."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        per_hour: int = PER_HOUR,
        at_once: int = AT_ONCE,
    ) -> None:
        self._clock, self._per_s, self._at_once = clock, per_hour / 3600, float(at_once)
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}
        """Of each sender what it may still send, and when that was worked out."""

    def admit(self, sender: str) -> bool:
        """Count one message; False where the sender is faster than it may be."""
        return not self.wait_s(sender)

    def wait_s(self, sender: str) -> int:
        """Count one message and return 0, or return in how many seconds the next one may come."""
        now = self._clock()
        with self._lock:
            left, at = self._left.get(sender, (self._at_once, now))
            left = min(self._at_once, left + (now - at) * self._per_s)
            if len(self._left) >= _REMEMBERED:
                full_after_s = self._at_once / self._per_s
                self._left = {key: kept for key, kept in self._left.items() if now - kept[1] < full_after_s}
            if len(self._left) >= _REMEMBERED and sender not in self._left:
                return math.ceil(1 / self._per_s)
            self._left[sender] = (left - 1 if left >= 1 else left, now)
            return 0 if left >= 1 else max(1, math.ceil((1 - left) / self._per_s))
