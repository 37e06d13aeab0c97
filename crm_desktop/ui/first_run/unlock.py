"""The passphrase of a profile that has one, asked for when the program starts."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 360
LONGEST_WAIT_S = 60


class UnlockScreen(Live, QWidget):
    """One field. Each wrong passphrase makes the wait before the next try longer."""

    passphrase_given = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wrong, self._wait_s = 0, 0
        self._reason: Message | None = None
        self.line = QLineEdit()
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self._field = Field(message("Passphrase"), self.line)
        self.open = Button(message("Unlock"), Kind.PRIMARY)
        self.open.clicked.connect(self._on_open)
        leave = Button(message("Quit"), Kind.STANDARD)
        leave.clicked.connect(self.left)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._on_second_passed)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(leave)
        buttons.addWidget(self.open)
        box = QWidget()
        box.setFixedWidth(theme().px(WIDTH))
        column = QVBoxLayout(box)
        column.setSpacing(theme().px(12))
        column.addWidget(IconLabel("lock", color="accent", size=32))
        column.addWidget(Label(message("Unlock Satchel"), step="title"))
        column.addWidget(self._field)
        column.addWidget(
            Label(
                message(
                    "Forgotten? What was sent is at HQ: sign in with a new profile. What was not sent cannot"
                    " be opened without the passphrase."
                ),
                step="caption",
                color="text-soft",
                wrap=True,
            )
        )
        column.addLayout(buttons)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(
            box
        )  # aligned by stretches: a widget aligned by flags is not given its wrapped height
        middle.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(middle)
        outer.addStretch(3)
        QTimer.singleShot(0, self.line, self.line.setFocus)

    def refuse(self, reason: Message | None) -> None:
        """Say that the passphrase did not fit, and wait before the next try."""
        self._wrong += 1
        self._reason = reason
        self._wait_s = min(LONGEST_WAIT_S, 2 ** (self._wrong - 1))
        self.line.selectAll()
        self._tick.start()
        self._say()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_open()
            return
        super().keyPressEvent(event)

    def _on_open(self) -> None:
        if self.line.text() and self._wait_s == 0 and self.open.isEnabled():
            self.open.setEnabled(False)
            self._field.set_error("")
            self.passphrase_given.emit(self.line.text())

    def _on_second_passed(self) -> None:
        self._wait_s = max(0, self._wait_s - 1)
        if self._wait_s == 0:
            self._tick.stop()
        self._say()

    def _say(self) -> None:
        self.open.setEnabled(self._wait_s == 0)
        reason = show(self._reason or "")
        if self._wait_s:
            self._field.set_error(
                message("{reason}. Next try in {seconds} s.", reason=reason, seconds=self._wait_s)
            )
        else:
            self._field.set_error(reason)
