"""The lines of one quote as a table: edited in place, their totals computed with each key that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_, Message
from crm_core.money import Money, parse_money
from crm_core.rules.quote_sums import line_values
from crm_core.rules.totals import Totals, totals
from crm_core.schema.field import Plain
from crm_core.schema.validate import problem_with
from crm_core.schema.values import parse_text
from crm_desktop.services.pricing import PriceOffer
from crm_desktop.ui.format import NOTHING, figure, money
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.cells import CellKind, Role, alignment

Index = QModelIndex | QPersistentModelIndex
Line = dict[str, Any]
"""A line's values by field name."""


class Col(IntEnum):
    """The columns in their order."""

    GRIP = 0
    NO = 1
    CODE = 2
    NAME = 3
    QUANTITY = 4
    UNIT = 5
    PRICE = 6
    DISCOUNT = 7
    TAX = 8
    AMOUNT = 9
    END = 10
    """Nothing: keeps the amounts off the edge, in line with the fields above."""


KINDS = {
    Col.GRIP: CellKind.ICON,
    Col.NO: CellKind.SOFT,
    Col.CODE: CellKind.TEXT,
    Col.NAME: CellKind.TEXT,
    Col.QUANTITY: CellKind.RIGHT,
    Col.UNIT: CellKind.TEXT,
    Col.PRICE: CellKind.RIGHT,
    Col.DISCOUNT: CellKind.RIGHT,
    Col.TAX: CellKind.RIGHT,
    Col.AMOUNT: CellKind.RIGHT,
    Col.END: CellKind.TEXT,
}
WIDTHS = {
    Col.GRIP: 26,
    Col.NO: 28,
    Col.CODE: 108,
    Col.NAME: 140,
    Col.QUANTITY: 56,
    Col.UNIT: 48,
    Col.PRICE: 92,
    Col.DISCOUNT: 62,
    Col.TAX: 54,
    Col.AMOUNT: 108,
    Col.END: 16,
}
TWO_PRICES = 172
"""Width of the prices where a line has another one to take."""
FIELDS = {
    Col.NAME: "description",
    Col.QUANTITY: "quantity",
    Col.UNIT: "unit",
    Col.PRICE: "unit_price",
    Col.DISCOUNT: "discount_percent",
    Col.TAX: "tax_rate",
}
"""The field each column edits."""
EDITED = tuple(FIELDS)
_HEADS = {
    Col.NO: "#",
    Col.CODE: N_("Code"),
    Col.NAME: N_("Name"),
    Col.QUANTITY: N_("Qty"),
    Col.UNIT: N_("Unit"),
    Col.PRICE: N_("Unit price"),
    Col.DISCOUNT: N_("Disc. %"),
    Col.TAX: N_("Tax %"),
    Col.AMOUNT: N_("Amount {currency}"),
}


