"""Who gets leads by a rule: one line each with a weight, a line to find further people in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSpinBox, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules.assignment import MOST_WEIGHT
from crm_core.schema.field import Field, Kind, Plain
from crm_desktop.services import records
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.fields import keep_off_edges
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    user_id: str
    name: Label
    weight: QSpinBox
    remove: IconButton


class PeopleEditor(Live, QWidget):
    """Choosing somebody adds a line; the first one is who gets the leads where a rule names one person."""

    edited = Signal()

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._context = context
        self._is_weighed = False
        self.lines: list[_Line] = []
        self.line = LinkEditor(context, replace(field, kind=Kind.REF, target="user"))
        self.line.edited.connect(self._on_edited)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._grid)
        column.addWidget(self.line)
        self.setFocusProxy(self.line)

    def show_weights(self, wanted: bool) -> None:
        """Ask for weights, or not."""
        self._is_weighed = wanted
        for line in self.lines:
            line.weight.setVisible(wanted)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show whom the rule names."""
        named = [(str(each[0]), int(each[1])) for each in values.get(self.field.name) or ()]
        if named == self._named():
            return
        for line in [*self.lines]:
            self._drop(line)
        for user_id, weight in named:
            self._add(user_id, "…", weight)
        if named:
            replica = self._context.replica
            keys = [("user", user_id) for user_id, _ in named]
            self._context.tasks.read(
                self,
                lambda: records.titles(replica, keys),
                self._on_titles,
                self._context.show_error,
                topic="people",
            )

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the people with their weights. `UserError` where a name is typed and nobody chosen."""
        if self.line.text().strip():
            raise UserError(N_("Choose one of those found for “{text}”"), text=self.line.text().strip())
        found: list[Plain] = [[user_id, weight] for user_id, weight in self._named()]
        return {self.field.name: found or None}

    def setAccessibleName(self, name: str) -> None:
        """Name the line after the field."""
        super().setAccessibleName(name)
        self.line.setAccessibleName(name)

    def retranslate(self) -> None:
        """Name each part for those who listen."""
        for line in self.lines:
            line.weight.setPrefix(tr("Weight: "))
            line.weight.setAccessibleName(tr("Weight of {name}", name=line.name.text()))
            line.remove.setAccessibleName(tr("Take {name} out", name=line.name.text()))

    def _named(self) -> list[tuple[str, int]]:
        return [(line.user_id, line.weight.value()) for line in self.lines]

    def _add(self, user_id: str, name: str, weight: int) -> None:
        spin = QSpinBox()
        spin.setRange(1, MOST_WEIGHT)
        spin.setValue(weight)
        keep_off_edges(spin)
        spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        line = _Line(
            user_id=user_id,
            name=Label(name),
            weight=spin,
            remove=IconButton("x", message("Take out"), small=True),
        )
        spin.valueChanged.connect(self.edited)
        line.remove.clicked.connect(lambda _checked=False, line=line: self._on_removed(line))
        row = self._grid.rowCount()
        for place, widget in enumerate((line.name, line.weight, line.remove)):
            self._grid.addWidget(widget, row, place)
            widget.show()
        spin.setVisible(self._is_weighed)
        before = self.lines[-1].remove if self.lines else None
        if before is not None:
            QWidget.setTabOrder(before, spin)
        QWidget.setTabOrder(spin, line.remove)
        QWidget.setTabOrder(line.remove, self.line)
        self.lines.append(line)
        self.retranslate()

    def _drop(self, line: _Line) -> None:
        self.lines.remove(line)
        for widget in (line.name, line.weight, line.remove):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()

    def _on_titles(self, found: Mapping[tuple[str, str], str]) -> None:
        for line in self.lines:
            if line.name.text() == "…":
                line.name.say(found.get(("user", line.user_id)) or message("Not on this laptop"))
        self.retranslate()

    def _on_edited(self) -> None:
        user_id = self.line.record_id
        if user_id is not None:
            name = self.line.text()
            self.line.link(None, "")
            if user_id not in {line.user_id for line in self.lines}:
                self._add(user_id, name, 1)
        self.edited.emit()

    def _on_removed(self, line: _Line) -> None:
        self._drop(line)
        self.line.setFocus()
        self.edited.emit()
