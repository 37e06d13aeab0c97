"""Lines over periods: this year against last, what is expected, a period that still runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from crm_desktop.ui.charts import patterns
from crm_desktop.ui.charts.chart import CENTER, RIGHT, Chart, LegendEntry, Part, box, share_words
from crm_desktop.ui.charts.scale import Axis, axis
from crm_desktop.ui.charts.values import Forecast, Line, Number, Running, ShowNumber
from crm_desktop.ui.format import NOTHING, figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr

_POINT = 3.5
_REACH = 9.0
_TOP = 20
_LABELS = 24
_LEGEND = 28


class LineChart(Chart):
    """Lines over common labels. A part is a point of a line; its key is `line/label number`."""

    def __init__(
        self,
        name: Text,
        labels: Sequence[Text] = (),
        lines: Sequence[Line] = (),
        *,
        forecast: Forecast | None = None,
        running: Running | None = None,
        empty: Text | None = None,
        show_number: ShowNumber = figure,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, empty=empty, show_number=show_number, parent=parent)
        self._labels: tuple[Text, ...] = ()
        self._lines: tuple[Line, ...] = ()
        self._forecast: Forecast | None = None
        self._running: Running | None = None
        self.show_lines(labels, lines, forecast=forecast, running=running)

    def show_lines(
        self,
        labels: Sequence[Text],
        lines: Sequence[Line],
        *,
        forecast: Forecast | None = None,
        running: Running | None = None,
    ) -> None:
        """Show other lines; each has a point, or None, for each label."""
        for line in lines:
            if len(line.points) != len(labels):
                raise ValueError(f"line {line.key} has {len(line.points)} points for {len(labels)} labels")
        self._labels, self._lines = tuple(labels), tuple(lines)
        self._forecast, self._running = forecast, running
        self.refresh()

    def is_empty(self) -> bool:
        """Say whether no line has a point."""
        return not any(point is not None for line in self._lines for point in line.points)

    def as_table(self) -> list[tuple[str, ...]]:
        """Return the labels and a column for each line, then the forecast."""
        heads = [show(line.label) for line in self._lines]
        columns: list[list[Number | None]] = [list(line.points) for line in self._lines]
        if self._forecast is not None:
            heads.append(show(self._forecast.label))
            column: list[Number | None] = [None] * len(self._labels)
            for place, value in enumerate(self._forecast.points, self._first_expected()):
                if place < len(column):
                    column[place] = value
            columns.append(column)
        rows: list[tuple[str, ...]] = [(tr("Period"), *heads)]
        for place, label in enumerate(self._labels):
            rows.append((show(label), *(self._cell(column[place]) for column in columns)))
        return rows

    def summary(self) -> str:
        """Return the range of the first line that has points."""
        line = next(line for line in self._lines if any(point is not None for point in line.points))
        points = [(value, place) for place, value in _known(line)]
        least, most = min(points), max(points)
        return tr(
            "{line}: from {low} in {low_label} to {high} in {high_label}",
            line=show(line.label),
            low=self.say_number(least[0]),
            low_label=show(self._labels[least[1]]),
            high=self.say_number(most[0]),
            high_label=show(self._labels[most[1]]),
        )

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        scale = axis(self._every_value())
        words = [self.say_number(line) for line in scale.lines]
        left = self.width_of(words) + 12
        legend, below = theme().px(_LEGEND), theme().px(_LABELS)
        plot = QRectF(area.left() + left, area.top() + legend + _TOP, area.width() - left, 20)
        plot.setBottom(max(plot.top() + 20, round(area.bottom() - below)))
        self._grid(painter, plot, area.left(), scale, words)
        inner = plot.adjusted(14, 0, -14, 0)

        def at(place: int, value: Number) -> QPointF:
            step = inner.width() / max(len(self._labels) - 1, 1)
            x = inner.left() + step * place if len(self._labels) > 1 else inner.center().x()
            return QPointF(x, plot.bottom() - plot.height() * scale.share(value))

        self._write_labels(painter, plot, at, below)
        self._draw_forecast(painter, at)
        parts: list[Part] = []
        for number, line in reversed(list(enumerate(self._lines))):
            parts = self._draw_line(painter, number, line, at) + parts
        self._draw_running(painter, at)
        self.draw_legend(painter, self.head_of(area), self._legend())
        return parts

    def _cell(self, value: Number | None) -> str:
        return NOTHING if value is None else self.say_number(value)

    def _every_value(self) -> list[Number]:
        values = [point for line in self._lines for point in line.points if point is not None]
        if self._forecast is not None:
            values += [*self._forecast.points, *self._forecast.low, *self._forecast.high]
        if self._running is not None:
            values.append(self._running.value)
        return values

    def _grid(self, painter: QPainter, plot: QRectF, left: float, scale: Axis, words: Sequence[str]) -> None:
        for line, text in zip(scale.lines, words, strict=True):
            y = round(plot.bottom() - plot.height() * scale.share(line))
            painter.fillRect(QRectF(plot.left(), y, plot.width(), 1), theme().color("line"))
            half = theme().px(9)
            area = QRectF(left, y - half, plot.left() - left - 10, 2 * half)
            self.write(painter, area, text, color="text-soft", align=RIGHT)

    def _write_labels(
        self, painter: QPainter, plot: QRectF, at: Callable[[int, Number], QPointF], below: int
    ) -> None:
        if not self._labels:
            return
        room = plot.width() / len(self._labels)
        widest = self.width_of([show(label) for label in self._labels]) + 8
        every = max(1, -int(-widest // max(room, 1)))
        for place in range(0, len(self._labels), every):
            x = at(place, 0).x()
            area = QRectF(x - widest / 2, plot.bottom() + 4, widest, below - 4)
            self.write(painter, area, show(self._labels[place]), color="text-soft", align=CENTER)

    def _draw_line(
        self, painter: QPainter, number: int, line: Line, at: Callable[[int, Number], QPointF]
    ) -> list[Part]:
        color = _color(number, line)
        points = [
            (place, at(place, value), value) for place, value in enumerate(line.points) if value is not None
        ]
        painter.setPen(_pen(color, line.dashed))
        for (before, start, _), (after, end, _) in pairwise(points):
            if after == before + 1:
                painter.drawLine(start, end)
        parts = []
        for place, point, value in points:
            if not line.dashed:
                _paint_point(painter, point, color)
            ring = QPainterPath()
            ring.addEllipse(point, _REACH, _REACH)
            label = f"{show(line.label)}, {show(self._labels[place])}"
            parts.append(Part(f"{line.key}/{place}", share_words(label, self.say_number(value)), ring))
        if number == 0 and len(points) > 1:
            _, point, value = max(points, key=lambda found: found[2])
            above = QRectF(point.x() - 40, point.y() - 24, 80, 18)
            self.write(painter, above, self.say_number(value), align=CENTER, weight=600)
        return parts

    def _first_expected(self) -> int:
        """Return the label the forecast starts at: the one after the first line's last point."""
        if not self._lines:
            return 0
        points = self._lines[0].points
        return max((place for place, point in enumerate(points) if point is not None), default=-1) + 1

    def _draw_forecast(self, painter: QPainter, at: Callable[[int, Number], QPointF]) -> None:
        expected = self._forecast
        if expected is None or not self._lines:
            return
        first = self._first_expected()
        count = min(len(expected.points), len(self._labels) - first)
        start = None if first == 0 else self._lines[0].points[first - 1]
        ahead = [] if start is None else [at(first - 1, start)]
        high = ahead + [at(first + place, expected.high[place]) for place in range(count)]
        low = ahead + [at(first + place, expected.low[place]) for place in range(count)]
        band = QPainterPath()
        band.addPolygon(QPolygonF(high + low[::-1]))
        band.closeSubpath()
        patterns.hatch(painter, band)
        middle = ahead + [at(first + place, expected.points[place]) for place in range(count)]
        pen = QPen(theme().color("chart1"), 2)
        pen.setDashPattern([2.5, 2.0])
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(middle))

    def _draw_running(self, painter: QPainter, at: Callable[[int, Number], QPointF]) -> None:
        running = self._running
        if running is None or not 0 <= running.place < len(self._labels):
            return
        point = at(running.place, running.value)
        _paint_point(painter, point, "chart1")
        below = QRectF(point.x() - 60, point.y() + 7, 120, 18)
        self.write(painter, below, show(running.text), align=CENTER)

    def _legend(self) -> list[LegendEntry]:
        entries = [
            LegendEntry(show(line.label), _line_sample(_color(number, line), line.dashed))
            for number, line in enumerate(self._lines)
        ]
        if self._forecast is not None:
            entries.append(LegendEntry(show(self._forecast.label), _hatch_sample))
        return entries


