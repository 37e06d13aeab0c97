"""What the quote comes to, at the right under its lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.money import Money
from crm_core.rules.margin import Margin
from crm_core.rules.prices import Rate, exchanged
from crm_core.rules.totals import ROUNDING, Totals
from crm_desktop.services.quotes import QuoteView
from crm_desktop.ui.format import figure, money
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_WIDTH = 312
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TotalsBlock(Live, QWidget):
    """Subtotal, allowance, net, one row per tax rate, a rule, the total."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._totals: Totals | None = None
        self._rows: list[tuple[Label, Label]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._rule = QFrame()
        self._rule.setFixedHeight(1)
        self._rule.setAutoFillBackground(True)
        self.total_name = Label("", step="section")
        self.total = Label("", step="title")
        self.total.setAlignment(_RIGHT)
        self._view: QuoteView | None = None
        self.in_base = Label("", step="caption", color="text-soft")
        self.margin = Label("", step="caption", color="text-soft", wrap=True)
        self.rounding = Label(message(ROUNDING), step="caption", color="text-soft", wrap=True)
        for label in (self.in_base, self.margin, self.rounding):
            label.setAlignment(_RIGHT)
        self.retint()

    def show_totals(self, totals: Totals) -> None:
        """Show other amounts."""
        self._totals = totals
        self._say_own()
        shown = list(self._amounts(totals))
        if len(shown) != len(self._rows):
            self._make_rows(len(shown))
        for (name, amount), (words, minor) in zip(self._rows, shown, strict=True):
            name.say(words)
            amount.say(_amount(minor, totals.currency))
        self.total_name.say(message("Total {currency}", currency=totals.currency))
        self.total.say(_amount(totals.total_minor, totals.currency))
        self.retranslate()

    def show_view(self, view: QuoteView) -> None:
        """Say what the quote earns and what it comes to in the company's own currency, as it was read."""
        self._view = view
        self._say_own()

    def _say_own(self) -> None:
        view, totals = self._view, self._totals
        rate, base = (
            (view.quote.get(name) for name in ("exchange_rate", "base_currency")) if view else (None, None)
        )
        self.in_base.setVisible(bool(rate and base and totals))
        if rate and base and totals is not None:
            held = Rate(currency=totals.currency, to_currency=base, rate=Decimal(rate), valid_from=date.min)
            amount = exchanged(totals.total, held)
            words = {"amount": _amount(amount.minor, base), "currency": base, "rate": figure(held.rate)}
            self.in_base.say(message("{amount} {currency} at {rate}", **words))
        margin = view.margin if view else None
        self.margin.setVisible(margin is not None)
        if margin is not None and totals is not None:
            self.margin.say(_margin_words(margin, totals.currency))

    def retranslate(self) -> None:
        """Write the amounts as the language does and say the total to those who listen."""
        if self._totals is None:
            return
        shown = list(self._amounts(self._totals))
        for (_name, amount), (_words, minor) in zip(self._rows, shown, strict=True):
            amount.say(_amount(minor, self._totals.currency))
        self.total.say(_amount(self._totals.total_minor, self._totals.currency))
        total = tr("{label}: {value}", label=self.total_name.text(), value=self.total.text())
        self.setAccessibleName(total)

    def retint(self) -> None:
        """Take width and rule from the theme."""
        self.setFixedWidth(theme().px(_WIDTH))
        colors = self._rule.palette()
        colors.setColor(self._rule.backgroundRole(), theme().color("line-strong"))
        self._rule.setPalette(colors)

    def _make_rows(self, number: int) -> None:
        while self._grid.count():
            self._grid.takeAt(0)
        for name, amount in self._rows:
            name.deleteLater()
            amount.deleteLater()
        self._rows = [(Label("", color="text-soft"), Label("")) for _ in range(number)]
        for row, (name, amount) in enumerate(self._rows):
            amount.setAlignment(_RIGHT)
            self._grid.addWidget(name, row, 0)
            self._grid.addWidget(amount, row, 1)
        self._grid.addWidget(self._rule, number, 0, 1, 2)
        self._grid.addWidget(self.total_name, number + 1, 0)
        self._grid.addWidget(self.total, number + 1, 1)
        for place, label in enumerate((self.in_base, self.margin, self.rounding), number + 2):
            self._grid.addWidget(label, place, 0, 1, 2)

    def _amounts(self, totals: Totals) -> Iterator[tuple[Message, int]]:
        if totals.tax_included:
            yield message("Subtotal with tax"), totals.subtotal_minor
        else:
            yield message("Subtotal"), totals.subtotal_minor
        yield message("Allowance"), -totals.allowance_minor
        yield message("Net of tax"), totals.net_minor
        for tax in totals.taxes:
            if tax.rate:
                yield message("VAT {rate} %", rate=figure(tax.rate)), tax.tax_minor


def _amount(minor: int, currency: str) -> str:
    return money(Money(minor, currency), symbol=False, decimals=True)


def _margin_words(margin: Margin, currency: str) -> Message:
    words = {
        "amount": _amount(margin.earned_minor, currency),
        "share": figure(margin.percent or Decimal(0)),
    }
    if margin.known == margin.counted:
        return message("Margin {amount} ({share} %)", **words)
    return message(
        "Margin {amount} ({share} %), from {known} of {count} lines whose cost is known",
        **words,
        known=figure(margin.known),
        count=figure(margin.counted),
    )
