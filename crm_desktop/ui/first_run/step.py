"""What the first run asks of each of its steps, and how the list of steps is painted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, S
from crm_desktop.ui.translate import Text, show, tr, translator
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live

STEPS_WIDTH = 248
MARGIN = 48
CONTENT_WIDTH = 720
CIRCLE = 22


class Step(Live, QWidget):
    """A page of the first run: a title, a line under it, and `body` for the rest."""

    ready_changed = Signal()

    def __init__(self, title: Text, line: Text) -> None:
        super().__init__()
        self.title = Label(title, step="figure")
        self.line = Label(line, color="text-soft", wrap=True)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme().px(12))
        inner = QWidget()
        inner.setMaximumWidth(theme().px(CONTENT_WIDTH))
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(S))
        column.addWidget(self.title)
        column.addWidget(self.line)
        column.addSpacing(theme().px(S))
        column.addLayout(self.body)
        column.addStretch(1)
        row = QHBoxLayout(self)
        margin = theme().px(MARGIN)
        row.setContentsMargins(margin, theme().px(36), margin, theme().px(XL))
        row.addWidget(inner, 1)
        row.addStretch(0)

    @property
    def ready(self) -> bool:
        """Whether the next step may come."""
        return True

    def enter(self) -> None:
        """The step is shown: put the focus where it belongs."""


class StepList(Live, QWidget):
    """The program's name and the steps at the left: done, present, to come."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_StepRow] = []
        head = QHBoxLayout()
        head.setSpacing(theme().px(10))
        head.addWidget(IconLabel("satchel", color="accent", size=20))
        head.addWidget(Label(message("Satchel"), step="section"))
        self._other_name = Label(color="text-soft")
        head.addWidget(self._other_name)
        head.addStretch(1)
        self._column = QVBoxLayout()
        self._column.setSpacing(theme().px(18))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme().px(XL), theme().px(22), theme().px(S), theme().px(XL))
        outer.setSpacing(theme().px(28))
        outer.addLayout(head)
        outer.addLayout(self._column)
        outer.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.retranslate()
        self.retint()

    def show_steps(self, names: Sequence[Message], at: int) -> None:
        """Show the steps; those before `at` are done."""
        if len(names) != len(self._rows):
            for row in self._rows:
                self._column.removeWidget(row)
                row.hide()
                row.deleteLater()
            self._rows = [_StepRow() for _ in names]
            for row in self._rows:
                self._column.addWidget(row)
        for place, (row, name) in enumerate(zip(self._rows, names, strict=True)):
            row.show_step(name, place + 1, done=place < at, present=place == at)

    def retranslate(self) -> None:
        """Name the list in the language on screen, and the program in the other one too."""
        self.setAccessibleName(tr("Steps"))
        self._other_name.say("Satchel" if translator().language == "zh_CN" else "行囊")

    def retint(self) -> None:
        """Keep the width of the theme."""
        self.setFixedWidth(theme().px(STEPS_WIDTH))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground of the rail."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("rail"))
        painter.end()


class _StepRow(Live, QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._name: Message = Message("")
        self._number, self._done, self._present = 0, False, False

    def show_step(self, name: Message, number: int, *, done: bool, present: bool) -> None:
        self._name, self._number, self._done, self._present = name, number, done, present
        self.retranslate()
        self.update()

    def retranslate(self) -> None:
        words = show(self._name)
        if self._done:
            words = tr("{step}: done", step=words)
        elif self._present:
            words = tr("{step}: present step", step=words)
        self.setAccessibleName(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(200), theme().px(CIRCLE))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
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
