"""The fields of a custom field's own form: what its kind needs, nothing else, and how it will look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QVBoxLayout

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.custom_fields import FIXED, WITH_CHOICES, declared, extended_entities
from crm_core.schema.field import Field, Kind
from crm_desktop.services.lists import ShownField
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import make_editor
from crm_desktop.ui.forms.field_grid import FieldGrid, FormField
from crm_desktop.ui.settings.choices_editor import ChoicesEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L
from crm_desktop.ui.widgets import fields as field_widgets
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.labels import Label

_ORDER = (
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
_HINTS = {
    "key": N_("Names the field in commands and files; it stays"),
    "kind": N_("A kind stays: what is stored follows from it"),
    "field_class": N_("Who may see or change it; it stays"),
    "default": N_("Written as on the command line, such as 2026-12-24 or true"),
    "section": N_("Heading of the form it stands under"),
    "retired": N_("Shown nowhere; its values and history stay"),
    "required": N_("Asked of new records; old ones stay as they are until they are edited"),
}
_ONLY = {
    "choices": WITH_CHOICES,
    "target": frozenset((Kind.REF,)),
    "currency": frozenset((Kind.MONEY,)),
}
"""What only some kinds have."""
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


class DeclarationGrid(FieldGrid):
    """Also shows the field as forms will show it."""

    wide = frozenset((Kind.LONG_TEXT, Kind.TAGS, Kind.JSON))
    unshown = frozenset((Kind.POSITION,))

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
        self._context = context
        self.previewed: Any = None
        self._is_new = not values.get("key")
        self._own_key = not self._is_new
        self._values: dict[str, Any] = dict(values)
        by_name = {each.field.name: each for each in shown}
        ordered = [self._arranged(by_name[name]) for name in _ORDER if name in by_name]
        further = [*left_out, *(("retired", "rank") if self._is_new else ())]
        super().build(context, ordered, values, titles, currency, locked=locked, left_out=further)
        for name, hint in _HINTS.items():
            if name in self.fields and self.fields[name].editor is not None:
                self.fields[name].widget.set_hint(message(hint))
        self.preview = Card(message("Preview"), message("As forms will show it"))
        self.preview.body.setSpacing(theme().px(L))
        self._column.insertSpacing(self._column.count() - 1, theme().px(XL))
        self._column.insertWidget(self._column.count() - 1, self.preview)
        self.edited.connect(self._on_edited)
        self._show_what_fits()

    def _arranged(self, each: ShownField) -> ShownField:
        field = each.field
        if field.name == "entity":
            wanted = set(extended_entities())
            field = replace(field, choices=tuple(c for c in field.choices if c.value in wanted))
        stays = not self._is_new and field.name in FIXED
        return replace(each, field=field, writable=each.writable and not stays)

    def _editable(self, context: Context, field: Field, currency: str) -> FormField:
        if field.kind is not Kind.JSON:
            return super()._editable(context, field, currency)
        editor = ChoicesEditor(field)
        editor.edited.connect(lambda name=field.name: self.edited.emit(name))
        widget = field_widgets.Field(Message(field.label), editor)
        return FormField(field=field, widget=widget, editor=editor)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str], names: Iterable[str] = ()) -> None:
        """Show values, and what follows from them."""
        super().fill(values, titles, names)
        if hasattr(self, "preview"):
            self._show_what_fits()

    def _on_edited(self, name: str) -> None:
        if name == "key":
            self._own_key = True
        if name in ("label", "entity") and not self._own_key and "key" in self.fields:
            label = str(self._read().get("label") or "")
            key = _NOT_LETTERS.sub("_", label.lower()).strip("_")[:40].lstrip("0123456789_")
            self.fields["key"].editor.fill({"key": key}, {})
        self._show_what_fits()

    def _read(self) -> dict[str, Any]:
        """Return the record as the editors have it; what cannot be read yet is left out."""
        values = dict(self._values)
        for found in self.fields.values():
            if found.editor is None:
                continue
            try:
                values.update(found.editor.read(values))
            except UserError:
                continue
        return values

    def _show_what_fits(self) -> None:
        values = self._read()
        for name, kinds in _ONLY.items():
            if name in self.fields:
                self.fields[name].widget.setVisible(values.get("kind") in kinds)
        self._show_preview(values)

    def _show_preview(self, values: Mapping[str, Any]) -> None:
        _clear(self.preview.body)
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


def _clear(column: QVBoxLayout) -> None:
    while (item := column.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
