"""What customers are asked after a ticket, and when they count as complaining or recommending."""

from __future__ import annotations

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.settings.survey_grids import FeedbackGrid, SurveyGrid


class SurveyForm(RecordForm):
    """The form of a survey."""

    grid_class = SurveyGrid


class SurveysPage(RecordsPage):
    """The surveys, in the order in which they are tried."""

    form_class = SurveyForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="surveys",
            entity="survey",
            columns=("name", "rank", "scale", "wait_hours", "active"),
            sort=(("rank", False),),
            imports=False,
            widths={"rank": 96, "scale": 160, "wait_hours": 200, "active": 64},
        )
        super().__init__(context, actions, look)


class FeedbackForm(RecordForm):
    """The form of a rule about feedback."""

    grid_class = FeedbackGrid


class FeedbackRulesPage(RecordsPage):
    """When a customer is marked for what was heard from him."""

    form_class = FeedbackForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="feedback_rules",
            entity="feedback_rule",
            columns=("name", "kind", "days", "task", "active"),
            sort=(("name", False),),
            imports=False,
            widths={"kind": 200, "days": 120, "task": 240, "active": 64},
        )
        super().__init__(context, actions, look)
