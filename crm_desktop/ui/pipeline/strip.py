"""Where a dragged card ends: won at the left, lost at the right. There only while a card is carried."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from crm_core.i18n import Message, message
from crm_desktop.ui.pipeline.card_list import MIME
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, RADII, M
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.live import Live

WON, LOST = "won", "lost"


class EndTarget(Live, QWidget):
    """One of the two ends; takes a card that is let go over it."""

    dropped = Signal(str)
    """The id of the deal."""

    def __init__(self, text: Message, icon: str, key: str, ink: str, ground: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._text, self._icon, self._key, self._ink, self._ground = text, icon, key, ink, ground
        self._over = False
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retranslate()

    def sizeHint(self) -> QSize:
        """Give the height of the design."""
        return QSize(theme().px(160), theme().size("drop-strip"))

    def retranslate(self) -> None:
        """Name the end in the language on screen."""
        self.setAccessibleName(show(self._text))
        self.update()

    def retint(self) -> None:
        """Take height and colours of the theme."""
        self.updateGeometry()
        self.update()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take deals only."""
        if event.mimeData().hasFormat(MIME):
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()
            self._set_over(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show no longer that a card would end here."""
        self._set_over(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell of the card let go here."""
        if event.mimeData().hasFormat(MIME):
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()
            self._set_over(False)
            self.dropped.emit(bytes(event.mimeData().data(MIME).data()).decode("ascii"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the soft ground with icon, word and key in its middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect()
        paint.rounded(painter, area, theme().color(self._ground), None, RADII["card"])
        if self._over:
            edge = LINES["focus"]
            painter.setPen(QPen(theme().color(self._ink), edge))
            painter.drawRoundedRect(area.toRectF().adjusted(1, 1, -1, -1), RADII["card"], RADII["card"])
        bold, caption = theme().font("body", 600), theme().font("caption")
        words = self.accessibleName()
        gap, side = theme().px(M), theme().px(18)
        width = QFontMetrics(bold).horizontalAdvance(words) + 1
        key = QFontMetrics(caption).horizontalAdvance(self._key)
        x = area.left() + max((area.width() - side - gap - width - gap - key) // 2, 0)
        paint.icon(painter, self._icon, self._ink, x, area, 18)
        x += side + gap
        paint.words(painter, words, bold, self._ink, QRect(x, area.top(), width, area.height()))
        x += width + theme().px(10)
        soft = self._ink if self._ink != "text" else "text-soft"
        paint.words(painter, self._key, caption, soft, QRect(x, area.top(), key + 2, area.height()))
        painter.end()

    def _set_over(self, over: bool) -> None:
        self._over = over
        self.update()


class EndStrip(QWidget):
    """Both ends side by side."""

    dropped = Signal(str, str)
    """(deal id, `won` or `lost`)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.won = EndTarget(message("Won"), "trophy", "W", "good", "good-soft", self)
        self.lost = EndTarget(message("Lost, asks for a reason"), "lost", "L", "text", "hover", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(M)
        row.addWidget(self.won)
        row.addWidget(self.lost)
        self.won.dropped.connect(lambda deal_id: self.dropped.emit(deal_id, WON))
        self.lost.dropped.connect(lambda deal_id: self.dropped.emit(deal_id, LOST))
