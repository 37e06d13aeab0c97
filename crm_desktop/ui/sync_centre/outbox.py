"""What waits to be sent, record by record: its fields, size and age; sent now, or taken back."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_desktop.services import waiting
from crm_desktop.services.waiting import Discarded, Waiting, WaitingRecord
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import figure, file_size, near_moment
from crm_desktop.ui.places import place_of
from crm_desktop.ui.sync_centre.row_list import RowList
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label

_KINDS = {
    "new": N_("New"),
    "changed": N_("Changed"),
    "deleted": N_("Deleted"),
    "restored": N_("Restored"),
}
MOST_LABELS = 4


class Outbox(RowList):
    """Records with edits HQ has not answered, the oldest first: they are sent in this order.

    Enter opens a record, Del takes its edits back.
    """

    send_wanted = Signal()

    def __init__(self, context: Context) -> None:
        self._sum = Label(color="text-soft", wrap=True)
        self.send = Button(message("Send now"), Kind.STANDARD, icon="sync", hint="F9")
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._sum, 1)
        row.addWidget(self.send)
        self._none = EmptyState("cloudok", message("Nothing waits to be sent"))
        super().__init__(self._none, head)
        self._context = context
        self._waiting = Waiting()
        self.send.clicked.connect(self.send_wanted)
        self.show_rows([])

    def show_waiting(self, known: Waiting, *, enrolled: bool) -> None:
        """Show other records."""
        self.send.setVisible(enrolled)
        self._none.say(
            message("Nothing waits to be sent"),
            message("HQ has every change.") if enrolled else message("Nothing leaves this laptop."),
            "cloudok" if enrolled else "laptop",
        )
        if known != self._waiting:
            self._waiting = known
            self._show()

    def retranslate(self) -> None:
        """Say every record in the language on screen."""
        if self._waiting.records:
            self._show()

    def _show(self) -> None:
        known = self._waiting
        self._sum.say(sum_words(known))
        rows = []
        for place, record in enumerate(known.records):
            row = OutboxRow(record, lined=place < len(known.records) - 1)
            row.opened.connect(lambda r=record: open_record(self._context, r))
            row.discard_wanted.connect(lambda r=record: discard_record(self._context, self, r))
            rows.append(row)
        self.show_rows(rows)


class OutboxRow(InfoRow):
    """A record that waits: what of it, how much, since when; and Discard."""

    discard_wanted = Signal()

    def __init__(self, record: WaitingRecord, *, lined: bool) -> None:
        right = QWidget()
        row = QHBoxLayout(right)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(16))
        row.addLayout(size_and_age(record))
        self.discard = Button(message("Discard"), Kind.BAD, hint="Del", small=True)
        self.discard.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Del on the row does the same
        row.addWidget(self.discard)
        super().__init__(
            title_of(record),
            detail_line(record),
            icon=SCHEMAS[record.entity].meta.icon,
            right=right,
            lined=lined,
        )
        self.discard.clicked.connect(self.discard_wanted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the edits back with Del."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.discard_wanted.emit()
            return
        super().keyPressEvent(event)


def sum_words(known: Waiting) -> Message:
    """Return how many records wait, how much they are, and that the order is kept."""
    size = file_size(known.size_bytes)
    if known.count == 1:
        return message("1 record, {size}.", size=size)
    if known.count > len(known.records):
        return message(
            "{count} records, {size}, sent in this order. The first {shown} are shown.",
            count=figure(known.count),
            size=size,
            shown=figure(len(known.records)),
        )
    return message("{count} records, {size}, sent in this order.", count=figure(known.count), size=size)


def title_of(record: WaitingRecord) -> Text:
    """Return what a record is called; its kind where it has no name."""
    return record.title or Message(SCHEMAS[record.entity].meta.label)


def detail_line(record: WaitingRecord) -> str:
    """Return kind of record, what was done, which fields, and whether it went already."""
    shown = [tr(label) for label in record.labels[:MOST_LABELS]]
    if len(record.labels) > MOST_LABELS:
        shown.append(tr("{count} more", count=len(record.labels) - MOST_LABELS))
    named, kind = tr(SCHEMAS[record.entity].meta.label), tr(_KINDS[record.kind])
    sent = tr("sent, no answer yet") if record.sent else ""
    return " · ".join(filter(None, (named, kind, ", ".join(shown), sent)))


def short_line(record: WaitingRecord) -> Text:
    """Return what was done in a word or two."""
    if record.kind != "changed" or not record.labels:
        return Message(_KINDS[record.kind])
    if len(record.labels) == 1:
        return Message(record.labels[0])
    return message("{count} fields", count=len(record.labels))


def size_and_age(record: WaitingRecord) -> QVBoxLayout:
    """Return size over time, at the right."""
    column = QVBoxLayout()
    column.setSpacing(0)
    column.addStretch(1)
    for text in (file_size(record.size_bytes), near_moment(moment(record.since_ms))):
        label = Label(text, step="caption", color="text-soft")
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        column.addWidget(label)
    column.addStretch(1)
    return column


def open_record(context: Context, record: WaitingRecord) -> None:
    """Go to the page that shows a record, or what it belongs to."""
    found = place_of(record.entity, record.record_id, record.belongs_to)
    if found is not None and record.kind != "deleted":
        page, record_id = found
        context.go.emit(Place(page=page, record_id=record_id))


def discard_record(context: Context, owner: QObject, record: WaitingRecord) -> None:
    """Take a record's unsent edits back, and offer to make them again."""
    replica = context.replica

    def discarded(taken: Discarded) -> None:
        told = (
            message("Discarded: {title}", title=title_of(record))
            if taken.records == 1
            else message(
                "Discarded: {title}, and {count} more that belong to it",
                title=title_of(record),
                count=taken.records - 1,
            )
        )
        context.tell(told, undo=lambda: waiting.bring_back(replica, taken))

    context.change(owner, lambda: waiting.discard(replica, [(record.entity, record.record_id)]), discarded)
