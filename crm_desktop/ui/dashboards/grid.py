"""The tiles of a dashboard in twelve columns, put in another order by dragging them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from crm_core.rules.dashboards import COLUMNS, Tile, laid_out
from crm_desktop.ui.dashboards.tile_card import TileCard, moved_in
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.widgets.live import Live

NARROW = 860
"""Narrower than this, before the font scale, tiles stand two in a row at most."""
_FEW = 6


class TileGrid(Live, QWidget):
    """Holds the cards; `dropped` says which tile goes in front of which ('' for the end)."""

    dropped = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: dict[str, TileCard] = {}
        self._order: tuple[Tile, ...] = ()
        self._columns = 0
        self._before: str | None = None
        self.setAcceptDrops(True)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(L)

    def show_cards(self, cards: Sequence[TileCard]) -> None:
        """Show these cards in this order; those left out are gone for good."""
        kept = {card.tile.id: card for card in cards}
        for key, card in self.cards.items():
            if kept.get(key) is not card:
                self._grid.removeWidget(card)
                card.hide()
                card.deleteLater()
        self.cards = kept
        self._order = tuple(card.tile for card in cards)
        self._columns = 0
        self.arrange(self.width())

    def arrange(self, width: int) -> None:
        """Lay the cards out for a width."""
        columns = COLUMNS if width >= theme().px(NARROW) else _FEW
        if columns == self._columns:
            return
        self._columns = columns
        while self._grid.count():
            self._grid.takeAt(0)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        last = 0
        before: QWidget | None = None
        for placed in laid_out(self._order, columns):
            card = self.cards[placed.tile.id]
            self._grid.addWidget(card, placed.row, placed.column, 1, placed.span)
            card.show()
            if before is not None:
                QWidget.setTabOrder(before, card)
            before, last = card, placed.row
        self._grid.setRowStretch(last + 1, 1)

    def retint(self) -> None:
        """Arrange anew at the person's font scale."""
        self._columns = 0
        self.arrange(self.width())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take tiles of this dashboard."""
        if moved_in(event.mimeData()) in self.cards:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the tile would go."""
        self._mark(self._place_of(event.position().toPoint()))
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show it nowhere."""
        self._mark(None)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Put the tile there."""
        tile_id, before = moved_in(event.mimeData()), self._place_of(event.position().toPoint())
        self._mark(None)
        if tile_id in self.cards:
            event.acceptProposedAction()
            self.dropped.emit(tile_id, before)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line in front of which the tile would come."""
        super().paintEvent(event)
        if self._before is None:
            return
        painter = QPainter(self)
        painter.fillRect(self._line(self._before), theme().color("accent"))
        painter.end()

    def _place_of(self, point: QPoint) -> str:
        """Return the id of the tile in front of which one dropped at a point comes; '' for the end."""
        for tile in self._order:
            area = self.cards[tile.id].geometry()
            if point.y() < area.top() or (point.y() <= area.bottom() and point.x() < area.center().x()):
                return tile.id
        return ""

    def _line(self, before: str) -> QRect:
        if before:
            area = self.cards[before].geometry()
            return QRect(max(area.left() - L // 2 - 1, 0), area.top(), 2, area.height())
        area = self.cards[self._order[-1].id].geometry()
        return QRect(min(area.right() + L // 2, self.width() - 2), area.top(), 2, area.height())

    def _mark(self, before: str | None) -> None:
        if before != self._before:
            self._before = before
            self.update()
