"""A table of texts to look through: worked out elsewhere, sorted there, opened by Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.cells import CellKind, head_of, said_of
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.rows import dress, set_density

Index = QModelIndex | QPersistentModelIndex
Columns = Sequence[tuple[Text, CellKind, int]]
"""Head, kind and width (0: takes what is left) of each column."""
_LEAST = {CellKind.TEXT: 96}
"""px before the font scale that a column keeps which takes what is left; with less room the table scrolls."""


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
        self._open = [place for place, (_, _, width) in enumerate(columns) if not width]
        self.retranslate()
        self.retint()

    @property
    def row_count(self) -> int:
        """How many rows are shown."""
        return len(self._model.rows)

    def show_rows(self, rows: Sequence[Sequence[Text]]) -> None:
        """Show other rows."""
        self._model.show_rows(rows)
        if self.hasFocus():
            self._stand_somewhere()

    def texts(self) -> list[list[str]]:
        """Return what the rows say in the language on screen."""
        return [[show(cell) for cell in row] for row in self._model.rows]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the current row by Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Stand at a row, so that the focus is seen."""
        super().focusInEvent(event)
        self._stand_somewhere()

    def _stand_somewhere(self) -> None:
        first = self._model.index(0, 0)
        if not self.currentIndex().isValid() and first.isValid():
            self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share out what the other columns leave."""
        super().resizeEvent(event)
        self._share_out()

    def retranslate(self) -> None:
        """Name the table and its columns in the language on screen."""
        self.setAccessibleName(show(self._name))
        self._model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)
        self._share_out()
        self.viewport().update()

    def retint(self) -> None:
        """Take widths and row height from the theme."""
        set_density(self, compact=False)
        for place, (_, _, width) in enumerate(self._columns):
            if width:
                self.setColumnWidth(place, theme().px(width))
        self._share_out()

    def _share_out(self) -> None:
        """Give the columns without a width of their own what is left, and no less than they need."""
        header = self.horizontalHeader()
        left = self.viewport().width() - sum(
            self.columnWidth(place) for place, (_, _, width) in enumerate(self._columns) if width
        )
        for at, place in enumerate(self._open):
            head, kind, _ = self._columns[place]
            words = header.fontMetrics().horizontalAdvance(show(head)) + theme().px(2 * S + 2)
            wide = max(left // (len(self._open) - at), words, theme().px(_LEAST.get(kind, 0)))
            self.setColumnWidth(place, wide)
            left -= wide
