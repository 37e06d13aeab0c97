"""What the search box finds: records, pages and actions, in one list under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
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
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.shadow import lift

MOST_ROWS = 14
_CHOICE = Qt.ItemDataRole.UserRole + 1
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One row: what it is called, what it is, and what choosing it does."""

    icon: str
    text: Text
    remark: Text
    hint: str = ""
    run: Callable[[], None]


class Palette(Live, QWidget):
    """A list that hangs under a line edit, which keeps the focus: Up, Down, Enter and Esc act on the list."""

    def __init__(self, field: QLineEdit, window: QWidget) -> None:
        super().__init__(window)
        self._field = field
        self._frame = QFrame(self)
        self._frame.setProperty("role", "popup")
        self._list = QListWidget(self._frame)
        self._list.setItemDelegate(_RowPainter(self._list))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setMouseTracking(True)
        self._list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(self._on_item_chosen)
        self._list.entered.connect(self._list.setCurrentIndex)
        self._empty = Label(color="text-soft")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self._frame)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(0)
        column.addWidget(self._list)
        column.addWidget(self._empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 4, 16, 24)  # room for the shadow
        outer.addWidget(self._frame)
        lift(self._frame)
        field.installEventFilter(self)
        self.hide()
        self.retranslate()

    def show_choices(self, choices: Sequence[Choice], said: str) -> None:
        """Show rows for the text `said`; without any, a line that says so."""
        self._list.clear()
        for choice in choices:
            item = QListWidgetItem(self._list)
            item.setData(_CHOICE, choice)
            words = (show(choice.text), show(choice.remark), choice.hint)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, words)))
        self._list.setVisible(bool(choices))
        self._empty.setVisible(not choices)
        self._empty.say(message("No match for “{text}”", text=said))
        if choices:
            self._list.setCurrentRow(0)
        self._place(max(1, min(len(choices), MOST_ROWS)))
        self.show()
        self.raise_()

    @property
    def choices(self) -> list[Choice]:
        """The rows shown."""
        return [self._list.item(row).data(_CHOICE) for row in range(self._list.count())]

    def retranslate(self) -> None:
        """Name the list in the language on screen."""
        self._list.setAccessibleName(tr("Results"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys that walk and choose from the field, and close when it loses the focus."""
        if event.type() == QEvent.Type.KeyPress and self._on_key(event):
            return True
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        return super().eventFilter(watched, event)

    def _on_key(self, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or not self.isVisible():
            return False
        key = event.key()
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(key))
        if steps is not None and self._list.count():
            self._list.setCurrentRow((self._list.currentRow() + steps) % self._list.count())
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._list.currentItem() is not None:
                self._on_item_chosen(self._list.currentItem())
            return True
        if key == Qt.Key.Key_Escape:
            self.hide()
            return True
        return False

    def _on_item_chosen(self, item: QListWidgetItem) -> None:
        choice: Choice = item.data(_CHOICE)
        self.hide()
        self._field.clear()
        self._field.clearFocus()
        choice.run()

    def _place(self, rows: int) -> None:
        below = self._field.mapTo(self.parentWidget(), QPoint(0, self._field.height()))
        height = rows * theme().size("row" if self._empty.isHidden() else "list-item-2-line") + 10
        self.setGeometry(
            below.x() - 16, below.y(), max(self._field.width(), theme().px(424)) + 32, height + 28
        )


class _RowPainter(QStyledItemDelegate):
    """Icon, words with a soft remark behind them, a key hint at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Give a row its height."""
        return QSize(0, theme().size("row"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Paint the row."""
        choice: Choice = index.data(_CHOICE)
        area: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            paint.rounded(painter, area, theme().color("accent-soft"), None, RADII["chip"])
        x = area.left() + theme().px(9)
        x += paint.icon(painter, choice.icon, "text-soft", x, area, 16) + theme().px(9)
        body, caption = theme().font("body"), theme().font("caption")
        painter.setFont(caption)
        right = painter.fontMetrics().horizontalAdvance(choice.hint) + theme().px(12)
        end = area.right() - right
        paint.words(
            painter,
            choice.hint,
            caption,
            "text-soft",
            QRect(end, area.top(), right - 8, area.height()),
            _RIGHT,
        )
        painter.setFont(body)
        words = show(choice.text)
        wide = min(painter.fontMetrics().horizontalAdvance(words) + 2, (end - x) * 2 // 3)
        paint.words(painter, words, body, "text", QRect(x, area.top(), wide, area.height()))
        x += wide + theme().px(10)
        paint.words(
            painter, show(choice.remark), caption, "text-soft", QRect(x, area.top(), end - x, area.height())
        )
        painter.restore()
