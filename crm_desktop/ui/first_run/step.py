"""What the first run asks of each of its steps, and how the list of steps is painted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, S
from crm_desktop.ui.translate import Text, tr, translator
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.step_row import StepRow

STEPS_WIDTH = 248
MARGIN = 48
CONTENT_WIDTH = 720


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
        self._rows: list[StepRow] = []
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
            self._rows = [StepRow() for _ in names]
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
