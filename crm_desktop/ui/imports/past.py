"""The imports made on this laptop, each to be looked at or taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import N_, message
from crm_desktop.interchange.undoing import Import, UndoReport, imports, undo_import
from crm_desktop.services.calendar import local
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.field_texts import moment_text
from crm_desktop.ui.format import figure
from crm_desktop.ui.imports.opening import show_records
from crm_desktop.ui.imports.words import undone_words
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.rows import dress

Index = QModelIndex | QPersistentModelIndex
_HEADS = (N_("When"), N_("File"), N_("What"), N_("Records"), N_("State"))
_KINDS = (CellKind.TEXT, CellKind.STRONG, CellKind.TEXT, CellKind.RIGHT, CellKind.SOFT)
_WIDTHS = (132, 320, 132, 96, 160)
_NOWHERE = QModelIndex()


class PastImports(Live, QWidget):
    """A table of imports with what can be done with the current one."""

    new_asked = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.model = PastModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        dress(self.table, _KINDS)
        self.open_button = Button(message("Show the records"))
        self.undo_button = Button(message("Take this import back"), icon="undo")
        first = Button(message("Import a file"), Kind.PRIMARY)
        first.clicked.connect(self.new_asked)
        self.empty = EmptyState(
            "dl",
            message("No imports yet"),
            message("Each file brought in on this laptop stands here and can be taken back."),
            (first,),
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.open_button)
        row.addWidget(self.undo_button)
        row.addStretch(1)
        shown = QWidget()
        column = QVBoxLayout(shown)
        keep_margins(column, PAGE_MARGIN, 8, PAGE_MARGIN, 12)
        column.setSpacing(12)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(shown)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_buttons())
        self.table.activated.connect(lambda _index: self._on_open())
        self.open_button.clicked.connect(self._on_open)
        self.undo_button.clicked.connect(self._on_undo)
        self.retranslate()
        self.retint()

    def read(self) -> None:
        """Ask for the imports anew."""
        replica = self._context.replica
        self._context.tasks.read(self, lambda: imports(replica), self._on_read, topic="imports")

    def current(self) -> Import | None:
        """Return the import of the current row."""
        index = self.table.currentIndex()
        return self.model.rows[index.row()] if index.isValid() and self.model.rows else None

    def retranslate(self) -> None:
        """Name the table in the language on screen."""
        self.table.setAccessibleName(tr("Earlier imports"))
        self.table.viewport().update()

    def retint(self) -> None:
        """Keep the widths at the person's font scale."""
        head = self.table.horizontalHeader()
        for place, width in enumerate(_WIDTHS):
            head.resizeSection(place, theme().px(width))
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)

    def _on_read(self, found: tuple[Import, ...]) -> None:
        at = self.current()
        self.model.show_imports(found)
        self.stack.setCurrentIndex(1 if found else 0)
        place = next((n for n, each in enumerate(found) if at is not None and each.id == at.id), 0)
        if found:
            self.table.setCurrentIndex(self.model.index(place, 0))
            if self.isVisible():
                self.table.setFocus()
        self._show_buttons()

    def _show_buttons(self) -> None:
        chosen = self.current()
        for button in (self.open_button, self.undo_button):
            button.setEnabled(chosen is not None and not chosen.undone)

    def _on_open(self) -> None:
        chosen = self.current()
        if chosen is not None and not chosen.undone:
            show_records(self._context, self, chosen.entity, chosen.id, chosen.file_name)

    def _on_undo(self) -> None:
        chosen, replica = self.current(), self._context.replica
        if chosen is None:
            return
        self.undo_button.setEnabled(False)

        def work(job: Job) -> UndoReport:
            return undo_import(replica, chosen.id, job.step, job.is_cancelled)

        def done(undone: UndoReport) -> None:
            what = undone_words(undone)
            text = (
                message("“{file}” was taken back: {what}", file=chosen.file_name, what=what)
                if undone.finished
                else message("Taking back was stopped: {what}", what=what)
            )
            self._context.notice.emit(Notice(kind="good", text=text, seconds=10))
            self.read()

        def failed(error: CrmError) -> None:
            self._context.show_error(error)
            self.read()

        text = message("Taking back {file}", file=chosen.file_name)
        self._context.tasks.run(self, text, work, done, failed)


class PastModel(QAbstractTableModel):
    """Imports, newest first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Import, ...] = ()

    def show_imports(self, rows: Sequence[Import]) -> None:
        """Show other imports."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Return how many imports there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(_HEADS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's words."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        each = self.rows[index.row()]
        return (
            moment_text(local(each.at_ms)),
            each.file_name,
            tr(SCHEMAS[each.entity].meta.plural) if each.entity in SCHEMAS else each.entity,
            figure(each.rows),
            tr("Taken back") if each.undone else tr("Brought in"),
        )[index.column()]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the head of a column."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and _KINDS[section] is CellKind.RIGHT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return tr(_HEADS[section]) if role == Qt.ItemDataRole.DisplayRole else None
