"""One large figure in a card, with whether it is good."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.ui.charts.values import Figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live


class FigureTile(Live, QFrame):
    """A card with label, figure, and a state in a chip; a click or Enter asks what is behind it."""

    part_clicked = Signal(str)

    def __init__(self, figure: Figure, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure = figure
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._label = Label(color="text-soft")
        self._number = Label(step="figure")
        self._aside = Label(step="caption", weight=600)
        self._chip = Chip("")
        self._remark = Label(step="caption", color="text-soft")
        numbers = QHBoxLayout()
        numbers.setSpacing(8)
        numbers.addWidget(self._number)
        numbers.addWidget(self._aside, 0, Qt.AlignmentFlag.AlignBottom)
        numbers.addStretch(1)
        states = QHBoxLayout()
        states.setSpacing(8)
        states.addWidget(self._chip)
        states.addWidget(self._remark)
        states.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(4)
        column.addWidget(self._label)
        column.addLayout(numbers)
        column.addSpacing(2)
        column.addLayout(states)
        column.addStretch(1)
        self.show_figure(figure)

    def show_figure(self, figure: Figure) -> None:
        """Show another figure."""
        self._figure = figure
        self._label.say(figure.label)
        self._number.say(figure.figure)
        self._aside.say(figure.aside)
        self._chip.set_tone(figure.tone, figure.state)
        self._chip.setVisible(bool(show(figure.state)))
        self._remark.say(figure.remark)
        self.retranslate()

    def as_table(self) -> list[tuple[str, ...]]:
        """Return label and figure, the head first."""
        return [(tr("Name"), tr("Value")), (self._label.text(), self._number.text())]

    def summary(self) -> str:
        """Return all the tile says in one line."""
        said = (self._number, self._aside, self._chip, self._remark)
        words = ", ".join(part.text() for part in said if part.text())
        return tr("{label}: {value}", label=self._label.text(), value=words)

    def retranslate(self) -> None:
        """Say the tile to those who listen."""
        self.setAccessibleName(self.summary())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ask what is behind the figure."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.part_clicked.emit(self._figure.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask by Enter or Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.part_clicked.emit(self._figure.key)
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Let the style sheet paint the card, then the frame of focus."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            paint.focus_frame(painter, self.rect(), RADII["card"])
            painter.end()

    def retint(self) -> None:
        """Keep room for the figure at the person's font scale."""
        self.setMinimumHeight(theme().px(112))
