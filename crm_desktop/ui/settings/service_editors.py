"""Editors of working hours, days, promises, levels of escalation, and what a macro sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from crm_core.entities import SCHEMAS
from crm_core.entities._choices import PRIORITIES
from crm_core.i18n import N_, Message, message
from crm_core.rules.macros import CHANGES
from crm_core.rules.service_levels import MOST_LEVELS, TO
from crm_core.rules.sla import Promised
from crm_core.rules.working_time import NINE_TO_SIX, WEEK
from crm_core.rules.working_words import (
    days_text,
    length_text,
    made_up_text,
    parse_days,
    parse_length,
    parse_made_up,
    parse_spans,
    spans_text,
)
from crm_core.schema.field import Field, Kind, Plain
from crm_desktop.services import records
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import LongTextEditor, QuietCombo, make_editor
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.settings.rows_editor import RowsEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets import fields as field_widgets
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WEEKDAYS = (
    message("Monday"),
    message("Tuesday"),
    message("Wednesday"),
    message("Thursday"),
    message("Friday"),
    message("Saturday"),
    message("Sunday"),
)
_PROMISED: Mapping[Promised, Message] = {
    Promised.REPLY: message("First reply"),
    Promised.NEXT: message("Further replies"),
    Promised.SOLVE: message("Solve"),
}
_TO: Mapping[str, Message] = {
    "assignee": message("Tell the assignee"),
    "manager": message("Tell the head of the team"),
    "flag": message("Mark the ticket and tell who administers"),
    "reassign": message("Give the ticket to"),
}
_USER = Field(no=0, name="user", label=N_("Person"), kind=Kind.REF, target="user")


def weekday_names() -> tuple[str, ...]:
    """Return the weekdays from Monday on in the language on screen."""
    return tuple(show(each) for each in WEEKDAYS)


class HoursEditor(Live, QWidget):
    """The spans worked on each day of the week, as text; an empty line is a day off."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.days = [QLineEdit() for _ in range(WEEK)]
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        for place, (name, line) in enumerate(zip(WEEKDAYS, self.days, strict=True)):
            self._grid.addWidget(Label(name), place, 0)
            self._grid.addWidget(line, place, 1)
            line.textEdited.connect(lambda _text: self.edited.emit())
        self.setFocusProxy(self.days[0])
        self.retranslate()
        self.retint()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the calendar's hours; a new one has those most people work."""
        held = values.get(self.field.name)
        for spans, line in zip(held or NINE_TO_SIX, self.days, strict=True):
            line.setText(spans_text(spans))

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the hours as the record keeps them. `UserError` where a line cannot be read."""
        week: list[Plain] = [[list(span) for span in parse_spans(line.text())] for line in self.days]
        return {self.field.name: week}

    def retranslate(self) -> None:
        """Name the lines in the language on screen."""
        for name, line in zip(weekday_names(), self.days, strict=True):
            line.setAccessibleName(tr("Working hours on {day}", day=name))
            line.setPlaceholderText(tr("Day off"))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._grid.setHorizontalSpacing(theme().px(L))
        self._grid.setVerticalSpacing(theme().px(4))


class LinesEditor(LongTextEditor):
    """A list that is typed a line each; `said` writes it and `understood` reads it."""

    def __init__(
        self, field: Field, said: Callable[[Any], str], understood: Callable[[str], list[Any]]
    ) -> None:
        super().__init__(field)
        self._said, self._understood = said, understood

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the list."""
        super().fill({self.field.name: self._said(values.get(self.field.name) or [])}, titles)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the list. `UserError` where a line cannot be read."""
        return {self.field.name: self._understood(self.toPlainText()) or None}


def holidays_editor(field: Field) -> LinesEditor:
    """Return the editor of days nobody works."""
    return LinesEditor(field, days_text, parse_days)


def made_up_editor(field: Field) -> LinesEditor:
    """Return the editor of days worked in place of others."""
    return LinesEditor(
        field,
        lambda made: made_up_text([(day, weekday) for day, weekday in made], weekday_names()),
        lambda text: parse_made_up(text, weekday_names()),
    )


class PromisedEditor(Live, QWidget):
    """What is promised: a row for each priority, a column for each promise, in hours and minutes."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.cells: dict[tuple[str, Promised], QLineEdit] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for column, name in enumerate(_PROMISED.values(), start=1):
            self._grid.addWidget(Label(name, color="text-soft", step="caption"), 0, column)
            self._grid.setColumnStretch(column, 1)
        for row, choice in enumerate(reversed(PRIORITIES), start=1):
            self._grid.addWidget(Label(Message(choice.label)), row, 0)
            for column, which in enumerate(_PROMISED, start=1):
                cell = self.cells[choice.value, which] = QLineEdit()
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                cell.textEdited.connect(lambda _text: self.edited.emit())
                self._grid.addWidget(cell, row, column)
        self.setFocusProxy(next(iter(self.cells.values())))
        self.retranslate()
        self.retint()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show what the service level promises."""
        held = values.get(self.field.name) or {}
        for (priority, which), cell in self.cells.items():
            cell.setText(length_text((held.get(priority) or {}).get(which.value)))

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return what is promised. `UserError` where a length cannot be read."""
        found: dict[str, dict[str, Plain]] = {}
        for (priority, which), cell in self.cells.items():
            minutes = parse_length(cell.text())
            if minutes is not None:
                found.setdefault(priority, {})[which.value] = minutes
        return {self.field.name: dict(found) or None}

    def retranslate(self) -> None:
        """Name the cells in the language on screen."""
        labels = {choice.value: tr(choice.label) for choice in PRIORITIES}
        for (priority, which), cell in self.cells.items():
            cell.setAccessibleName(
                tr(
                    "{promise}, priority {priority}",
                    promise=show(_PROMISED[which]),
                    priority=labels[priority],
                )
            )
            cell.setPlaceholderText(tr("not promised"))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._grid.setHorizontalSpacing(theme().px(S))
        self._grid.setVerticalSpacing(theme().px(4))


