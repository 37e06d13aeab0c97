"""What happened between this laptop and HQ: the last rounds, in words, to be copied for whoever helps."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_desktop.services import syncing
from crm_desktop.services.syncing import Event
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.format import figure, file_size, near_moment
from crm_desktop.ui.sync_centre.row_list import RowList
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label

_REFUSALS = {
    "sign_in": N_("HQ asks you to sign in again"),
    "revoked": N_("HQ has taken this laptop off its list"),
    "disabled": N_("Your account at HQ is closed"),
    "wipe": N_("HQ had the data on this laptop erased"),
    "upgrade": N_("This program is too old or too new for HQ"),
}


class History(RowList):
    """The last rounds, newest first; Ctrl+C copies the one in focus."""

    def __init__(self, context: Context) -> None:
        super().__init__(EmptyState("clock", message("No sync yet"), message("Each round is noted here.")))
        self._context = context
        self._events: tuple[Event, ...] = ()

    def show_events(self, events: Sequence[Event]) -> None:
        """Show other rounds."""
        if tuple(events) == self._events:
            return
        self._events = tuple(events)
        self._show()

    def retranslate(self) -> None:
        """Say every round in the language on screen."""
        if self._events:
            self._show()

    def _show(self) -> None:
        rows = []
        for place, event in enumerate(self._events):
            row = _EventRow(event, lined=place < len(self._events) - 1)
            row.copied.connect(self._on_copied)
            rows.append(row)
        self.show_rows(rows)

    def _on_copied(self) -> None:
        self._context.notice.emit(Notice(kind="good", text=message("Copied"), seconds=5))


class _EventRow(InfoRow):
    """A round; what went wrong can be copied."""

    copied = Signal()

    def __init__(self, event: Event, *, lined: bool) -> None:
        icon, title, line = event_words(event)
        right = QWidget()
        row = QHBoxLayout(right)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(8))
        row.addWidget(Label(near_moment(moment(event.at_ms)), step="caption", color="text-soft"))
        self.copy = IconButton("file", message("Copy"), hint="Ctrl+C", color="text-soft", small=True)
        row.addWidget(self.copy)
        super().__init__(title, line, icon=icon, right=right, lined=lined)
        self._event = event
        self.copy.clicked.connect(self._on_copy)
        kept = self.copy.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # times stand in one column
        self.copy.setSizePolicy(kept)
        self.copy.setVisible(event.kind in ("failed", "refused"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with the system's key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._on_copy()
            return
        super().keyPressEvent(event)

    def _on_copy(self) -> None:
        QApplication.clipboard().setText(event_text(self._event))
        self.copied.emit()


def event_words(event: Event) -> tuple[str, Text, Text]:
    """Return icon, title and line of what happened."""
    match event.kind:
        case "round":
            return _round_words(event)
        case "refused":
            refusal = _REFUSALS.get(str(event.detail.get("code")))
            return (
                "lock",
                message("HQ did not serve this laptop"),
                Message(refusal) if refusal else event.reason,
            )
        case "failed":
            return "cloudoff", message("HQ was not reached"), event.reason
        case "exported":
            plural = Message(SCHEMAS[str(event.detail["entity"])].meta.plural)
            count = figure(int(event.detail.get("rows", 0)))
            title = message("{entity} exported: {count}", entity=plural, count=count)
            return "dl", title, str(event.detail.get("file", ""))
        case "compared":
            return _compared_words(event)
        case "judged":
            label = Message(SCHEMAS[str(event.detail["entity"])].meta.label)
            if event.detail.get("accepted"):
                return "check", message("{entity}: your edit was accepted", entity=label), ""
            return "info", message("{entity}: your edit was declined", entity=label), ""
        case "trash":
            label = Message(SCHEMAS[str(event.detail["entity"])].meta.label)
            title = message("{entity}: lies among the recently deleted", entity=label)
            return "trash", title, event.reason
        case "renumbered":
            label = Message(SCHEMAS[str(event.detail["entity"])].meta.label)
            return "info", message("{entity}: has another number now", entity=label), event.reason
        case "begun_anew":
            why = syncing.BEGUN_ANEW.get(str(event.detail.get("why")), "")
            return "info", message("HQ had this laptop begin anew"), Message(why) if why else ""
        case _:
            # A newer version's.
            return "info", event.kind, event.reason


def event_text(event: Event) -> str:
    """Return a line of the history as text for whoever helps: with its time and the source of its words."""
    _, title, line = event_words(event)
    code = str(event.detail.get("code", ""))
    source = str(event.reason) if event.detail.get("reason") else ""
    words = [moment(event.at_ms).isoformat(timespec="seconds"), show(title), show(line)]
    return " · ".join(filter(None, [*words, code, source if source not in words else ""]))


def _compared_words(event: Event) -> tuple[str, Text, Text]:
    repaired, differing = int(event.detail.get("repaired", 0)), int(event.detail.get("differing", 0))
    line = message("Records repaired: {count}", count=figure(repaired)) if repaired else ""
    if differing:
        return "warn", message("Records still differ from HQ after they were repaired"), line
    return "check", message("Compared with HQ: the same on both sides"), line


def _round_words(event: Event) -> tuple[str, Text, Text]:
    detail = event.detail
    sent, received = int(detail.get("sent", 0)), int(detail.get("received", 0))
    if detail.get("up_to_date") is False:
        title: Text = message(
            "Sent {sent}, received {received}; not everything yet",
            sent=figure(sent),
            received=figure(received),
        )
    elif not sent and not received and not detail.get("purged"):
        title = message("In step with HQ, nothing new")
    else:
        title = message("Sent {sent}, received {received}", sent=figure(sent), received=figure(received))
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
