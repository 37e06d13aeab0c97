"""Bars that lie: by owner, by region, by reason; one series, or several stacked with patterns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from crm_core.i18n import message, plural
from crm_desktop.ui.charts import patterns
from crm_desktop.ui.charts.chart import LEFT, RIGHT, Chart, LegendEntry, Part, box, patterned, share_words
from crm_desktop.ui.charts.scale import share
from crm_desktop.ui.charts.values import Bar, Number, Series, ShowNumber
from crm_desktop.ui.format import figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show, tr

_PITCH = 32
_BAR = 20
_THIN = 12
_LEGEND = 28
_GAP = 1


class HorizontalBars(Chart):
    """A bar a row with its value at the end.

    With several `series` the bars are stacked, and a part's key is `bar/series`; else it is the bar's.
    """

    def __init__(
        self,
        name: Text,
        bars: Sequence[Bar] = (),
        series: Sequence[Series] = (),
        *,
        empty: Text | None = None,
        show_number: ShowNumber = figure,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, empty=empty, show_number=show_number, parent=parent)
        self._bars: tuple[Bar, ...] = ()
        self._series: tuple[Series, ...] = ()
        self.show_bars(bars, series)

    def show_bars(self, bars: Sequence[Bar], series: Sequence[Series] = ()) -> None:
        """Show other bars, in the order given; each has a value for each series."""
        for bar in bars:
            if len(bar.values) != max(len(series), 1):
                raise ValueError(f"bar {bar.key} has {len(bar.values)} values for {len(series)} series")
        self._bars, self._series = tuple(bars), tuple(series)
        self.refresh()

    def is_empty(self) -> bool:
        """Say whether no bar has a value."""
        return not any(any(bar.values) for bar in self._bars)

    def as_table(self) -> list[tuple[str, ...]]:
        """Return label, a column for each series, and the value at the end."""
        several = [show(each.label) for each in self._series] if len(self._series) > 1 else []
        rows: list[tuple[str, ...]] = [(tr("Name"), *several, tr("Value"))]
        for bar in self._bars:
            each = [self.say_number(value) for value in bar.values] if several else []
            rows.append((show(bar.label), *each, self._end(bar)))
        return rows

    def summary(self) -> str:
        """Return how many bars there are and the longest."""
        longest = max(self._bars, key=lambda bar: sum(bar.values))
        best, value = show(longest.label), self._end(longest)
        said = plural(
            len(self._bars),
            message("1 bar, {best}: {value}", best=best, value=value),
            message("{count} bars; longest {best}: {value}", count=len(self._bars), best=best, value=value),
        )
        return show(said)

    def sizeHint(self) -> QSize:
        """Ask for 32 px a bar, and a legend for several series."""
        legend = _LEGEND if len(self._series) > 1 else 0
        return QSize(theme().px(356), theme().px(_PITCH * max(len(self._bars), 1) + legend))

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        legend = theme().px(_LEGEND) if len(self._series) > 1 else 0
        if legend:
            self.draw_legend(painter, self.head_of(area), self._legend())
        area = area.adjusted(0, legend, 0, 0)
        pitch = min(theme().px(_PITCH), area.height() / len(self._bars))
        labels = min(self.width_of([show(bar.label) for bar in self._bars]) + 14, area.width() * 0.4)
        ends = self.width_of([self._end(bar) for bar in self._bars]) + 9
        room = max(8.0, area.width() - labels - ends)
        top = max(sum(bar.values) for bar in self._bars)
        parts: list[Part] = []
        for place, bar in enumerate(self._bars):
            row = QRectF(area.left(), area.top() + pitch * place, area.width(), pitch)
            self.write(painter, QRectF(row.left(), row.top(), labels - 8, pitch), show(bar.label), align=LEFT)
            room_for_bar = QRectF(round(area.left() + labels), row.top(), room, pitch)
            end, found = self._stack(painter, room_for_bar, bar, top)
            parts.extend(found)
            if bar.shown:
                value = QRectF(row.right() - ends, row.top(), ends, pitch)
                self.write(painter, value, self._end(bar), align=RIGHT)
            else:
                self.write(painter, QRectF(end + 7, row.top(), ends, pitch), self._end(bar))
        return parts

    def _stack(self, painter: QPainter, area: QRectF, bar: Bar, top: Number) -> tuple[float, list[Part]]:
        """Paint one bar's pieces; return where it ends, and the pieces."""
        usual = _BAR if len(self._series) > 1 else _THIN
        thick = min(theme().px(usual), max(4, round(area.height() * 0.62)))
        y = round(area.center().y() - thick / 2)
        x, before, parts = area.left(), area.left(), []
        total: Number = 0
        for place, value in enumerate(bar.values):
            total = Decimal(total) + value
            x = round(area.left() + area.width() * share(total, 0, top))
            gap = _GAP if place < len(bar.values) - 1 else 0
            piece = box(QRectF(before, y, max(x - before - gap, 0), thick), RADII["bar"] if not gap else 0)
            if len(self._series) > 1:
                patterns.fill(painter, piece, place)
                if value:
                    label = f"{show(bar.label)}, {show(self._series[place].label)}"
                    words = share_words(label, self.say_number(value))
                    parts.append(Part(f"{bar.key}/{self._series[place].key}", words, piece))
            else:
                painter.fillPath(piece, theme().color("ramp2"))
                row = box(QRectF(area.left(), area.top() + 1, area.width(), area.height() - 2), 3)
                ring = box(QRectF(before, y, max(x - before, 4), thick), RADII["bar"])
                parts.append(Part(bar.key, share_words(show(bar.label), self._end(bar)), row, ring))
            before = x
        return x, parts

    def _end(self, bar: Bar) -> str:
        return show(bar.shown) or self.say_number(sum(bar.values))

    def _legend(self) -> list[LegendEntry]:
        return [LegendEntry(show(each.label), patterned(place)) for place, each in enumerate(self._series)]
