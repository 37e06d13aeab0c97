"""A month, week under week."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from crm_core.i18n import message
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.calendar_period import CalendarItem
from crm_desktop.ui.calendar.blocks import draw_strip
from crm_desktop.ui.calendar.calendar_chart import CalendarChart, Held, Slot
from crm_desktop.ui.charts.chart import CENTER, RIGHT, Part, box
from crm_desktop.ui.format import figure, weekday
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import tr

_HEAD = 26
_NUMBER = 22
_LINE = 21
DAYS = 7
A_DAY = datetime.timedelta(days=1)
DAY_PREFIX = "day:"
"""Before the date, in the key of the line that says how many have no room."""


class MonthGrid(CalendarChart):
    """Days in rows of a week; what has no room in a day is counted, and a click shows that day."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(message("Calendar"), message("Nothing planned"), parent)
        self._first = datetime.date(1970, 1, 5)
        self._month = 0
        self._weeks = 5
        self._of_day: dict[datetime.date, list[CalendarItem]] = {}

    def show_month(
        self, first: datetime.date, weeks: int, month: int, items: Sequence[CalendarItem], now_ms: int
    ) -> None:
        """Show the weeks from a Monday on; days of another month than `month` stand back."""
        self._first, self._weeks, self._month = first, weeks, month
        self.take(items, now_ms)
        self._of_day = {}
        for item in self._items:
            day, last = _days_of(item)
            day = max(day, first)
            while day <= min(last, first + (weeks * DAYS - 1) * A_DAY):
                self._of_day.setdefault(day, []).append(item)
                day += A_DAY
        self.refresh()

    def show_now(self, now_ms: int) -> None:
        """Mark another day as today once it is."""
        self._now_ms = now_ms
        self.update()

    def minimumSizeHint(self) -> QSize:
        """Keep room for two lines a day."""
        return QSize(theme().px(420), theme().px(_HEAD + self._weeks * (_NUMBER + 2 * _LINE)))

    def slot_at(self, point: QPointF) -> Slot | None:
        """Return the whole day under a point."""
        day = self._day_at(point)
        return None if day is None else Slot(at_ms=moment(day), all_day=True)

    def slot_for(self, held: Held, point: QPointF) -> Slot | None:
        """Return the day something is carried to, at its own time."""
        day = self._day_at(point)
        if day is None or held.item.all_day:
            return None if day is None else Slot(at_ms=moment(day), all_day=True)
        began = local(held.item.begins_ms)
        return Slot(at_ms=moment(day, began.hour * 60 + began.minute), all_day=False)

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        wide, tall = self._cell(area)
        today = local(self._now_ms).date()
        for at in range(DAYS):
            head = QRectF(at * wide, 0, wide, theme().px(_HEAD))
            self.write(painter, head, weekday(self._first + at * A_DAY), color="text-soft", align=CENTER)
        parts: list[Part] = []
        for at in range(self._weeks * DAYS):
            day = self._first + at * A_DAY
            cell = QRectF(at % DAYS * wide, theme().px(_HEAD) + at // DAYS * tall, wide, tall)
            parts += self._draw_day(painter, cell, day, today)
        target = self._carried_to or self._dropping_at
        day_under = self._day_at(target) if target is not None else None
        if day_under is not None:
            at = (day_under - self._first).days
            cell = QRectF(at % DAYS * wide, theme().px(_HEAD) + at // DAYS * tall, wide, tall)
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRoundedRect(cell.adjusted(2, 2, -2, -2), RADII["chip"], RADII["chip"])
        return parts

    def _draw_day(
        self, painter: QPainter, cell: QRectF, day: datetime.date, today: datetime.date
    ) -> list[Part]:
        inside = day.month == self._month
        painter.fillRect(cell.adjusted(0, 0, 0, 0), theme().color("surface" if inside else "sunken"))
        painter.fillRect(QRectF(cell.left(), cell.top(), cell.width(), 1), theme().color("line"))
        painter.fillRect(QRectF(cell.left(), cell.top(), 1, cell.height()), theme().color("line"))
        number = QRectF(cell.left(), cell.top() + 2, cell.width() - theme().px(8), theme().px(_NUMBER - 4))
        color = "accent" if day == today else "text" if inside else "text-soft"
        self.write(
            painter, number, str(day.day), color=color, align=RIGHT, weight=600 if day == today else 400
        )
        items = self._of_day.get(day, [])
        room = max(1, int((cell.height() - theme().px(_NUMBER)) // theme().px(_LINE)))
        shown = items if len(items) <= room else items[: max(room - 1, 0)]
        parts = []
        line, top = theme().px(_LINE), cell.top() + theme().px(_NUMBER)
        for at, item in enumerate(shown):
            place = QRectF(cell.left() + 3, top + at * line, cell.width() - 6, line - 3)
            draw_strip(
                painter,
                place,
                item,
                self._now_ms,
                clashing=item.key in self._clashing,
                foreign=self._is_foreign(item),
            )
            parts.append(Part(item.key, self._words(item), box(place, RADII["chip"])))
        if len(shown) < len(items):
            place = QRectF(cell.left() + theme().px(8), top + len(shown) * line, cell.width() - 12, line - 3)
            said = tr("{count} more", count=figure(len(items) - len(shown)))
            self.write(painter, place, said, color="accent")
            parts.append(Part(f"{DAY_PREFIX}{day.isoformat()}", said, box(place, RADII["chip"])))
        return parts

    def _cell(self, area: QRectF) -> tuple[float, float]:
        return area.width() / DAYS, (area.height() - theme().px(_HEAD)) / self._weeks

    def _day_at(self, point: QPointF) -> datetime.date | None:
        wide, tall = self._cell(QRectF(self.rect()))
        column, row = int(point.x() // wide), int((point.y() - theme().px(_HEAD)) // tall)
        if not (0 <= column < DAYS and 0 <= row < self._weeks):
            return None
        return self._first + (row * DAYS + column) * A_DAY


def _days_of(item: CalendarItem) -> tuple[datetime.date, datetime.date]:
    if item.first_day is not None and item.last_day is not None:
        return item.first_day, item.last_day
    begins = local(item.begins_ms).date()
    return begins, max(local(max(item.ends_ms - 1, item.begins_ms)).date(), begins)
