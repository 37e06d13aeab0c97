"""What service work is set up by: calendars, service levels, categories, macros, forms, barred senders."""

from __future__ import annotations

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.settings.request_form_grid import RequestFormGrid
from crm_desktop.ui.settings.service_grids import CalendarGrid, MacroGrid, PolicyGrid


class CalendarForm(RecordForm):
    """The form of a work calendar."""

    grid_class = CalendarGrid


class WorkCalendarsPage(RecordsPage):
    """When people are at work."""

    form_class = CalendarForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="work_calendars",
            entity="work_calendar",
            columns=("name", "time_zone", "standard"),
            sort=(("name", False),),
            imports=False,
            widths={"time_zone": 200, "standard": 96},
        )
        super().__init__(context, actions, look)


class PolicyForm(RecordForm):
    """The form of a service level."""

    grid_class = PolicyGrid


class SlaPoliciesPage(RecordsPage):
    """What customers are promised, in the order in which the service levels are asked."""

    form_class = PolicyForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="sla_policies",
            entity="sla_policy",
            columns=("name", "rank", "calendar_id", "warn_minutes", "active"),
            sort=(("rank", False),),
            imports=False,
            widths={"rank": 96, "calendar_id": 240, "warn_minutes": 200, "active": 64},
        )
        super().__init__(context, actions, look)


class TicketCategoriesPage(RecordsPage):
    """What tickets are about."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="ticket_categories",
            entity="ticket_category",
            columns=("name", "parent_id", "rank", "retired"),
            sort=(("name", False),),
            widths={"parent_id": 200, "rank": 96, "retired": 120},
        )
        super().__init__(context, actions, look)


class MacroForm(RecordForm):
    """The form of a macro."""

    grid_class = MacroGrid


class MacrosPage(RecordsPage):
    """Several changes of a ticket in one step."""

    form_class = MacroForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="macros",
            entity="macro",
            columns=("name", "answer_id", "internal", "adds_tags"),
            sort=(("name", False),),
            imports=False,
            widths={"answer_id": 200, "internal": 160, "adds_tags": 160},
        )
        super().__init__(context, actions, look)


class BarredSendersPage(RecordsPage):
    """From whom nothing becomes a ticket."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="barred_senders",
            entity="barred_sender",
            columns=("address", "reason", "created_at"),
            sort=(("address", False),),
            widths={"address": 280, "reason": 320, "created_at": 160},
        )
        super().__init__(context, actions, look)


class RequestFormForm(RecordForm):
    """The form of a request form."""

    grid_class = RequestFormGrid


class RequestFormsPage(RecordsPage):
    """What people ask for by forms."""

    form_class = RequestFormForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="request_forms",
            entity="request_form",
            columns=("name", "name_zh", "category_id", "flow_id", "rank", "version", "retired"),
            sort=(("name", False),),
            imports=False,
            widths={"name_zh": 160, "category_id": 160, "flow_id": 160, "rank": 96, "version": 80},
        )
        super().__init__(context, actions, look)
