"""The forms of instalments, receipts and invoices, with the steps one takes from there."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QWidget

from crm_core.i18n import N_, message
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.services.forms import FormSetup
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.files.panel import FilesPanel
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.payments.match_panel import MatchPanel
from crm_desktop.ui.payments.step_bar import StepBar
from crm_desktop.ui.widgets.buttons import Button


class SteppedForm(RecordForm):
    """A form with the record's state and steps over its fields."""

    by_steps: tuple[str, ...] = ("status",)
    """Fields the form leaves to the steps."""
    not_typed: tuple[str, ...] = ()
    """Fields that a new record gets from elsewhere, and a saved one shows."""

    def __init__(
        self,
        context: Context,
        actions: ActionRegistry,
        entity: str,
        record_id: str | None = None,
        *,
        given: Mapping[str, Plain] | None = None,
    ) -> None:
        left_out = (*self.by_steps, *(self.not_typed if record_id is None else ()))
        super().__init__(context, actions, entity, record_id, given=given, left_out=left_out)

    def _lay_out(self) -> None:
        super()._lay_out()
        self.steps: StepBar | None = None
        if self.record_id is not None:
            self.steps = StepBar(self.context, self.entity)
            self.column.insertWidget(0, self.steps)

    def further_buttons(self, record: Record) -> list[QWidget]:
        """Return buttons that stand behind those of the steps."""
        return []

    def _show_steps(self) -> None:
        record = self._setup.record if self._setup is not None else None
        if self.steps is not None and record is not None:
            self.steps.show_record(record)
            self.steps.show_further(self.further_buttons(record))

    def _on_read(self, setup: FormSetup) -> None:
        super()._on_read(setup)
        self._show_steps()


class InstalmentForm(SteppedForm):
    """An instalment; from a saved one an invoice is asked for, and a payment written down."""

    def further_buttons(self, record: Record) -> list[QWidget]:
        """Offer what follows from an agreed instalment."""
        if record.get("status") != "agreed":
            return []
        values: dict[str, Plain] = {"instalment_id": record.id, "customer_id": record["customer_id"]}
        invoice = Button(message("Ask for an invoice"), icon="doc", small=True)
        invoice.clicked.connect(
            lambda: self.context.go.emit(Place(page="invoices", options={"new": "invoice", "values": values}))
        )
        left = (record.get("amount") or 0) - (record.get("paid") or 0)
        paid: dict[str, Plain] = {"customer_id": record["customer_id"], "currency": record.get("currency")}
        if left > 0:
            paid["amount"] = left
        receipt = Button(message("Record a payment"), icon="coin", small=True)
        receipt.clicked.connect(
            lambda: self.context.go.emit(Place(page="receipts", options={"new": "receipt", "values": paid}))
        )
        return [receipt, invoice]


class ReceiptForm(SteppedForm):
    """A receipt; a saved one with what it was for."""

    by_steps = ("status", "kind")
    not_typed = ("reverses_id", "reason")

    def _lay_out(self) -> None:
        super()._lay_out()
        self.match: MatchPanel | None = None
        if self.record_id is not None:
            self.match = MatchPanel(self.context)
            self.match.show_record(self.record_id)
            self.column.insertWidget(1, self.match)

    def _keys(self, actions: ActionRegistry) -> None:
        super()._keys(actions)
        if self.match is not None:
            spec = ActionSpec(
                id="receipt.match", text=N_("Match as shown"), group=N_("Receipts"), shortcut="Ctrl+M"
            )
            actions.add(spec, self.match.match, self)


class InvoiceForm(SteppedForm):
    """An invoice with its file; an issued one can be reversed."""

    not_typed = ("number", "issued_on", "reverses_id", "reason", "sent_by")

    def _lay_out(self) -> None:
        super()._lay_out()
        if self.record_id is not None:
            self.files = FilesPanel(self.context, self.entity, compact_rows=3)
            self.files.show_record(self.record_id)
            self.column.insertWidget(2, self.files)

    def further_buttons(self, record: Record) -> list[QWidget]:
        """Offer to reverse what was issued."""
        if record.get("status") != "issued" or record.get("reverses_id"):
            return []
        values: dict[str, Plain] = {
            "reverses_id": record.id,
            "customer_id": record["customer_id"],
            "kind": record["kind"],
            "amount": -(record.get("amount") or 0),
            "currency": record.get("currency"),
        }
        button = Button(message("Reverse it in red letter"), small=True)
        button.clicked.connect(
            lambda: self.context.go.emit(Place(page="invoices", options={"new": "invoice", "values": values}))
        )
        return [button]
