"""What a capture form asks for: a line for each field with two boxes, asked for and must be filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from crm_core.entities.capture import LEAD, TICKET
from crm_core.i18n import message
from crm_core.rules.capture import ALWAYS, USUAL_BY, label_of, made_by
from crm_core.schema.field import Field, Plain
from crm_desktop.services import lead_setup
from crm_desktop.ui.context import Context
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

NAME = "name"
"""Every form asks for it, and it must be filled."""
ASKED, NEEDED = "asked", "needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    field: Field
    asked: QCheckBox
    needed: QCheckBox


class AskedEditor(Live, QWidget):
    """Sets two fields of the form: names asked for and names that must be filled."""

    edited = Signal()
    fields_known = Signal()
    """The boxes are there."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._makes = LEAD
        self._lines: dict[str, dict[str, _Line]] = {LEAD: {}}
        self._asked: list[str] = [*USUAL_BY[LEAD]]
        self._needed: list[str] = sorted(ALWAYS[LEAD])
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(2, 1)
        heads = (message("Asked for"), message("Must be filled"))
        for place, words in enumerate(heads):
            self._grid.addWidget(Label(words, step="caption", color="text-soft"), 0, place)
        replica = context.replica
        context.tasks.read(self, lambda: lead_setup.askable(replica), self._on_fields, context.show_error)

    @property
    def lines(self) -> dict[str, _Line]:
        """The lines of what such a form may ask for; none before they are read."""
        return self._lines.get(self._makes, {})

    @property
    def fields(self) -> dict[str, Field]:
        """The fields a form may ask for; none before they are read."""
        return {name: line.field for name, line in self.lines.items()}

    def show_for(self, makes: str) -> None:
        """Ask for what a form that makes this asks for; another kind begins with what is usual."""
        if makes != self._makes:
            self._makes = makes
            self._asked, self._needed = [*USUAL_BY[makes]], sorted(ALWAYS[makes])
            self._show()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Tick what the form asks for; a new one begins with what is usual."""
        if "makes" in values:
            self._makes = made_by(values)
        self._asked = [str(each) for each in values.get(ASKED) or USUAL_BY[self._makes]]
        self._needed = [str(each) for each in values.get(NEEDED) or sorted(ALWAYS[self._makes])]
        self._show()

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return both lists, in the order of the page; a field that is gone is left out."""
        if not self.lines:
            return {ASKED: [*self._asked], NEEDED: [*self._needed]}
        asked: list[Plain] = [name for name, line in self.lines.items() if line.asked.isChecked()]
        needed: list[Plain] = [name for name, line in self.lines.items() if line.needed.isChecked()]
        # As it was where only the order differs: nothing was changed then.
        same_asked, same_needed = set(map(str, asked)), set(map(str, needed))
        return {
            ASKED: [*self._asked] if same_asked == set(self._asked) else asked,
            NEEDED: [*self._needed] if same_needed == set(self._needed) else needed,
        }

    def retranslate(self) -> None:
        """Name the boxes in the language on screen."""
        for line in (each for lines in self._lines.values() for each in lines.values()):
            words = tr(label_of(line.field) if self._makes == TICKET else line.field.label)
            line.asked.setText(words)
            line.asked.setAccessibleName(tr("Ask for “{field}”", field=words))
            line.needed.setText(tr("Yes"))
            line.needed.setAccessibleName(tr("“{field}” must be filled", field=words))

    def _on_fields(self, found: Mapping[str, Mapping[str, Field]]) -> None:
        row = 1
        for makes, fields in found.items():
            self._lines[makes] = {}
            for name, field in fields.items():
                line = _Line(field=field, asked=QCheckBox(), needed=QCheckBox())
                line.asked.clicked.connect(lambda _on=False, name=name: self._on_clicked(name, "asked"))
                line.needed.clicked.connect(lambda _on=False, name=name: self._on_clicked(name, "needed"))
                for box in (line.asked, line.needed):
                    box.setEnabled(name not in ALWAYS[makes])
                self._grid.addWidget(line.asked, row, 0)
                self._grid.addWidget(line.needed, row, 1, Qt.AlignmentFlag.AlignLeft)
                self._lines[makes][name] = line
                row += 1
        self._show()
        self.fields_known.emit()

    def _on_clicked(self, name: str, what: str) -> None:
        line = self.lines[name]
        if what == "needed" and line.needed.isChecked():
            line.asked.setChecked(True)
        if what == "asked" and not line.asked.isChecked():
            line.needed.setChecked(False)
        self.edited.emit()

    def _show(self) -> None:
        always = ALWAYS[self._makes]
        for makes, lines in self._lines.items():
            for line in lines.values():
                line.asked.setVisible(makes == self._makes)
                line.needed.setVisible(makes == self._makes)
        for name, line in self.lines.items():
            line.asked.setChecked(name in self._asked or name in always)
            line.needed.setChecked(name in self._needed or name in always)
        self.setFocusProxy(next((each.asked for each in self.lines.values() if each.asked.isEnabled()), None))
        self.retranslate()
