"""Tells other threads when the window's own thread is done with what it does now.

Two threads that run Python share the interpreter: what is painted while a list is read takes twice its time.
So what was asked for in an event begins once that event, and the painting it led to, are done with.
"""

from __future__ import annotations

import threading

from PySide6.QtCore import QAbstractEventDispatcher, QObject

LONGEST_S = 0.05
"""A thread waits no longer: somebody may move the mouse without end, or a test run no events at all."""


class Rest(QObject):
    """Made on the main thread; any thread may wait."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rests = threading.Event()
        self._dispatcher = QAbstractEventDispatcher.instance()
        if self._dispatcher is not None:
            # Sent after what was posted, paintings too. By `awake` it cannot be known when an event begins:
            # timers and input come between the two.
            self._dispatcher.aboutToBlock.connect(self._rests.set)

    def begin(self) -> None:
        """Take up that an event is being handled; on the window's thread."""
        if self._dispatcher is not None:
            self._rests.clear()

    def wait(self) -> None:
        """Return when the window's thread has rested since, or after a twentieth of a second."""
        if self._dispatcher is not None:
            self._rests.wait(LONGEST_S)
