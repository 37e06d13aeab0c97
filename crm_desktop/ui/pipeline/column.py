"""One stage of the board: its head with count, sum and chance, its cards, and a place to drop others."""

from __future__ import annotations

import datetime

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.services.deals import Card, Column
from crm_desktop.ui.format import figure, percent
from crm_desktop.ui.pipeline import words
from crm_desktop.ui.pipeline.card_list import BAR, EDGE, GAP, MIME, CardList
from crm_desktop.ui.pipeline.card_paint import Look, card_height
from crm_desktop.ui.pipeline.cards import CardModel
from crm_desktop.ui.record_words import counted
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, RADII
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEAST_WIDTH = 176
_REST = 28
_ALL_THE_ROOM = 10_000


class StageColumn(Live, QWidget):
    """A column. While a card is dragged over it, it shows where that card would come to stand."""

    dropped = Signal(str)
    """The id of the deal let go over this column."""
    hovered = Signal(object)
    """(place, count) of a card held here, from 1; 0 for far below. None when it left or is home."""
    more_wanted = Signal(str, object)
    """(stage id, last `Card`): the cards after it are needed."""
    new_asked = Signal(str)
    """A deal is to be made in this stage."""

    def __init__(self, column: Column, currency: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column, self._currency = column, currency
        self._asked_after: str | None = None
        self._over = False
        self._snapped = False
        self._by_owner = False
        self._scrolled = 0
        self.carried: Card | None = None
        """The card that is dragged, from whichever column."""
        self.head = _Head(self)
        self.model = CardModel(self)
        self.list = CardList(self.model, self)
        self.rest = Label(step="caption", color="text-soft")
        self.hint = _EmptyHint(self)
        self.hint.clicked.connect(lambda: self.new_asked.emit(self.column.stage.id))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.hint)
        layout.addWidget(self.list, _ALL_THE_ROOM)
        layout.addWidget(self.rest)
        layout.addStretch(1)  # what whole cards leave free, or all of it without cards
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.list.end_near.connect(self._on_end_near)
        self.list.verticalScrollBar().valueChanged.connect(lambda _value: self._say_rest())
        self.list.verticalScrollBar().rangeChanged.connect(lambda *_: self._say_rest())
        self.retint()

    def show_column(self, column: Column, currency: str, *, by_owner: bool) -> None:
        """Show a stage as it is now; scroll position and current card stay where they can."""
        current = self.list.current_card()
        row = self.list.currentIndex().row()
        scrolled = self.list.verticalScrollBar().value()
        self.column, self._currency = column, currency
        self._asked_after = None
        self.list.look = Look(
            currency=currency,
            age_limit_days=column.stage.age_limit_days,
            now=datetime.datetime.now().astimezone(),
        )
        self._by_owner = by_owner
        self.list.setUniformItemSizes(not by_owner)  # heads are lower than cards
        self._fit()
        self.model.show_cards(column.cards, currency, by_owner=by_owner)
        self.list.doItemsLayout()
        self.list.verticalScrollBar().setValue(scrolled)
        if current is not None:
            place = self.model.row_of(current.id)
            blocked = self.list.verticalScrollBar().value()
            if self.list.choose(row if place is None else place):
                self.list.verticalScrollBar().setValue(blocked)
        self.list.look_ahead()
        self.retranslate()

    def add_cards(self, cards: tuple[Card, ...]) -> None:
        """Append the cards that follow."""
        self._asked_after = None if cards else self._asked_after
        self.model.add_cards(cards)
        self._say_rest()

    @property
    def stage_id(self) -> str:
        """The stage's id."""
        return self.column.stage.id

    def set_carried(self, card: Card | None) -> None:
        """Get ready for a card that is dragged, or be done with it."""
        self.carried = card
        self.list.carried = card.id if card else None
        self.list.viewport().update()
        if card is None:
            self.let_go()

    def hold_over(self) -> None:
        """Show where the card carried would come to stand."""
        if self.carried is None:
            return
        self._over = True
        self.head.update()
        if self.carried.stage_id == self.stage_id:
            self.hovered.emit(None)
            return
        bar = self.list.verticalScrollBar()
        self._scrolled = bar.value()
        self.hint.hide()
        self.list.show()
        place = self.model.show_gap(self.carried)
        self.list.scrollTo(self.model.index(self.model.gap_row, 0))
        unread = self.column.total.count > len(self.model.cards)
        known = place if place <= len(self.model.cards) or not unread else 0
        self.hovered.emit((known, self.column.total.count + 1))

    def let_go(self) -> None:
        """Show no longer where a card would stand."""
        if not self._over:
            return
        self._over = False
        if self.model.gap_row >= 0:
            self.model.show_gap(None)
            self.list.verticalScrollBar().setValue(self._scrolled)
        self._show_emptiness()
        self.head.update()
        self.hovered.emit(None)

    @property
    def is_over(self) -> bool:
        """Whether a card is held over this column."""
        return self._over

    def snap(self, snapped: bool) -> None:
        """Show whole cards only, even under heads, as while the strip of ends takes room at the foot."""
        self._snapped = snapped
        self._fit()

    def card_area(self, deal_id: str) -> QRect | None:
        """Return where a deal's card is on this widget; None where it is not in sight."""
        row = self.model.row_of(deal_id)
        if row is None:
            return None
        area = self.list.row_area(row)
        return area.translated(self.list.viewport().mapTo(self, QPoint(0, 0)))

    def retranslate(self) -> None:
        """Say stage, count and sums in the language on screen."""
        total = self.column.total
        self.setAccessibleName(
            tr(
                "{stage}: {deals}, {amount}, weighted {weighted}",
                stage=self.column.stage.name,
                deals=show(counted("deal", total.count)),
                amount=words.sum_words(total.amount_minor, self._currency),
                weighted=words.sum_words(total.weighted_minor, self._currency),
            )
        )
        if self.column.stage.retired:
            self.setAccessibleName(tr("{stage}. Retired: move its deals", stage=self.accessibleName()))
        self.list.setAccessibleName(self.accessibleName())
        self._show_emptiness()
        self._say_rest()
        self.head.updateGeometry()
        self.head.update()
        self.list.viewport().update()

    def retint(self) -> None:
        """Take the measures of the theme."""
        self.rest.setContentsMargins(theme().px(EDGE + 2), 0, 0, 0)
        self.rest.setFixedHeight(theme().px(_REST))
        self.list.doItemsLayout()
        self.head.updateGeometry()
        self._fit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take deals only."""
        if event.mimeData().hasFormat(MIME) and self.carried is not None:
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()
            self.hold_over()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Scroll near the edges; the gap stays where the card belongs."""
        if self.carried is None:
            return
        event.setDropAction(Qt.DropAction.MoveAction)
        event.accept()
        self._scroll_at(event.position().toPoint().y())

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Close the gap."""
        self.let_go()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell of the card let go here."""
        if not event.mimeData().hasFormat(MIME):
            return
        event.setDropAction(Qt.DropAction.MoveAction)
        event.accept()
        self.let_go()
        self.dropped.emit(bytes(event.mimeData().data(MIME).data()).decode("ascii"))

    def resizeEvent(self, event: object) -> None:
        """Lay the cards out anew."""
        super().resizeEvent(event)
        self._fit()
        self._say_rest()

    def _fit(self) -> None:
        pitch = card_height() + theme().px(GAP)
        room = self.height() - self.head.height() - self.rest.height()
        whole = self._snapped or not self._by_owner
        most = max(room // pitch, 1) * pitch if whole else 16777215
        self.list.setMaximumHeight(most)

    def _scroll_at(self, y: int) -> None:
        bar = self.list.verticalScrollBar()
        top, bottom = self.list.geometry().top(), self.list.geometry().bottom()
        near = theme().px(32)
        if y > bottom - near:
            bar.setValue(bar.value() + theme().px(12))
        elif y < top + near:
            bar.setValue(bar.value() - theme().px(12))

    def _show_emptiness(self) -> None:
        empty = self.column.total.count == 0 and self.model.rowCount() == 0
        self.hint.setVisible(empty)
        self.list.setVisible(not empty)

    def _say_rest(self) -> None:
        unread = self.column.total.count - len(self.model.cards)
        rest = max(unread, 0) + self.list.hidden_below()
        self.rest.say(message("and {count} more", count=figure(rest)) if rest > 0 else "")

    def _on_end_near(self) -> None:
        cards = self.model.cards
        if not cards or len(cards) >= self.column.total.count or self._asked_after == cards[-1].id:
            return
        self._asked_after = cards[-1].id
        self.more_wanted.emit(self.stage_id, cards[-1])


class _Head(QWidget):
    """Stage and count over the sum at the left; chance over the weighted sum at the right; a foot line."""

    def __init__(self, column: StageColumn) -> None:
        super().__init__(column)
        self._column = column
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Give both sums room side by side."""
        amount, weighted = self._sums()
        words_width = QFontMetrics(theme().font("body")).horizontalAdvance(amount)
        words_width += QFontMetrics(theme().font("caption")).horizontalAdvance(weighted)
        around = theme().px(EDGE) + theme().px(BAR) + theme().px(4) * 2 + theme().px(10)
        least = theme().px(_LEAST_WIDTH)
        return QSize(max(words_width + around, least), theme().size("kanban-column-header"))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _sums(self) -> tuple[str, str]:
        total, currency = self._column.column.total, self._column._currency
        amount = words.sum_words(total.amount_minor, currency)
        return amount, tr("weighted {amount}", amount=words.sum_words(total.weighted_minor, currency))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        column = self._column.column
        area = self.rect().adjusted(theme().px(EDGE), 0, -theme().px(BAR), 0)
        line = LINES["focus"]
        accent = self._column.is_over
        foot = QRect(area.left(), area.bottom() + 1 - line, area.width(), line)
        painter.fillRect(foot, theme().color("accent" if accent else "line"))
        inner = area.adjusted(theme().px(4), 0, -theme().px(4), 0)
        upper = QRect(inner.left(), theme().px(6), inner.width(), theme().px(20))
        lower = QRect(inner.left(), theme().px(25), inner.width(), theme().px(20))
        caption, body, bold = theme().font("caption"), theme().font("body"), theme().font("body", 600)
        retired = column.stage.retired
        chance = tr("Retired") if retired else percent(column.stage.probability)
        paint.words(painter, chance, caption, "warn" if retired else "text-soft", upper, _RIGHT)
        count = figure(column.total.count)
        used = QFontMetrics(caption).horizontalAdvance(chance) + theme().px(8)
        counted = QFontMetrics(body).horizontalAdvance(count) + theme().px(8)
        name = upper.adjusted(0, 0, -used - counted, 0)
        paint.words(painter, column.stage.name, bold, "text", name)
        x = name.left() + min(QFontMetrics(bold).horizontalAdvance(column.stage.name), name.width())
        rest = QRect(x + theme().px(8), upper.top(), counted, upper.height())
        paint.words(painter, count, body, "text-soft", rest)
        amount, weighted = self._sums()
        taken = QFontMetrics(body).horizontalAdvance(amount) + theme().px(8)
        paint.words(painter, amount, body, "text", lower)
        paint.words(painter, weighted, caption, "text-soft", lower.adjusted(taken, 0, 0, 0), _RIGHT)
        painter.end()


class _EmptyHint(Live, QWidget):
    """The dashed box of a column without cards."""

    clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # N makes a deal from any card of the board
        self.retranslate()

    def retranslate(self) -> None:
        self.setAccessibleName(tr("Drop a deal here or press N"))
        self.update()

    def retint(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(120), theme().px(64 + GAP))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().adjusted(theme().px(EDGE), theme().px(GAP), -theme().px(BAR), 0)
        pen = QPen(theme().color("line-strong"), 1, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.drawRoundedRect(area.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), RADII["card"], RADII["card"])
        middle = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        painter.setFont(theme().font("caption"))
        painter.setPen(theme().color("text-soft"))
        inner = area.adjusted(theme().px(8), 0, -theme().px(8), 0)
        painter.drawText(inner, middle, self.accessibleName())
        painter.end()
