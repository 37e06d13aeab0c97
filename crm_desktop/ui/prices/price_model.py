"""Prices of one book or of one product as a table that is edited in place."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money
from crm_core.schema.field import Plain
from crm_core.schema.validate import problem_with
from crm_core.schema.values import DEFAULT_CURRENCY, parse_text
from crm_desktop.services.price_rows import PriceRow
from crm_desktop.ui.format import figure, money
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.cells import CellKind, flags_of, head_of, said_of

Index = QModelIndex | QPersistentModelIndex


class Col(IntEnum):
    """The columns in their order."""

    CODE = 0
    NAME = 1
    BOOK = 2
    LEAST = 3
    PRICE = 4
    FIRST = 5
    LAST = 6


HEADS = {
    Col.CODE: N_("Code"),
    Col.NAME: N_("Name"),
    Col.BOOK: N_("Price book"),
    Col.LEAST: N_("From quantity"),
    Col.PRICE: N_("Unit price"),
    Col.FIRST: N_("Valid from"),
    Col.LAST: N_("Valid until"),
}
FIELDS = {
    Col.LEAST: "min_quantity",
    Col.PRICE: "unit_price",
    Col.FIRST: "valid_from",
    Col.LAST: "valid_until",
}
"""The field each column edits."""
KINDS = {column: CellKind.RIGHT if column in (Col.LEAST, Col.PRICE) else CellKind.TEXT for column in Col}


class PriceModel(QAbstractTableModel):
    """What a person types is told by `edited`; the row shows it once it is saved."""

    edited = Signal(str, object)
    """Id of a price and the changes to save."""
    refused = Signal(object)
    """The `UserError` of what no price may hold."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[PriceRow] = ()
        self.may_edit = False

    def show_rows(self, rows: Sequence[PriceRow], *, may_edit: bool) -> None:
        """Show these prices; where they are the same ones as before, an open editor stays open."""
        same = [row.record.id for row in rows] == [row.record.id for row in self.rows]
        if not same:
            self.beginResetModel()
        self.rows, self.may_edit = rows, may_edit
        if not same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(Col) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return how many prices there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(Col)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let amounts, quantities and days be edited by whoever may."""
        return flags_of(editable=self.may_edit and index.column() in FIELDS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's head."""
        return head_of(orientation, role, tr(HEADS[Col(section)]), KINDS[Col(section)])

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows, or the text its editor begins with."""
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], Col(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, column)
        if role == Qt.ItemDataRole.EditRole:
            return _edit_text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return said_of(tr(HEADS[column]), _text(row, column))
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what was typed, and tell who saves it."""
        column = Col(index.column())
        if role != Qt.ItemDataRole.EditRole or column not in FIELDS:
            return False
        record = self.rows[index.row()].record
        try:
            changes = read_cell(FIELDS[column], str(value), record.get("currency"))
        except UserError as error:
            self.refused.emit(error)
            return False
        if all(record.get(name) == held for name, held in changes.items()):
            return False
        self.edited.emit(record.id, changes)
        return True


def read_cell(name: str, text: str, currency: str | None) -> dict[str, Plain]:
    """Return what typed text sets of a price. `UserError` where it cannot be read."""
    field = SCHEMAS["price"].fields[name]
    changes = parse_text(field, text, {"currency": currency or DEFAULT_CURRENCY})
    wrong = problem_with(field, changes[name]) if changes[name] is not None else None
    if wrong is not None:
        raise UserError(wrong.text, **wrong.places)
    return changes


def _text(row: PriceRow, column: Col) -> str:
    match column:
        case Col.CODE:
            return row.code
        case Col.NAME:
            return row.product
        case Col.BOOK:
            return row.book
        case Col.LEAST:
            return figure(Decimal(row.record.get("min_quantity") or "1"))
        case Col.PRICE:
            return money(_amount(row), decimals=True)
        case _:
            return str(row.record.get(FIELDS[column]) or "")


def _edit_text(row: PriceRow, column: Col) -> str:
    if column is Col.PRICE:
        return f"{_amount(row).decimal():f}"
    return str(row.record.get(FIELDS[column]) or "") if column in FIELDS else ""


def _amount(row: PriceRow) -> Money:
    return Money(row.record.get("unit_price") or 0, row.record.get("currency") or DEFAULT_CURRENCY)
