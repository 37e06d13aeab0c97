"""The fields of a request form: what it asks, for whom, who approves and what follows, and how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.i18n import N_, Message, message
from crm_core.rules import request_forms
from crm_core.schema.field import Field
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import make_editor
from crm_desktop.ui.requests.file_answer import FileAnswer
from crm_desktop.ui.settings.questions_editor import QuestionsEditor
from crm_desktop.ui.settings.setup_grid import SetupGrid
from crm_desktop.ui.widgets import fields as field_widgets
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import Label


class RequestFormGrid(SetupGrid):
    """Also shows the questions as whoever asks will see them."""

    order = (
        *("name", "name_zh", "description", "description_zh", "icon", "rank", "roles", "retired"),
        "questions",
        *("category_id", "priority", "assignee_id", "team_id"),
        *("flow_id", "holds"),
        *("after_status", "macro_id", "task", "task_for_id"),
    )
    sections = {
        "questions": N_("What it asks"),
        **dict.fromkeys(("category_id", "priority", "assignee_id", "team_id"), N_("The ticket")),
        **dict.fromkeys(("flow_id", "holds"), N_("Who approves")),
        **dict.fromkeys(("after_status", "macro_id", "task", "task_for_id"), N_("Once it is accepted")),
    }
    hints = {
        "roles": N_("Empty: everybody who may open tickets"),
        "assignee_id": N_("Empty: nobody yet, where a team is named; else who asks"),
        "flow_id": N_("Empty: the first flow for service requests that fits; without any it is accepted"),
        "holds": N_("Its ticket cannot be opened or solved until then"),
        "macro_id": N_("Its changes and tags; its answer is for people to give"),
        "task_for_id": N_("Empty: who has the ticket"),
    }
    preview_title = (message("Preview"), message("As whoever asks will see it"))

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editor of the questions."""
        return QuestionsEditor(field) if field.name == "questions" else None

    def show_preview(self, values: Mapping[str, Any]) -> None:
        """Show the questions as editors."""
        kept = request_forms.definition(values)
        if getattr(self, "_previewed", None) == kept:
            return
        self._previewed = kept
        clear(self.preview.body)
        fields = request_forms.fields_of(kept)
        if not fields:
            self.preview.body.addWidget(Label(message("It asks nothing yet."), color="text-soft"))
        for field in fields.values():
            is_file = request_forms.is_file(field)
            editor = FileAnswer(field) if is_file else make_editor(self._context, field, field.unit or "CNY")
            editor.fill({}, {})
            widget = field_widgets.Field(Message(field.label), editor, required=field.required)
            if field.hint:
                widget.set_hint(Message(field.hint))
            self.preview.body.addWidget(widget)
