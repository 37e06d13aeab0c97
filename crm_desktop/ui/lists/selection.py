"""What is selected in a list: rows, or every record of the filter, those not read yet too."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QObject, Signal

from crm_desktop.ui.itemmodels.keyset import KeysetModel
from crm_desktop.ui.itemmodels.rows import Row
from crm_desktop.ui.lists.table import RecordTable

_FLAGS = QItemSelectionModel.SelectionFlag


class ListSelection(QObject):
    """The selection of one table."""

    changed = Signal()

    def __init__(self, table: RecordTable) -> None:
        super().__init__(table)
        self._table = table
        self._every_one = False
        table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        table.all_asked.connect(self.take_every_one)
        table.keyset.asked.connect(self._on_asked)
        table.keyset.page_read.connect(self._on_page_read)

    @property
    def _model(self) -> KeysetModel:
        return self._table.keyset

    @property
    def every_one(self) -> bool:
        """Whether every record of the filter is meant."""
        return self._every_one

    @property
    def number(self) -> int:
        """How many records are selected."""
        if self._every_one:
            return max(self._model.total or 0, self._model.known)
        return len(self._places())

    def rows(self) -> list[Row]:
        """Return the rows selected that are in memory, in their order."""
        return [row for place in self._places() if (row := self._model.kept_at(place)) is not None]

    def ids(self) -> tuple[str, ...] | None:
        """Return the ids selected, in memory or not; None for every one of the filter."""
        if self._every_one:
            return None
        return tuple(found for place in self._places() if (found := self._model.id_at(place)) is not None)

    def take_every_one(self) -> None:
        """Select every record of the filter."""
        if not self._model.known:
            return
        self._mark_known()
        self._every_one = True
        self.changed.emit()

    def make_current(self, place: int) -> None:
        """Put the focus frame around a row without selecting it."""
        column = next((n for n, column in enumerate(self._model.columns) if column.stretch), 0)
        index = self._model.index(place, column)
        self._table.selectionModel().setCurrentIndex(index, _FLAGS.NoUpdate)
        self._table.scrollTo(index)

    def _places(self) -> list[int]:
        """Return where the rows selected stand; what was not read yet is none of them."""
        last = self._model.known - 1
        parts = self._table.selectionModel().selection()
        return sorted({place for part in parts for place in range(part.top(), min(part.bottom(), last) + 1)})

    def _mark_known(self) -> None:
        index = self._model.index
        last = index(self._model.known - 1, self._model.columnCount() - 1)
        self._table.selectionModel().select(QItemSelection(index(0, 0), last), _FLAGS.ClearAndSelect)

    def _on_selection_changed(self) -> None:
        self._every_one = False
        self.changed.emit()

    def _on_asked(self) -> None:
        self._every_one = False

    def _on_page_read(self) -> None:
        if self._every_one:
            self.take_every_one()
