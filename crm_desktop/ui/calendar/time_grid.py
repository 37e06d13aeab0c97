"""One day or seven by the hour: what stands in them as blocks, and a line where it is now."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from crm_core.i18n import message
from crm_core.rules.lanes import Lane, lanes
from crm_core.times import MINUTE_MS
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.calendar_period import CalendarItem
from crm_desktop.ui.calendar.blocks import draw_block
from crm_desktop.ui.calendar.calendar_chart import CalendarChart, Grip, Held, Slot
from crm_desktop.ui.charts.chart import RIGHT, Part, box
from crm_desktop.ui.format import clock
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII

GUTTER = 56
HOUR = 44
STEP_MINUTES = 15
_LEAST_MINUTES = 22  # a shorter block would have no room for its words
_ABOVE = 12  # the words of an hour stand half above its line
_DAY_BEGINS = 7
"""Hour that is in sight at first."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What of an item lies in one day, in hours since midnight."""

    item: CalendarItem
    day: int
    begins: float
    ends: float
    lane: Lane


class TimeGrid(CalendarChart):
    """Days side by side, hours from above; things at the same time stand in lanes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(message("Calendar"), message("Nothing planned"), parent)
        self._days: tuple[datetime.date, ...] = ()
        self._pieces: tuple[_Piece, ...] = ()
        self._area: QScrollArea | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def scroll_in(self, area: QScrollArea) -> None:
        """Be scrolled by an area, beginning with the working day."""
        self._area = area
        area.verticalScrollBar().setValue(theme().px(HOUR) * _DAY_BEGINS - theme().px(_ABOVE))

    def show_days(self, days: Sequence[datetime.date], items: Sequence[CalendarItem], now_ms: int) -> None:
        """Show other days with what stands in them by the hour."""
        self._days = tuple(days)
        self.take([item for item in items if not item.all_day], now_ms)
        self._pieces = _pieces(self._days, self._items)
        self.refresh()

    def show_now(self, now_ms: int) -> None:
        """Move the line; what became late is late."""
        self._now_ms = now_ms
        self.update()

    def sizeHint(self) -> QSize:
        """Give each hour its room."""
        return QSize(theme().px(480), theme().px(HOUR) * 24 + 1)

    def minimumSizeHint(self) -> QSize:
        """Keep the height, whatever the width."""
        return QSize(theme().px(GUTTER + 80), self.sizeHint().height())

    def reveal(self, area: QRectF) -> None:
        """Scroll to a block."""
        if self._area is not None:
            middle = area.center().toPoint()
            self._area.ensureVisible(middle.x(), middle.y(), 0, int(area.height() / 2) + theme().px(HOUR))

    def slot_at(self, point: QPointF) -> Slot | None:
        """Return the day and the nearest quarter of an hour above a point."""
        day = self._day_at(point.x())
        if day is None:
            return None
        steps = int(max(point.y(), 0.0) / theme().px(HOUR) * 60 / STEP_MINUTES + 0.01)
        minutes = min(steps * STEP_MINUTES, 24 * 60 - STEP_MINUTES)
        return Slot(at_ms=moment(self._days[day], minutes), all_day=False)

    def slot_for(self, held: Held, point: QPointF) -> Slot | None:
        """Return where a carried block would begin, to the nearest quarter of an hour."""
        half = theme().px(HOUR) * STEP_MINUTES / 120
        return self.slot_at(QPointF(point.x(), point.y() - held.from_top + half))

    def minutes_at(self, held: Held, point: QPointF) -> int | None:
        """Return how long a block would be whose lower edge is carried to a point."""
        piece = next((each for each in reversed(self._pieces) if each.item.key == held.item.key), None)
        if piece is None:
            return None
        ends = round(point.y() / theme().px(HOUR) * 60 / STEP_MINUTES) * STEP_MINUTES
        day_began = moment(self._days[piece.day], 0)
        minutes = (day_began - held.item.begins_ms) // MINUTE_MS + min(ends, 24 * 60)
        return max(int(minutes), STEP_MINUTES)

    def _resizes(self, item: CalendarItem | None, box: QRectF, point: QPointF) -> bool:
        return item is not None and item.planned and self._near_foot(box, point)

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        if not self._days:
            return []
        self._draw_hours(painter, area)
        parts = []
        for piece in self._pieces:
            place = self._place(area, piece)
            clashing = piece.item.key in self._clashing
            draw_block(
                painter,
                place,
                piece.item,
                self._now_ms,
                clashing=clashing,
                foreign=self._is_foreign(piece.item),
            )
            parts.append(Part(piece.item.key, self._words(piece.item), box(place, RADII["chip"])))
        self._draw_now(painter, area)
        self._draw_carried(painter, area)
        return parts

    def _draw_hours(self, painter: QPainter, area: QRectF) -> None:
        hour, gutter = theme().px(HOUR), theme().px(GUTTER)
        painter.fillRect(area, theme().color("surface"))
        today = local(self._now_ms).date()
        wide = self._width(area)
        for at, day in enumerate(self._days):
            left = gutter + at * wide
            if day == today and len(self._days) > 1:
                painter.fillRect(QRectF(left, 0, wide, area.height()), theme().color("sunken"))
            painter.fillRect(QRectF(round(left), 0, 1, area.height()), theme().color("line"))
        for each in range(24):
            painter.fillRect(QRectF(gutter - 4, each * hour, area.width(), 1), theme().color("line"))
            if each:
                label = QRectF(0, each * hour - theme().px(8), gutter - theme().px(10), theme().px(16))
                self.write(painter, label, f"{each:02}:00", color="text-soft", align=RIGHT)

    def _draw_now(self, painter: QPainter, area: QRectF) -> None:
        now = local(self._now_ms)
        if now.date() not in self._days:
            return
        y = round(_hour(now) * theme().px(HOUR))
        left = theme().px(GUTTER) + self._days.index(now.date()) * self._width(area)
        red = theme().color("bad")
        painter.fillRect(QRectF(left, y - 1, self._width(area), 2), red)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(red)
        painter.drawEllipse(QRectF(left - 4, y - 4, 8, 8))
        painter.setPen(QPen())
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_carried(self, painter: QPainter, area: QRectF) -> None:
        """Show where what is carried, or dropped from the side, would stand."""
        held, to = self._held, self._carried_to
        if held is not None and to is not None:
            begins, minutes = held.item.begins_ms, (held.item.ends_ms - held.item.begins_ms) // MINUTE_MS
            if held.grip is Grip.RESIZE:
                minutes = self.minutes_at(held, to) or minutes
            else:
                slot = self.slot_for(held, to)
                begins = slot.at_ms if slot is not None else begins
            self._draw_marker(painter, area, begins, int(minutes))
        elif self._dropping_at is not None:
            slot = self.slot_at(self._dropping_at)
            if slot is not None:
                self._draw_marker(painter, area, slot.at_ms, 30)

    def _draw_marker(self, painter: QPainter, area: QRectF, begins_ms: int, minutes: int) -> None:
        begins = local(begins_ms)
        if begins.date() not in self._days:
            return
        left = theme().px(GUTTER) + self._days.index(begins.date()) * self._width(area) + 1
        hour = theme().px(HOUR)
        place = QRectF(left, _hour(begins) * hour, self._width(area) - 3, minutes / 60 * hour)
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(place, RADII["chip"], RADII["chip"])
        ends = local(begins_ms + minutes * MINUTE_MS)
        words = place.adjusted(theme().px(8), theme().px(2), 0, 0)
        words.setHeight(theme().px(16))
        self.write(painter, words, f"{clock(begins)}–{clock(ends)}", color="accent", weight=600)

    def _place(self, area: QRectF, piece: _Piece) -> QRectF:
        wide, hour = self._width(area), theme().px(HOUR)
        room = wide - theme().px(6)
        left = theme().px(GUTTER) + piece.day * wide + 2 + room * piece.lane.place / piece.lane.of
        top = piece.begins * hour + 1
        height = max((piece.ends - piece.begins) * hour - 2, hour * _LEAST_MINUTES / 60)
        return QRectF(round(left), round(top), round(room / piece.lane.of) - 1, round(height))

    def _width(self, area: QRectF) -> float:
        return (area.width() - theme().px(GUTTER)) / max(len(self._days), 1)

    def _day_at(self, x: float) -> int | None:
        if not self._days or x < theme().px(GUTTER):
            return None
        at = int((x - theme().px(GUTTER)) / self._width(QRectF(self.rect())))
        return at if 0 <= at < len(self._days) else None


def _pieces(days: Sequence[datetime.date], items: Sequence[CalendarItem]) -> tuple[_Piece, ...]:
    pieces = []
    for at, day in enumerate(days):
        begins, ends = moment(day, 0), moment(day + datetime.timedelta(days=1), 0)
        inside = [
            item for item in items if item.begins_ms < ends and max(item.ends_ms, item.begins_ms + 1) > begins
        ]
        spans = []
        for item in inside:
            first = _hour(local(max(item.begins_ms, begins)))
            last = 24.0 if item.ends_ms >= ends else _hour(local(item.ends_ms))
            spans.append((first, max(last, first + _LEAST_MINUTES / 60)))
        placed = lanes([(round(first * 3600), round(last * 3600)) for first, last in spans])
        pieces += [
            _Piece(item, at, first, min(last, 24.0), lane)
            for item, (first, last), lane in zip(inside, spans, placed, strict=True)
        ]
    return tuple(pieces)


def _hour(when: datetime.datetime) -> float:
    return when.hour + when.minute / 60
