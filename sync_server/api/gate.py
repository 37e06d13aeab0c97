"""How much of one server process a laptop may take, so that none is slowed by another.

A laptop makes so many requests a minute, and has one of them worked on while another waits. Large ones, which
take memory and a core, follow each other. All of it in the event loop, where nothing comes between.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from sync_server.services import measures
from sync_server.services.faults import no_memory, too_fast
from sync_server.settings import Settings

AT_ONCE: Final = 2  # a request, and its repetition over another line where the first seems lost
LARGE_BYTES: Final = 512 * 1024  # unpacked; some thousand changes
LONGEST_WAIT_S: Final = 30.0  # for room; a laptop gives up soon after
COME_BACK_S: Final = 5
REMEMBERED: Final = 5_000


class Gate:
    """What the requests of one process pass through."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = settings.requests_per_minute
        self._clock = clock
        self._left: dict[int, tuple[float, float]] = {}
        """Of each laptop how many requests it has left, and when that was worked out."""
        self._inside: dict[int, int] = {}
        self._large = asyncio.Semaphore(max(1, settings.large_requests))

    def admit(self, device_id: int) -> None:
        """Count a request. Raises `Refusal` where the laptop asks faster than it may."""
        if not self._per_minute:
            return
        now = self._clock()
        left, at = self._left.get(device_id, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - at) * self._per_minute / 60)
        if left < 1:
            measures.turned_away.labels(limit="requests").inc()
            raise too_fast(-(-(1 - left) * 60 // self._per_minute))
        if len(self._left) >= REMEMBERED:
            self._forget(now)
        self._left[device_id] = (left - 1, now)

    @asynccontextmanager
    async def one_of_few(self, device_id: int) -> AsyncIterator[None]:
        """Let a laptop in, unless it has `AT_ONCE` requests under way. Raises `Refusal`."""
        inside = self._inside.get(device_id, 0)
        if inside >= AT_ONCE:
            measures.turned_away.labels(limit="at once").inc()
            raise too_fast(COME_BACK_S)
        self._inside[device_id] = inside + 1
        try:
            yield
        finally:
            self._inside[device_id] -= 1
            if not self._inside[device_id]:
                del self._inside[device_id]

    @asynccontextmanager
    async def room(self, size: int) -> AsyncIterator[None]:
        """Wait for room for a request of so many bytes unpacked. Raises `Refusal` after a while."""
        if size <= LARGE_BYTES:
            yield
            return
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                await self._large.acquire()
        except TimeoutError:
            measures.turned_away.labels(limit="large").inc()
            raise no_memory(COME_BACK_S) from None
        try:
            yield
        finally:
            self._large.release()

    def _forget(self, now: float) -> None:
        """Forget the laptops that have all their requests left again."""
        self._left = {device: (left, at) for device, (left, at) in self._left.items() if now - at < 60}
