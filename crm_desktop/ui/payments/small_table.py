"""A short table of amounts: rows made anew as a whole, one column that may be typed into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

from crm_desktop.ui.itemmodels.rows import CellText
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.amount_room import amount_room
from crm_desktop.ui.widgets.cells import CellKind, Role, flags_of, head_of, said_of
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.rows import dress

Index = QModelIndex | QPersistentModelIndex
_LEAST_STRETCHED = 150
"""Pixels before the font scale; a table that needs more than there is is scrolled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A column: its title, how its cells are painted, its width in pixels before the font scale."""

    title: Text
    kind: CellKind = CellKind.TEXT
    width: int = 120
    stretch: bool = False
    typed: bool = False
    """May be typed into."""


class SmallModel(QAbstractTableModel):
    """Rows of cells, each row with a key."""

    typed = Signal(int, str)
    """A row, and what was typed into it."""

    def __init__(self, heads: Sequence[Head], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.heads = tuple(heads)
        self.keys: list[str] = []
        self.rows: list[Sequence[CellText]] = []
        self.may_type = False

    def show_rows(self, rows: Sequence[tuple[str, Sequence[CellText]]]) -> None:
        """Show other rows; where they are the same ones, an open editor stays open."""
        keys = [key for key, _ in rows]
        same = keys == self.keys
        if not same:
            self.beginResetModel()
        self.keys, self.rows = keys, [cells for _, cells in rows]
        if not same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self.heads) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self.heads)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let the typed column be typed into where that is allowed."""
        typed = index.isValid() and self.heads[index.column()].typed
        return flags_of(editable=self.may_type and typed)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's head."""
        return head_of(orientation, role, show(self.heads[section].title), self.heads[section].kind)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        if not index.isValid():
            return None
        cell = self.rows[index.row()][index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return cell.text
        if role == Role.VALUE:
            return cell.value
        if role == Role.TONE:
            return cell.tone.value if cell.tone is not None else None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return said_of(show(self.heads[index.column()].title), cell.text)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tell what was typed."""
        if role != Qt.ItemDataRole.EditRole or not self.heads[index.column()].typed:
            return False
        self.typed.emit(index.row(), str(value))
        return True


class SmallTable(Live, QTableView):
    """As high as its rows; Enter or a double click opens one."""

    opened = Signal(str)
    """The key of a row."""
    picked = Signal(str, int)
    """A cell was clicked: the row's key and the column."""
    most_rows = 14

    def __init__(self, heads: Sequence[Head], name: Text) -> None:
        super().__init__()
        self.sheet = SmallModel(heads, self)
        self._name = name
        self.setModel(self.sheet)
        dress(self, [head.kind for head in heads])
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        triggers = QAbstractItemView.EditTrigger
        typed = any(head.typed for head in heads)
        self.setEditTriggers(
            triggers.AnyKeyPressed | triggers.EditKeyPressed if typed else triggers.NoEditTriggers
        )
        self.doubleClicked.connect(lambda index: self._open(index.row()))
        self.clicked.connect(lambda index: self.picked.emit(self.sheet.keys[index.row()], index.column()))
        self.retranslate()
        self.retint()

    def show_rows(self, rows: Sequence[tuple[str, Sequence[CellText]]]) -> None:
        """Show rows, each as its key and cells."""
        self.sheet.show_rows(rows)
        self.retint()

    @property
    def current_key(self) -> str:
        """The key of the row in front; '' where there is none."""
        row = self.currentIndex().row()
        return self.sheet.keys[row] if 0 <= row < len(self.sheet.keys) else ""

    def retranslate(self) -> None:
        """Name the table, and have its heads written anew."""
        self.setAccessibleName(show(self._name))
        if self.sheet.heads:
            self.sheet.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.sheet.heads) - 1)

    def retint(self) -> None:
        """Take widths from the theme."""
        for place, head in enumerate(self.sheet.heads):
            if head.kind is CellKind.RIGHT:
                self.setColumnWidth(place, amount_room(self.sheet, place, head.width))
            elif not head.stretch:
                self.setColumnWidth(place, theme().px(head.width))
        self._spread()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the column that stretches what the others leave."""
        super().resizeEvent(event)
        self._spread()
        if event.size().width() != event.oldSize().width():
            self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open a row by Enter; everything else is the table's own."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers()
        if enter and self.state() is not QAbstractItemView.State.EditingState:
            self._open(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def _open(self, row: int) -> None:
        if 0 <= row < len(self.sheet.keys):
            self.opened.emit(self.sheet.keys[row])

    def _spread(self) -> None:
        heads = self.sheet.heads
        others = sum(self.columnWidth(place) for place, head in enumerate(heads) if not head.stretch)
        wide = sum(head.stretch for head in heads)
        for place, head in enumerate(heads):
            if head.stretch:
                left = (self.viewport().width() - others) // wide
                self.setColumnWidth(place, max(theme().px(_LEAST_STRETCHED), left))

    def _fit(self) -> None:
        rows = max(1, min(self.sheet.rowCount(), self.most_rows))
        height = theme().size("table-header") + rows * self.verticalHeader().defaultSectionSize() + 2
        if self.horizontalHeader().length() > self.viewport().width():  # else its bar lies over the last row
            height += self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(height)
