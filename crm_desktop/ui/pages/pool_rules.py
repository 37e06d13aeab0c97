"""The rules of the shared pool: everybody reads them, administrators change them."""

from __future__ import annotations

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage


class PoolRulesPage(RecordsPage):
    """When customers return to the pool, and how many of them or of leads one may take."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="pool_rules",
            entity="pool_rule",
            columns=(
                "name",
                "kind",
                "level",
                "status",
                "spared",
                "contact_days",
                "deal_days",
                "remind_days",
                "most_held",
                "claims_a_day",
                "active",
            ),
            sort=(("name", False),),
            imports=False,
            widths={"spared": 96, "active": 64},
        )
        super().__init__(context, actions, look)
