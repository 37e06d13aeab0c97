"""Threads that stop at chosen places of their transactions until a test lets them go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, event, text

PATIENCE_S = 60.0
LOOK_S = 0.01
_T = TypeVar("_T")

BEGUN = "begun"
"""The head of the feed was read, nothing decided yet."""
DECIDED = "decided"
"""Everything is decided; next the head of the feed is taken."""
WRITTEN = "written"
"""Everything is written; next the transaction is committed."""


class Broken(Exception):
    """A transaction was made to fail where it stood."""


class _Actor:
    """What one thread has reached and how far it may go."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self.stops = stops
        self.reached: list[str] = []
        self.pid = 0
        self.at: str | None = None
        self.go = threading.Event()
        self.fails_at: str | None = None


class Pauses:
    """Stops of the transactions on one engine of PostgreSQL, each thread's by its name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._actors: dict[str, _Actor] = {}
        self._here = threading.local()
        self._pool = ThreadPoolExecutor(16)
        self._hooks: list[tuple[str, Callable[..., None]]] = [
            ("before_cursor_execute", self._before),
            ("commit", self._commit),
        ]

    def __enter__(self) -> Self:
        for name, hook in self._hooks:
            event.listen(self._engine, name, hook)
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self._actors.values():
            actor.stops = ()
            actor.go.set()
        self._pool.shutdown()
        for name, hook in self._hooks:
            event.remove(self._engine, name, hook)

    def start(self, name: str, work: Callable[[], _T], *stops: str) -> Future[_T]:
        """Let a thread do the work, which pauses once at each of the stops."""
        actor = self._actors[name] = _Actor(stops)

        def act() -> _T:
            self._here.actor = actor
            try:
                return work()
            finally:
                self._here.actor = None
                actor.at = "done"

        future = self._pool.submit(act)
        self.settle(name)
        return future

    def release(self, name: str, *, fail: bool = False) -> None:
        """Let a thread go on to its next stop, its end, or a lock somebody else holds."""
        actor = self._actors[name]
        actor.fails_at = actor.at if fail else None
        actor.at = None
        actor.go.set()
        self.settle(name)

    def settle(self, name: str) -> str:
        """Wait until a thread stands still, and return where: at a stop, "done", or "waiting" for a lock."""
        actor, deadline = self._actors[name], time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if actor.at is not None:
                return actor.at
            if actor.pid and self._waits(actor.pid):
                return "waiting"
            time.sleep(LOOK_S)
        raise AssertionError(f"{name} did not come to a stop")

    def where(self, name: str) -> str:
        """Return where a thread stands still."""
        return self.settle(name)

    def _waits(self, pid: int) -> bool:
        query = text("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = :pid")
        with self._engine.connect() as connection:
            return bool(connection.execute(query, {"pid": pid}).scalar())

    def _before(self, connection: Connection, _cursor: Any, statement: str, *_others: Any) -> None:
        actor: _Actor | None = getattr(self._here, "actor", None)
        if actor is None:
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        actor.pid = driver.info.backend_pid
        if statement.startswith("UPDATE feed_head SET seq=feed_head.seq"):
            self._reach(actor, DECIDED)
        elif "FOR UPDATE" in statement and "device" in statement:
            self._reach(actor, BEGUN)
        elif statement.startswith("UPDATE feed_head"):
            self._here.writes = True

    def _commit(self, _connection: Connection) -> None:
        actor: _Actor | None = getattr(self._here, "actor", None)
        if actor is not None and getattr(self._here, "writes", False):
            self._here.writes = False
            self._reach(actor, WRITTEN)

    def _reach(self, actor: _Actor, stop: str) -> None:
        if stop not in actor.stops or stop in actor.reached:
            return
        actor.reached.append(stop)
        actor.go.clear()
        actor.at = stop
        if not actor.go.wait(PATIENCE_S):
            raise AssertionError(f"nobody let the thread go on from {stop}")
        if actor.fails_at == stop:
            raise Broken(stop)
