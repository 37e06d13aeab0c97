"""A table of texts to look through: worked out elsewhere, sorted there, opened by Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.cells import CellKind, head_of, said_of
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.rows import dress, set_density

Index = QModelIndex | QPersistentModelIndex
Columns = Sequence[tuple[Text, CellKind, int]]
"""Head, kind and width (0: takes what is left) of each column."""


class _Model(QAbstractTableModel):
    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self._columns = columns
        self.rows: Sequence[Sequence[Text]] = ()

    def show_rows(self, rows: Sequence[Sequence[Text]]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        head, kind, _width = self._columns[section]
        return head_of(orientation, role, show(head), kind)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        text = show(self.rows[index.row()][index.column()])
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return said_of(show(self._columns[index.column()][0]), text)
        return None


class TextTable(Live, QTableView):
    """Give it rows with `show_rows`; `opened` names the row that was opened."""

    opened = Signal(int)

    def __init__(self, columns: Columns, name: Text, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns, self._name = columns, name
        self._model = _Model(columns)
        self.setModel(self._model)
        dress(self, [kind for _, kind, _ in columns])
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        for place, (_, _, width) in enumerate(columns):
            if not width:
                self.horizontalHeader().setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
        self.retranslate()
        self.retint()

    @property
    def row_count(self) -> int:
        """How many rows are shown."""
        return len(self._model.rows)

    def show_rows(self, rows: Sequence[Sequence[Text]]) -> None:
        """Show other rows."""
        self._model.show_rows(rows)

    def texts(self) -> list[list[str]]:
        """Return what the rows say in the language on screen."""
        return [[show(cell) for cell in row] for row in self._model.rows]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the current row by Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Name the table and its columns in the language on screen."""
        self.setAccessibleName(show(self._name))
        self._model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)
        self.viewport().update()

    def retint(self) -> None:
        """Take widths and row height from the theme."""
        set_density(self, compact=False)
        for place, (_, _, width) in enumerate(self._columns):
            if width:
                self.setColumnWidth(place, theme().px(width))
