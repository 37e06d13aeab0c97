"""When what changed is read: at once for one change, seldom for a storm of them."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QObject
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.ui import settling
from crm_desktop.ui.settling import Settling


class Told:
    """When a `Settling` told of changes, in milliseconds since the first."""

    def __init__(self, gap_ms: int) -> None:
        self._parent = QObject()
        self._began = time.monotonic()
        self.at_ms: list[float] = []
        self.settling = Settling(self._parent, gap_ms)
        self.settling.due.connect(lambda: self.at_ms.append((time.monotonic() - self._began) * 1000))

    def storm(self, changes: int, every_ms: int) -> None:
        """Change something so often, and wait until all is told."""
        self._began = time.monotonic()
        for _ in range(changes):
            self.settling.mark()
            QTest.qWait(every_ms)
        QTest.qWait(settling.QUIET_MS)


def test_one_change_is_told_at_once_and_once(qapp: QApplication, qtbot: QtBot) -> None:
    told = Told(gap_ms=settling.MOST_MS)
    told.storm(1, every_ms=0)
    qtbot.waitUntil(lambda: bool(told.at_ms), timeout=2 * settling.MOST_MS)
    (first,) = told.at_ms
    assert first < settling.MOST_MS / 2, "a single change waits for the end of a storm"


@pytest.mark.parametrize("every_ms", [5, 60])
def test_a_storm_of_changes_is_told_at_its_beginning_and_its_end(qapp: QApplication, every_ms: int) -> None:
    told = Told(gap_ms=250)
    told.storm(600 // every_ms, every_ms)
    assert len(told.at_ms) == 2
    assert told.at_ms[1] > 600, "told of before the last change was there"


def test_changes_that_never_pause_are_told_all_the_same(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "MOST_MS", 300)
    told = Told(gap_ms=250)
    told.storm(100, every_ms=10)
    assert 3 <= len(told.at_ms) <= 6, told.at_ms


def test_after_a_rest_nothing_is_told_of_what_was_before(qapp: QApplication) -> None:
    told = Told(gap_ms=20)
    told.settling.mark()
    told.settling.rest()
    QTest.qWait(settling.SOON_MS * 4)
    assert told.at_ms == []
