"""The cards of a column on screen: painted, walked by the arrow keys, dragged away."""

from __future__ import annotations

import datetime

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QDrag, QEnterEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from crm_desktop.services.deals import Card
from crm_desktop.ui.pipeline.card_paint import Look, card_height, drag_picture, paint_card
from crm_desktop.ui.pipeline.cards import CardModel, CardRole, Gap, OwnerHead
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, RADII
from crm_desktop.ui.widgets import paint

MIME = "application/x-satchel-deal"
GAP = 8
"""Between two cards; the first one stands so far below the head."""
EDGE = 4
"""Room at the left of the cards for the dot of the drop marker."""
BAR = 8
"""Width of the scroll bar, at the right of the cards."""
_DOT = 8
_HEAD = 28
_NEAR_THE_END = 3  # screens of cards left below when the next ones are asked for

_SHEET = (
    f"QListView {{ background: transparent }} QScrollBar:vertical {{ width: {BAR}px; margin-top: {GAP}px }}"
    ' QScrollBar[quiet="true"]::handle:vertical { background: transparent }'
)

Index = QModelIndex | QPersistentModelIndex


class CardList(QListView):
    """A column's cards. Tells what a person does with them and does none of it."""

    opened = Signal(object)
    """The `Card` to open: Enter or a double click."""
    drag_began = Signal(object)
    """The `Card` carried away."""
    drag_ended = Signal()
    side_asked = Signal(int)
    """-1 or 1: the arrow keys leave for the column at the left or right."""
    end_near = Signal()
    """The next cards are needed soon."""
    current_changed = Signal(object)
    """The current `Card`, or None."""

    def __init__(self, model: CardModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = model
        self.look = Look(currency="", age_limit_days=None, now=datetime.datetime.now().astimezone())
        self.carried: str | None = None
        """Id of the deal that is dragged, from whichever column."""
        self._delegate = _CardDelegate(self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setDragEnabled(True)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)  # the column as a whole is the target
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().setProperty("quiet", "true")
        self.setStyleSheet(_SHEET)
        self.doubleClicked.connect(self._on_double_clicked)
        self.verticalScrollBar().valueChanged.connect(self.look_ahead)
        self.verticalScrollBar().rangeChanged.connect(lambda *_: self.look_ahead())
        self.selectionModel().currentChanged.connect(lambda *_: self._on_current_changed())

    def card_width(self) -> int:
        """Return the width of a card; the scroll bar has its own room beside it."""
        return max(self.width() - theme().px(EDGE) - theme().px(BAR), 1)

    def current_card(self) -> Card | None:
        """Return the card with the focus."""
        return self.cards.card_at(self.currentIndex().row())

    def choose(self, row: int) -> bool:
        """Make the card in a row, or the nearest one, the current one; False where there is none."""
        last = self.cards.rowCount() - 1
        row = max(0, min(row, last))
        for away in range(last + 1):
            for place in (row - away, row + away):
                if 0 <= place <= last and self.cards.card_at(place) is not None:
                    index = self.cards.index(place, 0)
                    self.setCurrentIndex(index)
                    if place > 0 and self.cards.card_at(place - 1) is None:
                        self.scrollTo(self.cards.index(place - 1, 0))  # with the head above it
                    if place > 1:
                        self.scrollTo(index)
                    else:
                        self.scrollToTop()
                    return True
        return False

    def choose_deal(self, deal_id: str) -> bool:
        """Make a deal's card the current one; False where it is not here."""
        row = self.cards.row_of(deal_id)
        return row is not None and self.choose(row)

    def row_area(self, row: int) -> QRect:
        """Return the card's place in the viewport."""
        return self._delegate.card_area(self.visualRect(self.cards.index(row, 0)))

    def hidden_below(self) -> int:
        """Return how many of the cards read so far lie wholly below what is in sight."""
        edge = self.viewport().height()
        lowest = self.indexAt(QPoint(theme().px(EDGE), edge - 1))
        if not lowest.isValid():
            return 0
        below = self.cards.cards_below(lowest.row())
        half_seen = self.row_area(lowest.row()).center().y() <= edge
        return below + (self.cards.card_at(lowest.row()) is not None and not half_seen)

    def look_ahead(self) -> None:
        """Ask for the next cards where few are left below: of cards laid out, as before that none are."""
        bar = self.verticalScrollBar()
        if bar.maximum() - bar.value() < _NEAR_THE_END * max(self.viewport().height(), 1):
            self.end_near.emit()

    def startDrag(self, _actions: Qt.DropAction) -> None:
        """Carry the current card away until it is dropped or let go."""
        card = self.current_card()
        if card is None:
            return
        content = QMimeData()
        content.setData(MIME, card.id.encode("ascii"))
        drag = QDrag(self)
        drag.setMimeData(content)
        picture, origin = drag_picture(card, self.look, self.card_width(), self.devicePixelRatioF())
        drag.setPixmap(picture)
        corner = self.viewport().mapToGlobal(self.row_area(self.currentIndex().row()).topLeft())
        drag.setHotSpot(origin + (self.cursor().pos() - corner))
        self.drag_began.emit(card)
        drag.exec(Qt.DropAction.MoveAction)
        self.drag_ended.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk cards and columns by the arrows, open by Enter."""
        key, plain = event.key(), not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.side_asked.emit(-1 if key == Qt.Key.Key_Left else 1)
        elif plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            card = self.current_card()
            if card is not None:
                self.opened.emit(card)
        elif key == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: letters are keys here."""

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the scroll bar; keys and wheel do without it."""
        super().enterEvent(event)
        self._quieten_bar("false")

    def leaveEvent(self, event: QEvent) -> None:
        """Leave the cards to themselves."""
        super().leaveEvent(event)
        self._quieten_bar("true")

    def _quieten_bar(self, quiet: str) -> None:
        bar = self.verticalScrollBar()
        bar.setProperty("quiet", quiet)
        bar.style().unpolish(bar)
        bar.style().polish(bar)

    def focusInEvent(self, event: QEvent) -> None:
        """Stand on a card."""
        super().focusInEvent(event)
        if self.current_card() is None:
            self.choose(0)
        self._on_current_changed()
        self.viewport().update()

    def focusOutEvent(self, event: QEvent) -> None:
        """Take the frame away."""
        super().focusOutEvent(event)
        self.viewport().update()

    def _on_double_clicked(self, index: Index) -> None:
        card = self.cards.card_at(index.row())
        if card is not None:
            self.opened.emit(card)

    def _on_current_changed(self) -> None:
        if self.hasFocus():
            self.current_changed.emit(self.current_card())


class _CardDelegate(QStyledItemDelegate):
    """Paints cards, heads and the gap."""

    def __init__(self, view: CardList) -> None:
        super().__init__(view)
        self._view = view

    def card_area(self, area: QRect) -> QRect:
        """Return the place of the card within its row."""
        top = area.top() + theme().px(GAP)
        return QRect(area.left() + theme().px(EDGE), top, self._view.card_width(), area.bottom() + 1 - top)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give a card its height and the room above it."""
        head = self._view.cards.is_head(index.row())
        height = theme().px(_HEAD) if head else card_height() + theme().px(GAP)
        return QSize(theme().px(EDGE) + 1, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint what stands in the row."""
        row = index.data(CardRole.ROW)
        full: QRect = option.rect
        area = self.card_area(QRect(0, full.top(), self._view.viewport().width(), full.height()))
        if isinstance(row, Card):
            paint_card(
                painter,
                area,
                row,
                self._view.look,
                hovered=bool(option.state & option.state.State_MouseOver) and self._view.carried is None,
                focused=self._view.hasFocus() and index == self._view.currentIndex(),
                faded=row.id == self._view.carried,
            )
        elif isinstance(row, OwnerHead):
            text = area.adjusted(0, 0, 0, theme().px(2))
            paint.words(painter, row.name, theme().font("caption", 600), "text-soft", text)
        elif isinstance(row, Gap):
            self._paint_gap(painter, area)

    def _paint_gap(self, painter: QPainter, area: QRect) -> None:
        paint.rounded(painter, area, theme().color("accent-soft"), None, RADII["card"])
        middle = area.top() - theme().px(GAP) // 2
        thick = LINES["focus"]
        accent = theme().color("accent")
        painter.fillRect(QRect(area.left(), middle - thick // 2, area.width(), thick), accent)
        dot = QRect(area.left() - _DOT // 2, middle - _DOT // 2, _DOT, _DOT)
        paint.rounded(painter, dot, accent, None, _DOT / 2)
