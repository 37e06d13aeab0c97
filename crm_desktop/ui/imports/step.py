"""What the import asks of each of its steps, and the row of steps over them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message
from crm_desktop.ui.context import Context
from crm_desktop.ui.imports.choices import Choices
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.step_row import CIRCLE, StepRow

FOCUS_ROOM = 4
READ_WIDTH = 760
"""Widest that sentences and single fields run, before the font scale."""


class ImportStep(Live, QWidget):
    """One step; `body` is filled by it. What is chosen goes into `choices` at once."""

    ready_changed = Signal()

    def __init__(self, context: Context, name: Message) -> None:
        super().__init__()
        self.context = context
        self.name = name
        self.choices = Choices(entity="customer")
        self.body = QVBoxLayout(self)
        keep_margins(self.body, PAGE_MARGIN, 16, PAGE_MARGIN, 12)
        self.body.setSpacing(theme().px(12))

    @property
    def ready(self) -> bool:
        """Whether the next step may come."""
        return True

    def leave_room_for_focus(self) -> None:
        """Let what is scrolled begin a little outside the margin: the ring of focus lies around buttons."""
        keep_margins(self.body, PAGE_MARGIN - FOCUS_ROOM, 16 - FOCUS_ROOM, PAGE_MARGIN, 12)

    def begin(self, choices: Choices) -> None:
        """Take up the choices of another import."""
        self.choices = choices

    def enter(self) -> None:
        """The step is shown: show what the choices say, and put the focus where it belongs."""


class StepTrail(Live, QWidget):
    """The steps side by side: done, present, to come."""

    def __init__(self, names: Sequence[Message], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = tuple(names)
        self._at = 0
        self._rows = [_TrailRow() for _ in names]
        row = QHBoxLayout(self)
        keep_margins(row, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        row.setSpacing(theme().px(24))
        for each in self._rows:
            row.addWidget(each)
        row.addStretch(1)
        self.go(0)
        self.retranslate()
        self.retint()

    def go(self, at: int) -> None:
        """Show which step is in front."""
        self._at = at
        for place, (row, name) in enumerate(zip(self._rows, self._names, strict=True)):
            row.show_step(name, place + 1, done=place < at, present=place == at)
            row.updateGeometry()

    def retranslate(self) -> None:
        """Name the row in the language on screen."""
        self.setAccessibleName(tr("Steps"))

    def retint(self) -> None:
        """Keep the height of the theme."""
        self.setFixedHeight(theme().size("tab-row"))


class _TrailRow(StepRow):
    """A step as wide as its name."""

    def sizeHint(self) -> QSize:
        words = QFontMetrics(theme().font("body", 600)).horizontalAdvance(show(self.name))
        return QSize(theme().px(CIRCLE + 12 + 2) + words, theme().px(CIRCLE))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(CIRCLE), theme().px(CIRCLE))
