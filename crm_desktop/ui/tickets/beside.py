"""A form with what helps to fill it in beside it, or below it where there is little room; scrolled."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, at_the_left, keep_margins
from crm_desktop.ui.widgets.scrolling import scrolled

_FORM, _APART, _HELP = 560, 32, 240
"""px before the font scale: the form at most, the gap, and the least there must be beside it."""


class _Beside(QObject):
    """Keeps the two in their places; goes with the page."""

    def __init__(self, area: QScrollArea, columns: QBoxLayout, form: QWidget) -> None:
        super().__init__(area)
        self._area, self._columns, self._form = area, columns, form
        area.installEventFilter(self)
        theme().changed.connect(self._arrange)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the room again where there is another."""
        if watched is self._area and event.type() == QEvent.Type.Resize:
            self._arrange()
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        wide = self._area.width() >= theme().px(_FORM + _APART + _HELP + 2 * PAGE_MARGIN)
        ways = QBoxLayout.Direction
        self._columns.setDirection(ways.LeftToRight if wide else ways.TopToBottom)
        self._columns.setSpacing(theme().px(_APART))
        self._form.setMaximumWidth(theme().px(_FORM))
        self._form.setMinimumWidth(theme().px(_FORM) if wide else 0)


def show_beside(page: QWidget, form: QWidget, help_: QWidget) -> QScrollArea:
    """Fill a page with a form and, beside or below it, what helps; return the area both are scrolled in."""
    both = QWidget()
    columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, both)
    keep_margins(columns, PAGE_MARGIN, 16, PAGE_MARGIN, PAGE_MARGIN)
    for part, share in ((at_the_left(form), 0), (at_the_left(help_), 1)):
        column = QVBoxLayout()
        column.addLayout(part)
        column.addStretch(1)
        columns.addLayout(column, share)
    area = scrolled(both)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    for ground in (both, area.viewport()):
        ground.setAutoFillBackground(False)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(area)
    _Beside(area, columns, form)
    return area
