"""The fields of a form under their headings, in one column or two by the room there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import Message
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.standards import doubt_with
from crm_desktop.models.records import Record
from crm_desktop.services.lists import ShownField
from crm_desktop.ui.context import Context
from crm_desktop.ui.field_texts import field_text
from crm_desktop.ui.forms.code_list_editor import CodeListEditor
from crm_desktop.ui.forms.editors import make_editor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L
from crm_desktop.ui.widgets import fields as field_widgets
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

TWO_COLUMNS_FROM = 560  # px before the font scale
WIDEST = 760


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of a form: `editor` None where it is only read."""

    field: Field
    widget: field_widgets.Field
    editor: Any
    wide: bool = False
    """Takes the whole width whatever its kind."""

    def judge(self, wrong: Message | None, values: Mapping[str, Any]) -> None:
        """Say what is wrong with the value, or what is not standard about it."""
        self.widget.set_error(wrong or "")
        doubt = None if wrong else doubt_with(self.field, values.get(self.field.name), values)
        if doubt is not None:
            self.widget.set_note(doubt, "warn")


class FieldGrid(Live, QWidget):
    """The editors of a form. Tells which one a person changed; saves nothing."""

    edited = Signal(str)
    """The name of the field."""
    wide = frozenset((Kind.LONG_TEXT, Kind.TAGS))
    """Kinds that take the whole width."""
    unshown = frozenset((Kind.JSON, Kind.POSITION))

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, FormField] = {}
        self._sections: list[tuple[Label | None, QGridLayout, list[FormField]]] = []
        self.unfit: set[str] = set()
        """Fields made and not shown: they do not fit what others say."""
        self._columns = 0
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setMaximumWidth(theme().px(WIDEST))

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
        """Make the editors. Fields that may not be written, or all where `locked`, are shown as text."""
        without = set(left_out)
        sections: dict[str, list[FormField]] = {}
        for each in shown:
            field = each.field
            if not field.in_form or field.kind in self.unshown or field.name in without:
                continue
            made = (
                self._editable(context, field, currency)
                if each.writable and not locked
                else self._readable(field, values, titles)
            )
            if made is not None:
                sections.setdefault(field.section, []).append(made)
                self.fields[field.name] = made
        for section, fields in sections.items():
            self._add_section(section, fields)
        self._column.addStretch(1)
        self._arrange(force=True)
        for found in self.fields.values():
            # Not when the layout comes to it: a window made active before that hands the keyboard past them.
            found.widget.show()
        self.fill(values, titles)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str], names: Iterable[str] = ()) -> None:
        """Show values in the editors, or only in those named."""
        for name in set(names) or self.fields:
            found = self.fields.get(name)
            if found is not None and found.editor is not None:
                found.editor.fill(values, titles)

    def changes(
        self, values: Mapping[str, Plain], record: Record | None, given: Iterable[str]
    ) -> dict[str, Plain]:
        """Return which of `values` differ from the record: of the fields with an editor, their currencies
        and those `given`.
        """
        before = record.values if record is not None else {}
        edited = [found.field for found in self.fields.values() if found.editor is not None]
        written = {field.name for field in edited} | {
            str(field.currency) for field in edited if field.currency
        }
        written |= set(given)
        return {
            name: value
            for name, value in values.items()
            if name in written and (before.get(name) or None) != (value or None)
        }

    def typed(self, names: Iterable[str], values: Mapping[str, Plain]) -> dict[str, Plain]:
        """Return what the named editors hold beside the row's values; half a date is left out."""
        held: dict[str, Plain] = {}
        for name in names:
            found = self.fields.get(name)
            if found is not None and found.editor is not None:
                with suppress(UserError):
                    held.update(found.editor.read(values))
        return held

    def first_editor(self) -> QWidget | None:
        """Return the editor a new form puts the focus in."""
        return next((found.editor for found in self.fields.values() if found.editor is not None), None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use one column or two."""
        super().resizeEvent(event)
        self._arrange()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self.setMaximumWidth(theme().px(WIDEST))
        self._arrange(force=True)

    def _editable(self, context: Context, field: Field, currency: str) -> FormField:
        editor = make_editor(context, field, currency)
        widget = field_widgets.Field(Message(field.label), editor, required=field.required)
        if field.hint:
            widget.set_hint(Message(field.hint))
        if isinstance(editor, CodeListEditor):
            editor.edited.connect(self._link_lists)
        editor.edited.connect(lambda name=field.name: self.edited.emit(name))
        return FormField(field=field, widget=widget, editor=editor)

    def _link_lists(self) -> None:
        """Tell each field of a list what the others hold: they say what it offers."""
        linked = [each.editor for each in self.fields.values() if isinstance(each.editor, CodeListEditor)]
        row: dict[str, Plain] = {}
        for editor in linked:
            row |= editor.read(row)
        for editor in linked:
            editor.follow(row)

    def _readable(
        self, field: Field, values: Mapping[str, Any], titles: Mapping[str, str]
    ) -> FormField | None:
        words = field_text(field, values, titles)
        if not words:
            return None
        text = Label(words, wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        widget = field_widgets.Field(Message(field.label), text)
        return FormField(field=field, widget=widget, editor=None)

    def _add_section(self, section: str, fields: list[FormField]) -> None:
        heading = Label(Message(section), step="section") if section else None
        if heading is not None:
            self._column.addSpacing(XL)
            self._column.addWidget(heading)
            self._column.addSpacing(8)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(XL)
        grid.setVerticalSpacing(L)
        self._column.addLayout(grid)
        self._sections.append((heading, grid, fields))

    def _arrange(self, *, force: bool = False) -> None:
        columns = 2 if self.width() >= theme().px(TWO_COLUMNS_FROM) else 1
        if columns == self._columns and not force:
            return
        self._columns = columns
        before: QWidget | None = None
        for _, grid, fields in self._sections:
            for found in fields:
                # Not `takeAt`: an item that lives on keeps the widget from telling its new one that it grew.
                grid.removeWidget(found.widget)
            row = column = 0
            for found in fields:
                if found.field.name in self.unfit:
                    continue
                wide = found.wide or found.field.kind in self.wide
                if wide and column:
                    row, column = row + 1, 0
                grid.addWidget(found.widget, row, column, 1, columns if wide else 1)
                column = columns if wide else column + 1
                if column >= columns:
                    row, column = row + 1, 0
                if found.editor is not None:
                    if before is not None:
                        QWidget.setTabOrder(before, found.editor)
                    before = found.editor
            for place in range(2):
                grid.setColumnStretch(place, 1 if place < columns else 0)
