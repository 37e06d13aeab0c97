"""Laptops that wait for news, without a thread each.

One thread of the process looks at the head of the feed while anybody waits. Where it has moved, whoever wrote
it, those are found whom it may concern (`services.hearing`), and of each of them his own visible feed decides
whether he is told: one that may see nothing of what happened goes on waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from crm_core.errors import CrmError
from crm_core.i18n import N_
from sync_server.services import measures
from sync_server.services.auth import DeviceSession
from sync_server.services.faults import Refusal
from sync_server.services.headquarters import Headquarters
from sync_server.services.hearing import Scopes, Touched, ever_of, touched_after
from sync_server.store.database import Snapshot

WAIT_S: Final = 50  # proxies commonly cut a silent connection after 60
LOOK_S: Final = 1.0
DOORS_S: Final = 10.0  # taking somebody's access away moves no feed
REST: Final = 2  # times as long as a look took: looking never takes more than a third of a core
MOST_WAITING: Final = 500  # in one process; many systems give one no more than 1,024 open files

log = structlog.get_logger("satchel.news")

_Mark = tuple[str, int, int]


@dataclass(slots=True, eq=False)
class _Waiter:
    """One laptop that waits."""

    session: DeviceSession
    token: bytes
    answer: asyncio.Future[bool]
    seen: _Mark | None = None
    """Where the feed stood when this one was last looked at."""
    ever: Scopes = frozenset()
    """Scopes the user had until then."""


class Newsroom:
    """Where the laptops of one server process wait. Everything but the looking happens in the event loop."""

    def __init__(self, headquarters: Headquarters) -> None:
        self._hq = headquarters
        self._waiting: dict[int, _Waiter] = {}
        self._somebody = asyncio.Event()
        self._is_closed = True
        self._looker: ThreadPoolExecutor
        self._looked: _Mark | None = None
        """Where the feed stood when all who wait were last looked at."""
        self._doors_at = 0.0
        """When it was last looked up who may come in at all."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Look at the feed for whoever waits, for as long as the block runs."""
        self._is_closed = False
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="news")
        looking = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            self.close()
            looking.cancel()
            await asyncio.wait({looking})
            self._looker.shutdown()

    def close(self) -> None:
        """Send everybody away who waits, and let nobody in any more."""
        self._is_closed = True
        for waiter in self._waiting.values():
            _tell(waiter, told=False)

    async def hear(self, session: DeviceSession, token: bytes) -> bool:
        """Return whether HQ holds something to tell a laptop that stands at `token`, after a while at most.

        One wait for each laptop: a later one ends the earlier, whose line may have died unnoticed. Raises
        `Refusal` where too many wait.
        """
        if self._is_closed:
            return False
        device_id = session.device_id
        if (before := self._waiting.get(device_id)) is not None:
            _tell(before, told=False)
        elif len(self._waiting) >= MOST_WAITING:
            raise Refusal("busy", N_("Too many laptops wait for news; this one asks at its interval"))
        loop = asyncio.get_running_loop()
        waiter = _Waiter(session, token, loop.create_future())
        self._waiting[device_id] = waiter
        self._somebody.set()
        measures.news_waits.inc()
        try:
            await loop.run_in_executor(self._looker, self._look_at_new, loop, waiter)
            async with asyncio.timeout(WAIT_S):
                return await waiter.answer
        except TimeoutError:
            return False
        finally:
            measures.news_waits.dec()
            if self._waiting.get(device_id) is waiter:
                del self._waiting[device_id]
            if not self._waiting:
                self._somebody.clear()

    async def _keep_looking(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._somebody.wait()
            began = time.monotonic()
            try:
                everybody = tuple(self._waiting.values())
                await loop.run_in_executor(self._looker, self._look_at_all, loop, everybody)
            except SQLAlchemyError as error:
                log.error("looking for news failed", kind=type(error).__name__)  # noqa: TRY400 - may quote rows
            except Exception:
                # Whoever waits asks again in a while and hears of it then; this must go on for the others.
                log.exception("looking for news broke")
            await asyncio.sleep(max(LOOK_S, REST * (time.monotonic() - began)))

    def _look_at_new(self, loop: asyncio.AbstractEventLoop, waiter: _Waiter) -> None:
        """Look whether there is something for one that has just come in; in the looker's thread."""
        with self._hq.database.read() as snapshot:
            mark = (snapshot.epoch, snapshot.head, snapshot.policy_seq)
        self._ask(loop, waiter, mark)

    def _look_at_all(self, loop: asyncio.AbstractEventLoop, waiters: Iterable[_Waiter]) -> None:
        """Tell those for whom something came since they were last looked at; in the looker's thread."""
        waiting = [waiter for waiter in waiters if not waiter.answer.done()]
        began = time.monotonic()
        with self._hq.database.read() as snapshot:
            mark = (snapshot.epoch, snapshot.head, snapshot.policy_seq)
            touched = self._touched(snapshot, mark)
        if mark != self._looked or began >= self._doors_at + DOORS_S:
            self._doors_at = began
            for waiter in self._shut_out(waiting):
                loop.call_soon_threadsafe(_tell, waiter)  # why its round is refused is for that round to hear
        for waiter in waiting:
            if waiter.seen == mark or waiter.answer.done():
                continue
            if touched is None or self._may_concern(waiter, touched):
                self._ask(loop, waiter, mark)
            else:
                waiter.seen = mark
        self._looked = mark

    def _shut_out(self, waiting: Sequence[_Waiter]) -> list[_Waiter]:
        shut_out = self._hq.auth.shut_out(waiter.session for waiter in waiting)
        return [waiter for waiter in waiting if waiter.session in shut_out]

    def _touched(self, snapshot: Snapshot, mark: _Mark) -> Touched | None:
        """Return what happened since all were last looked at; None where that cannot be said in short."""
        looked = self._looked
        if looked is None or looked == mark:
            return None
        if (looked[0], looked[2]) != (mark[0], mark[2]):  # another HQ, or other rights
            return None
        return touched_after(snapshot, looked[1])

    def _may_concern(self, waiter: _Waiter, touched: Touched) -> bool:
        # One that came or was looked at in between is looked at by itself.
        return waiter.seen != self._looked or touched.may_concern(waiter.session.device_id, waiter.ever)

    def _ask(self, loop: asyncio.AbstractEventLoop, waiter: _Waiter, mark: _Mark) -> None:
        unheard = self._unheard(waiter)
        if unheard is None:
            loop.call_soon_threadsafe(_tell, waiter)
            return
        if waiter.seen is None or waiter.seen[2] != mark[2]:
            with self._hq.database.read() as snapshot:
                waiter.ever = ever_of(snapshot.connection, waiter.session.user_id)
        waiter.token, waiter.seen = unheard, mark

    def _unheard(self, waiter: _Waiter) -> bytes | None:
        try:
            return self._hq.sync.unheard(waiter.session, waiter.token)
        except CrmError:
            return None  # why a round would be refused is for that round to hear


def _tell(waiter: _Waiter, *, told: bool = True) -> None:
    if not waiter.answer.done():
        waiter.answer.set_result(told)
