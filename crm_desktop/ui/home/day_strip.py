"""The day from morning to evening as a strip: what stands in it as blocks, and a line where it is now."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_core.i18n import message
from crm_desktop.services.activities import AgendaItem
from crm_desktop.services.calendar import local
from crm_desktop.ui.charts.chart import CENTER, Chart, Part, box
from crm_desktop.ui.format import clock, figure
from crm_desktop.ui.home import words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, RADII
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets import paint

_FIRST, _LAST = 8.5, 17.5
"""Hours shown at least."""
_LABELS = 24
_HALF_LABEL = 9
_BLOCK = 52
_GAP = 4
_FOOT = 8
_LEAST_MINUTES = 65  # a shorter block would have no room for its words
MOST_LANES = 3
MORE = "more"
"""Key of the line that says how many have no room."""
_MORE = 20
_USUAL_MINUTES = {"visit": 60, "meeting": 60}
_BRIEF_MINUTES = 30
_ICONS = {
    "visit": "pin",
    "meeting": "people",
    "call": "phone",
    "mail": "mail",
    "note": "note",
    "task": "check",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    item: AgendaItem
    begins: float
    """Hours since midnight."""
    ends: float
    lane: int


class DayStrip(Chart):
    """Blocks of a day side by side; those at the same time one under the other. A part's key is its id."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(message("Today"), parent=parent)
        self._items: tuple[AgendaItem, ...] = ()
        self._blocks: tuple[_Block, ...] = ()
        self._left_out = 0
        self._now: datetime.datetime | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_day(self, items: Sequence[AgendaItem], now: datetime.datetime) -> None:
        """Show other activities."""
        self._items, self._now = tuple(items), now
        every = _blocks(self._items)
        self._blocks = tuple(block for block in every if block.lane < MOST_LANES)
        self._left_out = len(every) - len(self._blocks)
        self.refresh()

    def show_now(self, now: datetime.datetime) -> None:
        """Move the line."""
        self._now = now
        self.update()

    def is_empty(self) -> bool:
        """Hours are shown even where nothing stands in them."""
        return False

    def as_table(self) -> list[tuple[str, ...]]:
        """Return the day as rows of text."""
        rows: list[tuple[str, ...]] = [(tr("Time"), tr("Kind"), tr("Customer"), tr("Subject"))]
        for item in self._items:
            kind = words.kind_words(item.kind)
            rows.append((clock(local(item.at_ms)), kind, item.customer_name, item.subject))
        return rows

    def summary(self) -> str:
        """Return the day in one line."""
        return ". ".join(self._words(item) for item in self._items) or tr("Nothing planned today")

    def sizeHint(self) -> QSize:
        """Give every lane its room."""
        lanes = max((block.lane for block in self._blocks), default=0) + 1
        height = _LABELS + lanes * _BLOCK + (lanes - 1) * _GAP + _FOOT
        height += _MORE if self._left_out else 0
        return QSize(theme().px(480), theme().px(height))

    def minimumSizeHint(self) -> QSize:
        """Keep the height, whatever the width."""
        return QSize(theme().px(240), self.sizeHint().height())

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        first, last = self._hours()
        an_hour = area.width() / (last - first)
        more, said = QRectF(area), ""
        if self._left_out:
            area = area.adjusted(0, 0, 0, -theme().px(_MORE))
            more.setTop(area.bottom() - theme().px(4))
            said = tr("and {count} more at the same times", count=figure(self._left_out))
            self.write(painter, more, said, color="text-soft")
        self._draw_hours(painter, area, first, last, an_hour)
        coming = self._coming()
        parts = []
        for block in self._blocks:
            left = area.left() + (block.begins - first) * an_hour
            width = max((block.ends - block.begins) * an_hour - 2, 8)
            top = area.top() + theme().px(_LABELS + block.lane * (_BLOCK + _GAP))
            place = QRectF(round(left), top, round(width), theme().px(_BLOCK)) & area
            self._draw_block(painter, place, block.item, coming=block.item is coming)
            parts.append(Part(block.item.id, self._words(block.item), box(place, RADII["chip"])))
        if self._left_out:
            parts.append(Part(MORE, said, box(more, RADII["chip"])))
        if not self._blocks:
            room = area.adjusted(0, theme().px(_LABELS), 0, -theme().px(_FOOT))
            self.write(painter, room, tr("Nothing planned today"), color="text-soft", align=CENTER)
        self._draw_now(painter, area, first, last, an_hour)
        return parts

    def _draw_hours(self, painter: QPainter, area: QRectF, first: float, last: float, an_hour: float) -> None:
        every = 1 if an_hour >= theme().px(36) else 2 if an_hour >= theme().px(18) else 4
        for hour in range(int(first) + 1, int(last) + 1):
            x = round(area.left() + (hour - first) * an_hour)
            below = QRectF(
                x, area.top() + theme().px(_LABELS - 2), 1, area.height() - theme().px(_LABELS + 2)
            )
            painter.fillRect(below, theme().color("line"))
            if hour % every == 0:
                half = theme().px(_HALF_LABEL)
                inside = min(max(x, area.left() + half), area.right() - half)
                label = QRectF(inside - theme().px(20), area.top(), theme().px(40), theme().px(16))
                self.write(painter, label, f"{hour % 24:02}", color="text-soft", align=CENTER)

    def _draw_block(self, painter: QPainter, place: QRectF, item: AgendaItem, *, coming: bool) -> None:
        late = not item.done and self._now is not None and local(item.at_ms) < self._now
        ground, edge, ink = ("accent-soft", "accent", "text")
        if item.done:
            ground, edge, ink = ("hover", "line-strong", "text-soft")
        elif late:
            ground, edge, ink = ("bad-soft", "bad", "text")
        outline = theme().color("accent-line") if coming else None
        paint.rounded(painter, place, theme().color(ground), outline, RADII["chip"])
        painter.save()
        rounded = QPainterPath()
        rounded.addRoundedRect(place, RADII["chip"], RADII["chip"])
        painter.setClipPath(rounded)
        thick = LINES["selected-item-edge"]
        painter.fillRect(QRectF(place.left(), place.top(), thick, place.height()), theme().color(edge))
        inner = place.adjusted(theme().px(10), 0, -theme().px(4), 0).toRect()
        upper, lower = inner.adjusted(0, 0, 0, 0), inner.adjusted(0, 0, 0, 0)
        line = theme().line_height("body")
        upper.setTop(inner.top() + theme().px(7))
        upper.setHeight(line)
        lower.setTop(upper.top() + theme().px(19))
        lower.setHeight(line)
        title = item.customer_name or item.subject
        paint.name(painter, title, theme().font("caption", 600), ink, upper)
        mark = "check" if item.done else "overdue" if late else _ICONS.get(item.kind, "cal")
        shade = "bad" if late else "text-soft"
        x = lower.left() + paint.icon(painter, mark, shade, lower.left(), lower, 14) + theme().px(5)
        lower.setLeft(x)
        caption = theme().font("caption")
        said = self._second_line(item)
        if QFontMetrics(caption).horizontalAdvance(said) > lower.width() + 1:
            said = words.kind_words(item.kind)
        paint.words(painter, said, caption, ink, lower)
        painter.restore()

    def _draw_now(self, painter: QPainter, area: QRectF, first: float, last: float, an_hour: float) -> None:
        if self._now is None:
            return
        hour = _hour(self._now)
        if not first <= hour <= last:
            return
        x = round(area.left() + (hour - first) * an_hour)
        top = area.top() + theme().px(_LABELS - 4)
        red = theme().color("bad")
        painter.fillRect(QRectF(x - 1, top, 2, area.bottom() - top - 2), red)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(red)
        painter.drawEllipse(QRectF(x - 4, top - 4, 8, 8))
        painter.setPen(QPen())
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _hours(self) -> tuple[float, float]:
        first = min([_FIRST, *(block.begins - 0.25 for block in self._blocks)])
        last = max([_LAST, *(block.ends + 0.25 for block in self._blocks)])
        return max(first, 0.0), min(last, 24.0)

    def _coming(self) -> AgendaItem | None:
        if self._now is None:
            return None
        now = self._now
        return next((i for i in self._items if not i.done and local(i.at_ms) >= now), None)

    def _second_line(self, item: AgendaItem) -> str:
        kind = words.kind_words(item.kind)
        more = item.place or (item.subject if item.customer_name else "")
        return tr("{kind}, {place}", kind=kind, place=more) if more else kind

    def _words(self, item: AgendaItem) -> str:
        said = [clock(local(item.at_ms)), item.customer_name, self._second_line(item)]
        if item.done:
            said.append(tr("Done"))
        return ", ".join(part for part in said if part)


def _blocks(items: Sequence[AgendaItem]) -> tuple[_Block, ...]:
    """Return items as blocks, each in the first lane that is free when it begins."""
    free: list[float] = []
    blocks = []
    for item in sorted(items, key=lambda each: (each.at_ms, each.id)):
        minutes = item.duration_minutes or _USUAL_MINUTES.get(item.kind, _BRIEF_MINUTES)
        begins = _hour(local(item.at_ms))
        ends = min(begins + max(minutes, _LEAST_MINUTES) / 60, 24.0)
        lane = next((place for place, until in enumerate(free) if until <= begins), len(free))
        if lane == len(free):
            free.append(ends)
        free[lane] = ends
        blocks.append(_Block(item=item, begins=begins, ends=ends, lane=lane))
    return tuple(blocks)


def _hour(moment: datetime.datetime) -> float:
    return moment.hour + moment.minute / 60
