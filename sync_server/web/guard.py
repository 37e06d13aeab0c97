"""How often one address may send something to a page anybody can reach."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

PER_HOUR: Final = 20
"""More than an office behind one address sends by hand; each process of HQ counts its own."""
AT_ONCE: Final = 6
_REMEMBERED: Final = 10_000


class VisitorGuard:
    """A bucket for each address, refilled steadily. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}
        """Of each address what it may still send, and when that was worked out."""

    def admit(self, address: str) -> bool:
        """Count one message; False where the address sends faster than it may."""
        now = self._clock()
        with self._lock:
            left, at = self._left.get(address, (float(AT_ONCE), now))
            left = min(float(AT_ONCE), left + (now - at) * PER_HOUR / 3600)
            if len(self._left) >= _REMEMBERED:
                full_after_s = AT_ONCE * 3600 / PER_HOUR
                self._left = {key: kept for key, kept in self._left.items() if now - kept[1] < full_after_s}
            if len(self._left) >= _REMEMBERED and address not in self._left:
                return False
            self._left[address] = (left - 1 if left >= 1 else left, now)
            return left >= 1
