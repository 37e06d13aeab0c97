"""The fields of a record that sets something up: in an order of their own, only those that fit, a preview."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crm_core.errors import UserError
from crm_core.i18n import Message, message
from crm_core.schema.field import Field, Kind
from crm_desktop.services.lists import ShownField
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.field_grid import FieldGrid, FormField
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L
from crm_desktop.ui.widgets import fields as field_widgets
from crm_desktop.ui.widgets.cards import Card

Values = Mapping[str, Any]


class SetupGrid(FieldGrid):
    """What a kind of record adds is said in the attributes below; the rest is the form's own."""

    wide = frozenset((Kind.LONG_TEXT, Kind.TAGS, Kind.JSON))
    unshown = frozenset((Kind.POSITION,))
    order: tuple[str, ...] = ()
    """Fields shown, from first to last; others are not."""
    sections: Mapping[str, str] = {}
    """Heading a field stands under."""
    labels: Mapping[str, str] = {}
    """What a field is called here where its own name says too little."""
    hints: Mapping[str, str] = {}
    covers: Mapping[str, tuple[str, ...]] = {}
    """What an editor sets besides its own field."""
    only: Mapping[str, Callable[[Values], bool]] = {}
    """Fields that not every record has, and when one has them."""
    preview_title: tuple[Message, Message] | None = None

    def build(
        self,
        context: Context,
        shown: Sequence[ShownField],
        values: Values,
        titles: Mapping[str, str],
        currency: str,
        *,
        locked: bool,
        left_out: Iterable[str] = (),
    ) -> None:
        """Make the editors, and the preview below them."""
        self._context = context
        self._values: dict[str, Any] = dict(values)
        self._declared = {each.field.name: each.field for each in shown}
        by_name = {each.field.name: each for each in shown}
        ordered = [self.arranged(by_name[name]) for name in self.order if name in by_name]
        super().build(context, ordered, values, titles, currency, locked=locked, left_out=left_out)
        for name, hint in self.hints.items():
            if name in self.fields and self.fields[name].editor is not None:
                self.fields[name].widget.set_hint(message(hint))
        if self.preview_title is not None:
            self.preview = Card(*self.preview_title)
            self.preview.body.setSpacing(theme().px(L))
            self._column.insertSpacing(self._column.count() - 1, theme().px(XL))
            self._column.insertWidget(self._column.count() - 1, self.preview)
        self.edited.connect(self.follow)
        self.show_what_fits()

    def arranged(self, each: ShownField) -> ShownField:
        """Return a field as the form shows it."""
        section = self.sections.get(each.field.name)
        return each if section is None else replace(each, field=replace(each.field, section=section))

    def make_own(self, context: Context, field: Field) -> Any:
        """Return an editor made for this form; None where the usual one of its kind serves."""
        return None

    def follow(self, name: str) -> None:
        """Act on a change of a field."""
        self.show_what_fits()

    def show_preview(self, values: Values) -> None:
        """Show what the record would do."""

    def fill(self, values: Values, titles: Mapping[str, str], names: Iterable[str] = ()) -> None:
        """Show values, and what follows from them."""
        super().fill(values, titles, names)
        if hasattr(self, "_context") and (self.preview_title is None or hasattr(self, "preview")):
            self._values.update({name: values[name] for name in names or values if name in values})
            self.show_what_fits()

    def present(self) -> dict[str, Any]:
        """Return the record as the editors have it; what cannot be read yet is as it was."""
        values = dict(self._values)
        for found in self.fields.values():
            if found.editor is None:
                continue
            try:
                values.update(found.editor.read(values))
            except UserError:
                continue
        return values

    def show_what_fits(self) -> None:
        """Show the fields such a record has, and the preview."""
        values = self.present()
        unfit = {name for name, fits in self.only.items() if name in self.fields and not fits(values)}
        if unfit != self.unfit:
            self.unfit = unfit
            for name in self.only:
                if name in self.fields:
                    self.fields[name].widget.setVisible(name not in unfit)
            self._arrange(force=True)
        if self.preview_title is not None:
            self.show_preview(values)

    def _editable(self, context: Context, field: Field, currency: str) -> FormField:
        editor = self.make_own(context, field)
        if editor is None:
            return super()._editable(context, field, currency)
        label = Message(self.labels.get(field.name, field.label))
        widget = field_widgets.Field(label, editor, required=field.required)
        made = FormField(field=field, widget=widget, editor=editor, wide=True)
        for name in self.covers.get(field.name, ()):
            # Saved, marked as wrong and followed like any other, by the same editor.
            self.fields[name] = replace(made, field=self._declared[name])
            editor.edited.connect(lambda name=name: self.edited.emit(name))
        editor.edited.connect(lambda name=field.name: self.edited.emit(name))
        return made

    def _readable(
        self, field: Field, values: Mapping[str, Any], titles: Mapping[str, str]
    ) -> FormField | None:
        return None if field.kind is Kind.JSON else super()._readable(field, values, titles)
