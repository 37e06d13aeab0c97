"""Who would usually buy again by now or soon, what, and what that follows from."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from crm_core.entities import schema_of
from crm_core.i18n import Message, message
from crm_desktop.services import purchases
from crm_desktop.services.purchases import Due
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import figure, short_date
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.text_table import TextTable

WITHIN_DAYS = 30
_COLUMNS = (
    (message("Customer"), CellKind.TEXT, 0),
    (message("Product"), CellKind.TEXT, 280),
    (message("Expected on"), CellKind.TEXT, 120),
    (message("Every, days"), CellKind.RIGHT, 100),
    (message("Last bought"), CellKind.TEXT, 120),
    (message("Times"), CellKind.RIGHT, 80),
)
_FOLLOWED = frozenset(("order", "order_line", "customer", "product"))


class NextPurchasesPage(Page):
    """One row a customer and product, the longest due first; Enter opens the customer."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._found: tuple[Due, ...] = ()
        self.table = TextTable(_COLUMNS, message("Next purchases"))
        self.table.opened.connect(self._on_opened)
        self.orders = Button(Message(schema_of("order").meta.plural), icon="truck")
        self.orders.clicked.connect(lambda: context.go.emit(Place(page="orders")))
        self.empty = EmptyState(
            "clock",
            message("Nobody is due to buy again"),
            message("A product bought on three days or more is expected again after its usual time."),
            (self.orders,),
        )
        self.empty.hide()
        head = QHBoxLayout()
        keep_margins(head, PAGE_MARGIN, 12, PAGE_MARGIN, 8)
        head.addWidget(Label(message("Next purchases"), step="title"))
        head.addStretch(1)
        head.addWidget(Label(message("Expected within 30 days"), color="text-soft"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        body = QVBoxLayout()
        keep_margins(body, PAGE_MARGIN, 0, PAGE_MARGIN, 12)
        body.addWidget(self.table)
        column.addLayout(body, 1)
        column.addWidget(self.empty, 1)
        self._changes = Settling(self)
        self._changes.due.connect(self.refresh)
        context.records_changed.connect(self._on_records_changed)

    def show_place(self, place: Place) -> None:
        """Show the list."""
        self.refresh()
        self.table.setFocus()

    def refresh(self) -> None:
        """Read the list anew."""
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: purchases.due(replica, replica.clock.today(), WITHIN_DAYS),
            self._show,
            self.context.show_error,
            topic="next purchases",
        )

    def retranslate(self) -> None:
        """Write the rows in the language on screen."""
        self._show(self._found)

    def _show(self, found: tuple[Due, ...]) -> None:
        self._found = found
        self.table.show_rows(
            [
                (
                    each.customer,
                    each.product,
                    short_date(each.expected.expected_on),
                    figure(each.expected.every_days),
                    short_date(each.expected.last_on),
                    figure(each.expected.times),
                )
                for each in found
            ]
        )
        self.table.setVisible(bool(found))
        self.empty.setVisible(not found)
        if not found and not self.isAncestorOf(self.window().focusWidget() or self):
            self.orders.setFocus()

    def _on_opened(self, row: int) -> None:
        place = Place(page="customers", record_id=self._found[row].customer_id, options={"tab": "orders"})
        self.context.go.emit(place)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and any(entity in _FOLLOWED for entity, _ in changed):
            self._changes.mark()
