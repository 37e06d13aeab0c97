"""Campaigns, and how it is reckoned what customers are worth."""

from __future__ import annotations

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage


class CampaignsPage(RecordsPage):
    """The campaigns, the newest first."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="campaigns",
            entity="campaign",
            columns=(
                "name",
                "kind",
                "status",
                "source",
                "starts_on",
                "ends_on",
                "budget",
                "cost",
                "owner_id",
            ),
            sort=(("starts_on", True), ("name", False)),
            widths={
                "kind": 104,
                "status": 88,
                "source": 104,
                "starts_on": 96,
                "ends_on": 96,
                "budget": 112,
                "cost": 112,
                "owner_id": 104,
            },
        )
        super().__init__(context, actions, look)


class ValueRulesPage(RecordsPage):
    """How customers are put into classes; the first in use counts."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="value_rules",
            entity="value_rule",
            columns=(
                *("name", "purchases", "recency_days", "frequency", "monetary"),
                *("months", "silent_times", "years", "active"),
            ),
            sort=(("name", False),),
            imports=False,
            widths={"purchases": 200, "months": 80, "silent_times": 80, "years": 80, "active": 64},
        )
        super().__init__(context, actions, look)
