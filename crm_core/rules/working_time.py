"""Working time: when people are at work by the clock of one zone, and how much of it lies between moments.

A span of a day opens at the moment its first minute comes and closes at the moment its end comes, as
`recurrence.moment_of` says of hours that clocks skip or repeat. What is counted is time that truly passed:
the night on which clocks go back makes a span over it an hour longer.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.rules.recurrence import WORKDAYS, moment_of, wall_clock

DAY_MINUTES: Final = 24 * 60
WEEK: Final = 7
MOST_SPANS: Final = 6
"""Spans of one day; more of them nobody reads."""
MOST_DAYS: Final = 1_000
FARTHEST_YEARS: Final = 20
"""How far ahead working time is looked for."""

Span = tuple[int, int]
"""Minutes of the day from and to, the second not included; 1440 is midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingTime:
    """When people work. `hours` are the spans of Monday to Sunday.

    No one works on `holidays`. A day of `made_up` is worked by the hours of the weekday it is given, holiday
    or not.
    """

    zone: ZoneInfo
    hours: tuple[tuple[Span, ...], ...]
    holidays: frozenset[str] = frozenset()
    made_up: Mapping[str, int] = field(default_factory=dict)
    _table: _Table = field(default_factory=lambda: _Table(), init=False, repr=False, compare=False)

    def spans(self, day: datetime.date) -> tuple[Span, ...]:
        """Return the spans worked on a day."""
        named = day.isoformat()
        weekday = self.made_up.get(named)
        if weekday is not None:
            return self.hours[weekday]
        return () if named in self.holidays else self.hours[day.weekday()]

    def worked(self, from_ms: int, to_ms: int) -> int:
        """Return the milliseconds worked between two moments; none where the second is not later."""
        if to_ms <= from_ms:
            return 0
        self._reach(from_ms)
        self._reach(to_ms)
        return self._table.before(to_ms) - self._table.before(from_ms)

    def after(self, from_ms: int, work_ms: int) -> int | None:
        """Return the first moment by which so much is worked from a moment on.

        None where that is not within twenty years, as with a calendar nobody works by.
        """
        if work_ms <= 0:
            return from_ms
        self._reach(from_ms)
        table = self._table
        wanted = work_ms + table.before(from_ms)
        last = wall_clock(from_ms, self.zone).year + FARTHEST_YEARS if wanted > table.total else 0
        while wanted > table.total and table.last_year < last:
            self._add(table.last_year + 1)
        return table.moment(wanted) if wanted <= table.total else None

    def is_open(self, at_ms: int) -> bool:
        """Tell whether somebody works at a moment."""
        self._reach(at_ms)
        return self._table.is_open(at_ms)

    def _reach(self, at_ms: int) -> None:
        """See to it that the table holds a moment."""
        table = self._table
        if table.from_ms <= at_ms < table.to_ms:
            return
        year = wall_clock(at_ms, self.zone).year
        if table.from_ms == table.to_ms:
            table.begin(year, self._moment(datetime.date(year, 1, 1), 0))
        elif year < table.last_year and at_ms < table.from_ms:
            last = table.last_year
            table.begin(year, self._moment(datetime.date(year, 1, 1), 0))
            year = last
        while table.last_year < year:
            self._add(table.last_year + 1)

    def _add(self, year: int) -> None:
        day, last, opened = datetime.date(year, 1, 1), datetime.date(year, 12, 31), []
        while day <= last:
            opened += [
                (self._moment(day, begins), self._moment(day, ends)) for begins, ends in self.spans(day)
            ]
            day += datetime.timedelta(days=1)
        self._table.add(year, opened, self._moment(day, 0))

    def _moment(self, day: datetime.date, minute: int) -> int:
        days, minute = divmod(minute, DAY_MINUTES)
        at = datetime.time(minute // 60, minute % 60)
        return moment_of(day + datetime.timedelta(days=days), at, self.zone)


class _Table:
    """What is worked in years that follow one another: from when to when, and how much before each time."""

    def __init__(self) -> None:
        self.begin(0, 0)

    def begin(self, year: int, from_ms: int) -> None:
        """Hold nothing, before a year that begins at a moment."""
        self.last_year = year - 1
        self.from_ms = self.to_ms = from_ms
        self.begins: list[int] = []
        self.ends: list[int] = []
        self.sums: list[int] = []
        self.total = 0

    def add(self, year: int, opened: list[tuple[int, int]], to_ms: int) -> None:
        """Add the year after the last; on a day clocks change, spans may overlap or come to nothing."""
        reached = self.ends[-1] if self.ends else None
        for opens, closes in sorted(opened):
            starts = opens if reached is None else max(opens, reached)
            if closes <= starts:
                continue
            self.begins.append(starts)
            self.ends.append(closes)
            self.sums.append(self.total)
            self.total += closes - starts
            reached = closes
        self.last_year, self.to_ms = year, to_ms

    def before(self, at_ms: int) -> int:
        """Return the milliseconds worked before a moment."""
        place = bisect_right(self.begins, at_ms) - 1
        if place < 0:
            return 0
        return self.sums[place] + min(at_ms, self.ends[place]) - self.begins[place]

    def moment(self, worked_ms: int) -> int:
        """Return the first moment by which so much, more than nothing, is worked."""
        place = bisect_left(self.sums, worked_ms) - 1
        return self.begins[place] + worked_ms - self.sums[place]

    def is_open(self, at_ms: int) -> bool:
        """Tell whether a moment is within a span."""
        place = bisect_right(self.begins, at_ms) - 1
        return place >= 0 and at_ms < self.ends[place]


NINE_TO_SIX: Final[tuple[tuple[Span, ...], ...]] = tuple(
    ((9 * 60, 18 * 60),) if weekday in WORKDAYS else () for weekday in range(WEEK)
)
"""Monday to Friday from nine to six."""
ALWAYS: Final[tuple[tuple[Span, ...], ...]] = (((0, DAY_MINUTES),),) * WEEK
"""Day and night."""


def working_time_of(values: Mapping[str, Any], zone: ZoneInfo) -> WorkingTime:
    """Return what a calendar's record says, `zone` where it names none this machine has."""
    from_record = _hours_of(values.get("hours"))
    return WorkingTime(
        zone=zone,
        hours=NINE_TO_SIX if from_record is None else from_record,
        holidays=frozenset(values.get("holidays") or ()),
        made_up=dict(values.get("made_up") or ()),
    )


def problems_of_calendar(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a calendar's record as it would be saved."""
    problems: list[Problem] = []
    hours = values.get("hours")
    if hours is not None and _hours_of(hours) is None:
        said = message(N_("Working hours are spans of a day that follow one another, for seven days"))
        problems.append(Problem(field="hours", message=said))
    elif hours is not None and not any(hours) and not values.get("made_up"):
        said = message(N_("Nobody works by this calendar: say when, for one day at least"))
        problems.append(Problem(field="hours", message=said))
    zone = values.get("time_zone")
    if zone and not _is_zone(str(zone)):
        said = message(N_("There is no time zone “{zone}”"), zone=str(zone))
        problems.append(Problem(field="time_zone", message=said))
    holidays = values.get("holidays") or []
    if not _is_days(holidays):
        problems.append(Problem(field="holidays", message=message(N_("This is not a list of days"))))
    made_up = values.get("made_up") or []
    if not isinstance(made_up, list) or not all(map(_is_made_up, made_up)) or len(made_up) > MOST_DAYS:
        said = message(N_("This is not a list of days, each with the weekday it is worked like"))
        problems.append(Problem(field="made_up", message=said))
    return problems


def _hours_of(stored: Any) -> tuple[tuple[Span, ...], ...] | None:
    """Return spans as a record keeps them; None for what are none."""
    if not isinstance(stored, list) or len(stored) != WEEK:
        return None
    week = []
    for spans in stored:
        if not isinstance(spans, list) or len(spans) > MOST_SPANS:
            return None
        reached = -1
        for span in spans:
            if not _is_span(span) or span[0] < reached:
                return None
            reached = span[1]
        week.append(tuple((span[0], span[1]) for span in spans))
    return tuple(week)


def _is_span(span: Any) -> bool:
    if not isinstance(span, list) or len(span) != len(("from", "to")):
        return False
    if not all(isinstance(minute, int) and not isinstance(minute, bool) for minute in span):
        return False
    return bool(0 <= span[0] < span[1] <= DAY_MINUTES)


def _is_made_up(made: Any) -> bool:
    if not isinstance(made, list) or len(made) != len(("day", "weekday")):
        return False
    return _is_days(made[:1]) and type(made[1]) is int and 0 <= made[1] < WEEK


def _is_days(days: Any) -> bool:
    return isinstance(days, list) and len(days) <= MOST_DAYS and all(map(_is_day, days))


def _is_day(day: Any) -> bool:
    if not isinstance(day, str):
        return False
    try:
        return datetime.date.fromisoformat(day).isoformat() == day
    except ValueError:
        return False


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
