"""The line below the last: type a product's code, name or pinyin initials, or any text of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from crm_core.i18n import message
from crm_core.money import Money
from crm_desktop.services import picking
from crm_desktop.services.picking import ProductChoice
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure, money, near_moment, short_date
from crm_desktop.ui.quotes.lines import WIDTHS, Col
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.shadow import lift

PAUSE_MS = 60  # between a key and the search, so that quick typing asks once
MOST_FOUND = 8
_WIDTH = 580
_STOCK = 168
_ROW = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeText:
    """A line of one's own, without a product."""

    text: str


class EntryLine(Live, QWidget):
    """The input and its list. Enter takes, Esc cancels, Up goes back into the table."""

    product_taken = Signal(object)
    """A `ProductChoice`."""
    text_taken = Signal(str)
    left_upwards = Signal()
    answered = Signal(bool)
    """Enter (True) or Esc was pressed with nothing typed."""

    def __init__(self, context: Context, entity: str = "quote", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._entity = context, entity
        self._quote_id: str | None = None
        self._searched: str | None = None
        self._take_when_found = False
        self.number = Label("1", color="text-soft")
        self.input = _Input()
        self.hint = ElidedLabel(message("Code, name or pinyin initials"), color="text-soft", step="caption")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.popup = ProductPopup()
        self.popup.hide()
        self._row = QHBoxLayout(self)
        self._row.setSpacing(0)
        self._row.addWidget(self.number)
        self._row.addWidget(self.input)
        self._row.addWidget(self.hint, 1)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        self.input.textEdited.connect(self._on_text_edited)
        self.input.key_hook = self._on_key
        self.input.left.connect(self.close_popup)
        self.popup.taken.connect(self._take)
        self.destroyed.connect(self.popup.deleteLater)
        self.retranslate()
        self.retint()

    def show_quote(self, quote_id: str) -> None:
        """Say whose line is typed: its books say what products cost."""
        if quote_id != self._quote_id:
            self._quote_id = quote_id
            self.clear()

    def show_number(self, number: int) -> None:
        """Show which line the next one will be."""
        self.number.say(str(number))

    def say_purpose(self, words: Text) -> None:
        """Say what the next line will be, where it is not just another one."""
        self.hint.say(words or message("Code, name or pinyin initials"))

    def focus(self) -> None:
        """Begin typing."""
        self.input.setFocus()
        self.input.selectAll()

    def clear(self) -> None:
        """Forget what was typed."""
        self.input.clear()
        self._searched = None
        self._take_when_found = False
        self.close_popup()

    def close_popup(self) -> None:
        """Close the list."""
        self._pause.stop()
        self.popup.hide()

    def set_prices_as_of(self, ms: int | None) -> None:
        """Say under the list from when the prices are."""
        self.popup.set_prices_as_of(ms)

    def retranslate(self) -> None:
        """Name the input in the language on screen."""
        self.input.setAccessibleName(tr("New line"))
        self.input.setAccessibleDescription(tr("Code, name or pinyin initials"))

    def retint(self) -> None:
        """Stand under the columns of the table."""
        before = WIDTHS[Col.GRIP] + WIDTHS[Col.NO]
        self._row.setContentsMargins(theme().px(WIDTHS[Col.GRIP] + 8), 0, theme().px(24), 1)
        self.number.setFixedWidth(theme().px(before - WIDTHS[Col.GRIP] - 8))
        self.input.setFixedWidth(theme().px(260))
        self.setFixedHeight(theme().size("row") + 1)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it as a row of the table."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface"))
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme().color("line"))
        painter.end()

    def _on_text_edited(self, text: str) -> None:
        self._take_when_found = False
        if text.strip():
            self._pause.start()
        else:
            self._searched = None
            self.close_popup()

    def _on_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if self.popup.isVisible() and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.popup.step(1 if key == Qt.Key.Key_Down else -1)
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            return self._on_take_key(tab=key == Qt.Key.Key_Tab)
        if key == Qt.Key.Key_Escape and (self.input.text() or self.popup.isVisible()):
            self.clear()
            return True
        if key == Qt.Key.Key_Escape:
            self.answered.emit(False)  # and on to the window: with nothing to answer it means what it did
            return False
        if key == Qt.Key.Key_Up:
            self.left_upwards.emit()
            return True
        if key == Qt.Key.Key_Down:
            self._ask()
            return True
        return False

    def _on_take_key(self, *, tab: bool) -> bool:
        text = self.input.text().strip()
        if not text and not self.popup.isVisible():
            if not tab:
                self.answered.emit(True)
            return not tab
        if self._searched == self.input.text() and self.popup.isVisible():
            self._take(self.popup.current())
        else:
            # The list is not there yet: take its first as soon as it is.
            self._take_when_found = True
            self._ask()
        return True

    def _ask(self) -> None:
        self._pause.stop()
        text, replica, quote_id = self.input.text(), self._context.replica, self._quote_id

        def found(choices: tuple[ProductChoice, ...]) -> None:
            if text == self.input.text():
                self._on_found(text, choices)

        entity = self._entity
        self._context.tasks.read(
            self,
            lambda: picking.products(replica, text, MOST_FOUND, quote_id, entity),
            found,
            topic="products",
        )

    def _on_found(self, text: str, choices: tuple[ProductChoice, ...]) -> None:
        self._searched = text
        self.popup.show_choices(choices, text.strip())
        if self._take_when_found:
            self._take_when_found = False
            self._take(self.popup.current())
        elif self.input.hasFocus():
            self.popup.open_under(self.input)

    def _take(self, choice: ProductChoice | FreeText | None) -> None:
        if choice is None:
            return
        self.clear()
        if isinstance(choice, ProductChoice):
            self.product_taken.emit(choice)
        else:
            self.text_taken.emit(choice.text)


