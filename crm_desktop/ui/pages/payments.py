"""Payments: what is due when and how long it is overdue; receipts; invoices and their titles."""

from __future__ import annotations

import datetime

from crm_core.i18n import Message, message
from crm_core.rules.payments import COLLECTED, Bucket, State, state_of
from crm_core.rules.relative_days import RelativeDay
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.services import ageing
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.itemmodels.rows import CellText, Column, Row
from crm_desktop.ui.lists.views import ListView
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.payments.ageing_panel import AgeingPanel
from crm_desktop.ui.payments.forms import InstalmentForm, InvoiceForm, ReceiptForm
from crm_desktop.ui.payments.words import STATE_TONES, STATE_WORDS
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.cells import CellKind, CellStatus

_TO_COLLECT = Condition(field="state", op=Op.IN, value=tuple(each.value for each in COLLECTED))
STATE = "standing"


def _in_state(state: State) -> tuple[Condition, ...]:
    return (Condition(field="state", op=Op.EQUAL, value=state.value),)


_VIEWS = (
    ListView(key="collect", text=message("To collect"), fixed=(_TO_COLLECT,), sort=(("due_on", False),)),
    ListView(
        key="overdue",
        text=message("Overdue"),
        fixed=(_TO_COLLECT, Condition(field="due_on", op=Op.LESS, value=RelativeDay())),
        sort=(("due_on", False),),
    ),
    ListView(key="part", text=message("Partly paid"), fixed=_in_state(State.PART)),
    ListView(key="paid", text=message("Paid"), fixed=_in_state(State.PAID)),
    ListView(key="drafts", text=message("Drafts"), fixed=_in_state(State.DRAFT)),
    ListView(key="void", text=message("Void"), fixed=_in_state(State.VOID)),
)


class PaymentsPage(RecordsPage):
    """The instalments, with what is owed by how long it is overdue above them."""

    form_class = InstalmentForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        def standing(row: Row) -> CellText:
            state = state_of(row.record.values, context.replica.clock.today())
            status = CellStatus(text=STATE_WORDS[state], tone=STATE_TONES[state])
            return CellText(show(STATE_WORDS[state]), status)

        column = Column(
            key=STATE,
            title=message("State"),
            kind=CellKind.STATUS,
            width=136,
            cell=standing,
            sort="state",
        )
        look = RecordsLook(
            page="payments",
            entity="instalment",
            columns=("name", "customer_id", "due_on", "amount", "paid", STATE),
            sort=(("due_on", False),),
            views=_VIEWS,
            extra_columns=(column,),
            widths={"customer_id": 200, "due_on": 104, "amount": 128, "paid": 128},
            follows=frozenset(("receipt_share",)),
        )
        super().__init__(context, actions, look)
        self.title.say(message("Payments"))
        self.ageing = AgeingPanel(context)
        self.ageing.chosen.connect(self._on_sum_chosen)
        self.side_column.insertWidget(1, self.ageing)

    def _on_sum_chosen(self, bucket: Bucket | None, customer_id: str, words: Message) -> None:
        today: datetime.date = self.context.replica.clock.today()
        conditions = ageing.list_of(bucket, today, customer_id or None)
        self.list.show_conditions(conditions, words)


class ReceiptsPage(RecordsPage):
    """Receipts and refunds, the newest first."""

    form_class = ReceiptForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="receipts",
            entity="receipt",
            columns=("number", "customer_id", "received_on", "amount", "matched", "status", "reference"),
            sort=(("received_on", True), ("number", True)),
            views=(
                _of_status("reported", message("To be posted")),
                _of_status("waiting", message("Waiting for approval")),
                ListView(
                    key="refunds",
                    text=message("Refunds"),
                    fixed=(Condition(field="kind", op=Op.EQUAL, value="refund"),),
                ),
            ),
            widths={
                "customer_id": 188,
                "received_on": 88,
                "amount": 104,
                "matched": 104,
                "status": 120,
                "reference": 112,
            },
            follows=frozenset(("receipt_share",)),
        )
        super().__init__(context, actions, look)


class InvoicesPage(RecordsPage):
    """Invoices asked for and issued."""

    form_class = InvoiceForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="invoices",
            entity="invoice",
            columns=("subject", "customer_id", "amount", "status", "number", "issued_on"),
            sort=(("created_at", True),),
            views=(
                _of_status("requested", message("To be issued")),
                _of_status("issued", message("Issued")),
            ),
            widths={"customer_id": 200, "amount": 112, "number": 120, "issued_on": 96},
        )
        super().__init__(context, actions, look)


class InvoiceTitlesPage(RecordsPage):
    """What customers want to read on their invoices."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="invoice_titles",
            entity="invoice_title",
            columns=("name", "customer_id", "tax_number", "standard"),
            sort=(("name", False),),
            widths={"customer_id": 220, "tax_number": 180, "standard": 96},
        )
        super().__init__(context, actions, look)


def _of_status(key: str, text: Message) -> ListView:
    return ListView(key=key, text=text, fixed=(Condition(field="status", op=Op.EQUAL, value=key),))
