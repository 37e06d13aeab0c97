"""Work off the main thread, and what becomes of its answers."""

from __future__ import annotations

import threading
import time

from PySide6.QtCore import QObject, QTimer
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


def test_work_begins_when_what_asked_for_it_is_done_with(qapp: QApplication) -> None:
    tasks, owner, ended = Tasks(), QObject(), threading.Event()
    seen: list[bool] = []
    tasks.read(owner, lambda: None, lambda _answer: None)
    QTest.qWait(20)  # threads and loop are there

    def ask() -> None:
        tasks.read(owner, lambda: seen.append(ended.is_set()), lambda _answer: None)
        time.sleep(0.02)  # as long as a list takes to paint
        ended.set()

    QTimer.singleShot(0, ask)
    QTest.qWait(150)
    tasks.close()
    assert seen == [True]


def test_work_does_not_wait_for_a_window_that_never_rests(qapp: QApplication) -> None:
    tasks, owner, begun = Tasks(), QObject(), threading.Event()
    QTest.qWait(20)

    def ask() -> None:
        tasks.write(owner, begun.set)
        assert begun.wait(5)

    QTimer.singleShot(0, ask)
    QTest.qWait(150)
    tasks.close()
    assert begun.is_set()
