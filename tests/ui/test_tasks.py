"""Work off the main thread, and what becomes of its answers."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from crm_desktop.ui.tasks import Tasks


def test_an_answer_that_waits_when_the_program_ends_is_given_to_nobody(qapp: QApplication) -> None:
    tasks, owner, answered = Tasks(), QObject(), threading.Event()
    had: list[str] = []

    def work() -> str:
        answered.set()
        return "an answer"

    tasks.read(owner, work, had.append)
    tasks.write(owner, work, had.append)
    answered.wait()
    tasks.close()  # waits for both; their answers wait for the loop of events
    QTest.qWait(50)
    assert had == []
    assert tasks.busy == 0
