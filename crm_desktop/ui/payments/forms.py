"""The forms of instalments, receipts and invoices, with the steps one takes from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crm_core.entities import schema_of
from crm_core.i18n import N_, message
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Place
from crm_desktop.ui.files.panel import FilesPanel
from crm_desktop.ui.forms.step_bar import Extra
from crm_desktop.ui.forms.stepped_form import SteppedForm
from crm_desktop.ui.payments.match_panel import MatchPanel


class InstalmentForm(SteppedForm):
    """An instalment; from a saved one an invoice is asked for, and a payment written down."""

    by_steps = ("status",)

    def extras(self) -> Sequence[Extra]:
        """Offer what follows from an agreed instalment."""
        return (
            Extra(
                text=message("Record a payment"),
                icon=schema_of("receipt").meta.icon,
                states=("agreed",),
                run=self._record_payment,
                creates="receipt",
            ),
            Extra(
                text=message("Ask for an invoice"),
                icon=schema_of("invoice").meta.icon,
                states=("agreed",),
                run=self._ask_for_invoice,
                creates="invoice",
            ),
        )

    def _record_payment(self, record: Record) -> None:
        left = (record.get("amount") or 0) - (record.get("paid") or 0)
        values: dict[str, Plain] = {name: record.get(name) for name in ("customer_id", "currency")}
        if left > 0:
            values["amount"] = left
        self.context.go.emit(Place(page="receipts", options={"new": "receipt", "values": values}))

    def _ask_for_invoice(self, record: Record) -> None:
        values: dict[str, Plain] = {"instalment_id": record.id, "customer_id": record["customer_id"]}
        self.context.go.emit(Place(page="invoices", options={"new": "invoice", "values": values}))


class ReceiptForm(SteppedForm):
    """A receipt; a saved one with what it was for."""

    by_steps = ("status", "kind")
    of_refunds = ("reverses_id", "reason")

    def out_of_place(self, values: Mapping[str, Plain]) -> Iterable[str]:
        """Ask for what a refund reverses, and why, on refunds alone."""
        return () if values.get("kind") == "refund" else self.of_refunds

    def _lay_out(self) -> None:
        super()._lay_out()
        self.match: MatchPanel | None = None
        if self.record_id is not None:
            self.match = MatchPanel(self.context)
            self.match.show_record(self.record_id)
            self.column.insertWidget(0, self.match)

    def _keys(self, actions: ActionRegistry) -> None:
        super()._keys(actions)
        if self.match is not None:
            spec = ActionSpec(
                id="receipt.match", text=N_("Match as shown"), group=N_("Receipts"), shortcut="Ctrl+M"
            )
            actions.add(spec, self.match.match, self)


class InvoiceForm(SteppedForm):
    """An invoice with its file; an issued one can be reversed."""

    by_steps = ("status",)
    not_typed = ("number", "issued_on", "reverses_id", "reason", "sent_by")

    def out_of_place(self, values: Mapping[str, Plain]) -> Iterable[str]:
        """Name what is reversed on red-letter invoices alone."""
        return () if values.get("reverses_id") else ("reverses_id",)

    def _lay_out(self) -> None:
        super()._lay_out()
        if self.record_id is not None:
            self.files = FilesPanel(self.context, self.entity, compact_rows=3)
            self.files.show_record(self.record_id)
            self.column.insertWidget(1, self.files)

    def extras(self) -> Sequence[Extra]:
        """Offer to reverse what was issued."""
        return (
            Extra(
                text=message("Reverse it in red letter"),
                icon="undo",
                states=("issued",),
                run=self._reverse,
                creates="invoice",
            ),
        )

    def _reverse(self, record: Record) -> None:
        values: dict[str, Plain] = {name: record.get(name) for name in ("customer_id", "kind", "currency")}
        values |= {"reverses_id": record.id, "amount": -(record.get("amount") or 0)}
        self.context.go.emit(Place(page="invoices", options={"new": "invoice", "values": values}))
