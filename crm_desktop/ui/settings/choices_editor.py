"""The choices of a custom field: one line each with its value, both labels, and whether it is retired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.rules.custom_fields import choices_of, plain_choice
from crm_core.schema.field import Field, Plain
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    value: QLineEdit
    english: QLineEdit
    chinese: QLineEdit
    retired: QCheckBox
    kept: bool
    """It may be in use: its value stays and it is retired rather than taken away."""


class ChoicesEditor(Live, QWidget):
    """Values are written once and then stay; what they are called may change at any time."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.lines: list[_Line] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        heads = (
            message("Stored value"),
            message("English label"),
            message("Chinese label"),
            message("Retired"),
        )
        for place, words in enumerate(heads):
            self._grid.addWidget(Label(words, step="caption", color="text-soft"), 0, place)
        self.add_button = Button(message("Add a choice"), Kind.LINK, icon="plus", weight=400)
        self.add_button.clicked.connect(self._on_add_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.add_button)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the choices of the record."""
        for line in self.lines:
            for widget in (line.value, line.english, line.chinese, line.retired):
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self.lines = []
        for choice in choices_of(values.get(self.field.name)):
            plain = plain_choice(choice)
            self._add(plain["value"], plain["label"], plain["label_zh"], retired=choice.retired, kept=True)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the choices as the record keeps them; a line without a value takes its label for it."""
        found: list[Plain] = []
        for line in self.lines:
            label = line.english.text().strip()
            value = line.value.text().strip() or label
            if value:
                found.append(
                    {
                        "value": value,
                        "label": label or value,
                        "label_zh": line.chinese.text().strip(),
                        "retired": line.retired.isChecked(),
                    }
                )
        return {self.field.name: found or None}

    def retranslate(self) -> None:
        """Name each part for those who listen."""
        for place, line in enumerate(self.lines, start=1):
            line.value.setAccessibleName(tr("Value of choice {number}", number=place))
            line.english.setAccessibleName(tr("English label of choice {number}", number=place))
            line.chinese.setAccessibleName(tr("Chinese label of choice {number}", number=place))
            line.retired.setAccessibleName(tr("Choice {number} retired", number=place))

    def _on_add_clicked(self) -> None:
        self._add("", "", "", retired=False, kept=False)
        self.lines[-1].english.setFocus()
        self.edited.emit()

    def _add(self, value: str, english: str, chinese: str, *, retired: bool, kept: bool) -> None:
        line = _Line(
            value=QLineEdit(value),
            english=QLineEdit(english),
            chinese=QLineEdit(chinese),
            retired=QCheckBox(),
            kept=kept,
        )
        line.value.setReadOnly(kept)
        line.value.setEnabled(not kept)
        line.retired.setChecked(retired)
        line.retired.setEnabled(kept)
        row = len(self.lines) + 1
        for place, widget in enumerate((line.value, line.english, line.chinese, line.retired)):
            self._grid.addWidget(widget, row, place)
        for text in (line.value, line.english, line.chinese):
            text.textEdited.connect(self.edited)
        line.retired.clicked.connect(self.edited)
        self.lines.append(line)
        self.retranslate()
