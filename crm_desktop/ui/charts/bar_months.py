"""What was won month by month, against its target, with what is still expected."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from crm_desktop.ui.charts import patterns
from crm_desktop.ui.charts.chart import CENTER, RIGHT, Chart, LegendEntry, Part, box, solid
from crm_desktop.ui.charts.scale import Axis, axis
from crm_desktop.ui.charts.values import MonthBar, Number, ShowNumber
from crm_desktop.ui.format import NOTHING, figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show, tr

_LEGEND = 32
_LABELS = 22
_TOP = 10


class BarMonths(Chart):
    """Bars of months: won solid, forecast hatched on top, target as a tick."""

    def __init__(
        self,
        name: Text,
        months: Sequence[MonthBar] = (),
        *,
        empty: Text | None = None,
        show_number: ShowNumber = figure,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, empty=empty, show_number=show_number, parent=parent)
        self._months: tuple[MonthBar, ...] = ()
        self.show_months(months)

    def show_months(self, months: Sequence[MonthBar]) -> None:
        """Show other months, in the order given."""
        self._months = tuple(months)
        self.refresh()

    def is_empty(self) -> bool:
        """Say whether no month has a value."""
        return not any(month.won or month.target or month.forecast for month in self._months)

    def as_table(self) -> list[tuple[str, ...]]:
        """Return month, won, forecast and target."""
        rows: list[tuple[str, ...]] = [(tr("Month"), tr("Won"), tr("Forecast"), tr("Target"))]
        for month in self._months:
            rows.append((_name(month), *map(self._cell, (month.won, month.forecast, month.target))))
        return rows

    def summary(self) -> str:
        """Return the sum and the best month."""
        best = max(self._months, key=lambda month: month.won)
        return tr(
            "{total} won in {count} months; most in {best}: {value}",
            total=self.say_number(sum(month.won for month in self._months)),
            count=len(self._months),
            best=_name(best),
            value=self.say_number(best.won),
        )

    def sizeHint(self) -> QSize:
        """Ask for bars 16 wide at a pitch of 26.6."""
        return QSize(round(36 + 26.6 * max(len(self._months), 4)), theme().px(196))

    def _cell(self, value: Number | None) -> str:
        return NOTHING if value is None else self.say_number(value)

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        every = [value for month in self._months for value in _values(month)]
        scale = axis(every)
        labels = [self.say_number(line) for line in scale.lines]
        left = self.width_of(labels) + 10
        legend, below, above = theme().px(_LEGEND), theme().px(_LABELS), theme().px(_TOP)
        height = max(20.0, area.height() - legend - below - above)
        plot = QRectF(area.left() + left, area.top() + above, area.width() - left, height)
        plot.setBottom(round(plot.bottom()))
        self._grid(painter, plot, area.left(), scale, labels)
        pitch = plot.width() / len(self._months)
        parts = []
        for place, month in enumerate(self._months):
            column = QRectF(plot.left() + pitch * place, plot.top(), pitch, plot.height())
            parts.append(self._month(painter, column, month, scale))
            under = QRectF(column.left() - 4, plot.bottom() + 4, pitch + 8, below - 4)
            weight, color = (600, "text") if month.current else (400, "text-soft")
            if self._has_room(place, pitch):
                self.write(painter, under, show(month.label), color=color, weight=weight, align=CENTER)
        self.draw_legend(painter, self.foot_of(area), self._legend())
        return parts

    def _has_room(self, place: int, pitch: float) -> bool:
        """Say whether this label is written: every one, or every second, third… where they crowd."""
        widest = self.width_of([show(month.label) for month in self._months], 600) + 4
        return place % max(1, ceil(widest / pitch)) == 0

    def _grid(self, painter: QPainter, plot: QRectF, left: float, scale: Axis, labels: Sequence[str]) -> None:
        for line, label in zip(scale.lines, labels, strict=True):
            y = round(plot.bottom() - plot.height() * scale.share(line))
            painter.fillRect(QRectF(plot.left() - 3, y, plot.width() + 3, 1), theme().color("line"))
            half = theme().px(9)
            area = QRectF(left, y - half, plot.left() - left - 9, 2 * half)
            self.write(painter, area, label, color="text-soft", align=RIGHT)

    def _month(self, painter: QPainter, column: QRectF, month: MonthBar, scale: Axis) -> Part:
        def height_at(value: Number) -> float:
            return float(round(column.bottom() - column.height() * scale.share(value)))

        width = max(2.0, min(theme().px(16), round(column.width() * 0.6)))
        left = round(column.center().x() - width / 2)
        base, top = height_at(0), height_at(month.won)
        reach = QPainterPath()
        if month.forecast is not None and month.forecast > month.won:
            expected = QRectF(left, height_at(month.forecast), width, top - height_at(month.forecast))
            patterns.hatch(painter, box(expected))
            painter.setPen(QPen(theme().color("ramp3"), 1))
            painter.drawRect(expected.adjusted(0.5, 0.5, -0.5, -0.5 if month.won else 0.5))
            reach.addRect(expected)
        if base != top:
            bar = _bar(QRectF(left, min(top, base), width, abs(base - top)))
            painter.fillPath(bar, theme().color("ramp1"))
            reach.addPath(bar)
        if month.target is not None:
            tick = QRectF(left - 3, height_at(month.target) - 1, width + 6, 2)
            painter.fillRect(tick, theme().color("text"))
        if reach.isEmpty():
            reach.addRect(QRectF(left, base - 4, width, 4))
        return Part(month.key, self._words(month), box(reach.boundingRect()))

    def _words(self, month: MonthBar) -> str:
        name, won = _name(month), self.say_number(month.won)
        aimed = None if month.target is None else self.say_number(month.target)
        if month.forecast is not None:
            expected = self.say_number(month.forecast)
            return tr("{month}: {won} won, {forecast} expected", month=name, won=won, forecast=expected)
        if aimed is not None:
            return tr("{month}: {won} won, target {target}", month=name, won=won, target=aimed)
        return tr("{month}: {won} won", month=name, won=won)

    def _legend(self) -> list[LegendEntry]:
        entries = [LegendEntry(tr("Won"), solid("ramp1"))]
        if any(month.forecast is not None for month in self._months):
            entries.append(LegendEntry(tr("Forecast"), _hatched))
        if any(month.target is not None for month in self._months):
            entries.append(LegendEntry(tr("Target"), _ticked))
        return entries


def _name(month: MonthBar) -> str:
    return show(month.name) or show(month.label)


def _values(month: MonthBar) -> list[Number]:
    return [value for value in (month.won, month.target, month.forecast) if value is not None]


def _bar(area: QRectF) -> QPainterPath:
    """Return a bar round at the top and square at its foot."""
    radius = min(float(RADII["bar"]), area.width() / 2, area.height())
    path = QPainterPath(area.bottomLeft())
    path.lineTo(area.left(), area.top() + radius)
    path.quadTo(area.topLeft(), QPointF(area.left() + radius, area.top()))
    path.lineTo(area.right() - radius, area.top())
    path.quadTo(area.topRight(), QPointF(area.right(), area.top() + radius))
    path.lineTo(area.bottomRight())
    path.closeSubpath()
    return path


def _hatched(painter: QPainter, area: QRectF) -> None:
    patterns.hatch(painter, box(area))
    painter.setPen(QPen(theme().color("ramp3"), 1))
    painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))


def _ticked(painter: QPainter, area: QRectF) -> None:
    painter.fillRect(QRectF(area.left() - 1, round(area.center().y()) - 1, 14, 2), theme().color("text"))
