"""Tells other threads when the window's own thread has nothing to do.

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
        dispatcher = QAbstractEventDispatcher.instance()
        if dispatcher is None:  # no event will ever come
            self._rests.set()
            return
        dispatcher.aboutToBlock.connect(self._rests.set)
        dispatcher.awake.connect(self._rests.clear)

    def wait(self) -> None:
        """Return when the window's thread rests, or after a twentieth of a second."""
        self._rests.wait(LONGEST_S)
