"""An editor of a few rows in their order, each added and removed by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.schema.field import Field, Plain
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.live import Live

Row = TypeVar("Row", bound=Any)


class RowsEditor(Live, QWidget, Generic[Row]):
    """Rows of a JSON field. Subclasses make a row, say where its keyboard goes, and read it back.

    A row has the signals `edited` and `removed`.
    """

    edited = Signal()
    most: int
    """Rows at most; the button to add one goes with the last."""

    def __init__(self, field: Field, adds: Text, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.rows: list[Row] = []
        self._held: Any = None
        self.add_button = Button(adds, ButtonKind.LINK, icon="plus", weight=400)
        self.add_button.clicked.connect(self._on_add_clicked)
        self._rows = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._rows)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.add_button)

    def make_row(self, held: Mapping[str, Any]) -> Row:
        """Return the row of what the record keeps; of nothing: a new one."""
        raise NotImplementedError

    def first_of(self, row: Row) -> QWidget:
        """Return the control of a row the keyboard goes to."""
        raise NotImplementedError

    def value_of(self, row: Row) -> Plain:
        """Return what the record keeps of a row. `UserError` where it is not finished."""
        raise NotImplementedError

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show what the record keeps."""
        held = values.get(self.field.name) or []
        if self.rows and held == self._held:
            return
        self._held = held
        while self.rows:
            self._drop(self.rows[-1])
        for each in held:
            self._add(each)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the rows as the record keeps them. `UserError` where one is not finished."""
        return {self.field.name: [self.value_of(row) for row in self.rows] or None}

    def _add(self, held: Mapping[str, Any]) -> Row:
        row = self.make_row(held)
        row.edited.connect(self.edited)
        row.removed.connect(lambda row=row: self._on_removed(row))
        self._rows.addWidget(row)
        self.rows.append(row)
        row.show()
        self.add_button.setVisible(len(self.rows) < self.most)
        return row

    def _drop(self, row: Row) -> None:
        self.rows.remove(row)
        self._rows.removeWidget(row)
        row.hide()
        row.deleteLater()
        self.add_button.setVisible(True)

    def _on_add_clicked(self) -> None:
        self.first_of(self._add({})).setFocus()
        self.edited.emit()

    def _on_removed(self, row: Row) -> None:
        self._drop(row)
        (self.first_of(self.rows[-1]) if self.rows else self.add_button).setFocus()
        self.edited.emit()
