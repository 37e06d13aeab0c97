"""The layout of pages with a head over a list of what there is and, beside it, what is in front."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

HEADER = 52


class ListedPage(Page):
    """Subclasses make the widgets and call `lay_out`; hairlines part head, list and what is beside it."""

    list_width = 300
    list_gap = 6
    header: QWidget
    listed: QListWidget

    def lay_out(
        self, before: Sequence[QWidget], after: Sequence[QWidget], listed: QListWidget, front: QWidget
    ) -> None:
        """Put `before` at the left of the head and `after` at its right, `front` beside the list."""
        self.header, self.listed = QWidget(), listed
        head = QHBoxLayout(self.header)
        keep_margins(head, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        head.setSpacing(M)
        for widget in before:
            head.addWidget(widget)
        head.addStretch(1)
        for widget in after:
            head.addWidget(widget)
        below = QHBoxLayout()
        below.setSpacing(1)
        below.addWidget(listed)
        below.addWidget(front, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(self.header)
        column.addLayout(below, 1)
        listed.setFrameShape(QListWidget.Shape.NoFrame)
        listed.setWordWrap(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairlines under the head and beside the list."""
        painter = QPainter(self)
        line, head = theme().color("line"), theme().px(HEADER)
        painter.fillRect(QRect(0, head, self.width(), 1), line)
        if self.listed.isVisible():
            painter.fillRect(QRect(self.listed.width(), head, 1, self.height()), line)
        painter.end()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self.header.setFixedHeight(theme().px(HEADER))
        self.listed.setFixedWidth(theme().px(self.list_width))
        self.listed.setSpacing(theme().px(self.list_gap))
        self.update()
