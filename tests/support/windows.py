"""Showing a window in a test: shown, exposed and with the keyboard."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget
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
