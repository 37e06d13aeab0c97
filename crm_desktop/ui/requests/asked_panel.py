"""Beside a ticket: the service request it is worked on for, with its answers."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_core.rules import request_forms
from crm_desktop.services import service_requests
from crm_desktop.services.service_requests import AskedView
from crm_desktop.ui.context import Context
from crm_desktop.ui.field_texts import value_text
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import Fact, line_up
from crm_desktop.ui.widgets.labels import Heading, IconLabel, Label
from crm_desktop.ui.widgets.live import Live

_LEAST_LABEL, _MOST_LABEL = 68, 110
_LOOKS = {
    "draft": ("pen", "text-soft"),
    "waiting": ("clock", "warn"),
    "granted": ("check", "good"),
    "withdrawn": ("none", "text-soft"),
}
_FOLLOWS = frozenset((request_forms.REQUEST, "attachment"))


class AskedPanel(Live, QWidget):
    """Hidden for a ticket that is no service request."""

    open_asked = Signal(str)
    """Id of the request."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._ticket_id = ""
        self.view: AskedView | None = None
        self.heading = Heading(message("Service request"))
        self.icon = IconLabel("clock", size=14)
        self.state = Label("", weight=600, wrap=True)
        self.held = Label(message("Nobody works on it before it is accepted"), color="text-soft", wrap=True)
        self.facts: list[Fact] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        self.open = Button(message("Open the request"), Kind.LINK, small=True)
        state = QHBoxLayout()
        state.setSpacing(8)
        state.addWidget(self.icon)
        state.addWidget(self.state, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.open)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.heading)
        column.addLayout(state)
        column.addWidget(self.held)
        column.addLayout(self._rows)
        column.addLayout(foot)
        self.open.clicked.connect(self._on_open_clicked)
        self._changes = Settling(self)
        self._changes.due.connect(self._read)
        context.records_changed.connect(self._on_records_changed)
        self.hide()

    def show_ticket(self, ticket_id: str) -> None:
        """Show the request of another ticket."""
        if ticket_id != self._ticket_id:
            self._ticket_id = ticket_id
            self._show(None)
        self._read()

    def retranslate(self) -> None:
        """Write the answers in the language on screen."""
        if self.view is not None:
            self._show(self.view)

    def _read(self) -> None:
        replica, ticket_id = self._context.replica, self._ticket_id
        self._context.tasks.read(
            self,
            lambda: service_requests.of_ticket(replica, ticket_id),
            self._show,
            self._context.show_error,
            topic="asked",
        )

    def _show(self, view: AskedView | None) -> None:
        self.view = view
        clear(self._rows)
        self.facts = []
        self.setVisible(view is not None)
        if view is None:
            return
        request = view.request
        status = str(request.get("status") or request_forms.DRAFT)
        self.icon.show_icon(*_LOOKS.get(status, ("none", "text-soft")))
        word = SCHEMAS[request_forms.REQUEST].fields["status"].choice_label(status)
        self.state.say(message("{form}: {state}", form=Message(view.name), state=Message(word)))
        self.held.setVisible(view.is_held and status != request_forms.WITHDRAWN)
        for field, value in view.answers:
            words = value_text(field, value, {}, view.titles) or message("Not on this laptop")
            self.facts.append(Fact(Message(field.label), words))
        if view.asked_by:
            self.facts.append(Fact(message("Asked by"), view.asked_by))
        for fact in self.facts:
            self._rows.addWidget(fact)
        line_up(tuple(self.facts), least=_LEAST_LABEL, most=_MOST_LABEL)

    def _on_open_clicked(self) -> None:
        if self.view is not None:
            self.open_asked.emit(self.view.request.id)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self._ticket_id and not _FOLLOWS.isdisjoint(entity for entity, _ in changed):
            self._changes.mark()
