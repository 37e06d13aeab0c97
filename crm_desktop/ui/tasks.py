"""Work off the main thread: one serial lane for what writes, a small pool for what reads.

Answers arrive on the main thread. An answer whose widget is gone, or that a newer question of the same
widget has overtaken, is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from crm_core.errors import CrmError

log = logging.getLogger(__name__)

T = TypeVar("T")
READERS = 2


class Tasks(QObject):
    """Runs work and brings back its outcome. `busy_changed` carries how many tasks are under way."""

    busy_changed = Signal(int)
    failed = Signal(object)
    """A `CrmError` nobody asked for, or None for a bug of ours that was logged."""
    _finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lane")
        self._pool = ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="read")
        self._newest: dict[tuple[int, str], int] = {}
        self._counter = 0
        self._closed = False
        self._busy = 0
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> int:
        """How many tasks are under way."""
        return self._busy

    def read(
        self,
        owner: QObject,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[CrmError], None] | None = None,
        *,
        topic: str = "",
    ) -> None:
        """Run `work`, which only reads, and hand what it returns to `done`.

        With a `topic`, an answer overtaken by a later question of the same owner and topic is dropped.
        """
        self._submit(self._pool, owner, work, done, failed, topic)

    def write(
        self,
        owner: QObject,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[CrmError], None] | None = None,
    ) -> None:
        """Run `work`, which writes, after everything written before it."""
        self._submit(self._lane, owner, work, done or _nothing, failed, "")

    def close(self) -> None:
        """Finish what writes and drop what only reads; what is asked afterwards is dropped too."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._lane.shutdown(wait=True)

    def _submit(
        self,
        executor: ThreadPoolExecutor,
        owner: QObject,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[CrmError], None] | None,
        topic: str,
    ) -> None:
        if self._closed:
            return
        self._counter += 1
        number = self._counter
        if topic:
            self._newest[id(owner), topic] = number
        self._busy += 1
        self.busy_changed.emit(self._busy)

        def overtaken() -> bool:
            return bool(topic) and self._newest.get((id(owner), topic)) != number

        def run() -> Any:
            return None if overtaken() else work()

        def report(future: Future[Any]) -> None:
            if shiboken6.isValid(self):
                self._finished.emit((owner, future, done, failed, overtaken))

        executor.submit(run).add_done_callback(report)

    def _on_finished(self, report: tuple[Any, ...]) -> None:
        owner, future, done, failed, overtaken = report
        self._busy -= 1
        self.busy_changed.emit(self._busy)
        if future.cancelled() or not shiboken6.isValid(owner) or overtaken():
            return
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, CrmError):
            (failed or self.failed.emit)(error)
        else:
            log.error("A task broke", exc_info=error)
            self.failed.emit(None)


def _nothing(_outcome: object) -> None:
    """Ask for no answer."""
