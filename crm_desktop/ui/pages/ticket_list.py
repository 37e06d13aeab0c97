"""All tickets in a list: to filter, sort, export, and what a figure was drilled into."""

from __future__ import annotations

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage


class TicketListPage(RecordsPage):
    """The list; a ticket opened from it, and a new one, are shown where tickets are worked on."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="tickets",
            entity="ticket",
            columns=(
                *("subject", "number", "customer_id", "status", "priority", "kind", "category_id"),
                *("assignee_id", "due_at", "created_at"),
            ),
            sort=(("created_at", True),),
            widths={"customer_id": 160, "kind": 88, "category_id": 112, "assignee_id": 104},
            follows=frozenset(("ticket_message",)),  # one that is held marks its ticket
        )
        super().__init__(context, actions, look)

    def _on_new_asked(self) -> None:
        self.context.go.emit(Place(page="tickets", options={"new": True}))
