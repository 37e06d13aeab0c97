"""Fills told apart without colour: each chart colour has its pattern of surface-coloured lines."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import CHART_PATTERNS

_PITCH = 5.0
_GRID = 7.0
_SLANTED = 8.5
_LATTICE = 10.0
_LINE = 1.0
_DOT_PITCH = 5.8
_DOT = 1.15
SERIES = len(CHART_PATTERNS)


def fill(painter: QPainter, shape: QPainterPath, place: int) -> None:
    """Fill a shape with the chart colour and pattern of a series, counted from 0."""
    place %= SERIES
    painter.save()
    painter.fillPath(shape, theme().color(f"chart{place + 1}"))
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(theme().color("surface"), _LINE))
    area = shape.boundingRect()
    pattern = CHART_PATTERNS[place]
    if pattern == "dots":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("surface"))
        for point in _dots(area):
            painter.drawEllipse(point, _DOT, _DOT)
    else:
        painter.drawLines(_lines(pattern, area))
    painter.restore()


def hatch(painter: QPainter, shape: QPainterPath, color: str = "ramp3") -> None:
    """Fill a shape with the 45° hatch of a forecast, leaving the ground between the lines."""
    painter.save()
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    painter.setPen(QPen(theme().color(color), 1.4))
    painter.drawLines(_slanted(shape.boundingRect(), 5.0 * 1.414, up=True))
    painter.restore()


def _lines(pattern: str, area: QRectF) -> list[QLineF]:
    match pattern:
        case "stripe 45":
            return _slanted(area, _SLANTED, up=True)
        case "stripe -45":
            return _slanted(area, _SLANTED, up=False)
        case "lines across":
            return _across(area, _PITCH)
        case "lines down":
            return _down(area, _PITCH)
        case "grid":
            return _across(area, _GRID) + _down(area, _GRID)
        case "lattice 45":
            return _slanted(area, _LATTICE, up=True) + _slanted(area, _LATTICE, up=False)
        case _:
            return []


def _slanted(area: QRectF, pitch: float, *, up: bool) -> list[QLineF]:
    """Return parallel lines at 45°, `pitch` apart along the x axis."""
    height = area.height()
    count = ceil((area.width() + height) / pitch)
    starts = (area.left() - height + pitch * place + pitch / 2 for place in range(count))
    if up:
        return [QLineF(x, area.bottom(), x + height, area.top()) for x in starts]
    return [QLineF(x, area.top(), x + height, area.bottom()) for x in starts]


def _across(area: QRectF, pitch: float) -> list[QLineF]:
    count = ceil(area.height() / pitch)
    heights = (area.top() + pitch / 2 + pitch * place for place in range(count))
    return [QLineF(area.left(), y, area.right(), y) for y in heights]


def _down(area: QRectF, pitch: float) -> list[QLineF]:
    count = ceil(area.width() / pitch)
    places = (area.left() + pitch / 2 + pitch * place for place in range(count))
    return [QLineF(x, area.top(), x, area.bottom()) for x in places]


def _dots(area: QRectF) -> list[QPointF]:
    columns, rows = ceil(area.width() / _DOT_PITCH), ceil(area.height() / _DOT_PITCH)
    return [
        QPointF(area.left() + _DOT_PITCH * (column + 0.5), area.top() + _DOT_PITCH * (row + 0.5))
        for row in range(rows)
        for column in range(columns)
    ]
