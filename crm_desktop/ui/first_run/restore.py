"""Going back to a copy before the program is there: what is the matter, the copies, what it means."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_desktop.models.backup import Copy
from crm_desktop.ui.copies import MEANING, CopyChoice
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M, S
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.progress import ProgressLine

WIDTH = 520


class RestoreScreen(QWidget):
    """The copies, one primary button, and the ways on without them."""

    restore_wanted = Signal(object)
    """The `Copy` to go back to."""
    again_wanted = Signal()
    left = Signal()

    def __init__(self, line: Text, reason: Text, folder: str, copies: Sequence[Copy], *, again: Text) -> None:
        super().__init__()
        self.choice = CopyChoice(copies)
        self.restore = Button(message("Restore this copy"), Kind.PRIMARY)
        self.restore.clicked.connect(self._on_restore)
        self.again = Button(again, Kind.STANDARD)
        self.again.clicked.connect(self.again_wanted)
        leave = Button(message("Quit"), Kind.STANDARD)
        leave.clicked.connect(self.left)
        self.progress = ProgressLine(message("Restoring the copy…"))
        self.progress.set_progress(0, None)
        self.progress.hide()
        self.explanation = Label(reason, color="text-soft", wrap=True)
        self.explanation.setVisible(bool(show(reason)))
        profile = message("Profile: {folder}", folder=folder)
        where = Label(profile, step="caption", color="text-soft", wrap=True)
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme().px(S))
        for button in (self.restore, self.again):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(leave)
        box = QWidget()
        box.setFixedWidth(theme().px(WIDTH))
        column = QVBoxLayout(box)
        column.setSpacing(theme().px(M))
        column.addWidget(IconLabel("warn", color="text-soft", size=32))
        column.addWidget(Label(line, step="title", wrap=True))
        column.addWidget(self.explanation)
        column.addWidget(self.choice)
        column.addWidget(Label(MEANING, color="text-soft", wrap=True))
        column.addSpacing(theme().px(S))
        column.addLayout(buttons)
        column.addWidget(self.progress)
        column.addSpacing(theme().px(L))
        column.addWidget(where)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(box)
        middle.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(middle)
        outer.addStretch(3)
        QTimer.singleShot(0, self, self.choice.focus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Restore with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_restore()
            return
        super().keyPressEvent(event)

    def begin(self) -> None:
        """Show that a copy is being restored; nothing else can be asked for meanwhile."""
        self._set_busy(True)

    def refuse(self, copy: Copy, error: CrmError) -> None:
        """Say why it was not restored; another one can be chosen."""
        self._set_busy(False)
        self.choice.refuse(copy, error)
        self.restore.setEnabled(self.choice.chosen is not None)
        self.choice.focus()

    def _set_busy(self, busy: bool) -> None:
        self.choice.setEnabled(not busy)
        self.choice.retranslate()
        self.restore.setEnabled(not busy)
        self.again.setEnabled(not busy)
        self.progress.setVisible(busy)

    def _on_restore(self) -> None:
        copy = self.choice.chosen
        if copy is not None and self.restore.isEnabled():
            self.restore_wanted.emit(copy)
