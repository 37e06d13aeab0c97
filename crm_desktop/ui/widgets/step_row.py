"""One step of several: a circle with its number, or with a tick once it is done, and its name."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from crm_core.i18n import Message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.live import Live

CIRCLE = 22


class StepRow(Live, QWidget):
    """A step with its circle: a tick where it is done, else its number."""

    def __init__(self) -> None:
        super().__init__()
        self._name: Message = Message("")
        self._number, self._done, self._present = 0, False, False

    @property
    def name(self) -> Message:
        """What the step is called."""
        return self._name

    def show_step(self, name: Message, number: int, *, done: bool, present: bool) -> None:
        """Show another step, or how far it is."""
        self._name, self._number, self._done, self._present = name, number, done, present
        self.retranslate()
        self.update()

    def retranslate(self) -> None:
        """Say the step and how far it is to those who listen."""
        words = show(self._name)
        if self._done:
            words = tr("{step}: done", step=words)
        elif self._present:
            words = tr("{step}: present step", step=words)
        self.setAccessibleName(words)
        self.update()

    def sizeHint(self) -> QSize:
        """Give the row its room."""
        return QSize(theme().px(200), theme().px(CIRCLE))

    def minimumSizeHint(self) -> QSize:
        """Never be smaller."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint circle and name."""
        painter = QPainter(self)
        side = theme().px(CIRCLE)
        circle = QRect(0, (self.height() - side) // 2, side, side)
        ground = theme().color("accent") if self._present else None
        edge = None if self._present else theme().color("good" if self._done else "line-strong")
        paint.rounded(painter, circle, ground, edge, side / 2)
        if self._done:
            paint.icon(painter, "check", "good", circle.left() + (side - theme().px(12)) // 2, circle, 12)
        else:
            painter.setFont(theme().font("caption"))
            painter.setPen(theme().color("on-accent" if self._present else "text-soft"))
            painter.drawText(circle, int(Qt.AlignmentFlag.AlignCenter), str(self._number))
        words = QRect(side + theme().px(12), 0, self.width() - side - theme().px(12), self.height())
        font = theme().font("body", 600 if self._present else 400)
        paint.words(painter, show(self._name), font, "text" if self._present else "text-soft", words)
        painter.end()
