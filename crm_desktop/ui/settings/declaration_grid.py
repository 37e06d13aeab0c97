"""The fields of a custom field's own form: what its kind needs, nothing else, and how it will look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crm_core.i18n import N_, Message, message
from crm_core.rules.custom_fields import FIXED, WITH_CHOICES, declared, extended_entities
from crm_core.schema.field import Field, Kind
from crm_desktop.services.lists import ShownField
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import make_editor
from crm_desktop.ui.settings.choices_editor import ChoicesEditor
from crm_desktop.ui.settings.setup_grid import SetupGrid
from crm_desktop.ui.widgets import fields as field_widgets
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import Label

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


class DeclarationGrid(SetupGrid):
    """Also shows the field as forms will show it."""

    order = (
        "entity",
        "kind",
        "label",
        "label_zh",
        "key",
        "field_class",
        "target",
        "currency",
        "choices",
        "default",
        "required",
        "hint",
        "hint_zh",
        "section",
        "section_zh",
        "rank",
        "retired",
    )
    hints = {
        "key": N_("Names the field in commands and files; it stays"),
        "kind": N_("A kind stays: what is stored follows from it"),
        "field_class": N_("Who may see or change it; it stays"),
        "default": N_("Written as on the command line, such as 2026-12-24 or true"),
        "section": N_("Heading of the form it stands under"),
        "retired": N_("Shown nowhere; its values and history stay"),
        "required": N_("Asked of new records; old ones stay as they are until they are edited"),
    }
    only = {
        "choices": lambda values: values.get("kind") in WITH_CHOICES,
        "target": lambda values: values.get("kind") == Kind.REF,
        "currency": lambda values: values.get("kind") == Kind.MONEY,
    }
    preview_title = (message("Preview"), message("As forms will show it"))

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
        """Make the editors: of a field that is there already, what stays is only read."""
        self.previewed: Any = None
        self._is_new = not values.get("key")
        self._own_key = not self._is_new
        further = [*left_out, *(("retired", "rank") if self._is_new else ())]
        super().build(context, shown, values, titles, currency, locked=locked, left_out=further)

    def arranged(self, each: ShownField) -> ShownField:
        """Return a field as the form shows it: what stays is only read."""
        field = each.field
        if field.name == "entity":
            wanted = set(extended_entities())
            field = replace(field, choices=tuple(c for c in field.choices if c.value in wanted))
        stays = not self._is_new and field.name in FIXED
        return replace(each, field=field, writable=each.writable and not stays)

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editor of the choices."""
        return ChoicesEditor(field) if field.kind is Kind.JSON else None

    def follow(self, name: str) -> None:
        """Make the key of the label until somebody writes his own."""
        if name == "key":
            self._own_key = True
        if name in ("label", "entity") and not self._own_key and "key" in self.fields:
            label = str(self.present().get("label") or "")
            key = _NOT_LETTERS.sub("_", label.lower()).strip("_")[:40].lstrip("0123456789_")
            self.fields["key"].editor.fill({"key": key}, {})
        super().follow(name)

    def show_preview(self, values: Mapping[str, Any]) -> None:
        """Show the field as forms will."""
        clear(self.preview.body)
        entity = values.get("entity") or extended_entities()[0]
        field = declared({**values, "entity": entity, "key": values.get("key") or "preview"})
        if field is None or not values.get("kind"):
            self.preview.body.addWidget(Label(message("Choose a kind to see it."), color="text-soft"))
            return
        if field.section:
            self.preview.body.addWidget(Label(Message(field.section), step="section"))
        editor = make_editor(self._context, field, field.unit or "CNY")
        editor.fill({field.name: field.default}, {})
        self.previewed = editor
        widget = field_widgets.Field(Message(field.label), editor, required=field.required)
        if field.hint:
            widget.set_hint(Message(field.hint))
        self.preview.body.addWidget(widget)
