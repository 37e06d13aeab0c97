"""Where a record stands, and the steps this person may take from there; what one takes is asked in place."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.entities import schema_of
from crm_core.i18n import Message, message
from crm_core.rules.access import Action as Right
from crm_core.rules.access import ClassRight, decide
from crm_core.rules.standing import state_field
from crm_core.schema.field import Kind as FieldKind
from crm_core.schema.field import Plain
from crm_core.schema.machine import Step
from crm_desktop.models.records import Record
from crm_desktop.services import records
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.details import clear
from crm_desktop.ui.payments.words import FIRST_STEPS, STEP_WORDS
from crm_desktop.ui.theme.tokens import M, S
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.fields import DateField, Field
from crm_desktop.ui.widgets.labels import Label


class StepBar(Card):
    """A card with the state and a button for each step; `further` buttons of the form stand behind them."""

    done = Signal()
    """A step was taken."""

    def __init__(self, context: Context, entity: str) -> None:
        super().__init__()
        self._context, self._entity = context, entity
        self._record: Record | None = None
        self.state = Label("", weight=600)
        self.buttons: dict[str, Button] = {}
        """By the names of the steps."""
        self.row = QHBoxLayout()
        self.row.setSpacing(S)
        self._steps = QHBoxLayout()
        self._steps.setSpacing(S)
        self.row.addWidget(self.state)
        self.row.addStretch(1)
        self.row.addLayout(self._steps)
        self.asked: dict[str, Field] = {}
        """What the step that was begun asks for, by field."""
        self._asking = QWidget()
        self._fields = QHBoxLayout(self._asking)
        self._fields.setContentsMargins(0, 0, 0, 0)
        self._fields.setSpacing(M)
        self.body.addLayout(self.row)
        self.body.addWidget(self._asking)
        self._asking.hide()

    def show_record(self, record: Record) -> None:
        """Show where a record stands and what can be done."""
        self._record = record
        schema = schema_of(self._entity)
        machine = schema.meta.machine
        assert machine is not None
        here = machine.state_of(record.get(machine.field))
        self.state.say(message("State: {state}", state=Message(state_field(schema).choice_label(here))))
        clear(self._steps)
        self.buttons = {}
        self._stop_asking()
        for step in machine.steps:
            words = STEP_WORDS.get((self._entity, step.name))
            if words is None or here not in step.starts or not self._may(step):
                continue
            first = (self._entity, step.name) in FIRST_STEPS
            button = Button(words, Kind.PRIMARY if first else Kind.STANDARD, small=True)
            button.clicked.connect(lambda _=False, step=step: self.begin(step))
            self.buttons[step.name] = button
            self._steps.addWidget(button)

    def show_further(self, buttons: Sequence[QWidget]) -> None:
        """Put other buttons behind those of the steps."""
        for button in buttons:
            self._steps.addWidget(button)

    def begin(self, step: Step) -> None:
        """Take a step, or ask first for what it demands."""
        if not step.demands:
            self._take(step, {})
            return
        self._stop_asking()
        schema = schema_of(self._entity)
        for name in step.takes:
            declared = schema.fields[name]
            editor: QWidget = DateField() if declared.kind is FieldKind.DATE else QLineEdit()
            if isinstance(editor, DateField):
                today = self._context.replica.clock.today()
                editor.setDate(QDate(today.year, today.month, today.day))
            field = Field(Message(declared.label), editor, required=name in step.demands)
            self.asked[name] = field
            self._fields.addWidget(field, 1)
        confirm = Button(STEP_WORDS[self._entity, step.name], Kind.PRIMARY, small=True)
        cancel = Button(message("Cancel"), small=True)
        confirm.clicked.connect(lambda: self._confirm(step))
        cancel.clicked.connect(self._stop_asking)
        for field in self.asked.values():
            if isinstance(field.editor, QLineEdit):
                field.editor.returnPressed.connect(lambda: self._confirm(step))
        for button in (confirm, cancel):
            holder = QVBoxLayout()
            holder.addStretch(1)
            holder.addWidget(button)
            self._fields.addLayout(holder)
        self._asking.show()
        next(iter(self.asked.values())).editor.setFocus()

    def _confirm(self, step: Step) -> None:
        values: dict[str, Plain] = {}
        for name, field in self.asked.items():
            value = _read(field.editor)
            field.set_error(message("This is required") if name in step.demands and not value else "")
            values[name] = value
        if all(values[name] for name in step.demands):
            self._take(step, values)

    def _stop_asking(self) -> None:
        self.asked = {}
        clear(self._fields)
        self._asking.hide()

    def _take(self, step: Step, given: dict[str, Plain]) -> None:
        record, machine = self._record, schema_of(self._entity).meta.machine
        if record is None or machine is None:
            return
        replica, entity = self._context.replica, self._entity
        changes = {machine.field: step.ends, **given}

        def done(after: Record) -> None:
            self._stop_asking()
            self.show_record(after)
            self.done.emit()

        self._context.change(self, lambda: records.update(replica, entity, record.id, changes), done)

    def _may(self, step: Step) -> bool:
        person = self._context.replica.person
        if step.by_hq or not decide(person, Right.EDIT, self._entity):
            return False
        right: Any = person.rights.class_right
        return step.needs_class is None or right(self._entity, step.needs_class) is ClassRight.WRITE


def _read(editor: QWidget) -> str | None:
    if isinstance(editor, DateField):
        day = editor.date()
        return datetime.date(day.year(), day.month(), day.day()).isoformat()
    assert isinstance(editor, QLineEdit)
    return editor.text().strip() or None
