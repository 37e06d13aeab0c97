"""Repeating activities: the days a rule names, and the rule in words.

A rule is an RRULE of RFC 5545 by days, weeks, months or years, of the days from a first one on. It is walked
by the calendar of the zone the activity was planned in and only then made a moment, so that a meeting at nine
stays at nine when clocks change. A time that day skips (02:30 in spring) is taken as that long after the
jump, one that comes twice as the first, as RFC 5545, 3.3.5 says.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from zoneinfo import ZoneInfo

from dateutil import rrule

from crm_core.errors import UserError
from crm_core.i18n import N_

MOST_DAYS = 5_000
"""Days of one rule that are looked at for a period: thirteen years of every day."""
MOST_INTERVAL = 99
MOST_COUNT = 999
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKDAYS = (0, 1, 2, 3, 4)
_MONTH_DAYS = (-1, *range(1, 32))


class Every(StrEnum):
    """What a rule counts in."""

    DAY = "DAILY"
    WEEK = "WEEKLY"
    MONTH = "MONTHLY"
    YEAR = "YEARLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A rule. Every `interval` days, weeks, months or years.

    `weekdays` (0 Monday to 6 Sunday) of a week; or of a month with `nth` (1 to 4, -1 the last) exactly one.
    `month_day` of a month, -1 the last; a month that has no such day is left out. `until` is the last day
    it may fall on, `count` how many times; at most one of both.
    """

    every: Every
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    nth: int | None = None
    month_day: int | None = None
    until: datetime.date | None = None
    count: int | None = None

    def text(self) -> str:
        """Return the rule as it is stored."""
        parts = [f"FREQ={self.every}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.weekdays:
            nth = "" if self.nth is None else str(self.nth)
            parts.append("BYDAY=" + ",".join(nth + _WEEKDAYS[day] for day in self.weekdays))
        if self.month_day is not None:
            parts.append(f"BYMONTHDAY={self.month_day}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        return ";".join(parts)

    def days(self, first: datetime.date) -> Iterator[datetime.date]:
        """Yield the days from `first` on, which is the first where it fits the rule itself."""
        nth = self.nth
        walked: Iterable[datetime.datetime] = rrule.rrule(  # type: ignore[no-untyped-call]
            getattr(rrule, self.every.value),
            dtstart=datetime.datetime.combine(first, datetime.time()),
            interval=self.interval,
            wkst=rrule.MO,
            byweekday=[_dateutil_day(day, nth) for day in self.weekdays] or None,
            bymonthday=self.month_day,
            until=None if self.until is None else datetime.datetime.combine(self.until, datetime.time()),
            count=self.count,
        )
        for moment in walked:
            yield moment.date()

    def days_between(
        self, first: datetime.date, begins: datetime.date, ends: datetime.date
    ) -> list[datetime.date]:
        """Return the days of the rule from `begins` to `ends`, both included."""
        found: list[datetime.date] = []
        if begins > ends:
            return found
        skipping = self.nearer(first, begins)
        for looked_at, day in enumerate(self.days(skipping)):
            if day > ends or looked_at > MOST_DAYS:
                break
            if day >= begins:
                found.append(day)
        return found

    def before(self, first: datetime.date, day: datetime.date) -> Repeat | None:
        """Return the rule as it ends before `day`; None where nothing would be left of it."""
        last = None
        for each in self.days(first):
            if each >= day:
                break
            last = each
        return None if last is None else replace(self, until=last, count=None)

    def after(self, first: datetime.date, day: datetime.date) -> Repeat:
        """Return the rule of what is left from `day` on: one that counts counts the rest."""
        if self.count is None:
            return self
        passed = 0
        for each in self.days(first):
            if each >= day:
                break
            passed += 1
        return replace(self, count=max(self.count - passed, 1))

    def nearer(self, first: datetime.date, begins: datetime.date) -> datetime.date:
        """Return a first day that is nearer, from which the rule names the same days; for speed.

        Rules that count have to be counted from the first, and months and years are few anyway.
        """
        if self.count is not None or begins <= first:
            return first
        step = {Every.DAY: self.interval, Every.WEEK: 7 * self.interval}.get(self.every)
        if step is None:
            return first
        steps = (begins - first).days // step - 1
        # Whole steps keep both the weekday and, of weeks, which of them count.
        return first + datetime.timedelta(days=steps * step) if steps > 0 else first


def parse_repeat(text: str) -> Repeat:
    """Return a rule as it is stored or comes from another calendar. `UserError` for what is none of ours."""
    given = text.strip().upper().removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for part in filter(None, given.split(";")):
        name, sign, value = part.partition("=")
        if not sign or name in parts:
            raise _unreadable(text)
        parts[name] = value
    try:
        made = _repeat_of(parts)
    except (ValueError, KeyError, IndexError) as error:
        raise _unreadable(text) from error
    return made


def moment_of(day: datetime.date, at: datetime.time, zone: ZoneInfo) -> int:
    """Return the moment, in milliseconds, at which it is `at` on a day in a zone."""
    wall = datetime.datetime.combine(day, at.replace(tzinfo=None), tzinfo=zone)
    return round(wall.timestamp() * 1000)


def zone_of(name: str | None, usual: ZoneInfo) -> ZoneInfo:
    """Return the zone of a name; the usual one where there is none of that name here."""
    if not name:
        return usual
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an odd name, or a zone this machine's data do not have
        return usual


def wall_clock(ms: int, zone: ZoneInfo) -> datetime.datetime:
    """Return a moment by the clock of a zone."""
    return datetime.datetime.fromtimestamp(ms / 1000, tz=datetime.UTC).astimezone(zone)


def occurrences(
    rule: Repeat, first_ms: int, zone: ZoneInfo, skipped: Collection[str], begins_ms: int, ends_ms: int
) -> list[tuple[datetime.date, int]]:
    """Return the days and moments of a rule that begin in a period, `begins_ms` included, `ends_ms` not."""
    first = wall_clock(first_ms, zone)
    a_day = datetime.timedelta(days=1)  # moments of other zones' days may lie in the period
    lower = wall_clock(begins_ms, zone).date() - a_day
    upper = wall_clock(ends_ms, zone).date() + a_day
    found = []
    for day in rule.days_between(first.date(), lower, upper):
        if day.isoformat() in skipped:
            continue
        at_ms = moment_of(day, first.time(), zone)
        if begins_ms <= at_ms < ends_ms:
            found.append((day, at_ms))
    return found


def next_occurrence(
    rule: Repeat, first_ms: int, zone: ZoneInfo, skipped: Collection[str], after_ms: int
) -> tuple[datetime.date, int] | None:
    """Return the first day and moment of a rule at or after a moment; None where it has ended."""
    first = wall_clock(first_ms, zone)
    nearer = rule.nearer(first.date(), wall_clock(after_ms, zone).date() - datetime.timedelta(days=1))
    for looked_at, day in enumerate(rule.days(nearer)):
        if looked_at > MOST_DAYS:
            return None
        at_ms = moment_of(day, first.time(), zone)
        if at_ms >= after_ms and day.isoformat() not in skipped:
            return day, at_ms
    return None


def _dateutil_day(day: int, nth: int | None) -> rrule.weekday:
    made = rrule.weekdays[day]
    return made if nth is None else made(nth)


def _repeat_of(parts: dict[str, str]) -> Repeat:
    rest = dict(parts)
    every = Every(rest.pop("FREQ"))
    interval = _number(rest.pop("INTERVAL", "1"), MOST_INTERVAL)
    count = _number(rest.pop("COUNT"), MOST_COUNT) if "COUNT" in rest else None
    until = _day(rest.pop("UNTIL")) if "UNTIL" in rest else None
    rest.pop("WKST", None)
    weekdays, nth = _weekdays(rest.pop("BYDAY", ""))
    position = rest.pop("BYSETPOS", None)
    if position is not None:  # as some calendars write “the second Tuesday”
        if nth is not None or len(weekdays) != 1:
            raise ValueError(position)
        nth = int(position)
    month_day = int(rest.pop("BYMONTHDAY")) if "BYMONTHDAY" in rest else None
    rest.pop("BYMONTH", None) if every is Every.YEAR and month_day is None and not weekdays else None
    fits = (
        not rest
        and not (count is not None and until is not None)
        and (nth is None or (every is Every.MONTH and len(weekdays) == 1 and nth in (1, 2, 3, 4, 5, -1)))
        and (month_day is None or (every is Every.MONTH and not weekdays and month_day in _MONTH_DAYS))
        and (not weekdays or every is Every.WEEK or nth is not None or every is Every.DAY)
    )
    if not fits:
        raise ValueError(sorted(rest))
    if every is Every.DAY and weekdays:  # every day of these: what others write for working days
        if interval != 1:
            raise ValueError(interval)
        every = Every.WEEK
    return Repeat(
        every=every,
        interval=interval,
        weekdays=weekdays,
        nth=nth,
        month_day=month_day,
        until=until,
        count=count,
    )


def _weekdays(text: str) -> tuple[tuple[int, ...], int | None]:
    days: set[int] = set()
    nth: set[int | None] = set()
    for each in filter(None, text.split(",")):
        days.add(_WEEKDAYS.index(each[-2:]))
        nth.add(int(each[:-2]) if len(each) > 2 else None)
    if len(nth) > 1:
        raise ValueError(text)
    return tuple(sorted(days)), nth.pop() if nth else None


def _number(text: str, most: int) -> int:
    number = int(text)
    if not 1 <= number <= most:
        raise ValueError(text)
    return number


def _day(text: str) -> datetime.date:
    return datetime.datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day, without a time


def _unreadable(text: str) -> UserError:
    return UserError(
        N_("“{text}” is no rule for repeating such as FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"), text=text
    )
