"""What a customer bought, by product, under what he is likely to buy next and why."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_core.money import Money
from crm_desktop.services import purchases
from crm_desktop.services.purchases import Purchase, Suggestions
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import NOTHING, figure, money, short_date
from crm_desktop.ui.lists.details import clear
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.cards import Card, InfoRow
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.text_table import TextTable

_COLUMNS = (
    (message("Product"), CellKind.TEXT, 0),
    (message("Times"), CellKind.RIGHT, 72),
    (message("Quantity"), CellKind.RIGHT, 108),
    (message("Last bought"), CellKind.TEXT, 120),
    (message("Last price"), CellKind.RIGHT, 128),
    (message("Sum"), CellKind.RIGHT, 148),
)
_FOLLOWED = frozenset(("order", "order_line", "product"))


class PurchasesPanel(Live, QWidget):
    """One customer at a time; read off the main thread."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._customer_id = ""
        self._found: tuple[tuple[Purchase, ...], Suggestions] | None = None
        self.card = Card(message("Suggestions"), message("From the orders on this laptop"), flush=True)
        self.table = TextTable(_COLUMNS, message("Purchases"))
        self.table.opened.connect(self._on_opened)
        self.nothing = Label("", color="text-soft", wrap=True)
        self.nothing.hide()
        column = QVBoxLayout(self)
        keep_margins(column, PAGE_MARGIN, 8, PAGE_MARGIN, 8)
        column.setSpacing(L)
        column.addWidget(self.card)
        column.addWidget(self.nothing)
        column.addWidget(self.table, 1)
        self._changes = Settling(self)
        self._changes.due.connect(self._read)
        context.records_changed.connect(self._on_records_changed)
        self.setFocusProxy(self.table)

    def show_customer(self, customer_id: str) -> None:
        """Show what a customer bought."""
        self._customer_id = customer_id
        self._read()

    def leave(self) -> bool:
        """Return that nothing is unsaved here."""
        return True

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        if self._found is not None:
            self._show(self._found)

    def _read(self) -> None:
        replica, customer_id = self._context.replica, self._customer_id

        def read() -> tuple[tuple[Purchase, ...], Suggestions]:
            return purchases.history(replica, customer_id), purchases.suggestions(replica, customer_id)

        self._context.tasks.read(self, read, self._show, self._on_failed, topic="purchases")

    def _on_failed(self, error: CrmError) -> None:
        self.card.hide()
        self.table.hide()
        self.nothing.say(error.message)
        self.nothing.show()

    def _show(self, found: tuple[tuple[Purchase, ...], Suggestions]) -> None:
        self._found = found
        bought, suggested = found
        self.table.show_rows([_cells(each) for each in bought])
        clear(self.card.body)
        rows = [
            (suggested.names.get(each.product_id, ""), purchases.why_expected(each), each.expected_on)
            for each in suggested.expected
        ]
        for name, why, day in rows:
            right = Label(message("Expected {day}", day=short_date(day)), color="text-soft")
            self.card.body.addWidget(InfoRow(name, why, icon="clock", right=right))
        for other in suggested.related:
            why = purchases.why_related(other, suggested.names)
            self.card.body.addWidget(InfoRow(suggested.names.get(other.product_id, ""), why, icon="plus"))
        self.card.setVisible(bool(rows or suggested.related))
        self.nothing.say(message("Nothing was ordered yet"))
        self.nothing.setVisible(not bought)
        self.table.setVisible(bool(bought))

    def _on_opened(self, row: int) -> None:
        if self._found is not None:
            product_id = self._found[0][row].product_id
            self._context.go.emit(Place(page="products", record_id=product_id))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and any(entity in _FOLLOWED for entity, _ in changed):
            self._changes.mark()


def _cells(bought: Purchase) -> tuple[Text, ...]:
    def amount(minor: int | None) -> str:
        if minor is None or not bought.currency:
            return NOTHING
        return money(Money(minor, bought.currency), decimals=True)

    quantity = f"{figure(bought.quantity)} {bought.unit}".strip()
    return (
        bought.product,
        figure(bought.times),
        quantity,
        short_date(bought.last_on) if bought.last_on is not None else NOTHING,
        amount(bought.last_price),
        amount(bought.sum_minor),
    )
