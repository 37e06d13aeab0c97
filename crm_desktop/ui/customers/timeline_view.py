"""The middle of a customer's page: quick log, filter chips, what happened."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import pairwise

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.schema.field import Field
from crm_desktop.services import timeline
from crm_desktop.services.lists import Titles
from crm_desktop.services.timeline import ItemKind, Timeline, TimelineItem
from crm_desktop.ui.context import Context
from crm_desktop.ui.customers.quick_log_box import QuickLogBox
from crm_desktop.ui.format import figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.timeline.timeline_list import TimelineList
from crm_desktop.ui.timeline.timeline_model import TimelineModel, titles_of_changes
from crm_desktop.ui.timeline.words import KINDS_WORDS
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

_ORDER = (
    ItemKind.VISIT,
    ItemKind.CALL,
    ItemKind.MAIL,
    ItemKind.MEETING,
    ItemKind.TASK,
    ItemKind.NOTE,
    ItemKind.COMMENT,
    ItemKind.DEAL,
    ItemKind.QUOTE,
    ItemKind.TICKET,
    ItemKind.SURVEY,
    ItemKind.FIELD,
)

Found = tuple[Timeline, Titles]
"""Entries, and the names of what their changes name."""


class TimelineView(Live, QWidget):
    """What happened with one customer, newest first."""

    opened = Signal(object)
    """The `TimelineItem` a person wants to see."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._customer_id = ""
        self._kind: ItemKind | None = None
        self._counts: dict[ItemKind, int] = {}
        self._fields: Mapping[str, Field] = {}
        self._chips: list[Chip] = []
        """Those shown, in order."""
        self._made_chips: dict[ItemKind | None, Chip] = {}
        """Kept for the next customer: making them takes longer than saying other words."""
        self.log = QuickLogBox(context)
        self.model = TimelineModel(self)
        self.list = TimelineList(self.model)
        self.list.opened.connect(self.opened)
        self.model.older_asked.connect(self._ask_older)
        self.log.logged.connect(self._on_logged)
        self._empty = EmptyState(
            "pin", message("No contact yet."), message("Log a visit (Ctrl+L) or plan one.")
        )
        self._stack = QStackedWidget(self)
        # The log and the chips come first where the page is low.
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._chip_row = QWidget()
        self._flow = FlowLayout(self._chip_row, gap=8, line_gap=6)
        policy = self._chip_row.sizePolicy()
        policy.setHeightForWidth(True)
        self._chip_row.setSizePolicy(policy)
        top = QVBoxLayout()
        keep_margins(top, PAGE_MARGIN, L, PAGE_MARGIN, 4)
        top.setSpacing(12)
        top.addWidget(self.log)
        top.addWidget(self._chip_row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)

    @property
    def customer_id(self) -> str:
        """Whose time line it is; empty before the first."""
        return self._customer_id

    def reading(self, customer_id: str) -> Callable[[Mapping[str, Field]], Found]:
        """Return what reads a customer's newest entries, to be called off the main thread with its fields."""
        replica, same = self._context.replica, customer_id == self._customer_id
        kinds = self._kinds() if same else None
        limit = min(max(len(self.model.items) if same else 0, timeline.PAGE), 4 * timeline.PAGE)

        def read(fields: Mapping[str, Field]) -> Found:
            found = timeline.timeline(replica, customer_id, kinds, limit=limit)
            return found, titles_of_changes(replica, found.items, fields)

        return read

    def show_customer(self, customer_id: str, fields: Mapping[str, Field], found: Found | None) -> None:
        """Show a customer's time line, from the top where it is another one; read it if it was not."""
        if customer_id != self._customer_id:
            self._kind = None
            self.model.show_items((), fields, more=False)
            self.list.verticalScrollBar().setValue(0)
        elif found is None and fields == self._fields:
            return
        self._customer_id, self._fields = customer_id, fields
        self.log.show_customer(customer_id)
        if found is None:
            self.read()
        else:
            self._on_read(found)

    def read(self) -> None:
        """Read the newest entries."""
        customer_id, fields, read = self._customer_id, self._fields, self.reading(self._customer_id)

        def show(found: Found) -> None:
            if customer_id == self._customer_id:
                self._on_read(found)

        self._context.tasks.read(self, lambda: read(fields), show, self._context.show_error, topic="line")

    def retranslate(self) -> None:
        """Say entries and chips in the language on screen."""
        self.model.retranslate()
        self._show_chips()

    def retint(self) -> None:
        """Paint anew."""
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the white sheet between the two panes."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface"))
        painter.end()

    def _kinds(self) -> tuple[ItemKind, ...] | None:
        return None if self._kind is None else (self._kind,)

    def _on_read(self, found: Found) -> None:
        read, titles = found
        self._counts = read.counts
        current, at = self.list.currentIndex().row(), self.list.verticalScrollBar().value()
        same = bool(self.model.items) and bool(read.items) and self._belongs(self.model.items[-1])
        self.model.show_items(read.items, self._fields, titles, more=read.more)
        if same:
            self.list.verticalScrollBar().setValue(at)
            if 0 <= current < self.model.rowCount():
                self.list.setCurrentIndex(self.model.index(current, 0))
        self._stack.setCurrentIndex(0 if read.items else 1)
        self._show_chips()

    def _on_logged(self, item: TimelineItem | None) -> None:
        """Show what was just typed without waiting for the time line to be read."""
        if item is None or not self._belongs(item):
            return
        at = self.list.verticalScrollBar().value()
        self.model.add(item)
        self.list.verticalScrollBar().setValue(at)
        self._stack.setCurrentIndex(0)

    def _belongs(self, item: TimelineItem) -> bool:
        return self._kind is None or item.kind is self._kind

    def _ask_older(self) -> None:
        replica, customer_id, kinds = self._context.replica, self._customer_id, self._kinds()
        before = self.model.oldest_ms

        fields = self._fields

        def read() -> Found:
            found = timeline.timeline(replica, customer_id, kinds, before_ms=before)
            return found, titles_of_changes(replica, found.items, fields)

        def add(found: Found) -> None:
            if customer_id == self._customer_id and kinds == self._kinds():
                self.model.add_older(found[0].items, found[1], more=found[0].more)

        self._context.tasks.read(
            self,
            read,
            add,
            self._on_older_failed,
            topic="older",
        )

    def _on_older_failed(self, error: CrmError) -> None:
        self._context.show_error(error)

    def _show_chips(self) -> None:
        total = sum(self._counts.values())
        self._chip_row.setVisible(total > 0)
        shown: dict[ItemKind | None, Message] = {}
        if total:
            shown[None] = message("All {count}", count=figure(total))
        for kind in _ORDER:
            if self._counts.get(kind):
                number = figure(self._counts[kind])
                shown[kind] = message("{kind} {count}", kind=Message(KINDS_WORDS[kind]), count=number)
        if not shown.keys() <= self._made_chips.keys():
            self._make_chips(shown)
        for of_kind, chip in self._made_chips.items():
            if of_kind in shown:
                chip.say(shown[of_kind])
                chip.setChecked(of_kind is self._kind)
            chip.setVisible(of_kind in shown)
        self._chips = [self._made_chips[kind] for kind in shown]
        self._flow.invalidate()
        self._chip_row.updateGeometry()

    def _make_chips(self, wanted: Collection[ItemKind | None]) -> None:
        """Make those not there yet, and put all in their order, which the Tab key follows."""
        before = self._made_chips
        kinds = [kind for kind in (None, *_ORDER) if kind in wanted or kind in before]
        self._made_chips = {kind: before.get(kind) or self._new_chip(kind) for kind in kinds}
        while self._flow.takeAt(0) is not None:
            pass
        for chip in self._made_chips.values():
            self._flow.addWidget(chip)
        for chip, following in pairwise(self._made_chips.values()):
            QWidget.setTabOrder(chip, following)

    def _new_chip(self, kind: ItemKind | None) -> Chip:
        chip = Chip("", checkable=True, parent=self._chip_row)
        chip.clicked.connect(lambda: self._choose(kind))
        return chip

    def _choose(self, kind: ItemKind | None) -> None:
        self._kind = kind
        self.list.scrollToTop()
        self.model.show_items((), self._fields, more=False)
        self._show_chips()
        self._made_chips[kind].setFocus()
        self.read()
