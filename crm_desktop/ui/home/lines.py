"""A row of a home card: something before it, a title, a soft word, what is at its right; opens by Enter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII, L
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import ElidedLabel
from crm_desktop.ui.widgets.live import Live

HEIGHT = 32
_TITLE, _SOFT, _MORE = 46, 22, 30
"""Shares of the width: of the title, of a soft word, and of what else is said."""


def refill(column: QVBoxLayout, rows: Sequence[QWidget]) -> None:
    """Put other rows at the top of a column; the row in the place of the one with the focus has it then."""
    around = column.parentWidget()
    # Asked of the window, which remembers it while another window is the active one.
    focused = around.window().focusWidget() if around is not None else None
    before = [widget for n in range(column.count()) if (widget := column.itemAt(n).widget()) is not None]
    held = (
        number
        for number, old in enumerate(before)
        if focused is not None and (old is focused or old.isAncestorOf(focused))
    )
    place = next(held, None)
    for number, row in enumerate(rows):
        column.insertWidget(number, row)
        row.show()
    if place is not None and rows:
        # While the old row is there: one that is hidden hands the focus to whatever comes after it.
        rows[min(place, len(rows) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)
    for old in before:
        column.removeWidget(old)
        old.hide()
        old.deleteLater()


class Line(Live, QWidget):
    """One line with a hairline above; `more` stands in a column of its own.

    `right` are widgets with their widths before the font scale.
    """

    opened = Signal()

    def __init__(
        self,
        title: Text,
        soft: Text = "",
        more: Text | None = None,
        *,
        before: QWidget | None = None,
        right: Sequence[tuple[QWidget, int]] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._right = tuple(right)
        self.title = ElidedLabel(title)
        self.soft = ElidedLabel(soft, color="text-soft")
        self.more = ElidedLabel(more or "", color="text-soft")
        row = QHBoxLayout(self)
        row.setContentsMargins(L, 1, L, 0)
        row.setSpacing(12)
        if before is not None:
            row.addWidget(before)
        for label in (self.title, self.soft, self.more):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row.addWidget(self.title, _TITLE)
        row.addWidget(self.soft, _SOFT)
        if more is not None:
            row.addWidget(self.more, _MORE)
        else:
            self.more.setParent(None)
        for widget, _ in self._right:
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retranslate()
        self.retint()

    def retranslate(self) -> None:
        """Say the whole line to those who listen."""
        said = [
            self.title.text(),
            self.soft.text(),
            self.more.text(),
            *(w.accessibleName() for w, _ in self._right),
        ]
        self.setAccessibleName(". ".join(part for part in said if part))

    def retint(self) -> None:
        """Take the measures of the theme."""
        for widget, width in self._right:
            widget.setMinimumWidth(theme().px(width))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Give the row its height."""
        return QSize(super().sizeHint().width(), theme().px(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """Never be lower."""
        return QSize(super().minimumSizeHint().width(), theme().px(HEIGHT))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open by a click."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open by Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint hover, hairline and focus."""
        painter = QPainter(self)
        if self.underMouse():
            painter.fillRect(self.rect(), theme().color("hover"))
        painter.fillRect(QRect(0, 0, self.width(), 1), theme().color("line"))
        if self.hasFocus():
            paint.focus_frame(painter, self.rect().adjusted(0, 1, 0, 0), RADII["chip"])
        painter.end()
