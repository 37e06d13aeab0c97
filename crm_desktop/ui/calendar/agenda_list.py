"""What comes, day under day, one line each."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from crm_core.i18n import message
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.calendar_period import CalendarItem
from crm_desktop.ui.calendar.blocks import KIND_ICONS
from crm_desktop.ui.calendar.calendar_chart import CalendarChart, Slot
from crm_desktop.ui.charts.chart import Part, box
from crm_desktop.ui.format import clock, long_date, near_date
from crm_desktop.ui.home.words import kind_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.glyphs import Glyph

_HEAD = 32
_ROW = 32
_TIME, _KIND = 104, 92


class AgendaList(CalendarChart):
    """Days that hold something, each with its lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(message("Agenda"), message("Nothing planned"), parent)
        self._groups: list[tuple[datetime.date, list[CalendarItem]]] = []
        self._area: QScrollArea | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def scroll_in(self, area: QScrollArea) -> None:
        """Be scrolled by an area."""
        self._area = area

    def show_from(self, first: datetime.date, items: Sequence[CalendarItem], now_ms: int) -> None:
        """Show other items; what began before `first` stands on that day."""
        self.take(items, now_ms)
        of_day: dict[datetime.date, list[CalendarItem]] = {}
        for item in self._items:
            day = item.first_day or local(item.begins_ms).date()
            of_day.setdefault(max(day, first), []).append(item)
        self._groups = sorted(of_day.items())
        self.refresh()

    def show_now(self, now_ms: int) -> None:
        """What became late is late."""
        self._now_ms = now_ms
        self.update()

    def sizeHint(self) -> QSize:
        """Give every line its room."""
        lines = sum(theme().px(_HEAD) + len(items) * theme().px(_ROW) for _day, items in self._groups)
        return QSize(theme().px(480), max(lines, theme().px(120)))

    def minimumSizeHint(self) -> QSize:
        """Keep the height, whatever the width."""
        return QSize(theme().px(320), self.sizeHint().height())

    def reveal(self, area: QRectF) -> None:
        """Scroll to a line."""
        if self._area is not None:
            middle = area.center().toPoint()
            self._area.ensureVisible(middle.x(), middle.y(), 0, theme().px(_ROW + _HEAD))

    def slot_at(self, point: QPointF) -> Slot | None:
        """Return the whole day whose lines a point is among."""
        top = 0.0
        for day, items in self._groups:
            top += theme().px(_HEAD) + len(items) * theme().px(_ROW)
            if point.y() < top:
                return Slot(at_ms=moment(day), all_day=True)
        return None

    def slot_for(self, held: object, point: QPointF) -> Slot | None:
        """Say that lines are not carried about: a list has no place that means a time."""
        return None

    def is_empty(self) -> bool:
        """Say that nothing comes."""
        return not self._groups

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        parts = []
        top, today = 0, local(self._now_ms).date()
        head, row = theme().px(_HEAD), theme().px(_ROW)
        for day, items in self._groups:
            words = QRectF(theme().px(4), top, area.width() - 8, head)
            near = near_date(day, today)
            said = long_date(day) if abs((day - today).days) > 1 else f"{near} · {long_date(day)}"
            self.write(painter, words, said, color="accent" if day == today else "text", weight=600)
            top += head
            for item in items:
                place = QRectF(0, top, area.width(), row)
                self._draw_line(painter, place.toRect(), item)
                parts.append(
                    Part(item.key, self._words(item), box(place.adjusted(1, 1, -1, -2), RADII["chip"]))
                )
                top += row
        return parts

    def _draw_line(self, painter: QPainter, place: QRect, item: CalendarItem) -> None:
        late = item.is_late(self._now_ms)
        body, soft = theme().font("body"), "text-soft"
        ink = soft if item.done else "text"
        painter.fillRect(QRect(place.left(), place.bottom(), place.width(), 1), theme().color("line"))
        x = place.left() + theme().px(8)
        span = f"{clock(local(item.begins_ms))}–{clock(local(item.ends_ms))}"
        when = tr("All day") if item.all_day else span
        paint.words(painter, when, body, soft, QRect(x, place.top(), theme().px(_TIME), place.height()))
        x += theme().px(_TIME)
        mark = "check" if item.done else "overdue" if late else KIND_ICONS.get(item.kind, "cal")
        x += paint.icon(painter, mark, "bad" if late else soft, x, place, 16) + theme().px(8)
        kind = QRect(x, place.top(), theme().px(_KIND), place.height())
        paint.words(
            painter, tr("Overdue") if late else kind_words(item.kind), body, "bad" if late else soft, kind
        )
        x += theme().px(_KIND)
        if item.key in self._clashing:
            x += paint.icon(painter, "conflict", "warn", x, place, 16) + theme().px(8)
        if item.repeats or item.from_series:
            x += paint.icon(painter, "sync", soft, x, place, 16) + theme().px(8)
        if item.not_sent:
            glyph = Glyph.NOT_SENT
            x += paint.icon(painter, glyph.icon, glyph.color, x, place, 16) + theme().px(8)
        rest = place.right() - x - theme().px(8)
        wide = rest * 3 // 5
        paint.words(
            painter, item.subject, body, ink, QRect(x, place.top(), wide - theme().px(8), place.height())
        )
        more = " · ".join(part for part in (item.customer_name, item.place) if part)
        paint.words(painter, more, body, soft, QRect(x + wide, place.top(), rest - wide, place.height()))
