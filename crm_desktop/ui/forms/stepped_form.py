"""A form whose record goes by steps: where it stands and what can be done stands under its head."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from PySide6.QtWidgets import QVBoxLayout

from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services.forms import FormSetup
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.forms.step_bar import Extra, StepBar


class SteppedForm(RecordForm):
    """A new record has no steps yet."""

    by_steps: tuple[str, ...] = ()
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
        make: Callable[[Mapping[str, Plain]], Outcome[Record]] | None = None,
    ) -> None:
        left_out = (*self.by_steps, *(self.not_typed if record_id is None else ()))
        super().__init__(context, actions, entity, record_id, given=given, make=make, left_out=left_out)

    def extras(self) -> Sequence[Extra]:
        """Return what may follow from the record, beside its steps."""
        return ()

    def own_ways(self, record_id: str) -> Mapping[str, Callable[[Replica], Outcome[Record]]]:
        """Return how to get to a state, where that takes more than setting it."""
        return {}

    def _lay_out(self) -> None:
        super()._lay_out()
        self.steps: StepBar | None = None
        if self.record_id is not None:
            ways = self.own_ways(self.record_id)
            self.steps = StepBar(self.context, self.entity, self.record_id, self.extras(), ways)
            whole = self.layout()
            assert isinstance(whole, QVBoxLayout)
            whole.insertWidget(1, self.steps)

    def out_of_place(self, values: Mapping[str, Plain]) -> Iterable[str]:
        """Return the fields that say nothing of a record of these values, and are not shown."""
        return ()

    def _on_read(self, setup: FormSetup) -> None:
        if self._setup is None:
            self._left_out = (*self._left_out, *self.out_of_place(setup.values))
        was_open = self._setup is not None and self._setup.refusal is None
        super()._on_read(setup)
        if was_open:  # a step may have led where the record stays as it is
            self.grid.setEnabled(setup.refusal is None)
