"""Parts of a whole as a ring, with the whole in its middle."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from crm_core.i18n import message, plural
from crm_desktop.ui.charts import patterns
from crm_desktop.ui.charts.chart import CENTER, RIGHT, Chart, Part, patterned
from crm_desktop.ui.charts.values import Number, ShowNumber, Slice
from crm_desktop.ui.format import figure, percent
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr

MOST = 6
OTHER = "other"
_HOLE = 0.62
_ENTRY = 24


class Donut(Chart):
    """At most six slices, largest first; what is left over is "Other", with the key `other`."""

    def __init__(
        self,
        name: Text,
        slices: Sequence[Slice] = (),
        *,
        middle: Text = "",
        caption: Text = "",
        empty: Text | None = None,
        show_number: ShowNumber = figure,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, empty=empty, show_number=show_number, parent=parent)
        self._middle, self._caption = middle, caption
        self._slices: tuple[Slice, ...] = ()
        self.show_slices(slices)

    def show_slices(
        self, slices: Sequence[Slice], middle: Text | None = None, caption: Text | None = None
    ) -> None:
        """Show another whole; slices of nothing, or less, are left out."""
        self._slices = _gather(slices)
        self._middle = self._middle if middle is None else middle
        self._caption = self._caption if caption is None else caption
        self.refresh()

    def is_empty(self) -> bool:
        """Say whether the whole is nothing."""
        return not self._slices

    def as_table(self) -> list[tuple[str, ...]]:
        """Return label, value and share."""
        rows: list[tuple[str, ...]] = [(tr("Name"), tr("Value"), tr("Share of the whole"))]
        for each in self._slices:
            rows.append((show(each.label), self.say_number(each.value), self._percent(each.value)))
        return rows

    def summary(self) -> str:
        """Return the largest slice and of how many."""
        first = self._slices[0]
        best, share = show(first.label), self._percent(first.value)
        said = plural(
            len(self._slices),
            message("1 part, {best}: {share}", best=best, share=share),
            message(
                "{count} parts; largest {best}: {share}", count=len(self._slices), best=best, share=share
            ),
        )
        return show(said)

    def _percent(self, value: Number) -> str:
        whole = sum(Decimal(each.value) for each in self._slices)
        return percent(Decimal(value) / whole * 100)

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        legend = min(theme().px(170), area.width() * 0.48)
        side = min(area.height() - 4, area.width() - legend - 20, theme().px(164))
        side = max(side, 24.0)
        ring = QRectF(area.left() + 2, area.center().y() - side / 2, side, side)
        whole = sum(Decimal(each.value) for each in self._slices)
        start, parts = Decimal(0), []
        for place, each in enumerate(self._slices):
            span = Decimal(each.value) / whole
            shape = _sector(ring, float(start), float(span))
            patterns.fill(painter, shape, place)
            words = tr(
                "{label}: {value}, {share}",
                label=show(each.label),
                value=self.say_number(each.value),
                share=self._percent(each.value),
            )
            parts.append(Part(each.key, words, shape))
            start += span
        if len(parts) > 1:  # a gap of the surface between neighbours
            painter.setPen(QPen(theme().color("surface"), 2))
            for part in parts:
                painter.drawPath(part.shape)
        self._write_middle(painter, ring)
        left = max(ring.right() + 20, area.right() - theme().px(170))
        self._write_legend(painter, QRectF(left, area.top(), area.right() - left, area.height()))
        return parts

    def _write_middle(self, painter: QPainter, ring: QRectF) -> None:
        width = ring.width() * _HOLE - 8
        center = ring.center()
        caption = show(self._caption)
        line = theme().line_height("title")
        top = center.y() - (line + (16 if caption else 0)) / 2
        area = QRectF(center.x() - width / 2, top, width, line)
        self.write(painter, area, show(self._middle), align=CENTER, font=theme().font("title"))
        if caption:
            below = QRectF(area.left(), area.bottom() - 2, width, theme().px(16))
            self.write(painter, below, caption, color="text-soft", align=CENTER)

    def _write_legend(self, painter: QPainter, area: QRectF) -> None:
        entry = min(theme().px(_ENTRY), area.height() / len(self._slices))
        top = area.center().y() - entry * len(self._slices) / 2
        shares = self.width_of([self._percent(each.value) for each in self._slices]) + 2
        for place, each in enumerate(self._slices):
            row = QRectF(area.left(), top + entry * place, area.width(), entry)
            patterned(place)(painter, QRectF(row.left(), round(row.center().y() - 7), 14, 14))
            name = QRectF(row.left() + 22, row.top(), max(row.width() - 22 - shares - 6, 8), entry)
            self.write(painter, name, show(each.label))
            value = QRectF(row.right() - shares, row.top(), shares, entry)
            self.write(painter, value, self._percent(each.value), align=RIGHT)


def _gather(slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """Return the slices largest first, those past the fifth as one where there are more than six."""
    ordered = sorted((each for each in slices if each.value > 0), key=lambda each: -each.value)
    if len(ordered) <= MOST:
        return tuple(ordered)
    kept, rest = ordered[: MOST - 1], ordered[MOST - 1 :]
    left = Slice(key=OTHER, label=message("Other"), value=sum(each.value for each in rest))
    return (*kept, left)


def _sector(ring: QRectF, start: float, span: float) -> QPainterPath:
    """Return a piece of the ring; shares of the whole, clockwise from the top."""
    inset = ring.width() * (1 - _HOLE) / 2
    hole = ring.adjusted(inset, inset, -inset, -inset)
    path = QPainterPath()
    if span >= 0.9999:
        path.addEllipse(ring)
        inner = QPainterPath()
        inner.addEllipse(hole)
        return path.subtracted(inner)
    first, sweep = 90 - 360 * start, -360 * span
    path.arcMoveTo(ring, first)
    path.arcTo(ring, first, sweep)
    path.arcTo(hole, first + sweep, -sweep)
    path.closeSubpath()
    return path