class LevelRow(Live, QWidget):
    """One level: how long after the deadline, and what happens."""

    edited = Signal()
    removed = Signal()

    def __init__(self, context: Context, level: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.after = QLineEdit(length_text(level.get("after") or 0))
        self.after.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.to = QuietCombo()
        self.user = LinkEditor(context, _USER)
        self.remove_button = IconButton("x", message("Remove the level"), small=True)
        for each in TO:
            self.to.addItem("", each)
        self.to.setCurrentIndex(max(0, self.to.findData(level.get("to"))))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.after)
        self._row.addWidget(Label(message("after it")))
        self._row.addWidget(self.to, 1)
        self._row.addWidget(self.user, 1)
        self._row.addWidget(self.remove_button)
        self.setFocusProxy(self.after)
        self.after.textEdited.connect(lambda _text: self.edited.emit())
        self.to.activated.connect(self._on_to)
        self.user.edited.connect(self.edited)
        self.remove_button.clicked.connect(self.removed)
        self._show_what_fits()
        self.retranslate()
        self.retint()
        self._ask_title(context, level.get("user"))

    def level(self) -> dict[str, Plain]:
        """Return the level as the record keeps it. `UserError` where it is not finished."""
        found: dict[str, Plain] = {"after": parse_length(self.after.text()) or 0, "to": self.to.currentData()}
        if self.to.currentData() == "reassign":
            found["user"] = self.user.read({})["user"]
        return found

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        for place, text in enumerate(_TO.values()):
            self.to.setItemText(place, show(text))
        self.after.setAccessibleName(tr("Working time after the deadline"))
        self.to.setAccessibleName(tr("What happens then"))
        self.user.setAccessibleName(tr("Who gets the ticket"))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._row.setSpacing(theme().px(S))
        self.after.setFixedWidth(theme().px(72))

    def _on_to(self) -> None:
        self._show_what_fits()
        self.edited.emit()

    def _show_what_fits(self) -> None:
        self.user.setVisible(self.to.currentData() == "reassign")

    def _ask_title(self, context: Context, user_id: str | None) -> None:
        if not user_id:
            return
        replica, key = context.replica, ("user", user_id)
        self.user.fill({"user": user_id}, {"user": "…"})
        context.tasks.read(
            self,
            lambda: records.titles(replica, [key]),
            lambda found: self.user.fill({"user": user_id}, {"user": found.get(key, "")}),
            context.show_error,
            topic="titles",
        )


class LevelsEditor(RowsEditor[LevelRow]):
    """The levels of escalation, the earliest first."""

    adds_named = N_("{field}: add a level")

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, message("Add a level"), MOST_LEVELS, parent)
        self._context = context

    def make_row(self, held: Mapping[str, Any]) -> LevelRow:
        """Return the row of a level."""
        return LevelRow(self._context, held, self)

    def first_of(self, row: LevelRow) -> QWidget:
        """Return after how long."""
        return row.after

    def value_of(self, row: LevelRow) -> Plain:
        """Return the level."""
        return row.level()


class ChangesEditor(Live, QWidget):
    """What a macro sets on a ticket: a field left empty stays as it is."""

    edited = Signal()

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field, self._context = field, context
        declared = SCHEMAS["ticket"].fields
        self.editors: dict[str, Any] = {name: make_editor(context, declared[name]) for name in CHANGES}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for place, (name, editor) in enumerate(self.editors.items()):
            labelled = field_widgets.Field(Message(declared[name].label), editor)
            self._grid.addWidget(labelled, place // 2, place % 2)
            editor.edited.connect(self.edited)
        for column in (0, 1):
            self._grid.setColumnStretch(column, 1)
        self.setFocusProxy(next(iter(self.editors.values())))
        self.retint()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show what the macro sets."""
        held = values.get(self.field.name) or {}
        row = {name: held.get(name) for name in CHANGES}
        links = [
            (str(SCHEMAS["ticket"].fields[name].target), str(value))
            for name, value in row.items()
            if value and SCHEMAS["ticket"].fields[name].kind is Kind.REF
        ]
        self._show(row, {})
        if links:
            replica = self._context.replica
            self._context.tasks.read(
                self,
                lambda: records.titles(replica, links),
                lambda found: self._show(row, found),
                self._context.show_error,
                topic="titles",
            )

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return what the macro sets. `UserError` where a name is typed and nothing chosen."""
        found: dict[str, Plain] = {}
        for editor in self.editors.values():
            found.update((name, value) for name, value in editor.read({}).items() if value is not None)
        return {self.field.name: found or None}

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._grid.setHorizontalSpacing(theme().px(L))
        self._grid.setVerticalSpacing(theme().px(S))

    def _show(self, row: Mapping[str, Any], found: Mapping[tuple[str, str], str]) -> None:
        names = {record_id: title for (_, record_id), title in found.items()}
        for name, editor in self.editors.items():
            editor.fill(row, {name: names.get(str(row.get(name) or ""), "…" if row.get(name) else "")})


__all__: Sequence[str] = (
    "ChangesEditor",
    "HoursEditor",
    "LevelsEditor",
    "LinesEditor",
    "PromisedEditor",
    "holidays_editor",
    "made_up_editor",
)
