"""What customers say: what is heard more often than before, and the records behind each word."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.reporting.heard import Item, Of, WhatIsHeard
from crm_core.reporting.heard_words import OF_LABELS, chance_text, verdict
from crm_core.rules.rising import LEAST
from crm_desktop.models.stopping import Stop
from crm_desktop.services import voice
from crm_desktop.services.calendar import local
from crm_desktop.services.voice import Behind
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import figure, near_date
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch
from crm_desktop.ui.widgets.text_table import TextTable

RISEN, WORDS, GROUPS = "risen", "words", "groups"
MOST_SHOWN = 300
NARROW_BELOW = 900
_DAYS = {"30": message("30 days"), "90": message("90 days"), "365": message("A year")}
_COLUMNS = (
    (message("Heard"), CellKind.TEXT, 0),
    (message("Kind"), CellKind.TEXT, 110),
    (message("Now"), CellKind.RIGHT, 64),
    (message("Before"), CellKind.RIGHT, 72),
    (message("By chance"), CellKind.RIGHT, 92),
)
_BEHIND = (
    (message("When"), CellKind.TEXT, 84),
    (message("Customer"), CellKind.TEXT, 160),
    (message("What was said"), CellKind.TEXT, 0),
)
_FOLLOWED = frozenset(("ticket", "ticket_message", "survey_answer", "ticket_category", "product", "customer"))


class VoicePage(Page):
    """At the left what was heard, at the right the records behind the current one; Enter opens the ticket."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._heard: WhatIsHeard | None = None
        self._items: tuple[Item, ...] = ()
        self._behind: tuple[Behind, ...] = ()
        self._stop = Stop()
        self.which = SegmentedSwitch(
            [
                Segment(key=RISEN, text=message("More often than before")),
                Segment(key=WORDS, text=message("Words and pairs")),
                Segment(key=GROUPS, text=message("Categories and products")),
            ],
            name=message("What is listed"),
        )
        self.days = SegmentedSwitch(
            [Segment(key=key, text=text) for key, text in _DAYS.items()], name=message("Period")
        )
        self.which.choose(RISEN)
        self.days.choose("30")
        self.which.chosen.connect(lambda _key: self._show())
        self.days.chosen.connect(lambda _key: self.refresh())
        self.said = Label("", color="text-soft", wrap=True)
        self.table = TextTable(_COLUMNS, message("What customers say"))
        self.records = TextTable(_BEHIND, message("The records behind it"))
        self.table.opened.connect(lambda _row: self.records.setFocus())
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.records.opened.connect(self._on_opened)
        self.verdict = Label("", color="text-soft", wrap=True)
        self.empty = EmptyState("reply", message("Nothing was heard in this time"))
        self._changes = Settling(self)
        self._changes.due.connect(self.refresh)
        context.records_changed.connect(self._on_records_changed)
        self._lay_out()
        self.retranslate()

    def show_place(self, place: Place) -> None:
        """Count."""
        self.refresh()
        self.table.setFocus()

    def refresh(self) -> None:
        """Count anew; what was being counted is given up."""
        self._stop.ask()
        stop = self._stop = Stop()
        replica, days = self.context.replica, int(self.days.key)
        self.context.tasks.read(
            self,
            lambda: voice.heard(replica, days, stop),
            self._on_heard,
            lambda error: None if stop.asked else self.context.show_error(error),
            topic="voice",
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the records below where there is no room beside."""
        super().resizeEvent(event)
        narrow = self.width() < theme().px(NARROW_BELOW)
        self._body.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)

    def leave(self) -> bool:
        """Give up what is being counted."""
        self._stop.ask()
        return True

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        self.setAccessibleName(tr("What customers say"))
        self._show()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        keep_margins(head, PAGE_MARGIN, 12, PAGE_MARGIN, 8)
        head.addWidget(Label(message("What customers say"), step="title"))
        head.addStretch(1)
        switches = FlowLayout(gap=theme().px(L), line_gap=theme().px(S))
        switches.addWidget(self.which)
        switches.addWidget(self.days)
        top = QVBoxLayout()
        keep_margins(top, PAGE_MARGIN, 0, PAGE_MARGIN, 8)
        top.setSpacing(theme().px(S))
        top.addLayout(switches)
        top.addWidget(self.said)
        self._body = QSplitter(Qt.Orientation.Horizontal)
        self._body.setChildrenCollapsible(False)
        self._body.addWidget(self.table)
        self._body.addWidget(self.records)
        self._body.setSizes([theme().px(560), theme().px(560)])
        self._holder = QWidget()
        inner = QVBoxLayout(self._holder)
        keep_margins(inner, PAGE_MARGIN, 0, PAGE_MARGIN, 12)
        inner.setSpacing(theme().px(S))
        inner.addWidget(self._body, 1)
        inner.addWidget(self.verdict)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addLayout(top)
        whole.addWidget(self._holder, 1)
        whole.addWidget(self.empty, 1)
        self.empty.hide()

    def _on_heard(self, heard: WhatIsHeard) -> None:
        self._heard = heard
        self._show()

    def _show(self) -> None:
        heard = self._heard
        if heard is None:
            return
        kept = self._items[self.table.currentIndex().row()].key if self._is_chosen() else ""
        words, which = (Of.WORD, Of.PAIR), self.which.key
        if which == RISEN:
            self._items = heard.risen[:MOST_SHOWN]
        else:
            self._items = tuple(each for each in heard.items if (each.of in words) == (which == WORDS))[
                :MOST_SHOWN
            ]
        self.table.show_rows(
            [
                (
                    each.label,
                    Message(OF_LABELS[each.of]),
                    figure(each.now),
                    figure(each.before),
                    chance_text(each) if each.rose else "",
                )
                for each in self._items
            ]
        )
        self.said.say(self._line(heard))
        self._holder.setVisible(bool(self._items))
        self.empty.setVisible(not self._items)
        if not self._items:
            self.empty.say(*self._nothing(heard))
        place = next((n for n, each in enumerate(self._items) if each.key == kept), 0)
        self._behind = ()
        self.records.show_rows(())
        if self._items:
            self.table.selectRow(place)
            self._read_behind()

    def _line(self, heard: WhatIsHeard) -> Message:
        return message(
            "{now} tickets and answers in the last {days} days, {before} in as many days before. By chance: "
            "how likely so many are if nothing had changed (binomial test).",
            now=figure(heard.now),
            before=figure(heard.before),
            days=heard.days,
        )

    def _nothing(self, heard: WhatIsHeard) -> tuple[Message, Message]:
        if self.which.key == RISEN and heard.now:
            return (
                message("Nothing is heard more often than before"),
                message(
                    "What is told of was heard {least} times or more, and hardly by chance.", least=LEAST
                ),
            )
        return (
            message("Nothing was heard in this time"),
            message(
                "Words are those of tickets, of what customers wrote in them, and of their survey answers."
            ),
        )

    def _is_chosen(self) -> bool:
        row = self.table.currentIndex().row()
        return 0 <= row < len(self._items)

    def _on_current_changed(self, _now: QModelIndex, _before: QModelIndex) -> None:
        self._read_behind()

    def _read_behind(self) -> None:
        if not self._is_chosen():
            return
        replica, item = self.context.replica, self._items[self.table.currentIndex().row()]
        self.verdict.say(verdict(item))
        self.context.tasks.read(
            self,
            lambda: voice.behind(replica, item),
            self._on_behind,
            self.context.show_error,
            topic="behind",
        )

    def _on_behind(self, found: tuple[Behind, ...]) -> None:
        self._behind = found
        self.records.show_rows(
            [(near_date(local(each.at_ms).date()), each.customer, each.said) for each in found]
        )

    def _on_opened(self, row: int) -> None:
        self.context.go.emit(Place(page="tickets", record_id=self._behind[row].ticket_id))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and any(entity in _FOLLOWED for entity, _ in changed):
            self._changes.mark()
