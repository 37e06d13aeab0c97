"""One way out of several, as a card to choose."""

from __future__ import annotations

from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live


class OptionCard(Live, QWidget):
    """One way out of several: a radio button, a line of explanation, and room for more."""

    def __init__(self, title: Text, line: Text, more: QWidget | None = None) -> None:
        super().__init__()
        self.radio = QRadioButton()
        self._title, self._line = title, line
        self._head, self._below = Label(title, weight=600), Label(line, color="text-soft", wrap=True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._head)
        words.addWidget(self._below)
        if more is not None:
            words.addSpacing(theme().px(8))
            words.addWidget(more)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(16), theme().px(14), theme().px(16), theme().px(14))
        row.setSpacing(theme().px(12))
        column = QVBoxLayout()
        column.addSpacing(2)
        column.addWidget(self.radio)
        column.addStretch(1)
        row.addLayout(column)
        row.addLayout(words, 1)
        self.retranslate()

    def say(self, title: Text, line: Text, color: str = "text-soft") -> None:
        """Show another title, and another line in a colour token."""
        self._title, self._line = title, line
        self._head.say(title)
        self._below.say(line)
        self._below.set_color(color)
        self.retranslate()

    def retranslate(self) -> None:
        """Name the choice in the language on screen."""
        self.radio.setAccessibleName(show(self._title))
        self.radio.setAccessibleDescription(show(self._line))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose by a click anywhere."""
        super().mousePressEvent(event)
        if self.radio.isEnabled():
            self.radio.setChecked(True)
            self.radio.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint surface and edge, the accent's while chosen."""
        painter = QPainter(self)
        edge = "accent" if self.radio.isChecked() else "line-strong"
        paint.rounded(painter, self.rect(), theme().color("surface"), theme().color(edge), RADII["card"])
        painter.end()
