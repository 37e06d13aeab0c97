"""Who else answers the ticket on screen just now, and that one does oneself: for who has it open."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.services import records
from crm_desktop.sync.runner import Phase
from crm_desktop.ui.context import Context
from crm_desktop.ui.tickets.reply_box import ReplyBox
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

TYPING_MS = 45_000
"""Whoever has written nothing for so long is not answering any more, whatever stands in the box."""


class AnsweringNow(Live, QWidget):
    """A line over the reply box, there while somebody else answers. Without HQ it says nothing."""

    _heard = Signal(str, object)

    def __init__(self, context: Context, box: ReplyBox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._box = context, box
        self._ticket_id = ""
        self.names: tuple[str, ...] = ()
        """Who answers it, as this laptop calls them."""
        self.words = ElidedLabel("", color="warn", weight=600)
        self.line = QWidget()
        row = QHBoxLayout(self.line)
        keep_margins(row, PAGE_MARGIN, 8, PAGE_MARGIN, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("pen", color="warn"))
        row.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.line)
        self.line.hide()
        self.line.setBackgroundRole(QPalette.ColorRole.Base)  # as the conversation above it
        self.line.setAutoFillBackground(True)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_MS)
        self._pause.timeout.connect(self.look)
        self._heard.connect(self._on_heard, Qt.ConnectionType.QueuedConnection)
        context.app.answering.on_heard = self._hand_over
        context.sync_changed.connect(lambda _status: self.look())
        box.input.textChanged.connect(self._on_typed)
        box.tabs.chosen.connect(lambda _key: self.look())

    def show_ticket(self, ticket_id: str) -> None:
        """Stand beside another ticket."""
        if ticket_id != self._ticket_id:
            self._ticket_id = ticket_id
            self._pause.stop()
            self._show(())
        self.look()

    def look(self) -> None:
        """Say at HQ what is on screen and whether one answers it, where HQ is in reach."""
        near = self._context.sync_status.phase in (Phase.IDLE, Phase.RUNNING)
        ticket_id = self._ticket_id if near and self.isVisible() else ""
        box = self._box
        writes = self._pause.isActive() and bool(box.text.strip()) and not box.internal and not box.asks
        self._context.app.answering.look_at(ticket_id, writes=bool(ticket_id) and writes)
        if not ticket_id:
            self._show(())

    def showEvent(self, event: QShowEvent) -> None:
        """Hear of others again."""
        super().showEvent(event)
        self.look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Answer nothing that is not on screen."""
        super().hideEvent(event)
        self.look()

    def retranslate(self) -> None:
        """Say it in the language on screen."""
        names = self.names
        if len(names) == 1:
            self.words.say(message("{name} is answering", name=names[0]))
        elif names:
            self.words.say(message("{name} and others are answering", name=names[0]))

    def _on_typed(self) -> None:
        # What a draft or a macro puts there is not typed.
        if self._box.input.hasFocus() or not self._box.text.strip():
            if self._box.text.strip():
                self._pause.start()
            self.look()

    def _hand_over(self, ticket_id: str, users: tuple[str, ...]) -> None:
        """Take what was heard from its thread to the window's."""
        if shiboken6.isValid(self):
            self._heard.emit(ticket_id, users)

    def _on_heard(self, ticket_id: str, users: tuple[str, ...]) -> None:
        if ticket_id != self._ticket_id or not users:
            if ticket_id == self._ticket_id:
                self._show(())
            return
        replica, links = self._context.replica, [("user", each) for each in users]

        def show(titles: dict[tuple[str, str], str]) -> None:
            if ticket_id == self._ticket_id and self.isVisible():
                self._show(tuple(titles[link] for link in links if link in titles))

        self._context.tasks.read(self, lambda: records.titles(replica, links), show, topic="names")

    def _show(self, names: tuple[str, ...]) -> None:
        if names != self.names:
            self.names = names
            self.retranslate()
        self.line.setVisible(bool(names))
