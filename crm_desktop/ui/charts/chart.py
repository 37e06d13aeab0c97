"""What all charts share: parts to click, walk and hear, a table, a summary, an empty look."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from crm_core.i18n import message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.live import Live

_NEXT = (Qt.Key.Key_Right, Qt.Key.Key_Down)
_BEFORE = (Qt.Key.Key_Left, Qt.Key.Key_Up)
_CLICK = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTER = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class Part:
    """A clickable piece of a chart: its key, what it says, where it lies, what focus frames of it."""

    key: str
    words: str
    shape: QPainterPath
    ring: QPainterPath | None = None


class Chart(Live, QWidget):
    """Base of the charts. `part_clicked` carries the key of a part, by mouse or Enter.

    `draw` paints into any painter, so that a chart prints as it shows.
    """

    part_clicked = Signal(str)
    focus_color = "text"
    """Of the frame around the current part, which the parts of figures are filled with themselves."""

    def __init__(
        self,
        name: Text,
        *,
        empty: Text | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._empty: Text = message("Nothing to show yet") if empty is None else empty
        self._parts: list[Part] = []
        self._current = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def rename(self, name: Text, empty: Text) -> None:
        """Call the chart something else, and say something else where there is nothing to show."""
        self._name, self._empty = name, empty
        self.retranslate()
        self.update()

    @abstractmethod
    def is_empty(self) -> bool:
        """Say whether there is nothing to draw."""

    @abstractmethod
    def as_table(self) -> list[tuple[str, ...]]:
        """Return the chart as rows of text, the head first."""

    @abstractmethod
    def summary(self) -> str:
        """Return the chart in one line, for those who listen."""

    @abstractmethod
    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        """Paint the values into `area` and return the parts, in reading order."""

    def draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        """Paint the chart, or what it says without values, and return its parts."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.is_empty():
            self.write(painter, area, show(self._empty), color="text-soft", align=CENTER)
            return []
        return self._draw(painter, area)

    def parts(self) -> list[Part]:
        """Return the parts as last painted."""
        return list(self._parts)

    def refresh(self) -> None:
        """Paint and name the chart anew after its values changed."""
        self._current = 0
        self.retranslate()
        self.updateGeometry()
        self.update()

    def retranslate(self) -> None:
        """Name the chart and say its summary in the language on screen."""
        self.setAccessibleName(show(self._name))
        self.setAccessibleDescription(show(self._empty) if self.is_empty() else self.summary())
        self.update()

    def retint(self) -> None:
        """Paint anew."""
        self.update()

    def sizeHint(self) -> QSize:
        """Ask for the room of a tile."""
        return QSize(theme().px(356), theme().px(180))

    def minimumSizeHint(self) -> QSize:
        """Be content with a small one."""
        return QSize(theme().px(160), theme().px(96))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chart and the frame around the part the keyboard is on."""
        painter = QPainter(self)
        self._parts = self.draw(painter, QRectF(self.rect()))
        if self.hasFocus():
            self._paint_focus(painter)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Say what the part under the mouse is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            part = self.part_at(QPointF(event.pos()))
            if part is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), part.words, self)
            return True
        return super().event(event)

    def part_at(self, point: QPointF) -> Part | None:
        """Return the part at a point; the last painted wins where two overlap."""
        return next((part for part in reversed(self._parts) if part.shape.contains(point)), None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show by the pointer that a part can be clicked."""
        over = self.part_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Click a part."""
        part = self.part_at(event.position())
        if part is not None and event.button() == Qt.MouseButton.LeftButton:
            self._go_to(self._parts.index(part))
            self.part_clicked.emit(part.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the parts by the arrow keys, click by Enter or Space."""
        key, last = event.key(), len(self._parts) - 1
        if last < 0:
            super().keyPressEvent(event)
        elif key in _NEXT:
            self._go_to(min(self._current + 1, last))
        elif key in _BEFORE:
            self._go_to(max(self._current - 1, 0))
        elif key == Qt.Key.Key_Home:
            self._go_to(0)
        elif key == Qt.Key.Key_End:
            self._go_to(last)
        elif key in _CLICK and 0 <= self._current <= last:
            self.part_clicked.emit(self._parts[self._current].key)
        else:
            super().keyPressEvent(event)

    def write(
        self,
        painter: QPainter,
        area: QRectF,
        text: str,
        *,
        color: str = "text",
        align: Qt.AlignmentFlag = LEFT,
        weight: int = 400,
        font: QFont | None = None,
    ) -> None:
        """Write one line, 12 px unless a font is given, elided where it does not fit."""
        face = font or theme().font("caption", weight)
        painter.setFont(face)
        painter.setPen(theme().color(color))
        shown = QFontMetricsF(face).elidedText(text, Qt.TextElideMode.ElideRight, area.width() + 1)
        painter.drawText(area, int(align | Qt.TextFlag.TextSingleLine), shown)

    def _go_to(self, place: int) -> None:
        self._current = place
        self.setAccessibleDescription(self._parts[place].words)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self._parts[place].words))
        self.update()

    def _paint_focus(self, painter: QPainter) -> None:
        """Frame the current part, or the whole of an empty chart."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if 0 <= self._current < len(self._parts):
            shape = self._parts[self._current].ring or self._parts[self._current].shape
            painter.setPen(QPen(theme().color("surface"), 5))
            painter.drawPath(shape)
            painter.setPen(QPen(theme().color(self.focus_color), 2))
            painter.drawPath(shape)
        else:
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)


def box(area: QRectF, radius: float = 0.0) -> QPainterPath:
    """Return a rectangle as a shape."""
    path = QPainterPath()
    path.addRoundedRect(area, radius, radius)
    return path
