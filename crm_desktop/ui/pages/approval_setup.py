"""Who must approve what, who may give discounts by himself, and who stands in for whom."""

from __future__ import annotations

from crm_core.i18n import message
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.away_words import from_words, until_words
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.itemmodels.rows import EMPTY_CELL, CellText, Column, Row
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.settings.absence_grid import AbsenceGrid
from crm_desktop.ui.settings.flow_grid import FlowGrid
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.cells import CellKind


class FlowForm(RecordForm):
    """The form of one approval flow."""

    grid_class = FlowGrid


class ApprovalFlowsPage(RecordsPage):
    """The flows in the order they are asked."""

    form_class = FlowForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="approval_flows",
            entity="approval_flow",
            columns=("name", "record_entity", "rank", "mandate_suffices", "active"),
            sort=(("rank", False),),
            imports=False,
            widths={"record_entity": 140, "rank": 96, "mandate_suffices": 240, "active": 64},
        )
        super().__init__(context, actions, look)


class MandatesPage(RecordsPage):
    """The discount mandates; who administers HQ gives and renews them."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="mandates",
            entity="mandate",
            columns=(
                "name",
                "user_id",
                "role_id",
                "family",
                "most_percent",
                "most_line_percent",
                "most_total",
                "valid_from",
                "valid_until",
            ),
            sort=(("valid_until", False),),
            imports=False,
            widths={"user_id": 120, "role_id": 120, "most_percent": 112, "most_line_percent": 112},
        )
        super().__init__(context, actions, look)


class AbsenceForm(RecordForm):
    """The form of one absence."""

    grid_class = AbsenceGrid


class AbsencesPage(RecordsPage):
    """Who is away, and who stands in meanwhile; everybody says so of himself."""

    form_class = AbsenceForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="absences",
            entity="absence",
            columns=("owner_id", "away", "stand_in_id", "tickets", "note"),
            sort=(("ends_at", True),),
            imports=False,
            widths={"owner_id": 160, "stand_in_id": 160, "tickets": 260},
            extra_columns=(
                Column(key="away", title=message("Away"), kind=CellKind.TEXT, width=200, cell=_span),
            ),
        )
        super().__init__(context, actions, look)


def _span(row: Row) -> CellText:
    begins, ends = row.record.get("begins_at"), row.record.get("ends_at")
    if not isinstance(begins, int) or not isinstance(ends, int):
        return EMPTY_CELL
    return CellText(tr("{begin} to {end}", begin=from_words(begins), end=until_words(ends)))
