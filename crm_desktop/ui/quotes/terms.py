"""Under the lines: what is taken off the whole quote, and whether its prices include tax."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_, message
from crm_core.money import Money, parse_money
from crm_core.schema.field import Plain
from crm_core.schema.values import DEFAULT_CURRENCY, canonical_decimal
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.live import Live


class TermsRow(Live, QWidget):
    """Fields of the whole quote that its sum follows from. Enter leaves them for the next line."""

    edited = Signal(object)
    """Changes of the quote, well formed; whether a quote may hold them says `refuse`."""
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quote: Mapping[str, Any] = {}
        self.percent = QLineEdit()
        self.amount = QLineEdit()
        self.tax_included = QCheckBox()
        self._fields = {
            "discount_percent": Field(message("Whole discount, %"), self.percent),
            "discount_amount": Field(message("Whole discount, amount"), self.amount),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(16)
        for field in self._fields.values():
            row.addWidget(field)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.tax_included)
        for name, line in (("discount_percent", self.percent), ("discount_amount", self.amount)):
            line.setAlignment(Qt.AlignmentFlag.AlignRight)
            line.installEventFilter(self)
            line.editingFinished.connect(lambda name=name: self._take(name))
        self.tax_included.clicked.connect(lambda included: self.edited.emit({"tax_included": included}))
        self.retranslate()
        self.retint()

    def show_quote(self, quote: Mapping[str, Any]) -> None:
        """Show a quote's terms, leaving alone the one being typed in."""
        self._quote = quote
        if not self.percent.hasFocus():
            self.percent.setText(str(quote.get("discount_percent") or ""))
        if not self.amount.hasFocus():
            minor = quote.get("discount_amount")
            self.amount.setText(f"{Money(minor, self._currency()).decimal():f}" if minor else "")
        self.tax_included.setChecked(bool(quote.get("tax_included")))

    def refuse(self, changes: Mapping[str, Plain], error: CrmError) -> None:
        """Say at its field why a quote may not hold a change."""
        for name in changes:
            if name in self._fields:
                self._fields[name].set_error(error.message)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave a field by Enter."""
        names = {self.percent: "discount_percent", self.amount: "discount_amount"}
        enters = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if watched in names and isinstance(event, QKeyEvent) and event.key() in enters:
            if event.type() == QEvent.Type.KeyPress:
                self._take(names[watched])
                self.left.emit()
            return event.type() == QEvent.Type.KeyPress
        return super().eventFilter(watched, event)

    def retranslate(self) -> None:
        """Name the switch in the language on screen."""
        self.tax_included.setText(tr("Prices include tax"))

    def retint(self) -> None:
        """Take sizes from the theme."""
        for field in self._fields.values():
            field.setFixedWidth(theme().px(136))

    def _take(self, name: str) -> None:
        """Hand on what was typed into a field, or say under it why that is nothing to go by."""
        field = self._fields[name]
        try:
            value = self._read_percent() if name == "discount_percent" else self._read_amount()
        except UserError as error:
            field.set_error(error.message)
            return
        field.set_error("")
        if not _is_same(value, self._quote.get(name)):
            self.edited.emit({name: value})

    def _read_percent(self) -> str | None:
        text = self.percent.text().strip().removesuffix("%").strip()
        try:
            return canonical_decimal(text) if text else None
        except (ValueError, InvalidOperation):
            raise UserError(N_("“{text}” is not a percentage"), text=text) from None

    def _read_amount(self) -> int | None:
        text = self.amount.text().strip()
        if not text:
            return None
        amount = parse_money(text, self._currency())
        if amount.currency != self._currency():
            raise UserError(
                N_("An amount in {given} cannot be taken off a quote in {currency}"),
                given=amount.currency,
                currency=self._currency(),
            )
        return amount.minor

    def _currency(self) -> str:
        return str(self._quote.get("currency") or DEFAULT_CURRENCY)


def _is_same(value: Plain, held: Plain) -> bool:
    return Decimal(str(value or 0)) == Decimal(str(held or 0))
