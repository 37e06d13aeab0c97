"""Where a contract or order stands, the steps it can take, and what may follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message
from crm_core.rules.access import Action as Right
from crm_desktop.models.records import Record
from crm_desktop.services import records, rights
from crm_desktop.ui.context import Context
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

WORDS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("order", "confirm"): N_("Confirm the order"),
        ("order", "close"): N_("Close the order"),
        ("order", "cancel"): N_("Cancel the order"),
        ("order", "reopen"): N_("Reopen"),
        ("contract", "send"): N_("Mark as sent"),
        ("contract", "take_back"): N_("Withdraw the request"),
        ("contract", "sign"): N_("Mark as signed"),
        ("contract", "begin"): N_("Put in force"),
        ("contract", "end"): N_("Mark as ended"),
        ("contract", "terminate"): N_("Terminate"),
        ("contract", "revise"): N_("Back to draft"),
    }
)
"""What buttons that take a step are called; steps without a word are taken otherwise."""

_ONWARDS: Final = frozenset(("confirm", "send", "sign", "begin"))
"""Steps that are usually the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A button beside those of the steps."""

    text: Message
    icon: str
    states: tuple[str, ...]
    """States it is shown in."""
    run: Callable[[Record], None]
    creates: str = ""
    """Kind of record it makes: shown to whoever may make such."""


class StepBar(QWidget):
    """One row; it follows the record."""

    read_anew = Signal(object)
    """The `Record` as it is now."""

    def __init__(self, context: Context, entity: str, record_id: str, extras: Sequence[Extra] = ()) -> None:
        super().__init__()
        self._context, self._entity, self._record_id = context, entity, record_id
        self._extras = extras
        self.state = Label("", weight=600)
        self.buttons: dict[str, Button] = {}
        """Those shown, by the names of their steps; extras by their English text."""
        self._row = QHBoxLayout(self)
        keep_margins(self._row, PAGE_MARGIN, 0, PAGE_MARGIN, 8)
        self._row.setSpacing(8)
        self._row.addWidget(self.state)
        self._row.addStretch(1)
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
        for extra in self._extras:
            allowed = may_edit if not extra.creates else self._may_create(extra.creates)
            if here in extra.states and allowed:
                self._add(extra.text.text, Button(extra.text, icon=extra.icon), partial(extra.run, record))
        for step in machine.steps if may_edit else ():
            text = WORDS.get((self._entity, step.name))
            if here in step.starts and not step.by_hq and text is not None:
                kind = Kind.PRIMARY if step.name in _ONWARDS else Kind.STANDARD
                self._add(step.name, Button(Message(text), kind), partial(self._take, step.ends))
        self.read_anew.emit(record)

    def _may_create(self, entity: str) -> bool:
        return bool(rights.may_do(self._context.replica, Right.CREATE, entity))

    def _add(self, key: str, button: Button, run: Callable[[], None]) -> None:
        button.clicked.connect(lambda: run())
        self.buttons[key] = button
        self._row.addWidget(button)

    def _take(self, state: str) -> None:
        replica, entity, record_id = self._context.replica, self._entity, self._record_id
        machine = SCHEMAS[entity].meta.machine
        assert machine is not None
        changes = {machine.field: state}
        self._context.change(self, lambda: records.update(replica, entity, record_id, changes))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if (self._entity, self._record_id) in changed:
            self._changes.mark()
