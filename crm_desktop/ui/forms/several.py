"""Several of a list of choices: a box to tick for each; a retired one stands while it is held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from crm_core.schema.field import Field, Plain
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.live import Live


class SeveralEditor(Live, QWidget):
    """The boxes of one field."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.boxes: dict[str, QCheckBox] = {}
        self._name = ""
        self._flow = FlowLayout(self, gap=16, line_gap=6)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for choice in field.choices:
            if not choice.retired:
                self._add(choice.value)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Tick what the row holds."""
        held = [str(word) for word in values.get(self.field.name) or []]
        for word in held:
            if word not in self.boxes:
                self._add(word)
        for word, box in self.boxes.items():
            box.setChecked(word in held)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return what is ticked."""
        return {self.field.name: [word for word in sorted(self.boxes) if self.boxes[word].isChecked()]}

    def setAccessibleName(self, name: str) -> None:
        """Name each box after the field and its choice."""
        super().setAccessibleName(name)
        self._name = name
        self.retranslate()

    def retranslate(self) -> None:
        """Name the choices in the language on screen."""
        for word, box in self.boxes.items():
            words = self._words(word)
            box.setText(words)
            box.setAccessibleName(tr("{field}: {value}", field=self._name, value=words))

    def _words(self, word: str) -> str:
        retired = any(choice.value == word and choice.retired for choice in self.field.choices)
        words = tr(self.field.choice_label(word))
        return tr("{value} (no longer offered)", value=words) if retired else words

    def _add(self, word: str) -> None:
        box = QCheckBox()
        box.clicked.connect(self.edited)
        self.boxes[word] = box
        self._flow.addWidget(box)
        if self.focusProxy() is None:
            self.setFocusProxy(box)
        self.retranslate()
