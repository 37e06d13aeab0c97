"""The forms of orders and contracts: fields, steps, and what stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QVBoxLayout

from crm_core.i18n import Message, message
from crm_core.rules.access import Action as Right
from crm_core.rules.access import decide
from crm_core.rules.answers import ANSWERS
from crm_desktop.documents import agreed_files, sent_file
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import contracts, orders
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Place
from crm_desktop.ui.forms.step_bar import Extra, Way
from crm_desktop.ui.forms.stepped_form import SteppedForm
from crm_desktop.ui.orders.clauses_panel import ClausesPanel
from crm_desktop.ui.orders.document_panel import DocumentPanel
from crm_desktop.ui.orders.lines_panel import LinesPanel
from crm_desktop.ui.orders.moves_panel import MovesPanel
from crm_desktop.ui.payments.plan_panel import PlanPanel
from crm_desktop.ui.quotes.approval_bar import ApprovalBar
from crm_desktop.ui.quotes.going_out import WAYS, ways_of
from crm_desktop.ui.quotes.outgoing_bar import OutgoingBar
from crm_desktop.ui.timeline.record_tabs import Further
from crm_desktop.ui.translate import tr

LINES, DELIVERIES, CLAUSES, PLAN, DOCUMENT = "lines", "deliveries", "clauses", "plan", "document"


class SheetForm(SteppedForm):
    """A form whose record takes steps and has lines."""

    registry: ActionRegistry
    _now: Record | None = None
    """The record as it was read last."""

    def _keys(self, actions: ActionRegistry) -> None:
        self.registry = actions
        super()._keys(actions)

    def further_tabs(self) -> Sequence[Further]:
        """Return the lines, and what else belongs to such a record."""
        lines = Further(
            key=LINES,
            text=message("Lines"),
            make=lambda: LinesPanel(self.context, self.registry, self.entity),
        )
        document = Further(
            key=DOCUMENT,
            text=message("Document"),
            make=self._make_document,
        )
        return (lines, *self.own_tabs(), *self._plan(), document)

    def _lay_out(self) -> None:
        super()._lay_out()
        whole = self.layout()
        if self.steps is not None and isinstance(whole, QVBoxLayout):
            self.outgoing = OutgoingBar(self.context)
            whole.insertWidget(2, self.outgoing)
            self.steps.read_anew.connect(self.outgoing.show_record)
            self.steps.read_anew.connect(self._on_read_anew)

    def own_ways(self, record_id: str) -> Mapping[str, Callable[[Replica], Outcome[Record]]]:
        """Return how it goes out: the file it goes out as is kept."""
        entity = self.entity

        def send(replica: Replica) -> Outcome[Record]:
            return sent_file.send(replica, entity, record_id, self._language())

        return {ANSWERS[entity].out: send}

    def out(self) -> Extra:
        """Return the button for what is done with a document that went out."""

        def ways(record: Record) -> Sequence[Way]:
            may = ways_of(self.context.replica, record)
            return [
                Way(text=Message(text), icon=icon, run=partial(self._go_out, name))
                for name, text, icon in WAYS
                if name in may
            ]

        return Extra(text=message("Send or sign…"), icon="mail", ways=ways)

    def _make_document(self) -> DocumentPanel:
        panel = DocumentPanel(self.context, self.registry, self.entity)
        if self._now is not None:
            panel.going_out.show_record(self._now)
        return panel

    def _on_read_anew(self, record: Record) -> None:
        self._now = record
        panel = self.tabs.further.get(DOCUMENT)
        if isinstance(panel, DocumentPanel):
            panel.going_out.show_record(record)

    def _go_out(self, name: str, _record: Record) -> None:
        self.tabs.choose(DOCUMENT)
        panel = self.tabs.further[DOCUMENT]
        assert isinstance(panel, DocumentPanel)
        panel.going_out.go(name)

    def _language(self) -> str:
        shown = self.tabs.further.get(DOCUMENT)
        return shown.language() if isinstance(shown, DocumentPanel) else "both"

    def _plan(self) -> Sequence[Further]:
        """Return the payment plan, for who may read instalments."""
        if not decide(self.context.replica.person, Right.READ, "instalment"):
            return ()
        make = partial(PlanPanel, self.context, self.entity)
        return (Further(key=PLAN, text=message("Payment plan"), make=make),)

    def own_tabs(self) -> Sequence[Further]:
        """Return the tabs of this kind of record alone."""
        return ()

    def follow(self, page: str, work: Callable[[Replica, str], Outcome[Record]]) -> Callable[[Record], None]:
        """Return what makes a record of this one and goes to it."""

        def run(record: Record) -> None:
            replica = self.context.replica

            def made(found: Record) -> None:
                self.context.go.emit(Place(page=page, record_id=found.id, options={"tab": LINES}))

            self.context.change(self, lambda: work(replica, record.id), made)

        return run


class OrderForm(SheetForm):
    """An order with its lines and deliveries."""

    def own_tabs(self) -> Sequence[Further]:
        """Return the deliveries."""

        def make() -> MovesPanel:
            return MovesPanel(self.context, self.registry)

        return (Further(key=DELIVERIES, text=message("Deliveries"), make=make),)

    def extras(self) -> Sequence[Extra]:
        """Return the way to the deliveries."""
        return (
            self.out(),
            Extra(
                text=message("Deliver or take back…"),
                icon="box",
                states=("confirmed", "closed"),
                run=lambda _record: self.tabs.choose(DELIVERIES),
                creates="delivery",
            ),
        )


class ContractForm(SheetForm):
    """A contract with its lines and clauses, and what becomes of its approval."""

    def _lay_out(self) -> None:
        super()._lay_out()
        self.approval: ApprovalBar | None = None
        whole = self.layout()
        if self.steps is not None and isinstance(whole, QVBoxLayout):
            self.approval = ApprovalBar(self.context)
            whole.insertWidget(2, self.approval)
            self.steps.read_anew.connect(self.approval.show_quote)

    def own_tabs(self) -> Sequence[Further]:
        """Return the clauses."""

        def make() -> ClausesPanel:
            return ClausesPanel(self.context, self.registry)

        return (Further(key=CLAUSES, text=message("Clauses"), make=make),)

    def ask_signed(self, record: Record) -> None:
        """Ask for the file that came back signed, and keep it."""
        chosen, _kind = QFileDialog.getOpenFileName(self, tr("Signed copy"), str(Path.home()))
        if chosen:
            self.keep_signed(record.id, Path(chosen))

    def keep_signed(self, record_id: str, file: Path) -> None:
        """Keep a signed copy, off the main thread."""
        replica = self.context.replica
        told = message("Signed copy kept: {file}", file=file.name)
        self.context.change(self, lambda: agreed_files.keep_signed(replica, record_id, file), told=told)

    def extras(self) -> Sequence[Extra]:
        """Return what follows from a signed contract: its file, orders, and the contract that goes on."""
        return (
            self.out(),
            Extra(
                text=message("Keep the signed copy…"),
                icon="clip",
                states=("sent", "signed", "in_force"),
                run=self.ask_signed,
                creates="attachment",
            ),
            Extra(
                text=message("Make order"),
                icon="box",
                states=("signed", "in_force"),
                run=self.follow("orders", orders.from_contract),
                creates="order",
            ),
            Extra(
                text=message("Renew"),
                icon="sync",
                states=("signed", "in_force", "ended"),
                run=self.follow("contracts", contracts.renew),
                creates="contract",
            ),
        )
