"""A line shown by the system while another program is in front."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from crm_desktop.ui.theme import theme

_SHOWN_MS = 10_000


class DesktopNotice(QObject):
    """Says something by Qt's tray, which on Linux hands it to the desktop's notifications.

    The icon in the tray is there from the first line on. Where the system has no such place, the mark on the
    task bar is all there is.
    """

    def __init__(self, window: QWidget, on_clicked: Callable[[], None]) -> None:
        super().__init__(window)
        self._window = window
        self._on_clicked = on_clicked
        self._tray: QSystemTrayIcon | None = None

    def say(self, title: str, text: str) -> None:
        """Show a line, and mark the program on the task bar."""
        QApplication.alert(self._window)
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            self._shown_tray().showMessage(title, text, QSystemTrayIcon.MessageIcon.Information, _SHOWN_MS)

    def _shown_tray(self) -> QSystemTrayIcon:
        if self._tray is None:
            self._tray = QSystemTrayIcon(theme().icon("satchel", "accent"), self)
            self._tray.messageClicked.connect(self._on_clicked)
            self._tray.activated.connect(lambda _reason: self._on_clicked())
            self._tray.show()
        return self._tray
