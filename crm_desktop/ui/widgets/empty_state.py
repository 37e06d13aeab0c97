"""What a page shows where there is nothing to show, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.ui.theme.tokens import ICON_EMPTY
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live


class EmptyState(Live, QWidget):
    """An icon, a line, a soft line and at most two buttons, centred in the room there is."""

    def __init__(
        self,
        icon: str,
        line: Text,
        explanation: Text = "",
        buttons: Sequence[Button] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon = IconLabel(icon, color="text-soft", size=ICON_EMPTY)
        self.line = Label(line, weight=600, wrap=True)
        self.explanation = Label(explanation, color="text-soft", wrap=True)
        center = Qt.AlignmentFlag.AlignHCenter
        self.line.setAlignment(center)
        self.explanation.setAlignment(center)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(self._icon, 0, center)
        column.addSpacing(8)
        column.addWidget(self.line)
        column.addWidget(self.explanation)
        column.addSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self.explanation.setVisible(bool(self.explanation.text()))
        self.retranslate()

    def say(self, line: Text, explanation: Text = "", icon: str | None = None) -> None:
        """Say another reason why there is nothing."""
        if icon is not None:
            self._icon.show_icon(icon)
        self.line.say(line)
        self.explanation.say(explanation)
        self.explanation.setVisible(bool(self.explanation.text()))
        self.retranslate()

    def retranslate(self) -> None:
        """Say both lines to those who listen."""
        self.setAccessibleName(self.line.text())
        self.setAccessibleDescription(self.explanation.text())