class QuoteLines(QAbstractTableModel):
    """Lines with their amounts. What a person types shows at once and is told by `line_edited`."""

    line_edited = Signal(str, object)
    """Line id and the changes to save."""
    totals_changed = Signal(object)
    """The `Totals` of what is shown."""
    offers_changed = Signal()
    """Other lines than before have another price to take."""
    refused = Signal(object)
    """The `UserError` of a value that no quote may hold; the cell keeps the one before."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ids: list[str] = []
        self._lines: dict[str, Line] = {}
        self._codes: dict[str, str] = {}
        self._offers: Mapping[str, PriceOffer] = {}
        self._currency = "CNY"
        self._allowance = Decimal(0)
        self._tax_included = False
        self._editable = False
        self._totals = totals([], currency=self._currency)

    @property
    def totals(self) -> Totals:
        """What the lines shown come to."""
        return self._totals

    @property
    def editable(self) -> bool:
        """Whether cells can be edited."""
        return self._editable

    def id_at(self, row: int) -> str | None:
        """Return the id of the line in a row; None past the end."""
        return self._ids[row] if 0 <= row < len(self._ids) else None

    def row_of(self, line_id: str) -> int:
        """Return the row of a line; -1 where it is not shown."""
        return self._ids.index(line_id) if line_id in self._lines else -1

    def line(self, line_id: str) -> Line:
        """Return a line's values. KeyError for one not shown."""
        return self._lines[line_id]

    @property
    def has_offers(self) -> bool:
        """Whether a line has another price to take."""
        return bool(self._offers)

    def offer(self, line_id: str | None) -> PriceOffer | None:
        """Return the other price a line may take."""
        return self._offers.get(line_id or "")

    def show_offers(self, offers: Mapping[str, PriceOffer]) -> None:
        """Show beside the prices of lines, by their ids, those the books have for them now."""
        if offers == self._offers:
            return
        self._offers = dict(offers)
        if self._ids:
            self.dataChanged.emit(self.index(0, Col.PRICE), self.index(len(self._ids) - 1, Col.PRICE))
        self.offers_changed.emit()

    def set_terms(
        self, *, currency: str, allowance_percent: Decimal, tax_included: bool, editable: bool
    ) -> None:
        """Say what holds for the whole quote. Raises `UserError` for an allowance no quote may hold."""
        self._totals = self._counted(
            self._lines, currency=currency, allowance=allowance_percent, included=tax_included
        )
        self._currency, self._allowance, self._tax_included = currency, allowance_percent, tax_included
        self._editable = editable
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, Col.AMOUNT, Col.AMOUNT)
        self._tell_totals()

    def show_lines(self, lines: Sequence[tuple[str, Mapping[str, Any]]], codes: Mapping[str, str]) -> None:
        """Show these lines (id and values), keeping rows where they are: an open editor stays open."""
        self._codes.update(codes)
        wanted = {line_id: dict(values) for line_id, values in lines}
        for row in reversed(range(len(self._ids))):
            if self._ids[row] not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                self._lines.pop(self._ids.pop(row))
                self.endRemoveRows()
        for row, (line_id, values) in enumerate(wanted.items()):
            if line_id not in self._lines:
                self._insert(row, line_id, values)
                continue
            present = self._ids.index(line_id)
            if present != row:
                self.beginMoveRows(QModelIndex(), present, present, QModelIndex(), row)
                self._ids.insert(row, self._ids.pop(present))
                self.endMoveRows()
            if self._lines[line_id] != values:
                self._lines[line_id] = values
                self.dataChanged.emit(self.index(row, Col.CODE), self.index(row, Col.TAX))
        self._count()

    def add_line(self, line_id: str, values: Mapping[str, Any], code: str) -> int:
        """Show a new last line before it is saved and return its row."""
        if values.get("product_id"):
            self._codes[str(values["product_id"])] = code
        row = len(self._ids)
        self._insert(row, line_id, dict(values))
        self._count()
        return row

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return how many lines there are."""
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(Col)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let the fields of an editable quote be edited."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self._editable and index.column() in FIELDS:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's head."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = Col(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(_HEADS[column], currency=self._currency) if column in _HEADS else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(KINDS[column])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows, or the text its editor begins with."""
        if not index.isValid():
            return None
        column = Col(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.row(), column)
        if role == Qt.ItemDataRole.EditRole:
            return self._edit_text(index.row(), column)
        if role == Qt.ItemDataRole.ToolTipRole and column is Col.PRICE:
            offer = self.offer(self._ids[index.row()])
            return "\n".join(show(reason) for reason in offer.why) if offer is not None else None
        if role == Role.VALUE and column is Col.GRIP:
            return "grip" if self._editable else None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            head = tr(_HEADS[column], currency=self._currency) if column in _HEADS else ""
            return tr("{label}: {value}", label=head, value=self._text(index.row(), column))
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what was typed: show it and its amount now, tell who saves it."""
        column = Col(index.column())
        if role != Qt.ItemDataRole.EditRole or column not in FIELDS:
            return False
        line_id = self._ids[index.row()]
        name = FIELDS[column]
        try:
            parsed = self._parsed(column, str(value))
            if parsed == self._lines[line_id].get(name):
                return False
            changed = {**self._lines, line_id: {**self._lines[line_id], name: parsed}}
            self._totals = self._counted(changed)
        except UserError as error:
            self.refused.emit(error)
            return False
        self._lines = changed
        changes: dict[str, Plain] = {name: parsed}
        offer = self.offer(line_id)
        if column is Col.PRICE and offer is not None and parsed == offer.unit_price:
            changes["offered_price"] = parsed
        if column in (Col.PRICE, Col.QUANTITY):
            # Another quantity may have another price: whoever saves this one says which.
            self.show_offers({each: held for each, held in self._offers.items() if each != line_id})
        self.dataChanged.emit(index, index)
        self._tell_totals()
        self.line_edited.emit(line_id, changes)
        return True

    def retranslate(self) -> None:
        """Have heads and figures shown anew."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Col) - 1)
        if self._ids:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._ids) - 1, len(Col) - 1))

    def _insert(self, row: int, line_id: str, values: Line) -> None:
        self.beginInsertRows(QModelIndex(), row, row)
        self._ids.insert(row, line_id)
        self._lines[line_id] = values
        # Views read rows as soon as they are told of them; the amount of this one must be there.
        self._totals = self._counted(self._lines)
        self.endInsertRows()

    def _count(self) -> None:
        self._totals = self._counted(self._lines)
        self._tell_totals()

    def _counted(
        self,
        lines: Mapping[str, Line],
        *,
        currency: str | None = None,
        allowance: Decimal | None = None,
        included: bool | None = None,
    ) -> Totals:
        unit = currency or self._currency
        return totals(
            [line_values(line_id, lines[line_id], unit) for line_id in self._ids],
            currency=unit,
            allowance_percent=self._allowance if allowance is None else allowance,
            tax_included=self._tax_included if included is None else included,
        )

    def _tell_totals(self) -> None:
        if self._ids:
            last = len(self._ids) - 1
            self.dataChanged.emit(self.index(0, Col.NO), self.index(last, Col.NO))
            self.dataChanged.emit(self.index(0, Col.AMOUNT), self.index(last, Col.AMOUNT))
        self.totals_changed.emit(self._totals)

    def _parsed(self, column: Col, text: str) -> Plain:
        field = SCHEMAS["quote_line"].fields[FIELDS[column]]
        if column is Col.PRICE:
            amount = parse_money(text, self._currency)
            if amount.currency != self._currency:
                raise UserError(
                    N_("A line is priced in {line_currency}, the quote in {currency}"),
                    line_currency=amount.currency,
                    currency=self._currency,
                )
            return amount.minor
        value = parse_text(field, text)[field.name]
        if value is None and column in (Col.DISCOUNT, Col.TAX):
            value = "0"
        if value is None and field.required:
            raise UserError(N_("“{field}” is needed"), field=Message(field.label))
        problem = problem_with(field, value) if value is not None else None
        if problem is not None:
            raise UserError(problem.text, **problem.places)
        return value

    def _text(self, row: int, column: Col) -> str:
        line = self._lines[self._ids[row]]
        match column:
            case Col.NO:
                return str(row + 1)
            case Col.CODE:
                return self._codes.get(str(line.get("product_id") or ""), "")
            case Col.NAME | Col.UNIT:
                return str(line.get(FIELDS[column]) or "")
            case Col.QUANTITY:
                return figure(Decimal(line.get("quantity") or "0"))
            case Col.PRICE:
                offer = self.offer(self._ids[row])
                price = self._amount(line.get("unit_price") or 0)
                if offer is None:
                    return price
                return tr("{old} → {new}", old=price, new=self._amount(offer.unit_price))
            case Col.DISCOUNT | Col.TAX:
                share = Decimal(line.get(FIELDS[column]) or "0")
                return figure(share) if share else NOTHING
            case Col.AMOUNT:
                return self._amount(self._totals.lines[row].net_minor)
            case _:
                return ""

    def _amount(self, minor: int) -> str:
        return money(Money(minor, self._currency), symbol=False, decimals=True)

    def _edit_text(self, row: int, column: Col) -> str:
        line = self._lines[self._ids[row]]
        if column is Col.PRICE:
            offer = self.offer(self._ids[row])
            minor = line.get("unit_price") or 0 if offer is None else offer.unit_price
            return f"{Money(minor, self._currency).decimal():f}"
        return str(line.get(FIELDS[column]) or "") if column in FIELDS else ""
