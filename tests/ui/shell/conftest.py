"""A program's frame over the sample records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.ui.context import Context
from crm_desktop.ui.main_window import MainWindow
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.shell.standing import standing
from crm_desktop.ui.tasks import Tasks
from tests.support.desktop import sample_app
from tests.support.windows import show_active


@pytest.fixture
def frame(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Frame]:
    """Give the frame in a shown window of the design's size."""
    app = sample_app(tmp_path, customers=12)
    tasks = Tasks()
    context = Context(app, tasks)
    made = Frame(context, standing(app.replica), sample=True)
    window = MainWindow()
    qtbot.addWidget(window)
    window.show_screen(made)
    show_active(qtbot, window)
    yield made
    tasks.close()
    app.close()
