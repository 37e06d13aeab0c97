"""Margins of a layout that grow with the person's text, and the room that is left beside a widget."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QHBoxLayout, QLayout, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import SIZES

PAGE_MARGIN = SIZES["page-margin"]
"""px before the font scale, between a page's edge and what stands in it."""


class _Kept(QObject):
    """The margins of one layout; goes with it."""

    def __init__(self, layout: QLayout, margins: tuple[float, float, float, float]) -> None:
        super().__init__(layout)
        self._layout, self._margins = layout, margins
        self._apply()
        theme().changed.connect(self._apply)

    def _apply(self) -> None:
        left, top, right, bottom = (theme().px(length) for length in self._margins)
        self._layout.setContentsMargins(left, top, right, bottom)


def keep_margins(layout: QLayout, left: float, top: float, right: float, bottom: float) -> None:
    """Give a layout its margins, in px before the font scale, at the present one and at every other."""
    _Kept(layout, (left, top, right, bottom))


def at_the_left(widget: QWidget) -> QHBoxLayout:
    """Return a row for a widget that grows to a bound; alone it would stand in the middle of what is left."""
    row = QHBoxLayout()
    row.addWidget(widget, 1)
    row.addStretch(0)
    return row
