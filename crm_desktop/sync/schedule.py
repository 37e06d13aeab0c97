"""When to sync: at start, by hand, at HQ's interval, soon after an edit or news, again after a failure.

Pure: time and randomness are passed in, so a test needs no clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

DEFAULT_INTERVAL_S = 120
AFTER_EDIT_S = 5  # lets a person finish a form before the line is used
AFTER_NEWS_S = 1  # at most: a change everybody sees must not bring everybody in the same instant
FIRST_RETRY_S = 10
LAST_RETRY_S = 120  # a network that comes back is noticed at once; this is for an HQ that was down itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When the next round is due. Times are seconds of one monotonic clock."""

    interval_s: int = DEFAULT_INTERVAL_S
    due_at: float = 0.0
    """At once at start: a program that begins offline must still find the network later."""
    failures: int = 0
    paused_until: float | None = None

    def wait_s(self, now: float) -> float:
        """Return how long until the next round; 0 when it is due."""
        due = self.due_at if self.paused_until is None else max(self.due_at, self.paused_until)
        return max(0.0, due - now)

    def pause_left_s(self, now: float) -> float:
        """Return how long a pause goes on; 0 where none is."""
        return 0.0 if self.paused_until is None else max(0.0, self.paused_until - now)

    def begun(self) -> Schedule:
        """Return the schedule while a round runs: nothing is due but what is asked for from now on."""
        return replace(self, due_at=math.inf, paused_until=None)

    def after_success(self, now: float) -> Schedule:
        """Return the schedule after a round that ended well."""
        return replace(self, due_at=min(self.due_at, now + self.interval_s), failures=0)

    def after_failure(self, now: float, random: Callable[[], float], least_s: float = 0.0) -> Schedule:
        """Return the schedule after a round that failed: later each time, spread by full jitter.

        `least_s` is how long HQ asked to be left alone: only a person asks earlier.

        `random` gives a number from 0 to 1. Jitter keeps a whole office from returning in step after HQ
        was down (AWS Architecture Blog, "Exponential Backoff And Jitter").
        """
        longest = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(self.failures, 16))
        delay = max(1.0, least_s + longest * random())
        due_at = now + delay if least_s else min(self.due_at, now + delay)
        return replace(self, due_at=due_at, failures=self.failures + 1)

    def after_edit(self, now: float) -> Schedule:
        """Return the schedule after something was saved here: soon, unless HQ cannot be reached anyway."""
        if self.failures:
            return self
        return replace(self, due_at=min(self.due_at, now + AFTER_EDIT_S))

    def after_news(self, now: float, random: Callable[[], float]) -> Schedule:
        """Return the schedule when HQ says that it holds something; `random` gives a number from 0 to 1."""
        if self.failures:
            return self
        return replace(self, due_at=min(self.due_at, now + AFTER_NEWS_S * random()))

    def at_once(self, now: float) -> Schedule:
        """Return the schedule when a person asks."""
        return replace(self, due_at=now, paused_until=None)

    def reconnected(self, now: float) -> Schedule:
        """Return the schedule when the network came back; a pause goes on."""
        return replace(self, due_at=now)

    def pause(self, until: float) -> Schedule:
        """Return the schedule paused until a time."""
        return replace(self, paused_until=until)

    def resume(self, now: float) -> Schedule:
        """Return the schedule with the pause lifted."""
        return self.at_once(now)
