"""A customer's orders, contracts, installed products and purchases, one of them at a time."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import N_, Message
from crm_core.rules.access import Action, decide
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.customers.child_list import ChildList
from crm_desktop.ui.customers.purchases_panel import PurchasesPanel
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

_LISTS: Final = (
    ("order", N_("Orders"), ("number", "status", "delivered", "total", "ordered_on"), "ordered_on"),
    (
        "contract",
        N_("Contracts"),
        ("number", "subject", "status", "total", "starts_on", "ends_on"),
        "ends_on",
    ),
    (
        "installed_product",
        N_("Installed products"),
        ("name", "serial", "quantity", "status", "installed_on", "warranty_until", "location"),
        "installed_on",
    ),
)

PURCHASES: Final = "purchases"


class OrdersTab(QWidget):
    """Each list is made when it is first chosen."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__()
        self._context, self._actions = context, actions
        self._customer_id = ""
        person = context.replica.person
        self._known = {each[0]: each for each in _LISTS if decide(person, Action.READ, each[0])}
        self.parts: dict[str, ChildList | PurchasesPanel] = {}
        shown = [Segment(key=key, text=Message(words)) for key, words, *_ in self._known.values()]
        if "order" in self._known:
            shown.append(Segment(key=PURCHASES, text=Message(N_("Purchases"))))
        self.which = SegmentedSwitch(
            shown,
            name=Message(N_("What is shown")),
            small=True,
        )
        self._stack = QStackedWidget()
        head = QHBoxLayout()
        keep_margins(head, PAGE_MARGIN, 8, PAGE_MARGIN, 8)
        head.addWidget(self.which)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.which.chosen.connect(self.choose)
        self.setFocusProxy(self.which)

    def show_customer(self, customer_id: str) -> None:
        """Show what belongs to a customer."""
        self._customer_id = customer_id
        for part in self.parts.values():
            part.show_customer(customer_id)
        if not self.parts and self._known:
            self.choose(next(iter(self._known)))

    def choose(self, key: str) -> None:
        """Bring one of the lists to the front."""
        if key not in self.parts:
            self.parts[key] = self._make(key)
            self._stack.addWidget(self.parts[key])
            self.parts[key].show_customer(self._customer_id)
        self.which.choose(key)
        self._stack.setCurrentWidget(self.parts[key])

    def _make(self, key: str) -> ChildList | PurchasesPanel:
        if key == PURCHASES:
            return PurchasesPanel(self._context)
        _, _, columns, newest = self._known[key]
        return ChildList(self._context, self._actions, key, columns, ((newest, True),))

    def leave(self) -> bool:
        """Return whether the tab may go: a form asks where something is not saved."""
        return all(part.leave() for part in self.parts.values())
