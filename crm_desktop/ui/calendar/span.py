"""Which days a view of the calendar shows around a day, how it is turned, and what its title says."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from crm_desktop.services.calendar import moment
from crm_desktop.ui.format import long_date, short_date
from crm_desktop.ui.home.words import month_name

DAY, WEEK, MONTH, AGENDA, LIST = "day", "week", "month", "agenda", "list"
AGENDA_DAYS = 30
A_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days from `first` on, `count` of them."""

    first: datetime.date
    count: int

    @property
    def days(self) -> tuple[datetime.date, ...]:
        """Every day of it."""
        return tuple(self.first + at * A_DAY for at in range(self.count))

    @property
    def last(self) -> datetime.date:
        """Its last day."""
        return self.first + (self.count - 1) * A_DAY

    @property
    def begins_ms(self) -> int:
        """The moment it begins."""
        return moment(self.first)

    @property
    def ends_ms(self) -> int:
        """The moment after it."""
        return moment(self.last + A_DAY)


def span_of(view: str, day: datetime.date) -> Span:
    """Return the days a view shows that is to show a day."""
    if view == DAY:
        return Span(first=day, count=1)
    if view == MONTH:
        first = _monday(day.replace(day=1))
        last = (day.replace(day=1) + 31 * A_DAY).replace(day=1) - A_DAY
        weeks = ((last - first).days + 7) // 7
        return Span(first=first, count=7 * weeks)
    if view == AGENDA:
        return Span(first=day, count=AGENDA_DAYS)
    return Span(first=_monday(day), count=7)


def turned(view: str, day: datetime.date, by: int) -> datetime.date:
    """Return the day shown after turning so many pages on, or back."""
    if view == MONTH:
        year, month = divmod(day.year * 12 + day.month - 1 + by, 12)
        return datetime.date(year, month + 1, 1)
    return day + by * {DAY: 1, AGENDA: AGENDA_DAYS}.get(view, 7) * A_DAY


def title_of(view: str, day: datetime.date, today: datetime.date) -> str:
    """Return what a view says it shows."""
    span = span_of(view, day)
    if view == DAY:
        return long_date(day) if day.year == today.year else short_date(day, today)
    if view == MONTH:
        return month_name(day)
    return f"{short_date(span.first, today)} – {short_date(span.last, today)}"


def _monday(day: datetime.date) -> datetime.date:
    return day - day.weekday() * A_DAY
