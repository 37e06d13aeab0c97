"""The bar under the page: how it stands with HQ, how old the data is, what runs, what is selected."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from crm_core.i18n import message
from crm_desktop.ui.format import figure, file_size
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, S
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.sync_badge import SyncBadge, SyncStatus

SHOWN_AFTER_MS = 1000  # quicker jobs need no word


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs, in words; `total` 0 while nobody knows how much there is."""

    text: Text
    done: int = 0
    total: int = 0
    can_cancel: bool = False
    stopping: bool = False
    """It was asked to stop and has not come to a place where it may."""
    in_bytes: bool = False
    """`done` and `total` are sizes."""


class StatusBar(Live, QWidget):
    """Badge, network word, data age and running job at the left; selection or next try at the right."""

    badge_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.badge = SyncBadge()
        self.badge.clicked.connect(self.badge_clicked)
        self._network = Label(step="caption", color="text-soft")
        self._age = ElidedLabel(step="caption", color="text-soft")
        self._job = Label(step="caption", color="text-soft")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._count = Label(step="caption", color="text-soft")
        self._cancel = Button(message("Cancel"), Kind.LINK, weight=400, small=True)
        self._cancel.clicked.connect(self.cancel_clicked)
        self._right = Label(step="caption", color="text-soft")
        self._selection = Label(step="caption", weight=600)
        self._running: Running | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(SHOWN_AFTER_MS)
        self._patience.timeout.connect(self._show_running)
        self._row = QHBoxLayout(self)
        self._row.setSpacing(theme().px(16))
        for widget in (self.badge, self._network, self._age, self._job, self._bar, self._count, self._cancel):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        self._row.addWidget(self._selection)
        self._row.addWidget(self._right)
        self.badge.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._show_running()
        self.retranslate()
        self.retint()

    def show_sync(self, status: SyncStatus, network: Text, age: Text, next_try: Text) -> None:
        """Show how it stands with HQ: the badge, two soft remarks, and when it is tried again."""
        self.badge.show_status(status)
        self._say(self._network, network)
        self._say(self._age, age)
        self._say(self._right, next_try)

    def show_job(self, running: Running | None) -> None:
        """Show what runs once it has run for a second; None: nothing runs."""
        if running is None:
            self._running = None
            self._patience.stop()
            self._show_running()
            return
        was_another = self._running is None or self._running.text != running.text
        self._running = running
        if was_another and not self._job.isVisible():
            self._patience.start()
        if self._job.isVisible():
            self._show_running()

    def show_selection(self, text: Text | None) -> None:
        """Show what is selected in the list in front."""
        self._say(self._selection, text or "")

    def retranslate(self) -> None:
        """Name the bar in the language on screen."""
        self.setAccessibleName(tr("Status"))
        self._show_running() if self._job.isVisible() else None

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self.setFixedHeight(theme().size("status-bar"))
        self._row.setContentsMargins(theme().px(S), 1, theme().px(XL - S), 0)
        self._bar.setFixedWidth(theme().px(80))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground and hairline."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("rail"))
        painter.fillRect(QRect(0, 0, self.width(), 1), theme().color("line"))
        painter.end()

    def _say(self, label: Label, text: Text) -> None:
        label.say(text)
        label.setVisible(bool(show(text)))

    def _show_running(self) -> None:
        running = self._running
        for widget in (self._job, self._bar):
            widget.setVisible(running is not None)
        self._count.setVisible(running is not None and running.total > 0)
        self._cancel.setVisible(running is not None and running.can_cancel)
        if running is None:
            return
        self._job.say(running.text)
        # Without a total the bar runs to and fro.
        self._bar.setRange(0, running.total)
        self._bar.setValue(min(running.done, running.total))
        write = file_size if running.in_bytes else figure
        done, total = write(running.done), write(running.total)
        self._count.say(message("{done} of {total}", done=done, total=total))
        self._cancel.say(message("Stopping…") if running.stopping else message("Cancel"))
        self._cancel.setEnabled(not running.stopping)
        self._bar.setAccessibleName(self._job.text())
