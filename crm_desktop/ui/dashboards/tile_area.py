"""Tiles that are scrolled, with the same margin at both sides whether there is a bar or not."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.ui.dashboards.grid import TileGrid
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.widgets.live import Live


class TileArea(Live, QScrollArea):
    """Scrolls a grid of tiles."""

    def __init__(self, grid: TileGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inner = QWidget()
        self._body = QVBoxLayout(inner)
        self._body.addWidget(grid, 1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inner)
        self.verticalScrollBar().rangeChanged.connect(lambda *_: self.retint())
        self.retint()

    def retint(self) -> None:
        """Take the measures of the theme."""
        margin, bar = theme().px(XL), self.verticalScrollBar()
        taken = bar.sizeHint().width() if bar.maximum() > 0 else 0
        self._body.setContentsMargins(margin, 0, max(margin - taken, 0), theme().px(20))
