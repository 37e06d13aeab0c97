"""Drawings of charts on a painter of Qt: on screen, and wherever else Qt paints."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from crm_core.charts import patterns
from crm_core.charts.drawing import Drawing, Outline, Shape, Writing, bounds
from crm_core.charts.words import Words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator


class ScreenMetrics:
    """Measures words in the face of the screen."""

    def width(self, text: str, size: float, weight: int) -> float:
        """Return how wide a line is, in logical pixels."""
        return _metrics(size, weight, theme().revision).horizontalAdvance(text)


def words_on_screen() -> Words:
    """Return the language on screen."""
    return Words(translator().tr, translator().language)


def paint(painter: QPainter, drawing: Drawing) -> None:
    """Paint a drawing with its upper left corner where the painter stands."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for item in drawing.items:
        if isinstance(item, Writing):
            _write(painter, item)
        else:
            paint_shape(painter, item)


def paint_shape(painter: QPainter, shape: Shape) -> None:
    """Paint one shape: filled, its pattern over that, then its edge."""
    path = path_of(shape.outline)
    if shape.fill:
        painter.fillPath(path, theme().color(shape.fill))
    box = bounds(shape.outline)
    lines, dots = patterns.lines(shape.pattern, box), patterns.dots(shape.pattern, box)
    if lines or dots:
        painter.save()
        painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
        ink = theme().color(shape.ink)
        painter.setPen(QPen(ink, patterns.line_width(shape.pattern)) if lines else Qt.PenStyle.NoPen)
        painter.setBrush(ink if dots else Qt.BrushStyle.NoBrush)
        painter.drawLines([QLineF(*begin, *end) for begin, end in lines])
        for dot in dots:
            painter.drawEllipse(QPointF(*dot), patterns.DOT, patterns.DOT)
        painter.restore()
    if shape.stroke:
        pen = QPen(theme().color(shape.stroke), shape.width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if shape.dashes:
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([length / shape.width for length in shape.dashes])
        painter.strokePath(path, pen)


def path_of(outline: Outline) -> QPainterPath:
    """Return an outline as Qt takes it; where it overlaps itself there is a hole."""
    path = QPainterPath()
    for step in outline:
        points = [QPointF(*point) for point in step.points]
        match step.to:
            case "M":
                path.moveTo(points[0])
            case "L":
                path.lineTo(points[0])
            case "C":
                path.cubicTo(*points)
            case "Z":
                path.closeSubpath()
    return path


def _write(painter: QPainter, item: Writing) -> None:
    face = _face(item.size, item.weight, theme().revision)
    painter.setFont(face)
    painter.setPen(theme().color(item.color))
    shift = {"left": 0.0, "center": 0.5, "right": 1.0}[item.align]
    width = _metrics(item.size, item.weight, theme().revision).horizontalAdvance(item.text) if shift else 0.0
    painter.drawText(QPointF(item.at.x - width * shift, item.at.y), item.text)


@lru_cache(maxsize=64)
def _face(size: float, weight: int, _revision: int) -> QFont:
    face = theme().font("caption", weight)
    face.setPixelSize(max(1, round(size)))
    return face


@lru_cache(maxsize=64)
def _metrics(size: float, weight: int, revision: int) -> QFontMetricsF:
    return QFontMetricsF(_face(size, weight, revision))
