"""One request to HQ at a time, and the next page fetched while the last one is written down.

Receiving a company means dozens of pages: HQ makes the next one in the time the laptop writes this one.
Such a request repeats the nonce of the one before it. To HQ that is a laptop which has not yet got its last
answer, as is true of a page still being written: the nonce does not move, and whatever breaks off, HQ knows
the replica again. It asks for news only, never carries work, and its answer is applied like any other: where
the replica then stands at the token it was asked with.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from msgspec import structs

from crm_core.sync.protocol import Headquarters, SyncRequest, SyncResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A request and its answer."""

    request: SyncRequest
    response: SyncResponse
    offset_ms: int
    """HQ's time less this laptop's, as far as the trip tells."""
    seconds: float
    up: int
    down: int
    """Bytes it took, as far as they are counted."""


class Exchange:
    """Carries the requests of one round. Close it at the round's end."""

    def __init__(
        self, hq: Headquarters, local_ms: Callable[[], int], carried: Callable[[], tuple[int, int]]
    ) -> None:
        self._hq = hq
        self._carried = carried
        self._local_ms = local_ms
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="next-page")
        self._ahead: Future[Trip] | None = None

    def carry(self, request: SyncRequest) -> Trip:
        """Carry one request now. Raises what HQ raises."""
        began, began_ms = time.monotonic(), self._local_ms()
        up, down = self._carried()
        response = self._hq.sync(request)
        took_ms = self._local_ms() - began_ms
        now_up, now_down = self._carried()
        return Trip(
            request=request,
            response=response,
            offset_ms=response.server_ms - (began_ms + took_ms // 2),
            seconds=time.monotonic() - began,
            up=now_up - up,
            down=now_down - down,
        )

    def fetch_next(self, trip: Trip, want_bytes: int) -> None:
        """Begin to fetch the page after a trip's."""
        following = structs.replace(trip.request, token=trip.response.token, want_bytes=want_bytes, leases={})
        self._ahead = self._thread.submit(self.carry, following)

    def fetched(self) -> Trip | None:
        """Return the page begun before, once it is here; None where none was. Raises what HQ raises."""
        ahead, self._ahead = self._ahead, None
        return ahead.result() if ahead is not None else None

    def close(self) -> None:
        """Wait for what is under way; a page nobody took is dropped, and comes again when it is asked for."""
        self._thread.shutdown(wait=True, cancel_futures=True)
