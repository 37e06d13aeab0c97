"""A pane beside a list that reads more of the current record than its row holds, once the walk rests."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import timeline
from crm_desktop.services.calendar import local
from crm_desktop.services.timeline import ItemKind, TimelineItem
from crm_desktop.ui.context import Context
from crm_desktop.ui.dialling import dial
from crm_desktop.ui.format import near_date
from crm_desktop.ui.itemmodels.rows import Row
from crm_desktop.ui.lists.details import DetailsPane
from crm_desktop.ui.timeline.words import KIND_ICONS
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import Fact, line_up
from crm_desktop.ui.widgets.labels import Heading, IconLabel, Label

PAUSE_MS = 120  # while somebody walks down the rows nothing is read
_LEAST_LABEL, _MOST_LABEL = 79, 112
_KINDS = tuple(kind for kind in ItemKind if kind is not ItemKind.FIELD)

Told = TypeVar("Told")
"""What is read of a record."""


class ReadDetails(DetailsPane, Generic[Told]):
    """Buttons to call, mail, log and open, what subclasses add, facts, and the latest of the time line."""

    log_asked = Signal(str)
    """The id of the record something is to be logged for."""
    entity = ""
    latest = 3
    """Entries of the time line shown."""

    def __init__(self, context: Context, mark: QWidget, parent: QWidget | None = None) -> None:
        self._context = context
        self._told: Told | None = None
        self._latest: tuple[TimelineItem, ...] = ()
        self._pause: QTimer | None = None
        super().__init__(parent)
        mark.hide()
        self.head_row.insertWidget(1, mark)
        self.head_row.removeWidget(self.open_button)
        self.open_button.hide()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._read)

    @abstractmethod
    def read_of(self, replica: Replica, record_id: str) -> Told:
        """Return what is shown of a record; on a thread of its own."""

    @abstractmethod
    def record_in(self, told: Told) -> Record:
        """Return the record itself."""

    @abstractmethod
    def show_mark(self, row: Row | None) -> None:
        """Show beside the title what the row says at once."""

    @abstractmethod
    def show_told(self, told: Told) -> None:
        """Fill the empty body."""

    def fill(self, row: Row | None) -> None:
        """Read the record, in a moment; what is shown stays until then."""
        if self._pause is None:
            return
        self.open_button.hide()
        self.show_mark(row)
        if row is None:
            clear(self.body)
            self._pause.stop()
            return
        told = self._of_row()
        if told is None:
            clear(self.body)
        elif self.body.isEmpty():
            self._show()
        # Of the same record: something changed, and nobody walks.
        self._pause.start(PAUSE_MS if told is None else 0)

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        self._show()

    def add_line(self, parts: Sequence[str]) -> None:
        """Add who and where in one soft line."""
        words = " · ".join(part for part in parts if part)
        if words:
            self.body.addWidget(Label(words, color="text-soft", wrap=True))

    def add_buttons(self, record: Record) -> None:
        """Add what is done with a record at once."""
        row = QHBoxLayout()
        row.setSpacing(6)
        call = Button(message("Call"), icon="phone", small=True)
        call.setEnabled(bool(record.get("phone")))
        call.clicked.connect(lambda: dial(str(record.get("phone"))))
        mail = Button(message("Mail"), icon="mail", small=True)
        mail.setEnabled(bool(record.get("email")))
        mail.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(f"mailto:{record.get('email')}")))
        log = Button(message("Log"), icon="pen", small=True)
        log.clicked.connect(lambda: self.log_asked.emit(record.id))
        open_ = Button(message("Show"), small=True)
        open_.clicked.connect(lambda: self.opened.emit(record.id))
        for button in (call, mail, log, open_):
            row.addWidget(button, 1)
        self.body.addSpacing(6)
        self.body.addLayout(row)

    def add_facts(self, facts: Sequence[Fact]) -> None:
        """Add facts under their heading; nothing where there are none."""
        if not facts:
            return
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("Facts")))
        for fact in facts:
            self.body.addWidget(fact)
        line_up(facts, least=_LEAST_LABEL, most=_MOST_LABEL)

    def add_latest(self) -> None:
        """Add the latest of the time line; nothing where it is empty."""
        if not self._latest:
            return
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("Latest")))
        for item in self._latest:
            day = near_date(local(item.at_ms).date())
            line = tr("{who}, {day}", who=item.who, day=day) if item.who else day
            row = QHBoxLayout()
            row.setSpacing(12)
            icon = IconLabel(KIND_ICONS[item.kind])
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(Label(item.title, wrap=True))
            words.addWidget(Label(line, step="caption", color="text-soft"))
            row.addWidget(icon)
            row.setAlignment(icon, icon.alignment().AlignTop)
            row.addLayout(words, 1)
            self.body.addLayout(row)

    def _of_row(self) -> Told | None:
        """Return what was read, if it is of the current row."""
        told = self._told
        if told is None or self.row is None or self.record_in(told).id != self.row.id:
            return None
        return told

    def _read(self) -> None:
        row = self.row
        if row is None or not self.isVisible():
            return
        replica, record_id = self._context.replica, row.id

        def read() -> tuple[Told, tuple[TimelineItem, ...]]:
            found = timeline.timeline(replica, record_id, _KINDS, limit=self.latest, entity=self.entity)
            return self.read_of(replica, record_id), found.items

        self._context.tasks.read(self, read, self._on_read, self._on_failed, topic="details")

    def _on_failed(self, error: CrmError) -> None:
        clear(self.body)
        self.body.addWidget(Label(error.message, color="text-soft", wrap=True))

    def _on_read(self, read: tuple[Told, tuple[TimelineItem, ...]]) -> None:
        self._told, self._latest = read
        self._show()

    def _show(self) -> None:
        told = self._of_row()
        if told is not None:
            clear(self.body)
            self.show_told(told)
