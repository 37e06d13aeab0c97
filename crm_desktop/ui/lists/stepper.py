"""From one record to the next of the list it was opened from."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from crm_desktop.ui.itemmodels.keyset import KeysetModel
from crm_desktop.ui.lists.table import RecordTable


class Stepper(QObject):
    """Knows where records stand in one list, and walks it."""

    stepped = Signal(str)
    """The id of the record `step` came to."""

    def __init__(self, model: KeysetModel, table: RecordTable) -> None:
        super().__init__(table)
        self._model, self._table = model, table
        self._waiting: tuple[str, int] | None = None
        model.asked.connect(self._forget)
        model.page_read.connect(self._on_page_read)

    def place_of(self, record_id: str) -> tuple[int, int] | None:
        """Return where a record stands, from 1, and of how many; None where it is not in the list."""
        place = self._model.places((record_id,)).get(record_id)
        if place is None:
            return None
        return place + 1, max(self._model.total or 0, self._model.known)

    def step(self, record_id: str, by: int) -> None:
        """Make the record before or after another the current one, and tell; nothing at the end.

        One that was not read yet is asked for, and told of once it is here.
        """
        self._waiting = None
        place = self._model.places((record_id,)).get(record_id)
        if place is None or not 0 <= place + by < self._model.rowCount():
            return
        row = self._model.row_at(place + by)
        if row is None:
            self._waiting = (record_id, by)
            return
        self._table.setCurrentIndex(self._model.index(place + by, 0))
        self.stepped.emit(row.id)

    def _on_page_read(self) -> None:
        if self._waiting is not None:
            self.step(*self._waiting)

    def _forget(self) -> None:
        self._waiting = None
