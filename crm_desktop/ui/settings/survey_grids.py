"""The fields of surveys and of rules about feedback."""

from __future__ import annotations

from typing import Any

from crm_core.i18n import N_
from crm_core.schema.field import Field
from crm_desktop.ui.context import Context
from crm_desktop.ui.settings.service_grids import PolicyConditions
from crm_desktop.ui.settings.setup_grid import SetupGrid
from crm_desktop.ui.settings.survey_editors import QuestionsEditor


class SurveyGrid(SetupGrid):
    """What customers are asked."""

    order = (
        *("name", "rank", "active", "rules", "wait_hours", "quiet_days"),
        *("scale", "heading", "heading_zh", "said", "said_zh", "questions"),
        *("lives_days", "remind_days", "remind_most", "bad_at", "bad_to", "reopens"),
    )
    sections = {
        **dict.fromkeys(("rules", "wait_hours", "quiet_days"), N_("Who is asked, and when")),
        **dict.fromkeys(
            ("scale", "heading", "heading_zh", "said", "said_zh", "questions"), N_("What is asked")
        ),
        **dict.fromkeys(("lives_days", "remind_days", "remind_most"), N_("The link and reminders")),
        **dict.fromkeys(("bad_at", "bad_to", "reopens"), N_("When the score is bad")),
    }
    hints = {
        "rank": N_("The first survey that fits a ticket is asked"),
        "rules": N_("All of them must hold; without one it is about every ticket"),
        "heading": N_("Empty: “How did we do?”"),
        "said": N_("{subject} stands for what the ticket is about; empty: a usual text"),
        "said_zh": N_("Empty: a usual text"),
        "questions": N_("At most five; nobody has to answer them"),
        "quiet_days": N_("Who was asked within so many days is not asked again"),
        "remind_days": N_("Empty: nobody is reminded"),
        "bad_at": N_("On the scale of the survey"),
    }

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editors of conditions and questions."""
        match field.name:
            case "rules":
                return PolicyConditions(context)
            case "questions":
                return QuestionsEditor(context, field)
            case _:
                return None


class FeedbackGrid(SetupGrid):
    """When a customer is marked."""

    order = (
        *("name", "kind", "active", "days", "tickets", "share_percent", "late", "scores", "bound"),
        *("referrals", "task", "task_days"),
    )
    sections = {
        **dict.fromkeys(
            ("days", "tickets", "share_percent", "late", "scores", "bound", "referrals"),
            N_("At least one of these holds"),
        ),
        **dict.fromkeys(("task", "task_days"), N_("What follows")),
    }
    hints = {
        "share_percent": N_("They count only where they are this part of all tickets"),
        "bound": N_("Empty: 25 or less is bad, 90 or more very good"),
        "referrals": N_("Customers whose “Referred by” names this one"),
    }
    only = {
        "late": lambda values: (values.get("kind") or "complains") == "complains",
        "referrals": lambda values: values.get("kind") == "promotes",
        "task_days": lambda values: values.get("task") is not False,
    }
