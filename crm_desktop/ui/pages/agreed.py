"""Orders, contracts, installed products and the library of clauses: their lists and forms."""

from __future__ import annotations

from typing import Any

from crm_core.i18n import message
from crm_core.rules.relative_days import RelativeDay
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.services import contracts
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.lists.views import ListView
from crm_desktop.ui.orders.forms import LINES, ContractForm, OrderForm
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.widgets.buttons import Button

WARRANTY_DAYS = 30
RENEWAL_DAYS = 90


class SheetsPage(RecordsPage):
    """A list of records with lines; a new one goes on to its lines."""

    def _on_form_closed(self) -> None:
        made = self._saved_id if self.form is not None and self._was_new else None
        super()._on_form_closed()
        if made is not None:
            self.context.go.emit(Place(page=self._look.page, record_id=made, options={"tab": LINES}))

    def make_form(self, record_id: str | None, values: Any) -> RecordForm:
        """Return the form of a record, or of a new one."""
        self._was_new = record_id is None
        return super().make_form(record_id, values)


class OrdersPage(SheetsPage):
    """The orders: open ones, late ones, all."""

    form_class = OrderForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        confirmed = Condition(field="status", op=Op.EQUAL, value="confirmed")
        undelivered = Condition(field="delivered", op=Op.NOT_EQUAL, value="whole")
        late = Condition(field="deliver_by", op=Op.LESS, value=RelativeDay())
        look = RecordsLook(
            page="orders",
            entity="order",
            columns=(
                "number",
                "customer_id",
                "status",
                "delivered",
                "total",
                "ordered_on",
                "deliver_by",
                "owner_id",
            ),
            sort=(("ordered_on", True),),
            widths={"number": 108, "delivered": 104},
            views=(
                ListView(key="open", text=message("To be delivered"), fixed=(confirmed, undelivered)),
                ListView(key="late", text=message("Late"), fixed=(confirmed, undelivered, late)),
            ),
        )
        super().__init__(context, actions, look)
        self.next = Button(message("Next purchases"), icon="clock")
        self.next.clicked.connect(lambda: context.go.emit(Place(page="next_purchases")))
        self._head.insertWidget(2, self.next)


class ContractsPage(SheetsPage):
    """The contracts: in force, to be renewed, all."""

    form_class = ContractForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        soon = RelativeDay(offset=RENEWAL_DAYS)
        in_force = Condition(field="status", op=Op.EQUAL, value="in_force")
        look = RecordsLook(
            page="contracts",
            entity="contract",
            columns=(
                "number",
                "customer_id",
                "subject",
                "status",
                "total",
                "ends_on",
                "renewal",
                "owner_id",
            ),
            sort=(("ends_on", True),),
            widths={"customer_id": 148, "subject": 116, "status": 80, "renewal": 124},
            views=(
                ListView(key="in_force", text=message("In force"), fixed=(in_force,)),
                ListView(
                    key="ending",
                    text=message("Ending soon"),
                    fixed=(in_force, Condition(field="ends_on", op=Op.AT_MOST, value=soon)),
                    sort=(("ends_on", False),),
                ),
            ),
        )
        super().__init__(context, actions, look)
        self.library = Button(message("Library of clauses"), icon="book")
        self.library.clicked.connect(lambda: context.go.emit(Place(page="clauses")))
        self._head.insertWidget(2, self.library)

    def make_form(self, record_id: str | None, values: Any) -> RecordForm:
        """Return the form of a contract; a new one is made with the clauses every new one has."""
        self._was_new = record_id is None
        if record_id is not None:
            return super().make_form(record_id, values)
        replica = self.context.replica
        return ContractForm(
            self.context,
            self.actions_of_program,
            "contract",
            given=values,
            make=lambda given: contracts.create(replica, given),
        )


class InstalledPage(RecordsPage):
    """What stands at customers: in use, and whose warranty ends soon."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        soon = RelativeDay(offset=WARRANTY_DAYS)
        in_use = Condition(field="status", op=Op.EQUAL, value="in_use")
        ends = Condition(field="warranty_until", op=Op.AT_MOST, value=soon)
        runs = Condition(field="warranty_until", op=Op.AT_LEAST, value=RelativeDay())
        over = Condition(field="warranty_until", op=Op.LESS, value=RelativeDay())
        by_end = (("warranty_until", False),)
        look = RecordsLook(
            page="installed",
            entity="installed_product",
            columns=(
                "name",
                "serial",
                "customer_id",
                "quantity",
                "status",
                "installed_on",
                "warranty_until",
                "location",
            ),
            sort=(("installed_on", True),),
            widths={"serial": 96, "customer_id": 152, "quantity": 72, "status": 72, "location": 96},
            views=(
                ListView(key="in_use", text=message("In use"), fixed=(in_use,)),
                ListView(
                    key="ending",
                    text=message("Warranty ends in 30 days"),
                    fixed=(in_use, runs, ends),
                    sort=by_end,
                ),
                ListView(key="over", text=message("Warranty over"), fixed=(in_use, over), sort=by_end),
            ),
        )
        super().__init__(context, actions, look)


class ClausesPage(RecordsPage):
    """The library of clauses."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="clauses",
            entity="clause",
            columns=("title", "title_en", "rank", "standard", "active"),
            sort=(("rank", False),),
        )
        super().__init__(context, actions, look)
