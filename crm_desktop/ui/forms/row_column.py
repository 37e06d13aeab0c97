"""Rows below each other, each added, moved and removed by itself, and the button that adds one."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.live import Live

Row = TypeVar("Row", bound=Any)


class RowColumn(Live, QWidget, Generic[Row]):
    """The rows. Subclasses make one of nothing, and say where its keyboard goes and which place it has.

    A row has the signals `edited` and `removed`; where it can be moved, `moved` by so many places.
    """

    edited = Signal()

    def __init__(self, adds: Text, most: int, parent: QWidget | None = None) -> None:
        """`most`: the button to add one goes with the last."""
        super().__init__(parent)
        self._most = most
        self.rows: list[Row] = []
        self.add_button = Button(adds, Kind.LINK, icon="plus", weight=400)
        self.add_button.clicked.connect(self.add)
        self._rows = QVBoxLayout()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._rows)
        self._column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    def new_row(self) -> Row:
        """Return a row that says nothing yet."""
        raise NotImplementedError

    def first_of(self, row: Row) -> QWidget:
        """Return the control of a row the keyboard goes to."""
        raise NotImplementedError

    def place_row(self, row: Row, number: int, many: int) -> None:
        """Tell a row its place, from one, among so many."""

    def add(self) -> None:
        """Add a row, and go to it."""
        row = self.new_row()
        self.put(row)
        self.renumber()
        self.first_of(row).setFocus()
        self.edited.emit()

    def put(self, row: Row) -> None:
        """Put a row below the others; `renumber` follows the last one."""
        row.edited.connect(self.edited)
        row.removed.connect(lambda: self._on_removed(row))
        if hasattr(row, "moved"):
            row.moved.connect(lambda by: self._on_moved(row, by))
        self.rows.append(row)
        self._rows.addWidget(row)
        row.show()

    def empty(self) -> None:
        """Take every row away."""
        while self.rows:
            self._drop(self.rows[-1])

    def renumber(self) -> None:
        """Tell each row its place."""
        for number, row in enumerate(self.rows, start=1):
            self.place_row(row, number, len(self.rows))
        self.add_button.setVisible(len(self.rows) < self._most)

    def go_after_removal(self, place: int) -> None:
        """Give the keyboard to what stands where a row was."""
        row = self.rows[min(place, len(self.rows) - 1)] if self.rows else None
        (self.add_button if row is None else self.first_of(row)).setFocus()

    def _drop(self, row: Row) -> None:
        self.rows.remove(row)
        self._rows.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _on_removed(self, row: Row) -> None:
        place = self.rows.index(row)
        self._drop(row)
        self.renumber()
        self.go_after_removal(place)
        self.edited.emit()

    def _on_moved(self, row: Row, by: int) -> None:
        to = self.rows.index(row) + by
        if not 0 <= to < len(self.rows):
            return
        focus = self.window().focusWidget()
        self.rows.remove(row)
        self.rows.insert(to, row)
        self._rows.removeWidget(row)
        self._rows.insertWidget(to, row)
        self.renumber()
        if focus is not None and row.isAncestorOf(focus):
            (focus if focus.isEnabled() else self.first_of(row)).setFocus()
        self.edited.emit()
