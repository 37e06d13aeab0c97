"""One request to HQ at a time, and the next one under way while the last answer is written down.

Receiving a company means dozens of pages: HQ makes the next one in the time the laptop writes this one.
Such a request repeats the nonce of the one before it. To HQ that is a laptop which has not yet got its last
answer, as is true of a page still being written: the nonce does not move, and whatever breaks off, HQ knows
the replica again. Its answer is applied like any other: where the replica then stands at the token it was
asked with. A first upload goes the same way: operations that nothing stands against may follow those before
them at once, as if they had come in one larger request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from msgspec import structs

from crm_core.sync.clock import reading
from crm_core.sync.protocol import Headquarters, SyncRequest, SyncResponse
from crm_desktop.sync.telling import said_already


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A request, and what the laptop remembers of what it hands in."""

    request: SyncRequest
    waiting: int = 0
    """Operations that wait, those it brings among them."""
    has_more: bool = False
    """More operations wait than it brings."""
    sent_before: int = 0
    """The last operation that may have left before."""


class Exchange:
    """Carries the requests of one round. Close it at the round's end."""

    def __init__(
        self, hq: Headquarters, local_ms: Callable[[], int], carried: Callable[[], tuple[int, int]]
    ) -> None:
        self._hq = hq
        self._carried = carried
        self._local_ms = local_ms
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="next-page")
        self._answer: Future[Trip] | None = None
        self.under_way: Load | None = None
        """What was sent off and not taken yet."""
        self.up_before = 0
        """Bytes that had gone up when the last request was begun."""

    def send(self, load: Load) -> None:
        """Send a request off; `carried` gives its answer."""
        self.under_way = load
        self._answer = self._thread.submit(self._carry, load.request)

    def send_following(self, load: Load, trip: Trip) -> None:
        """Send off what was made to follow a trip, which has now brought its answer."""
        now = reading(max(0, self._local_ms() + trip.offset_ms))
        following = structs.replace(
            load.request, token=trip.response.token, sent_hlc=max(now, load.request.sent_hlc)
        )
        self.send(replace(load, request=following))

    def carried(self, load: Load) -> Trip:
        """Carry a request now, or wait for the one under way. Raises what HQ raises."""
        answer, self._answer, self.under_way = self._answer, None, None
        return answer.result() if answer is not None else self._carry(load.request)

    def _carry(self, request: SyncRequest) -> Trip:
        began, began_ms = time.monotonic(), self._local_ms()
        up, down = self._carried()
        self.up_before = up
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
        """Begin to fetch the page after a trip's, which brought nothing but a page."""
        told = said_already(trip.request.told)
        following = structs.replace(
            trip.request, token=trip.response.token, want_bytes=want_bytes, leases={}, told=told
        )
        self.send(Load(request=following))

    def close(self) -> None:
        """Wait for what is under way; a page nobody took is dropped, and comes again when it is asked for."""
        self._thread.shutdown(wait=True, cancel_futures=True)
