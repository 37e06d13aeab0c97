"""Buttons of a head that give way to one another: where there is little room they show their icons alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from crm_desktop.ui.widgets.buttons import Button

_CHANGES = (QEvent.Type.Resize, QEvent.Type.LayoutRequest)


class _Room(QObject):
    """Looks at the room of one head; goes with it."""

    def __init__(self, head: QWidget, buttons: Sequence[Button]) -> None:
        super().__init__(head)
        self._head, self._buttons = head, buttons
        head.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look again where the head is wider or narrower, or something in it came or went."""
        if watched is self._head and event.type() in _CHANGES:
            self._arrange()
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        shown = [button for button in self._buttons if not button.isHidden()]
        spare = self._head.width() - self._head.layout().minimumSize().width()
        spare += sum(button.sizeHint().width() - button.room(words=True) for button in shown)
        for button in shown:
            words = spare >= 0
            if not words:
                spare += button.room(words=True) - button.room(words=False)
            button.show_words(words)


def give_way(head: QWidget, *buttons: Button) -> None:
    """Have buttons, the first of them first, show their icons alone where the head is too narrow."""
    _Room(head, buttons)
