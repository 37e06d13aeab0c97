"""A sheet to sign on, by mouse, pen or finger; what is drawn is kept as lines of points."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_core.rules.signing import HEIGHT, MOST_POINTS, MOST_STROKES, WIDTH, Strokes
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.live import Live

_INK = QColor("#14205a")
_PAPER = QColor("#ffffff")
_LEAST_MOVE = 4  # in units of the sheet: closer points look the same


class SignaturePad(Live, QWidget):
    """White in both schemes, as paper is. Del empties it."""

    drawn = Signal()
    """Something was drawn, or all of it taken away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strokes: list[list[tuple[int, int]]] = []
        self._is_down = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(theme().px(260))
        self.retranslate()

    @property
    def strokes(self) -> Strokes:
        """What is drawn, in the units of `crm_core.rules.signing`."""
        return tuple(tuple(stroke) for stroke in self._strokes)

    def clear(self) -> None:
        """Begin with an empty sheet."""
        self._strokes.clear()
        self._is_down = False
        self.update()
        self.drawn.emit()

    def retranslate(self) -> None:
        """Say what it is to those who listen."""
        self.setAccessibleName(tr("Sheet to draw your signature on"))

    def retint(self) -> None:
        """Paint anew."""
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Keep the shape of the sheet."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height that goes with a width."""
        return width * HEIGHT // WIDTH

    def sizeHint(self) -> QSize:
        """Be as wide as a hand moves."""
        width = theme().px(420)
        return QSize(width, self.heightForWidth(width))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the pen down."""
        if event.button() is Qt.MouseButton.LeftButton and len(self._strokes) < MOST_STROKES:
            self._is_down = True
            self._strokes.append([self._at(event.position())])
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw on."""
        if not self._is_down:
            return
        (x, y), (before_x, before_y) = self._at(event.position()), self._strokes[-1][-1]
        far = abs(x - before_x) + abs(y - before_y) >= _LEAST_MOVE
        if far and sum(map(len, self._strokes)) < MOST_POINTS:
            self._strokes[-1].append((x, y))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take the pen up."""
        if self._is_down:
            self._is_down = False
            self.drawn.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Empty the sheet by Del or Backspace."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sheet, the line to sign on, and what is drawn."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = theme().color("accent") if self.hasFocus() else theme().color("line-strong")
        painter.setPen(QPen(edge, 2 if self.hasFocus() else 1))
        painter.setBrush(_PAPER)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        x_scale, y_scale = self.width() / WIDTH, self.height() / HEIGHT
        painter.setPen(QPen(QColor("#b8c0c8"), 1, Qt.PenStyle.DashLine))
        base = self.height() * 0.78
        painter.drawLine(QPointF(self.width() * 0.06, base), QPointF(self.width() * 0.94, base))
        width = max(1.6, 5 * x_scale)
        round_ends = (Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.setPen(QPen(_INK, width, *round_ends))
        for stroke in self._strokes:
            points = [QPointF(x * x_scale, y * y_scale) for x, y in stroke]
            if len(points) > 1:
                painter.drawPolyline(QPolygonF(points))
            else:
                painter.drawPoint(points[0])
        painter.end()

    def _at(self, place: QPointF) -> tuple[int, int]:
        x = round(place.x() * WIDTH / max(1, self.width()))
        y = round(place.y() * HEIGHT / max(1, self.height()))
        return max(0, min(WIDTH, x)), max(0, min(HEIGHT, y))
