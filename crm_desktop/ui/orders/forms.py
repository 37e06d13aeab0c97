"""The forms of orders and contracts: fields, steps, and what stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QVBoxLayout

from crm_core.i18n import message
from crm_core.rules.access import Action as Right
from crm_core.rules.access import decide
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import contracts, orders
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Place
from crm_desktop.ui.forms.step_bar import Extra
from crm_desktop.ui.forms.stepped_form import SteppedForm
from crm_desktop.ui.orders.clauses_panel import ClausesPanel
from crm_desktop.ui.orders.lines_panel import LinesPanel
from crm_desktop.ui.orders.moves_panel import MovesPanel
from crm_desktop.ui.payments.plan_panel import PlanPanel
from crm_desktop.ui.quotes.approval_bar import ApprovalBar
from crm_desktop.ui.timeline.record_tabs import Further

LINES, DELIVERIES, CLAUSES, PLAN = "lines", "deliveries", "clauses", "plan"


class SheetForm(SteppedForm):
    """A form whose record takes steps and has lines."""

    registry: ActionRegistry

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
        return (lines, *self.own_tabs(), *self._plan())

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

    def extras(self) -> Sequence[Extra]:
        """Return what follows from a signed contract: orders, and the contract that goes on."""
        return (
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
