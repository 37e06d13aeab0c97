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
from crm_core.rules.quote_sums import LINE_TERMS, TERMS, shown_totals, totals_of
from crm_core.rules.totals import LineTotal, Totals
from crm_core.schema.field import Plain
from crm_core.schema.validate import problem_with
from crm_core.schema.values import DEFAULT_CURRENCY, parse_text
from crm_desktop.services.pricing import PriceOffer
from crm_desktop.ui.format import NOTHING, figure, money
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.cells import CellKind, Role, flags_of, head_of, said_of

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
    """Lines with their amounts, and a row for the heading of each group before its lines.

    What a person types shows at once and is told by `line_edited` and `group_edited`.
    """

    line_edited = Signal(str, object)
    """Line id and the changes to save."""
    group_edited = Signal(str, object)
    """Group id and the changes to save."""
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
        self._groups: dict[str, Line] = {}
        self._quote: Mapping[str, Any] = {}
        self._numbers: dict[str, int] = {}
        self._amounts: dict[str, LineTotal] = {}
        self._sums: dict[str, int] = {}
        self._told: Mapping[str, object] = {}
        self._codes: dict[str, str] = {}
        self._offers: Mapping[str, PriceOffer] = {}
        self._currency = "CNY"
        self._editable = False
        self._totals, self._problem = shown_totals(self._quote, ())

    @property
    def totals(self) -> Totals:
        """What the lines shown come to."""
        return self._totals

    @property
    def editable(self) -> bool:
        """Whether cells can be edited."""
        return self._editable

    @property
    def problem(self) -> Message | None:
        """Why the lines shown do not add up."""
        return self._problem

    @property
    def line_count(self) -> int:
        """How many lines there are; headings are none."""
        return len(self._lines)

    @property
    def last_group(self) -> str | None:
        """The group at the end of the quote, where the next line goes."""
        return next(reversed(self._groups), None)

    def id_at(self, row: int) -> str | None:
        """Return the id of the line in a row; None past the end and for a heading."""
        found = self._ids[row] if 0 <= row < len(self._ids) else None
        return found if found in self._lines else None

    def group_at(self, row: int) -> str | None:
        """Return the id of the group whose heading stands in a row."""
        found = self._ids[row] if 0 <= row < len(self._ids) else None
        return found if found in self._groups else None

    def row_of(self, row_id: str) -> int:
        """Return the row of a line or of a group's heading; -1 where it is not shown."""
        return self._ids.index(row_id) if row_id in self._lines or row_id in self._groups else -1

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

    def show_terms(self, quote: Mapping[str, Any], *, editable: bool) -> None:
        """Say what holds for the whole quote."""
        as_before = editable == self._editable and all(quote.get(n) == self._quote.get(n) for n in TERMS)
        self._quote, self._editable = quote, editable
        if not as_before or not self._ids:
            self._currency = quote.get("currency") or DEFAULT_CURRENCY
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, Col.AMOUNT, Col.AMOUNT)
            self._count()

    def take_terms(self, quote: Mapping[str, Any]) -> None:
        """Count with terms that were just typed. Raises `UserError` for those no quote may hold."""
        if self._problem is None:
            totals_of(quote, self._counting(self._lines))
        self.show_terms(quote, editable=self._editable)

    def show_lines(
        self,
        lines: Sequence[tuple[str, Mapping[str, Any]]],
        codes: Mapping[str, str],
        groups: Sequence[tuple[str, Mapping[str, Any]]] = (),
    ) -> None:
        """Show these lines (id and values) under the headings of their groups, keeping rows where they are:
        an open editor stays open.
        """
        self._codes.update(codes)
        self._groups = {group_id: dict(values) for group_id, values in groups}
        kept = {line_id: dict(values) for line_id, values in lines}
        wanted = list[str]()
        grouped: dict[str, list[str]] = {group_id: [group_id] for group_id in self._groups}
        for line_id, line in kept.items():
            grouped.get(str(line.get("group_id")), wanted).append(line_id)
        for of_group in grouped.values():
            wanted += of_group
        there, had = set(wanted), set(self._ids)
        as_before = there == had
        for row in reversed(range(len(self._ids))):
            if self._ids[row] not in there:
                self.beginRemoveRows(QModelIndex(), row, row)
                self._lines.pop(self._ids.pop(row), None)
                self.endRemoveRows()
        for row, row_id in enumerate(wanted):
            if row_id not in had:
                self._insert(row, row_id, kept.get(row_id))
                continue
            if self._ids[row] != row_id:
                as_before, present = False, self._ids.index(row_id)
                self.beginMoveRows(QModelIndex(), present, present, QModelIndex(), row)
                self._ids.insert(row, self._ids.pop(present))
                self.endMoveRows()
            if row_id in self._groups:
                self.dataChanged.emit(self.index(row, Col.NAME), self.index(row, Col.NAME))
            elif self._lines[row_id] != kept[row_id]:
                before, now = self._lines[row_id], kept[row_id]
                as_before = as_before and all(before.get(name) == now.get(name) for name in LINE_TERMS)
                self._lines[row_id] = now
                self.dataChanged.emit(self.index(row, Col.CODE), self.index(row, Col.TAX))
        if not as_before:
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
        """Let the fields of an editable quote be edited, and of a group its heading."""
        columns = FIELDS if self.group_at(index.row()) is None else (Col.NAME,)
        return flags_of(editable=self._editable and index.column() in columns)

    def _head(self, column: Col) -> str:
        return tr(_HEADS[column], currency=self._currency) if column in _HEADS else ""

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's head."""
        return head_of(orientation, role, self._head(Col(section)), KINDS[Col(section)])

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
            offer = self.offer(self.id_at(index.row()))
            return "\n".join(show(reason) for reason in offer.why) if offer is not None else None
        if role == Role.VALUE and column is Col.GRIP:
            return "grip" if self._editable and self.id_at(index.row()) is not None else None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return said_of(self._head(column), self._text(index.row(), column))
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what was typed: show it and its amount now, tell who saves it."""
        column = Col(index.column())
        if role != Qt.ItemDataRole.EditRole or column not in FIELDS:
            return False
        group_id = self.group_at(index.row())
        if group_id is not None:
            return self._rename(index, group_id, str(value).strip())
        line_id = self._ids[index.row()]
        name = FIELDS[column]
        try:
            parsed = self._parsed(column, str(value))
            if parsed == self._lines[line_id].get(name):
                return False
            line = {**self._lines[line_id], name: parsed}
            if column is Col.PRICE:
                line["currency"] = self._currency
            changed = {**self._lines, line_id: line}
            counted = None
            if self._problem is None:  # else each change is a step on the way out of it
                counted = totals_of(self._quote, self._counting(changed))
        except UserError as error:
            self.refused.emit(error)
            return False
        self._lines = changed
        self._recount(counted)
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

    def _rename(self, index: Index, group_id: str, title: str) -> bool:
        if not title or title == self._groups[group_id].get("title"):
            return False
        self._groups[group_id]["title"] = title
        self.dataChanged.emit(index, index)
        self.group_edited.emit(group_id, {"title": title})
        return True

    def _insert(self, row: int, row_id: str, values: Line | None) -> None:
        """Put a line into a row, or with no values the heading of a group."""
        self.beginInsertRows(QModelIndex(), row, row)
        self._ids.insert(row, row_id)
        if values is not None:
            self._lines[row_id] = values
        # Views read rows as soon as they are told of them; the amount of this one must be there.
        self._recount()
        self.endInsertRows()

    def _count(self) -> None:
        self._recount()
        self._tell_totals()

    def _recount(self, counted: Totals | None = None) -> None:
        """Take over what the lines come to, where that was not counted already."""
        rows = self._counting(self._lines)
        if counted is not None:
            self._totals, self._problem = counted, None
        else:
            self._totals, self._problem = shown_totals(self._quote, rows)
        self._numbers = {line_id: place for place, (line_id, _) in enumerate(rows, 1)}
        amounts = zip(rows, self._totals.lines, strict=True)
        self._amounts = {line_id: amount for (line_id, _), amount in amounts}
        self._sums = {group.key: group.subtotal_minor for group in self._totals.groups}

    def _counting(self, lines: Mapping[str, Line]) -> list[tuple[str, Line]]:
        return [(row_id, lines[row_id]) for row_id in self._ids if row_id in lines]

    def _tell_totals(self) -> None:
        """Have those rows drawn whose number or amount is another than before."""
        told = {
            row_id: (self._numbers[row_id], self._amounts[row_id])
            if row_id in self._lines
            else self._sums.get(row_id)
            for row_id in self._ids
        }
        for row, row_id in enumerate(self._ids):
            if told[row_id] != self._told.get(row_id):
                self.dataChanged.emit(self.index(row, Col.NO), self.index(row, Col.AMOUNT))
        self._told = told
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
        row_id = self._ids[row]
        if row_id in self._groups:
            return self._heading(row_id, column)
        line = self._lines[row_id]
        match column:
            case Col.NO:
                return str(self._numbers[row_id])
            case Col.CODE:
                return self._codes.get(str(line.get("product_id") or ""), "")
            case Col.NAME:
                return self._name(row_id, line)
            case Col.UNIT:
                return str(line.get(FIELDS[column]) or "")
            case Col.QUANTITY:
                return figure(Decimal(line.get("quantity") or "0"))
            case Col.PRICE:
                return self._price(row_id, line)
            case Col.DISCOUNT | Col.TAX:
                share = Decimal(line.get(FIELDS[column]) or "0")
                return figure(share) if share else NOTHING
            case Col.AMOUNT:
                amount = self._amounts[row_id]
                words = self._amount(amount.net_minor)
                return words if amount.counts else tr("({amount})", amount=words)
            case _:
                return ""

    def _heading(self, group_id: str, column: Col) -> str:
        if column is Col.NAME:
            return str(self._groups[group_id].get("title") or "")
        if column is Col.AMOUNT:
            return self._amount(self._sums.get(group_id, 0))
        return " " if KINDS[column] is CellKind.RIGHT else ""  # an empty figure would be a dash

    def _name(self, line_id: str, line: Line) -> str:
        """Return a line's text, with what stands between it and the sum."""
        name = str(line.get("description") or "")
        if line.get("optional"):
            return tr("{name} (optional)", name=name)
        if line.get("alternatives"):
            chosen = N_("{name} (chosen)") if self._amounts[line_id].counts else N_("{name} (alternative)")
            return tr(chosen, name=name)
        return name

    def _price(self, line_id: str, line: Line) -> str:
        minor, currency = line.get("unit_price") or 0, line.get("currency")
        if minor and currency and currency != self._currency:
            return money(Money(minor, currency), decimals=True)
        offer = self.offer(line_id)
        if offer is None:
            return self._amount(minor)
        return tr("{old} → {new}", old=self._amount(minor), new=self._amount(offer.unit_price))

    def _amount(self, minor: int) -> str:
        return money(Money(minor, self._currency), symbol=False, decimals=True)

    def _edit_text(self, row: int, column: Col) -> str:
        row_id = self._ids[row]
        if row_id in self._groups:
            return str(self._groups[row_id].get("title") or "")
        line = self._lines[row_id]
        if column is Col.PRICE:
            offer = self.offer(row_id)
            minor = line.get("unit_price") or 0 if offer is None else offer.unit_price
            return f"{Money(minor, self._currency).decimal():f}"
        return str(line.get(FIELDS[column]) or "") if column in FIELDS else ""
