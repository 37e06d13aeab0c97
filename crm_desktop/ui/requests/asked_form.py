"""The form of a service request: its answers, where it stands, and what became of its approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QVBoxLayout

from crm_core.entities._choices import ASKED_STATES
from crm_core.i18n import Message, message
from crm_core.rules import request_forms
from crm_core.rules.standing import is_fixed
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import drafts, forms, service_requests
from crm_desktop.services.forms import FormSetup
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.service_requests import OfferedForm
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forms.step_bar import Extra
from crm_desktop.ui.forms.stepped_form import SteppedForm
from crm_desktop.ui.quotes.approval_bar import ApprovalBar
from crm_desktop.ui.requests.answers_grid import AnswersGrid


class AskedForm(SteppedForm):
    """A request that is there, or a new one by a form."""

    grid_class = AnswersGrid
    by_steps = ("status",)
    not_typed = ("ticket_id", "owner_id", "granted_at", "version")
    grid: AnswersGrid

    def __init__(
        self,
        context: Context,
        actions: ActionRegistry,
        record_id: str | None = None,
        *,
        form: OfferedForm | None = None,
        given: Mapping[str, Plain] | None = None,
    ) -> None:
        values = dict(given or {})
        if form is not None:
            values |= {"form_id": form.id, "form": dict(form.kept)}
        self.offered = form
        super().__init__(
            context,
            actions,
            request_forms.REQUEST,
            record_id,
            given=values,
            make=None if record_id is not None else self._ask,
        )
        if form is not None:
            self._title = Message(form.name)
            self._save_button.say(message("Send"))
            self.retranslate()

    def save(self, *, close: bool = False) -> None:
        """Save what was changed; a new one is sent by it, and is another form then."""
        super().save(close=close or self.record_id is None)

    def extras(self) -> Sequence[Extra]:
        """Return the way to the ticket it is worked on as."""
        anywhere = tuple(choice.value for choice in ASKED_STATES)
        return (
            Extra(text=message("Open the ticket"), icon="ticket", states=anywhere, run=self._open_ticket),
        )

    def own_ways(self, record_id: str) -> Mapping[str, Callable[[Replica], Outcome[Record]]]:
        """Return how it is sent: whoever is to approve is asked, with the reason."""
        return {request_forms.GRANTED: lambda replica: service_requests.send(replica, record_id)}

    def _lay_out(self) -> None:
        super()._lay_out()
        whole = self.layout()
        if self.steps is not None and isinstance(whole, QVBoxLayout):
            self.approval = ApprovalBar(self.context)
            whole.insertWidget(2, self.approval)
            self.steps.read_anew.connect(self.approval.show_quote)

    def _read(self) -> None:
        replica, record_id, given, left_out = (
            self.context.replica,
            self.record_id,
            self._given,
            self._left_out,
        )

        def read() -> FormSetup:
            setup = forms.open_form(replica, request_forms.REQUEST, record_id, given, left_out)
            titles = service_requests.answer_titles(replica, setup.values)
            return replace(setup, titles={**setup.titles, **titles})

        self.context.tasks.read(self, read, self._on_read, self._on_unreadable, topic="form")

    def _on_read(self, setup: FormSetup) -> None:
        super()._on_read(setup)
        if setup.record is not None and is_fixed(setup.record.schema, setup.record.values):
            self._note.clear()  # that it stands is said by its state and by the bar of its approval

    def _ask(self, values: Mapping[str, Plain]) -> Outcome[Record]:
        """Ask by the form, off the main thread."""
        assert self.offered is not None
        answers: Any = values.get("answers") or {}
        files = self.grid.files()
        return service_requests.ask(
            self.context.replica,
            self.offered.id,
            {key: value for key, value in answers.items() if key not in files},
            subject=str(values.get("subject") or ""),
            customer_id=str(values["customer_id"]) if values.get("customer_id") else None,
            reason=str(values.get("reason") or ""),
            files=files,
        )

    def _work(self, values: Mapping[str, Plain], changes: Mapping[str, Plain]) -> Any:
        record_id, files = self.record_id, self.grid.files()
        if record_id is None or not files:
            return super()._work(values, changes)
        replica = self.context.replica
        before = self._setup.record.values if self._setup is not None and self._setup.record else {}
        expected = {name: before.get(name) for name in changes}

        def save() -> Outcome[Record]:
            outcome = service_requests.change(replica, record_id, changes, files, expected)
            drafts.drop(replica, request_forms.REQUEST, record_id)
            return outcome

        return save

    def _open_ticket(self, record: Record) -> None:
        self.context.go.emit(Place(page="tickets", record_id=str(record.get("ticket_id") or "")))
