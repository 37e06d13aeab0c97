"""The fields of a service request: what it is about, and the questions of its form as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from crm_core.i18n import N_
from crm_core.rules import request_forms
from crm_core.schema.field import Field, Kind, Plain
from crm_desktop.models.records import Record
from crm_desktop.services.lists import ShownField
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import label_of
from crm_desktop.ui.forms.field_grid import FieldGrid, FormField
from crm_desktop.ui.requests.file_answer import FileAnswer
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets import fields as field_widgets

_FIRST: Final = ("subject", "customer_id")
_LAST: Final = ("reason",)
_KEPT: Final = ("ticket_id", "owner_id", "granted_at", "version")
_OF_REQUEST: Final = N_("The request")


class AnswersGrid(FieldGrid):
    """Each question is a field of its own; what is saved is all answers together."""

    def build(
        self,
        context: Context,
        shown: Sequence[ShownField],
        values: Mapping[str, Any],
        titles: Mapping[str, str],
        currency: str,
        *,
        locked: bool,
        left_out: Iterable[str] = (),
    ) -> None:
        """Make the editors of the fields and of the questions."""
        kept = values.get("form") or {}
        self.questions = request_forms.fields_of(kept)
        by_name = {each.field.name: each for each in shown}
        # A new request is called as its form already.
        title = request_forms.named(kept) if values.get("ticket_id") else ""
        ordered = [by_name[name] for name in _FIRST if name in by_name]
        ordered += [
            ShownField(field=replace(field, section=title), writable=True, sortable=False)
            for field in self.questions.values()
        ]
        for name in (*_LAST, *_KEPT):
            if name in by_name:
                each = by_name[name]
                field = replace(each.field, section=_OF_REQUEST, in_form=True)
                ordered.append(replace(each, field=field, writable=each.writable and name in _LAST))
        whole = {**values, **self._answers(values)}
        super().build(context, ordered, whole, titles, currency, locked=locked, left_out=left_out)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str], names: Iterable[str] = ()) -> None:
        """Show the row with its answers."""
        super().fill({**self._answers(values), **values}, titles, names)

    def changes(
        self, values: Mapping[str, Plain], record: Record | None, given: Iterable[str]
    ) -> dict[str, Plain]:
        """Return what differs, all answers as one field."""
        found = super().changes(values, record, given)
        held = (record.get("answers") or {}) if record is not None else {}
        answers = {
            name.removeprefix(request_forms.PREFIX): values.get(name)
            for name in self.questions
            if values.get(name) not in (None, "", [])
        }
        found = {name: value for name, value in found.items() if name not in self.questions}
        found.pop("form", None)
        if answers != held:
            found["answers"] = dict(answers) or None
        return found

    def files(self) -> dict[str, Path]:
        """Return the files that are to be put on the request, by the keys of their questions."""
        return {
            name.removeprefix(request_forms.PREFIX): each.editor.path
            for name, each in self.fields.items()
            if isinstance(each.editor, FileAnswer) and each.editor.path is not None
        }

    def _editable(self, context: Context, field: Field, currency: str) -> FormField:
        if not request_forms.is_file(field):
            return super()._editable(context, field, currency)
        editor = FileAnswer(field)
        label: Text = label_of(field)
        widget = field_widgets.Field(label, editor, required=field.required)
        editor.edited.connect(lambda name=field.name: self.edited.emit(name))
        # A path is no id, so it is looked at when it is saved.
        return FormField(field=replace(field, kind=Kind.TEXT), widget=widget, editor=editor)

    @staticmethod
    def _answers(values: Mapping[str, Any]) -> dict[str, Any]:
        answers = values.get("answers")
        return request_forms.answers_as_values(answers) if isinstance(answers, Mapping) else {}
