"""What is to be reached, by whom and when; managers set it."""

from __future__ import annotations

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage


class TargetsPage(RecordsPage):
    """Targets in sight, the newest year first."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="targets",
            entity="target",
            columns=(
                "name",
                "year",
                "period",
                "measure",
                "amount",
                "number",
                "user_id",
                "team_id",
                "product_id",
            ),
            sort=(("year", True),),
            widths={"year": 64, "period": 112, "measure": 128, "number": 128},
        )
        super().__init__(context, actions, look)
