"""What stands beside a record wherever it is shown: its comments and its history, a tab each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.entities import schema_of
from crm_core.i18n import Message, message
from crm_desktop.services import comments, marks
from crm_desktop.services.comments import COMMENT
from crm_desktop.services.marks import Marks
from crm_desktop.ui.context import Context
from crm_desktop.ui.timeline.comments_panel import CommentsPanel
from crm_desktop.ui.timeline.history_list import HistoryList
from crm_desktop.ui.widgets.glyphs import Glyph, GlyphLabel
from crm_desktop.ui.widgets.margins import keep_margins
from crm_desktop.ui.widgets.tabs import Tab, TabRow

FIRST, COMMENTS, HISTORY = "record", "comments", "history"


class Beside(Protocol):
    """What a further tab shows of a record."""

    def show_record(self, record_id: str) -> None:
        """Show it of another record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """A tab of one kind of record alone, made when it is first shown."""

    key: str
    text: Message
    make: Callable[[], QWidget]
    """Gives a widget that is a `Beside`."""


class RecordTabs(QWidget):
    """The record itself in the first tab; in the others what there is of such a record besides (`further`),
    comments and history, each made when first shown.

    Set-up is not talked about: its records have a history alone. Without a record no tab is shown.
    """

    def __init__(
        self,
        context: Context,
        entity: str,
        first: QWidget,
        first_words: Message,
        margin: int,
        further: Sequence[Further] = (),
    ) -> None:
        super().__init__()
        self._context, self._entity = context, entity
        self._record_id = self._wanted = ""
        self.comments: CommentsPanel | None = None
        self.history: HistoryList | None = None
        self._further = {each.key: each for each in further}
        self.further: dict[str, QWidget] = {}
        """Those that were shown, by their keys."""
        tabs = [Tab(key=FIRST, text=first_words), *(Tab(key=each.key, text=each.text) for each in further)]
        if not schema_of(entity).meta.reference:
            tabs.append(Tab(key=COMMENTS, text=message("Comments")))
        tabs.append(Tab(key=HISTORY, text=message("History")))
        self.row = TabRow(tabs, name=message("Parts of the record"))
        self.row.chosen.connect(self.choose)
        self.row.hide()
        self.mark = GlyphLabel(Glyph.NOT_SENT, color="text-soft")
        """What is to be known of the record itself: not sent, or an edit of it came back."""
        self.mark.hide()
        self._holder = QWidget()
        inner = QHBoxLayout(self._holder)
        keep_margins(inner, margin, 0, margin, 0)
        inner.addWidget(self.row, 1)
        inner.addWidget(self.mark)
        self._holder.hide()
        self.stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._holder)
        column.addWidget(self.stack, 1)
        self.stack.addWidget(first)
        context.records_changed.connect(self._on_records_changed)

    @property
    def shows_record(self) -> bool:
        """Whether the record itself is in front."""
        return self.stack.currentIndex() == 0

    def show_record(self, record_id: str) -> None:
        """Stand beside a record."""
        if record_id == self._record_id:
            return
        self._record_id = record_id
        self._holder.show()
        self.row.show()
        wanted, self._wanted = self._wanted, ""
        self.choose(wanted) if wanted else self._fill(self.row.key)
        self._look()

    def choose(self, key: str) -> None:
        """Bring a tab to the front, once there is a record; one there is not changes nothing."""
        if not self._record_id:
            self._wanted = key
            return
        if key == FIRST:
            self.stack.setCurrentIndex(0)
        elif key == COMMENTS and not schema_of(self._entity).meta.reference:
            if self.comments is None:
                self.comments = CommentsPanel(self._context, self._entity)
                self.comments.counted.connect(lambda number: self.row.set_count(COMMENTS, number or None))
                self.stack.addWidget(self.comments)
            self.stack.setCurrentWidget(self.comments)
        elif key == HISTORY:
            if self.history is None:
                self.history = HistoryList(self._context, self._entity)
                self.stack.addWidget(self.history)
            self.stack.setCurrentWidget(self.history)
        elif key in self._further:
            if key not in self.further:
                self.further[key] = self._further[key].make()
                self.stack.addWidget(self.further[key])
            self.stack.setCurrentWidget(self.further[key])
        else:
            return
        self.row.choose(key)
        self._fill(key)
        if key == COMMENTS and self.comments is not None:
            self.comments.text.setFocus()
        elif key == HISTORY and self.history is not None:
            self.history.list.setFocus()
        elif key in self._further and not self._holds_focus():
            self.row.setFocus()

    def _holds_focus(self) -> bool:
        focus = self.window().focusWidget()
        return focus is not None and focus.isVisible() and self.isAncestorOf(focus)

    def _fill(self, key: str) -> None:
        if key == COMMENTS and self.comments is not None:
            self.comments.show_record(self._record_id)
        elif key == HISTORY and self.history is not None:
            self.history.show_record(self._record_id)
        elif key in self.further:
            cast(Beside, self.further[key]).show_record(self._record_id)

    def _look(self) -> None:
        """Read the marks of the record, and how many comments before anybody looks at them."""
        replica, entity, record_id = self._context.replica, self._entity, self._record_id

        def read() -> tuple[int, Marks]:
            said = len(comments.comments_of(replica, entity, record_id))
            return said, marks.marks_on(replica, entity, record_id)

        def show(found: tuple[int, Marks]) -> None:
            number, marked = found
            if not schema_of(entity).meta.reference:
                self.row.set_count(COMMENTS, number or None)
            if self.row.key == HISTORY:
                self._fill(HISTORY)
            glyph = Glyph.CONFLICT if marked.conflict else Glyph.NOT_SENT
            self.mark.show_glyph(glyph, color="text-soft")
            self.mark.setVisible(bool(marked.conflict or marked.not_sent))

        self._context.tasks.read(self, read, show, self._context.show_error, topic="beside")

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        own = (self._entity, self._record_id)
        if self._record_id and any(each == own or each[0] == COMMENT for each in changed):
            self._look()