def _known(line: Line) -> list[tuple[int, Number]]:
    """Return the points there are, each with its label's place."""
    return [(place, value) for place, value in enumerate(line.points) if value is not None]


def _color(number: int, line: Line) -> str:
    """Return the colour of a line; a dashed one is for comparing and takes the text's."""
    return "text" if line.dashed else f"chart{number % patterns.SERIES + 1}"


def _pen(color: str, dashed: bool) -> QPen:
    pen = QPen(theme().color(color), 2)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        pen.setDashPattern([2.0, 2.0])
    return pen


def _paint_point(painter: QPainter, point: QPointF, color: str) -> None:
    painter.setPen(QPen(theme().color(color), 2))
    painter.setBrush(theme().color("surface"))
    painter.drawEllipse(point, _POINT, _POINT)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _line_sample(color: str, dashed: bool) -> Callable[[QPainter, QRectF], None]:
    def sample(painter: QPainter, area: QRectF) -> None:
        painter.setPen(_pen(color, dashed))
        y = area.center().y()
        painter.drawLine(QPointF(area.left() - 3, y), QPointF(area.right() + 2, y))
        if not dashed:
            _paint_point(painter, area.center(), color)

    return sample


def _hatch_sample(painter: QPainter, area: QRectF) -> None:
    patterns.hatch(painter, box(area))
