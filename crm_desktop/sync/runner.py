"""The thread that keeps the laptop in step with HQ while the program runs.

It waits on a condition and holds the replica's writer only while a page is applied. While HQ is in reach a
listener (`news`) makes it begin a round before its time; while HQ is out of reach it looks every few seconds
whether this machine is connected otherwise than before. What it knows goes out as frozen `Status` values,
from its own thread; whoever draws them crosses over.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from crm_core.errors import CrmError, Later, Unreachable
from crm_core.i18n import Message, message
from crm_desktop.platform.network import connection
from crm_desktop.sync.blobs import BlobReport, BlobStep, OnBlobStep
from crm_desktop.sync.news import Listener, News
from crm_desktop.sync.refused import Refused
from crm_desktop.sync.report import Cancelled, OnStep, RoundReport, Step
from crm_desktop.sync.schedule import Schedule

_log = logging.getLogger(__name__)

STOP_WAIT_S = 5  # a request under way is given this long when the program quits
END_WAIT_S = 3  # and a whole round this long before it is broken off
LOOK_S = 5  # a person who plugs the cable in looks at the badge about that long


_BROKE = message("Something went wrong. It was noted in the log.")


class Phase(StrEnum):
    """What the runner is doing."""

    UNKNOWN = "unknown"
    """Nothing was tried yet."""
    RUNNING = "running"
    IDLE = "idle"
    """The last round ended well."""
    OFFLINE = "offline"
    """The last round could not reach HQ."""
    REFUSED = "refused"
    """HQ does not serve this laptop: `refusal` says why."""
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where synchronisation stands. Times are milliseconds since 1970 UTC."""

    phase: Phase = Phase.UNKNOWN
    step: Step | None = None
    last_report: RoundReport | None = None
    last_try_ms: int | None = None
    next_try_ms: int | None = None
    offline_since_ms: int | None = None
    failures: int = 0
    problem: Message | None = None
    refusal: str | None = None
    stopping: bool = False
    """Somebody broke off the round under way; it ends within a second, after a page that is being written."""
    stopped: RoundReport | None = None
    """What the last round came to, where somebody broke it off."""
    paused_until_ms: int | None = None
    """When a pause ends by itself; None for one that does not."""
    pause_reason: Message | None = None
    """Why it rests, where nobody asked for it."""
    file: BlobStep | None = None
    """Which file is being sent or fetched, and how far it is."""
    files: BlobReport | None = None
    """What the last files came to."""


class Rounds(Protocol):
    """What runs one round: `Engine`."""

    def run_round(self, on_step: OnStep, cancelled: Cancelled) -> RoundReport:
        """Run one round."""


class Files(Protocol):
    """What carries contents of files once a round has ended well."""

    def carry_files(self, on_step: OnBlobStep, cancelled: Cancelled, *, only_asked: bool) -> BlobReport:
        """Send and fetch what waits until `cancelled` says stop."""


