"""Lists of what is worked on elsewhere: to filter, sort, export, and what a figure was drilled into.

A record opened from such a list, and a new one, are shown on the page they are worked on.
"""

from __future__ import annotations

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage


class TicketListPage(RecordsPage):
    """All tickets."""

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


class ArticleListPage(RecordsPage):
    """All articles."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="knowledge",
            entity="article",
            columns=(
                *("title", "number", "category_id", "status", "audience", "language", "owner_id"),
                *("version", "review_by", "votes_yes", "votes_no"),
            ),
            sort=(("title", False),),
            widths={"category_id": 160, "owner_id": 112, "language": 88, "version": 72},
        )
        super().__init__(context, actions, look)
