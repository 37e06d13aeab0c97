"""Garbage with widgets in it is collected on the main thread, whoever made it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.platform import garbage
from crm_desktop.ui import collector
from crm_desktop.ui.tasks import Tasks


@pytest.fixture
def tasks(look: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tasks]:
    """Give tasks whose collector looks often, and from the first on."""
    monkeypatch.setattr(collector, "LOOK_MS", 10)
    monkeypatch.setattr(collector, "STARTED_AFTER", 0)
    monkeypatch.setattr(garbage, "COLLECT_AFTER", 1_000)
    made = Tasks()
    yield made
    made.close()


class _Knot(QWidget):
    """A widget that holds itself, and notes on which thread it went."""

    ended: list[int] = []

    def __init__(self) -> None:
        super().__init__()
        self.itself = self

    def __del__(self) -> None:
        self.ended.append(threading.get_ident())


def test_widgets_that_hold_themselves_end_on_the_main_thread(tasks: Tasks, qtbot: QtBot) -> None:
    _Knot.ended.clear()
    for _ in range(20):
        _Knot()
    made: list[int] = []

    def make_garbage() -> None:
        for _ in range(200_000):
            knot: list[object] = []
            knot.append(knot)
        made.append(threading.get_ident())

    tasks.read(tasks, make_garbage, lambda _nothing: None)
    qtbot.waitUntil(lambda: len(made) == 1 and len(_Knot.ended) == 20, timeout=20_000)
    assert made[0] != threading.get_ident()
    assert set(_Knot.ended) == {threading.get_ident()}


def test_python_collects_by_itself_again_once_the_threads_are_gone(tasks: Tasks) -> None:
    assert not gc.isenabled()
    tasks.close()
    assert gc.isenabled()