class Runner:
    """Runs rounds in the background. `on_status` is called from the runner's thread."""

    def __init__(
        self,
        engine: Rounds,
        on_status: Callable[[Status], None],
        *,
        interval_s: Callable[[], int],
        network: Callable[[], object] = connection,
        news: News | None = None,
        files: Files | None = None,
    ) -> None:
        self._engine = engine
        self._files = files
        self._only_asked = False
        self._on_status = on_status
        self._interval_s = interval_s
        self._network = network
        self._failed_on: object = None
        """How this machine was connected when HQ was last found out of reach."""
        self._wake = threading.Condition()
        self._schedule = Schedule()
        self._stopping = False
        self._cancel = False
        self._status = Status()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        self._listener = None if news is None else Listener(news, self._told_of_news)

    @property
    def status(self) -> Status:
        """Where synchronisation stands now."""
        return self._status

    def start(self) -> None:
        """Begin; the first round is due at once."""
        if self._listener is not None:
            self._listener.start()
        self._thread.start()

    def sync_now(self) -> None:
        """Run a round as soon as the one under way has ended."""
        self._reschedule(lambda schedule, now: schedule.at_once(now))

    def edited(self) -> None:
        """Something was saved here: send it soon."""
        self._reschedule(lambda schedule, now: schedule.after_edit(now))

    def pause(self, seconds: float | None, reason: Message | None = None) -> None:
        """Do nothing for so long, or until it is lifted; break off the round under way."""
        self._cancel = True
        length_s = math.inf if seconds is None else seconds
        self._reschedule(lambda schedule, now: schedule.pause(now + length_s))
        until_ms = None if seconds is None else _now_ms() + int(seconds * 1000)
        self._publish(step=None, stopping=False, paused_until_ms=until_ms, pause_reason=reason)

    def resume(self) -> None:
        """Lift a pause."""
        self._reschedule(lambda schedule, now: schedule.resume(now))

    def hold_files(self, *, held: bool) -> None:
        """Carry only files somebody waits for, as on a paid network, or all again."""
        self._only_asked = held

    def cancel(self) -> None:
        """Break off the round under way. Nothing is lost; the next goes on from there."""
        self._cancel = True
        if self._status.phase is Phase.RUNNING:
            self._publish(stopping=True)

    def stop(self, *, last_round: bool) -> None:
        """End the thread, after one more round where asked, HQ was reachable and nobody paused."""
        if self._listener is not None:
            self._listener.stop()
        with self._wake:
            self._stopping = True
            waits = last_round and self._status.phase in (Phase.RUNNING, Phase.IDLE)
            self._wake.notify_all()
        if waits and self._thread.is_alive():
            self._thread.join(END_WAIT_S)
        if not waits or self._thread.is_alive():
            waits = False
            self.cancel()
            if self._thread.is_alive():
                self._thread.join(STOP_WAIT_S)
        if waits and self._status.phase is Phase.IDLE:
            self._cancel = False
            self._one_round()

    def _told_of_news(self) -> None:
        self._reschedule(lambda schedule, now: schedule.after_news(now, random.random))

    def _reschedule(self, change: Callable[[Schedule, float], Schedule]) -> None:
        with self._wake:
            self._schedule = change(self._schedule, time.monotonic())
            self._wake.notify_all()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._stopping and (wait := self._schedule.wait_s(time.monotonic())) > 0:
                    longest = LOOK_S if self._schedule.failures else threading.TIMEOUT_MAX
                    self._wake.wait(min(wait, longest))
                    self._look_at_network()
                if self._stopping:
                    return
                # Here, under the lock: a pause that comes now must not be forgotten by the round it follows.
                self._cancel = False
                self._schedule = self._schedule.begun()
            self._one_round()
            self._carry_files()

    def _look_at_network(self) -> None:
        """Try at once where HQ was out of reach and this machine is connected otherwise by now."""
        if self._schedule.failures and (found := self._network()) != self._failed_on:
            self._failed_on = found
            self._schedule = self._schedule.reconnected(time.monotonic())

    def _one_round(self) -> None:
        self._publish(
            phase=Phase.RUNNING,
            step=None,
            last_try_ms=_now_ms(),
            stopping=False,
            paused_until_ms=None,
            pause_reason=None,
        )
        try:
            report = self._engine.run_round(self._on_step, lambda: self._cancel)
        except Refused as refused:
            self._failed(Phase.REFUSED, refused, refusal=refused.code)
        except Unreachable as error:
            self._failed(Phase.OFFLINE, error)
        except CrmError as error:
            _log.exception("sync round failed")
            self._failed(Phase.OFFLINE, error)
        except Exception:  # noqa: BLE001
            # The thread must outlive a bug of ours; it is logged with its trace and shown as a failure.
            _log.exception("sync round broke")
            self._failed(Phase.OFFLINE, None)
        else:
            with self._wake:
                self._schedule = replace(self._schedule, interval_s=self._interval_s()).after_success(
                    time.monotonic()
                )
            self._publish(
                phase=Phase.IDLE,
                step=None,
                last_report=report,
                next_try_ms=self._next_try_ms(),
                stopping=False,
                stopped=report if self._cancel and not report.up_to_date else None,
                offline_since_ms=None,
                failures=0,
                problem=None,
                refusal=None,
            )

    def _carry_files(self) -> None:
        """Use the time until the next round for files; that round interrupts them between two parts."""
        if self._files is None or self._status.phase is not Phase.IDLE:
            return

        def is_wanted_elsewhere() -> bool:
            due = self._schedule.wait_s(time.monotonic()) <= 0
            return due or self._cancel or self._stopping

        try:
            report = self._files.carry_files(
                lambda step: self._publish(file=step), is_wanted_elsewhere, only_asked=self._only_asked
            )
        except CrmError as error:
            _log.info("files were not carried: %s", error)
            report = BlobReport(problem=error.message)
        except Exception:  # noqa: BLE001
            # As with a round: a bug of ours must not end the thread.
            _log.exception("carrying files broke")
            report = BlobReport(problem=_BROKE)
        if self._status.file is not None or report != self._status.files:
            self._publish(file=None, files=report)

    def _failed(self, phase: Phase, error: CrmError | None, refusal: str | None = None) -> None:
        found = self._network()
        with self._wake:
            self._failed_on = found
            least_s = error.wait_s if isinstance(error, Later) else 0
            self._schedule = self._schedule.after_failure(time.monotonic(), random.random, least_s)
        self._publish(
            phase=phase,
            step=None,
            stopping=False,
            stopped=None,
            next_try_ms=self._next_try_ms(),
            offline_since_ms=self._status.offline_since_ms or _now_ms(),
            failures=self._schedule.failures,
            problem=error.message if error else _BROKE,
            refusal=refusal,
        )

    def _next_try_ms(self) -> int | None:
        wait_s = self._schedule.wait_s(time.monotonic())
        return None if wait_s == math.inf else _now_ms() + int(wait_s * 1000)

    def _on_step(self, step: Step) -> None:
        if not self._cancel:
            self._publish(step=step)

    def _publish(self, **facts: object) -> None:
        with self._wake:
            status = replace(self._status, **facts)  # type: ignore[arg-type]
            if self._schedule.pause_left_s(time.monotonic()) > 0:
                # A round that was under way when somebody paused is as good as over.
                phase = Phase.REFUSED if status.phase is Phase.REFUSED else Phase.PAUSED
                status = replace(status, phase=phase, next_try_ms=status.paused_until_ms)
            self._status = status
            self._listen_if_idle(status.phase)
        self._on_status(status)

    def _listen_if_idle(self, phase: Phase) -> None:
        """Wait for news while HQ was reached; through a round too, for a new line costs more than a wait."""
        if self._listener is None or phase is Phase.RUNNING:
            return
        if phase is Phase.IDLE:
            self._listener.listen()
        else:
            self._listener.rest()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
