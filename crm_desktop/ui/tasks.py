"""Work off the main thread: one serial lane for what writes, a small pool for what reads, one for jobs.

Answers arrive on the main thread. An answer whose widget is gone, or that a newer question of the same
widget has overtaken, is dropped. A job takes long, says how far it is and can be stopped; it has threads of
its own, so that saving a form never waits for an import.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from crm_core.errors import CrmError
from crm_core.i18n import Message
from crm_desktop.platform import garbage
from crm_desktop.ui.collector import Collector
from crm_desktop.ui.rest import Rest

log = logging.getLogger(__name__)

T = TypeVar("T")
READERS = 2
JOBS = 2  # a PDF need not wait for an import
SWITCH_S = 0.001
"""How long a thread that reads may keep the window's thread from running Python: a fifth of what is usual."""
STEP_S = 0.05  # the eye sees no more than twenty steps a second


class Job:
    """Something that takes long, as it runs. Any thread may call its methods."""

    def __init__(self, text: Message, on_changed: Callable[[], None]) -> None:
        self.text = text
        self.done = 0
        self.total = 0
        """0 while nobody knows."""
        self.in_bytes = False
        self._cancelled = False
        self._told_at = 0.0
        self._on_changed = on_changed

    def step(self, done: int, total: int) -> None:
        """Tell how far it is."""
        self.done, self.total = done, total
        now = time.monotonic()
        if now - self._told_at >= STEP_S:
            self._told_at = now
            self._on_changed()

    def step_bytes(self, done: int, total: int) -> None:
        """Tell how far it is, in bytes."""
        self.in_bytes = True
        self.step(done, total)

    def cancel(self) -> None:
        """Ask it to stop at the next place where nothing is lost."""
        self._cancelled = True
        self._on_changed()

    def is_cancelled(self) -> bool:
        """Tell whether it is to stop."""
        return self._cancelled


class Tasks(QObject):
    """Runs work and brings back its outcome. `busy_changed` carries how many tasks are under way."""

    busy_changed = Signal(int)
    jobs_changed = Signal()
    """A job began, got further, was asked to stop or ended."""
    failed = Signal(object)
    """A `CrmError` nobody asked for, or None for a bug of ours that was logged."""
    _finished = Signal(object)
    _job_moved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sys.setswitchinterval(SWITCH_S)
        garbage.share_heaps()
        self._jobs: list[Job] = []
        self._jobs_pool = ThreadPoolExecutor(max_workers=JOBS, thread_name_prefix="job")
        self._job_moved.connect(self.jobs_changed, Qt.ConnectionType.QueuedConnection)
        self._lane = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lane")
        self._pool = ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="read")
        self._newest: dict[tuple[int, str], int] = {}
        self._counter = 0
        self._closed = False
        self._busy = 0
        self._collector = Collector(self)
        self._rest = Rest(self)
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> int:
        """How many tasks are under way."""
        return self._busy

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that wait or run, the oldest first."""
        return tuple(self._jobs)

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

    def run(
        self,
        owner: QObject,
        text: Message,
        work: Callable[[Job], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[CrmError], None] | None = None,
    ) -> Job:
        """Run what takes long; `text` says what it is while it runs, and whoever sees it may cancel it.

        `work` tells its steps to the job and looks at `is_cancelled` where it can stop without loss. Stopped,
        it returns what was done, or raises an error that says so.
        """
        job = Job(text, self._on_job_moved)
        self._jobs.append(job)
        self.jobs_changed.emit()

        def ended(future: Future[Any]) -> None:
            self._jobs.remove(job)
            self.jobs_changed.emit()

        self._submit(self._jobs_pool, owner, lambda: work(job), done or _nothing, failed, "", ended)
        return job

    def close(self) -> None:
        """Finish what writes, stop jobs and drop what only reads.

        What is asked afterwards is dropped too, and so is every answer nobody has had yet.
        """
        self._closed = True
        for job in self._jobs:
            job.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._jobs_pool.shutdown(wait=True, cancel_futures=True)
        self._lane.shutdown(wait=True)
        self._collector.stop()

    def _submit(
        self,
        executor: ThreadPoolExecutor,
        owner: QObject,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[CrmError], None] | None,
        topic: str,
        ended: Callable[[Future[Any]], None] | None = None,
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
            if overtaken():
                return None
            self._rest.wait()
            return work()

        def report(future: Future[Any]) -> None:
            if shiboken6.isValid(self):
                self._finished.emit((owner, future, done, failed, overtaken, ended))

        self._rest.begin()
        executor.submit(run).add_done_callback(report)

    def _on_finished(self, report: tuple[Any, ...]) -> None:
        owner, future, done, failed, overtaken, ended = report
        self._busy -= 1
        if ended is not None:
            ended(future)
        self.busy_changed.emit(self._busy)
        if future.cancelled() or self._closed or not shiboken6.isValid(owner) or overtaken():
            return  # closed, the profile may be so too
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, CrmError):
            (failed or self.failed.emit)(error)
        else:
            log.error("A task broke", exc_info=error)
            self.failed.emit(None)

    def _on_job_moved(self) -> None:
        if shiboken6.isValid(self):
            self._job_moved.emit()


def _nothing(_outcome: object) -> None:
    """Ask for no answer."""
