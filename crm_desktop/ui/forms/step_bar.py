"""Where a record stands, the steps it can take, what may follow from it; what a step asks is asked here."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action as Right
from crm_core.rules.access import ClassRight
from crm_core.schema.field import Kind as FieldKind
from crm_core.schema.field import Plain
from crm_core.schema.machine import Step
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, rights
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.context import Context
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import DateField, Field
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.menus import Menu

WORDS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("order", "confirm"): N_("Confirm the order"),
        ("order", "close"): N_("Close the order"),
        ("order", "cancel"): N_("Cancel the order"),
        ("order", "reopen"): N_("Reopen"),
        ("contract", "send"): N_("Mark as sent"),
        ("contract", "take_back"): N_("Withdraw the request"),
        ("contract", "sign"): N_("Mark as signed"),
        ("contract", "decline"): N_("Mark as declined"),
        ("contract", "reopen"): N_("Back to sent"),
        ("contract", "begin"): N_("Put in force"),
        ("contract", "end"): N_("Mark as ended"),
        ("contract", "terminate"): N_("Terminate"),
        ("contract", "revise"): N_("Back to draft"),
        ("instalment", "plan_again"): N_("Back to the drafts"),
        ("instalment", "void"): N_("Void it"),
        ("instalment", "revive"): N_("Back to the drafts"),
        ("receipt", "post"): N_("Post it"),
        ("receipt", "take_back"): N_("Take it back"),
        ("receipt", "refuse"): N_("Nothing came"),
        ("receipt", "report_again"): N_("Report it again"),
        ("service_request", "send"): N_("Send"),
        ("service_request", "take_back"): N_("Withdraw the request"),
        ("service_request", "withdraw"): N_("Give it up"),
        ("service_request", "resume"): N_("Take it up again"),
        ("invoice", "issue"): N_("Issue…"),
        ("invoice", "decline"): N_("Decline…"),
        ("invoice", "withdraw"): N_("Withdraw it"),
        ("invoice", "request_again"): N_("Ask again"),
        ("invoice", "void"): N_("Void…"),
    }
)
"""What buttons that take a step are called; steps without a word are taken otherwise."""

_ONWARDS: Final = frozenset(("confirm", "send", "sign", "begin", "post", "issue"))
"""Steps that are usually the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A button beside those of the steps."""

    text: Message
    icon: str
    states: tuple[str, ...] = ()
    """States it is shown in."""
    run: Callable[[Record], None] | None = None
    creates: str = ""
    """Kind of record it makes: shown to whoever may make such."""
    ways: Callable[[Record], Sequence[Way]] | None = None
    """Gives what its menu holds, where it has one; without any it is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One line of a button's menu."""

    text: Message
    icon: str
    run: Callable[[Record], None]


