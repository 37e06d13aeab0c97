"""Frames with a title; and the coloured bar, circle and rows that stand in them."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII, L
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import keep_margins


class Card(Live, QFrame):
    """A surface with a title and a soft remark; the caller fills `body`, and `head` with buttons.

    `flush` lets the body run from edge to edge, for rows with hairlines.
    """

    def __init__(
        self, title: Text = "", remark: Text = "", *, flush: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.title = Label(title, step="section")
        self.remark = ElidedLabel(remark, color="text-soft", step="caption")
        self.head = QHBoxLayout()
        self.head.addWidget(self.title)
        self.head.addStretch(1)
        self.head.addWidget(self.remark)
        self.body = QVBoxLayout()
        self.body.setSpacing(0 if flush else 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.head)
        column.addLayout(self.body, 1)
        titled = bool(self.title.text())
        self.title.setVisible(titled)
        self.remark.setVisible(bool(self.remark.text()))
        edge = 1 if flush else L
        if titled:
            keep_margins(self.head, L, 10, L, 4)
        keep_margins(self.body, edge, 4 if titled else edge, edge, edge)
        self.retranslate()

    def set_remark(self, remark: Text) -> None:
        """Show another remark beside the title."""
        self.remark.say(remark)
        self.remark.setVisible(bool(self.remark.text()))

    def retranslate(self) -> None:
        """Name the card for those who listen."""
        self.setAccessibleName(self.title.text())


class Avatar(Live, QWidget):
    """A circle with the initial of a person; `own` is the person at the laptop."""

    def __init__(self, name: str, *, size: int = 28, own: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._size, self._own = name, size, own
        self.setAccessibleName(name)
        self.dress()

    def show_name(self, name: str) -> None:
        """Show another person."""
        self._name = name
        self.setAccessibleName(name)
        self.update()

    def retint(self) -> None:
        """Keep the size of the theme."""
        self.setFixedSize(theme().px(self._size), theme().px(self._size))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the circle and the initial."""
        painter = QPainter(self)
        ground = "accent-soft" if self._own else "hover"
        paint.rounded(painter, self.rect(), theme().color(ground), None, self.width() / 2)
        painter.setFont(theme().font("caption", 600))
        painter.setPen(theme().color("accent" if self._own else "text-soft"))
        initial = self._name.strip()[:1].upper()
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), initial)
        painter.end()


class InfoRow(Live, QWidget):
    """A row of a card: icon, title over a soft line, state at the right; opens by click or Enter."""

    opened = Signal()

    def __init__(
        self,
        title: Text,
        line: Text = "",
        *,
        icon: str | None = None,
        right: QWidget | None = None,
        bold: bool = False,
        lined: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """`lined` off for the last row of a card, whose own edge ends it."""
        super().__init__(parent)
        self._lined = lined
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        row = QHBoxLayout(self)
        keep_margins(row, L, 4, L, 5)
        row.setSpacing(12)
        if icon is not None:
            row.addWidget(IconLabel(icon))
        words = QVBoxLayout()
        words.setSpacing(0)
        self.title = ElidedLabel(title, weight=600 if bold else None)
        self.line = ElidedLabel(line, step="caption", color="text-soft")
        words.addStretch(1)
        words.addWidget(self.title)
        words.addWidget(self.line)
        words.addStretch(1)
        row.addLayout(words, 1)
        # Only now: shown before it has a parent, it would be a window of its own for a moment.
        self.line.setVisible(bool(self.line.text()))
        if right is not None:
            row.addWidget(right, 0, Qt.AlignmentFlag.AlignVCenter)
        self.retranslate()

    def show_words(self, title: Text, line: Text = "") -> None:
        """Show another title and line."""
        self.title.say(title)
        self.line.say(line)
        self.line.setVisible(bool(self.line.text()))
        self.retranslate()

    def retranslate(self) -> None:
        """Say both lines to those who listen."""
        self.setAccessibleName(". ".join(filter(None, (self.title.text(), self.line.text()))))

    def sizeHint(self) -> QSize:
        """Give one line or two their room."""
        height = theme().px(47) if self.line.text() else theme().size("row")
        return QSize(super().sizeHint().width(), height)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open by a click."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open by Enter or Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint hover, hairline and focus."""
        painter = QPainter(self)
        if self.underMouse():
            painter.fillRect(self.rect(), theme().color("hover"))
        if self._lined:
            painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme().color("line"))
        if self.hasFocus():
            paint.focus_frame(painter, self.rect(), RADII["chip"])
        painter.end()


class GroupRow(Live, QWidget):
    """The head of a group of rows: a word at the left, how many at the right."""

    def __init__(self, text: Text, count: Text = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._count = Label(count, step="caption", color="text-soft")
        row = QHBoxLayout(self)
        row.setContentsMargins(L, 0, L, 1)
        row.addWidget(Label(text, step="caption", color="text-soft"))
        row.addStretch(1)
        row.addWidget(self._count)
        self.retranslate()
        self.retint()

    def set_count(self, count: Text) -> None:
        """Show another number."""
        self._count.say(count)

    def retranslate(self) -> None:
        """Name the group for those who listen."""
        self.setAccessibleName(show(self._text))

    def retint(self) -> None:
        """Keep the height of a table's head."""
        self.setFixedHeight(theme().size("table-header"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sunken ground between two hairlines."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("sunken"))
        painter.fillRect(QRect(0, 0, self.width(), 1), theme().color("line"))
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme().color("line"))
        painter.end()
