"""Several chips that can be taken out, in as many lines as they need."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.flow import FlowLayout


class ChipRow(QWidget):
    """Shows what a set holds; hidden while it is empty."""

    closed = Signal(str)
    """The key of the chip a person closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: list[Chip] = []
        self._flow = FlowLayout(self, gap=4, line_gap=4)
        self.hide()

    def show_chips(self, named: Iterable[tuple[str, str]]) -> None:
        """Show other chips, given as (key, text)."""
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.deleteLater()
        self.chips = []
        for key, text in named:
            chip = Chip(text, closable=True)
            chip.closed.connect(lambda key=key: self.closed.emit(key))
            self._flow.addWidget(chip)
            chip.show()
            self.chips.append(chip)
        self.setVisible(bool(self.chips))
        self.updateGeometry()