class StepBar(QWidget):
    """One row; it follows the record. Below it stands what the step that was begun demands."""

    read_anew = Signal(object)
    """The `Record` as it is now."""

    def __init__(
        self,
        context: Context,
        entity: str,
        record_id: str,
        extras: Sequence[Extra] = (),
        own_way: Mapping[str, Callable[[Replica], Outcome[Record]]] = MappingProxyType({}),
    ) -> None:
        """`own_way`: how to get to a state, where that takes more than setting it."""
        super().__init__()
        self._own_way = own_way
        self._context, self._entity, self._record_id = context, entity, record_id
        self._extras = extras
        self.state = Label("", weight=600)
        self.buttons: dict[str, Button] = {}
        """Those shown, by the names of their steps; extras by their English text."""
        self.asked: dict[str, Field] = {}
        """What the step that was begun asks for, by field."""
        self._asking = QWidget()
        self._fields = QHBoxLayout(self._asking)
        self._fields.setContentsMargins(0, 0, 0, 0)
        self._fields.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.state)
        self._row = FlowLayout(right=True)
        head.addLayout(self._row, 1)
        whole = QVBoxLayout(self)
        keep_margins(whole, PAGE_MARGIN, 0, PAGE_MARGIN, 8)
        whole.setSpacing(8)
        whole.addLayout(head)
        whole.addWidget(self._asking)
        self._asking.hide()
        self._changes = Settling(self)
        self._changes.due.connect(self.read)
        context.records_changed.connect(self._on_records_changed)
        self.read()

    def read(self) -> None:
        """Read the record anew."""
        replica, entity, record_id = self._context.replica, self._entity, self._record_id

        def read() -> tuple[Record, bool]:
            may = rights.may_do(replica, Right.EDIT, entity, record_id)
            return records.get(replica, entity, record_id), bool(may)

        self._context.tasks.read(self, read, self._show, self._context.show_error, topic="steps")

    def _show(self, found: tuple[Record, bool]) -> None:
        record, may_edit = found
        machine = SCHEMAS[self._entity].meta.machine
        assert machine is not None
        here = machine.state_of(record.get(machine.field))
        words = [tr(SCHEMAS[self._entity].fields[machine.field].choice_label(here))]
        delivered = SCHEMAS[self._entity].fields.get("delivered")
        if delivered is not None and here in ("confirmed", "closed") and record.get("delivered"):
            words.append(tr(delivered.choice_label(str(record["delivered"]))))
        self.state.say(" · ".join(words))
        for button in self.buttons.values():
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = {}
        self.stop_asking()
        for extra in self._extras:
            allowed = may_edit if not extra.creates else self._may_create(extra.creates)
            if extra.ways is not None:
                self._add_menu(extra, extra.ways(record), record)
            elif extra.run is not None and here in extra.states and allowed:
                self._add(extra.text.text, Button(extra.text, icon=extra.icon), partial(extra.run, record))
        for step in machine.steps if may_edit else ():
            text = WORDS.get((self._entity, step.name))
            if here in step.starts and not step.by_hq and text is not None and self._may_take(step):
                kind = Kind.PRIMARY if step.name in _ONWARDS else Kind.STANDARD
                self._add(step.name, Button(Message(text), kind), partial(self.begin, step))
        self.read_anew.emit(record)

    def _may_create(self, entity: str) -> bool:
        return bool(rights.may_do(self._context.replica, Right.CREATE, entity))

    def _add(self, key: str, button: Button, run: Callable[[], None]) -> None:
        button.clicked.connect(lambda: run())
        self.buttons[key] = button
        self._row.addWidget(button)

    def _add_menu(self, extra: Extra, ways: Sequence[Way], record: Record) -> None:
        if not ways:
            return
        button = Button(extra.text, icon=extra.icon)
        menu = Menu(button)
        for way in ways:
            run = partial(way.run, record)
            menu.add(tr(way.text.text), way.icon).triggered.connect(lambda _checked=False, run=run: run())
        button.setMenu(menu)
        self.buttons[extra.text.text] = button
        self._row.addWidget(button)

    def begin(self, step: Step) -> None:
        """Take a step, or ask first for what it demands."""
        if not step.demands:
            self._take(step, {})
            return
        self.stop_asking()
        schema = SCHEMAS[self._entity]
        for name in step.takes:
            declared = schema.fields[name]
            editor: QWidget = DateField() if declared.kind is FieldKind.DATE else QLineEdit()
            if isinstance(editor, DateField):
                today = self._context.replica.clock.today()
                editor.setDate(QDate(today.year, today.month, today.day))
            elif isinstance(editor, QLineEdit):
                editor.returnPressed.connect(partial(self._confirm, step))
            self.asked[name] = Field(Message(declared.label), editor, required=name in step.demands)
            self._fields.addWidget(self.asked[name], 1)
        confirm = Button(message("Confirm"), Kind.PRIMARY)
        cancel = Button(message("Cancel"))
        confirm.clicked.connect(lambda: self._confirm(step))
        cancel.clicked.connect(self.stop_asking)
        for button in (confirm, cancel):
            holder = QVBoxLayout()
            holder.addStretch(1)
            holder.addWidget(button)
            self._fields.addLayout(holder)
        self._asking.show()
        next(iter(self.asked.values())).editor.setFocus()

    def stop_asking(self) -> None:
        """Ask for nothing any more."""
        self.asked = {}
        clear(self._fields)
        self._asking.hide()

    def _confirm(self, step: Step) -> None:
        values: dict[str, Plain] = {}
        for name, field in self.asked.items():
            value = _read(field.editor)
            field.set_error(message("This is required") if name in step.demands and not value else "")
            values[name] = value
        if all(values.get(name) for name in step.demands):
            self._take(step, values)

    def _may_take(self, step: Step) -> bool:
        right = self._context.replica.person.rights.class_right
        return step.needs_class is None or right(self._entity, step.needs_class) is ClassRight.WRITE

    def _take(self, step: Step, given: Mapping[str, Plain]) -> None:
        replica, entity, record_id = self._context.replica, self._entity, self._record_id
        machine = SCHEMAS[entity].meta.machine
        assert machine is not None
        changes = {machine.field: step.ends, **given}
        own = self._own_way.get(step.ends)
        if own is not None and not given:
            self._context.change(self, lambda: own(replica))
        else:
            self._context.change(self, lambda: records.update(replica, entity, record_id, changes))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if (self._entity, self._record_id) in changed:
            self._changes.mark()


def _read(editor: QWidget) -> str | None:
    if isinstance(editor, DateField):
        day = editor.date()
        return datetime.date(day.year(), day.month(), day.day()).isoformat()
    assert isinstance(editor, QLineEdit)
    return editor.text().strip() or None
