"""Words customers carry that are not in the list of tags: each leads to its customers, all can be listed."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.rules.access import Action
from crm_desktop.models.records import Record
from crm_desktop.services import rights, tagging
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.tagging import TAGGED, Unlisted
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure, percent
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

MOST_SHOWN = 12
_PAUSE_MS = 300  # an import changes customers by the thousand


class UnlistedTags(QWidget):
    """Hidden while every word carried is a tag."""

    word_asked = Signal(str)
    """A person wants to see the customers that carry a word."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.found: tuple[Unlisted, ...] = ()
        self.said = Label(color="text-soft")
        self.more = Label(color="text-soft")
        self.list_button = Button(message("Add to the list"), icon="plus", small=True)
        self.list_button.clicked.connect(self.list_all)
        self.words: list[Button] = []
        holder = QWidget()
        self._flow = FlowLayout(holder, gap=S, line_gap=4)
        self._flow.addWidget(self.said)
        row = QHBoxLayout(self)
        keep_margins(row, PAGE_MARGIN, 0, PAGE_MARGIN, S)
        row.addWidget(holder, 1)
        row.addWidget(self.list_button)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.read)
        context.records_changed.connect(self._on_records_changed)
        self.hide()

    def read(self) -> None:
        """Count anew."""
        replica = self._context.replica

        def read() -> tuple[tuple[Unlisted, ...], bool]:
            return tagging.unlisted(replica), bool(rights.may_do(replica, Action.CREATE, "tag"))

        self._context.tasks.read(self, read, self._on_read, self._context.show_error, topic="unlisted")

    def list_all(self) -> None:
        """Make tags of all the words, with Undo."""
        words = tuple(each.word for each in self.found)
        if not words:
            return
        replica = self._context.replica
        made: list[Record] = []

        def work() -> Outcome[tuple[Record, ...]]:
            outcome = tagging.list_words(replica, words)
            made.extend(outcome.value)
            return outcome

        self.list_button.setEnabled(False)
        self._context.change(
            self,
            work,
            told=message("Added to the list of tags"),
            undo=lambda: tagging.take_off_list(replica, made),
        )

    def _on_read(self, read: tuple[tuple[Unlisted, ...], bool]) -> None:
        self.found, may_list = read
        for button in self.words:
            self._flow.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._flow.removeWidget(self.more)
        self.words = [self._word(each) for each in self.found[:MOST_SHOWN]]
        for button in self.words:
            self._flow.addWidget(button)
        left = len(self.found) - len(self.words)
        self.said.say(message("Carried, but not in the list:"))
        self.more.say(message("and {count} more", count=figure(left)) if left else "")
        self._flow.addWidget(self.more)
        self.list_button.setVisible(may_list)
        self.list_button.setEnabled(True)
        self.setVisible(bool(self.found))

    def _word(self, each: Unlisted) -> Button:
        share = percent(round(each.use.share * 100))
        button = Button(
            message("{word} · {count} · {share}", word=each.word, count=figure(each.use.count), share=share),
            small=True,
        )
        button.setToolTip(each.word)
        button.clicked.connect(lambda: self.word_asked.emit(each.word))
        return button

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in (TAGGED, "tag") for entity, _ in changed):
            self._pause.start()
