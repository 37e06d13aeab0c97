"""How long a window takes to show something, and how long its thread was held meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

from crm_desktop.ui.tasks import Tasks

BEAT_S = 0.001
STEP_MS = 16
"""Sixty steps a second, as a wheel that is turned on and on."""
QUIET_S = 0.25
"""Nothing asked for and nothing drawn for so long: all of it is there. Longer than the search box waits."""
LONGEST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Seconds until it was drawn, all of it or what was waited for, and the longest between two beats."""

    shown_s: float
    held_s: float


class Heartbeat(QObject):
    """Beats every millisecond in the window's thread; a beat that comes late was held up."""

    def __init__(self, window: QWidget, tasks: Tasks) -> None:
        super().__init__(window)
        self._tasks = tasks
        self._loop = QEventLoop()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._on_beat)
        self._began = self._last_beat = self._last_busy = self._longest = self._shown_at = 0.0
        self._is_shown: Callable[[], bool] | None = None
        window.installEventFilter(self)

    def watch(self, act: Callable[[], object], is_shown: Callable[[], bool] | None = None) -> Watched:
        """Do something in the event loop and watch until all is quiet.

        With `is_shown` it is shown when that is true and was drawn: what else follows, such as the counts of
        the rail, is nothing anybody waits for, but may hold the window.
        """
        self._longest, self._shown_at, self._is_shown = 0.0, 0.0, is_shown
        self._began = self._last_beat = self._last_busy = time.perf_counter()
        QTimer.singleShot(0, act)
        self._timer.start()
        self._loop.exec()
        self._timer.stop()
        if is_shown is not None and not self._shown_at:
            raise RuntimeError("it was never shown")
        shown_at = self._shown_at or self._last_busy
        return Watched(shown_s=shown_at - self._began, held_s=max(0.0, self._longest - BEAT_S))

    def watch_steps(self, step: Callable[[], object], number: int) -> list[float]:
        """Do something sixty times a second, so many times; return how long each step held the window."""
        held: list[float] = []
        self._longest, self._last_beat = 0.0, time.perf_counter()

        def next_one() -> None:
            self._beat()
            held.append(max(0.0, self._longest - BEAT_S))
            self._longest = 0.0
            if len(held) > number:
                self._loop.quit()
                return
            step()

        stepping, beating = QTimer(self), QTimer(self)
        for timer, every_ms, act in ((stepping, STEP_MS, next_one), (beating, 1, self._beat)):
            timer.setTimerType(Qt.TimerType.PreciseTimer)
            timer.timeout.connect(act)
            timer.start(every_ms)
        self._loop.exec()
        stepping.stop()
        beating.stop()
        return held[1:]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice that something is to be drawn; the beat after it knows when that was done."""
        if event.type() == QEvent.Type.UpdateRequest:
            self._drawing = True
        return super().eventFilter(watched, event)

    _drawing = False

    def _beat(self) -> float:
        now = time.perf_counter()
        self._longest = max(self._longest, now - self._last_beat)
        self._last_beat = now
        return now

    def _on_beat(self) -> None:
        now = self._beat()
        drawn, self._drawing = self._drawing, False
        if self._tasks.busy or drawn:
            self._last_busy = now
        if drawn and not self._shown_at and self._is_shown is not None and self._is_shown():
            self._shown_at = now
        if now - self._last_busy > QUIET_S or now - self._began > LONGEST_S:
            self._loop.quit()
