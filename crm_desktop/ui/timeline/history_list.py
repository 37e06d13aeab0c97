"""The tab of a record's history: who changed what, and the way back to a value there was before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Field
from crm_core.schema.values import currency_of
from crm_core.sync.merge import lives
from crm_desktop.services import records, value_history
from crm_desktop.services.lists import Titles
from crm_desktop.services.records import HistoryEntry
from crm_desktop.services.timeline import ItemKind, TimelineItem
from crm_desktop.services.value_history import Restored
from crm_desktop.ui.context import Context
from crm_desktop.ui.theme import theme
from crm_desktop.ui.timeline.timeline_list import TimelineList
from crm_desktop.ui.timeline.timeline_model import Entry, TimelineModel, titles_of_changes
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

_MADE, _BACK, _GONE = N_("Record added"), N_("Record restored"), N_("Record deleted")


class HistoryList(Live, QWidget):
    """The history of one record, as far as this laptop knows it."""

    def __init__(self, context: Context, entity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._entity = context, entity
        self._fields: Mapping[str, Field] = {}
        self.model = TimelineModel(self)
        self.list = TimelineList(self.model)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._stack.addWidget(
            EmptyState("clock", message("No change known"), message("Changes appear here as they are made."))
        )
        self._record_id = ""
        self.restore = Button(message("Restore the value before"), icon="undo", small=True)
        self.restore.clicked.connect(self.restore_chosen)
        self._bar = QWidget()
        bar = QHBoxLayout(self._bar)
        keep_margins(bar, PAGE_MARGIN, 8, PAGE_MARGIN, 8)
        bar.addWidget(self.restore)
        bar.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._stack, 1)
        column.addWidget(self._bar)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_choice())
        self.model.modelReset.connect(self._show_choice)
        self._context.records_changed.connect(self._on_records_changed)
        self._show_choice()

    def show_record(self, record_id: str) -> None:
        """Show the history of a record."""
        self._record_id = record_id
        replica, entity = self._context.replica, self._entity

        def read() -> tuple[list[TimelineItem], Titles, dict[str, Field]]:
            fields = value_history.fields_in_history(replica, entity)
            values = records.get(replica, entity, record_id).values
            items = [
                self._item(record_id, entry, fields.get(entry.field or ""), values)
                for entry in records.history(replica, entity, record_id)
            ]
            return items, titles_of_changes(replica, items, fields), fields

        self._context.tasks.read(
            self,
            read,
            self._on_read,
            self._context.show_error,
            topic="history",
        )

    def restore_chosen(self) -> None:
        """Set the field of the chosen line as it was before that change, with Undo."""
        item = self._chosen()
        if item is None or item.field is None:
            return
        replica, entity, record_id = self._context.replica, self._entity, self._record_id
        name, at_ms = item.field, item.at_ms

        def undo(restored: Restored) -> None:
            self._context.tell(
                message("Restored: {field}", field=Message(restored.label)),
                lambda: value_history.take_back(replica, entity, record_id, restored),
            )

        self._context.change(
            self, lambda: value_history.restore_value(replica, entity, record_id, name, at_ms), undo
        )

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self.model.retranslate()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground of lists."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface"))
        painter.end()

    def _chosen(self) -> TimelineItem | None:
        index = self.list.currentIndex()
        row = self.model.row(index.row()) if index.isValid() else None
        return row.item if isinstance(row, Entry) else None

    def _show_choice(self) -> None:
        item = self._chosen()
        known = self._fields.get(item.field or "") if item is not None else None
        self.restore.setEnabled(value_history.may_restore(known))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and (self._entity, self._record_id) in changed:
            self.show_record(self._record_id)

    def _on_read(self, found: tuple[list[TimelineItem], Titles, dict[str, Field]]) -> None:
        items, titles, self._fields = found
        self.model.show_items(items, self._fields, titles, more=False)
        self._stack.setCurrentIndex(0 if items else 1)
        self._bar.setVisible(bool(items))

    def _item(
        self, record_id: str, entry: HistoryEntry, field: Field | None, values: Mapping[str, Any]
    ) -> TimelineItem:
        whole = entry.field is None
        title = entry.label
        if whole:
            title = _life_words(entry)
        return TimelineItem(
            kind=ItemKind.NOTE if whole else ItemKind.FIELD,
            entity=self._entity,
            record_id=record_id,
            at_ms=entry.at_ms,
            title=title,
            who=_who(entry),
            field=entry.field,
            old=entry.old,
            new=entry.new,
            currency=currency_of(field, values) if field is not None else None,
            not_sent=entry.sent is False,
        )


def _who(entry: HistoryEntry) -> str:
    """Return who made a change; of an edit that was accepted both, for it was somebody else's."""
    if not entry.typed_by_name:
        return entry.user_name
    return tr("{writer}, accepted by {judge}", writer=entry.typed_by_name, judge=entry.user_name)


def _life_words(entry: HistoryEntry) -> str:
    """Return what happened to the record itself; its history keeps the life counter before and after."""
    if not isinstance(entry.new, int) or not lives(entry.new):
        return _GONE
    return _BACK if entry.old else _MADE
