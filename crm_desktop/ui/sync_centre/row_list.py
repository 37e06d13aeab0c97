"""Rows in a card that keep their place while they are shown anew, or one line that says there are none."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.live import Live


class RowList(Live, QWidget):
    """Rows from top to bottom; `head` stands over them and goes with them."""

    def __init__(self, empty: EmptyState, head: QWidget | None = None) -> None:
        super().__init__()
        self._empty = empty
        self._card = Card(flush=True)
        self._card.body.setContentsMargins(1, 1, 1, 1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        margin = theme().px(XL)
        column.setContentsMargins(margin, theme().px(16), margin, margin)
        column.setSpacing(theme().px(12))
        if head is not None:
            column.addWidget(head)
        column.addWidget(self._card)
        column.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(inner)
        self._area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._area)
        whole.addWidget(empty)

    @property
    def rows(self) -> list[QWidget]:
        """The rows, from top to bottom."""
        body = self._card.body
        return [body.itemAt(place).widget() for place in range(body.count())]

    def show_rows(self, rows: Sequence[QWidget]) -> None:
        """Show other rows; the place that had the focus has it still."""
        body = self._card.body
        focused = next((n for n, row in enumerate(self.rows) if _holds_focus(row)), None)
        while body.count():
            widget = body.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        for row in rows:
            body.addWidget(row)
        self._area.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        if focused is not None and rows:
            rows[min(focused, len(rows) - 1)].setFocus()


def _holds_focus(row: QWidget) -> bool:
    focus = row.window().focusWidget()
    return focus is not None and (focus is row or row.isAncestorOf(focus))
