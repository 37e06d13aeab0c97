"""The lines of a contract or an order: the table of quotes, with what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.rules.sheets import SHEETS
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import sheet_lines
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.sheet_lines import SheetView
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.quotes.entry import EntryLine
from crm_desktop.ui.quotes.grid import LineGrid
from crm_desktop.ui.quotes.line_work import LineWork, Writing
from crm_desktop.ui.quotes.lines import Col, QuoteLines
from crm_desktop.ui.quotes.saving import Saving
from crm_desktop.ui.quotes.totals_block import TotalsBlock
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.scrolling import scrolled


def writing_of(entity: str) -> Writing:
    """Return how lines of a contract or order are written."""

    def add(replica: Replica, record_id: str, values: Mapping[str, Plain], line_id: str) -> Outcome[Record]:
        return sheet_lines.add(replica, entity, record_id, values, line_id)

    line = SHEETS[entity].line
    return Writing(
        line=line,
        add=add,
        duplicate=lambda replica, line_id: sheet_lines.duplicate(replica, entity, line_id),
        move=lambda replica, line_id, steps: sheet_lines.move(replica, line, line_id, steps),
    )


class LinesPanel(QWidget):
    """Lines edited in place while the record is a draft; afterwards they are only looked at."""

    def __init__(self, context: Context, actions: ActionRegistry, entity: str) -> None:
        super().__init__()
        self.context, self._entity = context, entity
        self._record_id: str | None = None
        self._view: SheetView | None = None
        self.select_after: str | None = None
        self.lines = QuoteLines(self)
        self.grid = LineGrid(self.lines, actions, entity)
        self.entry = EntryLine(context, entity)
        self.totals = TotalsBlock()
        self.problem = InfoBar("", Tone.WARN)
        self.problem.hide()
        self._keys = Label(
            message("Enter adds a line · Ctrl+D duplicates · Alt+↑↓ moves · Del deletes"),
            color="text-soft",
            step="caption",
            wrap=True,
        )
        self._lay_out()
        self.work = LineWork(self, self, writing_of(entity))
        self._changes = Settling(self)
        self._saving = Saving(context, self, self._changes)
        self._changes.due.connect(self._read)
        self.lines.totals_changed.connect(lambda _totals: self._say_totals())
        self.lines.refused.connect(context.show_error)
        self.grid.entry_wanted.connect(self._go_to_entry)
        self.entry.left_upwards.connect(self._go_up)
        context.records_changed.connect(self._on_records_changed)

    @property
    def replica(self) -> Replica:
        """The database."""
        return self.context.replica

    @property
    def quote_id(self) -> str | None:
        """The contract or order on screen."""
        return self._record_id

    def show_record(self, record_id: str) -> None:
        """Show the lines of another record."""
        if record_id != self._record_id:
            self._record_id, self._view = record_id, None
            self.entry.show_quote(record_id)
        self._read()

    def save(
        self,
        work: Callable[[], Outcome[Any]],
        done: Callable[[Any], None] | None = None,
        *,
        told: Message | None = None,
        undo: Callable[[], object] | None = None,
    ) -> None:
        """Do a change off the main thread and read the lines anew."""
        self._saving.save(work, done, told, undo)

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        keep_margins(foot, PAGE_MARGIN, 16, PAGE_MARGIN, 12)
        foot.addWidget(self._keys, 1, Qt.AlignmentFlag.AlignTop)
        foot.addStretch(0)  # the keys are hidden where nothing is edited
        foot.addWidget(self.totals, 0, Qt.AlignmentFlag.AlignTop)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        sheet = QWidget()
        outer.addWidget(scrolled(sheet))
        column = QVBoxLayout(sheet)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.problem)
        column.addWidget(self.grid, 1000)
        column.addWidget(self.entry)
        column.addLayout(foot)
        column.addStretch(1)

    def _read(self) -> None:
        record_id, edits = self._record_id, self._saving.edits
        if self._saving.under_way or record_id is None:
            return

        def show(view: SheetView) -> None:
            if record_id == self._record_id and self._saving.is_current(edits):
                self._show(view)

        read = partial(sheet_lines.view, self.replica, self._entity, record_id)
        self.context.tasks.read(self, read, show, self.context.show_error, topic="lines")

    def _show(self, view: SheetView) -> None:
        first, self._view = self._view is None, view
        self._keys.setVisible(view.editable)
        self.entry.setVisible(view.editable)
        if first:
            self.lines.show_lines((), {})
        self.lines.show_terms(view.sheet.values, editable=view.editable)
        self.lines.show_lines([(line.id, line.values) for line in view.lines], view.codes)
        self.problem.setVisible(view.problem is not None)
        if view.problem is not None:
            self.problem.say(view.problem, Tone.WARN)
        self._say_totals()
        if self.select_after is not None:
            self.grid.select_line(self.select_after)
            self.select_after = None
        elif first:
            self.grid.leave()
            (self.entry.input if view.editable else self.grid).setFocus()

    def _say_totals(self) -> None:
        self.totals.show_totals(self.lines.totals)
        self.entry.show_number(self.lines.line_count + 1)

    def _go_to_entry(self) -> None:
        if self._view is not None and self._view.editable:
            self.grid.leave()
            self.entry.focus()

    def _go_up(self) -> None:
        last = self.lines.rowCount() - 1
        if last >= 0:
            self.grid.setFocus()
            self.grid.setCurrentIndex(self.lines.index(last, Col.NAME))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        kinds = {self._entity, SHEETS[self._entity].line}
        if self.isVisible() and any(entity in kinds for entity, _ in changed):
            self._changes.mark()
