"""The board: a column for each open stage, the strip of ends while a card is carried."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.services.deals import Board, Card
from crm_desktop.ui.pipeline.card_list import BAR, EDGE
from crm_desktop.ui.pipeline.column import StageColumn
from crm_desktop.ui.pipeline.strip import LOST, WON, EndStrip
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.live import Live


class BoardView(Live, QWidget):
    """Columns of cards. Tells what a person wants done with a card and does none of it."""

    move_asked = Signal(object, str)
    """(`Card`, stage id): dropped on a column or an end."""
    opened = Signal(object)
    """The `Card` to open."""
    more_wanted = Signal(str, object)
    """(stage id, last `Card`)."""
    new_asked = Signal(str)
    """The stage id a deal is to be made in."""
    held = Signal(object, object, int, int)
    """(`Card`, `StageRow`, place, count) while a card is held over a column; stage None elsewhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns: list[StageColumn] = []
        self.board: Board | None = None
        self.strip = EndStrip()
        self.strip.hide()
        self.strip.dropped.connect(self._on_ended)
        self._carried: Card | None = None
        self._inner = QWidget()
        self._row = QHBoxLayout(self._inner)
        self._row.setSpacing(0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._inner)
        self._area.viewport().setAutoFillBackground(False)
        self._inner.setAutoFillBackground(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._area, 1)
        self._foot = QHBoxLayout()
        self._foot.addWidget(self.strip)
        column.addLayout(self._foot)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.retranslate()
        self.retint()

    def show_board(self, board: Board, *, by_owner: bool) -> None:
        """Show a pipeline as it is now; scroll positions and the current card stay where they can."""
        self.board = board
        if [column.stage_id for column in self.columns] != [column.stage.id for column in board.columns]:
            self._make_columns(board)
        for shown, column in zip(self.columns, board.columns, strict=True):
            shown.show_column(column, board.currency, by_owner=by_owner)

    def column_of(self, stage_id: str) -> StageColumn | None:
        """Return the column of a stage; None for one that is not on the board."""
        return next((column for column in self.columns if column.stage_id == stage_id), None)

    def current_column(self) -> StageColumn | None:
        """Return the column with the focus; else the first with a current card."""
        focused = next((column for column in self.columns if column.list.hasFocus()), None)
        return focused or next((c for c in self.columns if c.list.current_card() is not None), None)

    def current_card(self) -> Card | None:
        """Return the card with the focus."""
        column = self.current_column()
        return column.list.current_card() if column else None

    def card(self, deal_id: str) -> Card | None:
        """Return a deal's card; None where it is not on the board."""
        for column in self.columns:
            row = column.model.row_of(deal_id)
            if row is not None:
                return column.model.card_at(row)
        return None

    def beside(self, stage_id: str, by: int) -> str | None:
        """Return the id of the stage so many columns to the right; None past the ends."""
        ids = [column.stage_id for column in self.columns]
        place = ids.index(stage_id) + by if stage_id in ids else -1
        return ids[place] if 0 <= place < len(ids) else None

    def focus_cards(self) -> None:
        """Give a card the focus; the board itself where there is none."""
        column = self.current_column() or next((c for c in self.columns if c.model.cards), None)
        (column.list if column else self).setFocus(Qt.FocusReason.OtherFocusReason)

    def choose_deal(self, deal_id: str) -> bool:
        """Give a deal's card the focus; False where it is not on the board."""
        for column in self.columns:
            if column.list.choose_deal(deal_id):
                column.list.setFocus(Qt.FocusReason.OtherFocusReason)
                self._area.ensureWidgetVisible(column, 0, 0)
                return True
        return False

    def put(self, card: Card, moved: Card) -> None:
        """Show a move before it is written: the card leaves its column for that of `moved`."""
        for column in self.columns:
            if column.model.row_of(card.id) is not None:
                column.model.take(card)
        target = self.column_of(moved.stage_id)
        if target is not None:
            target.list.show()
            target.hint.hide()
            target.model.put(moved)

    def card_area(self, deal_id: str) -> QRect | None:
        """Return where a deal's card is on this widget."""
        for column in self.columns:
            area = column.card_area(deal_id)
            if area is not None:
                return area.translated(column.mapTo(self, QPoint(0, 0)))
        return None

    @property
    def carried(self) -> Card | None:
        """The card that is dragged."""
        return self._carried

    def begin_drag(self, card: Card) -> None:
        """Get ready for a card that is carried."""
        self._carried = card
        for column in self.columns:
            column.set_carried(card)
            column.snap(True)
        self.strip.show()

    def end_drag(self) -> None:
        """Be as before the card was carried."""
        self._carried = None
        self.strip.hide()
        for column in self.columns:
            column.set_carried(None)
            column.snap(False)
        self.held.emit(None, None, 0, 0)

    def retranslate(self) -> None:
        """Name the board in the language on screen."""
        self.setAccessibleName(tr("Board"))

    def retint(self) -> None:
        """Take the measures of the theme."""
        margin = theme().px(XL)
        self._row.setContentsMargins(margin - theme().px(EDGE), theme().px(M), margin - theme().px(BAR), 0)
        self._foot.setContentsMargins(margin, 0, margin, theme().px(M))

    def _make_columns(self, board: Board) -> None:
        for old in self.columns:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.columns = [StageColumn(column, board.currency) for column in board.columns]
        for column in self.columns:
            self._row.addWidget(column, 1)
            column.list.opened.connect(self.opened)
            column.list.drag_began.connect(self.begin_drag)
            column.list.drag_ended.connect(self.end_drag)
            column.list.side_asked.connect(self._on_side_asked)
            column.dropped.connect(lambda deal_id, target=column: self._on_dropped(deal_id, target))
            column.hovered.connect(lambda where, target=column: self._on_hovered(where, target))
            column.more_wanted.connect(self.more_wanted)
            column.new_asked.connect(self.new_asked)
        self._order_tabs(self.columns)

    def _order_tabs(self, columns: Sequence[StageColumn]) -> None:
        for left, right in pairwise(columns):
            QWidget.setTabOrder(left.list, right.list)

    def _on_side_asked(self, by: int) -> None:
        column = self.current_column()
        if column is None:
            return
        row = column.list.currentIndex().row()
        place = self.columns.index(column) + by
        while 0 <= place < len(self.columns):
            target = self.columns[place]
            if target.list.choose(row):
                target.list.setFocus(Qt.FocusReason.OtherFocusReason)
                self._area.ensureWidgetVisible(target, 0, 0)
                return
            place += by

    def _on_dropped(self, deal_id: str, target: StageColumn) -> None:
        card = self.card(deal_id)
        if card is not None and card.stage_id != target.stage_id:
            self.move_asked.emit(card, target.stage_id)

    def _on_ended(self, deal_id: str, kind: str) -> None:
        card = self.card(deal_id)
        ends = {WON: self.board.won, LOST: self.board.lost} if self.board else {}
        stage = ends.get(kind)
        if card is not None and stage is not None:
            self.move_asked.emit(card, stage.id)

    def _on_hovered(self, where: tuple[int, int] | None, target: StageColumn) -> None:
        if self._carried is None:
            return
        if where is None:
            self.held.emit(self._carried, None, 0, 0)
        else:
            self.held.emit(self._carried, target.column.stage, *where)
