"""What rail and status bar count, while the laptop has much to do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.errors import UserError
from crm_desktop.models.replica import Replica
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.context import Context
from crm_desktop.ui.shell import standing as shell
from crm_desktop.ui.shell.standing import Standing, Watch, standing
from crm_desktop.ui.tasks import Tasks
from tests.support.desktop import empty_app


def test_a_long_sync_on_a_busy_laptop_never_keeps_the_figures_from_being_shown(
    look: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, tasks = empty_app(tmp_path), Tasks()
    context = Context(app, tasks)
    asked: list[float] = []

    def slow(replica: Replica) -> Standing:
        asked.append(time.monotonic())
        if len(asked) == 1:
            raise UserError("not now")
        time.sleep(0.15)  # longer than the pause between two questions
        return standing(replica)

    monkeypatch.setattr(shell, "standing", slow)
    monkeypatch.setattr(shell, "SETTLE_MS", 20)
    watch, shown = Watch(context), []
    watch.changed.connect(shown.append)
    told = QTimer(context)
    told.timeout.connect(lambda: context.sync_changed.emit(Status(phase=Phase.RUNNING)))
    told.start(5)
    qtbot.waitUntil(lambda: len(shown) >= 3, timeout=20_000)
    told.stop()
    tasks.close()
    app.close()
