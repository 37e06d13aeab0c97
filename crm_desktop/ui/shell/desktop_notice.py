"""A line shown by the system while another program is in front."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from crm_desktop.platform.desktop_notes import CLICKED, DesktopNotes, Note, is_likely
from crm_desktop.ui.theme import theme

_SHOWN_MS = 10_000
_KEPT = 50
"""Lines whose buttons still do something; who lets more of them stand opens the program."""


class DesktopNotice(QObject):
    """Says something by the desktop's notifications, with buttons; where there are none, by Qt's tray.

    The icon in the tray is there from the first such line on. Where the system has no such place either, the
    mark on the task bar is all there is.
    """

    _acted = Signal(int, str)
    _failed = Signal(int)

    def __init__(self, window: QWidget, on_clicked: Callable[[], None]) -> None:
        super().__init__(window)
        self._window = window
        self._on_clicked = on_clicked
        self._tray: QSystemTrayIcon | None = None
        self._tokens = count(1)
        self._said: dict[int, tuple[str, str, Mapping[str, Callable[[], None]]]] = {}
        # The lines are shown in a thread of their own, whose word comes here by these signals.
        self._notes = DesktopNotes(self._acted.emit, self._failed.emit) if is_likely() else None
        self._acted.connect(self._on_acted)
        self._failed.connect(self._on_failed)
        if self._notes is not None:
            self.destroyed.connect(self._notes.close)

    def say(self, title: str, text: str, choices: Mapping[str, Callable[[], None]] | None = None) -> None:
        """Show a line, and mark the program on the task bar; `choices` are its buttons by their words."""
        QApplication.alert(self._window)
        if self._notes is None:
            self._say_by_tray(title, text)
            return
        token, given = next(self._tokens), choices or {}
        self._said[token] = (title, text, given)
        self._said.pop(token - _KEPT, None)
        words = {CLICKED: title} | {word: word for word in given}
        self._notes.show(Note(token=token, title=title, text=text, choices=words, shown_ms=_SHOWN_MS))

    def _on_acted(self, token: int, choice: str) -> None:
        _title, _text, choices = self._said.pop(token, ("", "", {}))
        choices.get(choice, self._on_clicked)()

    def _on_failed(self, token: int) -> None:
        title, text, _choices = self._said.pop(token, ("", "", {}))
        if title:
            self._say_by_tray(title, text)

    def _say_by_tray(self, title: str, text: str) -> None:
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            self._shown_tray().showMessage(title, text, QSystemTrayIcon.MessageIcon.Information, _SHOWN_MS)

    def _shown_tray(self) -> QSystemTrayIcon:
        if self._tray is None:
            self._tray = QSystemTrayIcon(theme().icon("satchel", "accent"), self)
            self._tray.messageClicked.connect(self._on_clicked)
            self._tray.activated.connect(lambda _reason: self._on_clicked())
            self._tray.show()
        return self._tray
