"""The heads of the days, and below them what takes whole days."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_core.i18n import message
from crm_core.rules.lanes import lanes
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.calendar_period import CalendarItem
from crm_desktop.ui.calendar.blocks import draw_strip
from crm_desktop.ui.calendar.calendar_chart import CalendarChart, Slot
from crm_desktop.ui.calendar.time_grid import GUTTER
from crm_desktop.ui.charts.chart import CENTER, RIGHT, Part, box
from crm_desktop.ui.format import figure, weekday, weekday_date
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import tr

_HEAD = 32
_STRIP = 22
_FOOT = 6
MOST_STRIPS = 4


class DayHeads(CalendarChart):
    """Above the hours: which days they are, and what takes them whole. A click on a head shows that day."""

    day_clicked = Signal(object)
    """The date of a head."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(message("Whole days"), message("Nothing planned"), parent)
        self._days: tuple[datetime.date, ...] = ()
        self._shown: list[tuple[CalendarItem, int, int, int]] = []
        self._more: dict[int, int] = {}
        self._bar = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_days(self, days: Sequence[datetime.date], items: Sequence[CalendarItem], now_ms: int) -> None:
        """Show other days with what takes them whole."""
        self._days = tuple(days)
        self.take([item for item in items if item.all_day], now_ms)
        spans = [self._span(item) for item in self._items]
        placed = lanes([(first, last + 1) for first, last in spans])
        self._shown, self._more = [], {}
        for item, (first, last), lane in zip(self._items, spans, placed, strict=True):
            if lane.place < MOST_STRIPS:
                self._shown.append((item, first, last, lane.place))
            else:
                for day in range(first, last + 1):
                    self._more[day] = self._more.get(day, 0) + 1
        self.refresh()

    def leave_room(self, width: int) -> None:
        """Keep the columns above those of the hours, which have a scroll bar so wide beside them."""
        self._bar = width
        self.update()

    def show_now(self, now_ms: int) -> None:
        """Mark another day as today once it is."""
        self._now_ms = now_ms
        self.update()

    def sizeHint(self) -> QSize:
        """Give every lane its room."""
        strips = max((lane for *_rest, lane in self._shown), default=0) + 1 + (1 if self._more else 0)
        return QSize(theme().px(480), theme().px(_HEAD + strips * _STRIP + _FOOT))

    def minimumSizeHint(self) -> QSize:
        """Keep the height, whatever the width."""
        return QSize(theme().px(GUTTER + 80), self.sizeHint().height())

    def slot_at(self, point: QPointF) -> Slot | None:
        """Return the whole day under a point."""
        day = self._day_at(point.x())
        return None if day is None else Slot(at_ms=moment(self._days[day]), all_day=True)

    def slot_for(self, held: object, point: QPointF) -> Slot | None:
        """Return the whole day something is carried to."""
        return self.slot_at(point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Put down what was carried; a click on a head shows its day."""
        day = self._day_at(event.position().x())
        if self._held is None and day is not None and event.position().y() < theme().px(_HEAD):
            self.day_clicked.emit(self._days[day])
        super().mouseReleaseEvent(event)

    def _span(self, item: CalendarItem) -> tuple[int, int]:
        first, last = item.first_day or self._days[0], item.last_day or self._days[-1]
        return max((first - self._days[0]).days, 0), min((last - self._days[0]).days, len(self._days) - 1)

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        today = local(self._now_ms).date()
        gutter, wide = theme().px(GUTTER), self._width()
        for at, day in enumerate(self._days):
            head = QRectF(gutter + at * wide, 0, wide, theme().px(_HEAD))
            said = weekday_date(day) if wide >= theme().px(96) else f"{weekday(day)} {day.day}"
            chosen = day == today
            self.write(
                painter,
                head,
                said,
                color="accent" if chosen else "text",
                align=CENTER,
                weight=600 if chosen else 400,
            )
            if chosen:
                mark = QRectF(head.left() + 8, head.bottom() - 2, head.width() - 16, 2)
                painter.fillRect(mark, theme().color("accent"))
        label = QRectF(0, theme().px(_HEAD), gutter - theme().px(10), theme().px(_STRIP))
        self.write(painter, label, tr("All day"), color="text-soft", align=RIGHT)
        parts = []
        for item, first, last, lane in self._shown:
            left, right = gutter + first * wide + 2, gutter + (last + 1) * wide - 4
            top = theme().px(_HEAD + 2 + lane * _STRIP)
            place = QRectF(round(left), top, round(right - left), theme().px(_STRIP - 3))
            draw_strip(painter, place, item, self._now_ms, foreign=self._is_foreign(item))
            parts.append(Part(item.key, self._words(item), box(place, RADII["chip"])))
        for column, number in sorted(self._more.items()):
            place = QRectF(
                gutter + column * wide + 4, theme().px(_HEAD + MOST_STRIPS * _STRIP), wide - 8, theme().px(18)
            )
            said = tr("{count} more", count=figure(number))
            self.write(painter, place, said, color="accent")
            parts.append(Part(f"day:{self._days[column].isoformat()}", said, box(place, RADII["chip"])))
        painter.fillRect(QRectF(0, area.bottom() - 1, area.width(), 1), theme().color("line"))
        self._draw_target(painter)
        return parts

    def _draw_target(self, painter: QPainter) -> None:
        point = self._carried_to or self._dropping_at
        day = self._day_at(point.x()) if point is not None else None
        if day is None:
            return
        left = theme().px(GUTTER) + day * self._width()
        place = QRectF(left + 2, theme().px(_HEAD), self._width() - 4, self.height() - theme().px(_HEAD + 3))
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.drawRoundedRect(place, RADII["chip"], RADII["chip"])

    def _width(self) -> float:
        return (self.width() - self._bar - theme().px(GUTTER)) / max(len(self._days), 1)

    def _day_at(self, x: float) -> int | None:
        if not self._days or x < theme().px(GUTTER):
            return None
        at = int((x - theme().px(GUTTER)) / self._width())
        return at if 0 <= at < len(self._days) else None
