"""The fields of surveys and of rules about feedback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Translate, message
from crm_core.rules.surveys import SCALES, Asking, asking_of, problems_of_survey, score_label, texts_of
from crm_core.schema.field import Field
from crm_desktop.ui.context import Context
from crm_desktop.ui.settings.service_grids import PolicyConditions
from crm_desktop.ui.settings.setup_grid import SetupGrid
from crm_desktop.ui.settings.survey_editors import QuestionsEditor
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import Label
from resources import CHINESE, ENGLISH, translation


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
            ("scale", "heading", "heading_zh", "said", "said_zh", "questions"), N_("What customers are asked")
        ),
        **dict.fromkeys(("lives_days", "remind_days", "remind_most"), N_("The link and reminders")),
        **dict.fromkeys(("bad_at", "bad_to", "reopens"), N_("When the score is bad")),
    }
    hints = {
        "rank": N_("The first survey that fits a ticket is asked"),
        "active": N_("HQ asks by mail, once its smtp_server and public_url are set"),
        "rules": N_("All of them must hold; without one it is about every ticket"),
        "heading": N_("Empty: “How did we do?”"),
        "said": N_("{subject} stands for what the ticket is about; empty: a usual text"),
        "said_zh": N_("Empty: a usual text"),
        "questions": N_("At most five; nobody has to answer them"),
        "quiet_days": N_("Who was asked within so many days is not asked again"),
        "remind_days": N_("Empty: nobody is reminded"),
        "bad_at": N_("On the scale of the survey"),
    }

    preview_title = (message("Preview"), message("What customers are asked, in both languages"))

    def show_preview(self, values: Mapping[str, Any]) -> None:
        """Show what the mail and the page say; nothing while something is wrong with it."""
        told = {"id": "", **dict.fromkeys(SCHEMAS["survey"].fields), **values, "rules": None}
        asking = asking_of(told) if not problems_of_survey(told) else None
        if getattr(self, "_previewed", None) == asking:
            return
        self._previewed = asking
        clear(self.preview.body)
        if asking is None:
            self.preview.body.addWidget(
                Label(message("Something above is not right yet."), color="text-soft")
            )
            return
        for code, language in (("en", ENGLISH), ("zh", CHINESE)):
            self._show_in(asking, code, translation(language))

    def _show_in(self, asking: Asking, code: str, tr: Translate) -> None:
        subject = {"en": "Gateway offline", "zh": "网关离线"}[code]
        heading, said = texts_of(asking, subject, code, tr)
        add = self.preview.body.addWidget
        add(Label(heading, weight=600, wrap=True))
        add(Label(said, wrap=True))
        scores = "   ".join(score_label(asking.scale, score) for score in SCALES[asking.scale].scores)
        add(Label(scores, wrap=True))
        for question in asking.questions:
            add(Label(question.text(code), wrap=True))
            if question.options:
                add(Label(" · ".join(question.choices(code)), color="text-soft", wrap=True))

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
