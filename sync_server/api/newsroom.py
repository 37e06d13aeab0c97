"""Laptops that wait for news, without a thread each.

One thread of the process looks at the head of the feed while anybody waits. Where it has moved, whoever wrote
it, each waiting laptop's own visible feed decides whether that laptop is told: one that may see nothing of
what happened goes on waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from crm_core.errors import CrmError
from crm_core.i18n import N_
from sync_server.services.auth import DeviceSession
from sync_server.services.faults import Refusal
from sync_server.services.headquarters import Headquarters

WAIT_S: Final = 50  # proxies commonly cut a silent connection after 60
LOOK_S: Final = 1.0
REST: Final = 4  # times as long as a look took: looking never takes more than a fifth of a core
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


class Newsroom:
    """Where the laptops of one server process wait. Everything but the looking happens in the event loop."""

    def __init__(self, headquarters: Headquarters) -> None:
        self._hq = headquarters
        self._waiting: dict[int, _Waiter] = {}
        self._somebody = asyncio.Event()
        self._is_closed = True
        self._looker: ThreadPoolExecutor

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
        try:
            await loop.run_in_executor(self._looker, self._look, loop, (waiter,))
            async with asyncio.timeout(WAIT_S):
                return await waiter.answer
        except TimeoutError:
            return False
        finally:
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
                await loop.run_in_executor(self._looker, self._look, loop, tuple(self._waiting.values()))
            except SQLAlchemyError as error:
                log.error("looking for news failed", kind=type(error).__name__)  # noqa: TRY400 - may quote rows
            except Exception:
                # Whoever waits asks again in a while and hears of it then; this must go on for the others.
                log.exception("looking for news broke")
            await asyncio.sleep(max(LOOK_S, REST * (time.monotonic() - began)))

    def _look(self, loop: asyncio.AbstractEventLoop, waiters: Iterable[_Waiter]) -> None:
        """Tell those for whom something came since they were last looked at; in the looker's thread."""
        with self._hq.database.read() as snapshot:
            mark = (snapshot.epoch, snapshot.head, snapshot.policy_seq)
        for waiter in waiters:
            if waiter.seen == mark or waiter.answer.done():
                continue
            unheard = self._unheard(waiter)
            if unheard is None:
                loop.call_soon_threadsafe(_tell, waiter)
            else:
                waiter.token, waiter.seen = unheard, mark

    def _unheard(self, waiter: _Waiter) -> bytes | None:
        try:
            self._hq.auth.demand_allowed(waiter.session.user_id)
            return self._hq.sync.unheard(waiter.session, waiter.token)
        except CrmError:
            return None  # why a round would be refused is for that round to hear


def _tell(waiter: _Waiter, *, told: bool = True) -> None:
    if not waiter.answer.done():
        waiter.answer.set_result(told)
