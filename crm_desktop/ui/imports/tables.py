"""The two tables of an import: the first rows of the file, and what would become of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QTableView

from crm_core.exchange.plan import PlannedRow, Step
from crm_core.exchange.source import SourceRow, SourceTable
from crm_core.i18n import Message, message
from crm_desktop.ui.format import figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, RADII
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.cells import CellKind, CellStatus, Role
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.rows import RowDelegate

Index = QModelIndex | QPersistentModelIndex

LINE, STEP, WHY = 0, 1, 2
BEFORE_CELLS = 3
STEPS: dict[Step, CellStatus] = {
    Step.CREATE: CellStatus(text=message("To be made"), tone=Tone.GOOD, icon="plus"),
    Step.UPDATE: CellStatus(text=message("To be changed"), tone=Tone.INFO, icon="pen"),
    Step.SKIP: CellStatus(text=message("Left alone"), tone=Tone.NEUTRAL, icon="none"),
    Step.REJECT: CellStatus(text=message("Rejected"), tone=Tone.BAD, icon="overdue"),
}
_NOWHERE = QModelIndex()


class FileModel(QAbstractTableModel):
    """The first rows of a file as they are."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headers: tuple[str, ...] = ()
        self._rows: tuple[SourceRow, ...] = ()

    def show_table(self, table: SourceTable, most: int) -> None:
        """Show a file's first rows."""
        self.beginResetModel()
        self._headers, self._rows = table.headers, table.rows[:most]
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Return how many rows are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Return one column for the line and one for each of the file's."""
        return 0 if parent.isValid() else len(self._headers) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return str(row.line) if index.column() == LINE else _one_line(row.cells[index.column() - 1])
        if role == Qt.ItemDataRole.ToolTipRole and row.problem is not None:
            return show(row.problem)
        if role == Role.TONE and row.problem is not None:
            return Tone.BAD
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the head of a column."""
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        return tr("Line") if section == LINE else self._headers[section - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRow:
    """A row with what would become of it; `bad` says by column of the file why a cell cannot be taken."""

    planned: PlannedRow
    bad: dict[int, Message]

    @property
    def why(self) -> str:
        """Why it is rejected or left alone, in words on screen."""
        return tr("; ").join(show(reason) for reason in self.planned.reasons)


class CheckModel(QAbstractTableModel):
    """Rows of the plan: line, step, reason, then the columns that are used, whose cells can be typed over."""

    mended = Signal(int, int, str)
    """(line, column of the file, new text) of a cell somebody typed over."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headers: tuple[str, ...] = ()
        self._columns: tuple[int, ...] = ()
        self.rows: tuple[CheckedRow, ...] = ()

    def show_rows(self, headers: Sequence[str], columns: Sequence[int], rows: Sequence[CheckedRow]) -> None:
        """Show rows, and of their cells those of `columns`."""
        self.beginResetModel()
        self._headers, self._columns, self.rows = tuple(headers), tuple(columns), tuple(rows)
        self.endResetModel()

    def kinds(self) -> list[CellKind]:
        """Return what each column holds."""
        return [CellKind.RIGHT, CellKind.STATUS, CellKind.TEXT, *(CellKind.TEXT for _ in self._columns)]

    def place_of(self, line: int, column: int) -> QModelIndex:
        """Return where a cell of the file stands; an invalid index where it is not shown."""
        for place, row in enumerate(self.rows):
            if row.planned.source.line == line and column in self._columns:
                return self.index(place, BEFORE_CELLS + self._columns.index(column))
        return QModelIndex()

    def first_bad(self) -> QModelIndex:
        """Return the first cell that cannot be taken; an invalid index where there is none."""
        for row in self.rows:
            for column in sorted(row.bad):
                return self.place_of(row.planned.source.line, column)
        return QModelIndex()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Return how many rows are shown."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Return the columns: line, step, why, cells."""
        return 0 if parent.isValid() else BEFORE_CELLS + len(self._columns)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let the file's own cells be typed over."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if self._source_column(index) is not None else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        row, column = self.rows[index.row()], self._source_column(index)
        if column is None:
            return self._own(row, index.column(), role)
        text = _cell(row, column)
        problem = row.bad.get(column)
        if role == Qt.ItemDataRole.DisplayRole:
            return _one_line(text) or ("—" if problem is not None else "")
        if role == Qt.ItemDataRole.EditRole:
            return text
        if role == Qt.ItemDataRole.ToolTipRole and problem is not None:
            return show(problem)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = f"{self._headers[column]}: {text}"
            return said if problem is None else f"{said}. {show(problem)}"
        if role == Role.TONE and problem is not None:
            return Tone.BAD
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tell what was typed; the row is judged anew by whoever listens."""
        column = self._source_column(index)
        if column is None or role != Qt.ItemDataRole.EditRole:
            return False
        row = self.rows[index.row()]
        if str(value) != _cell(row, column):
            self.mended.emit(row.planned.source.line, column, str(value))
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the head of a column."""
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        if section == LINE:
            return tr("Line")
        if section == STEP:
            return tr("What happens")
        if section == WHY:
            return tr("Why")
        return self._headers[self._columns[section - BEFORE_CELLS]]

    def _own(self, row: CheckedRow, column: int, role: int) -> Any:
        if column == STEP:
            status = STEPS[row.planned.step]
            if role == Role.VALUE:
                return status
            return show(status.text) if role == Qt.ItemDataRole.DisplayRole else None
        if column == LINE:
            return figure(row.planned.source.line) if role == Qt.ItemDataRole.DisplayRole else None
        return row.why if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) else None

    def _source_column(self, index: Index) -> int | None:
        place = index.column() - BEFORE_CELLS
        return self._columns[place] if 0 <= place < len(self._columns) else None


class CellDelegate(RowDelegate):
    """Shows which cell is the current one, and gives a soft ground to those that cannot be taken."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the cell, then its frame where keys go to it."""
        super().paint(painter, option, index)
        table = self.parent()
        if isinstance(table, QTableView) and table.hasFocus() and table.currentIndex() == index:
            inside = LINES["focus"] + 1
            paint.focus_frame(painter, option.rect.adjusted(inside, inside, -inside, -inside), RADII["chip"])

    def _ground(self, row: int, selected: bool, tone: Tone | None) -> QColor:
        bad = tone == Tone.BAD
        return theme().color(Tone.BAD.ground) if bad else super()._ground(row, selected, tone)


def _cell(row: CheckedRow, column: int) -> str:
    cells = row.planned.source.cells
    return cells[column] if column < len(cells) else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
