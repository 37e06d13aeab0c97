"""What waits to be sent, and what happened: two lists of rows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_desktop.services.syncing import Event, WaitingRecord
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import file_size, near_moment
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.cards import Card, InfoRow
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_KINDS = {
    "new": N_("New"),
    "changed": N_("Changed"),
    "deleted": N_("Deleted"),
    "restored": N_("Restored"),
}
_REFUSALS = {
    "sign_in": N_("HQ asks you to sign in again"),
    "revoked": N_("HQ has taken this laptop off its list"),
    "disabled": N_("Your account at HQ is closed"),
    "wipe": N_("HQ had the data on this laptop erased"),
    "upgrade": N_("This program is too old or too new for HQ"),
}
MOST_LABELS = 4


class RowList(Live, QWidget):
    """Rows in a card, from top to bottom, or one line that says there are none."""

    def __init__(self, empty: EmptyState) -> None:
        super().__init__()
        self._empty = empty
        self._card = Card(flush=True)
        self._card.body.setContentsMargins(1, 1, 1, 1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        margin = theme().px(XL)
        column.setContentsMargins(margin, theme().px(16), margin, margin)
        column.addWidget(self._card)
        column.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidget(inner)
        self._area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._area)
        whole.addWidget(empty)

    def show_rows(self, rows: Sequence[QWidget]) -> None:
        """Show other rows."""
        body = self._card.body
        while body.count():
            widget = body.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        for row in rows:
            body.addWidget(row)
        self._area.setVisible(bool(rows))
        self._empty.setVisible(not rows)


class Outbox(RowList):
    """Records with edits HQ has not answered, the oldest first: they are sent in this order."""

    def __init__(self, context: Context) -> None:
        super().__init__(
            EmptyState("cloudok", message("Nothing waits to be sent"), message("HQ has every change."))
        )
        self._context = context

    def show_waiting(self, waiting: Sequence[WaitingRecord]) -> None:
        """Show other records."""
        rows = []
        for place, record in enumerate(waiting):
            meta = SCHEMAS[record.entity].meta
            row = InfoRow(
                record.title or Message(meta.label),
                self._line(record),
                icon=meta.icon,
                right=Label(near_moment(moment(record.since_ms)), step="caption", color="text-soft"),
                lined=place < len(waiting) - 1,
            )
            row.opened.connect(lambda r=record: self._open(r))
            rows.append(row)
        self.show_rows(rows)

    def _line(self, record: WaitingRecord) -> Text:
        kind = tr(_KINDS[record.kind])
        shown = [tr(label) for label in record.labels[:MOST_LABELS]]
        if len(record.labels) > MOST_LABELS:
            shown.append(tr("{count} more", count=len(record.labels) - MOST_LABELS))
        named = tr(SCHEMAS[record.entity].meta.label)
        return " · ".join(filter(None, (named, kind, ", ".join(shown))))

    def _open(self, record: WaitingRecord) -> None:
        if record.entity in PAGE_OF_ENTITY and record.kind != "deleted":
            page = PAGE_OF_ENTITY[record.entity]
            self._context.go.emit(Place(page=page, record_id=record.record_id))


class History(RowList):
    """The rounds of late, newest first."""

    def __init__(self) -> None:
        super().__init__(EmptyState("clock", message("No sync yet"), message("Each round is noted here.")))

    def show_events(self, events: Sequence[Event]) -> None:
        """Show other rounds."""
        rows = []
        for place, event in enumerate(events):
            icon, title, line = event_words(event)
            rows.append(
                InfoRow(
                    title,
                    line,
                    icon=icon,
                    right=Label(near_moment(moment(event.at_ms)), step="caption", color="text-soft"),
                    lined=place < len(events) - 1,
                )
            )
        self.show_rows(rows)


def event_words(event: Event) -> tuple[str, Text, Text]:
    """Return icon, title and line of a round."""
    detail = event.detail
    if event.kind == "round":
        if not detail.get("sent") and not detail.get("received") and not detail.get("purged"):
            title: Text = message("In step with HQ, nothing new")
        else:
            title = message(
                "Sent {sent}, received {received}",
                sent=detail.get("sent", 0),
                received=detail.get("received", 0),
            )
        came_back = int(detail.get("superseded", 0)) + int(detail.get("refused", 0))
        took = message(
            "{up} up, {down} down, {seconds} s",
            up=file_size(int(detail.get("bytes_up", 0))),
            down=file_size(int(detail.get("bytes_down", 0))),
            seconds=detail.get("seconds", 0),
        )
        if came_back:
            took = message("{size}; {count} came back", size=took, count=came_back)
        return "sync", title, took
    if event.kind == "refused":
        refusal = _REFUSALS.get(str(detail.get("code")))
        return (
            "lock",
            message("HQ did not serve this laptop"),
            Message(refusal) if refusal else _reason(detail),
        )
    if event.kind == "trash":
        label = SCHEMAS[str(detail["entity"])].meta.label
        title = message("{entity}: lies among the recently deleted", entity=Message(label))
        return "trash", title, Message(str(detail["reason"]))
    if event.kind == "exported":
        plural = Message(SCHEMAS[str(detail["entity"])].meta.plural)
        rows = detail.get("rows", 0)
        return (
            "up",
            message("{entity} exported: {count}", entity=plural, count=rows),
            str(detail.get("file", "")),
        )
    return "cloudoff", message("HQ was not reached"), _reason(detail)


def _reason(detail: dict[str, object]) -> str:
    return str(detail.get("reason", ""))