class _Input(QLineEdit):
    """A line whose keys are first offered to its owner."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.key_hook: Callable[[QKeyEvent], bool] | None = None

    def event(self, event: QEvent) -> bool:
        """Keep Tab and Esc from the focus chain and the window while the owner wants them."""
        if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Tab and self.text():
            self.keyPressEvent(event)
            return True
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape and self.text():
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask the owner first."""
        if self.key_hook is None or not self.key_hook(event):
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell that the person went elsewhere."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()


class ProductPopup(Live, QFrame):
    """What was found: code, name, unit, price; at the end the text itself as a line of one's own."""

    taken = Signal(object)
    """A `ProductChoice` or a `FreeText`."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "popup")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._as_of: int | None = None
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._delegate = _ChoiceDelegate(self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.itemClicked.connect(lambda item: self.taken.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.list.viewport().setAutoFillBackground(False)
        self._keys = Label(message("Enter takes · Esc cancels"), step="caption", color="text-soft")
        self._age = ElidedLabel("", step="caption", color="text-soft")
        self._age.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 4, 8, 4)
        foot.addWidget(self._keys)
        foot.addWidget(self._age, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(0)
        column.addWidget(self.list)
        column.addLayout(foot)
        self.retranslate()

    def show_choices(self, choices: tuple[ProductChoice, ...], text: str) -> None:
        """Show what was found for a text."""
        self.list.clear()
        self._delegate.typed = text
        for choice in choices:
            why = show(choice.why) if choice.why is not None else ""
            parts = (choice.code, choice.name, choice.unit, _stock(choice), _price(choice), why)
            words = ", ".join(filter(None, parts))
            self._add(words, choice)
        if text:
            self._add(tr("“{words}” as a line of its own", words=text), FreeText(text=text))
        self.list.setCurrentRow(0 if self.list.count() else -1)
        self.list.setFixedHeight(self.list.count() * theme().px(_ROW))
        self.setFixedWidth(theme().px(_WIDTH))
        self.adjustSize()

    def current(self) -> ProductChoice | FreeText | None:
        """Return the choice in front."""
        item = self.list.currentItem()
        found = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return found if isinstance(found, ProductChoice | FreeText) else None

    def step(self, by: int) -> None:
        """Move the choice, from the last to the first and back."""
        if self.list.count():
            self.list.setCurrentRow((self.list.currentRow() + by) % self.list.count())

    def open_under(self, field: QWidget) -> None:
        """Show the list under a field, or above it where there is no room."""
        window = field.window()
        if self.parentWidget() is not window:
            self.setParent(window)
            lift(self)
        place = field.mapTo(window, QPoint(0, field.height() + 4))
        if place.y() + self.height() > window.height():
            place = field.mapTo(window, QPoint(0, -self.height() - 4))
        self.move(place)
        self.raise_()
        self.show()

    def set_prices_as_of(self, ms: int | None) -> None:
        """Say from when the prices are."""
        self._as_of = ms
        self.retranslate()

    def retranslate(self) -> None:
        """Name the list and write its foot in the language on screen."""
        self.list.setAccessibleName(tr("Products found"))
        if self._as_of is None:
            self._age.say("")
        else:
            day = datetime.fromtimestamp(self._as_of / 1000).astimezone().date()
            self._age.say(message("Prices as of {date}", date=short_date(day)))

    def _add(self, words: str, choice: ProductChoice | FreeText) -> None:
        item = QListWidgetItem(words)
        item.setData(Qt.ItemDataRole.UserRole, choice)
        item.setSizeHint(QSize(0, theme().px(_ROW)))
        self.list.addItem(item)


class _ChoiceDelegate(QStyledItemDelegate):
    """Paints a choice in columns; the part of the name that was typed is bold."""

    typed = ""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one choice."""
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            paint.rounded(painter, area, theme().color("accent-soft"), None, RADII["chip"])
        elif option.state & QStyle.StateFlag.State_MouseOver:
            paint.rounded(painter, area, theme().color("hover"), None, RADII["chip"])
        inner = area.adjusted(theme().px(8), 0, -theme().px(8), 0)
        choice = index.data(Qt.ItemDataRole.UserRole)
        body = theme().font("body")
        if not isinstance(choice, ProductChoice):
            paint.words(painter, str(index.data()), body, "text-soft", inner)
            return
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        code_width, price_width, unit_width = theme().px(96), theme().px(88), theme().px(40)
        stock_width = theme().px(_STOCK)
        paint.words(
            painter,
            choice.code,
            body,
            "text",
            QRect(inner.left(), inner.top(), code_width - 8, inner.height()),
        )
        end = inner.right() + 1
        paint.words(
            painter,
            _price(choice),
            body,
            "text",
            QRect(end - price_width, inner.top(), price_width, inner.height()),
            right,
        )
        unit = QRect(end - price_width - unit_width, inner.top(), unit_width, inner.height())
        paint.words(painter, choice.unit, body, "text-soft", unit, right)
        stock = QRect(unit.left() - stock_width, inner.top(), stock_width, inner.height())
        paint.words(painter, _stock(choice), body, "text-soft", stock, right)
        left = inner.left() + code_width
        place = QRect(left, inner.top(), stock.left() - left - 8, inner.height())
        self._name(painter, choice.name, place)
        self._why(painter, choice, place)

    def _why(self, painter: QPainter, choice: ProductChoice, area: QRect) -> None:
        """Say at the right of the name why the product is suggested."""
        if choice.why is not None:
            soft = theme().font("caption")
            used = QFontMetrics(theme().font("body")).horizontalAdvance(choice.name) + theme().px(12)
            room = area.adjusted(used, 0, 0, 0)
            if room.width() > theme().px(48):
                words = QFontMetrics(soft).elidedText(
                    show(choice.why), Qt.TextElideMode.ElideRight, room.width()
                )
                paint.words(painter, words, soft, "text-soft", room)

    def _name(self, painter: QPainter, name: str, area: QRect) -> None:
        at = name.casefold().find(self.typed.casefold()) if self.typed else -1
        if at < 0:
            paint.words(painter, name, theme().font("body"), "text", area)
            return
        end = at + len(self.typed)
        x = area.left()
        for part, weight in ((name[:at], 400), (name[at:end], 600), (name[end:], 400)):
            font = theme().font("body", weight)
            room = QRect(x, area.top(), max(0, area.right() + 1 - x), area.height())
            if part and room.width():
                paint.words(painter, part, font, "text", room)
            x += QFontMetrics(font).horizontalAdvance(part)


def _stock(choice: ProductChoice) -> str:
    """Return how much there is and when that was told, as far as HQ knows."""
    if choice.stock is None or choice.stock_as_of_ms is None:
        return ""
    told = near_moment(datetime.fromtimestamp(choice.stock_as_of_ms / 1000).astimezone())
    return tr("Stock {quantity} ({time})", quantity=figure(Decimal(choice.stock)), time=told)


def _price(choice: ProductChoice) -> str:
    if choice.unit_price is None:
        return tr("no price")
    return money(Money(choice.unit_price, choice.currency or "CNY"), symbol=False, decimals=True)
