"""A tab of a customer's page: what he owes, and his instalments, receipts, invoices and invoice titles."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.errors import AccessDenied
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.rules.access import Action as Right
from crm_core.rules.access import decide
from crm_desktop.services import balances
from crm_desktop.services.balances import Balance
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.customers.child_list import ChildList
from crm_desktop.ui.format import money
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, M
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

_FOLLOWS = frozenset(("instalment", "receipt", "receipt_share"))
_LISTS: Mapping[str, tuple[Text, tuple[str, ...], tuple[tuple[str, bool], ...]]] = {
    "instalment": (
        message("Instalments"),
        ("name", "due_on", "amount", "paid", "state"),
        (("due_on", False),),
    ),
    "receipt": (
        message("Receipts"),
        ("number", "received_on", "amount", "matched", "status", "reference"),
        (("received_on", True),),
    ),
    "invoice": (
        message("Invoices"),
        ("subject", "kind", "amount", "status", "number", "issued_on"),
        (("created_at", True),),
    ),
    "invoice_title": (
        message("Invoice titles"),
        ("name", "tax_number", "bank", "account", "standard"),
        (("name", False),),
    ),
}


class PaymentsTab(Live, QWidget):
    """The balance over one list at a time."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__()
        self._context, self._actions = context, actions
        self._customer_id = ""
        self._balances: tuple[Balance, ...] = ()
        person = context.replica.person
        kinds = [kind for kind in _LISTS if decide(person, Right.READ, kind)]
        self.switch = SegmentedSwitch(
            [Segment(key=kind, text=_LISTS[kind][0]) for kind in kinds],
            name=message("What is listed"),
            small=True,
        )
        self.facts = QHBoxLayout()
        self.facts.setSpacing(theme().px(XL))
        self.none = Label(message("Nothing to collect"), color="text-soft")
        self.lists: dict[str, ChildList] = {}
        self._stack = QStackedWidget()
        head = QHBoxLayout()
        keep_margins(head, PAGE_MARGIN, M, PAGE_MARGIN, M)
        head.addLayout(self.facts)
        head.addWidget(self.none)
        head.addStretch(1)
        head.addWidget(self.switch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.switch.chosen.connect(self._choose)
        context.records_changed.connect(self._on_records_changed)

    def show_customer(self, customer_id: str) -> None:
        """Show a customer's payments."""
        self._customer_id = customer_id
        self._choose(self.switch.key)
        self._read()

    def leave(self) -> bool:
        """Return whether the tab may go."""
        return all(each.leave() for each in self.lists.values())

    def retranslate(self) -> None:
        """Write the balance in the language on screen."""
        self._show(self._balances)

    def focus_table(self) -> None:
        """Put the keyboard into the list in front."""
        shown = self.lists.get(self.switch.key)
        if shown is not None:
            shown.list.focus_table()

    def _choose(self, kind: str) -> None:
        if kind not in _LISTS:
            return
        if kind not in self.lists:
            _, columns, sort = _LISTS[kind]
            self.lists[kind] = ChildList(self._context, self._actions, kind, columns, sort)
            self._stack.addWidget(self.lists[kind])
        self.lists[kind].show_customer(self._customer_id)
        self._stack.setCurrentWidget(self.lists[kind])

    def _read(self) -> None:
        replica, customer_id = self._context.replica, self._customer_id

        def read() -> tuple[Balance, ...]:
            try:
                return balances.balances(replica, customer_id)
            except AccessDenied:
                return ()

        self._context.tasks.read(self, read, self._show, self._context.show_error, topic="balance")

    def _show(self, found: tuple[Balance, ...]) -> None:
        self._balances = found
        while (item := self.facts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for each in found:
            for text, minor, color in (
                (N_("To collect: {amount}"), each.open_minor, "text"),
                (N_("Overdue: {amount}"), each.overdue_minor, "bad"),
                (N_("Paid: {amount}"), each.paid_minor, "text-soft"),
                (N_("Matched to nothing: {amount}"), each.unmatched_minor, "warn"),
            ):
                if minor:
                    said = Message(text, {"amount": money(Money(minor, each.currency))})
                    self.facts.addWidget(Label(said, color=color))
        self.none.setVisible(not found)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self._customer_id and self.isVisible() and any(entity in _FOLLOWS for entity, _ in changed):
            self._read()
