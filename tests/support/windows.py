"""Showing a window in a test: shown, exposed and with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

WAIT_MS = 15_000  # the machines that run this are shared


def show_active(qtbot: QtBot, window: QWidget) -> None:
    """Show a window and wait until it is the active one: only in an active window has anything the focus."""
    with qtbot.waitActive(window, timeout=WAIT_MS):
        window.show()
        window.activateWindow()


def has_keyboard(widget: QWidget) -> bool:
    """Tell whether a widget has the focus within its window.

    Asked of the window: the platform of the tests takes the activation away when the window of an earlier
    test goes.
    """
    while (proxy := widget.focusProxy()) is not None:
        widget = proxy
    return widget.window().focusWidget() is widget


class _Strays(QObject):
    """Notes what is shown as a window without being one."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, shown: QObject, event: QEvent) -> bool:
        showing = event.type() is QEvent.Type.Show and isinstance(shown, QWidget)
        if showing and shown.parent() is None and not shown.windowTitle():
            self.seen.append(repr(shown))
        return False


@contextmanager
def no_stray_window() -> Iterator[None]:
    """Fail where a control is shown before it has a place: it flashes, and takes the keyboard along."""
    application, strays = QApplication.instance(), _Strays()
    assert application is not None
    application.installEventFilter(strays)
    try:
        yield
    finally:
        application.removeEventFilter(strays)
    assert strays.seen == []
