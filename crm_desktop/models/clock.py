"""The laptop's time as HQ would tell it."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable

SESSION_CLOCK = "clock"
"""Under this a reading session's `info` holds the laptop's clock."""


def wall_ms() -> int:
    """Return the system's time in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Return milliseconds that only go forward, from an arbitrary start."""
    return time.monotonic_ns() // 1_000_000


class Clock:
    """Milliseconds since 1970 UTC, corrected by what HQ's answers say of this laptop's clock.

    Inside a session time goes by the steady clock, so setting the system's clock moves no edit. A steady
    clock stops while a laptop sleeps, so where the wall is ahead by more than that could be drift the wall
    is believed again.
    """

    WAKE_MS = 5_000  # a sleep shorter than this moves no edit out of its order

    def __init__(
        self, wall: Callable[[], int] = wall_ms, steady: Callable[[], int] = steady_ms, offset_ms: int = 0
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._anchor = wall() - steady()
        self.offset_ms = offset_ms
        """HQ's time less this laptop's, as measured last."""

    def local_ms(self) -> int:
        """Return this laptop's own time, before correction: what an exchange's offset is measured against."""
        now = self._anchor + self._steady()
        ahead = self._wall() - now
        if ahead > self.WAKE_MS:
            self._anchor += ahead
            now += ahead
        return now

    def now_ms(self) -> int:
        """Return the time as HQ would tell it."""
        return self.local_ms() + self.offset_ms

    def today(self) -> datetime.date:
        """Return the calendar day here and now, by HQ's clock and this machine's time zone."""
        return datetime.datetime.fromtimestamp(self.now_ms() / 1000).astimezone().date()
