"""What was asked for by forms: the list, one request, and asking anew."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.i18n import Message, message
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.services import service_requests
from crm_desktop.services.service_requests import OfferedForm
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.lists.views import ListView
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.requests.asked_form import AskedForm
from crm_desktop.ui.requests.chooser import FormChooser
from crm_desktop.ui.translate import show

PAGE = "service_requests"


class ServiceRequestsPage(RecordsPage):
    """A new one begins with the choice of its form."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        waiting = Condition(field="status", op=Op.EQUAL, value="waiting")
        draft = Condition(field="status", op=Op.EQUAL, value="draft")
        look = RecordsLook(
            page=PAGE,
            entity="service_request",
            columns=("subject", "form_id", "status", "customer_id", "owner_id", "ticket_id", "granted_at"),
            sort=(("subject", False),),
            imports=False,
            widths={"form_id": 160, "status": 160, "customer_id": 200, "owner_id": 120, "granted_at": 140},
            views=(
                ListView(key="waiting", text=message("Waiting for approval"), fixed=(waiting,)),
                ListView(key="draft", text=message("To be sent"), fixed=(draft,)),
            ),
        )
        super().__init__(context, actions, look)
        self._offered: OfferedForm | None = None
        self._customer_id: str | None = None
        self.chooser = FormChooser()
        self.chooser.chosen.connect(self._on_chosen)
        self.chooser.left.connect(lambda: context.go.emit(Place(page=PAGE)))
        self._stack.addWidget(self.chooser)

    def show_place(self, place: Place) -> None:
        """Show the list, one request, or the choice of a form for a new one."""
        if not place.options.get("new"):
            super().show_place(place)
            return
        self._drop_form()
        customer_id = (place.options.get("values") or {}).get("customer_id")
        self._customer_id = str(customer_id) if customer_id else None
        self._stack.setCurrentWidget(self.chooser)
        replica = self.context.replica
        self.context.tasks.read(
            self, lambda: service_requests.offered(replica), self._on_offered, self.context.show_error
        )

    def make_form(self, record_id: str | None, values: object) -> RecordForm:
        """Return the form of a request, or of a new one by the form that was chosen."""
        if record_id is not None or self._offered is None:
            return AskedForm(self.context, self.actions_of_program, record_id)
        given = {"subject": show(Message(self._offered.name))} | (
            {"customer_id": self._customer_id} if self._customer_id else {}
        )
        return AskedForm(self.context, self.actions_of_program, form=self._offered, given=given)

    def _on_form_closed(self) -> None:
        made = self._saved_id if isinstance(self.form, AskedForm) and self.form.offered is not None else None
        super()._on_form_closed()
        if made is not None:  # where it stands now is what its asker wants to know
            self.context.go.emit(Place(page=PAGE, record_id=made))

    def _on_offered(self, found: Sequence[OfferedForm]) -> None:
        self.chooser.show_forms(found)

    def _on_chosen(self, form: OfferedForm) -> None:
        self._offered = form
        self._show_form(None, None)
        self._offered = None
