"""The quiet line at the head of a form: one thing to know, one thing to do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.margins import keep_margins
from crm_desktop.ui.widgets.paint import Tone


class FormBar(QWidget):
    """An `InfoBar` with the margins of its form; out of sight while there is nothing to say."""

    def __init__(self, margin: int, parent: QWidget | None = None) -> None:
        """`margin` at both sides in px before the font scale."""
        super().__init__(parent)
        self.asks = False
        """Whether it asks before something is given up."""
        self._act: Callable[[], Any] | None = None
        self.bar = InfoBar("", closable=True)
        self.bar.hide()
        self.bar.action_clicked.connect(self._on_action)
        self.bar.closed.connect(self.clear)
        row = QHBoxLayout(self)
        keep_margins(row, margin, 0, margin, 8)
        row.addWidget(self.bar)
        self.hide()

    def say(self, text: Text, tone: Tone, action: Text = "", act: Callable[[], Any] | None = None) -> None:
        """Show a line and what its action does."""
        self.asks = False
        self._act = act
        self.bar.say(text, tone, action=action)
        self.bar.show()
        self.show()

    def clear(self) -> None:
        """Say nothing any more."""
        self.asks = False
        self._act = None
        self.bar.hide()
        self.hide()

    def _on_action(self) -> None:
        if self._act is not None:
            self._act()
