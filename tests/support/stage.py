"""A window for one page or part of it, with everything a page is handed, over a real profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.app import Desktop
from crm_desktop.assembly import App
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.tasks import Tasks
from tests.support.windows import WAIT_MS, show_active

SOON_MS = 500


class Stage:
    """Shows a widget and gathers what it tells the program."""

    def __init__(self, qtbot: QtBot, app: App) -> None:
        self.qtbot, self.app = qtbot, app
        self.tasks = Tasks()
        self.context = Context(app, self.tasks)
        self.window = QWidget()
        self.window.resize(1440, 900)
        self.actions = ActionRegistry(self.window)
        self._column = QVBoxLayout(self.window)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.notices: list[Notice] = []
        self.places: list[Place] = []
        self.selections: list[object] = []
        self.broken: list[object] = []
        self.context.notice.connect(self.notices.append)
        self.context.go.connect(self.places.append)
        self.context.selection_changed.connect(self.selections.append)
        self.tasks.failed.connect(self.broken.append)

    def show(self, widget: QWidget) -> None:
        """Put a widget into the window and show it."""
        self._column.addWidget(widget)
        show_active(self.qtbot, self.window)
        self.settle()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        self.qtbot.waitUntil(holds, timeout=WAIT_MS)

    def settle(self) -> None:
        """Wait until nothing is read or written any more, and nothing is about to be."""
        self.until(self._quiet)

    def press(self, widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
        """Press a key in a widget, then wait."""
        QTest.keyClick(widget, key, modifier or Qt.KeyboardModifier.NoModifier)
        self.settle()

    def close(self) -> None:
        """Take the window away."""
        self.window.close()
        self.window.deleteLater()
        self.tasks.close()
        assert not self.broken, f"tasks broke: {self.broken}"

    def _quiet(self) -> bool:
        # Looked at several times: an answer may ask the next question.
        for _ in range(3):
            if self.tasks.busy or _about_to_act():
                return False
            QTest.qWait(8)
        return self.tasks.busy == 0


def _about_to_act() -> bool:
    """Tell whether a timer of a window goes off soon: something follows a change, or a pause in typing."""
    return any(
        timer.isActive() and timer.isSingleShot() and timer.interval() <= SOON_MS
        for window in QApplication.topLevelWidgets()
        for timer in window.findChildren(QTimer)
    )


@contextmanager
def staged(qtbot: QtBot, app: App) -> Iterator[Stage]:
    """Give a stage over a profile; both are closed at the end."""
    stage = Stage(qtbot, app)
    try:
        yield stage
    finally:
        stage.close()
        app.close()


def close_window(desktop: Desktop) -> None:
    """Close a program's window, and delete the screens it showed before while somebody still holds it.

    A screen that is deleted later may hold the last way to the program: it would then delete the window above
    it, and that the screen once more, which ends the whole run.
    """
    desktop.window.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
