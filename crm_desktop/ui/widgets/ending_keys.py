"""Ctrl+Enter and Esc: how what is typed is taken, and how one leaves it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit


def is_taking(event: QKeyEvent) -> bool:
    """Tell whether a key takes what is typed: Ctrl+Enter."""
    enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def ends(event: QKeyEvent, take: Callable[[], object], leave: Callable[[], object]) -> bool:
    """Take what is typed by Ctrl+Enter, leave by Esc; tell whether it was one of them."""
    if is_taking(event):
        take()
    elif event.key() == Qt.Key.Key_Escape:
        leave()
    else:
        return False
    return True


class EndingText(QPlainTextEdit):
    """Several lines that are taken by Ctrl+Enter and left by Esc; Tab goes on."""

    accepted = Signal()
    escaped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tell of the two keys."""
        if not ends(event, self.accepted.emit, self.escaped.emit):
            super().keyPressEvent(event)
