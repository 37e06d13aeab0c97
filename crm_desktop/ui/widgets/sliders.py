"""A slider beside a box of numbers: one value, whichever of the two is moved."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSlider

from crm_desktop.ui.theme import theme

_PAGE = 5
"""Steps of Page Up and Page Down."""


class BoxSlider(QSlider):
    """Reaches over what is usual of a box's range in whole steps; a number beyond stays in the box, and the
    slider at its end."""

    def __init__(self, box: QDoubleSpinBox, least: int, most: int) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._box = box
        self.setRange(least, most)
        self.setPageStep(_PAGE)
        self.setMinimumWidth(theme().px(96))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._follow(box.value())
        self.valueChanged.connect(lambda value: box.setValue(float(value)))
        box.valueChanged.connect(self._follow)

    def follow(self) -> None:
        """Show what the box holds, where nobody was told that it changed."""
        self._follow(self._box.value())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page, which is scrolled over it."""
        event.ignore()

    def _follow(self, value: float) -> None:
        with QSignalBlocker(self):
            self.setValue(round(value))
