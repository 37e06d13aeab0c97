"""One lead: its form, and beside it what was done and changed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.schema.field import Field
from crm_desktop.services import leads, timeline, value_history
from crm_desktop.services.leads import LeadStanding
from crm_desktop.services.lists import Titles
from crm_desktop.services.timeline import Timeline, TimelineItem
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.lists.side_pane import Hairline
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.timeline.timeline_list import TimelineList
from crm_desktop.ui.timeline.timeline_model import TimelineModel, titles_of_changes
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_LINE_WIDTH = 420
_Page = tuple[Timeline, Titles, dict[str, Field]]


class LeadView(Live, QWidget):
    """The form of a lead with its time line."""

    log_asked = Signal(str)
    convert_asked = Signal(str)
    claim_asked = Signal(str)
    give_back_asked = Signal(str)

    def __init__(self, context: Context, actions: ActionRegistry, lead_id: str) -> None:
        super().__init__()
        self._context = context
        self.lead_id = lead_id
        self.form = RecordForm(context, actions, "lead", lead_id)
        self.model = TimelineModel(self)
        self.line = TimelineList(self.model)
        self.line.opened.connect(self._on_opened)
        self.model.older_asked.connect(self._ask_older)
        self._empty = Label(message("Nothing was done or changed so far"), color="text-soft", wrap=True)
        self._empty.hide()
        log = Button(message("Log"), icon="pen", small=True)
        log.clicked.connect(lambda: self.log_asked.emit(lead_id))
        self.claim_button = Button(message("Claim"), icon="plus", small=True)
        self.claim_button.clicked.connect(lambda: self.claim_asked.emit(lead_id))
        self.give_back_button = Button(message("Give back"), icon="undo", small=True)
        self.give_back_button.clicked.connect(lambda: self.give_back_asked.emit(lead_id))
        self.convert_button = Button(message("Convert…"), icon="right", small=True)
        self.convert_button.clicked.connect(lambda: self.convert_asked.emit(lead_id))
        self._by_standing = (self.claim_button, self.give_back_button, self.convert_button)
        for button in self._by_standing:
            button.hide()
        self._side = QWidget()
        head = QHBoxLayout()
        head.setContentsMargins(L, 12, L, 4)
        head.setSpacing(6)
        head.addWidget(Label(message("Time line"), step="section"), 1)
        head.addWidget(log)
        for button in self._by_standing:
            head.addWidget(button)
        column = QVBoxLayout(self._side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        words = QHBoxLayout()
        words.setContentsMargins(L, 0, L, 0)
        words.addWidget(self._empty)
        column.addLayout(words)
        column.addWidget(self.line, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.form, 1)
        row.addWidget(Hairline(vertical=True))
        row.addWidget(self._side)
        self._changes = Settling(self)
        self._changes.due.connect(self.read)
        context.records_changed.connect(self._on_records_changed)
        self.retint()
        self.read()

    def read(self) -> None:
        """Read the time line anew, and what may be done with the lead."""
        replica = self._context.replica
        self._context.tasks.read(
            self, lambda: self._page(None), self._on_read, self._context.show_error, topic="line"
        )
        self._context.tasks.read(
            self,
            lambda: leads.standing(replica, self.lead_id),
            self._show_standing,
            lambda _error: None,  # said where the lead itself cannot be read
            topic="standing",
        )

    def retint(self) -> None:
        """Keep the width of the time line."""
        self._side.setFixedWidth(theme().px(_LINE_WIDTH))

    def retranslate(self) -> None:
        """Say the entries in the language on screen."""
        self.model.retranslate()

    def _page(self, before_ms: int | None) -> _Page:
        replica = self._context.replica
        fields = value_history.fields_in_history(replica, "lead")
        found = timeline.timeline(replica, self.lead_id, before_ms=before_ms, entity="lead")
        return found, titles_of_changes(replica, found.items, fields), fields

    def _on_read(self, read: _Page) -> None:
        found, titles, fields = read
        self.model.show_items(found.items, fields, titles, more=found.more)
        self._empty.setVisible(not found.items)

    def _show_standing(self, standing: LeadStanding) -> None:
        offered = (standing.may_claim, standing.may_give_back, standing.may_convert)
        for button, is_offered in zip(self._by_standing, offered, strict=True):
            button.setVisible(is_offered)

    def _ask_older(self) -> None:
        before = self.model.oldest_ms

        def add(read: _Page) -> None:
            self.model.add_older(read[0].items, read[1], more=read[0].more)

        self._context.tasks.read(
            self, lambda: self._page(before), add, self._context.show_error, topic="older"
        )

    def _on_opened(self, item: TimelineItem) -> None:
        if item.entity == "activity":
            self._context.go.emit(Place(page="calendar", record_id=item.record_id))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if ("lead", self.lead_id) in changed or any(entity == "activity" for entity, _ in changed):
            self._changes.mark()
